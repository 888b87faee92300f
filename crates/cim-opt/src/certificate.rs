//! Why to believe a solution: its objective, its constraints and a lower bound, recomputed from
//! the problem's own data. No status and no number of a solver is trusted.
//!
//! The bound is convexity itself. With any multipliers `λ ≥ 0` the Lagrangian `L` is convex in
//! `(ln G_min, ln ΔG, ln V, r)` and below the objective wherever the constraints hold, so over
//! the box `B` that holds every feasible point
//!
//! ```text
//! optimum ≥ min over y in B of L(y) ≥ L(x) + min over y in B of ∇L(x) · (y − x),
//! ```
//!
//! and the last minimum is taken side by side. Good multipliers make it tight; bad ones only make
//! it low.

use serde::Serialize;

use crate::cost::{Evaluation, wire_loss};
use crate::error::OptError;
use crate::newton::Point;
use crate::program::{
    Cap, Goal, LIMIT_POWERS, LIMIT_TERMS, LimitKind, POWERS, Powers, Program, add_energy,
    energy_coefficients, error_coefficients, of_window,
};
use crate::shot::Shot;
use crate::window::WindowProblem;

/// The greatest relative gap that counts as optimal.
pub const MOST_GAP: f64 = 1e-7;
/// The greatest relative violation of a constraint that counts as feasible.
pub const MOST_RESIDUAL: f64 = 1e-9;

/// A bound on how far a solution can be from the optimum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Certificate {
    /// What was minimised, at the solution: the error, or for [`frugal`](crate::frugal()) the
    /// energy in joules.
    pub primal: f64,
    /// No feasible point is below this.
    pub bound: f64,
    /// `(primal − bound) / primal`, at most [`MOST_GAP`].
    pub gap: f64,
    /// Greatest relative violation of a constraint, at most [`MOST_RESIDUAL`].
    pub residual: f64,
    /// How far above the bound the conic solver's own point was, before Newton's method took it
    /// to full precision; `None` where no conic solver ran.
    pub before_polish: Option<f64>,
    /// Where a full-scale ceiling was active, `bound` is for the program tightened around the
    /// solution; this is the gap to the bound without any ceiling, which holds for the problem as
    /// posed.
    pub relaxed_gap: Option<f64>,
}

impl Certificate {
    /// The certificate itself if it holds.
    pub(crate) fn checked(self) -> Result<Self, OptError> {
        // Written so that NaN fails.
        if self.gap.abs() <= MOST_GAP && self.residual <= MOST_RESIDUAL && self.primal.is_finite() {
            return Ok(self);
        }
        Err(OptError::NotCertified {
            gap: self.gap,
            most_gap: MOST_GAP,
            residual: self.residual,
            most_residual: MOST_RESIDUAL,
        })
    }
}

/// A point to certify: the values handed out, what they cost, and multipliers as a hint.
pub(crate) struct Claim<'a> {
    pub problem: &'a WindowProblem,
    pub program: &'a Program<'a>,
    pub g_min: f64,
    pub g_max: f64,
    pub v: f64,
    pub ranges: &'a [f64],
    pub cost: &'a Evaluation,
    pub hint: &'a Point,
}

/// Bounds and checks a point.
pub(crate) fn certify(claim: &Claim<'_>) -> Certificate {
    let (primal, bound) = match claim.program.goal {
        Goal::Error => (claim.cost.objective, lagrangian(claim)),
        Goal::Energy { .. } => {
            let primal = Program::energy_of(claim.problem, claim.x());
            (primal, lagrangian(claim).exp())
        }
    };
    Certificate {
        primal,
        bound,
        gap: (primal - bound) / primal,
        residual: residual(claim),
        before_polish: None,
        relaxed_gap: None,
    }
}

impl Claim<'_> {
    fn x(&self) -> [f64; 3] {
        [self.g_min.ln(), (self.g_max - self.g_min).ln(), self.v.ln()]
    }
}

