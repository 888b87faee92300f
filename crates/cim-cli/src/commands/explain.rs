//! `cim explain`: what the keys of presets mean.

use cim_studies::{Explained, keys_like};
use serde::Serialize;

use crate::error::CliError;
use crate::form::Form;

#[derive(Serialize)]
struct Keys {
    keys: Vec<Explained>,
}

/// Explains a key or a section, or lists all keys.
pub fn run(asked: Option<&str>, form: Form) -> Result<String, CliError> {
    let found = Keys { keys: Explained::of(asked) };
    if let (Some(asked), true) = (asked, found.keys.is_empty()) {
        let near = keys_like(asked);
        let help = match near.as_slice() {
            [] => "`cim explain` lists those of chips, `cim preset NAME` has those of a study"
                .to_owned(),
            near => format!("did you mean {}?", near.join(", ")),
        };
        return Err(CliError::Usage { what: format!("no preset has the key {asked}"), help });
    }
    form.print_as("explain", &found, || {
        let keys = found.keys.iter();
        match asked {
            Some(_) => keys.map(Explained::to_string).collect::<Vec<_>>().join("\n"),
            None => keys.map(|own| format!("{:30} {}\n", own.key, own.meaning)).collect(),
        }
    })
}
