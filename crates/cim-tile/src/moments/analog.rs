//! Moments of the currents of one array in front of its converters.

use cim_core::{Amps, Siemens};
use cim_crossbar::{Crossbar, Fields};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use crate::error::TileError;
use crate::grid::Parts;
use crate::mapping::Plan;

/// Samples whose fields are held at a time.
const SAMPLES_AT_A_TIME: usize = 32;

/// Cells of an array as its sensed currents see them.
pub(super) struct Analog {
    /// Mean current per effective volt, rows × sensed (S).
    transfer_s: Array2<f64>,
    /// Variance per squared effective volt of reads, rows × sensed (S²).
    read_s2: Array2<f64>,
    /// Shot-noise variance per effective volt, rows × sensed (A²/V).
    shot: Array2<f64>,
    /// Thermal noise of every sensed current (A²).
    pub thermal: Vec<f64>,
    /// Mean current of every column per effective volt, rows × columns (S).
    pub columns_s: Array2<f64>,
    /// Conductances between the ends of columns (S); none on ideal wires.
    pub between_s: Option<Array2<f64>>,
    /// Variance of programming of every cell (S²).
    pub spread_s2: Array2<f64>,
    programming: Programming,
}

/// How programming errors reach currents.
enum Programming {
    /// Every row on its own: variance per squared effective volt (S²) of the sensed currents and of
    /// outputs, rows × sensed and rows × outputs.
    Rows { sensed_s2: Array2<f64>, outputs_s2: Array2<f64> },
    /// Through the wires, cell by cell.
    Fields(Box<Seen>),
}

/// Fields of an array on wires; its cells are in one row, array rows outermost.
struct Seen {
    /// Voltage across each cell per effective volt of one row, array rows × cells.
    driven: Array2<f64>,
    /// Variance of each cell times the square of what is seen of it, cells × sensed (S²).
    sensed_s2: Array2<f64>,
    /// The same for outputs, cells × outputs (S²).
    outputs_s2: Array2<f64>,
}

impl Analog {
    /// Cells with targets `target_s` (rows × columns, S).
    pub fn of(parts: &Parts, plan: &Plan, target_s: &Array2<f64>) -> Result<Self, TileError> {
        let programmed =
            |f: fn(cim_device::Moments) -> f64| target_s.mapv(|g| f(parts.device.programmed(g)));
        let mean_s = programmed(|m| m.mean);
        let spread_s2 = programmed(|m| m.variance);
        if !parts.wires.are_ideal() {
            return Self::on_wires(parts, plan, mean_s, spread_s2);
        }
        let read_s2 = target_s.mapv(|g| parts.device.read_variance(g));
        let shot = mean_s.mapv(|g| parts.ambient.shot_variance(Amps(g)));
        let at_rest = parts.device.current_voltage().slope_at_rest();
        let thermal = plan
            .combine(mean_s.view(), 1.0)
            .columns()
            .into_iter()
            .map(|g| parts.ambient.thermal_variance(Siemens(g.sum() * at_rest)))
            .collect();
        let outputs_s2 = plan.columns_of_outputs();
        let outputs_s2 =
            Array2::from_shape_fn((mean_s.nrows(), outputs_s2.len()), |(row, output)| {
                outputs_s2[output].iter().map(|&(c, f)| f * f * spread_s2[[row, c]]).sum()
            });
        Ok(Self {
            transfer_s: plan.combine(mean_s.view(), -1.0),
            read_s2: plan.combine(read_s2.view(), 1.0),
            shot: plan.combine(shot.view(), 1.0),
            thermal,
            programming: Programming::Rows {
                sensed_s2: plan.combine(spread_s2.view(), 1.0),
                outputs_s2,
            },
            columns_s: mean_s,
            between_s: None,
            spread_s2,
        })
    }

    fn on_wires(
        parts: &Parts,
        plan: &Plan,
        mean_s: Array2<f64>,
        spread_s2: Array2<f64>,
    ) -> Result<Self, TileError> {
        let (device, wires) = (parts.device.clone(), parts.wires);
        let fields = Fields::new(mean_s.clone(), wires)?;
        let array = Crossbar::holding(mean_s, device, wires, parts.ambient)?;
        let sensed = plan.sensed();
        Ok(Self {
            transfer_s: plan.combine(array.transfer(), -1.0),
            read_s2: plan.combine(array.read_variance().view(), 1.0),
            shot: plan.combine(array.shot_variance_per_volt().view(), 1.0),
            thermal: sensed.iter().map(|s| array.thermal_variance(*s)).collect(),
            programming: Programming::Fields(Box::new(Seen::of(&fields, plan, &spread_s2)?)),
            columns_s: array.transfer().to_owned(),
            between_s: array.between_ends().map(|between| between.to_owned()),
            spread_s2,
        })
    }

