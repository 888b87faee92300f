//! The problem: what a window, a read voltage and full scales cost in error and energy, as plain
//! data and as closed forms.
//!
//! Everything is normalised per tile: weights `w` of a sensed current (a *column* here, of whatever
//! cells) in `[-1, 1]` by the window, drives `u` in `[-1, 1]` by full drive, output `y = Σ u w`,
//! column current `V ΔG y`. A variance "in units of y" is a current variance divided by `(V ΔG)²`.

use cim_core::{
    Amps, BOLTZMANN_J_K, ELEMENTARY_CHARGE_C, Hertz, Joules, Kelvin, Ohms, Seconds, Siemens, Volts,
};
use serde::Serialize;

use crate::error::OptError;
use crate::full_scale::{Converter, Histogram};
use crate::shot::{self, Drives, Shot};

/// The smallest window considered, `G_max − G_min` as a fraction of the device's `G_on − G_off`.
///
/// It bounds the logarithm of the window from below, which the certificate needs; a window a
/// thousand times smaller than the device's carries no weight that a converter could see.
pub const SMALLEST_WINDOW: f64 = 1e-3;

/// A conductance window, a read voltage and ADC ranges to choose, and what the choice must respect.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowProblem {
    /// The cell.
    pub device: DeviceTerms,
    /// What surrounds it.
    pub circuit: CircuitTerms,
    /// One entry per kind of tile; a chip-wide window serves them all.
    pub tiles: Vec<TileTerms>,
    /// What the solution must respect.
    pub limits: Limits,
}

/// A conductance variance `a0 + a1 G + a2 G² + am / G` in S², all coefficients at least 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Posynomial {
    /// Constant part, S².
    pub a0: f64,
    /// Part proportional to the conductance, S.
    pub a1: f64,
    /// Part proportional to its square, dimensionless.
    pub a2: f64,
    /// Part proportional to its inverse, S³.
    pub am: f64,
}

/// What one kind of cell contributes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviceTerms {
    /// Least conductance of a cell.
    pub g_off: Siemens,
    /// Greatest conductance of a cell.
    pub g_on: Siemens,
    /// Variance of a programmed conductance.
    pub program: Posynomial,
    /// Variance of one read of a conductance.
    pub read: Posynomial,
    /// `c3` of `I = G (v + c3 v³)`, 1/V²; 0 is an ohmic cell.
    pub cubic_per_v2: f64,
    /// Least read voltage at full drive.
    pub v_min: Volts,
    /// Greatest read voltage at full drive, where reading starts to disturb the cell.
    pub v_max: Volts,
}

/// What the circuit around the cells contributes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CircuitTerms {
    /// Temperature of the array.
    pub temperature: Kelvin,
    /// Noise bandwidth of one read.
    pub bandwidth: Hertz,
    /// `γ`: the amplifier adds `γ` times the thermal noise of the cells.
    pub amplifier_factor: f64,
    /// Fano factor of the cells: 1 is full shot noise, 0 none.
    pub fano_factor: f64,
    /// Root mean square noise of one conversion, referred to the ADC's input.
    pub input_noise: Amps,
    /// Supply of the sense amplifiers.
    pub supply: Volts,
    /// How long one read lasts.
    pub read_time: Seconds,
    /// What is left of the front end's errors, and what it takes.
    pub front_end: FrontEndTerms,
}

impl CircuitTerms {
    /// The converter of a tile.
    pub(crate) const fn converter(&self, tile: &TileTerms) -> Converter {
        Converter { steps: tile.steps, inl: self.front_end.adc_inl }
    }
}

/// Errors of drivers, amplifiers and converters as far as calibration leaves them, root mean square,
/// and energy that no window changes. Each is independent from column to column (row to row for the
/// drivers) and steady or not: only its square counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrontEndTerms {
    /// Offset of the virtual ground of a column: its current is this times the conductance of all
    /// cells of the column.
    pub amplifier_offset: Volts,
    /// Spread of the gain of a column, relative.
    pub gain_spread: f64,
    /// Noise of the voltage of a row.
    pub driver_noise: Volts,
    /// Integral non-linearity of the input converter, as a part of full drive.
    pub dac_inl: f64,
    /// Integral non-linearity of the output converter, in its steps.
    pub adc_inl: f64,
    /// Supply that the current of the rows comes from: cells then take `supply · V · G · t`; 0 is a
    /// source of just the read voltage, `V² G t`.
    pub driver_supply: Volts,
    /// Energy of one sensed current and read that flows whatever is read.
    pub static_energy: Joules,
}