/// Greatest relative violation of a constraint.
fn residual(claim: &Claim<'_>) -> f64 {
    let device = &claim.problem.device;
    let limits = &claim.problem.limits;
    let over = |value: f64, most: f64| value / most - 1.0;
    let mut worst = over(claim.g_max, device.g_on.0)
        .max(over(device.g_off.0, claim.g_min))
        .max(over(claim.v, device.v_max.0))
        .max(over(device.v_min.0, claim.v));
    if let Some(most) = limits.energy {
        worst = worst.max(over(claim.cost.energy.0, most.0));
    }
    if let Some(most) = limits.nonideality {
        worst = worst.max(over(claim.cost.nonideality, most));
    }
    if let Some(fixed) = limits.fixed_read_voltage {
        worst = worst.max(over(claim.v, fixed.0).abs());
    }
    if let Goal::Energy { most_error } = claim.program.goal {
        worst = worst.max(over(claim.cost.objective, most_error));
    }
    for &range in claim.ranges {
        let full_scale = range * claim.v * (claim.g_max - claim.g_min);
        if let Some(floor) = limits.full_scale_floor {
            worst = worst.max(over(floor.0, full_scale));
        }
        if let Some(ceiling) = limits.full_scale_ceiling {
            worst = worst.max(over(full_scale, ceiling.0));
        }
        worst = worst.max(-range);
    }
    worst.max(0.0)
}

/// A function's value and its gradient in the three logarithms, summed up.
struct Tangent {
    value: f64,
    gradient: [f64; 3],
}

impl Tangent {
    fn add_powers<const N: usize>(
        &mut self,
        factor: f64,
        coefficients: [f64; N],
        powers: [[i8; 3]; N],
        at: &Powers,
    ) {
        for (c, power) in coefficients.into_iter().zip(powers) {
            let value = factor * c * at.monomial(power);
            for (sum, p) in self.gradient.iter_mut().zip(power) {
                *sum += value * f64::from(p);
            }
        }
    }

    /// Adds `multiplier · ln(Σ coefficients · powers)`.
    fn add_logarithm(&mut self, multiplier: f64, coefficients: [f64; LIMIT_TERMS], at: &Powers) {
        if multiplier <= 0.0 {
            return;
        }
        let terms = coefficients.iter().zip(LIMIT_POWERS);
        let sum: f64 = terms.map(|(c, power)| c * at.monomial(power)).sum();
        self.value += multiplier * sum.ln();
        self.add_powers(multiplier / sum, coefficients, LIMIT_POWERS, at);
    }

    /// Adds a function of `s = ln ΔG + ln V`.
    fn add_coupling(&mut self, value: f64, slope: f64) {
        self.value += value;
        self.gradient[1] += slope;
        self.gradient[2] += slope;
    }
}

/// Lower bound of the goal over all feasible points (of the logarithm, where it is the energy).
fn lagrangian(claim: &Claim<'_>) -> f64 {
    let (problem, program) = (claim.problem, claim.program);
    let x = claim.x();
    let powers = Powers::new(x);
    let mut tangent = Tangent { value: 0.0, gradient: [0.0; 3] };
    let error_weight = match program.goal {
        Goal::Error => 1.0,
        Goal::Energy { most_error } => {
            tangent.value -= claim.hint.error;
            claim.hint.error / most_error
        }
    };
    tangent.value += error_weight * claim.cost.objective;
    for tile in &problem.tiles {
        tangent.add_powers(error_weight, error_coefficients(problem, tile), POWERS, &powers);
    }
    let slopes = Shot::of(problem).sample(x).1;
    for (sum, slope) in tangent.gradient.iter_mut().zip(slopes) {
        *sum += error_weight * slope;
    }
    add_limits(claim, x, &powers, &mut tangent);
    let away = add_ranges(claim, x, error_weight, &mut tangent);
    let sides = (0..3).map(|axis| {
        let slope = tangent.gradient[axis];
        let to = if slope > 0.0 { program.lower[axis] } else { program.upper[axis] };
        (slope * (to - x[axis])).min(0.0)
    });
    tangent.value + away + sides.sum::<f64>()
}

