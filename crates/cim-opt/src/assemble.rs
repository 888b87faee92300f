//! From a minimised program to a certified solution, whichever method minimised it.

use cim_core::{Amps, Siemens, Volts};

use crate::certificate::{self, Claim};
use crate::cost::{Evaluation, evaluate};
use crate::error::OptError;
use crate::newton::{self, Point};
use crate::program::{Cap, Goal, LimitKind, Program};
use crate::solution::Solution;
use crate::window::{Limits, WindowProblem};

/// How often the ceiling is tightened around its own solution.
const MOST_TIGHTENINGS: usize = 60;
/// A tightened window that moves less than this (in `ln V ΔG`) has settled: the line and the
/// ceiling then differ by half its square.
const SETTLED: f64 = 1e-7;

/// What a method returns: a point and, from a conic solver, its own unpolished window and ranges.
pub(crate) struct Found {
    pub point: Point,
    pub raw: Option<([f64; 3], Vec<f64>)>,
}

/// A method that minimises a program, possibly from near a known point.
pub(crate) type Method = fn(&Program<'_>, Option<[f64; 3]>) -> Result<Found, OptError>;

/// Minimises the error of a well-posed, feasible problem.
pub(crate) fn minimise_error(
    problem: &WindowProblem,
    method: Method,
) -> Result<Solution, OptError> {
    let mut program = Program::new(problem, Goal::Error);
    let found = method(&program, None)?;
    let Some(ceiling) = problem.limits.full_scale_ceiling else {
        return finish(problem, &program, &found);
    };
    let s = found.point.x[1] + found.point.x[2];
    let largest =
        (0..program.tiles.len()).map(|tile| program.range_at(tile, s)).fold(0.0, f64::max);
    if largest * s.exp() <= ceiling.0 {
        return finish(problem, &program, &found);
    }
    // The bound without a ceiling holds for the problem with one.
    let without = Limits { full_scale_ceiling: None, ..problem.limits };
    let relaxed = certified(problem, &without, &program, &found)?.certificate.bound;
    let found = tighten(&mut program, ceiling, found.point.x, method)?;
    let mut solution = finish(problem, &program, &found)?;
    solution.ceiling_tightened = true;
    solution.certificate.relaxed_gap = Some(1.0 - relaxed / solution.certificate.primal);
    Ok(solution)
}

/// Replaces the ceiling by the line that touches it at the current window, solves, and repeats
/// until the window stays. Every line is inside the ceiling, so every window on the way respects
/// it and none is worse than the one before.
pub(crate) fn tighten(
    program: &mut Program<'_>,
    ceiling: Amps,
    from: [f64; 3],
    method: Method,
) -> Result<Found, OptError> {
    let mut s = from[1] + from[2];
    let mut near = from;
    let mut rounds = 0;
    loop {
        program.cap = Some(Cap { at: s, range: ceiling.0 * (-s).exp() });
        if program.goal != Goal::Error {
            // This point has just the greatest error, and the one of least error may leave no room
            // between floor and ceiling; half-way is inside.
            let mut least = Program { goal: Goal::Error, ..program.clone() };
            least.limits.retain(|limit| !matches!(limit.kind, LimitKind::Energy { .. }));
            let least = newton::minimise_from(&least, near, None, 1e-2).x;
            near = [0, 1, 2].map(|axis| 0.5 * (near[axis] + least[axis]));
        }
        let found = method(program, Some(near))?;
        near = found.point.x;
        let moved = near[1] + near[2] - s;
        s += moved;
        rounds += 1;
        if moved.abs() <= SETTLED || rounds == MOST_TIGHTENINGS {
            tracing::debug!(rounds, moved, "full-scale ceiling tightened");
            return Ok(found);
        }
    }
}

/// Clips a point to the constraints, evaluates and certifies it.
pub(crate) fn finish(
    problem: &WindowProblem,
    program: &Program<'_>,
    found: &Found,
) -> Result<Solution, OptError> {
    let solution = certified(problem, &problem.limits, program, found)?;
    solution.certificate.checked()?;
    Ok(solution)
}

fn certified(
    problem: &WindowProblem,
    limits: &Limits,
    program: &Program<'_>,
    found: &Found,
) -> Result<Solution, OptError> {
    let x = found.point.x;
    let s = x[1] + x[2];
    let ranges: Vec<f64> = (0..program.tiles.len()).map(|tile| program.range_at(tile, s)).collect();
    let (g_min, g_max, v, ranges, cost) = clipped(problem, limits, x, ranges)?;
    let mut certificate = certificate::certify(&Claim {
        problem,
        program,
        g_min,
        g_max,
        v,
        ranges: &ranges,
        cost: &cost,
        hint: &found.point,
    });
    if let Some((x, ranges)) = &found.raw {
        let raw = match program.goal {
            Goal::Error => clipped(problem, limits, *x, ranges.clone())?.4.objective,
            Goal::Energy { .. } => Program::energy_of(problem, *x),
        };
        certificate.before_polish = Some(raw / certificate.bound - 1.0);
    }
    Ok(Solution {
        g_min: Siemens(g_min),
        g_max: Siemens(g_max),
        read_voltage: Volts(v),
        full_scale: ranges.iter().map(|range| Amps(range * v * (g_max - g_min))).collect(),
        ranges,
        objective: cost.objective,
        budget: cost.budget,
        tiles: cost.tiles,
        energy: cost.energy,
        ceiling_tightened: program.cap.is_some(),
        certificate,
    })
}

/// A window inside the device's and full scales inside their limits, with what they cost: rounding
/// of logarithms must not carry a value over its bound.
fn clipped(
    problem: &WindowProblem,
    limits: &Limits,
    x: [f64; 3],
    mut ranges: Vec<f64>,
) -> Result<(f64, f64, f64, Vec<f64>, Evaluation), OptError> {
    let device = &problem.device;
    let g_min = x[0].exp().clamp(device.g_off.0, device.g_on.0);
    let g_max = (g_min + x[1].exp()).min(device.g_on.0);
    let v = match limits.fixed_read_voltage {
        Some(fixed) => fixed.0,
        None => x[2].exp().clamp(device.v_min.0, device.v_max.0),
    };
    let unit_a = v * (g_max - g_min);
    let least = limits.full_scale_floor.map_or(0.0, |floor| floor.0 / unit_a);
    let most = limits.full_scale_ceiling.map_or(f64::INFINITY, |ceiling| ceiling.0 / unit_a);
    for range in &mut ranges {
        *range = range.max(least).min(most);
    }
    let cost = evaluate(problem, Siemens(g_min), Siemens(g_max), Volts(v), &ranges)?;
    Ok((g_min, g_max, v, ranges, cost))
}
