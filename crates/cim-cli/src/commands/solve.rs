//! `cim solve`: the currents of an array, exact up to rounding.

use std::fmt;
use std::io::Cursor;
use std::path::Path;
use std::time::Instant;

use cim_crossbar::solve::iterative::{self, Bounded};
use cim_crossbar::summary::lost_v;
use cim_crossbar::{CircuitError, Solution, Summary, Vectors};
use cim_device::Conduction;
use ndarray::{Array1, Array2, Array3, Axis};
use ndarray_npy::{NpzWriter, WriteNpyExt};
use serde::Serialize;

use super::array::{Array, usage};
use crate::args::Solve;
use crate::error::CliError;
use crate::files::write_each;
use crate::form::Form;
use crate::progress;
use cim_report::chart::{Chart, Map, Maps, Plot};

/// Vectors from which a non-linear array shows how far it is.
const LONG: usize = 20;

/// Solves, writes what was asked for and returns a summary.
pub fn run(args: &Solve, form: Form) -> Result<String, CliError> {
    let array = Array::read(&args.array)?;
    #[expect(clippy::disallowed_methods, reason = "the summary says how long it took")]
    let start = Instant::now();
    let refused = |error| array.refused(error);
    let reads = array.is_read.then(|| array.volts.view());
    let all = args.nodes.is_some();
    let mut bound = None;
    let Vectors { column_a, solutions } = match (args.tolerance, &array.law) {
        (Some(tolerance), _) => {
            let bounded = bounded(&array, tolerance)?;
            let column_a = bound.insert(bounded).column_a.clone();
            Ok(Vectors { column_a, solutions: Ok(Vec::new()) })
        }
        (None, Conduction::Ohmic) => Vectors::ohmic(&array.circuit, array.biases(), reads, all),
        (None, law) => {
            let vectors = array.biases().len();
            let bar = (LONG <= vectors).then(|| progress::bar("non-linear array", vectors));
            let tick = || bar.iter().for_each(|bar| bar.inc(1));
            let found = Vectors::by_newton(&array.circuit, law, array.biases(), all, tick);
            bar.iter().for_each(indicatif::ProgressBar::finish_and_clear);
            found
        }
    }
    .map_err(refused)?;
    let seconds = start.elapsed().as_secs_f64();
    // The currents of the columns are known where those of shorts in a loop are not.
    let solutions = match solutions {
        Err(CircuitError::Undetermined { .. }) if !all && args.plot.is_none() => Vec::new(),
        solutions => solutions.map_err(refused)?,
    };
    write(args, &array, &column_a, &solutions)?;
    let mut summary = Summary::of(&array.circuit, array.wires, &column_a);
    if let Some(first) = solutions.first() {
        summary = summary.with_first(first, array.is_read.then(|| array.volts.row(0)));
    }
    if let Some(volts) = reads {
        summary = summary.with_reads((&array.circuit, &array.law), volts, &column_a);
    }
    if let Some(bounded) = &bound {
        summary = summary.with_bound(bounded);
    }
    form.print("solve", &Solved { summary, seconds, out: &args.out })
}

/// What is printed.
#[derive(Serialize)]
struct Solved<'a> {
    #[serde(flatten)]
    summary: Summary,
    seconds: f64,
    out: &'a Path,
}

impl fmt::Display for Solved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.summary)?;
        writeln!(f, "time             {:.1} ms", 1e3 * self.seconds)?;
        writeln!(f, "currents in      {}", self.out.display())
    }
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

/// Everything is made before the first file is written.
fn write(
    args: &Solve,
    array: &Array,
    column_a: &Array2<f64>,
    solutions: &[Solution],
) -> Result<(), CliError> {
    let currents =
        if array.single { npy(&args.out, &column_a.row(0))? } else { npy(&args.out, column_a)? };
    let nodes = args.nodes.as_deref().map(|path| npz(path, solutions, array.single)).transpose()?;
    let plot = args.plot.as_ref().map(|_| match solutions.first() {
        Some(solution) => picture(array, solution),
        None => Err(usage("--plot: there is no vector of voltages to draw".into(), "give one")),
    });
    let plot = plot.transpose()?.map(String::into_bytes);
    let mut outputs = vec![("--out", args.out.as_path(), currents.as_slice())];
    for (option, path, bytes) in [("--nodes", &args.nodes, &nodes), ("--plot", &args.plot, &plot)] {
        outputs.extend(
            path.as_deref().zip(bytes.as_deref()).map(|(path, bytes)| (option, path, bytes)),
        );
    }
    write_each(&outputs)
}

fn picture(array: &Array, solution: &Solution) -> Result<String, CliError> {
    let lost_v = lost_v(array.volts.row(0), solution);
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
