//! The command itself: measurements in, a device out.

use std::path::Path;

use cim_fit::{FitError, Measurements, fit};

use super::about::About;
use super::{page, pictures, preset, tables};
use crate::commands::eval::chip;
use crate::commands::preset::{Preset, open};
use crate::config;
use crate::error::CliError;
use crate::files::{try_read, write_atomic};
use crate::fit_args::DeviceFit;

/// The largest file of measurements that is read (bytes).
const MAX_BYTES: u64 = 1 << 30;

/// Fits and returns what is printed. Everything that can be refused is refused before the first file is
/// written.
pub fn run(args: &DeviceFit) -> Result<String, CliError> {
    let base = open(&args.preset)?;
    chip(&base)?.parts()?;
    if let Some(folder) = &args.report {
        cim_report::files::prepare(folder)?;
    }
    let path = &args.measurements;
    let bytes = try_read(path, MAX_BYTES).map_err(|reason| CliError::Usage {
        what: format!("cannot read {}: {reason}", path.display()),
        help: "give the path of a .csv file with a header such as \"target (uS),achieved (uS)\""
            .into(),
    })?;
    let refused = |error| refused(path, &bytes, error);
    let measurements = &Measurements::from_csv(&bytes).map_err(refused)?;
    let fitted = &fit(measurements).map_err(refused)?;
    let file = path.file_name().map_or_else(String::new, |n| in_one_line(&n.to_string_lossy()));
    let source = args.source.as_deref().map_or_else(|| file.clone(), in_one_line);
    let sha256 = cim_data::sha256(&bytes);
    let about = About { source, file, sha256, measurements, fitted };
    let text = preset::preset(&base, &about)?;
    let written = Preset { name: "the fitted preset".into(), text };
    chip(&written)?.parts()?;
    let mut printed = tables::printed(&about);
    if let Some(out) = &args.out {
        write_atomic(out, written.text.as_bytes())?;
        printed += &format!("\npreset in {0}, for --preset {0}\n", out.display());
    }
    if let Some(folder) = &args.report {
        let charts = pictures::charts(fitted);
        let files = page::files(&about, &charts, &written.text)?;
        let files = cim_report::files::write_all(folder, &files)?;
        printed += &format!("\n{} files in {}\n", files.len(), folder.display());
    }
    Ok(printed)
}

/// What is wrong with measurements, with its line.
fn refused(path: &Path, bytes: &[u8], error: FitError) -> CliError {
    let (name, help) = (path.display().to_string(), error.help());
    match error.span() {
        Some(span) => {
            let text = String::from_utf8_lossy(bytes);
            config::at(&name, &text, span, error.to_string(), Some(help)).into()
        }
        None => CliError::Usage { what: format!("{name}: {error}"), help },
    }
}

/// A text without line breaks and other marks that a comment cannot hold.
fn in_one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
