//! `cim solve`: the currents of an array, exact up to rounding.

use std::fmt::Write;
use std::io::Cursor;
use std::path::Path;
use std::time::Instant;

use cim_core::{Amps, Ohms, Volts};
use cim_crossbar::solve::iterative::{self, Bounded};
use cim_crossbar::solve::newton;
use cim_crossbar::{Bias, Circuit, CircuitError, Nodal, Solution};
use cim_device::Conduction;
use ndarray::{Array1, Array2, Array3, ArrayView1, Axis};
use ndarray_npy::{NpzWriter, WriteNpyExt};

use super::array::{Array, usage};
use crate::args::Solve;
use crate::error::CliError;
use crate::files::write_atomic;
use crate::progress;
use cim_report::chart::{Chart, Map, Maps, Plot};

/// Vectors from which a non-linear array shows how far it is.
const LONG: usize = 20;

/// Solves, writes the currents and returns a summary.
pub fn run(args: &Solve) -> Result<String, CliError> {
    let array = Array::read(&args.array)?;
    #[expect(clippy::disallowed_methods, reason = "the summary says how long it took")]
    let start = Instant::now();
    let refused = |error| array.refused(error);
    if let Some(tolerance) = args.tolerance {
        let bounded = bounded(&array, tolerance)?;
        let seconds = start.elapsed().as_secs_f64();
        write_currents(args, &array, &bounded.column_a)?;
        let mut text = summary(args, &array, &bounded.column_a, &[], seconds);
        let _ = writeln!(text, "proven           {}", proven(&bounded));
        return Ok(text);
    }
    let (column_a, solutions) = match array.law {
        Conduction::Ohmic => linear(&array, args.nodes.is_some()),
        _ => non_linear(&array, args.nodes.is_some()),
    }
    .map_err(refused)?;
    let seconds = start.elapsed().as_secs_f64();
    // The currents of the columns are known where those of shorts in a loop are not.
    let all = args.nodes.is_some() || args.plot.is_some();
    let solutions = match solutions {
        Err(CircuitError::Undetermined { .. }) if !all => Vec::new(),
        solutions => solutions.map_err(refused)?,
    };
    write_currents(args, &array, &column_a)?;
    if let Some(path) = &args.nodes {
        write_atomic(path, &npz(path, &solutions, array.single)?)?;
    }
    if let Some(path) = &args.plot {
        let Some(solution) = solutions.first() else {
            return Err(usage("--plot: there is no vector of voltages to draw".into(), "give one"));
        };
        write_atomic(path, picture(&array, solution)?.as_bytes())?;
    }
    Ok(summary(args, &array, &column_a, &solutions, seconds))
}

fn write_currents(args: &Solve, array: &Array, column_a: &Array2<f64>) -> Result<(), CliError> {
    let out =
        if array.single { npy(&args.out, &column_a.row(0))? } else { npy(&args.out, column_a)? };
    write_atomic(&args.out, &out)?;
    Ok(())
}

/// Currents with a bound, which only reads of ohmic cells have.
fn bounded(array: &Array, tolerance: f64) -> Result<Bounded, CliError> {
    if !array.is_read || array.law != Conduction::Ohmic {
        return Err(usage(
            "--tolerance: only currents of reads of ohmic cells have a bound".into(),
            "leave it out: all else is solved exactly",
        ));
    }
    iterative::column_currents(&array.circuit, array.volts.view(), tolerance)
        .map_err(|error| array.refused(error))
}

/// The largest bound, relative to the largest current of its vector.
fn proven(bounded: &Bounded) -> String {
    let most = |values: ArrayView1<'_, f64>| values.fold(0.0_f64, |most, a| most.max(a.abs()));
    let vectors = bounded.error_a.rows().into_iter().zip(bounded.column_a.rows());
    let worst = vectors
        .map(|(error_a, column_a)| (most(error_a), most(column_a)))
        .filter(|(error_a, _)| 0.0 < *error_a)
        .fold(0.0_f64, |worst, (error_a, column_a)| worst.max(error_a / column_a));
    let how = match bounded.steps {
        Some(steps) => format!("in {steps} steps"),
        None => "by elimination".to_owned(),
    };
    format!("no current is off by more than {worst:.1e} of the largest of its vector, {how}")
}

