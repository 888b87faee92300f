//! What can be wrong with a tile.

use crate::pwm::PwmError;
use cim_adc::{AdcError, Polarity};
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
    /// Conductances of another number of tiles than the grid has.
    #[error("held conductances of {given} tiles for a grid of {wanted}")]
    HeldTiles {
        /// Tiles given.
        given: usize,
        /// Tiles of the grid.
        wanted: usize,
    },
    /// Conductances of another number of cells than a tile has.
    #[error(
        "{} × {} held conductances for tile ({row_tile}, {column_tile}) of {} × {} cells",
        given.0, given.1, wanted.0, wanted.1
    )]
    HeldShape {
        /// Row of the tile in the grid.
        row_tile: usize,
        /// Column of the tile in the grid.
        column_tile: usize,
        /// Rows and columns given.
        given: (usize, usize),
        /// Rows and columns of the tile.
        wanted: (usize, usize),
    },
    /// The size of a tile is zero.
    #[error("a tile of {rows} rows and {cols} columns holds nothing")]
    Size {
        /// Rows.
        rows: usize,
        /// Columns.
        cols: usize,
    },
    /// A tile is too small for one input.
    #[error("a tile of {rows} rows holds no input: the drive takes {needed} rows for each")]
    OneInput {
        /// Rows of the tile.
        rows: usize,
        /// Rows of an input.
        needed: usize,
    },
    /// Something knows only drives whose phases are codes.
    #[error("{what} does not know rows driven by {polarity:?}: use unipolar, bipolar or two-phase")]
    Drive {
        /// What does not.
        what: &'static str,
        /// The drive.
        polarity: Polarity,
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
    /// A part of a [`BoardRead`](crate::BoardRead) is out of range.
    #[error(
        "{name} of the board cannot be: converters have 1 to 16 bits, a range and no negative noise, a read \
         averages 1 to 10000 conversions, and the read voltage lies above zero and below the reference"
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
    /// Refuses drives other than codes, of either sign or in two phases; `what` says who does.
    ///
    /// # Errors
    /// [`TileError::Drive`].
    pub fn need_codes(polarity: Polarity, what: &'static str) -> Result<(), Self> {
        match polarity {
            Polarity::Unipolar | Polarity::Bipolar | Polarity::TwoPhase => Ok(()),
            polarity => Err(Self::Drive { what, polarity }),
        }
    }

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
