//! An array of cells that remember their cycles.

use cim_core::{Siemens, Stream, elementary};
use ndarray::{Array2, ArrayView2};

use super::current::{CellState, FULL_RESET, ResetCurve, powers};
use super::parameters::{FACTORS, MARGINALS, MEANS, SHARES};
use super::spec::Synaptogen;
use crate::error::DeviceError;

/// What varies from cycle to cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Resistance after a full reset (Ω).
    HighResistance = 0,
    /// Voltage of set (V), negative.
    SetVoltage = 1,
    /// Resistance after a set (Ω).
    LowResistance = 2,
    /// Voltage at which a reset begins (V).
    ResetVoltage = 3,
}

/// Cells that switched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switched {
    /// To the low-resistance state.
    pub set: u64,
    /// To a higher resistance.
    pub reset: u64,
}

/// An array of [`Synaptogen`] cells, rows × columns.
///
/// The draws of a cell depend on its place and on the number of its cycle, never on when it is
/// pulsed or on what its neighbours do.
#[derive(Clone, Debug)]
pub struct SynaptogenCells {
    model: Synaptogen,
    at: Stream,
    shape: (usize, usize),
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Fully reset.
    High,
    /// Set.
    Low,
    /// Partly reset.
    Between,
}

/// Four numbers per cell, feature by feature.
type Planes<T> = [Vec<T>; 4];

#[derive(Clone, Debug)]
struct Row {
    /// Means and scales of the features of each cell.
    mean: Planes<f32>,
    scale: Planes<f32>,
    /// Latent vectors of past cycles, newest first; those before the first are zero and not kept.
    past: Vec<Planes<f32>>,
    /// Features of the present cycle.
    feature: Planes<f64>,
    state: Vec<CellState>,
    phase: Vec<Phase>,
    /// Voltage (V) beyond which a cell resets further.
    onset_v: Vec<f64>,
    curve: Vec<ResetCurve>,
    cycle: Vec<u32>,
}

impl Synaptogen {
    /// Fresh cells, rows × columns, all in their high-resistance state.
    pub fn cells(&self, rows: usize, cols: usize, at: Stream) -> SynaptogenCells {
        SynaptogenCells::fresh(*self, rows, cols, at)
    }
}

