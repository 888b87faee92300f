//! Why a study cannot be run.

use std::ops::Range;

use cim_chip::ChipError;
use cim_crossbar::CircuitError;
use cim_data::DataError;
use cim_data::digits::DigitsError;
use cim_data::motion::MotionError;
use cim_device::DeviceError;
use cim_dynamics::DynamicsError;
use cim_nn::NetworkError;
use cim_opt::OptError;
use cim_tile::TileError;
use thiserror::Error;

use crate::context::StoreError;

/// Errors of a study.
#[derive(Debug, Error)]
pub enum StudyError {
    /// The text of a preset does not say what it should, or a value that cannot be.
    #[error("{message}")]
    Value {
        /// What is wrong, beginning with the key if that is known.
        message: String,
        /// What to do, where it is known.
        help: Option<String>,
        /// Which bytes of the text.
        span: Range<usize>,
    },
    /// A name that no study has.
    #[error("there is no study {name:?}{}", suggestion(did_you_mean))]
    Unknown {
        /// The name as given.
        name: String,
        /// A name that is much like it.
        did_you_mean: Option<&'static str>,
    },
    /// Something that was asked for cannot be done.
    #[error("{what}")]
    Refused {
        /// What is wrong.
        what: String,
        /// What to do.
        help: String,
    },
    /// A section or a part of a chip cannot be.
    #[error(transparent)]
    Chip(#[from] ChipError),
    /// The data set is missing or broken.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The digits are missing or broken.
    #[error(transparent)]
    Digits(#[from] DigitsError),
    /// The motion data are missing or broken.
    #[error(transparent)]
    Motion(#[from] MotionError),
    /// A circuit in time cannot be, or a run of it cannot be made.
    #[error(transparent)]
    Dynamics(#[from] DynamicsError),
    /// A checkpoint could not be kept or taken up.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was found cannot be shown.
    #[error(transparent)]
    Report(#[from] cim_report::ReportError),
}

fn suggestion(name: &Option<&'static str>) -> String {
    name.map_or_else(String::new, |name| format!("; did you mean {name:?}?"))
}

/// Whatever a part of a chip refuses is said by the chip.
macro_rules! from_parts {
    ($($part:ty),*) => {
        $(impl From<$part> for StudyError {
            fn from(error: $part) -> Self {
                Self::Chip(error.into())
            }
        })*
    };
}

from_parts!(DeviceError, CircuitError, TileError, NetworkError, OptError);

impl StudyError {
    /// What the user can do, where it is not said already.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Refused { help, .. } => Some(help),
            Self::Value { help, .. } => help.as_deref(),
            Self::Chip(error) => error.help(),
            Self::Store(StoreError::Broken { .. } | StoreError::Other { .. }) => {
                Some("remove it, or leave --resume out, and it is trained again")
            }
            _ => None,
        }
    }
}
