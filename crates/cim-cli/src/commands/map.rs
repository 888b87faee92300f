//! `cim map`: whole weights to levels of cells and currents to sense.

use std::path::Path;

use cim_adc::Polarity;
use cim_data::npy;
use cim_tile::mapping::{Cut, MappingError, Whole, WholeArray};
use cim_tile::{Sense, rows};
use ndarray::{Array2, ArrayView2, s};
use serde::Serialize;

use super::array::usage;
use crate::error::CliError;
use crate::files::write_atomic;
use crate::map_args::Map;

/// Maps, writes or prints the report, and returns what is printed.
pub fn run(args: &Map) -> Result<String, CliError> {
    let weights = whole_numbers(&args.weights)?;
    let fewest = Cut::fewest(&args.mapping, weights.view());
    let bits = args.bits.unwrap_or_else(|| {
        args.split.as_ref().map_or(fewest.bits, |split| split.iter().copied().sum())
    });
    let cut = Cut { bits, split: args.split.clone(), slices: args.slices };
    let refused = |error: MappingError| {
        let what = match error {
            MappingError::Weight { .. } => format!("{}: {error}", args.weights.display()),
            _ => error.to_string(),
        };
        usage(what, help(&error))
    };
    let whole = Whole::named(&args.mapping, &cut).map_err(refused)?;
    let size = (args.rows.unwrap_or(usize::MAX), args.columns.unwrap_or(usize::MAX));
    let arrays = whole.arrays(weights.view(), size).map_err(refused)?;
    let report = Report::of(&whole, weights.view(), &arrays);
    let json = || {
        let json = serde_json::to_string_pretty(&report);
        json.map(|json| json + "\n").expect("plain numbers and words")
    };
    if args.is_printed() {
        return Ok(json());
    }
    if let Some(path) = args.report_file() {
        write_atomic(path, json().as_bytes())?;
    }
    Ok(report.table())
}

fn help(error: &MappingError) -> &'static str {
    match error {
        MappingError::Weight { .. } => "give more --bits, or smaller weights",
        MappingError::Split { .. } | MappingError::Sum { .. } | MappingError::Sign { .. } => {
            "give parts that sum to --bits, such as --bits 8 --split 1,3,4, or leave --split out"
        }
        MappingError::Array { .. } => "give more --rows and --columns, or another --mapping",
        MappingError::Unknown { .. } => "see `cim mappings`",
        _ => "see `cim map --help`",
    }
}

/// A matrix of whole numbers.
fn whole_numbers(path: &Path) -> Result<Array2<i32>, CliError> {
    let weights = npy::read_numbers(path)?;
    if weights.is_empty() {
        let help = "give a matrix, inputs × outputs";
        return Err(usage(format!("{} holds no weights", path.display()), help));
    }
    let odd = |w: &f64| w.fract() != 0.0 || f64::from(i32::MAX) < w.abs() || !w.is_finite();
    if let Some(((row, col), weight)) = weights.indexed_iter().find(|(_, weight)| odd(weight)) {
        return Err(usage(
            format!(
                "{}: weight {weight} at ({row}, {col}) is no whole number of 32 bits",
                path.display()
            ),
            "round weights to whole numbers first",
        ));
    }
    Ok(weights.mapv(|w| w as i32))
}

/// Levels and senses, array by array.
#[derive(Serialize)]
struct Report {
    command: &'static str,
    mapping: &'static str,
    /// How rows are driven.
    drive: Polarity,
    inputs: usize,
    outputs: usize,
    /// Smallest and largest weight that the mapping knows.
    weights: [i32; 2],
    /// Level at the top of the conductance window.
    top_level: i32,
    /// What a weight of 1 counts in the sums of the law.
    unit: i64,
    cells: usize,
    /// Whether `Σ weight · (level₊ − level₋ − zero) = unit · w` for every weight.
    exact: bool,
    arrays: Vec<ArrayReport>,
}

#[derive(Serialize)]
struct ArrayReport {
    place: [usize; 2],
    inputs: [usize; 2],
    outputs: [usize; 2],
    /// Rows of columns.
    levels: Vec<Vec<i32>>,
    senses: Vec<SenseReport>,
}

#[derive(Serialize)]
struct SenseReport {
    plus: usize,
    minus: Option<usize>,
    /// Output of the whole matrix.
    output: usize,
    weight: i64,
    zero: i32,
    full_scale_group: usize,
}

impl Report {
    fn of(whole: &Whole, weights: ArrayView2<'_, i32>, arrays: &[WholeArray]) -> Self {
        let unit = whole.mapping.unit();
        let is_exact = |array: &WholeArray| {
            let block = weights.slice(s![array.inputs.clone(), array.outputs.clone()]);
            let want = rows::weights(whole.drive, block).mapv(|w| i64::from(w) * unit);
            array.plan.carried() == want
        };
        let top = whole.mapping.top_weight();
        Self {
            command: "map",
            mapping: whole.name,
            drive: whole.drive,
            inputs: weights.nrows(),
            outputs: weights.ncols(),
            weights: [-top, top],
            top_level: whole.mapping.top_level(),
            unit,
            cells: arrays.iter().map(|array| array.plan.levels.len()).sum(),
            exact: arrays.iter().all(is_exact),
            arrays: arrays.iter().map(ArrayReport::of).collect(),
        }
    }

    fn table(&self) -> String {
        let [rows, columns] = self.arrays.iter().fold([0, 0], |[rows, columns], array| {
            let width = array.levels.first().map_or(0, Vec::len);
            [rows.max(array.levels.len()), columns.max(width)]
        });
        let law = if self.exact { "exact" } else { "broken" };
        format!(
            "weights   {} × {}, {} to {} can be\nmapping   {}, levels 0 to {}, a weight of 1 counts {}\n\
             arrays    {}, the largest of {rows} × {columns} cells, {} cells in all\nlaw       {law}\n",
            self.inputs,
            self.outputs,
            self.weights[0],
            self.weights[1],
            self.mapping,
            self.top_level,
            self.unit,
            self.arrays.len(),
            self.cells,
        )
    }
}

impl ArrayReport {
    fn of(array: &WholeArray) -> Self {
        let sense = |sense: &Sense| SenseReport {
            plus: sense.plus,
            minus: sense.minus,
            output: array.outputs.start + sense.output,
            weight: sense.weight,
            zero: sense.zero,
            full_scale_group: sense.full_scale_group,
        };
        Self {
            place: [array.place.0, array.place.1],
            inputs: [array.inputs.start, array.inputs.end],
            outputs: [array.outputs.start, array.outputs.end],
            levels: array.plan.levels.rows().into_iter().map(|row| row.to_vec()).collect(),
            senses: array.plan.senses.iter().map(sense).collect(),
        }
    }
}
