//! What can be wrong with a design, a section of a specification, or a measurement.

use cim_adc::AdcError;
use cim_crossbar::CircuitError;
use cim_device::DeviceError;
use cim_nn::NetworkError;
use cim_opt::OptError;
use cim_tile::TileError;
use thiserror::Error;

/// Errors of putting networks on simulated chips.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ChipError {
    /// A key of a specification has a value that cannot be.
    #[error("{key} is {value}")]
    Section {
        /// Section and key, such as `converters.adc_bits`.
        key: String,
        /// The value as given.
        value: String,
        /// What can be.
        help: String,
    },
    /// A product has negative inputs, and nothing to drive rows with them.
    #[error("operation {product} is driven with negative inputs, down to {least}")]
    Sign {
        /// Place and name of its operation.
        product: String,
        /// The least input.
        least: f32,
    },
    /// The closed form has nothing to be compared with.
    #[error("the error model cannot be checked: no output code changed over {chips} chips")]
    Silent {
        /// Chips that were made.
        chips: usize,
    },
    /// The device cannot be.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A converter cannot be.
    #[error(transparent)]
    Converter(#[from] AdcError),
    /// The array or its wires cannot be.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// A tile cannot be.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// The network or its training cannot be.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The convex program has no answer.
    #[error(transparent)]
    Optimiser(#[from] OptError),
}

impl ChipError {
    /// What the user can do, where it is not said already.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Section { help, .. } => Some(help),
            Self::Silent { .. } => {
                Some("raise error_model.chips or images, or the converters' resolution")
            }
            Self::Sign { .. } => Some("set converters.dac_polarity to bipolar or two-phase"),
            _ => None,
        }
    }
}