    /// Mean square over chips of the current of every sensed current per effective volt of every row,
    /// rows × sensed (S²).
    pub fn square_s2(&self) -> Array2<f64> {
        let square_s2 = self.transfer_s.mapv(|t| t * t);
        match &self.programming {
            Programming::Rows { sensed_s2, .. } => square_s2 + sensed_s2,
            Programming::Fields(seen) => {
                square_s2 + seen.driven.mapv(|v| v * v).dot(&seen.sensed_s2)
            }
        }
    }

    /// The same of the weighed sum over the currents of every output, rows × outputs (S²).
    pub fn square_of_outputs_s2(&self, plan: &Plan) -> Array2<f64> {
        let mut sums = Array2::<f64>::zeros((self.transfer_s.nrows(), plan.outputs()));
        for (k, sense) in plan.senses.iter().enumerate() {
            let own = self.transfer_s.column(k);
            sums.column_mut(sense.output).scaled_add(sense.weight as f64, &own);
        }
        let square_s2 = sums.mapv_into(|t| t * t);
        match &self.programming {
            Programming::Rows { outputs_s2, .. } => square_s2 + outputs_s2,
            Programming::Fields(seen) => {
                square_s2 + seen.driven.mapv(|v| v * v).dot(&seen.outputs_s2)
            }
        }
    }

    /// Mean currents (A, samples × sensed) for effective voltages (V, samples × rows).
    pub fn mean_a(&self, effective_v: &Array2<f64>) -> Array2<f64> {
        effective_v.dot(&self.transfer_s)
    }

    /// Variance (A²) of reads.
    pub fn read(&self, effective_v: &Array2<f64>) -> Array2<f64> {
        effective_v.mapv(|e| e * e).dot(&self.read_s2)
    }

    /// Variance (A²) of shot noise, for effective voltages of shot noise
    /// ([`cim_crossbar::Ambient::shot_v`]; V, samples × rows).
    pub fn shot(&self, shot_v: &Array2<f64>) -> Array2<f64> {
        shot_v.dot(&self.shot)
    }

    /// Variance (A²) of programming of every sensed current, samples × sensed.
    pub fn programming(&self, effective_v: &Array2<f64>) -> Array2<f64> {
        match &self.programming {
            Programming::Rows { sensed_s2, .. } => effective_v.mapv(|e| e * e).dot(sensed_s2),
            Programming::Fields(seen) => seen.variance(effective_v, &seen.sensed_s2),
        }
    }

    /// Variance (A²) of programming of the weighted sum over the currents of every output, and over
    /// phases if `effective_v` is their sum; samples × outputs.
    pub fn programming_of_outputs(&self, effective_v: &Array2<f64>) -> Array2<f64> {
        match &self.programming {
            Programming::Rows { outputs_s2, .. } => effective_v.mapv(|e| e * e).dot(outputs_s2),
            Programming::Fields(seen) => seen.variance(effective_v, &seen.outputs_s2),
        }
    }
}

impl Seen {
    fn of(fields: &Fields, plan: &Plan, spread_s2: &Array2<f64>) -> Result<Self, TileError> {
        let (rows, cols) = spread_s2.dim();
        let cells = rows * cols;
        let flat = |field: Array2<f64>| field.into_shape_with_order(cells).expect("rows × columns");
        let mut driven = Array2::zeros((rows, cells));
        for (mut to, field) in driven.rows_mut().into_iter().zip(fields.driven_each()?) {
            to.assign(&flat(field));
        }
        let spread: Array1<f64> = spread_s2.iter().copied().collect();
        let mut sensed_s2 = Array2::zeros((cells, plan.senses.len()));
        let mut outputs = Array2::<f64>::zeros((cells, plan.outputs()));
        let sensed = fields.sensed_each(&plan.sensed())?;
        for (k, (sense, seen)) in plan.senses.iter().zip(sensed).enumerate() {
            let seen = flat(seen);
            outputs.column_mut(sense.output).scaled_add(sense.weight as f64, &seen);
            sensed_s2.column_mut(k).assign(&(&seen * &seen * &spread));
        }
        let outputs_s2 = &outputs * &outputs * &spread.insert_axis(Axis(1));
        Ok(Self { driven, sensed_s2, outputs_s2 })
    }

    /// `Σ_cells (voltage across it)² · seen`, sample by sample.
    fn variance(&self, effective_v: &Array2<f64>, seen_s2: &Array2<f64>) -> Array2<f64> {
        let mut variance = Array2::zeros((effective_v.nrows(), seen_s2.ncols()));
        for first in (0..effective_v.nrows()).step_by(SAMPLES_AT_A_TIME) {
            let own = first..effective_v.nrows().min(first + SAMPLES_AT_A_TIME);
            let drive: ArrayView2<'_, f64> = effective_v.slice(s![own.clone(), ..]);
            let across = drive.dot(&self.driven).mapv_into(|v| v * v);
            variance.slice_mut(s![own, ..]).assign(&across.dot(seen_s2));
        }
        variance
    }
}
