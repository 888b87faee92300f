//! The microsecond route: exact ranges, then Newton's method on the merged monomials.

use crate::assemble::{self, Found};
use crate::error::OptError;
use crate::newton;
use crate::program::Program;
use crate::solution::Solution;
use crate::validate;
use crate::window::WindowProblem;

/// What [`solve`](crate::solve()) finds, by an interior-point method over the window alone.
///
/// Ranges are eliminated exactly, also where a full-scale floor or a tightened ceiling couples
/// them to the window, so all limits are handled as in the conic route and carry the same
/// certificate. Intended for searches that call it often, such as one over the weight clip.
///
/// # Errors
/// As [`solve`](crate::solve()).
pub fn solve_fast(problem: &WindowProblem) -> Result<Solution, OptError> {
    validate::well_posed(problem)?;
    validate::feasible(problem)?;
    assemble::minimise_error(problem, newton)
}

pub(crate) fn newton(program: &Program<'_>, near: Option<[f64; 3]>) -> Result<Found, OptError> {
    let point = match near {
        Some(near) => newton::minimise_from(program, near, Some(near), 1e-2),
        None => newton::minimise(program),
    };
    Ok(Found { point, raw: None })
}
