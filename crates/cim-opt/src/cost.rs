//! What a choice of window, voltage and ranges costs, from the closed forms themselves.

use cim_core::{BOLTZMANN_J_K, ELEMENTARY_CHARGE_C, Joules, Siemens, Volts};
use serde::Serialize;

use crate::error::OptError;
use crate::shot::{self, Shot};
use crate::window::{Posynomial, TileTerms, WindowProblem};

/// Error by source, each in units of the objective.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Budget {
    /// Thermal noise of the cells and the amplifier.
    pub thermal: f64,
    /// Shot noise, as far as it exceeds the thermal noise of cells at rest.
    pub shot: f64,
    /// Programming error; the `am` part counts every cell as if it were at `G_min` (an upper bound).
    pub programming: f64,
    /// Read noise; `am` as for programming.
    pub read: f64,
    /// Loss along the wires.
    pub ir_drop: f64,
    /// Curvature of the cell's current-voltage line.
    pub nonlinearity: f64,
    /// Noise at the converter's input.
    pub input: f64,
    /// Rounding to converter steps.
    pub quantisation: f64,
    /// Output beyond what the outermost code stands for.
    pub clipping: f64,
    /// Offset of the amplifiers over the conductance that they hold.
    pub offset: f64,
    /// Spread of the gains of columns.
    pub gain: f64,
    /// Noise of the row drivers, and the non-linearity of the input converter.
    pub drivers: f64,
}

impl Budget {
    /// The parts with their names, in the order of the fields.
    #[must_use]
    pub const fn parts(&self) -> [(&'static str, f64); 12] {
        [
            ("thermal", self.thermal),
            ("shot", self.shot),
            ("programming", self.programming),
            ("read", self.read),
            ("ir_drop", self.ir_drop),
            ("nonlinearity", self.nonlinearity),
            ("input", self.input),
            ("quantisation", self.quantisation),
            ("clipping", self.clipping),
            ("offset", self.offset),
            ("gain", self.gain),
            ("drivers", self.drivers),
        ]
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.parts().iter().map(|(_, part)| part).sum()
    }

    fn add(&mut self, other: &Self) {
        self.thermal += other.thermal;
        self.shot += other.shot;
        self.programming += other.programming;
        self.read += other.read;
        self.ir_drop += other.ir_drop;
        self.nonlinearity += other.nonlinearity;
        self.input += other.input;
        self.quantisation += other.quantisation;
        self.clipping += other.clipping;
        self.offset += other.offset;
        self.gain += other.gain;
        self.drivers += other.drivers;
    }
}

/// What one choice of window, voltage and ranges costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// `Σ weight × variance` over the tiles.
    pub objective: f64,
    /// The same by source.
    pub budget: Budget,
    /// The same by tile and source.
    pub tiles: Vec<Budget>,
    /// Array and sense-amplifier energy per inference.
    pub energy: Joules,
    /// Greatest wire non-ideality of any tile.
    pub nonideality: f64,
}

/// What a choice costs, from the closed forms themselves: no solver, no merged terms.
///
/// `ranges` has one full scale per tile in units of its output. A window without width, or a
/// voltage of 0, costs infinity or NaN.
///
/// # Errors
/// [`OptError::Ranges`] unless there is one range per tile.
///
/// Source: the specification's closed-form error model (sections 6.2 and 6.3).
pub fn evaluate(
    problem: &WindowProblem,
    g_min: Siemens,
    g_max: Siemens,
    read_voltage: Volts,
    ranges: &[f64],
) -> Result<Evaluation, OptError> {
    let tiles = problem.tiles.len();
    if ranges.len() != tiles {
        return Err(OptError::Ranges { ranges: ranges.len(), tiles });
    }
    let swing_s = g_max.0 - g_min.0;
    let mut sum = Evaluation {
        objective: 0.0,
        budget: Budget::default(),
        tiles: Vec::with_capacity(tiles),
        energy: Joules(0.0),
        nonideality: 0.0,
    };
    for (tile, &range) in problem.tiles.iter().zip(ranges) {
        let cost = tile_budget(problem, tile, g_min.0, swing_s, read_voltage.0, range);
        sum.budget.add(&cost);
        sum.tiles.push(cost);
        sum.energy.0 += tile_energy(problem, tile, g_min.0, swing_s, read_voltage.0, range);
        sum.nonideality = sum.nonideality.max(wire_loss(tile, g_min.0, swing_s));
    }
    sum.objective = sum.budget.total();
    Ok(sum)
}

