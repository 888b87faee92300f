//! Chips from presets.

use cim_chip::ChipPreset;
use cim_studies::{STUDIES, StudyError, located, parse_chip};

use crate::commands::preset::Preset;
use crate::error::CliError;

/// The sections of a preset that make chips, checked; what is refused is shown where it stands.
pub fn chip(preset: &Preset) -> Result<ChipPreset, CliError> {
    let chip = parsed(preset)?;
    chip.parts().map_err(|error| preset.refused(located(&preset.text, error.into())))?;
    Ok(chip)
}

fn parsed(preset: &Preset) -> Result<ChipPreset, CliError> {
    parse_chip(&preset.text).map_err(|error| {
        let fits = |text: &str| parse_chip(text).is_ok();
        let fit: Vec<String> = STUDIES
            .iter()
            .filter(|study| fits(study.preset))
            .map(|study| format!("`{}`", study.name))
            .collect();
        let is_built_in = STUDIES.iter().any(|study| study.name == preset.name);
        match error {
            StudyError::Value { .. } if is_built_in => CliError::Usage {
                what: format!("preset {} describes no chip that takes any network", preset.name),
                help: format!(
                    "give {} or the path of a TOML file with the sections tile, device, circuit, \
                     converters, wires and mapping",
                    fit.join(" or ")
                ),
            },
            other => preset.refused(other),
        }
    })
}
