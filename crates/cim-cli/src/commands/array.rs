//! An array as its files give it: conductances, voltages, wires, a current-voltage law.

use std::path::{Path, PathBuf};

use cim_core::{Ohms, Volts};
use cim_crossbar::{Bias, Circuit, CircuitError, Ends, Scheme, Wires, implausible};
use cim_data::npy::{self, dims};
use cim_device::Conduction;
use ndarray::{Array2, ArrayView2, Ix1, Ix2};

use crate::args::{ArrayFiles, SelectScheme};
use crate::error::CliError;

/// Beyond it a voltage is no read and no write, but maybe millivolts that were saved as volts: told, and taken.
const MOST_OF_A_LINE: f64 = 100.0;

/// A read array.
pub struct Array {
    /// Cells and wires.
    pub circuit: Circuit,
    /// Current-voltage law of the cells.
    pub law: Conduction,
    /// Wires, as asked for; nothing for those given segment by segment.
    pub wires: Option<Wires>,
    /// Row voltages, vectors × rows (V).
    pub volts: Array2<f64>,
    /// Whether the file held one vector, not a list of vectors.
    pub single: bool,
    /// What the ends are held at, for each vector.
    biases: Vec<Bias>,
    /// Whether every row is driven and every column is at ground.
    pub is_read: bool,
    g_path: PathBuf,
}

impl Array {
    /// Reads and checks everything.
    pub fn read(args: &ArrayFiles) -> Result<Self, CliError> {
        let wires = wires(args)?;
        let law = law(args.iv.as_deref())?;
        let g_path = &args.conductances;
        let g = matrix(g_path, "conductances are a matrix, rows × columns, in siemens")?;
        let refused = |error| circuit_error(g_path, error);
        let (rows, cols) = g.dim();
        if let Some(cell) = implausible(g.view()) {
            tracing::warn!("{}: a cell of {cell}: conductances are in siemens", g_path.display());
        }
        let uniform = Circuit::new(g, wires).map_err(refused)?;
        let circuit = match (&args.row_segments, &args.column_segments) {
            (None, None) => uniform,
            (row, column) => {
                let what = "segments are a matrix, in ohms";
                let of = |path: &Option<PathBuf>, uniform: ArrayView2<'_, f64>| match path {
                    None => Ok(uniform.to_owned()),
                    Some(path) => matrix(path, what),
                };
                let row_ohm = of(row, uniform.row_ohm())?;
                let column_ohm = of(column, uniform.column_ohm())?;
                let g = uniform.conductances().to_owned();
                Circuit::with_segments(g, row_ohm, column_ohm).map_err(|error| {
                    let file = segment_file(&error, row, column).unwrap_or(g_path);
                    circuit_error(file, error)
                })?
            }
        };
        let segments = args.row_segments.is_some() || args.column_segments.is_some();
        let wires = (!segments).then_some(wires);
        let g_path = g_path.clone();
        let Some(v_path) = &args.volts else {
            let bias = selected(args, (rows, cols))?;
            let row_v = bias.left.iter().map(|v| v.unwrap_or(0.0));
            let volts = Array2::from_shape_vec((1, rows), row_v.collect()).expect("one vector");
            let (single, biases, is_read) = (true, vec![bias], false);
            return Ok(Self { circuit, law, wires, volts, single, biases, is_read, g_path });
        };
        let (volts, single) = vectors(v_path, (rows, "row"), (&g_path, (rows, cols)))?;
        let mut biases: Vec<Bias> =
            volts.rows().into_iter().map(|row_v| Bias::read(&row_v.to_vec(), cols)).collect();
        if let Some(path) = &args.column_volts {
            let (column_v, _) = vectors(path, (cols, "column"), (&g_path, (rows, cols)))?;
            if column_v.nrows() != biases.len() {
                return Err(usage(
                    format!(
                        "{} holds {} vectors, {} holds {}",
                        path.display(),
                        column_v.nrows(),
                        v_path.display(),
                        biases.len()
                    ),
                    "give as many vectors of column voltages as of row voltages",
                ));
            }
            for (bias, column_v) in biases.iter_mut().zip(column_v.rows()) {
                bias.bottom = column_v.iter().copied().map(Some).collect();
                bias.top.clone_from(&bias.bottom);
            }
        }
        let floats = [
            ("--float-rows", &args.float_rows, rows),
            ("--float-columns", &args.float_columns, cols),
        ];
        for (option, lines, count) in floats {
            if let Some(line) = lines.iter().find(|line| count <= **line) {
                return Err(usage(
                    format!("{option}: there is no line {line}: the array has {count}"),
                    "lines are counted from 0",
                ));
            }
        }
        for bias in &mut biases {
            for &row in &args.float_rows {
                (bias.left[row], bias.right[row]) = (None, None);
            }
            for &col in &args.float_columns {
                (bias.top[col], bias.bottom[col]) = (None, None);
            }
        }
        let floats = args.float_rows.is_empty() && args.float_columns.is_empty();
        let is_read = args.column_volts.is_none() && floats;
        Ok(Self { circuit, law, wires, volts, single, biases, is_read, g_path })
    }

    /// What the ends are held at, for each vector.
    pub fn biases(&self) -> &[Bias] {
        &self.biases
    }

    /// What the circuit refuses, with its file.
    pub fn refused(&self, error: CircuitError) -> CliError {
        circuit_error(&self.g_path, error)
    }
}

