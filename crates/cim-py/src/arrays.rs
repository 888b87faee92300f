//! NumPy arrays as the crates take them: viewed where the layout allows, else copied once.

use cim_data::npy::Kind;
use cim_data::npz::Named;
use ndarray::{ArrayD, ArrayView2, Axis, Ix1, Ix2, IxDyn};
use numpy::{
    AllowTypeChange, PyArrayLike, PyReadonlyArrayDyn, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::Borrowed;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::PythonError;

/// Whole numbers that single precision has exactly, from −2²⁴ to 2²⁴.
const WHOLE: f64 = 16_777_216.0;

/// Numbers in double precision: an array of `float64` in any layout is viewed, anything else that
/// NumPy makes an array of is converted.
pub struct Numbers<'py> {
    array: PyReadonlyArrayDyn<'py, f64>,
}

impl<'a, 'py> FromPyObject<'a, 'py> for Numbers<'py> {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = given.extract::<PyReadonlyArrayDyn<'py, f64>>() {
            return Ok(Self { array });
        }
        kind(&given)?;
        let like: PyArrayLike<'py, f64, IxDyn, AllowTypeChange> = given.extract()?;
        Ok(Self { array: like.clone() })
    }
}

impl Numbers<'_> {
    /// As a matrix, `what` in messages.
    ///
    /// # Errors
    /// [`PythonError::Input`] for other dimensions than two.
    pub fn matrix(&self, what: &str) -> Result<ArrayView2<'_, f64>, PythonError> {
        self.array.as_array().into_dimensionality::<Ix2>().map_err(|_| {
            let shape = self.array.shape();
            PythonError::input(format!("{what} have the shape {shape:?}"), "give a matrix")
        })
    }

    /// As vectors × numbers, and whether it was one vector.
    ///
    /// # Errors
    /// [`PythonError::Input`] for other vectors than of `length` numbers, or one that is not finite.
    pub fn vectors(
        &self,
        what: &str,
        length: usize,
    ) -> Result<(ArrayView2<'_, f64>, bool), PythonError> {
        let array = self.array.as_array();
        let shape = array.shape().to_vec();
        let misfit = || {
            PythonError::input(
                format!("{what} have the shape {shape:?} for an array of {length} rows"),
                "give one number a row, (rows) or (vectors × rows)",
            )
        };
        if shape.last() != Some(&length) {
            return Err(misfit());
        }
        let (view, single) = match array.ndim() {
            1 => {
                let vector = array.into_dimensionality::<Ix1>().map_err(|_| misfit())?;
                (vector.insert_axis(Axis(0)), true)
            }
            _ => (array.into_dimensionality::<Ix2>().map_err(|_| misfit())?, false),
        };
        match view.indexed_iter().find(|(_, value)| !value.is_finite()) {
            None => Ok((view, single)),
            Some(((vector, row), value)) => Err(PythonError::input(
                format!("{what} hold {value} at vector {vector}, row {row}"),
                "every one must be finite",
            )),
        }
    }

    /// As it is.
    pub fn view(&self) -> ndarray::ArrayViewD<'_, f64> {
        self.array.as_array()
    }
}

/// What kind of numbers NumPy sees in an object.
fn kind(given: &Bound<'_, PyAny>) -> PyResult<Kind> {
    let array = match given.cast::<PyUntypedArray>() {
        Ok(array) => array.clone().into_any(),
        Err(_) => given.py().import("numpy")?.call_method1("asarray", (given,))?,
    };
    let letter: char = array.getattr("dtype")?.getattr("kind")?.extract()?;
    match letter {
        'f' => Ok(Kind::Float),
        'i' | 'u' => Ok(Kind::Integer),
        'b' => Ok(Kind::Bool),
        _ => {
            let name = array.getattr("dtype")?.str()?;
            let help = "give numbers: floats, whole numbers or truth values";
            Err(PythonError::input(format!("an array of {name}"), help).into())
        }
    }
}

/// An array in single precision, as a file of arrays would give it.
///
/// # Errors
/// [`PythonError::Input`] for what are no numbers, or whole numbers from 2²⁴ on.
pub fn named(name: &str, given: &Bound<'_, PyAny>) -> Result<Named, PythonError> {
    let name = name.to_owned();
    if let Ok(array) = given.extract::<PyReadonlyArrayDyn<'_, f32>>() {
        return Ok(Named { name, kind: Kind::Float, values: array.as_array().to_owned() });
    }
    let kind = kind(given)?;
    let numbers: Numbers<'_> = given.extract()?;
    let numbers = numbers.view();
    if kind == Kind::Integer
        && let Some(large) = numbers.iter().find(|number| WHOLE <= number.abs())
    {
        let help = "give labels and tokens below 16777216";
        return Err(PythonError::input(format!("{name} holds {large}"), help));
    }
    let values: ArrayD<f32> = numbers.mapv(|number| number as f32);
    Ok(Named { name, kind, values })
}

/// Samples: one array, called x, or a dictionary of arrays by the names of the inputs.
///
/// # Errors
/// As [`named`].
pub fn samples(given: &Bound<'_, PyAny>) -> Result<Vec<Named>, PythonError> {
    let Ok(inputs) = given.cast::<PyDict>() else {
        return Ok(vec![named("x", given)?]);
    };
    inputs.iter().map(|(name, array)| named(&name.extract::<String>()?, &array)).collect()
}
