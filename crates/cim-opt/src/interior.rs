//! Where the reduced program has room: strictly feasible points to start from.

use crate::program::{Goal, LIMIT_POWERS, LIMIT_TERMS, LimitKind, Program, VARIABLES};

/// Sides of the box nearer than this are one point.
const THIN: f64 = 1e-10;

/// A strictly feasible point on the way from `near` to `centre`, and how far along it is.
pub(crate) fn inside(
    program: &Program<'_>,
    near: [f64; 3],
    centre: [f64; 3],
    blend: f64,
) -> Option<([f64; 3], f64)> {
    let mut pull = blend;
    while pull > 1e-13 {
        let x = [0, 1, 2].map(|axis| {
            let from = near[axis].clamp(program.lower[axis], program.upper[axis]);
            from + pull * (centre[axis] - from)
        });
        if interior(program, x) {
            return Some((x, pull));
        }
        pull *= 0.25;
    }
    None
}

/// The strictly feasible point of a coarse grid with the least objective. The feasible set is
/// convex and holds the lower corner and the end of every side, so a quarter of the way along all
/// sides is always inside.
pub(crate) fn start(program: &Program<'_>) -> [f64; 3] {
    let at = |part: [f64; 3]| {
        [0, 1, 2].map(|axis| {
            program.lower[axis] + part[axis] * (program.upper[axis] - program.lower[axis])
        })
    };
    let quarter = at([0.25; 3]);
    let (mut best, mut least) = (quarter, program.error_at(quarter));
    for g in [0.05, 0.4] {
        for d in [0.5, 0.75, 0.95] {
            for v in [0.2, 0.5, 0.9] {
                let x = at([g, d, v]);
                if within_limits(program, x) {
                    let error = program.error_at(x);
                    if error < least {
                        (best, least) = (x, error);
                    }
                }
            }
        }
    }
    best
}

/// Whether a point is strictly feasible.
fn interior(program: &Program<'_>, x: [f64; 3]) -> bool {
    let is_good = match program.goal {
        Goal::Error => true,
        Goal::Energy { most_error } => program.error_at(x) < most_error,
    };
    is_good
        && squeeze(program, x[1] + x[2]).is_none_or(|[value, ..]| value < 0.0)
        && within_limits(program, x)
}

fn within_limits(program: &Program<'_>, x: [f64; 3]) -> bool {
    let free = free_axes(program);
    program.limits.iter().all(|limit| {
        is_rising(program, limit.kind) || !matters(&limit.coefficients, free) || limit.at(x) < 1.0
    })
}

pub(crate) const fn is_rising(program: &Program<'_>, kind: LimitKind) -> bool {
    matches!(kind, LimitKind::Energy { .. }) && matches!(program.goal, Goal::Energy { .. })
}

/// Which variables can move.
pub(crate) fn free_axes(program: &Program<'_>) -> [bool; VARIABLES] {
    let moves = |axis: usize| program.upper[axis] - program.lower[axis] > THIN;
    [moves(0), moves(1), moves(2), program.goal != Goal::Error]
}

/// Whether a limit depends on a variable that can move.
pub(crate) fn matters(coefficients: &[f64; LIMIT_TERMS], free: [bool; VARIABLES]) -> bool {
    coefficients
        .iter()
        .zip(LIMIT_POWERS)
        .any(|(&c, power)| c > 0.0 && power.iter().zip(free).any(|(&p, is_free)| p != 0 && is_free))
}

/// Value and first and second derivative in `s` of "the floor passes the ceiling", relative.
pub(crate) fn squeeze(program: &Program<'_>, s: f64) -> Option<[f64; 3]> {
    program.cap.map(|cap| {
        let floor = program.floor * (-s).exp() / cap.range;
        [floor - (1.0 + cap.at - s), 1.0 - floor, floor]
    })
}
