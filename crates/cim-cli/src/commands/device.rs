//! `cim device`: published devices by name.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use cim_core::{Seconds, Siemens, Stream, UnitError};
use cim_device::{
    Described, Device as Cells, DeviceError, Published, Sampled, Sampling, published_names,
};
use ndarray_npy::WriteNpyExt;
use serde::Serialize;

use crate::args::{Device, DeviceSample};
use crate::commands::eval::chip;
use crate::commands::preset::open;
use crate::error::CliError;
use crate::files::write_atomic;
use crate::form::Form;

/// The longest time that cells are asked about.
const LONGEST: Seconds = Seconds(1e11);

/// Runs a command on devices.
pub fn run(command: &Device, form: Form) -> Result<String, CliError> {
    match command {
        Device::List => list(form),
        Device::Describe { name } => {
            form.print("device describe", &Described::of(&published(name)?))
        }
        Device::Sample(args) => sample(args, form),
        Device::Fit(args) => super::device_fit::run(args, form),
    }
}

/// All published devices.
#[derive(Serialize)]
struct Devices {
    devices: Vec<Described>,
}

/// Every published device, one a line.
fn list(form: Form) -> Result<String, CliError> {
    let described = |name| Ok::<_, CliError>(Described::of(&published(name)?));
    let devices = published_names().into_iter().map(described).collect::<Result<_, _>>()?;
    let all = Devices { devices };
    form.print_as("device list", &all, || {
        all.devices.iter().map(|device| device.line() + "\n").collect()
    })
}

fn sample(args: &DeviceSample, form: Form) -> Result<String, CliError> {
    let target: Siemens =
        quantity("--target", &args.target, "a conductance with its unit, such as \"5 uS\"")?;
    let after: Seconds =
        quantity("--after", &args.after, "a time with its unit, such as \"20 s\" or \"1 day\"")?;
    let device = named(&args.preset)?;
    if after > LONGEST {
        return Err(CliError::Usage {
            what: format!("--after {}: beyond {LONGEST}, some 3000 years", args.after),
            help: "give a time at which cells are still read, such as \"1 year\"".into(),
        });
    }
    let count = usize::try_from(args.count).expect("ten million cells have indices");
    let sampling = Sampling { target, count, after, read: args.read };
    let sampled = sampling.run(device.as_ref(), Stream::root(args.seed)).map_err(|error| {
        let help = match error {
            DeviceError::Target { .. } => "give a --target within the window",
            DeviceError::Ageless { .. } => "leave --after out",
            _ => "give an --after at which the device is known",
        };
        advised(error, help)
    })?;
    let mut bytes = Vec::new();
    sampled.cells_s().write_npy(&mut bytes).map_err(|error| CliError::Usage {
        what: format!("{}: {error}", args.out.display()),
        help: "ask for fewer cells with --count".into(),
    })?;
    write_atomic(&args.out, &bytes)?;
    let (device, out) = (args.preset.as_str(), args.out.as_path());
    form.print("device sample", &Sample { device, seed: args.seed, out, sampled: &sampled })
}

/// What was sampled, by which options.
#[derive(Serialize)]
struct Sample<'a> {
    device: &'a str,
    seed: u64,
    out: &'a Path,
    #[serde(flatten)]
    sampled: &'a Sampled,
}

impl fmt::Display for Sample<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, seed, out, sampled } = self;
        let Sampling { target, count, .. } = sampled.sampling;
        writeln!(f, "{device}: {count} cells programmed to {target}, seed {seed}")?;
        write!(f, "{sampled}")?;
        writeln!(f, "saved as siemens in {}", out.display())
    }
}

/// A published device, or that of a preset in a file.
fn named(name: &str) -> Result<Arc<dyn Cells>, CliError> {
    if Path::new(name).is_file() {
        return Ok(chip(&open(name)?)?.parts()?.device);
    }
    Ok(published(name)?.device)
}

/// The published device called `name`.
fn published(name: &str) -> Result<Published, CliError> {
    cim_device::published(name)
        .map_err(|error| advised(error, "`cim device list` lists all devices"))
}

fn advised(error: DeviceError, help: &str) -> CliError {
    CliError::Usage { what: error.to_string(), help: help.to_owned() }
}

fn quantity<Q: FromStr<Err = UnitError>>(
    option: &str,
    text: &str,
    help: &str,
) -> Result<Q, CliError> {
    text.parse().map_err(|error| CliError::Usage {
        what: format!("{option}: {error}"),
        help: format!("write {help}"),
    })
}
