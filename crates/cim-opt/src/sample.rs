//! The reduced program at a point: values, slopes and curvatures of all it consists of.

use crate::interior::{free_axes, is_rising, matters, squeeze};
use crate::program::{Goal, LIMIT_POWERS, LIMIT_TERMS, POWERS, Powers, Program, VARIABLES};

pub(crate) type Vector = [f64; VARIABLES];
pub(crate) type Matrix = [Vector; VARIABLES];

/// One requirement `value ≤ 0` at a point.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Row {
    pub value: f64,
    pub gradient: Vector,
    pub hessian: Matrix,
}

/// Everything the method needs at a point.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub objective: Row,
    pub rows: Vec<Row>,
}

/// What each row is, in the order of [`Sample::rows`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    Limit(usize),
    Squeeze,
    Error,
    Lower(usize),
    Upper(usize),
}

/// A program with the order of its rows.
pub(crate) struct Sampler<'a> {
    pub program: &'a Program<'a>,
    pub sources: Vec<Source>,
    pub free: [bool; VARIABLES],
    /// The error is divided by this.
    pub scale: f64,
}

impl<'a> Sampler<'a> {
    /// Rows of everything that can bind, the error scaled by its value at `from`.
    pub fn new(program: &'a Program<'a>, from: [f64; 3]) -> Self {
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
        Self { program, sources, free, scale }
    }

    /// The variables at a window, the energy variable just above the energy there.
    pub fn variables(&self, x: [f64; 3]) -> Vector {
        if !self.free[3] {
            return [x[0], x[1], x[2], 0.0];
        }
        let pieces = self.program.limits.iter().filter(|limit| is_rising(self.program, limit.kind));
        let energy = pieces.map(|limit| limit.at(x)).fold(0.0, f64::max);
        [x[0], x[1], x[2], energy.ln() + 0.1]
    }

    /// Values, slopes and curvatures of the objective and all rows at a point.
    pub fn sample(&self, x: Vector, sample: &mut Sample) {
        let program = self.program;
        let powers = Powers::new([x[0], x[1], x[2]]);
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
        let (value, gradient, hessian) = self.program.shot.sample([x[0], x[1], x[2]]);
        row.value += value / scale;
        for i in 0..3 {
            row.gradient[i] += gradient[i] / scale;
            let own = row.hessian[i].iter_mut().zip(&hessian[i]);
            own.take(i + 1).for_each(|(to, bend)| *to += bend / scale);
        }
        let ranges = self.program.range_loss(x[1] + x[2]);
        row.value += ranges.value / scale;
        add_coupling(&mut row, ranges.slope / scale, ranges.curvature / scale);
        row
    }

    /// The logarithm of a limit.
    fn limit(&self, index: usize, terms: &[f64; LIMIT_TERMS], energy: f64) -> Row {
        let limit = &self.program.limits[index];
        let mut row = Row::default();
        let parts: [f64; LIMIT_TERMS] = std::array::from_fn(|k| limit.coefficients[k] * terms[k]);
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
