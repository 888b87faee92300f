//! A primal-dual interior-point method for the reduced program: four variables, a handful of
//! limits, no allocation after the start.
//!
//! Source: Boyd and Vandenberghe, Convex Optimization, section 11.7.

use crate::program::{Goal, LIMIT_POWERS, LimitKind, POWERS, Program};

/// Variables: `ln G_min`, `ln ΔG`, `ln V` and, where energy is minimised, its logarithm.
pub(crate) const VARIABLES: usize = 4;
type Vector = [f64; VARIABLES];
type Matrix = [Vector; VARIABLES];

/// Complementarity and stationarity that count as solved, relative to the objective.
const DONE: f64 = 5e-11;
pub static STEPS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
pub static RUNS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
const MOST_STEPS: usize = 100;
/// A fall of the barrier function below this is lost in its rounding.
const ROUNDING: f64 = 1e-13;
/// Sides of the box nearer than this are one point.
const THIN: f64 = 1e-10;

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

/// A strictly feasible point on the way from `near` to `centre`, and how far along it is.
fn inside(
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

const fn is_rising(program: &Program<'_>, kind: LimitKind) -> bool {
    matches!(kind, LimitKind::Energy { .. }) && matches!(program.goal, Goal::Energy { .. })
}

/// Which variables can move.
fn free_axes(program: &Program<'_>) -> [bool; VARIABLES] {
    let moves = |axis: usize| program.upper[axis] - program.lower[axis] > THIN;
    [moves(0), moves(1), moves(2), program.goal != Goal::Error]
}

/// Whether a limit depends on a variable that can move.
fn matters(coefficients: &[f64; 6], free: [bool; VARIABLES]) -> bool {
    coefficients.iter().zip(LIMIT_POWERS).any(|(&c, power)| {
        c > 0.0 && power.iter().zip(free).any(|(&p, is_free)| p != 0 && is_free)
    })
}

/// Value and first and second derivative in `s` of "the floor passes the ceiling", relative.
fn squeeze(program: &Program<'_>, s: f64) -> Option<[f64; 3]> {
    program.cap.map(|cap| {
        let floor = program.floor * (-s).exp() / cap.range;
        [floor - (1.0 + cap.at - s), 1.0 - floor, floor]
    })
}

/// One requirement `value ≤ 0` at a point.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    value: f64,
    gradient: Vector,
    hessian: Matrix,
}

/// Everything the method needs at a point.
#[derive(Clone, Debug, Default)]
struct Sample {
    objective: Row,
    rows: Vec<Row>,
}

/// What each row is, in the order of [`Sample::rows`].
#[derive(Clone, Copy, Debug)]
enum Source {
    Limit(usize),
    Squeeze,
    Error,
    Lower(usize),
    Upper(usize),
}

struct Method<'a> {
    program: &'a Program<'a>,
    sources: Vec<Source>,
    free: [bool; VARIABLES],
    scale: f64,
}

impl Method<'_> {
    fn sample(&self, x: Vector, sample: &mut Sample) {
        let program = self.program;
        let powers = Powers::new(x);
        sample.objective = match program.goal {
            Goal::Error => self.error(x, &powers, self.scale),
            Goal::Energy { .. } => {
                let mut row = Row { value: x[3], ..Row::default() };
                row.gradient[3] = 1.0;
                row
            }
        };
        let terms = LIMIT_POWERS.map(|power| powers.monomial(power));
        sample.rows.clear();
        for &source in &self.sources {
            let mut row = Row::default();
            match source {
                Source::Limit(index) => row = self.limit(index, &terms, x[3]),
                Source::Squeeze => {
                    if let Some([value, first, second]) = squeeze(program, x[1] + x[2]) {
                        row.value = value;
                        add_coupling(&mut row, first, second);
                    }
                }
                Source::Error => {
                    row = self.error(x, &powers, self.scale);
                    row.value -= 1.0;
                }
                Source::Lower(axis) => {
                    row.value = program.lower[axis] - x[axis];
                    row.gradient[axis] = -1.0;
                }
                Source::Upper(axis) => {
                    row.value = x[axis] - program.upper[axis];
                    row.gradient[axis] = 1.0;
                }
            }
            sample.rows.push(row);
        }
    }

    /// The error divided by `scale`.
    fn error(&self, x: Vector, powers: &Powers, scale: f64) -> Row {
        let mut row = Row::default();
        for (&c, power) in self.program.error.iter().zip(POWERS) {
            let value = c / scale * powers.monomial(power);
            let p = power.map(f64::from);
            row.value += value;
            for i in 0..3 {
                row.gradient[i] += value * p[i];
                for j in 0..=i {
                    row.hessian[i][j] += value * p[i] * p[j];
                }
            }
        }
        let ranges = self.program.range_loss(x[1] + x[2]);
        row.value += ranges.value / scale;
        add_coupling(&mut row, ranges.slope / scale, ranges.curvature / scale);
        row
    }

    /// The logarithm of a limit.
    fn limit(&self, index: usize, terms: &[f64; 6], energy: f64) -> Row {
        let limit = &self.program.limits[index];
        let mut row = Row::default();
        let parts: [f64; 6] = std::array::from_fn(|k| limit.coefficients[k] * terms[k]);
        let sum: f64 = parts.iter().sum();
        for (part, power) in parts.iter().zip(LIMIT_POWERS) {
            let share = part / sum;
            let p = power.map(f64::from);
            for i in 0..3 {
                row.gradient[i] += share * p[i];
                for j in 0..=i {
                    row.hessian[i][j] += share * p[i] * p[j];
                }
            }
        }
        for i in 0..3 {
            for j in 0..=i {
                row.hessian[i][j] -= row.gradient[i] * row.gradient[j];
            }
        }
        row.value = sum.ln();
        if is_rising(self.program, limit.kind) {
            row.value -= energy;
            row.gradient[3] = -1.0;
        }
        row
    }
}

