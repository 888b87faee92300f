//! The problem as a geometric program in the logarithms of `G_min`, `ΔG` and `V`, with the
//! converters' ranges already at their optimum for the window.
//!
//! The window part of the error has 21 distinct monomials and two functions of the voltage
//! ([`Shot`]) whatever the number of tiles, so tiles
//! are merged first. A range meets the window only through the full-scale floor and ceiling, both
//! functions of `s = ln(V ΔG)` alone, and its loss at its best value is convex in `s`:
//!
//! * free: the least point of a convex piecewise parabola, the same for every window;
//! * floor: `r ≥ F e^(−s)`, convex, and the loss rises there;
//! * ceiling, tightened: `r ≤ r₀ (1 + s₀ − s)`, linear, below `C e^(−s)` and touching it at `s₀`.

use cim_core::{BOLTZMANN_J_K, ELEMENTARY_CHARGE_C};

use crate::cost::wire_loss;
use crate::full_scale::{Converter, Loss};
use crate::shot::{self, Shot};
use crate::window::{CircuitTerms, SMALLEST_WINDOW, TileTerms, WindowProblem};

/// Variables: `ln G_min`, `ln ΔG`, `ln V` and, where energy is minimised, its logarithm.
pub(crate) const VARIABLES: usize = 4;

/// Exponents of `(G_min, ΔG, V)` in the monomials of the error.
pub(crate) const POWERS: [[i8; 3]; 21] = [
    [0, 0, 0],
    [1, -2, -2],
    [0, -1, -2],
    [1, -2, -1],
    [0, -1, -1],
    [0, -2, 0],
    [1, -2, 0],
    [0, -1, 0],
    [2, -2, 0],
    [1, -1, 0],
    [-1, -2, 0],
    [2, 0, 0],
    [1, 1, 0],
    [0, 2, 0],
    [0, 0, 4],
    [0, -2, -2],
    [2, -2, -2],
    [1, -1, -2],
    [0, 0, -2],
    [3, -1, 0],
    [4, -2, 0],
];

/// Monomials of the limits and of the energy.
pub(crate) const LIMIT_TERMS: usize = 8;
/// Exponents of `(G_min, ΔG, V)` in them. The two of `ΔG V` are apart: one follows a tile's range.
pub(crate) const LIMIT_POWERS: [[i8; 3]; LIMIT_TERMS] =
    [[1, 0, 0], [0, 1, 0], [1, 0, 2], [0, 1, 2], [0, 1, 1], [0, 0, 0], [1, 0, 1], [0, 1, 1]];

/// Coefficients of the error monomials of one tile, weighted, SI units.
pub(crate) fn error_coefficients(problem: &WindowProblem, tile: &TileTerms) -> [f64; POWERS.len()] {
    let circuit = &problem.circuit;
    let four_ktb = 4.0
        * BOLTZMANN_J_K
        * circuit.temperature.0
        * circuit.bandwidth.0
        * (1.0 + circuit.amplifier_factor);
    // Shot noise as far as it is not in `Shot`.
    let two_qb = 2.0 * ELEMENTARY_CHARGE_C * shot::split(circuit).1 * circuit.bandwidth.0;
    let front_end = &circuit.front_end;
    let offset = front_end.amplifier_offset.0.powi(2);
    let (program, read) = (&problem.device.program, &problem.device.read);
    let a0 = program.a0 + read.a0;
    let a1 = program.a1 + read.a1;
    let a2 = program.a2 + read.a2;
    let am = program.am + read.am;
    // `(path (cells G_min + ΔG mean_w))² (signal_power + first b + second b²)` with `b = G_min / ΔG`.
    let square = tile.path.0 * tile.path.0;
    let mean_w = tile.s1 / tile.rows;
    let loss = [mean_w * mean_w, 2.0 * tile.cells * mean_w, tile.cells * tile.cells];
    let sensed = [tile.signal_power, tile.bottom.signal[0], tile.bottom.signal[1]];
    let weights = [tile.weight_power, tile.bottom.weights[0], tile.bottom.weights[1]];
    let wire = |g_min: usize| -> f64 {
        (0..3)
            .map(|k| if g_min >= k && g_min - k < 3 { loss[k] * sensed[g_min - k] } else { 0.0 })
            .sum::<f64>()
            * square
    };
    let gain = front_end.gain_spread.powi(2);
    let dac = front_end.dac_inl.powi(2);
    let driver = front_end.driver_noise.0.powi(2);
    [
        a2 * tile.w2 + gain * sensed[0] + dac * weights[0],
        four_ktb * tile.cells * tile.rows,
        four_ktb * tile.s1,
        two_qb * tile.cells * tile.u1,
        two_qb * tile.v1,
        tile.cells * tile.u2 * a0,
        tile.cells * tile.u2 * a1,
        tile.v2 * a1,
        tile.cells * tile.u2 * a2 + gain * sensed[2] + dac * weights[2],
        2.0 * tile.v2 * a2 + gain * sensed[1] + dac * weights[1],
        tile.cells * tile.u2 * am,
        wire(2),
        wire(1),
        wire(0),
        problem.device.cubic_per_v2.powi(2) * tile.cubic_power,
        circuit.input_noise.0.powi(2),
        offset * tile.cells * tile.rows * tile.rows + driver * weights[2],
        2.0 * offset * tile.rows * tile.s1 + driver * weights[1],
        offset * tile.s1_square + driver * weights[0],
        wire(3),
        wire(4),
    ]
    .map(|coefficient| coefficient * tile.weight)
}

