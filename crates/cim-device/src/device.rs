//! What one kind of cell does.

use cim_core::{Seconds, Siemens, Stream, Tally};
use ndarray::{Array2, ArrayView2};

use crate::conduction::Conduction;
use crate::error::DeviceError;
use crate::law::PosynomialFit;
use crate::time::FittedTimes;

/// A range of conductances `[g_min, g_max]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Lower end.
    pub g_min: Siemens,
    /// Upper end.
    pub g_max: Siemens,
}

impl Window {
    /// A window with `0 S <= g_min < g_max`.
    ///
    /// # Errors
    /// [`DeviceError::Window`] otherwise.
    pub fn new(g_min: Siemens, g_max: Siemens) -> Result<Self, DeviceError> {
        if 0.0 <= g_min.0 && g_min.0 < g_max.0 && g_max.0.is_finite() {
            Ok(Self { g_min, g_max })
        } else {
            Err(DeviceError::Window { g_min, g_max })
        }
    }

    /// Width `dG` of the window.
    pub fn span(self) -> Siemens {
        self.g_max - self.g_min
    }

    /// Whether `inner` lies within this window, up to rounding.
    ///
    /// # Errors
    /// [`DeviceError::OutsideDevice`] if it does not.
    pub fn check_holds(self, inner: Self) -> Result<(), DeviceError> {
        let slack = 1e-9 * self.g_max.0;
        if self.g_min.0 - slack <= inner.g_min.0 && inner.g_max.0 <= self.g_max.0 + slack {
            Ok(())
        } else {
            Err(DeviceError::OutsideDevice {
                g_min: inner.g_min,
                g_max: inner.g_max,
                g_off: self.g_min,
                g_on: self.g_max,
            })
        }
    }

    /// Whether a target lies within this window, up to rounding.
    ///
    /// # Errors
    /// [`DeviceError::Target`] if it does not.
    pub fn check_target(self, target: Siemens) -> Result<(), DeviceError> {
        let slack = 1e-9 * self.g_max.0;
        if self.g_min.0 - slack <= target.0 && target.0 <= self.g_max.0 + slack {
            Ok(())
        } else {
            Err(DeviceError::Target { target, g_min: self.g_min, g_max: self.g_max })
        }
    }

    pub(crate) fn grid(self, points: usize) -> Vec<f64> {
        let step = self.span().0 / (points - 1) as f64;
        (0..points).map(|k| self.g_min.0 + step * k as f64).collect()
    }
}

/// Mean (S) and variance (S²) of a programmed conductance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Mean (S).
    pub mean: f64,
    /// Variance (S²).
    pub variance: f64,
}

/// The physics of one kind of cell, a whole array at a time.
///
/// Conductances are matrices in siemens, rows × columns.
///
/// # Time
///
/// A chip is programmed once and then only grows older. What it holds at any later moment is a
/// function of what was programmed, of the time since, and of the address `at` at which it was
/// programmed: whatever is frozen in a cell (its drift exponent, the moments at which a trap
/// empties) is drawn from there. So there is one trajectory per chip, and looking at it at `t1`
/// changes nothing about `t2`. Cells that are programmed once more start a new life and need a new
/// address, say `at.child("pass", k)`. A device that does not age leaves the three methods out.
pub trait Device: Send + Sync {
    /// Conductances that the device can hold.
    fn window(&self) -> Window;

    /// Programs an array to `target_s` and returns what it holds afterwards.
    ///
    /// Cells that ended outside [`window`](Self::window) or at zero are counted in `tally`.
    fn program(&self, target_s: ArrayView2<'_, f64>, at: Stream, tally: &mut Tally) -> Array2<f64>;

    /// Mean and variance of what [`program`](Self::program) leaves at a target (S).
    fn programmed(&self, target_s: f64) -> Moments;

    /// Variance of [`program`](Self::program) as a posynomial from above over the window, which is
    /// what a convex program needs.
    fn program_variance(&self) -> PosynomialFit;

    /// Variance (S²) of a conductance from one read to the next.
    fn read_variance(&self, g_s: f64) -> f64;

    /// [`read_variance`](Self::read_variance) as a posynomial from above over the window.
    fn read_variance_above(&self) -> PosynomialFit;

    /// Current against voltage.
    fn current_voltage(&self) -> &Conduction;

    /// Times after programming at which [`aged`](Self::aged) is known; time zero always is.
    fn fitted_times(&self) -> FittedTimes {
        FittedTimes::ALL
    }

    /// What an array that held `programmed_s` holds `elapsed` after it was programmed at the
    /// address `at`, the same as was given to [`program`](Self::program).
    ///
    /// At time zero it is `programmed_s`, to the bit.
    ///
    /// # Errors
    /// [`DeviceError`] for a negative time, or one outside [`fitted_times`](Self::fitted_times).
    fn aged(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
        _at: Stream,
    ) -> Result<Array2<f64>, DeviceError> {
        self.fitted_times().check(elapsed)?;
        Ok(programmed_s.to_owned())
    }

    /// Variance (S²) from one read to the next of a cell that was programmed to `programmed_s` and
    /// holds `aged_s` now, `elapsed` later, a time that [`aged`](Self::aged) accepted.
    fn read_variance_aged(&self, _programmed_s: f64, aged_s: f64, _elapsed: Seconds) -> f64 {
        self.read_variance(aged_s)
    }
}
