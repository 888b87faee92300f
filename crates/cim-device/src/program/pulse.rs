//! Cells that respond to pulses: the seam between ways of programming and the physics of a cell.

use cim_core::{Seconds, Stream};
use ndarray::{Array2, ArrayView2};

use crate::error::DeviceError;
use crate::window::Window;

/// A train of equal rectangular pulses on one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// Voltage across the cell (V): positive raises its conductance, negative lowers it, whatever
    /// sign the terminals of the cell need for it.
    pub volts: f64,
    /// Width of one pulse (s).
    pub width_s: f64,
    /// How many.
    pub repeats: u32,
    /// Current (A) to which the access transistor limits the cell; infinite without one.
    pub compliance_a: f64,
}

impl Pulse {
    /// No pulse.
    pub const NONE: Self =
        Self { volts: 0.0, width_s: 0.0, repeats: 0, compliance_a: f64::INFINITY };

    /// One pulse without a limit of its current.
    pub const fn one(volts: f64, width_s: f64) -> Self {
        Self { volts, width_s, repeats: 1, compliance_a: f64::INFINITY }
    }

    /// Whether nothing is sent.
    pub fn is_none(&self) -> bool {
        self.repeats == 0 || self.width_s == 0.0 || self.volts == 0.0
    }

    /// Energy (J) of the whole train through a cell that would draw a current (A) at its voltage, of
    /// which the access transistor lets through what it does: `|V| min(|I|, I_c) t`.
    pub fn energy_j(&self, current_a: f64) -> f64 {
        if self.is_none() {
            return 0.0;
        }
        self.volts.abs() * current_a.abs().min(self.compliance_a) * self.time_s()
    }

    /// Time of the whole train (s).
    pub fn time_s(&self) -> f64 {
        f64::from(self.repeats) * self.width_s
    }
}

/// An array of cells that pulses change, rows × columns.
///
/// All methods act on a whole array, so that there is one dynamic call for it and loops over cells
/// are static. To address one cell, give [`Pulse::NONE`] to the others: a cell does not notice what
/// its neighbours get, and its draws depend on its place and on `at` alone.
pub trait PulseCells: Send + Sync {
    /// What kind of cells these are.
    fn name(&self) -> &'static str;

    /// Conductances that can be asked for.
    fn window(&self) -> Window;

    /// What the cells hold (S), without noise.
    fn conductances(&self) -> Array2<f64>;

    /// Variance (S²) of one read of a conductance (S).
    fn read_variance(&self, g_s: f64) -> f64;

    /// Applies one train of pulses to each cell and returns the energy of each (J), that of
    /// [`Pulse::energy_j`] with the mean of the currents before and after.
    ///
    /// # Errors
    /// [`DeviceError::Shape`] unless there is one train per cell.
    fn pulse(
        &mut self,
        pulses: ArrayView2<'_, Pulse>,
        at: Stream,
    ) -> Result<Array2<f64>, DeviceError>;

    /// Lets time pass: what was programmed relaxes. Cells that do not age ignore it.
    ///
    /// # Errors
    /// [`DeviceError`] for a negative time, or one for which nothing is known.
    fn wait(&mut self, elapsed: Seconds, at: Stream) -> Result<(), DeviceError>;

    /// What a typical cell that holds `from_s` (S) holds after a train of pulses (S): what a
    /// calibration on many cells would find.
    fn typical_after(&self, from_s: f64, pulse: Pulse) -> f64;

    /// Pulses that take a typical cell from one conductance (S) to another, in order; one or both
    /// are [`Pulse::NONE`] where none is needed. Where the end of the window is only approached,
    /// they go 99 % of the way.
    fn aimed(&self, from_s: f64, to_s: f64) -> [Pulse; 2];

    /// Whether an access transistor can limit the current of a pulse.
    fn limits_current(&self) -> bool {
        false
    }

    /// One noisy read of every cell (S), the mean of some conversions.
    fn read(&self, conversions: u32, at: Stream) -> Array2<f64> {
        let mut read = self.conductances();
        let mut normals = at.normal_rows(read.ncols());
        let share = 1.0 / f64::from(conversions.max(1));
        for (row, mut cells) in read.rows_mut().into_iter().enumerate() {
            for (g_s, &n) in cells.iter_mut().zip(normals.row(row)) {
                *g_s += (self.read_variance(*g_s) * share).sqrt() * f64::from(n);
            }
        }
        read
    }
}

/// Checks that an array has the shape of the cells.
pub(crate) fn check_shape(
    what: &'static str,
    (rows, cols): (usize, usize),
    (array_rows, array_cols): (usize, usize),
) -> Result<(), DeviceError> {
    if (rows, cols) == (array_rows, array_cols) {
        return Ok(());
    }
    Err(DeviceError::Shape { what, rows, cols, array_rows, array_cols })
}