/// The file of segments that an error is about, if it is about one.
fn segment_file<'a>(
    error: &CircuitError,
    row: &'a Option<PathBuf>,
    column: &'a Option<PathBuf>,
) -> Option<&'a PathBuf> {
    let line = match error {
        CircuitError::Segment { line, .. } => line,
        CircuitError::Shape { name, .. } => name,
        _ => return None,
    };
    if line.starts_with("row") { row.as_ref() } else { column.as_ref() }
}

fn circuit_error(path: &Path, error: CircuitError) -> CliError {
    let help = match error {
        CircuitError::Conductance { .. } => {
            "conductances are in siemens: 0 is an open cell, inf a short"
        }
        CircuitError::Segment { .. } => {
            "segments are in ohms: 0 is an ideal wire, inf a broken one"
        }
        CircuitError::Shape { .. } => {
            "give a segment left of every column and right of the last (above every row and below the last)"
        }
        CircuitError::TooLarge { .. } => "solve it in parts",
        CircuitError::Empty { .. } => "give at least one row and one column",
        CircuitError::Shorted { .. } => {
            "give the wires some resistance (--r-source, --r-sense), or the short a finite conductance"
        }
        CircuitError::Undetermined { .. } => {
            "give the wires some resistance (--r-row, --r-col), or one short a finite conductance"
        }
        CircuitError::OutsideLaw { .. } => "lower the voltages, or choose another law with --iv",
        CircuitError::Falling { .. } | CircuitError::Device(_) => "choose another law with --iv",
        _ => "see that the array is what you mean, in siemens, ohms and volts",
    };
    usage(format!("{}: {error}", path.display()), help)
}

/// A write of one cell.
fn selected(args: &ArrayFiles, shape: (usize, usize)) -> Result<Bias, CliError> {
    let help = "write the row and the column of one cell, counted from 0: --select 3,7";
    let cell = args.select.as_deref().unwrap_or_default();
    let &[row, col] = cell else {
        return Err(usage(format!("--select: {} numbers", cell.len()), help));
    };
    let text = args.write_voltage.as_deref().unwrap_or_default();
    let volts = match text.trim().parse::<f64>() {
        Ok(number) => Volts(number),
        Err(_) => text.parse().map_err(|error| {
            let help = "write a voltage as a number of volts or with its unit: 1.2 or \"1.2 V\"";
            usage(format!("--write-voltage: {error}"), help)
        })?,
    };
    let scheme = match args.scheme {
        SelectScheme::Floating => Scheme::Floating,
        SelectScheme::Half => Scheme::Half,
        SelectScheme::Third => Scheme::Third,
    };
    if !volts.0.is_finite() {
        return Err(usage(format!("--write-voltage: {text}"), "it must be finite"));
    }
    Bias::select(shape, (row, col), volts.0, scheme)
        .map_err(|error| usage(format!("--select: {error}"), help))
}

/// A matrix from an .npy file; `what` says of what.
fn matrix(path: &Path, what: &str) -> Result<Array2<f64>, CliError> {
    npy::read(path)?.into_dimensionality::<Ix2>().map_err(|error| {
        usage(format!("{}: {error}: {what}", path.display()), "give a two-dimensional array")
    })
}

