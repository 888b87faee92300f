//! A certificate of the point that is in a design, however it came there.
//!
//! What a chip is built with is seldom the optimum: energy is saved within a tolerance, numbers are
//! rounded, training moves full scales, a user changes one. Here any point is measured against bounds that
//! were proven for the problem.

use cim_core::{Joules, Siemens, Volts};
use serde::Serialize;

use crate::cost::evaluate;
use crate::error::OptError;
use crate::solution::Solution;
use crate::window::WindowProblem;

/// A point, what it costs, and how far that can be from the least.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct InUse {
    /// Least conductance in use.
    pub g_min: Siemens,
    /// Greatest conductance in use.
    pub g_max: Siemens,
    /// Read voltage in use.
    pub read_voltage: Volts,
    /// The error there, losses that no window changes included.
    pub objective: f64,
    /// No feasible point has less error, the same losses included.
    pub bound: f64,
    /// `(objective − bound) / objective`.
    pub gap: f64,
    /// Energy of cells and sense amplifiers per inference there.
    pub energy: Joules,
    /// No feasible point whose error is within the tolerance takes less, where energy was saved and
    /// no full-scale ceiling was in the way.
    pub energy_bound: Option<Joules>,
    /// `(energy − energy_bound) / energy`; may be below 0 for a point outside the tolerance.
    pub energy_gap: Option<f64>,
}

impl InUse {
    /// Of a point of `problem` with one range per tile, against the bounds of its optimum `best`
    /// and of its most frugal point. `fixed` is the error that depends on none of the variables.
    ///
    /// The bound of an optimum under a full-scale ceiling is that of the problem without any.
    ///
    /// # Errors
    /// [`OptError::Ranges`] unless there is one range per tile.
    pub fn of(
        problem: &WindowProblem,
        (g_min, g_max, read_voltage): (Siemens, Siemens, Volts),
        ranges: &[f64],
        fixed: f64,
        best: &Solution,
        frugal: Option<&Solution>,
    ) -> Result<Self, OptError> {
        let here = evaluate(problem, g_min, g_max, read_voltage, ranges)?;
        let certificate = &best.certificate;
        let proven = match certificate.relaxed_gap {
            Some(gap) => certificate.primal * (1.0 - gap),
            None => certificate.bound,
        };
        let (objective, bound) = (here.objective + fixed, proven + fixed);
        let energy_bound = frugal
            .filter(|frugal| !frugal.ceiling_tightened)
            .map(|frugal| Joules(frugal.certificate.bound));
        Ok(Self {
            g_min,
            g_max,
            read_voltage,
            objective,
            bound,
            gap: (objective - bound) / objective,
            energy: here.energy,
            energy_bound,
            energy_gap: energy_bound.map(|bound| (here.energy.0 - bound.0) / here.energy.0),
        })
    }
}