/// Adds the derivatives of a function of `s = ln ΔG + ln V`.
fn add_coupling(row: &mut Row, first: f64, second: f64) {
    for i in 1..3 {
        row.gradient[i] += first;
        for j in 1..=i {
            row.hessian[i][j] += second;
        }
    }
}

/// Integer powers of `G_min`, `ΔG` and `V` up to the largest that occur.
struct Powers([[f64; 7]; 3]);

impl Powers {
    fn new(x: Vector) -> Self {
        Self(std::array::from_fn(|axis| {
            let (up, down) = (x[axis].exp(), (-x[axis]).exp());
            [down * down, down, 1.0, up, up * up, up * up * up, up * up * up * up]
        }))
    }

    fn monomial(&self, power: [i8; 3]) -> f64 {
        let at = |axis: usize| self.0[axis][(power[axis] + 2) as usize];
        at(0) * at(1) * at(2)
    }
}

fn descend(program: &Program<'_>, from: [f64; 3], centring: f64) -> Point {
    let free = free_axes(program);
    let mut sources = Vec::with_capacity(program.limits.len() + 8);
    let relevant = |limit: &usize| {
        is_rising(program, program.limits[*limit].kind)
            || matters(&program.limits[*limit].coefficients, free)
    };
    sources.extend((0..program.limits.len()).filter(relevant).map(Source::Limit));
    sources.extend(program.cap.map(|_| Source::Squeeze));
    let scale = match program.goal {
        Goal::Error => program.error_at(from),
        Goal::Energy { most_error } => {
            sources.push(Source::Error);
            most_error
        }
    };
    for axis in (0..3).filter(|&axis| free[axis]) {
        sources.extend([Source::Lower(axis), Source::Upper(axis)]);
    }
    let energy = program.limits.iter().filter(|limit| is_rising(program, limit.kind));
    let energy = energy.map(|limit| limit.at(from)).fold(0.0, f64::max).ln() + 0.1;
    let x = [from[0], from[1], from[2], if free[3] { energy } else { 0.0 }];
    let method = Method { program, sources, free, scale };
    let (x, multipliers, settled) = method.run(x, centring);
    let mut point = Point {
        x: [x[0], x[1], x[2]],
        limits: vec![0.0; program.limits.len()],
        squeeze: 0.0,
        error: 0.0,
        settled,
    };
    for (source, &multiplier) in method.sources.iter().zip(&multipliers) {
        match *source {
            Source::Limit(index) => point.limits[index] = multiplier,
            Source::Squeeze => point.squeeze = multiplier,
            Source::Error => point.error = multiplier,
            Source::Lower(_) | Source::Upper(_) => {}
        }
    }
    if program.goal == Goal::Error {
        // Back to the objective's own units.
        point.limits.iter_mut().for_each(|multiplier| *multiplier *= scale);
        point.squeeze *= scale;
    }
    point
}

