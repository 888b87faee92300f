//! A primal-dual interior-point method for the reduced program: four variables, a handful of
//! limits, no allocation after the start.
//!
//! Source: Boyd and Vandenberghe, Convex Optimization, section 11.7; steps that pass a corner of a
//! range's loss are accepted by the barrier function instead of the residual, which may rise there.

use crate::interior::{inside, start};
use crate::program::{Goal, Program, VARIABLES};
use crate::sample::{Matrix, Row, Sample, Sampler, Source, Vector};

/// Complementarity and stationarity that count as solved, relative to the objective.
const DONE: f64 = 5e-11;
const MOST_STEPS: usize = 100;
/// A fall of the barrier function below this is lost in its rounding.
const ROUNDING: f64 = 1e-13;

/// A point with the multipliers of its limits.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub x: [f64; 3],
    /// One per limit of the program, of the objective divided by its value at the start.
    pub limits: Vec<f64>,
    /// Of the requirement that the ceiling leaves room for the floor.
    pub squeeze: f64,
    /// Of the greatest error, where energy is minimised.
    pub error: f64,
    /// Whether the method reached its own tolerance; the certificate decides what that is worth.
    pub settled: bool,
}

/// Minimises the program from the best of a few interior points.
pub(crate) fn minimise(program: &Program<'_>) -> Point {
    descend(program, start(program), 0.1)
}

/// Minimises the program from near a known point: `blend` of the way from it to the centre, which
/// is an interior point near `anchor` where there is one.
pub(crate) fn minimise_from(
    program: &Program<'_>,
    near: [f64; 3],
    anchor: Option<[f64; 3]>,
    blend: f64,
) -> Point {
    let coarse = start(program);
    let centre = match anchor {
        Some(anchor) => inside(program, anchor, coarse, 0.5).map_or(coarse, |(x, _)| x),
        None => coarse,
    };
    let warm = inside(program, near, centre, blend)
        .map(|(x, pull)| descend(program, x, pull.min(0.1)))
        .filter(|point| point.settled);
    // So near the sides a start can leave Newton's method no room; the centre always has some.
    warm.unwrap_or_else(|| descend(program, centre, 0.1))
}
fn descend(program: &Program<'_>, from: [f64; 3], centring: f64) -> Point {
    let sampler = Sampler::new(program, from);
    let (x, multipliers, settled) =
        Method { sampler: &sampler }.run(sampler.variables(from), centring);
    let mut point = Point {
        x: [x[0], x[1], x[2]],
        limits: vec![0.0; program.limits.len()],
        squeeze: 0.0,
        error: 0.0,
        settled,
    };
    for (source, &multiplier) in sampler.sources.iter().zip(&multipliers) {
        match *source {
            Source::Limit(index) => point.limits[index] = multiplier,
            Source::Squeeze => point.squeeze = multiplier,
            Source::Error => point.error = multiplier,
            Source::Lower(_) | Source::Upper(_) => {}
        }
    }
    if program.goal == Goal::Error {
        // Back to the objective's own units.
        point.limits.iter_mut().for_each(|multiplier| *multiplier *= sampler.scale);
        point.squeeze *= sampler.scale;
    }
    point
}

struct Method<'a> {
    sampler: &'a Sampler<'a>,
}

