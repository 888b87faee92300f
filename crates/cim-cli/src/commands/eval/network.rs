//! Networks from files.

use std::path::Path;

use cim_graph::{GraphError, Limits, Network};

use crate::error::CliError;
use crate::files::try_read;

/// The largest file of a network that is read (bytes).
const MAX_BYTES: u64 = 4 << 30;

/// Reads a network: safetensors where `layers` describes them, else ONNX.
///
/// # Errors
/// [`CliError::Usage`] naming the file and what is wrong with it.
pub fn read(path: &Path, layers: Option<&Path>) -> Result<Network, CliError> {
    let bytes = bytes(path)?;
    let is_safetensors = path.extension().is_some_and(|ending| ending == "safetensors");
    let refused = |error: GraphError| CliError::Usage {
        help: help(&error).to_owned(),
        what: format!("{}: {error}", path.display()),
    };
    match layers {
        Some(layers) => {
            let text = crate::config::read(layers, || "give a TOML file with a list of layers".into())?;
            Network::from_safetensors(&bytes, &text, Limits::default()).map_err(refused)
        }
        None if is_safetensors => Err(CliError::Usage {
            what: format!("{} holds weights and not what is done with them", path.display()),
            help: "list its layers in a TOML file and give it with --layers; the README of cim-graph has \
                   an example"
                .into(),
        }),
        None => Network::from_onnx(&bytes, Limits::default()).map_err(refused),
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, CliError> {
    try_read(path, MAX_BYTES).map_err(|reason| CliError::Usage {
        what: format!("cannot read {}: {reason}", path.display()),
        help: "give the path of an .onnx or .safetensors file".into(),
    })
}

fn help(error: &GraphError) -> &'static str {
    match error {
        GraphError::Pickle { .. } => {
            "run the two lines with the shape of your input, and give the .onnx file"
        }
        GraphError::Operator { .. }
        | GraphError::Refused { .. }
        | GraphError::Unsupported { .. } => {
            "export it with other operators, or with constant folding and a newer or older opset"
        }
        GraphError::Format { .. } => "give an .onnx file, or a .safetensors file with --layers",
        _ => "export the network again with torch.onnx.export",
    }
}
