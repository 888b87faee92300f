//! What can be wrong with a tile.

use crate::pwm::PwmError;
use cim_adc::AdcError;
use cim_crossbar::CircuitError;
use cim_device::DeviceError;
use thiserror::Error;

use crate::mapping::MappingError;
use crate::placement::PlacementError;
use crate::reprogram::ReprogramError;

/// Errors of building tiles and grids of tiles.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum TileError {
    /// A weight is NaN or infinite.
    #[error("weight {value} at ({row}, {col}) is not a finite number")]
    WeightNotFinite {
        /// Row of the weight.
        row: usize,
        /// Column of the weight.
        col: usize,
        /// The weight.
        value: f32,
    },
    /// A scale is zero, negative or not finite.
    #[error("{name} is {value}: it must be a positive, finite number")]
    Scale {
        /// Which scale.
        name: &'static str,
        /// The value as given.
        value: f64,
    },
    /// The shape of a list of full scales does not fit the grid.
    #[error("{got_rows} × {got_cols} full scales for a grid of {rows} × {cols} tiles")]
    FullScales {
        /// Row tiles given.
        got_rows: usize,
        /// Column tiles given.
        got_cols: usize,
        /// Row tiles of the grid.
        rows: usize,
        /// Column tiles of the grid.
        cols: usize,
    },
    /// The size of a tile is zero.
    #[error("a tile of {rows} rows and {cols} columns holds nothing")]
    Size {
        /// Rows.
        rows: usize,
        /// Columns.
        cols: usize,
    },
    /// A layer carries no signal.
    #[error("layer {layer} carries no signal: {what}")]
    NoSignal {
        /// Number of the layer, from 1.
        layer: usize,
        /// Why.
        what: &'static str,
    },
    /// The mapping refused the weights.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The device refused its window.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The array could not be programmed.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// A pulse-width tile could not be built.
    #[error(transparent)]
    Pulses(#[from] PwmError),
    /// Bits cannot be placed.
    #[error(transparent)]
    Placement(#[from] PlacementError),
    /// A schedule of writes cannot be.
    #[error(transparent)]
    Reprogram(#[from] ReprogramError),
    /// A key of a [`FrontEnd`](crate::FrontEnd) is out of range.
    #[error("front_end.{key} is {value}: {help}")]
    FrontEnd {
        /// Which key.
        key: &'static str,
        /// The value as given.
        value: String,
        /// What can be.
        help: &'static str,
    },
    /// A key of a [`BoardSpec`](crate::BoardSpec) is out of range.
    #[error(
        "board.{name} cannot be: converters have 1 to 16 bits, a read averages 1 to 10000 \
         conversions, and the read voltage lies above zero and below the reference"
    )]
    Board {
        /// Which key.
        name: &'static str,
    },
    /// A converter could not be built.
    #[error(transparent)]
    Converter(#[from] AdcError),
}

impl TileError {
    /// Refuses `front_end.key = value` unless `ok`; `help` says what can be.
    pub(crate) fn front_end(
        ok: bool,
        key: &'static str,
        value: impl std::fmt::Display,
        help: &'static str,
    ) -> Result<(), Self> {
        if ok { Ok(()) } else { Err(Self::FrontEnd { key, value: value.to_string(), help }) }
    }
}