/// Energy coefficients of one tile over [`LIMIT_POWERS`]: cells, the amplifier at range 1, and what
/// does not depend on the window.
pub(crate) fn energy_coefficients(circuit: &CircuitTerms, tile: &TileTerms) -> [f64; LIMIT_TERMS] {
    let reads = tile.columns * tile.uses;
    let seconds = reads * circuit.read_time.0;
    let front_end = &circuit.front_end;
    let driver_j = seconds * front_end.driver_supply.0;
    // Either the supply or a source of just the read voltage pays for the cells.
    let lossless = if driver_j > 0.0 { 0.0 } else { seconds };
    [
        0.0,
        0.0,
        lossless * tile.drawn_cells * tile.u2,
        lossless * tile.drawn_v2,
        seconds * circuit.supply.0,
        reads * front_end.static_energy.0,
        driver_j * tile.drawn_cells * tile.u1,
        driver_j * tile.drawn_v1,
    ]
}

/// Adds the energy of a tile to `sum`, its amplifier following the window at this range or fixed at
/// this full scale (A).
pub(crate) fn add_energy(
    sum: &mut [f64; LIMIT_TERMS],
    part: [f64; LIMIT_TERMS],
    amplifier: Result<f64, f64>,
) {
    for k in [2, 3, 5, 6, 7] {
        sum[k] += part[k];
    }
    match amplifier {
        Ok(range) => sum[4] += part[4] * range,
        Err(full_scale_a) => sum[5] += part[4] * full_scale_a,
    }
}

/// What a limit is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LimitKind {
    /// `G_min + ΔG` within the device's window.
    Window,
    /// Energy with the amplifiers of the tiles whose best range is at least this one following
    /// the window, the others at the full-scale floor.
    Energy {
        /// Least best range that follows the window.
        following_from: f64,
    },
    /// Wire non-ideality of a tile.
    Nonideality {
        /// Index of the tile.
        tile: usize,
    },
}

/// A posynomial over [`LIMIT_POWERS`] that has to stay at most 1 (or at most the energy variable).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub kind: LimitKind,
    pub coefficients: [f64; LIMIT_TERMS],
}

impl Limit {
    /// Its value at a point `(ln G_min, ln ΔG, ln V)`.
    pub fn at(&self, x: [f64; 3]) -> f64 {
        let powers = Powers::new(x);
        let parts = self.coefficients.iter().zip(LIMIT_POWERS);
        parts.map(|(c, power)| c * powers.monomial(power)).sum()
    }
}

/// Integer powers of `G_min`, `ΔG` and `V` up to the largest that occur.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Powers([[f64; 7]; 3]);

impl Powers {
    pub fn new(x: [f64; 3]) -> Self {
        Self(std::array::from_fn(|axis| {
            let (up, down) = (x[axis].exp(), (-x[axis]).exp());
            [down * down, down, 1.0, up, up * up, up * up * up, up * up * up * up]
        }))
    }

    pub fn monomial(&self, power: [i8; 3]) -> f64 {
        let at = |axis: usize| self.0[axis][(power[axis] + 2) as usize];
        at(0) * at(1) * at(2)
    }
}

/// What is minimised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// The error, within the limits.
    Error,
    /// The energy, with the error at most this.
    Energy {
        /// Greatest error.
        most_error: f64,
    },
}

/// The full-scale ceiling, tightened to a line: `r ≤ range (1 + at − s)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cap {
    pub at: f64,
    pub range: f64,
}

impl Cap {
    /// The line's value at `s`.
    pub fn at(&self, s: f64) -> f64 {
        self.range * (1.0 + self.at - s)
    }
}

/// The reduced program: at most four variables, few limits.
#[derive(Clone, Debug)]
pub(crate) struct Program<'a> {
    pub tiles: &'a [TileTerms],
    /// Merged coefficients over [`POWERS`].
    pub error: [f64; POWERS.len()],
    /// Merged excess of shot noise.
    pub shot: Shot,
    /// Non-linearity of the output converters.
    pub adc_inl: f64,
    pub limits: Vec<Limit>,
    /// Best range of each tile.
    pub best: Vec<f64>,
    /// Weighted loss of all tiles at their best ranges.
    pub best_loss: f64,
    /// Full-scale floor, A; 0 is none.
    pub floor: f64,
    pub cap: Option<Cap>,
    pub lower: [f64; 3],
    pub upper: [f64; 3],
    pub goal: Goal,
}