impl SynaptogenCells {
    fn fresh(model: Synaptogen, rows: usize, cols: usize, at: Stream) -> Self {
        let rows_of_cells = (0..rows).map(|row| Row::fresh(model, row as u64, cols, at)).collect();
        Self { model, at, shape: (rows, cols), rows: rows_of_cells }
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// Applies one voltage (V) to each cell; a cell whose threshold is not reached stays as it is.
    ///
    /// # Errors
    /// [`DeviceError::Shape`] unless there is one voltage per cell.
    pub fn pulse(&mut self, volts: ArrayView2<'_, f64>) -> Result<Switched, DeviceError> {
        self.check(volts.dim())?;
        let mut switched = Switched::default();
        for (row_idx, (row, volts)) in self.rows.iter_mut().zip(volts.rows()).enumerate() {
            let counts = row.pulse(self.model, row_idx as u64, self.at, |col| volts[col]);
            switched.set += counts.set;
            switched.reset += counts.reset;
        }
        Ok(switched)
    }

    /// Applies one voltage (V) to all cells.
    pub fn pulse_all(&mut self, volt: f64) -> Switched {
        let mut switched = Switched::default();
        for (row_idx, row) in self.rows.iter_mut().enumerate() {
            let counts = row.pulse(self.model, row_idx as u64, self.at, |_| volt);
            switched.set += counts.set;
            switched.reset += counts.reset;
        }
        switched
    }

    /// Conductances (S) at 0.2 V, at which resistances are defined.
    pub fn conductances(&self) -> Array2<f64> {
        self.each(|row, col| row.state[col].conductance().0)
    }

    /// Currents (A) at a voltage (V), without noise.
    pub fn currents(&self, u_v: f64) -> Array2<f64> {
        self.each(|row, col| row.state[col].current_a(u_v))
    }

    /// Currents (A) at a voltage (V) per cell, without noise: what a pulse costs.
    ///
    /// # Errors
    /// [`DeviceError::Shape`] unless there is one voltage per cell.
    pub fn currents_at(&self, volts: ArrayView2<'_, f64>) -> Result<Array2<f64>, DeviceError> {
        self.check(volts.dim())?;
        let mut currents = volts.to_owned();
        for (row, mut currents) in self.rows.iter().zip(currents.rows_mut()) {
            for (volt, state) in currents.iter_mut().zip(&row.state) {
                *volt = state.current_a(*volt);
            }
        }
        Ok(currents)
    }

    /// States of conduction.
    pub fn states(&self) -> Array2<f64> {
        self.each(|row, col| row.state[col].0)
    }

    /// Currents (A) of one noisy read at a voltage (V) per cell, addressed by `at`.
    ///
    /// # Errors
    /// [`DeviceError::Shape`] unless there is one voltage per cell.
    pub fn read(&self, volts: ArrayView2<'_, f64>, at: Stream) -> Result<Array2<f64>, DeviceError> {
        self.check(volts.dim())?;
        let mut read = volts.to_owned();
        let mut normals = at.normal_rows(self.shape.1);
        for (row_idx, (row, mut out)) in self.rows.iter().zip(read.rows_mut()).enumerate() {
            let (model, states, normals) = (self.model, &row.state[..], normals.row(row_idx));
            match out.as_slice_mut() {
                Some(out) => pulp::Arch::new().dispatch(ReadRow { model, states, normals, out }),
                None => out
                    .iter_mut()
                    .zip(states.iter().zip(normals))
                    .for_each(|(out, (state, &n))| *out = noisy_read(model, *state, n, *out)),
            }
        }
        Ok(read)
    }

    /// A feature of the present cycle of every cell (Ω or V).
    pub fn feature(&self, feature: Feature) -> Array2<f64> {
        self.each(|row, col| row.feature[feature as usize][col])
    }

    /// How many cycles every cell has completed.
    pub fn cycles(&self) -> Array2<u32> {
        self.each(|row, col| row.cycle[col])
    }

    fn each<T>(&self, value: impl Fn(&Row, usize) -> T) -> Array2<T> {
        Array2::from_shape_fn(self.shape, |(row, col)| value(&self.rows[row], col))
    }

    fn check(&self, (rows, cols): (usize, usize)) -> Result<(), DeviceError> {
        if (rows, cols) == self.shape {
            return Ok(());
        }
        let (array_rows, array_cols) = self.shape;
        Err(DeviceError::Shape {
            what: "the array of voltages",
            rows,
            cols,
            array_rows,
            array_cols,
        })
    }
}

impl Row {
    fn fresh(model: Synaptogen, row: u64, cols: usize, at: Stream) -> Self {
        let mut normals: [Vec<f32>; 8] = std::array::from_fn(|_| vec![0.0; cols]);
        for (k, normals) in normals.iter_mut().enumerate() {
            at.child("cell", k as u64).fill_standard_normal(row, normals);
        }
        let mut kinds = vec![0.0f32; cols];
        at.child("kind", 0).fill_uniform(row, &mut kinds);
        let planes = || std::array::from_fn(|_| vec![0.0f32; cols]);
        let (mut mean, mut scale): (Planes<f32>, Planes<f32>) = (planes(), planes());
        let total: f32 = SHARES.iter().sum();
        for col in 0..cols {
            let kind = kinds[col] * total;
            let kind = usize::from(SHARES[0] <= kind) + usize::from(SHARES[0] + SHARES[1] <= kind);
            let (factor, offset) = (&FACTORS[kind], &MEANS[kind]);
            for k in 0..8 {
                let mut value = offset[k];
                for j in 0..=k {
                    value += factor[k][j] * normals[j][col];
                }
                if k < 4 { mean[k][col] = value } else { scale[k - 4][col] = value }
            }
        }
        let mut cells = Self {
            mean,
            scale,
            past: Vec::new(),
            feature: std::array::from_fn(|_| vec![0.0; cols]),
            state: vec![CellState(0.0); cols],
            phase: vec![Phase::High; cols],
            onset_v: Vec::new(),
            curve: vec![ResetCurve::default(); cols],
            cycle: vec![0; cols],
        };
        cells.draw_cycle(model, row, at, &vec![true; cols]);
        cells.onset_v.clone_from(&cells.feature[Feature::ResetVoltage as usize]);
        for col in 0..cols {
            cells.state[col] = cells.after_reset(col);
        }
        cells
    }

