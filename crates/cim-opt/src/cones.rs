//! The program as plain cone data: minimise `½ zᵀ P z + qᵀ z` with rows `A z + b` in cones.
//!
//! Every monomial is the height of one exponential cone and every histogram bin that may lie on
//! either side of the full scale is one hinge.

use crate::full_scale::{Converter, Histogram};
use crate::interior;
use crate::program::{Goal, LIMIT_POWERS, LimitKind, POWERS, Powers, Program};

/// Monomials that stay below this part of the objective over the whole box are left out here (and
/// only here: polish and certificate see them).
const NEGLIGIBLE: f64 = 1e-10;
/// How often the bins that may bracket a range are halved before the solver sees them.
const HALVINGS: usize = 4;
/// Tangents of the logarithm of a noise over the logarithm of the voltage. Between two of them, a
/// factor of 1.3 apart in a range of 20, noise is taken too low by less than 0.5 %; polish and
/// certificate know it exactly.
const TANGENTS: usize = 12;
/// Places of thermal noise in [`POWERS`]; with shot noise it is of one height with that.
const THERMAL: [usize; 2] = [1, 2];

/// A cone, with its number of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cone {
    /// Every row at least 0.
    Nonnegative(usize),
    /// Three rows `(a, b, c)` with `b exp(a / b) ≤ c`.
    Exponential,
    /// First row at least the norm of the others.
    SecondOrder(usize),
}

/// Cone data in no solver's types.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConeProgram {
    /// Diagonal of `P`.
    pub quadratic: Vec<f64>,
    /// `q`.
    pub linear: Vec<f64>,
    /// Entries of `A`: row, variable, coefficient.
    pub entries: Vec<(usize, usize, f64)>,
    /// `b`.
    pub constants: Vec<f64>,
    pub cones: Vec<Cone>,
}

impl ConeProgram {
    fn variable(&mut self, cost: f64) -> usize {
        self.linear.push(cost);
        self.quadratic.push(0.0);
        self.linear.len() - 1
    }

    fn row(&mut self, terms: &[(usize, f64)], constant: f64) {
        let row = self.constants.len();
        let nonzero = terms.iter().filter(|(_, c)| *c != 0.0);
        self.entries.extend(nonzero.map(|&(variable, c)| (row, variable, c)));
        self.constants.push(constant);
    }

    fn nonnegative(&mut self, terms: &[(usize, f64)], constant: f64) {
        self.row(terms, constant);
        if let Some(Cone::Nonnegative(rows)) = self.cones.last_mut() {
            *rows += 1;
        } else {
            self.cones.push(Cone::Nonnegative(1));
        }
    }

    /// `exp(exponent + constant) ≤ height`.
    fn exponential(&mut self, exponent: &[(usize, f64)], constant: f64, height: usize) {
        self.row(exponent, constant);
        self.row(&[], 1.0);
        self.row(&[(height, 1.0)], 0.0);
        self.cones.push(Cone::Exponential);
    }
}

/// Cone data together with what its variables mean.
pub(crate) struct Formulation<'a> {
    pub cones: ConeProgram,
    program: &'a Program<'a>,
    /// Offset of the logarithms: the program is scaled around this point.
    origin: [f64; 3],
    axes: [Option<usize>; 3],
    ranges: Vec<Option<usize>>,
    scale: f64,
}

impl<'a> Formulation<'a> {
    /// Writes the program as cones, scaled around an interior point.
    pub fn new(program: &'a Program<'a>) -> Self {
        let origin = interior::start(program);
        let mut cones = ConeProgram::default();
        let axes = [0, 1, 2]
            .map(|axis| (program.upper[axis] > program.lower[axis]).then(|| cones.variable(0.0)));
        let mut this = Self {
            cones,
            program,
            origin,
            axes,
            ranges: vec![None; program.tiles.len()],
            scale: program.error_at(origin),
        };
        this.sides();
        match program.goal {
            Goal::Error => {
                this.monomials();
                this.ranges();
                this.limits(None);
            }
            Goal::Energy { most_error } => {
                let energy = this.cones.variable(1.0);
                this.limits(Some(energy));
                this.greatest_error(most_error);
            }
        }
        this
    }

    /// The window and the ranges that a solution means.
    pub fn read(&self, z: &[f64]) -> ([f64; 3], Vec<f64>) {
        let x = [0, 1, 2]
            .map(|axis| self.origin[axis] + self.axes[axis].map_or(0.0, |variable| z[variable]));
        let range = |(variable, &best): (&Option<usize>, &f64)| {
            variable.map_or(best, |variable| best * z[variable])
        };
        (x, self.ranges.iter().zip(&self.program.best).map(range).collect())
    }

    fn exponent(&self, power: [i8; 3]) -> Vec<(usize, f64)> {
        let of = |axis: usize| self.axes[axis].map(|variable| (variable, f64::from(power[axis])));
        (0..3).filter_map(of).filter(|(_, p)| *p != 0.0).collect()
    }

