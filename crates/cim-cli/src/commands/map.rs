//! `cim map`: whole weights to levels of cells and currents to sense.

use std::path::Path;

use cim_data::npy;
use cim_tile::mapping::{Cut, Mapped, MappingError, Whole};
use ndarray::Array2;

use super::array::usage;
use crate::error::CliError;
use crate::files::write_atomic;
use crate::form::Form;
use crate::map_args::Map;

/// Maps, writes or prints the report, and returns what is printed.
pub fn run(args: &Map, form: Form) -> Result<String, CliError> {
    let weights = whole_numbers(&args.weights)?;
    let fewest = Cut::fewest(&args.mapping, weights.view());
    let bits = args.bits.unwrap_or_else(|| {
        args.split.as_ref().map_or(fewest.bits, |split| {
            split.iter().fold(0, |sum: u32, bits| sum.saturating_add(*bits))
        })
    });
    let cut = Cut { bits, split: args.split.clone(), slices: args.slices };
    let refused = |error: MappingError| {
        let what = match error {
            MappingError::Weight { .. } | MappingError::Zero { .. } => {
                format!("{}: {error}", args.weights.display())
            }
            _ => error.to_string(),
        };
        usage(what, help(&error))
    };
    let whole = Whole::named(&args.mapping, &cut).map_err(refused)?;
    if let (Some(_), Some(_)) = (args.bits, whole.numbers) {
        return Err(refused(MappingError::NotTaken { mapping: whole.name, what: "bits" }));
    }
    let size = (args.rows.unwrap_or(usize::MAX), args.columns.unwrap_or(usize::MAX));
    let mapped = Mapped::of(&whole, weights.view(), size).map_err(refused)?;
    if let Some(path) = args.report_file() {
        write_atomic(path, Form::Json.print("map", &mapped)?.as_bytes())?;
    }
    let form = if args.is_printed() { Form::Json } else { form };
    form.print("map", &mapped)
}

fn help(error: &MappingError) -> &'static str {
    match error {
        MappingError::Weight { .. } => {
            "give more --bits, or smaller weights; binary and ternary mappings have -1, 0 and 1 at most"
        }
        MappingError::Split { .. } | MappingError::Sum { .. } | MappingError::Sign { .. } => {
            "give parts that sum to --bits, such as --bits 8 --split 1,3,4, or leave --split out"
        }
        MappingError::Array { .. } => "give more --rows and --columns, or another --mapping",
        MappingError::NotTaken { .. } => "leave that option out, or choose another --mapping",
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
    let whole = f64::from(i32::MIN)..=f64::from(i32::MAX);
    let odd = |w: &f64| w.fract() != 0.0 || !whole.contains(w);
    if let Some(((row, col), weight)) = weights.indexed_iter().find(|(_, weight)| odd(weight)) {
        let odd = format!("weight {weight} at ({row}, {col}) is no whole number of 32 bits");
        let help = "round weights to whole numbers first";
        return Err(usage(format!("{}: {odd}", path.display()), help));
    }
    Ok(weights.mapv(|w| w as i32))
}