/// Voltages of all `lines`, vectors × lines (V), and whether the file held one vector.
fn vectors(
    path: &Path,
    (lines, line): (usize, &str),
    (g_path, g_shape): (&Path, (usize, usize)),
) -> Result<(Array2<f64>, bool), CliError> {
    let volts = npy::read(path)?;
    let shape = volts.shape().to_vec();
    let single = volts.ndim() == 1;
    if !(single || volts.ndim() == 2) || shape.last() != Some(&lines) {
        return Err(usage(
            format!(
                "{} holds {} voltages, {} holds {} conductances: the array has {lines} {line}s",
                path.display(),
                dims(&shape),
                g_path.display(),
                dims(&[g_shape.0, g_shape.1]),
            ),
            format!(
                "give one voltage a {line}: an array of ({line}s), or of (vectors × {line}s) for many"
            ),
        ));
    }
    let volts = if single {
        let vector = volts.into_dimensionality::<Ix1>().expect("one dimension");
        vector.insert_axis(ndarray::Axis(0))
    } else {
        volts.into_dimensionality::<Ix2>().expect("two dimensions")
    };
    if let Some(((vector, place), v)) = volts.indexed_iter().find(|(_, v)| !v.is_finite()) {
        let of = if single { String::new() } else { format!("vector {vector}, ") };
        return Err(usage(
            format!("{}: {v} V at {of}{line} {place}", path.display()),
            "every voltage must be a finite number, in volts",
        ));
    }
    let largest = volts.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    if MOST_OF_A_LINE < largest {
        tracing::warn!("{}: {}: voltages are in volts", path.display(), Volts(largest));
    }
    Ok((volts, single))
}

pub fn usage(what: String, help: impl Into<String>) -> CliError {
    CliError::Usage { what, help: help.into() }
}

fn wires(args: &ArrayFiles) -> Result<Wires, CliError> {
    let end = |both: bool| if both { Ends::Both } else { Ends::One };
    let optional = |option: &str, text: &Option<String>| {
        text.as_deref().map(|text| resistance(option, text)).transpose()
    };
    let wires = Wires {
        source: optional("--r-source", &args.r_source)?,
        sense: optional("--r-sense", &args.r_sense)?,
        driven: end(args.drive == crate::args::WireEnds::Both),
        sensed: end(args.sense == crate::args::WireEnds::Both),
        ..Wires::new(
            optional("--r-row", &args.r_row)?.unwrap_or(Ohms::ZERO),
            optional("--r-col", &args.r_col)?.unwrap_or(Ohms::ZERO),
        )
    };
    Ok(wires)
}

/// Ohms, as a number or with their unit.
pub fn resistance(option: &str, text: &str) -> Result<Ohms, CliError> {
    let ohms = match text.trim().parse::<f64>() {
        Ok(number) => Ohms(number),
        Err(_) => text.parse().map_err(|error| {
            usage(
                format!("{option}: {error}"),
                "write a resistance as a number of ohms or with its unit: 1.5 or \"1.5 Ohm\"",
            )
        })?,
    };
    if 0.0 <= ohms.0 && ohms.is_finite() {
        return Ok(ohms);
    }
    Err(usage(
        format!("{option}: {text} is not a resistance of a wire"),
        "it must be zero (an ideal wire) or positive, and finite",
    ))
}

/// A law: its name with its parameters, as in a TOML inline table, or a file of these.
fn law(text: Option<&str>) -> Result<Conduction, CliError> {
    const HELP: &str = "laws: ohmic; milo2021; \"sinh, scale = '0.2 V'\"; \"polynomial, square_per_v = 0.1, \
        cubic_per_v2 = 0.4, range = '1 V'\"; \"table, volts = [-1, 0, 1], factor = [-2, 0, 2]\"; \
        \"selector, current = '10 nA', scale = '50 mV'\"; or the path of a TOML file with the key law";
    let Some(text) = text else { return Ok(Conduction::Ohmic) };
    let fail = |reason: String| usage(format!("--iv {text}: {reason}"), HELP);
    let toml = if text.ends_with(".toml") {
        crate::config::read(Path::new(text), || HELP.into())?
    } else {
        let (name, rest) = text.split_once(',').unwrap_or((text, ""));
        let comma = if rest.trim().is_empty() { "" } else { "," };
        format!("iv = {{ law = \"{}\"{comma}{rest} }}", name.trim())
    };
    #[derive(serde::Deserialize)]
    struct Law {
        iv: Conduction,
    }
    let law = if text.ends_with(".toml") {
        toml::from_str::<Conduction>(&toml)
    } else {
        toml::from_str::<Law>(&toml).map(|law| law.iv)
    };
    let law = law.map_err(|error| fail(error.message().to_owned()))?;
    law.check().map_err(|error| fail(error.to_string()))?;
    Ok(law)
}
