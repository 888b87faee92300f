//! Presets by name or by file.

use std::path::Path;

use cim_device::published_names;
use cim_studies::{Entry, StudyError, named, of_text};

use crate::config;
use crate::error::CliError;
use crate::form::Form;

/// A preset: what it is called and what it says.
pub struct Preset {
    /// Its name, or the path of its file.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Preset {
    /// What a study says of the text, with its place.
    pub fn refused(&self, error: StudyError) -> CliError {
        match error {
            StudyError::Value { message, help, span } => {
                config::at(&self.name, &self.text, span, message, help).into()
            }
            other => other.into(),
        }
    }

    /// The study that it is of.
    pub fn study(&self) -> Result<&'static Entry, CliError> {
        of_text(&self.text).map_err(|error| self.refused(error))
    }
}

/// The text of a preset, which must be one: what cannot be run is no start for another.
pub fn print(name: &str, form: Form) -> Result<String, CliError> {
    let preset = open(name)?;
    preset.study()?.check(&preset.text).map_err(|error| preset.refused(error))?;
    let table: toml::Table =
        cim_studies::parse(&preset.text).map_err(|error| preset.refused(error))?;
    form.print_as("preset", &Printed { name, preset: table }, || preset.text)
}

/// A preset as data.
#[derive(serde::Serialize)]
struct Printed<'a> {
    name: &'a str,
    preset: toml::Table,
}

/// A built-in preset or a file.
pub fn open(name: &str) -> Result<Preset, CliError> {
    let unknown = match named(name) {
        Ok(study) => return Ok(Preset { name: name.to_owned(), text: study.preset.to_owned() }),
        Err(unknown) => unknown,
    };
    let help = || {
        let meant = match &unknown {
            StudyError::Unknown { did_you_mean: Some(meant), .. } => {
                format!("did you mean `{meant}`? otherwise ")
            }
            _ if published_names().contains(&name) => format!(
                "{name} is a device, which a preset names: [device.model] kind = \"published\", name = \
                 \"{name}\"; "
            ),
            _ => String::new(),
        };
        let names = config::preset_names();
        format!(
            "{meant}give {names} or the path of a TOML file; `cim preset paper` prints one to start from"
        )
    };
    let text = config::read(Path::new(name), help)?;
    Ok(Preset { name: name.to_owned(), text })
}