impl Method<'_> {
    fn run(&self, mut x: Vector, barrier: f64) -> (Vector, Vec<f64>, bool) {
        let mut here = Sample::default();
        let mut there = Sample::default();
        self.sampler.sample(x, &mut here);
        let count = here.rows.len().max(1) as f64;
        let mut multipliers: Vec<f64> =
            here.rows.iter().map(|row| (barrier / count) / -row.value).collect();
        let mut trial = multipliers.clone();
        let mut step_multipliers = multipliers.clone();
        let mut centring = 0.1;
        let mut ceiling = f64::INFINITY;
        for _ in 0..MOST_STEPS {
            let gap: f64 = here.rows.iter().zip(&multipliers).map(|(row, m)| -row.value * m).sum();
            let dual = self.residual(&here, &multipliers, 0.0).0;
            // Never rises again, so that every step makes one and the same function fall.
            let target = (centring * gap.max(0.3 * dual) / count).min(ceiling);
            ceiling = target;
            let residual = self.residual(&here, &multipliers, target).1;
            if gap <= DONE && dual <= DONE {
                return (x, multipliers, true);
            }
            let dx = self.direction(x, &here, &multipliers, target);
            let mut length = 1.0_f64;
            for ((row, &m), dm) in here.rows.iter().zip(&multipliers).zip(&mut step_multipliers) {
                *dm = (target + m * dot(&row.gradient, &dx)) / -row.value - m;
                if *dm < 0.0 {
                    length = length.min(-0.995 * m / *dm);
                }
            }
            let mut accepted = false;
            for _ in 0..40 {
                let ahead: Vector = std::array::from_fn(|i| x[i] + length * dx[i]);
                self.sampler.sample(ahead, &mut there);
                let step = multipliers.iter().zip(&step_multipliers);
                trial.iter_mut().zip(step).for_each(|(t, (m, dm))| *t = m + length * dm);
                let inside = there
                    .rows
                    .iter()
                    .zip(&here.rows)
                    .all(|(new, old)| new.value < 0.005 * old.value);
                if inside
                    && self.residual(&there, &trial, target).1 <= (1.0 - 0.01 * length) * residual
                {
                    x = ahead;
                    accepted = true;
                    break;
                }
                if inside {
                    // Where a range changes sides its slope has a corner, and the residual may
                    // have to rise to pass it. The barrier function is convex and falls.
                    let fall = length * self.fall(&here, &dx, target);
                    let fell = barrier_value(&here, target) - barrier_value(&there, target);
                    if fall > ROUNDING && fell >= 1e-4 * fall {
                        for (t, row) in trial.iter_mut().zip(&there.rows) {
                            let central = target / -row.value;
                            *t = t.clamp(0.01 * central, 100.0 * central);
                        }
                        x = ahead;
                        accepted = true;
                        break;
                    }
                }
                length *= 0.5;
            }
            if !accepted {
                break;
            }
            std::mem::swap(&mut here, &mut there);
            std::mem::swap(&mut multipliers, &mut trial);
            centring = match length {
                0.9.. => 0.02,
                0.3.. => 0.2,
                _ => 1.0,
            };
        }
        (x, multipliers, false)
    }

    /// Norm of the stationarity residual, and of stationarity and centring together.
    fn residual(&self, sample: &Sample, multipliers: &[f64], target: f64) -> (f64, f64) {
        let mut dual = sample.objective.gradient;
        let mut centring = 0.0;
        for (row, &m) in sample.rows.iter().zip(multipliers) {
            for (sum, part) in dual.iter_mut().zip(row.gradient) {
                *sum += m * part;
            }
            centring += (-row.value * m - target).powi(2);
        }
        let dual: f64 = dual
            .iter()
            .zip(self.sampler.free)
            .filter(|(_, free)| *free)
            .map(|(part, _)| part * part)
            .sum();
        (dual.sqrt(), (dual + centring).sqrt())
    }

    /// First-order fall of the barrier function along a step.
    fn fall(&self, sample: &Sample, dx: &Vector, target: f64) -> f64 {
        let push = |row: &Row| target / -row.value * dot(&row.gradient, dx);
        -dot(&sample.objective.gradient, dx) - sample.rows.iter().map(push).sum::<f64>()
    }

    /// Newton step of the variables.
    fn direction(&self, x: Vector, sample: &Sample, multipliers: &[f64], target: f64) -> Vector {
        let mut matrix = sample.objective.hessian;
        let mut right = sample.objective.gradient.map(|part| -part);
        for (row, &m) in sample.rows.iter().zip(multipliers) {
            let stiffness = m / -row.value;
            let push = target / -row.value;
            for (i, line) in matrix.iter_mut().enumerate() {
                right[i] -= push * row.gradient[i];
                for (j, entry) in line.iter_mut().enumerate().take(i + 1) {
                    *entry += m * row.hessian[i][j] + stiffness * row.gradient[i] * row.gradient[j];
                }
            }
        }
        for i in (0..VARIABLES).filter(|&i| !self.sampler.free[i]) {
            matrix[i] = [0.0; VARIABLES];
            for row in &mut matrix {
                row[i] = 0.0;
            }
            matrix[i][i] = 1.0;
            right[i] = 0.0;
        }
        let factors = factorised(matrix);
        let step = solved(&factors, right);
        if !self.sampler.program.is_coupled() {
            return step;
        }
        let along = solved(
            &factors,
            std::array::from_fn(|i| {
                if (1..3).contains(&i) && self.sampler.free[i] { 1.0 } else { 0.0 }
            }),
        );
        let weight =
            match self.sampler.sources.iter().position(|source| matches!(source, Source::Error)) {
                Some(row) => multipliers[row] / self.sampler.scale,
                None => 1.0 / self.sampler.scale,
            };
        let excess = self.excess_slope(x[1] + x[2], step[1] + step[2], along[1] + along[2], weight);
        std::array::from_fn(|i| step[i] - excess * along[i])
    }

    /// By how much the slope of the range loss at the end of a step exceeds its linear model,
    /// where the step is corrected for that same excess.
    ///
    /// The range loss is the one function with corners in its slope. It depends on `s` alone, so
    /// the model with the true loss in it is solved by finding one root: of `ds + excess(ds)
    /// along − step`, which never falls in `ds`.
    fn excess_slope(&self, s: f64, step: f64, along: f64, weight: f64) -> f64 {
        let here = self.sampler.program.range_loss(s);
        let excess = |ds: f64| {
            let slope = self.sampler.program.range_loss(s + ds).slope;
            weight * (slope - here.slope - here.curvature * ds)
        };
        let miss = |ds: f64| ds + excess(ds) * along - step;
        let (mut near, mut near_miss) = (0.0, -step);
        let (mut far, mut far_miss) = (step, miss(step));
        // Nothing to correct, or less curvature ahead: the plain step falls short, which is safe.
        if far_miss.abs() <= 1e-3 * step.abs() || far_miss * near_miss >= 0.0 {
            return 0.0;
        }
        for _ in 0..40 {
            let middle = (near * far_miss - far * near_miss) / (far_miss - near_miss);
            let middle = if middle.is_finite() { middle } else { 0.5 * (near + far) };
            let middle_miss = miss(middle);
            if middle_miss.abs() <= 1e-10 * step.abs() {
                return excess(middle);
            }
            // The Illinois rule: an end that stays is given half its weight.
            if middle_miss * far_miss < 0.0 {
                (near, near_miss) = (far, far_miss);
            } else {
                near_miss *= 0.5;
            }
            (far, far_miss) = (middle, middle_miss);
        }
        0.0
    }
}

