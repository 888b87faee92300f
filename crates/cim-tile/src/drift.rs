//! A programmed chip at later times, and digital factors against its drift.
//!
//! A chip is programmed once; [`Grid::aged`] is that chip at another moment. Drift shrinks the
//! currents of a tile; compensation multiplies the digital outputs of the tile by how much the same
//! probes have shrunk since it was programmed, before row tiles are added up:
//!
//! ```text
//! factor = S(0) / S(t),   S(t) = max(floor, mean |I(t) + σ n / √repeats|)   over one-hot probes
//! ```
//!
//! with one `S` per sensed current, or one per tile as the mean over them, and `I` a noisy read of
//! the tile at the time. It corrects the mean; the spread of exponents from cell to cell stays, and
//! noise grows with the factor.

use cim_core::Seconds;
use cim_device::Compensation;
use ndarray::Array1;

use crate::error::TileError;
use crate::grid::Grid;

/// Strengths of the sensed currents of every tile of a grid at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Strengths(Vec<Array1<f64>>);

impl Grid {
    /// The same chip `elapsed` after it was programmed (not after it was last looked at), with the
    /// factors against drift that it has.
    ///
    /// # Errors
    /// [`TileError`] for a time that is negative, or at which nothing is known of the device.
    pub fn aged(&self, elapsed: Seconds) -> Result<Self, TileError> {
        let tiles = self.tiles().iter().map(|tile| tile.aged(elapsed));
        Ok(self.with_tiles(tiles.collect::<Result<_, _>>()?))
    }

    /// Measures every tile with the probes of a compensation, as they are at this age. Measuring
    /// again gives the same: a moment is measured once.
    pub fn strengths(&self, compensation: &Compensation) -> Strengths {
        Strengths(self.tiles().iter().map(|tile| tile.strengths(compensation)).collect())
    }

    /// The same chip with its digital outputs multiplied by how much it has faded since `first` was
    /// measured. Factors that it had are replaced.
    ///
    /// # Errors
    /// [`TileError::Device`] if `first` is of a grid of another shape.
    pub fn compensated(
        &self,
        compensation: &Compensation,
        first: &Strengths,
    ) -> Result<Self, TileError> {
        let later = self.strengths(compensation);
        let (tiles, measured) = (self.tiles().len(), first.0.len());
        if tiles != measured {
            let what = "the first measurement, in tiles,";
            let (rows, array_rows, array_cols) = (1, 1, tiles);
            let shape = cim_device::DeviceError::Shape {
                what,
                rows,
                cols: measured,
                array_rows,
                array_cols,
            };
            return Err(shape.into());
        }
        let tiles = self.tiles().iter().zip(first.0.iter().zip(&later.0));
        let tiles = tiles.map(|(tile, (first, later))| {
            let factors = compensation.factors(first.view(), later.view())?;
            Ok(tile.clone().with_factors(factors.view()))
        });
        Ok(self.with_tiles(tiles.collect::<Result<_, TileError>>()?))
    }
}