/// Error of one tile by source, weighted. Conductances in S, `v` in V.
fn tile_budget(
    problem: &WindowProblem,
    tile: &TileTerms,
    g_min: f64,
    swing: f64,
    v: f64,
    range: f64,
) -> Budget {
    let circuit = &problem.circuit;
    let kappa2 = (v * swing).powi(2);
    let cells_s = tile.cells * tile.rows * g_min + tile.s1 * swing;
    let two_qb = 2.0 * ELEMENTARY_CHARGE_C * circuit.bandwidth.0;
    let drawn_s = tile.cells * tile.u1 * g_min + tile.v1 * swing;
    let [rows, raised] = Shot::of_tile(circuit, &tile.drives, tile.cells).at(v);
    let excess = rows[0] * g_min / (swing * swing) + raised[0] / swing;
    let full_shot = two_qb * shot::split(circuit).1 * v * drawn_s / kappa2;
    let front_end = &circuit.front_end;
    // Every column of cells has an amplifier of its own.
    let held_s2 = tile.cells * (tile.rows * g_min).powi(2)
        + 2.0 * tile.rows * g_min * tile.s1 * swing
        + tile.s1_square * swing * swing;
    let four_kt = 4.0 * BOLTZMANN_J_K * circuit.temperature.0 * (1.0 + circuit.amplifier_factor);
    let cells = |law: &Posynomial| {
        let constant = tile.cells * tile.u2 * (law.a0 + law.am / g_min);
        let linear = law.a1 * (tile.cells * tile.u2 * g_min + tile.v2 * swing);
        let squares = tile.cells * tile.u2 * g_min * g_min
            + 2.0 * tile.v2 * g_min * swing
            + tile.w2 * swing * swing;
        (constant + linear + law.a2 * squares) / (swing * swing)
    };
    let loss = wire_loss(tile, g_min, swing);
    let bottom = g_min / swing;
    let with_bottom =
        |own: f64, [first, second]: [f64; 2]| own + bottom * (first + bottom * second);
    let sensed_power = with_bottom(tile.signal_power, tile.bottom.signal);
    let weight_power = with_bottom(tile.weight_power, tile.bottom.weights);
    let (rounding, clipping) = tile.output.split_loss(circuit.converter(tile), range);
    Budget {
        thermal: tile.weight * four_kt * circuit.bandwidth.0 * cells_s / kappa2,
        shot: tile.weight * (excess + full_shot),
        programming: tile.weight * cells(&problem.device.program),
        read: tile.weight * cells(&problem.device.read),
        ir_drop: tile.weight * loss * loss * sensed_power,
        nonlinearity: tile.weight
            * (problem.device.cubic_per_v2 * v * v).powi(2)
            * tile.cubic_power,
        input: tile.weight * circuit.input_noise.0.powi(2) / kappa2,
        quantisation: tile.weight * rounding,
        clipping: tile.weight * clipping,
        offset: tile.weight * front_end.amplifier_offset.0.powi(2) * held_s2 / kappa2,
        gain: tile.weight * front_end.gain_spread.powi(2) * sensed_power,
        drivers: tile.weight
            * ((front_end.driver_noise.0 / v).powi(2) + front_end.dac_inl.powi(2))
            * weight_power,
    }
}

/// Fraction of the signal lost along the wires of a fully driven tile.
pub(crate) fn wire_loss(tile: &TileTerms, g_min: f64, swing: f64) -> f64 {
    tile.path.0 * (tile.cells * g_min + tile.s1 * swing / tile.rows)
}

/// Energy of one tile: cells, class-A sense amplifiers biased at the full scale, and what flows
/// whatever is read.
fn tile_energy(
    problem: &WindowProblem,
    tile: &TileTerms,
    g_min: f64,
    swing: f64,
    v: f64,
    range: f64,
) -> f64 {
    let circuit = &problem.circuit;
    let front_end = &circuit.front_end;
    let cells_w = if front_end.driver_supply.0 > 0.0 {
        let drawn_s = tile.drawn_cells * tile.u1 * g_min + tile.drawn_v1 * swing;
        front_end.driver_supply.0 * v * drawn_s
    } else {
        v * v * (tile.drawn_cells * tile.u2 * g_min + tile.drawn_v2 * swing)
    };
    let amplifier_w = circuit.supply.0 * range * v * swing;
    let read_j = circuit.read_time.0 * (cells_w + amplifier_w) + front_end.static_energy.0;
    tile.columns * tile.uses * read_j
}