/// Cholesky factor of a positive definite matrix given by its lower triangle; a pivot lost to
/// rounding is raised to where rounding cannot lose it.
fn factorised(mut a: Matrix) -> Matrix {
    let trace: f64 = (0..VARIABLES).map(|i| a[i][i]).sum();
    for i in 0..VARIABLES {
        for j in 0..=i {
            let done: f64 = a[i][..j].iter().zip(&a[j][..j]).map(|(x, y)| x * y).sum();
            let sum = a[i][j] - done;
            a[i][j] = if i == j { sum.max(1e-18 * trace).sqrt() } else { sum / a[j][j] };
        }
    }
    a
}

/// Solves with a Cholesky factor.
fn solved(factor: &Matrix, mut b: Vector) -> Vector {
    for i in 0..VARIABLES {
        for k in 0..i {
            b[i] -= factor[i][k] * b[k];
        }
        b[i] /= factor[i][i];
    }
    for i in (0..VARIABLES).rev() {
        for k in i + 1..VARIABLES {
            b[i] -= factor[k][i] * b[k];
        }
        b[i] /= factor[i][i];
    }
    b
}

/// Objective minus `target` times the logarithms of all slacks.
fn barrier_value(sample: &Sample, target: f64) -> f64 {
    let logarithms: f64 = sample.rows.iter().map(|row| (-row.value).ln()).sum();
    sample.objective.value - target * logarithms
}

fn dot(a: &Vector, b: &Vector) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