/// Column currents, vectors × columns (A), and everything else for all vectors or the first.
type Solved = (Array2<f64>, Result<Vec<Solution>, CircuitError>);

/// One elimination of the array for everything.
fn linear(array: &Array, all: bool) -> Result<Solved, CircuitError> {
    let (rows, cols) = array.circuit.shape();
    let read = Bias::read(&vec![0.0; rows], cols);
    let biases = array.biases();
    let nodal = Nodal::new(array.circuit.clone(), biases.first().unwrap_or(&read))?;
    if !array.is_read {
        let solutions = nodal.solve_all(biases)?;
        let mut column_a = Array2::zeros((biases.len(), cols));
        for (mut column_a, solution) in column_a.rows_mut().into_iter().zip(&solutions) {
            column_a.assign(&Array1::from(solution.column_a()));
        }
        return Ok((column_a, Ok(solutions)));
    }
    let column_a = nodal.column_currents(array.volts.view())?;
    let vectors = if all { biases.len() } else { biases.len().min(1) };
    Ok((column_a, nodal.solve_all(&biases[..vectors])))
}

/// Newton's method for each vector.
fn non_linear(array: &Array, all: bool) -> Result<Solved, CircuitError> {
    let (vectors, cols) = (array.volts.nrows(), array.circuit.shape().1);
    let mut column_a = Array2::zeros((vectors, cols));
    let mut solutions = Vec::new();
    let bar = (LONG <= vectors).then(|| progress::bar("non-linear array", vectors));
    for (vector, bias) in array.biases().iter().enumerate() {
        let solved = newton::solve(&array.circuit, &array.law, bias)?;
        column_a.row_mut(vector).assign(&Array1::from(solved.solution.column_a()));
        if all || vector == 0 {
            solutions.push(solved.solution);
        }
        bar.iter().for_each(|bar| bar.inc(1));
    }
    bar.iter().for_each(indicatif::ProgressBar::finish_and_clear);
    Ok((column_a, Ok(solutions)))
}

fn picture(array: &Array, solution: &Solution) -> Result<String, CliError> {
    let lost_v = lost(array, solution);
    let map = |title: &str, unit: &str, values: &Array2<f64>| Map {
        title: title.to_owned(),
        unit: unit.to_owned(),
        columns: values.ncols(),
        values: values.iter().copied().collect(),
    };
    let maps = vec![
        map("Row wires", "V", &solution.row_v),
        map("Column wires", "V", &solution.column_v),
        map("Cell currents", "A", &solution.cell_a),
        map("Voltage lost on wires", "V", &lost_v),
    ];
    Ok(cim_report::draw(&Chart {
        name: "array".to_owned(),
        title: "Voltages and currents of an array".to_owned(),
        caption: String::new(),
        plot: Plot::Maps(Maps { x_label: "column".to_owned(), y_label: "row".to_owned(), maps }),
    })?)
}

fn npy<S, D>(path: &Path, values: &ndarray::ArrayBase<S, D>) -> Result<Vec<u8>, CliError>
where
    S: ndarray::Data<Elem = f64>,
    D: ndarray::Dimension,
{
    let mut bytes = Vec::new();
    values.write_npy(&mut bytes).map_err(|error| {
        usage(format!("cannot write {}: {error}", path.display()), "choose another --out")
    })?;
    Ok(bytes)
}