impl<'a> Program<'a> {
    /// Merges a well-posed problem.
    pub fn new(problem: &'a WindowProblem, goal: Goal) -> Self {
        let mut error = [0.0; POWERS.len()];
        let mut best_loss = 0.0;
        let mut best = Vec::with_capacity(problem.tiles.len());
        for tile in &problem.tiles {
            for (sum, part) in error.iter_mut().zip(error_coefficients(problem, tile)) {
                *sum += part;
            }
            let converter = problem.circuit.converter(tile);
            let range = tile.output.best_range(converter);
            best_loss += tile.weight * tile.output.loss(converter, range).value;
            best.push(range);
        }
        let mut limits = limits(problem);
        let (lower, _) = bounds(problem);
        let energy_scale = match goal {
            Goal::Error => problem.limits.energy.map(|limit| limit.0),
            Goal::Energy { .. } => Some(Self::energy_of(problem, lower)),
        };
        if let Some(scale) = energy_scale.filter(|&scale| scale > 0.0) {
            energy_pieces(problem, &best, scale, &mut limits);
        }
        let upper = tightened(&limits, goal, lower, bounds(problem).1);
        let floor = problem.limits.full_scale_floor.map_or(0.0, |floor| floor.0);
        Self {
            tiles: &problem.tiles,
            error,
            shot: Shot::of(problem),
            adc_inl: problem.circuit.front_end.adc_inl,
            limits,
            best,
            best_loss,
            floor,
            cap: None,
            lower,
            upper,
            goal,
        }
    }

    /// Energy at a point with every amplifier at its tile's best range, or at the full-scale
    /// floor where that is higher.
    pub fn energy_of(problem: &WindowProblem, x: [f64; 3]) -> f64 {
        let floor = problem.limits.full_scale_floor.map_or(0.0, |floor| floor.0);
        let powers = Powers::new(x);
        let terms = LIMIT_POWERS.map(|power| powers.monomial(power));
        let of_tile = |tile: &TileTerms| {
            let part = energy_coefficients(&problem.circuit, tile);
            let range = tile.output.best_range(problem.circuit.converter(tile));
            let amplifier = part[4] * (range * terms[4]).max(floor);
            [2, 3, 5, 6, 7].iter().map(|&k| part[k] * terms[k]).sum::<f64>() + amplifier
        };
        problem.tiles.iter().map(of_tile).sum()
    }

    /// The converter of a tile.
    pub const fn converter(&self, tile: &TileTerms) -> Converter {
        Converter { steps: tile.steps, inl: self.adc_inl }
    }

    /// Range of a tile at `s = ln(V ΔG)`.
    pub fn range_at(&self, tile_idx: usize, s: f64) -> f64 {
        let raised = if self.floor > 0.0 { self.floor * (-s).exp() } else { 0.0 };
        let free = self.best[tile_idx].max(raised);
        self.cap.map_or(free, |cap| free.min(cap.at(s)))
    }

    /// Whether the ranges depend on the window at all.
    pub const fn is_coupled(&self) -> bool {
        self.floor > 0.0 || self.cap.is_some()
    }

    /// Weighted loss of all ranges at `s`, with its derivatives in `s`.
    pub fn range_loss(&self, s: f64) -> Loss {
        let mut sum = Loss { value: self.best_loss, slope: 0.0, curvature: 0.0 };
        if !self.is_coupled() {
            return sum;
        }
        let raised = if self.floor > 0.0 { self.floor * (-s).exp() } else { 0.0 };
        let most = self.cap.map_or(f64::INFINITY, |cap| cap.at(s));
        sum.value = 0.0;
        for (tile, &best) in self.tiles.iter().zip(&self.best) {
            let range = best.max(raised).min(most);
            let loss = tile.output.loss(self.converter(tile), range);
            sum.value += tile.weight * loss.value;
            // dr/ds and d²r/ds² of whichever bound carries the range.
            let (first, second) = if most < best.max(raised) {
                (-self.cap.map_or(0.0, |cap| cap.range), 0.0)
            } else if raised > best {
                (-range, range)
            } else {
                (0.0, 0.0)
            };
            sum.slope += tile.weight * loss.slope * first;
            sum.curvature += tile.weight * (loss.curvature * first * first + loss.slope * second);
        }
        sum
    }

    /// Error at a point with every range at its best.
    pub fn error_at(&self, x: [f64; 3]) -> f64 {
        let powers = Powers::new(x);
        let parts = self.error.iter().zip(POWERS);
        let window: f64 = parts.map(|(c, power)| c * powers.monomial(power)).sum();
        window + self.shot.sample(x).0 + self.range_loss(x[1] + x[2]).value
    }
}