    fn sides(&mut self) {
        for axis in 0..3 {
            if let Some(variable) = self.axes[axis] {
                let from = self.origin[axis];
                self.cones.nonnegative(&[(variable, 1.0)], from - self.program.lower[axis]);
                self.cones.nonnegative(&[(variable, -1.0)], self.program.upper[axis] - from);
            }
        }
    }

    /// One exponential cone per monomial of the error; returns the heights with their factors and
    /// the part that does not move.
    fn monomials(&mut self) -> (Vec<(usize, f64)>, f64) {
        let mut heights = Vec::with_capacity(POWERS.len());
        let mut constant = 0.0;
        let powers = Powers::new(self.origin);
        let apart = |k: usize| THERMAL.contains(&k) && !self.program.shot.is_silent();
        let monomials = self.program.error.iter().zip(POWERS).enumerate();
        for (_, (&c, power)) in monomials.filter(|(k, _)| !apart(*k)) {
            let factor = c / self.scale * powers.monomial(power);
            let corner = [0, 1, 2].map(|axis| {
                if power[axis] > 0 { self.program.upper[axis] } else { self.program.lower[axis] }
            });
            let exponent = self.exponent(power);
            if exponent.is_empty()
                || c / self.scale * Powers::new(corner).monomial(power) < NEGLIGIBLE
            {
                constant += factor;
                continue;
            }
            let is_cost = self.program.goal == Goal::Error;
            let height = self.cones.variable(if is_cost { factor } else { 0.0 });
            self.cones.exponential(&exponent, 0.0, height);
            heights.push((height, factor));
        }
        constant += self.noise(&mut heights);
        (heights, constant)
    }

    /// Thermal and shot noise, whose logarithm is convex in that of the voltage: one height above a
    /// few of its tangents for each of both pieces. Returns what does not move.
    fn noise(&mut self, heights: &mut Vec<(usize, f64)>) -> f64 {
        let program = self.program;
        if program.shot.is_silent() {
            return 0.0;
        }
        let mut constant = 0.0;
        for (piece, (thermal, power)) in
            THERMAL.into_iter().zip([[1, -2, 0], [0, -1, 0]]).enumerate()
        {
            // Value and slope of the logarithm at a logarithm of the voltage.
            let at = |t: f64| {
                let rest = program.error[thermal] * (-2.0 * t).exp();
                let [value, slope, _] = program.shot.at(t.exp())[piece];
                let sum = rest + value;
                (sum.ln(), (slope - 2.0 * rest) / sum)
            };
            let here = at(self.origin[2]).0;
            let factor = here.exp() * Powers::new(self.origin).monomial(power) / self.scale;
            if factor == 0.0 {
                continue;
            }
            let fixed = self.exponent(power);
            if fixed.is_empty() && self.axes[2].is_none() {
                constant += factor;
                continue;
            }
            let is_cost = program.goal == Goal::Error;
            let height = self.cones.variable(if is_cost { factor } else { 0.0 });
            let (low, high) = (program.lower[2], program.upper[2]);
            let tangents = if self.axes[2].is_some() { TANGENTS } else { 1 };
            for k in 0..tangents {
                let share = k as f64 / (TANGENTS - 1) as f64;
                let t = if tangents == 1 { self.origin[2] } else { low + share * (high - low) };
                let (value, slope) = at(t);
                let mut exponent = fixed.clone();
                exponent.extend(self.axes[2].map(|variable| (variable, slope)));
                let offset = value - here + slope * (self.origin[2] - t);
                self.cones.exponential(&exponent, offset, height);
            }
            heights.push((height, factor));
        }
        constant
    }

    /// Limits share the heights of their monomials. `energy` is the variable above the energy
    /// where that is minimised.
    fn limits(&mut self, energy: Option<usize>) {
        let mut heights = [None; LIMIT_POWERS.len()];
        let powers = Powers::new(self.origin);
        for limit in &self.program.limits {
            let mut terms = Vec::with_capacity(LIMIT_POWERS.len() + 1);
            let mut constant = 0.0;
            for (k, &c) in limit.coefficients.iter().enumerate().filter(|(_, c)| **c > 0.0) {
                let factor = c * powers.monomial(LIMIT_POWERS[k]);
                let exponent = self.exponent(LIMIT_POWERS[k]);
                if exponent.is_empty() {
                    constant += factor;
                    continue;
                }
                let height = *heights[k].get_or_insert_with(|| {
                    let height = self.cones.variable(0.0);
                    self.cones.exponential(&exponent, 0.0, height);
                    height
                });
                terms.push((height, -factor));
            }
            match (limit.kind, energy) {
                (LimitKind::Energy { .. }, Some(energy)) => {
                    // Scaled by its own size at the origin.
                    let size = limit.at(self.origin);
                    terms.iter_mut().for_each(|(_, factor)| *factor /= size);
                    terms.push((energy, 1.0));
                    self.cones.nonnegative(&terms, -constant / size);
                }
                _ if terms.is_empty() => {}
                _ => self.cones.nonnegative(&terms, 1.0 - constant),
            }
        }
    }