/// What one field of a solution is called, and how to get it.
type Field = (&'static str, fn(&Solution) -> &Array2<f64>);

const FIELDS: [Field; 5] = [
    ("row_v", |s| &s.row_v),
    ("column_v", |s| &s.column_v),
    ("cell_a", |s| &s.cell_a),
    ("row_wire_a", |s| &s.row_wire_a),
    ("column_wire_a", |s| &s.column_wire_a),
];

/// Every voltage and current; a leading axis counts vectors if there is a list of them.
fn npz(path: &Path, solutions: &[Solution], single: bool) -> Result<Vec<u8>, CliError> {
    let mut file = Cursor::new(Vec::new());
    let mut writer = NpzWriter::new(&mut file);
    let fail = |error: ndarray_npy::WriteNpzError| {
        usage(format!("cannot write {}: {error}", path.display()), "choose another --nodes")
    };
    for (name, field) in FIELDS {
        if single {
            writer.add_array(name, field(&solutions[0])).map_err(fail)?;
            continue;
        }
        let shape = solutions.first().map_or((0, 0), |s| field(s).dim());
        let mut values = Array3::zeros((solutions.len(), shape.0, shape.1));
        for (mut values, solution) in values.axis_iter_mut(Axis(0)).zip(solutions) {
            values.assign(field(solution));
        }
        writer.add_array(name, &values).map_err(fail)?;
    }
    let power_w: Array1<f64> = solutions.iter().map(|s| s.power_w).collect();
    if single {
        writer.add_array("power_w", &power_w.index_axis(Axis(0), 0)).map_err(fail)?;
    } else {
        writer.add_array("power_w", &power_w).map_err(fail)?;
    }
    writer.finish().map_err(fail)?;
    Ok(file.into_inner())
}

fn summary(
    args: &Solve,
    array: &Array,
    column_a: &Array2<f64>,
    solutions: &[Solution],
    seconds: f64,
) -> String {
    let (rows, cols) = array.circuit.shape();
    let mut text = String::new();
    let _ = writeln!(text, "array            {rows} × {cols}, {} vectors", array.volts.nrows());
    let ohm = |r: Ohms| if r == Ohms::ZERO { "ideal".to_owned() } else { r.to_string() };
    let _ = match array.wires {
        None => writeln!(text, "wires            segment by segment"),
        Some(wires) => writeln!(
            text,
            "wires            row {}, column {}, source {}, sense {}",
            ohm(wires.row),
            ohm(wires.column),
            ohm(wires.source()),
            ohm(wires.sense())
        ),
    };
    if let Some(first) = solutions.first() {
        let which = if array.single { "" } else { " (first vector)" };
        let _ = writeln!(text, "power            {:.4e} W{which}", first.power_w);
        if array.is_read {
            let drop = lost(array, first).iter().fold(0.0_f64, |most, v| most.max(v.abs()));
            let _ = writeln!(text, "largest IR drop  {:.4}{which}", Volts(drop));
        }
    }
    let read = || nonideality(&array.circuit, &array.law, &array.volts, column_a);
    if let Some(factor) = array.is_read.then(read).flatten() {
        let _ = writeln!(text, "nonideality      {factor:.6} of the current without wires is lost");
    }
    let largest = column_a.iter().fold(0.0_f64, |most, i| most.max(i.abs()));
    let _ = writeln!(text, "largest current  {:.4}", Amps(largest));
    let _ = writeln!(text, "time             {:.1} ms", 1e3 * seconds);
    let _ = writeln!(text, "currents in      {}", args.out.display());
    text
}

/// Voltage (V) that each cell is short of: its row's voltage less what is across it.
fn lost(array: &Array, solution: &Solution) -> Array2<f64> {
    let row_v = array.volts.row(0).insert_axis(Axis(1));
    &row_v - &(&solution.row_v - &solution.column_v)
}

/// `(I_ideal − I) / I_ideal`, each column weighted by its ideal current.
///
/// Only where all cells are ohmic, none is a short and every ideal current has one direction.
fn nonideality(
    circuit: &Circuit,
    law: &Conduction,
    volts: &Array2<f64>,
    column_a: &Array2<f64>,
) -> Option<f64> {
    let g_s = circuit.conductances();
    if *law != Conduction::Ohmic || !g_s.iter().all(|g| g.is_finite()) {
        return None;
    }
    let ideal_a = volts.dot(&g_s);
    let one_way = volts.iter().all(|v| 0.0 <= *v) || volts.iter().all(|v| *v <= 0.0);
    let total = ideal_a.sum();
    (one_way && total != 0.0).then(|| (total - column_a.sum()) / total)
}
