//! The problem: what a window, a read voltage and full scales cost in error and energy, as plain
//! data and as closed forms.
//!
//! Everything is normalised per tile: weights `w` of a sensed current (a *column* here, of whatever
//! cells) in `[-1, 1]` by the window, drives `u` in `[-1, 1]` by full drive, output `y = Σ u w`,
//! column current `V ΔG y`. A variance "in units of y" is a current variance divided by `(V ΔG)²`.

use cim_core::{Amps, Hertz, Joules, Kelvin, Ohms, Seconds, Siemens, Volts};

use crate::drives::Drives;
use crate::full_scale::{Converter, Histogram};

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
    /// Offset of the virtual ground of a column of cells: its current is this times their conductance.
    /// The columns behind one sensed current have amplifiers of their own.
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
    /// Mean over columns of `Σ_c (Σ a_c)²`, with `a_c` how far the cells of each row in one of the columns of
    /// cells behind the current are raised: each has an amplifier of its own.
    pub s1_square: f64,
    /// Mean over columns of the part that a current has in `Σ W²`, of the weight `W` that its whole output
    /// carries, in units of that current, by the square of how it counts: `Σ w²` for a pair.
    pub weight_power: f64,
    /// `Σ E|u| a` of the cells that draw current, per column.
    pub drawn_v1: f64,
    /// How often rows are driven how much.
    pub drives: Drives,
    /// What the bottom of the window adds to currents that nothing is subtracted from.
    pub bottom: Bottom,
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

/// What `G_min` adds to currents without a minus, which gains, drivers and wires act on too: squares of
/// sums in units of the window, by the first and the second power of `b = G_min / ΔG`. A negative first
/// part counts as none, so that the program is met from above.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bottom {
    /// `2 E y s` and `E s²` of `E (y + b s)²`, where `s = Σ u` for a current without a minus, 0 for others.
    pub signal: [f64; 2],
    /// The same of [`TileTerms::weight_power`]: `2 L Σ W` and `n L²` of `Σ (W + b L)²`, where `L` is how often an output
    /// counts the bottom.
    pub weights: [f64; 2],
}

impl Bottom {
    /// Of pairs: none.
    pub const NONE: Self = Self { signal: [0.0; 2], weights: [0.0; 2] };
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
