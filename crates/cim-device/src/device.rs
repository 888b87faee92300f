//! What one kind of cell does.

use cim_core::{Seconds, Stream, Tally};
use ndarray::{Array2, ArrayView2, Zip};

use crate::conduction::Conduction;
use crate::error::DeviceError;
use crate::floor::floor;
use crate::law::PosynomialFit;
use crate::time::FittedTimes;
use crate::window::Window;

/// Mean (S) and variance (S²) of a programmed conductance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Mean (S).
    pub mean: f64,
    /// Variance (S²).
    pub variance: f64,
}

/// Where the randomness of cells is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Address at which the cells were made: what they have for good, whatever is written to them,
    /// is drawn from there (which cells are stuck, which have a trap).
    pub born: Stream,
    /// Address of their last programming: its errors, and how the cells age from then on.
    pub at: Stream,
}

impl Life {
    /// Cells that are programmed once, where they are made.
    pub const fn first(at: Stream) -> Self {
        Self { born: at, at }
    }
}

/// The physics of one kind of cell, a whole array at a time.
///
/// Conductances are matrices in siemens, rows × columns. Targets lie within
/// [`window`](Self::window), which those who take them from a user check
/// ([`Window::check_targets`]); no law is stated beyond it.
///
/// # Time
///
/// A chip is programmed once and then only grows older. What it holds at any later moment is a
/// function of what was programmed, of the time since, and of the address `at` at which it was
/// programmed: whatever is frozen in a cell (its drift exponent, the moments at which a trap
/// empties) is drawn from there. So there is one trajectory per chip, and looking at it at `t1`
/// changes nothing about `t2`. Cells that are programmed once more start a new [`Life`] with a new
/// address, but were born where they were. A device that does not age leaves the methods of time
/// out.
///
/// # Effects
///
/// An effect is a device around a device. It counts the effects inside ([`effects`](Self::effects))
/// and salts its draws by their number, so that equal effects around each other are independent.
pub trait Device: Send + Sync {
    /// Conductances that can be asked for.
    fn window(&self) -> Window;

    /// Conductances that count as inside once programmed: the window, where nothing comes between
    /// programming and reading.
    fn held_window(&self) -> Window {
        self.window()
    }

    /// How many effects are around the cell itself.
    fn effects(&self) -> u64 {
        0
    }

    /// What programming an array to `target_s` would leave if conductances could be negative.
    ///
    /// This is what a model implements; [`program`](Self::program) adds the floor and counts.
    fn drawn(&self, target_s: ArrayView2<'_, f64>, life: Life) -> Array2<f64>;

    /// Programs an array of cells made here to `target_s` and returns what it holds afterwards.
    ///
    /// Cells that ended outside [`held_window`](Self::held_window) or, though asked for more, at
    /// zero are counted in `tally`.
    fn program(&self, target_s: ArrayView2<'_, f64>, at: Stream, tally: &mut Tally) -> Array2<f64> {
        self.program_in(target_s, Life::first(at), tally)
    }

    /// [`program`](Self::program) for cells that were made elsewhere, and maybe programmed before.
    fn program_in(
        &self,
        target_s: ArrayView2<'_, f64>,
        life: Life,
        tally: &mut Tally,
    ) -> Array2<f64> {
        let mut g_s = self.drawn(target_s, life);
        let floored = floor(&mut g_s, target_s, self.held_window());
        tally.cells_programmed += g_s.len() as u64;
        tally.cells_outside_window += floored.outside;
        tally.cells_at_zero += floored.at_zero;
        g_s
    }

    /// Mean and variance of what [`program`](Self::program) leaves at a target (S).
    fn programmed(&self, target_s: f64) -> Moments;

    /// Variance of [`program`](Self::program) as a posynomial from above over the window, which is
    /// what a convex program needs.
    fn program_variance(&self) -> PosynomialFit;

    /// Variance (S²) of a conductance from one read to the next, by the cell itself: thermal and
    /// shot noise are those of the array that reads it.
    fn read_variance(&self, g_s: f64) -> f64;

    /// [`read_variance`](Self::read_variance) as a posynomial from above over the window.
    fn read_variance_above(&self) -> PosynomialFit;

    /// Current against voltage, a law that [is separable](Conduction::is_separable).
    fn current_voltage(&self) -> &Conduction;

    /// Whether time changes what is held. If not, [`aged`](Self::aged) is what was programmed,
    /// because nothing is known of later times.
    fn ages(&self) -> bool {
        false
    }

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
        at: Stream,
    ) -> Result<Array2<f64>, DeviceError> {
        self.aged_in(programmed_s, elapsed, Life::first(at))
    }

    /// [`aged`](Self::aged) for cells that were made elsewhere; this is what a model implements.
    ///
    /// # Errors
    /// As [`aged`](Self::aged).
    fn aged_in(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
        _life: Life,
    ) -> Result<Array2<f64>, DeviceError> {
        self.fitted_times().check(elapsed)?;
        Ok(programmed_s.to_owned())
    }

    /// Variance (S²) from one read to the next of a cell that was programmed to `programmed_s` and
    /// holds `aged_s` now, `elapsed` later, a time that [`aged`](Self::aged) accepted.
    fn read_variance_aged(&self, _programmed_s: f64, aged_s: f64, _elapsed: Seconds) -> f64 {
        self.read_variance(aged_s)
    }

    /// [`read_variance_aged`](Self::read_variance_aged) of whole arrays, rows × columns.
    ///
    /// # Panics
    /// If the arrays have different shapes.
    fn read_variances_aged(
        &self,
        programmed_s: ArrayView2<'_, f64>,
        aged_s: ArrayView2<'_, f64>,
        elapsed: Seconds,
    ) -> Array2<f64> {
        Zip::from(programmed_s)
            .and(aged_s)
            .map_collect(|&programmed, &aged| self.read_variance_aged(programmed, aged, elapsed))
    }
}
