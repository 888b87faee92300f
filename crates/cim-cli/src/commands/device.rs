//! `cim device`: published devices by name.

use std::fmt::Write;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use cim_core::{Seconds, Siemens, Stream, Tally, UnitError};
use cim_device::{Device as Cells, DeviceError, Published, published_names};
use ndarray::{Array2, ArrayView1};
use ndarray_npy::WriteNpyExt;

use crate::args::{Device, DeviceSample};
use crate::commands::eval::chip;
use crate::commands::preset::open;
use crate::error::CliError;
use crate::files::write_atomic;

/// The longest time that cells are asked about.
const LONGEST: Seconds = Seconds(1e11);

/// Runs a command on devices.
pub fn run(command: &Device) -> Result<String, CliError> {
    match command {
        Device::List => list(),
        Device::Describe { name } => describe(name),
        Device::Sample(args) => sample(args),
        Device::Fit(args) => super::device_fit::run(args),
    }
}

/// Every published device, one a line.
fn list() -> Result<String, CliError> {
    let mut text = String::new();
    for name in published_names() {
        let Published { card, device } = published(name)?;
        let window = device.window();
        let _ = writeln!(
            text,
            "  {name:16} {:>9.2} to {:>9.2}  {}",
            window.g_min, window.g_max, card.cell
        );
    }
    Ok(text)
}

fn describe(name: &str) -> Result<String, CliError> {
    let Published { card, device } = published(name)?;
    let fit = device.program_variance();
    let window = device.window();
    let mut text = card.to_string();
    let _ = writeln!(text, "  {:13} {} to {}", "window", window.g_min, window.g_max);
    let _ = writeln!(
        text,
        "  {:13} programming variance from above: at most {:.0} % more",
        "posynomial",
        100.0 * fit.excess
    );
    let [low, middle, high] = [0.0, 0.5, 1.0].map(|share| {
        let target = window.g_min.0 + share * window.span().0;
        let moments = device.programmed(target);
        let sigma = Siemens(moments.variance.sqrt());
        format!("{:.3} at {:.3}", sigma, Siemens(target))
    });
    let _ = writeln!(text, "  {:13} sigma {low}, {middle}, {high}", "programmed");
    Ok(text)
}

fn sample(args: &DeviceSample) -> Result<String, CliError> {
    let target: Siemens =
        quantity("--target", &args.target, "a conductance with its unit, such as \"5 uS\"")?;
    let after: Seconds =
        quantity("--after", &args.after, "a time with its unit, such as \"20 s\" or \"1 day\"")?;
    let device = named(&args.preset)?;
    device
        .window()
        .check_target(target)
        .map_err(|error| advised(error, "give a --target within the window"))?;
    if after > LONGEST {
        return Err(CliError::Usage {
            what: format!("--after {}: beyond {LONGEST}, some 3000 years", args.after),
            help: "give a time at which cells are still read, such as \"1 year\"".into(),
        });
    }
    device
        .fitted_times()
        .check(after)
        .map_err(|error| advised(error, "give an --after at which the device is known"))?;
    if after != Seconds::ZERO && !device.ages() {
        return Err(advised(DeviceError::Ageless { elapsed: after }, "leave --after out"));
    }
    let (at, mut tally) = (Stream::root(args.seed), Tally::default());
    let count = usize::try_from(args.count).expect("a hundred million cells have indices");
    // One row: the first cells are the same whatever the count.
    let targets = Array2::from_elem((1, count), target.0);
    let programmed = device.program(targets.view(), at, &mut tally);
    let aged = device.aged(programmed.view(), after, at)?;
    let mut read = aged.clone();
    if args.read {
        let variance = device.read_variances_aged(programmed.view(), aged.view(), after);
        let mut normals = at.child("read", 0).normal_rows(count);
        for ((g_s, variance), &n) in read.iter_mut().zip(&variance).zip(normals.row(0)) {
            *g_s += variance.sqrt() * f64::from(n);
        }
    }
    let cells = read.row(0);
    let mut bytes = Vec::new();
    cells.write_npy(&mut bytes).map_err(|error| CliError::Usage {
        what: format!("{}: {error}", args.out.display()),
        help: "ask for fewer cells with --count".into(),
    })?;
    write_atomic(&args.out, &bytes)?;
    Ok(summary(args, (target, after), [programmed.row(0), aged.row(0), cells], tally))
}

fn summary(
    args: &DeviceSample,
    (target, after): (Siemens, Seconds),
    [programmed, aged, read]: [ArrayView1<'_, f64>; 3],
    tally: Tally,
) -> String {
    let mut text = format!(
        "{}: {} cells programmed to {target}, seed {}\n",
        args.preset, args.count, args.seed
    );
    let _ = writeln!(
        text,
        "{:18} {:>12} {:>12} {:>12} {:>12} {:>12}",
        "", "mean", "sigma", "5 %", "median", "95 %"
    );
    let mut row = |name: &str, cells: ArrayView1<'_, f64>| {
        let mut sorted = cells.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
        let mean = cells.mean().unwrap_or(0.0);
        let _ = write!(text, "{name:18}");
        for value in [mean, cells.std(0.0), at(0.05), at(0.5), at(0.95)] {
            let _ = write!(text, " {:12.3}", Siemens(value));
        }
        text.push('\n');
    };
    row("programmed", programmed);
    if after != Seconds::ZERO {
        row(&format!("after {after}"), aged);
    }
    if args.read {
        row("as read once", read);
    }
    let _ = writeln!(
        text,
        "{} cells outside the window, {} of them at 0 S\nsaved as siemens in {}",
        tally.cells_outside_window,
        tally.cells_at_zero,
        args.out.display()
    );
    text
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
