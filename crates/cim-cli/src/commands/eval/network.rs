//! Networks from files.

use std::path::Path;

use cim_graph::{Files, GraphError, Limits, Network};

use crate::error::CliError;
use crate::files::try_read;

/// The largest file of a network that is read (bytes).
const MAX_BYTES: u64 = 4 << 30;

/// The files of a network: safetensors where `layers` describes them, else ONNX, with `weights` in place
/// of its own where there are any.
///
/// # Errors
/// [`CliError::Usage`] naming the file that cannot be read.
pub fn files(
    path: &Path,
    layers: Option<&Path>,
    weights: Option<&Path>,
) -> Result<Files, CliError> {
    let file = bytes(path)?;
    let is_safetensors = path.extension().is_some_and(|ending| ending == "safetensors");
    match layers {
        Some(layers) => {
            let help = || "give a TOML file with a list of layers".into();
            Ok(Files::Safetensors { weights: file, layers: crate::config::read(layers, help)? })
        }
        None if is_safetensors => Err(CliError::Usage {
            what: format!("{} holds weights and not what is done with them", path.display()),
            help: "list its layers in a TOML file and give it with --layers; the README of cim-graph has \
                   an example"
                .into(),
        }),
        None => Ok(Files::Onnx { graph: file, weights: weights.map(bytes).transpose()? }),
    }
}

/// The network in `files`, which `path` names and, of its layers or its weights, `beside`.
///
/// # Errors
/// [`CliError::Usage`] with what is wrong, and in which of the files.
pub fn read(path: &Path, beside: Option<&Path>, files: &Files) -> Result<Network, CliError> {
    let refused = |error: GraphError| {
        let beside = beside.filter(|_| files.is_beside(&error));
        let file = beside.unwrap_or(path);
        let error = error.of_file(file);
        let help = match (error.help(), files) {
            (Some(help), _) if error.is_pickle() => help,
            (_, Files::Onnx { .. }) if beside.is_some() => {
                "give a .safetensors file of float16, bfloat16 or float32 with names and shapes of the network's"
            }
            (help, _) => help.unwrap_or("export the network again with torch.onnx.export"),
        };
        CliError::Usage { what: format!("{}: {error}", file.display()), help: help.to_owned() }
    };
    files.network(Limits::default()).map_err(refused)
}

fn bytes(path: &Path) -> Result<Vec<u8>, CliError> {
    try_read(path, MAX_BYTES).map_err(|reason| CliError::Usage {
        what: format!("cannot read {}: {reason}", path.display()),
        help: "give the path of an .onnx or .safetensors file".into(),
    })
}