impl FrontEndTerms {
    /// None of it.
    pub const IDEAL: Self = Self {
        amplifier_offset: Volts(0.0),
        gain_spread: 0.0,
        driver_noise: Volts(0.0),
        dac_inl: 0.0,
        adc_inl: 0.0,
        driver_supply: Volts(0.0),
        static_energy: Joules(0.0),
    };
}

/// What one kind of tile contributes: sums over its rows, averaged over its columns and over a
/// calibration batch.
#[derive(Clone, Debug, PartialEq)]
pub struct TileTerms {
    /// Layer it belongs to; carried along for reports.
    pub layer: usize,
    /// How many columns it stands for. Counts for energy only.
    pub columns: f64,
    /// How often it is read in one inference. Counts for energy only.
    pub uses: f64,
    /// Rows `n`.
    pub rows: f64,
    /// What its wires lose, per siemens of the mean conductance of a column's cells in a row with all rows driven: the
    /// measured nonideality factor over that conductance. `r n²/2` for `n` rows whose columns have
    /// `r` per cell, to first order.
    pub path: Ohms,
    /// Cells of a row behind a column's current: 2 for a pair.
    pub cells: f64,
    /// Mean over columns of `Σ a`, with `a` how far the cells of a row are raised together, in
    /// windows: `|w|` for a pair.
    pub s1: f64,
    /// `Σ E|u|`.
    pub u1: f64,
    /// `Σ E|u| a`.
    pub v1: f64,
    /// `Σ E u²`.
    pub u2: f64,
    /// `Σ E u² a`.
    pub v2: f64,
    /// `Σ E u² b`, with `b` the sum of squares of how far each cell is raised: `w²` for a pair.
    pub w2: f64,
    /// Cells of a row that draw current, per column: fewer than `cells` where columns share them.
    pub drawn_cells: f64,
    /// `Σ E u² a` of the cells that draw current, per column.
    pub drawn_v2: f64,
    /// Mean over columns of `(Σ a)²`.
    pub s1_square: f64,
    /// Mean over columns of `Σ w²`, of the weights that the currents carry.
    pub weight_power: f64,
    /// `Σ E|u| a` of the cells that draw current, per column.
    pub drawn_v1: f64,
    /// How often rows are driven how much.
    pub drives: Drives,
    /// `E (Σ u³ w)²` after removing the best linear gain on `y`.
    pub cubic_power: f64,
    /// `E y²`.
    pub signal_power: f64,
    /// Objective per unit of y-variance of this tile's columns: everything that turns a variance
    /// into loss, the number of columns included. The objective is `Σ weight × variance`.
    pub weight: f64,
    /// ADC steps over `[−FS, FS]`.
    pub steps: u32,
    /// `|y|` before the ADC, widened by the caller for the noise it carries.
    pub output: Histogram,
}

/// What a solution must respect. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Greatest array and sense energy per inference.
    pub energy: Option<Joules>,
    /// Greatest wire non-ideality `R_path (cells G_min + ΔG s1 / rows)` of any tile.
    pub nonideality: Option<f64>,
    /// Least full scale of any ADC.
    pub full_scale_floor: Option<Amps>,
    /// Greatest full scale of any ADC.
    pub full_scale_ceiling: Option<Amps>,
    /// Read voltage, where it is not free.
    pub fixed_read_voltage: Option<Volts>,
}

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
    let held_s2 = (tile.cells * tile.rows * g_min).powi(2)
        + 2.0 * tile.cells * tile.rows * g_min * tile.s1 * swing
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
    let (rounding, clipping) = tile.output.split_loss(circuit.converter(tile), range);
    Budget {
        thermal: tile.weight * four_kt * circuit.bandwidth.0 * cells_s / kappa2,
        shot: tile.weight * (excess + full_shot),
        programming: tile.weight * cells(&problem.device.program),
        read: tile.weight * cells(&problem.device.read),
        ir_drop: tile.weight * loss * loss * tile.signal_power,
        nonlinearity: tile.weight
            * (problem.device.cubic_per_v2 * v * v).powi(2)
            * tile.cubic_power,
        input: tile.weight * circuit.input_noise.0.powi(2) / kappa2,
        quantisation: tile.weight * rounding,
        clipping: tile.weight * clipping,
        offset: tile.weight * front_end.amplifier_offset.0.powi(2) * held_s2 / kappa2,
        gain: tile.weight * front_end.gain_spread.powi(2) * tile.signal_power,
        drivers: tile.weight
            * ((front_end.driver_noise.0 / v).powi(2) + front_end.dac_inl.powi(2))
            * tile.weight_power,
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
