//! An array as its files give it: conductances, voltages, wires, a current-voltage law.

use std::path::{Path, PathBuf};

use cim_core::Ohms;
use cim_crossbar::{Bias, Circuit, CircuitError, Ends, Wires};
use cim_data::npy::{self, dims};
use cim_device::Conduction;
use ndarray::{Array2, ArrayView1, Ix1, Ix2};

use crate::args::ArrayFiles;
use crate::error::CliError;

/// A read array.
pub struct Array {
    /// Cells and wires.
    pub circuit: Circuit,
    /// Current-voltage law of the cells.
    pub law: Conduction,
    /// Wires, as asked for.
    pub wires: Wires,
    /// Row voltages, vectors × rows (V).
    pub volts: Array2<f64>,
    /// Whether the file held one vector, not a list of vectors.
    pub single: bool,
    g_path: PathBuf,
}

impl Array {
    /// Reads and checks everything.
    pub fn read(args: &ArrayFiles) -> Result<Self, CliError> {
        let wires = wires(args)?;
        let law = law(args.iv.as_deref())?;
        let (g_path, v_path) = (&args.conductances, &args.volts);
        let g = npy::read(g_path)?;
        let g = g.into_dimensionality::<Ix2>().map_err(|error| {
            usage(
                format!("{}: {error}: conductances are a matrix", g_path.display()),
                "give a two-dimensional array, rows × columns, in siemens",
            )
        })?;
        let volts = npy::read(v_path)?;
        let shape = volts.shape().to_vec();
        let rows = g.nrows();
        let single = volts.ndim() == 1;
        if !(single || volts.ndim() == 2) || shape.last() != Some(&rows) {
            return Err(usage(
                format!(
                    "{} holds {} voltages, {} holds {} conductances: the array has {rows} rows",
                    v_path.display(),
                    dims(&shape),
                    g_path.display(),
                    dims(g.shape()),
                ),
                "give one voltage a row: an array of (rows), or of (vectors × rows) for many",
            ));
        }
        let volts = if single {
            let vector = volts.into_dimensionality::<Ix1>().expect("one dimension");
            vector.insert_axis(ndarray::Axis(0))
        } else {
            volts.into_dimensionality::<Ix2>().expect("two dimensions")
        };
        if let Some(((vector, row), v)) = volts.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let place = if single { String::new() } else { format!("vector {vector}, ") };
            return Err(usage(
                format!("{}: {v} V at {place}row {row}", v_path.display()),
                "every voltage must be a finite number, in volts",
            ));
        }
        let circuit = Circuit::new(g, wires).map_err(|error| circuit_error(g_path, error))?;
        Ok(Self { circuit, law, wires, volts, single, g_path: g_path.clone() })
    }

    /// What the ends are held at for one vector.
    pub fn bias(&self, row_v: ArrayView1<'_, f64>) -> Bias {
        Bias::read(&row_v.to_vec(), self.circuit.shape().1)
    }

    /// What the circuit refuses, with its file.
    pub fn refused(&self, error: CircuitError) -> CliError {
        circuit_error(&self.g_path, error)
    }
}

fn circuit_error(path: &Path, error: CircuitError) -> CliError {
    let help = match error {
        CircuitError::Conductance { .. } => {
            "conductances are in siemens: 0 is an open cell, inf a short"
        }
        CircuitError::Empty { .. } => "give at least one row and one column",
        CircuitError::Shorted { .. } => {
            "give the wires some resistance (--r-source, --r-sense), or the short a finite conductance"
        }
        CircuitError::Undetermined { .. } => {
            "give the wires some resistance (--r-row, --r-col), or one short a finite conductance"
        }
        CircuitError::OutsideLaw { .. } => "lower the voltages, or choose another law with --iv",
        CircuitError::Falling { .. } | CircuitError::Device(_) => "choose another law with --iv",
        _ => "see that the array is what you mean: a legal circuit is always solved",
    };
    usage(format!("{}: {error}", path.display()), help)
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
        ..Wires::new(resistance("--r-row", &args.r_row)?, resistance("--r-col", &args.r_col)?)
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
