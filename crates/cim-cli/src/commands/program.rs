//! `cim program`: targets to programmed conductances, with what it took.

use std::fmt::Write;
use std::path::Path;

use cim_core::{Joules, Seconds, Siemens, Stream, Tally};
use cim_crossbar::{GdpSpec, ProductError, Wires, product_error};
use cim_data::npy;
use cim_device::DeviceError;
use cim_device::program::{CellsPreset, End, Outcome, PROGRAMMERS, Programmer, ProgrammerSpec};
use ndarray::{Array2, Ix2};
use ndarray_npy::WriteNpyExt;
use serde::Serialize;

use super::array::{resistance, usage};
use crate::args::Program;
use crate::error::CliError;
use crate::files::write_atomic;

/// Programs, writes what the cells hold and the report, and returns a table.
pub fn run(args: &Program) -> Result<String, CliError> {
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
    let report = Report::new(args, spec, band, wires, &target_s, &outcome, products, tally);
    let mut held = Vec::new();
    outcome.held_s.write_npy(&mut held).map_err(|error| {
        usage(format!("{}: {error}", args.out.display()), "choose another --out")
    })?;
    write_atomic(&args.out, &held)?;
    if let Some(path) = &args.report {
        let mut json = serde_json::to_vec_pretty(&report).map_err(|error| {
            usage(
                format!("the report is not a set of finite numbers: {error}"),
                "check the targets",
            )
        })?;
        json.push(b'\n');
        write_atomic(path, &json)?;
    }
    Ok(report.table(tally))
}

/// What was used, as the report states it.
#[derive(Serialize)]
#[serde(untagged)]
enum AnyProgrammer {
    CellByCell(ProgrammerSpec),
    ByProducts {
        kind: &'static str,
        #[serde(flatten)]
        spec: GdpSpec,
    },
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

/// The report, in SI units.
#[derive(Serialize)]
struct Report {
    command: &'static str,
    cells: String,
    programmer: AnyProgrammer,
    seed: u64,
    rows: usize,
    columns: usize,
    band_s: f64,
    wires: Wires,
    /// Of what the cells hold, read noise aside.
    rms_error_s: f64,
    share_inside_band: f64,
    /// As the last verifying read found them.
    share_accepted: f64,
    share_stuck: f64,
    share_given_up: f64,
    pulses_per_cell: f64,
    polarity_changes_per_cell: f64,
    energy_per_cell_j: f64,
    time_per_cell_s: f64,
    /// Error of a product with inputs of mean zero, relative to the wanted one on ideal wires.
    product_error: f64,
    product_error_after_gain: f64,
    tally: Tally,
    per_cell: PerCell,
}

/// Rows of columns.
#[derive(Serialize)]
struct PerCell {
    end: Vec<Vec<End>>,
    pulses: Vec<Vec<u32>>,
    polarity_changes: Vec<Vec<u32>>,
    verify_reads: Vec<Vec<u32>>,
    energy_j: Vec<Vec<f64>>,
    time_s: Vec<Vec<f64>>,
}

fn nested<T: Clone>(values: &Array2<T>) -> Vec<Vec<T>> {
    values.rows().into_iter().map(|row| row.to_vec()).collect()
}

impl Report {
    #[expect(clippy::too_many_arguments, reason = "a report has many parts")]
    fn new(
        args: &Program,
        programmer: AnyProgrammer,
        band: Siemens,
        wires: Wires,
        target_s: &Array2<f64>,
        outcome: &Outcome,
        products: ProductError,
        tally: Tally,
    ) -> Self {
        let per_cell = 1.0 / target_s.len() as f64;
        Self {
            command: "program",
            cells: args.preset.clone(),
            programmer,
            seed: args.seed,
            rows: target_s.nrows(),
            columns: target_s.ncols(),
            band_s: band.0,
            wires,
            rms_error_s: outcome.rms_error_s(target_s.view()),
            share_inside_band: outcome.share_within(target_s.view(), band.0),
            share_accepted: outcome.share(End::InBand),
            share_stuck: outcome.share(End::Stuck),
            share_given_up: outcome.share(End::GivenUp),
            pulses_per_cell: tally.pulses as f64 * per_cell,
            polarity_changes_per_cell: tally.polarity_changes as f64 * per_cell,
            energy_per_cell_j: outcome.energy_j.sum() * per_cell,
            time_per_cell_s: outcome.time_s.sum() * per_cell,
            product_error: products.relative,
            product_error_after_gain: products.after_gain,
            tally,
            per_cell: PerCell {
                end: nested(&outcome.end),
                pulses: nested(&outcome.pulses),
                polarity_changes: nested(&outcome.polarity_changes),
                verify_reads: nested(&outcome.reads),
                energy_j: nested(&outcome.energy_j),
                time_s: nested(&outcome.time_s),
            },
        }
    }

    fn table(&self, tally: Tally) -> String {
        let mut text = String::new();
        let mut line = |what: &str, value: String| {
            let _ = writeln!(text, "{what:21} {value}");
        };
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        line("cells", format!("{} × {} of {}", self.rows, self.columns, self.cells));
        line("acceptance band", format!("± {:.3}", Siemens(self.band_s)));
        line("RMS error", format!("{:.3}", Siemens(self.rms_error_s)));
        line("accepted", percent(self.share_accepted));
        line("inside without noise", percent(self.share_inside_band));
        line("stuck", percent(self.share_stuck));
        line("given up", percent(self.share_given_up));
        line(
            "pulses",
            format!(
                "{:.2} a cell, {:.2} changes of polarity, {} at a limit",
                self.pulses_per_cell, self.polarity_changes_per_cell, tally.pulses_limited
            ),
        );
        line("energy", format!("{:.3} a cell", Joules(self.energy_per_cell_j)));
        line("time", format!("{:.3} a cell", Seconds(self.time_per_cell_s)));
        line(
            "error of products",
            format!(
                "{} ({} after a common gain)",
                percent(self.product_error),
                percent(self.product_error_after_gain)
            ),
        );
        text
    }
}
