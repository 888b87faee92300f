//! `cim explain`: what the keys of presets mean.

use cim_studies::Explained;
use serde::Serialize;

use crate::error::CliError;
use crate::form::Form;

#[derive(Serialize)]
struct Keys {
    keys: Vec<Explained>,
}

/// Explains a key or a section, or lists all keys.
pub fn run(asked: Option<&str>, form: Form) -> Result<String, CliError> {
    let found = Keys { keys: Explained::asked(asked)? };
    form.print_as("explain", &found, || {
        let keys = found.keys.iter();
        match asked {
            Some(_) => keys.map(Explained::to_string).collect::<Vec<_>>().join("\n"),
            None => keys.map(|own| format!("{:30} {}\n", own.key, own.meaning)).collect(),
        }
    })
}