impl Method<'_> {
    fn run(&self, mut x: Vector, barrier: f64) -> (Vector, Vec<f64>, bool) {
        let mut here = Sample::default();
        let mut there = Sample::default();
        self.sample(x, &mut here);
        let count = here.rows.len().max(1) as f64;
        let mut multipliers: Vec<f64> =
            here.rows.iter().map(|row| (barrier / count) / -row.value).collect();
        let mut trial = multipliers.clone();
        let mut step_multipliers = multipliers.clone();
        let mut centring = 0.1;
        let mut ceiling = f64::INFINITY;
        RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        for _ in 0..MOST_STEPS {
            STEPS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let gap: f64 =
                here.rows.iter().zip(&multipliers).map(|(row, m)| -row.value * m).sum();
            let dual = self.residual(&here, &multipliers, 0.0).0;
            // Never rises again, so that every step makes one and the same function fall.
            let target = (centring * gap.max(0.3 * dual) / count).min(ceiling);
            ceiling = target;
            let residual = self.residual(&here, &multipliers, target).1;
            if gap <= DONE && dual <= DONE {
                return (x, multipliers, true);
            }
            let dx = self.direction(x, &here, &multipliers, target);
            if std::env::var("TRACE").is_ok() { eprintln!("obj {:.6e} gap {gap:.2e} dual {dual:.2e} res {residual:.2e} x {x:?} dx {dx:?}", here.objective.value); }
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
                self.sample(ahead, &mut there);
                let step = multipliers.iter().zip(&step_multipliers);
                trial.iter_mut().zip(step).for_each(|(t, (m, dm))| *t = m + length * dm);
                let inside = there
                    .rows
                    .iter()
                    .zip(&here.rows)
                    .all(|(new, old)| new.value < 0.005 * old.value);
                if inside && self.residual(&there, &trial, target).1 <= (1.0 - 0.01 * length) * residual
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
            if std::env::var("TRACE").is_ok() { eprintln!("   length {length:.2e} accepted {accepted}"); }
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
        let dual: f64 =
            dual.iter().zip(self.free).filter(|(_, free)| *free).map(|(part, _)| part * part).sum();
        (dual.sqrt(), (dual + centring).sqrt())
    }

    /// First-order fall of the barrier function along a step.
    fn fall(&self, sample: &Sample, dx: &Vector, target: f64) -> f64 {
        let push = |row: &Row| target / -row.value * dot(&row.gradient, dx);
        -dot(&sample.objective.gradient, dx) - sample.rows.iter().map(push).sum::<f64>()
    }

    /// Newton step of the variables.
    fn direction(
        &self,
        x: Vector,
        sample: &Sample,
        multipliers: &[f64],
        target: f64,
    ) -> Vector {
        let mut matrix = sample.objective.hessian;
        let mut right = sample.objective.gradient.map(|part| -part);
        for (row, &m) in sample.rows.iter().zip(multipliers) {
            let stiffness = m / -row.value;
            let push = target / -row.value;
            for i in 0..VARIABLES {
                right[i] -= push * row.gradient[i];
                for j in 0..=i {
                    matrix[i][j] +=
                        m * row.hessian[i][j] + stiffness * row.gradient[i] * row.gradient[j];
                }
            }
        }
        for i in (0..VARIABLES).filter(|&i| !self.free[i]) {
            matrix[i] = [0.0; VARIABLES];
            for row in &mut matrix {
                row[i] = 0.0;
            }
            matrix[i][i] = 1.0;
            right[i] = 0.0;
        }
        let factors = factorised(matrix);
        let step = solved(&factors, right);
        if !self.program.is_coupled() {
            return step;
        }
        let along = solved(&factors, std::array::from_fn(|i| {
            if (1..3).contains(&i) && self.free[i] { 1.0 } else { 0.0 }
        }));
        let weight = match self.sources.iter().position(|source| matches!(source, Source::Error)) {
            Some(row) => multipliers[row] / self.scale,
            None => 1.0 / self.scale,
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
        let here = self.program.range_loss(s);
        let excess = |ds: f64| {
            let slope = self.program.range_loss(s + ds).slope;
            weight * (slope - here.slope - here.curvature * ds)
        };
        let miss = |ds: f64| ds + excess(ds) * along - step;
        let (mut near, mut near_miss) = (0.0, -step);
        let (mut far, mut far_miss) = (step, miss(step));
        // Nothing to correct, or less curvature ahead: the plain step falls short, which is safe.
        if far_miss.abs() <= 1e-3 * step.abs() || !(far_miss * near_miss < 0.0) {
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
            let mut sum = a[i][j];
            for k in 0..j {
                sum -= a[i][k] * a[j][k];
            }
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
