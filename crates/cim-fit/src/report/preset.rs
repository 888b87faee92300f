//! The preset with the fitted device: what is known of it as comments, and another preset's sections.

use std::fmt::Write;

use cim_device::DeviceSpec;
use serde::Serialize;

use super::about::About;
use super::tables;
use crate::error::FitError;

/// The section as it stands in a file.
#[derive(Serialize)]
struct Section {
    device: DeviceSpec,
}

/// The text of another preset, called `base`, with the fitted device in place of its own.
///
/// # Errors
/// [`FitError::Unwritable`] if a number of the fit is not finite.
pub fn preset((base, text): (&str, &str), about: &About<'_>) -> Result<String, FitError> {
    let device = toml::to_string(&Section { device: about.fitted.device() })
        .map_err(|error| FitError::Unwritable { reason: error.to_string() })?;
    let mut section = String::new();
    for line in known(about) {
        let _ = writeln!(section, "# {line}");
    }
    section += &device;
    let from = std::path::Path::new(base).file_name();
    let from = from.map_or(base.into(), |name| name.to_string_lossy());
    let head = format!(
        "# Cells fitted by `cim device fit`: see section device. All else is of preset {from}:\n#\n"
    );
    Ok(head + &unscaled(&replaced(text, &section)))
}

/// The text without factors on the noise of a Gaussian cell, which a fitted one is not.
fn unscaled(text: &str) -> String {
    let line = |line: &str| match line.starts_with("programming_scale =") {
        true => "programming_scale = []\n".to_owned(),
        false => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// What is known of the fit, line by line.
fn known(about: &About<'_>) -> Vec<String> {
    let mut lines = vec![
        format!("Fitted by `cim device fit`, version {}.", env!("CARGO_PKG_VERSION")),
        format!("Source: {}.", about.source),
        format!("Measurements: {}, SHA-256 {}.", about.file, about.sha256),
    ];
    lines.extend(tables::counts(about));
    lines.extend(tables::residuals(about.fitted));
    lines.extend(about.fitted.not_told.iter().cloned());
    lines.push("Parameters with their 95 % intervals:".to_owned());
    lines.extend(tables::parameters(about.fitted).lines().map(|line| format!("  {line}")));
    lines
}

/// A text of sections in which those of the device, with the comments above them, are another.
fn replaced(text: &str, section: &str) -> String {
    let (mut sections, mut comments) = (vec![String::new()], String::new());
    for line in text.lines().map(|line| format!("{line}\n")) {
        if line.starts_with('#') {
            comments += &line;
            continue;
        }
        if line.starts_with('[') {
            sections.push(String::new());
        }
        if let Some(last) = sections.last_mut() {
            *last += &std::mem::take(&mut comments);
            *last += &line;
        }
    }
    let is_device = |text: &String| {
        let header = text.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
        let name = header.trim_matches(['[', ']', ' ']);
        header.starts_with('[') && (name == "device" || name.starts_with("device."))
    };
    let first = sections.iter().position(is_device).unwrap_or(sections.len());
    let mut whole = sections[..first].concat();
    whole += section;
    for other in sections[first..].iter().filter(|text| !is_device(text)) {
        whole.push('\n');
        whole += other.trim_end();
        whole.push('\n');
    }
    whole + &comments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_the_device_give_way_and_all_else_stays() {
        let text = "# A file.\nseed = 1\n\n[tile]\nrows = 2\n\n# Old.\n[device]\neffects = []\n\n\
                    [device.model]\nkind = \"ideal\"\n\n[[device.effects]]\nkind = \"x\"\n\n# Wires.\n[wires]\n\
                    row = \"0 Ohm\"\n";
        let found = replaced(text, "# New.\n[device]\n");
        let want = "# A file.\nseed = 1\n\n[tile]\nrows = 2\n\n# New.\n[device]\n\n# Wires.\n[wires]\n\
                    row = \"0 Ohm\"\n";
        assert_eq!(found, want);
        let scaled = "[sweeps]\nprogramming_scale = [0.5, 1.0]\nbits = [2]\n";
        assert_eq!(unscaled(scaled), "[sweeps]\nprogramming_scale = []\nbits = [2]\n");
    }
}