    /// Draws the cycle that `cycle` numbers for the cells that are `due`.
    fn draw_cycle(&mut self, model: Synaptogen, row: u64, at: Stream, due: &[bool]) {
        let cols = due.len();
        let mut shocks: Planes<f32> = std::array::from_fn(|_| vec![0.0; cols]);
        self.fill_shocks(row, at, due, &mut shocks);
        let mut latent: Planes<f32> = std::array::from_fn(|_| vec![0.0; cols]);
        add_product(&model.latent.innovation, &shocks, &mut latent);
        for (matrix, past) in model.latent.history.iter().zip(&self.past) {
            add_product(matrix, past, &mut latent);
        }
        for (k, plane) in latent.iter().enumerate() {
            let marginal = &MARGINALS[k];
            pulp::Arch::new().dispatch(Features {
                marginal,
                mean: &self.mean[k],
                scale: &self.scale[k],
                is_logarithm: k == 0,
                due,
                latent: plane,
                out: &mut self.feature[k],
            });
        }
        self.remember(latent, due, model.latent.history.len());
    }

    /// Standard normal numbers for the cycle of each cell that is due.
    fn fill_shocks(&self, row: u64, at: Stream, due: &[bool], shocks: &mut Planes<f32>) {
        let mut cycles: Vec<u32> =
            self.cycle.iter().zip(due).filter(|(_, due)| **due).map(|(cycle, _)| *cycle).collect();
        cycles.sort_unstable();
        cycles.dedup();
        let mut draws = vec![0.0f32; if cycles.len() > 1 { due.len() } else { 0 }];
        for &cycle in &cycles {
            let at = at.child("cycle", u64::from(cycle));
            for (k, shocks) in shocks.iter_mut().enumerate() {
                let at = at.child("feature", k as u64);
                if cycles.len() == 1 {
                    at.fill_standard_normal(row, shocks);
                    continue;
                }
                at.fill_standard_normal(row, &mut draws);
                for ((shock, &draw), &own) in shocks.iter_mut().zip(&draws).zip(&self.cycle) {
                    if own == cycle {
                        *shock = draw;
                    }
                }
            }
        }
    }

    /// Puts the latent vectors of the cells that are due in front of their past.
    fn remember(&mut self, latent: Planes<f32>, due: &[bool], order: usize) {
        if due.iter().all(|&due| due) {
            self.past.truncate(order - 1);
            self.past.insert(0, latent);
            return;
        }
        if self.past.len() < order {
            self.past.push(std::array::from_fn(|_| vec![0.0; due.len()]));
        }
        for lag in (0..self.past.len()).rev() {
            let (newer, older) = self.past.split_at_mut(lag);
            let source = newer.last().unwrap_or(&latent);
            for (to, from) in older[0].iter_mut().zip(source) {
                for ((to, &from), &due) in to.iter_mut().zip(from).zip(due) {
                    *to = if due { from } else { *to };
                }
            }
        }
    }

    fn pulse(
        &mut self,
        model: Synaptogen,
        row: u64,
        at: Stream,
        volt: impl Fn(usize) -> f64,
    ) -> Switched {
        let cols = self.phase.len();
        let mut switched = Switched::default();
        let (set_v, reset_v) = (Feature::SetVoltage as usize, Feature::ResetVoltage as usize);
        let mut due = vec![false; cols];
        let mut resets = vec![false; cols];
        for col in 0..cols {
            let (volt, phase) = (volt(col), self.phase[col]);
            if phase != Phase::Low && volt <= self.feature[set_v][col] {
                self.phase[col] = Phase::Low;
                self.state[col] = self.after_set(col);
                self.onset_v[col] = self.feature[reset_v][col];
                switched.set += 1;
            } else if phase != Phase::High && self.onset_v[col] < volt {
                resets[col] = true;
                due[col] = phase == Phase::Low;
                self.cycle[col] += u32::from(due[col]);
                switched.reset += 1;
            }
        }
        if switched.reset == 0 {
            return switched;
        }
        if due.contains(&true) {
            self.draw_cycle(model, row, at, &due);
        }
        let volts = (0..cols).map(&volt);
        let mut partial: Vec<f64> = volts.clone().collect();
        let mut onset_power = Vec::new();
        if volts.zip(&resets).any(|(volt, resets)| *resets && volt < FULL_RESET.0) {
            powers(&mut partial);
            if due.contains(&true) {
                onset_power.clone_from(&self.onset_v);
                powers(&mut onset_power);
            }
        }
        for col in (0..cols).filter(|&col| resets[col]) {
            let volt = volt(col);
            if FULL_RESET.0 <= volt {
                self.state[col] = self.after_reset(col);
                self.phase[col] = Phase::High;
            } else {
                if due[col] {
                    let (from, to) = (self.state[col], self.after_reset(col));
                    let power = onset_power[col];
                    self.curve[col] = ResetCurve::between(self.onset_v[col], power, from, to);
                }
                self.state[col] = self.curve[col].state_at(volt, partial[col]);
                self.phase[col] = Phase::Between;
            }
            self.onset_v[col] = volt;
        }
        switched
    }

