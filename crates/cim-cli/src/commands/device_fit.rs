//! `cim device fit`: measurements in, a device out.

use std::path::Path;

use cim_fit::report::{About, files, preset, printed};
use cim_fit::{FitError, Measurements, fit};

use crate::commands::eval::chip;
use crate::commands::preset::{Preset, open};
use crate::config;
use crate::error::CliError;
use crate::files::{refuse_another, try_read, write_atomic};
use crate::fit_args::DeviceFit;
use crate::form::Form;

/// The largest file of measurements that is read (bytes).
const MAX_BYTES: u64 = 256 << 20;

/// Fits and returns what is printed. Everything that can be refused is refused before the first file is
/// written.
pub fn run(args: &DeviceFit, form: Form) -> Result<String, CliError> {
    let base = open(&args.preset)?;
    chip(&base)?.parts()?;
    if let Some(folder) = &args.report {
        refuse_another(folder, "cim device fit")?;
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
    let file = path.file_name().map_or_else(Default::default, |name| name.to_string_lossy());
    let named = (&*file, args.source.as_deref());
    let about = About::of(named, cim_data::sha256(&bytes), measurements, fitted);
    let text = preset((&base.name, &base.text), &about).map_err(refused)?;
    let written = Preset { name: "the fitted preset".into(), text };
    chip(&written)?.parts()?;
    let mut printed = printed(&about);
    if let Some(out) = &args.out {
        write_atomic(out, written.text.as_bytes())?;
        printed += &format!("\npreset in {0}, for --preset {0}\n", out.display());
    }
    if let Some(folder) = &args.report {
        let files = cim_report::files::write_all(folder, &files(&about, &written.text)?)?;
        printed += &format!("\n{} files in {}\n", files.len(), folder.display());
    }
    form.print_as("device fit", fitted, || printed)
}

/// What is wrong with measurements, with its line.
fn refused(path: &Path, bytes: &[u8], error: FitError) -> CliError {
    let (name, help) = (path.display().to_string(), error.help());
    match error.span() {
        Some(span) => {
            // What controls a terminal is shown as one mark of the same length.
            let text = String::from_utf8_lossy(bytes);
            let text = text.replace(|c: char| c.is_ascii_control() && !"\n\r\t".contains(c), "?");
            config::at(&name, &text, span, error.to_string(), Some(help)).into()
        }
        None => CliError::Usage { what: format!("{name}: {error}"), help },
    }
}
