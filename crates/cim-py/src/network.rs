//! Networks from files, read again for every question.

use std::path::Path;

use cim_graph::{Files, GraphError, Limits, Network};

use crate::error::PythonError;
use crate::preset::{bytes, file_name, text};

/// The largest file of a network that is read (bytes).
const MAX_BYTES: u64 = 4 << 30;

/// A file of a network that can be read.
#[derive(Clone, Debug)]
pub struct NetworkFile {
    /// The last part of its path.
    pub name: String,
    /// As much of that of its layers or its weights.
    beside: Option<String>,
    /// Its bytes, with those that belong to it.
    pub files: Files,
}

impl NetworkFile {
    /// Reads and checks a file: safetensors where `layers` (a path, or text) describes it, else ONNX with
    /// `weights` (safetensors) in place of its own.
    ///
    /// # Errors
    /// [`PythonError`] for a file that cannot be read, or says what cannot be.
    pub fn open(
        path: &Path,
        layers: Option<&Path>,
        weights: Option<&Path>,
    ) -> Result<Self, PythonError> {
        let help = "give a TOML file with a list of layers";
        let layers = layers.map(|layers| text(layers, help)).transpose()?;
        if layers.is_none() && path.extension().is_some_and(|ending| ending == "safetensors") {
            return Err(PythonError::input(
                format!("{} holds weights and not what is done with them", path.display()),
                "list its layers in TOML and give it as layers",
            ));
        }
        let file = bytes(path, MAX_BYTES)?;
        let beside = match (&layers, weights) {
            (Some((name, _)), _) => Some(name.clone()),
            (None, weights) => weights.map(file_name),
        };
        let files = match layers {
            Some((_, layers)) => Files::Safetensors { weights: file, layers },
            None => {
                let weights = weights.map(|weights| bytes(weights, MAX_BYTES)).transpose()?;
                Files::Onnx { graph: file, weights }
            }
        };
        let file = Self { name: file_name(path), beside, files };
        file.network()?;
        Ok(file)
    }

    /// The network.
    ///
    /// # Errors
    /// Those of the file.
    pub fn network(&self) -> Result<Network, PythonError> {
        let refused = |error: GraphError| {
            let beside = self.beside.as_ref().filter(|_| self.files.is_beside(&error));
            error.of_file(Path::new(beside.unwrap_or(&self.name)))
        };
        Ok(self.files.network(Limits::default()).map_err(refused)?)
    }
}