/// Box of `(ln G_min, ln ΔG, ln V)` that the device allows.
pub(crate) fn bounds(problem: &WindowProblem) -> ([f64; 3], [f64; 3]) {
    let device = &problem.device;
    let (g_off, g_on) = (device.g_off.0, device.g_on.0);
    let smallest = SMALLEST_WINDOW * (g_on - g_off);
    let (v_min, v_max) = match problem.limits.fixed_read_voltage {
        Some(fixed) => (fixed.0, fixed.0),
        None => (device.v_min.0, device.v_max.0),
    };
    (
        [g_off.ln(), smallest.ln(), v_min.ln()],
        [(g_on - smallest).ln(), (g_on - g_off).ln(), v_max.ln()],
    )
}

/// Coefficients of a limit that is linear in the window.
pub(crate) const fn of_window(per_g_min: f64, per_swing: f64) -> [f64; LIMIT_TERMS] {
    let mut coefficients = [0.0; LIMIT_TERMS];
    coefficients[0] = per_g_min;
    coefficients[1] = per_swing;
    coefficients
}

/// The window limit and those non-ideality limits that no other implies.
pub(crate) fn limits(problem: &WindowProblem) -> Vec<Limit> {
    let g_on = problem.device.g_on.0;
    let mut limits = Vec::with_capacity(8);
    limits.push(Limit { kind: LimitKind::Window, coefficients: of_window(1.0 / g_on, 1.0 / g_on) });
    let Some(most) = problem.limits.nonideality else { return limits };
    for (tile_idx, tile) in problem.tiles.iter().enumerate() {
        let of = |g_min, swing| wire_loss(tile, g_min, swing) / most;
        let new = Limit {
            kind: LimitKind::Nonideality { tile: tile_idx },
            coefficients: of_window(of(1.0, 0.0), of(0.0, 1.0)),
        };
        let implies = |a: &Limit, b: &Limit| {
            a.coefficients[0] >= b.coefficients[0] && a.coefficients[1] >= b.coefficients[1]
        };
        if !limits.iter().any(|old| implies(old, &new)) {
            limits.retain(|old| old.kind == LimitKind::Window || !implies(&new, old));
            limits.push(new);
        }
    }
    limits
}

/// Adds the energy as a limit: the greatest of a few posynomials, one for each set of tiles whose
/// amplifier follows the window while the others sit at the full-scale floor.
fn energy_pieces(problem: &WindowProblem, best: &[f64], scale: f64, limits: &mut Vec<Limit>) {
    let floor = problem.limits.full_scale_floor.map_or(0.0, |floor| floor.0);
    let mut thresholds = vec![0.0];
    if floor > 0.0 && problem.circuit.supply.0 > 0.0 {
        thresholds.extend(best);
        thresholds.push(f64::INFINITY);
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        // Following from 0 or from the smallest best range is the same set.
        thresholds.remove(0);
    }
    for following_from in thresholds {
        let mut coefficients = [0.0; LIMIT_TERMS];
        for (tile, &range) in problem.tiles.iter().zip(best) {
            let part = energy_coefficients(&problem.circuit, tile).map(|part| part / scale);
            let amplifier = if range >= following_from { Ok(range) } else { Err(floor) };
            add_energy(&mut coefficients, part, amplifier);
        }
        limits.push(Limit { kind: LimitKind::Energy { following_from }, coefficients });
    }
}

/// Upper corner after pulling every side in as far as the limits allow with the other variables
/// at their least: limits only grow, so nothing feasible is cut off.
pub(crate) fn tightened(
    limits: &[Limit],
    goal: Goal,
    lower: [f64; 3],
    upper: [f64; 3],
) -> [f64; 3] {
    let mut tight = upper;
    let corner = Powers::new(lower);
    for limit in limits {
        if goal != Goal::Error && matches!(limit.kind, LimitKind::Energy { .. }) {
            continue;
        }
        for axis in 0..3 {
            // The limit along this axis: square z² + linear z + constant at most 1.
            let mut parts = [0.0; 3];
            for (&c, power) in limit.coefficients.iter().zip(LIMIT_POWERS) {
                let mut others = power;
                others[axis] = 0;
                parts[usize::from(power[axis].unsigned_abs())] += c * corner.monomial(others);
            }
            let [constant, linear, square] = parts;
            let room = 1.0 - constant;
            let root = (linear * linear + 4.0 * square * room).max(0.0).sqrt();
            let most = (2.0 * room / (linear + root)).ln();
            // A comparison with NaN (no room, or no dependence) leaves the side where it is.
            if most < tight[axis] {
                tight[axis] = most.max(lower[axis]);
            }
        }
    }
    tight
}
