//! `cim program`: targets to programmed conductances, with what it took.

use std::fmt;
use std::path::Path;

use cim_core::{Siemens, Stream, Tally};
use cim_crossbar::{Account, AnyProgrammer, GdpSpec, Wires, product_error};
use cim_data::npy;
use cim_device::DeviceError;
use cim_device::program::{CellsPreset, PROGRAMMERS, Programmer};
use ndarray::{Array2, Ix2};
use ndarray_npy::WriteNpyExt;
use serde::Serialize;

use super::array::{resistance, usage};
use crate::args::Program;
use crate::error::CliError;
use crate::files::write_each;
use crate::form::Form;

/// Programs, writes what the cells hold and the report, and returns a table.
pub fn run(args: &Program, form: Form) -> Result<String, CliError> {
    let cells = CellsPreset::named(&args.preset)
        .map_err(|error| usage(format!("--preset: {error}"), "see `cim program --help`"))?;
    let band = args.band.as_deref().map(band).transpose()?.unwrap_or(cells.band);
    let wires = match &args.wires {
        None => Wires::NONE,
        Some(text) => {
            let pitch = resistance("--wires", text)?;
            Wires::new(pitch, pitch)
        }
    };
    let target_s = targets(&args.targets)?;
    let (spec, programmer) = programmer(&args.programmer, &cells, band, &target_s, wires)?;
    let at = Stream::root(args.seed);
    let mut array = cells.cells.fresh(target_s.dim(), at.child("cells", 0))?;
    let mut tally = Tally::default();
    let outcome = programmer
        .program(array.as_mut(), target_s.view(), at.child("program", 0), &mut tally)
        .map_err(|error| of_targets(&args.targets, error))?;
    let products =
        product_error(outcome.held_s.view(), target_s.view(), wires).map_err(|error| {
            usage(format!("the programmed array cannot be solved: {error}"), "lower --wires")
        })?;
    let how = (spec, band, wires);
    let account = Account::of(how, target_s.view(), &outcome, products, tally);
    let report = Report { cells: &args.preset, seed: args.seed, account: &account };
    let mut held = Vec::new();
    outcome.held_s.write_npy(&mut held).map_err(|error| {
        usage(format!("{}: {error}", args.out.display()), "choose another --out")
    })?;
    let written = args
        .report
        .as_ref()
        .map(|path| Ok::<_, CliError>((path, Form::Json.print("program", &report)?)));
    let written = written.transpose()?;
    let mut outputs = vec![("--out", args.out.as_path(), held.as_slice())];
    outputs
        .extend(written.iter().map(|(path, json)| ("--report", path.as_path(), json.as_bytes())));
    write_each(&outputs)?;
    form.print("program", &report)
}

fn programmer(
    name: &str,
    cells: &CellsPreset,
    band: Siemens,
    target_s: &Array2<f64>,
    wires: Wires,
) -> Result<(AnyProgrammer, Box<dyn Programmer>), CliError> {
    if name == "gdp" {
        let spec = GdpSpec::suiting(cells, band, target_s.nrows(), wires)?;
        let built = spec.clone().build()?;
        return Ok((AnyProgrammer::ByProducts { kind: "gdp", spec }, Box::new(built)));
    }
    let spec = cells.programmer(name, band).map_err(|error| {
        let help = match error {
            DeviceError::NotPossible { .. } => "choose another --programmer or --preset".to_owned(),
            _ => format!("programmers: {}, gdp", PROGRAMMERS.join(", ")),
        };
        usage(format!("--programmer: {error}"), help)
    })?;
    let built = spec.clone().build().map_err(|error| {
        usage(format!("--band: {error}"), "give a positive conductance, such as \"5 uS\"")
    })?;
    Ok((AnyProgrammer::CellByCell(spec), built))
}

fn band(text: &str) -> Result<Siemens, CliError> {
    const HELP: &str = "write a positive conductance with its unit, such as \"5 uS\"";
    let band: Siemens = text.parse().map_err(|error| usage(format!("--band: {error}"), HELP))?;
    if 0.0 < band.0 && band.is_finite() {
        return Ok(band);
    }
    Err(usage(format!("--band: {text} is no half-width of a band"), HELP))
}

fn targets(path: &Path) -> Result<Array2<f64>, CliError> {
    let help = "give a two-dimensional array, rows × columns, in siemens";
    let targets = npy::read(path)?.into_dimensionality::<Ix2>().map_err(|error| {
        usage(format!("{}: {error}: targets are a matrix", path.display()), help)
    })?;
    if targets.is_empty() {
        return Err(usage(format!("{} holds no targets", path.display()), help));
    }
    Ok(targets)
}

fn of_targets(path: &Path, error: DeviceError) -> CliError {
    match error {
        DeviceError::CellTarget { g_min, g_max, .. } => usage(
            format!("{}: {error}", path.display()),
            format!("targets are in siemens; scale them into {g_min} to {g_max}: none is clipped"),
        ),
        other => other.into(),
    }
}

/// What was programmed.
#[derive(Serialize)]
struct Report<'a> {
    cells: &'a str,
    seed: u64,
    #[serde(flatten)]
    account: &'a Account,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cells, account, .. } = self;
        writeln!(f, "{:21} {} × {} of {cells}", "cells", account.rows, account.columns)?;
        write!(f, "{account}")
    }
}
