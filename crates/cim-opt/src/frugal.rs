//! Least energy for almost the least error.

use crate::assemble;
use crate::error::OptError;
use crate::program::{Goal, Program};
use crate::solution::Solution;
use crate::solve::{conic, solve};
use crate::window::WindowProblem;

/// The window and voltage of least energy whose error is at most `(1 + tolerance)` times the least
/// error.
///
/// Ranges stay at their best for the window; the certificate is for the energy, in joules.
///
/// # Errors
/// As [`solve`]; [`OptError::BadNumber`] if `tolerance` is not a finite number above zero.
pub fn frugal(problem: &WindowProblem, tolerance: f64) -> Result<Solution, OptError> {
    if !(tolerance.is_finite() && tolerance > 0.0) {
        let (name, expected) = ("tolerance", "a finite number above zero");
        return Err(OptError::BadNumber { name, value: tolerance, expected });
    }
    let best = solve(problem)?;
    let most_error = (1.0 + tolerance) * best.objective;
    let mut program = Program::new(problem, Goal::Energy { most_error });
    let swing = best.g_max.0 - best.g_min.0;
    let near = [best.g_min.0.ln(), swing.ln(), best.read_voltage.0.ln()];
    let found = match problem.limits.full_scale_ceiling {
        Some(ceiling) => assemble::tighten(&mut program, ceiling, near, conic)?,
        None => conic(&program, Some(near))?,
    };
    let mut solution = assemble::finish(problem, &program, &found)?;
    solution.ceiling_tightened = best.ceiling_tightened;
    Ok(solution)
}