fn add_limits(claim: &Claim<'_>, x: [f64; 3], powers: &Powers, tangent: &mut Tangent) {
    let (problem, program) = (claim.problem, claim.program);
    // Where energy is the goal, its pieces are averaged: no average exceeds the greatest.
    let is_goal = program.goal != Goal::Error;
    let pieces = program.limits.iter().zip(&claim.hint.limits);
    let pieces: f64 = pieces
        .filter(|(limit, _)| matches!(limit.kind, LimitKind::Energy { .. }))
        .map(|(_, multiplier)| multiplier)
        .sum();
    for (limit, &multiplier) in program.limits.iter().zip(&claim.hint.limits) {
        match limit.kind {
            LimitKind::Window => {
                let per_siemens = 1.0 / problem.device.g_on.0;
                let sum = of_window(per_siemens, per_siemens);
                tangent.add_logarithm(multiplier, sum, powers);
            }
            LimitKind::Nonideality { tile } => {
                let most = problem.limits.nonideality.unwrap_or(f64::INFINITY);
                let of = |g, d| wire_loss(&problem.tiles[tile], g, d) / most;
                let sum = of_window(of(1.0, 0.0), of(0.0, 1.0));
                tangent.add_logarithm(multiplier, sum, powers);
            }
            LimitKind::Energy { following_from } => {
                let sum = energy_piece(claim, following_from);
                let most = problem.limits.energy.map_or(f64::INFINITY, |most| most.0);
                if is_goal {
                    tangent.add_logarithm(multiplier / pieces, sum, powers);
                } else {
                    tangent.add_logarithm(multiplier, sum.map(|part| part / most), powers);
                }
            }
        }
    }
    if let Some(Cap { at, range }) = program.cap {
        let s = x[1] + x[2];
        let floor = program.floor * (-s).exp() / range;
        let value = claim.hint.squeeze * (floor - 1.0 - at + s);
        tangent.add_coupling(value, claim.hint.squeeze * (1.0 - floor));
    }
}

/// Energy where tiles with at least this best range have amplifiers that follow the window and
/// the others sit at the floor: never above the energy.
fn energy_piece(claim: &Claim<'_>, following_from: f64) -> [f64; LIMIT_TERMS] {
    let mut sum = [0.0; LIMIT_TERMS];
    for (tile, &best) in claim.problem.tiles.iter().zip(&claim.program.best) {
        let part = energy_coefficients(&claim.problem.circuit, tile);
        let follows = best >= following_from;
        add_energy(&mut sum, part, if follows { Ok(best) } else { Err(claim.program.floor) });
    }
    sum
}

/// Adds the full-scale limits with the multipliers that make the Lagrangian stationary in the
/// ranges; returns how far the ranges can still lower it.
fn add_ranges(claim: &Claim<'_>, x: [f64; 3], error_weight: f64, tangent: &mut Tangent) -> f64 {
    let program = claim.program;
    let s = x[1] + x[2];
    let most_raised = program.floor * (-program.lower[1] - program.lower[2]).exp();
    let mut away = 0.0;
    for (tile, &range) in claim.problem.tiles.iter().zip(claim.ranges) {
        let converter = claim.problem.circuit.converter(tile);
        let slope = error_weight * tile.weight * tile.output.loss(converter, range).slope;
        match program.cap {
            _ if slope > 0.0 && program.floor > 0.0 => {
                let multiplier = slope * range;
                let value = multiplier * ((program.floor / range).ln() - s);
                tangent.add_coupling(value, -multiplier);
            }
            Some(cap) if slope < 0.0 => {
                let multiplier = -slope * cap.range;
                let value = multiplier * (range / cap.range - 1.0 - cap.at + s);
                tangent.add_coupling(value, multiplier);
            }
            _ => {
                let largest = (tile.output.largest() / converter.reach()).max(most_raised);
                let to = if slope > 0.0 { 0.0 } else { largest };
                away += (slope * (to - range)).min(0.0);
            }
        }
    }
    away
}
