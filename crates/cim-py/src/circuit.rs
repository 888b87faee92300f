//! An array from its arguments: conductances, wires, a current-voltage law.

use std::ffi::CString;

use cim_core::Ohms;
use cim_crossbar::{Circuit, Ends, Wires, implausible};
use cim_device::Conduction;
use ndarray::ArrayView2;
use pyo3::Borrowed;
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;

use crate::error::PythonError;
use crate::quantity::Quantity;

/// A resistance of wires.
pub type Resistance = Quantity<Ohms>;

/// Wires, each argument as [`Wires`] has it.
///
/// # Errors
/// [`PythonError::Input`] for a resistance that cannot be, or an end that is neither "one" nor "both".
pub fn wires(
    [row, column]: [Option<Resistance>; 2],
    [source, sense]: [Option<Resistance>; 2],
    [drive, sensed]: [&str; 2],
) -> Result<Wires, PythonError> {
    let pitch = |given: Option<Resistance>| given.map_or(Ohms::ZERO, |given| given.0);
    let wires = Wires {
        source: source.map(|given| given.0),
        sense: sense.map(|given| given.0),
        driven: ends("drive", drive)?,
        sensed: ends("sense", sensed)?,
        ..Wires::new(pitch(row), pitch(column))
    };
    wires.check()?;
    Ok(wires)
}

fn ends(name: &str, given: &str) -> Result<Ends, PythonError> {
    match given {
        "one" => Ok(Ends::One),
        "both" => Ok(Ends::Both),
        other => {
            Err(PythonError::input(format!("{name} is {other:?}"), "give \"one\" or \"both\""))
        }
    }
}

/// The array of `g_s` (S), rows × columns, with `wires`. Cells that no memristor has are a UserWarning.
///
/// # Errors
/// Those of [`Circuit::new`], and the warning where Python makes errors of warnings.
pub fn circuit(
    py: Python<'_>,
    g_s: ArrayView2<'_, f64>,
    wires: Wires,
) -> Result<Circuit, PythonError> {
    if let Some(cell) = implausible(g_s) {
        let words = CString::new(format!("a cell of {cell}: conductances are in siemens"));
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), &words.expect("no nul"), 2)?;
    }
    Ok(Circuit::new(g_s.to_owned(), wires)?)
}

/// A current-voltage law: its name, or a dictionary with the key law and its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Law(pub Conduction);

impl<'a, 'py> FromPyObject<'a, 'py> for Law {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let text: String = match given.extract::<String>() {
            Ok(name) => serde_json::json!({ "law": name }).to_string(),
            Err(_) => given.py().import("json")?.call_method1("dumps", (given,))?.extract()?,
        };
        let refused = |what: String| {
            let help = "laws: \"ohmic\"; \"milo2021\"; {\"law\": \"sinh\", \"scale\": \"0.2 V\"}; \
                        {\"law\": \"polynomial\", \"square_per_v\": 0.1, \"cubic_per_v2\": 0.4, \
                        \"range\": \"1 V\"}; {\"law\": \"table\", \"volts\": [-1, 0, 1], \
                        \"factor\": [-2, 0, 2]}; {\"law\": \"selector\", \"current\": \"10 nA\", \
                        \"scale\": \"50 mV\"}";
            PythonError::input(format!("iv: {what}"), help)
        };
        let law: Conduction =
            serde_json::from_str(&text).map_err(|error| refused(error.to_string()))?;
        law.check().map_err(|error| refused(error.to_string()))?;
        Ok(Self(law))
    }
}
