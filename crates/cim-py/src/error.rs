//! What is refused, and the exception that says so.

use std::io;
use std::path::{Path, PathBuf};

use cim_chip::ChipError;
use cim_core::UnitError;
use cim_crossbar::CircuitError;
use cim_device::DeviceError;
use cim_graph::GraphError;
use cim_nn::NetworkError;
use cim_opt::OptError;
use cim_report::ReportError;
use cim_report::echo::shown;
use cim_studies::StudyError;
use pyo3::exceptions::{PyArithmeticError, PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};
use thiserror::Error;

/// Everything that a call can be refused for.
#[derive(Debug, Error)]
pub enum PythonError {
    /// An argument that cannot be.
    #[error("{what}")]
    Input {
        /// What is wrong.
        what: String,
        /// What to do.
        help: String,
    },
    /// A quantity that is none.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// An array.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// A cell.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A network on chips, or a preset.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// A report.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file that cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        reason: io::Error,
    },
    /// What Python raised.
    #[error(transparent)]
    Raised(#[from] PyErr),
}

/// Kinds of exceptions, one class each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Input,
    Network,
    Infeasible,
    NotConverged,
    Internal,
}

impl PythonError {
    /// An argument that cannot be, and what to do about it.
    pub fn input(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Input { what: what.into(), help: help.into() }
    }

    /// A file that cannot be read.
    pub fn read(path: &Path, reason: io::Error) -> Self {
        Self::Read { path: path.to_owned(), reason }
    }

    fn help(&self) -> Option<&str> {
        match self {
            Self::Input { help, .. } => Some(help),
            Self::Study(error) => error.help(),
            _ => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Circuit(error) => of_circuit(error),
            Self::Study(StudyError::Chip(error)) => of_chip(error),
            Self::Report(_) => Kind::Internal,
            _ => Kind::Input,
        }
    }
}

fn of_circuit(error: &CircuitError) -> Kind {
    match error {
        CircuitError::NotConverged { .. }
        | CircuitError::Residual { .. }
        | CircuitError::Power { .. }
        | CircuitError::Overflow { .. } => Kind::NotConverged,
        _ => Kind::Input,
    }
}

fn of_chip(error: &ChipError) -> Kind {
    match error {
        ChipError::Graph(_) | ChipError::NoProducts => Kind::Network,
        ChipError::Circuit(error) => of_circuit(error),
        ChipError::Optimiser(OptError::Energy { .. } | OptError::Nonideality { .. }) => {
            Kind::Infeasible
        }
        ChipError::Optimiser(OptError::Solver { .. } | OptError::NotCertified { .. }) => {
            Kind::NotConverged
        }
        _ => Kind::Input,
    }
}

impl From<ChipError> for PythonError {
    fn from(error: ChipError) -> Self {
        Self::Study(error.into())
    }
}

impl From<GraphError> for PythonError {
    fn from(error: GraphError) -> Self {
        ChipError::from(error).into()
    }
}

impl From<NetworkError> for PythonError {
    fn from(error: NetworkError) -> Self {
        ChipError::from(error).into()
    }
}

impl From<PythonError> for PyErr {
    fn from(error: PythonError) -> Self {
        let mut text = shown(&error.to_string());
        if let Some(help) = error.help() {
            text = format!("{text}\nhelp: {}", shown(help));
        }
        match error {
            PythonError::Raised(raised) => raised,
            PythonError::Read { reason, .. } => io::Error::new(reason.kind(), text).into(),
            other => {
                let kind = other.kind();
                Python::attach(|py| match Classes::get(py) {
                    Ok(classes) => Self::from_type(classes.of(kind).bind(py).clone(), text),
                    Err(failed) => failed,
                })
            }
        }
    }
}

/// The exception classes, made once.
struct Classes {
    base: Py<PyType>,
    input: Py<PyType>,
    network: Py<PyType>,
    infeasible: Py<PyType>,
    not_converged: Py<PyType>,
}

impl Classes {
    fn get(py: Python<'_>) -> PyResult<&'static Self> {
        static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
        CLASSES.get_or_try_init(py, || Self::make(py))
    }

    fn make(py: Python<'_>) -> PyResult<Self> {
        let class = |name: &str, bases: &[&Bound<'_, PyType>], doc: &str| -> PyResult<Py<PyType>> {
            let own = PyDict::new(py);
            own.set_item("__doc__", doc)?;
            own.set_item("__module__", "cim")?;
            let made = py.get_type::<PyType>().call1((name, PyTuple::new(py, bases)?, own))?;
            Ok(made.cast_into::<PyType>()?.unbind())
        };
        let base = class(
            "CimError",
            &[&py.get_type::<PyException>()],
            "Whatever cim refuses or cannot do; its text says what is wrong, and what to do.",
        )?;
        let value = &py.get_type::<PyValueError>();
        let input = class(
            "InputError",
            &[base.bind(py), value],
            "An argument, a file or a preset that cannot be.",
        )?;
        let network = class(
            "NetworkError",
            &[input.bind(py)],
            "A network that is not read: damaged, or with an operator that is not there, by name.",
        )?;
        let infeasible =
            class("InfeasibleError", &[base.bind(py), value], "A limit that no design meets.")?;
        let not_converged = class(
            "NotConverged",
            &[base.bind(py), &py.get_type::<PyArithmeticError>()],
            "A solution that was not found, or did not pass the check that it is one.",
        )?;
        Ok(Self { base, input, network, infeasible, not_converged })
    }

    fn of(&self, kind: Kind) -> &Py<PyType> {
        match kind {
            Kind::Input => &self.input,
            Kind::Network => &self.network,
            Kind::Infeasible => &self.infeasible,
            Kind::NotConverged => &self.not_converged,
            Kind::Internal => &self.base,
        }
    }
}

/// Adds the exceptions to the module.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let classes = Classes::get(module.py())?;
    for (name, class) in [
        ("CimError", &classes.base),
        ("InputError", &classes.input),
        ("NetworkError", &classes.network),
        ("InfeasibleError", &classes.infeasible),
        ("NotConverged", &classes.not_converged),
    ] {
        module.add(name, class)?;
    }
    Ok(())
}