    /// Rounding and clipping of every tile as a quadratic cost over its range and hinges.
    fn ranges(&mut self) {
        let program = self.program;
        for (tile_idx, tile) in program.tiles.iter().enumerate() {
            let best = program.best[tile_idx];
            let unit = tile.weight / self.scale * best * best;
            let converter = program.converter(tile);
            let reach = converter.reach();
            let (mut low, mut high) = bracket(&tile.output, converter);
            if program.cap.is_some() {
                low = 0.0;
            }
            if program.floor > 0.0 {
                high = f64::INFINITY;
            }
            let range = self.cones.variable(0.0);
            self.ranges[tile_idx] = Some(range);
            self.cones.quadratic[range] = 2.0 * unit * converter.rounding();
            self.cones.nonnegative(&[(range, 1.0)], -low / (reach * best));
            for (y, p) in tile.output.descending().take_while(|&(y, _)| y > low) {
                if y >= high {
                    // Above every possible range: p (y − reach r)², no hinge.
                    self.cones.quadratic[range] += 2.0 * unit * p * reach * reach;
                    self.cones.linear[range] -= 2.0 * unit * p * reach * y / best;
                } else if p > 0.0 {
                    let hinge = self.hinge(range, reach, y / best);
                    self.cones.quadratic[hinge] = 2.0 * unit * p;
                }
            }
            self.full_scale(range, best);
        }
    }

    /// A variable at least 0 and at least `y − reach · range`.
    fn hinge(&mut self, range: usize, reach: f64, y: f64) -> usize {
        let hinge = self.cones.variable(0.0);
        self.cones.nonnegative(&[(hinge, 1.0)], 0.0);
        self.cones.nonnegative(&[(hinge, 1.0), (range, reach)], -y);
        hinge
    }

    /// Floor and tightened ceiling of one range, in units of its best.
    fn full_scale(&mut self, range: usize, best: f64) {
        let s = self.origin[1] + self.origin[2];
        let falling = self.exponent([0, -1, -1]);
        if self.program.floor > 0.0 {
            let raised = self.program.floor * (-s).exp() / best;
            // raised · exp(−s) ≤ range.
            self.cones.row(&falling, raised.ln());
            self.cones.row(&[], 1.0);
            self.cones.row(&[(range, 1.0)], 0.0);
            self.cones.cones.push(Cone::Exponential);
        }
        if let Some(cap) = self.program.cap {
            let slope = cap.range / best;
            let mut terms: Vec<_> = falling.iter().map(|&(z, c)| (z, c * slope)).collect();
            terms.push((range, -1.0));
            self.cones.nonnegative(&terms, cap.at(s) / best);
        }
    }

    /// Error at most a constant, where energy is minimised. Ranges that the window cannot move
    /// stay at their best; the loss of the others is the square of a second-order cone.
    fn greatest_error(&mut self, most_error: f64) {
        let (mut terms, mut constant) = self.monomials();
        terms.iter_mut().for_each(|(_, factor)| *factor = -*factor);
        if !self.program.is_coupled() {
            constant += self.program.best_loss / self.scale;
            self.cones.nonnegative(&terms, most_error / self.scale - constant);
            return;
        }
        let mut parts = Vec::new();
        for (tile_idx, tile) in self.program.tiles.iter().enumerate() {
            let best = self.program.best[tile_idx];
            let unit = tile.weight / self.scale * best * best;
            let range = self.cones.variable(0.0);
            self.ranges[tile_idx] = Some(range);
            self.cones.nonnegative(&[(range, 1.0)], 0.0);
            let converter = self.program.converter(tile);
            parts.push((range, (unit * converter.rounding()).sqrt()));
            for (y, p) in tile.output.descending().filter(|&(y, p)| y > 0.0 && p > 0.0) {
                let hinge = self.hinge(range, converter.reach(), y / best);
                parts.push((hinge, (unit * p).sqrt()));
            }
            self.full_scale(range, best);
        }
        let loss = self.cones.variable(0.0);
        terms.push((loss, -1.0));
        self.cones.nonnegative(&terms, most_error / self.scale - constant);
        // Σ parts² ≤ loss, as ‖(parts, (loss − 1)/2)‖ ≤ (loss + 1)/2.
        self.cones.row(&[(loss, 0.5)], 0.5);
        self.cones.row(&[(loss, 0.5)], -0.5);
        for &part in &parts {
            self.cones.row(&[part], 0.0);
        }
        self.cones.cones.push(Cone::SecondOrder(parts.len() + 2));
    }
}

/// Bin centres that surely have what the outermost code of the best range stands for between them,
/// by halving on the loss's slope.
fn bracket(output: &Histogram, converter: Converter) -> (f64, f64) {
    let at = |bin: usize| if bin == 0 { 0.0 } else { output.centres[bin - 1] };
    let (mut low, mut high) = (0, output.centres.len());
    for _ in 0..HALVINGS {
        let middle = usize::midpoint(low, high);
        if output.loss(converter, at(middle) / converter.reach()).slope < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    (at(low), at(high))
}