    /// State that a full reset of the present cycle leaves.
    fn after_reset(&self, col: usize) -> CellState {
        CellState::of_conductance(Siemens(
            1.0 / self.feature[Feature::HighResistance as usize][col],
        ))
    }

    /// State that a set of the present cycle leaves.
    fn after_set(&self, col: usize) -> CellState {
        CellState::of_conductance(Siemens(1.0 / self.feature[Feature::LowResistance as usize][col]))
    }
}

/// Current (A) of one read of a cell at a voltage (V).
#[inline(always)]
fn noisy_read(model: Synaptogen, state: CellState, normal: f32, volt: f64) -> f64 {
    let conductance = state.conductance_s(volt);
    let current = conductance * volt;
    current + model.read_variance_a2(current, conductance).sqrt() * f64::from(normal)
}

/// One read of a row, compiled for the vectors of the machine.
struct ReadRow<'a> {
    model: Synaptogen,
    states: &'a [CellState],
    normals: &'a [f32],
    /// Voltages (V), replaced by currents (A).
    out: &'a mut [f64],
}

impl pulp::NullaryFnOnce for ReadRow<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let cells = self.states.iter().zip(self.normals);
        for (out, (state, &normal)) in self.out.iter_mut().zip(cells) {
            *out = noisy_read(self.model, *state, normal, *out);
        }
    }
}

/// The means of latent numbers as features, compiled for the vectors of the machine.
struct Features<'a> {
    marginal: &'a [f32],
    mean: &'a [f32],
    scale: &'a [f32],
    /// Whether the feature is the decadic logarithm of a resistance.
    is_logarithm: bool,
    due: &'a [bool],
    latent: &'a [f32],
    out: &'a mut [f64],
}

impl pulp::NullaryFnOnce for Features<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { marginal, mean, scale, is_logarithm, due, latent, out } = self;
        let n = out.len();
        let (mean, scale, latent, due) = (&mean[..n], &scale[..n], &latent[..n], &due[..n]);
        for col in 0..n {
            let x = latent[col];
            let mut sum = 0.0;
            for term in marginal {
                sum = sum * x + term;
            }
            let y = f64::from(mean[col] + scale[col] * sum);
            let y = if is_logarithm { elementary::exp(std::f64::consts::LN_10 * y) } else { y };
            out[col] = if due[col] { y } else { out[col] };
        }
    }
}

/// Adds `matrix · x` to `y`, cell by cell.
fn add_product(matrix: &[[f32; 4]; 4], x: &Planes<f32>, y: &mut Planes<f32>) {
    pulp::Arch::new().dispatch(AddProduct { matrix, x, y });
}

struct AddProduct<'a> {
    matrix: &'a [[f32; 4]; 4],
    x: &'a Planes<f32>,
    y: &'a mut Planes<f32>,
}

impl pulp::NullaryFnOnce for AddProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { matrix, x, y } = self;
        let n = y[0].len();
        let [x0, x1, x2, x3] = [&x[0][..n], &x[1][..n], &x[2][..n], &x[3][..n]];
        for (row, y) in matrix.iter().zip(y) {
            let y = &mut y[..n];
            for col in 0..n {
                y[col] += row[0] * x0[col] + row[1] * x1[col] + row[2] * x2[col] + row[3] * x3[col];
            }
        }
    }
}
