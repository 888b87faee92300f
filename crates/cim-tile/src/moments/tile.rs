//! Errors of one tile: its currents, phase by phase, behind their converters and added up.

use cim_core::Amps;
use ndarray::{Array2, ArrayView2};

use super::analog::Analog;
use super::column::ColumnErrors;
use super::converted::converted;
use crate::error::TileError;
use crate::grid::{Parts, TileBlueprint};
use crate::mapping::Plan;

/// Errors of one tile.
#[derive(Clone, Debug, PartialEq)]
pub struct TileErrors {
    /// Row tile and column tile.
    pub place: (usize, usize),
    /// One entry per output.
    pub columns: Vec<ColumnErrors>,
    /// Mean of what the converters give, samples × outputs (A).
    pub mean_a: Array2<f64>,
    /// Variance of what the converters give, samples × outputs (A²), over chips and reads.
    pub variance: Array2<f64>,
    /// What they should give for the weights as programmed and the drives as converted, samples ×
    /// outputs (A).
    pub ideal_a: Array2<f64>,
    /// What the exact product is, samples × outputs (A).
    pub exact_a: Array2<f64>,
    /// Mean errors by source.
    pub shifts: Shifts,
    /// What stands in front of the converters, one entry per phase of the drive.
    pub phases: Vec<SensedErrors>,
}

/// Mean errors of the outputs of a tile by source, samples × outputs (A). Of several row tiles they
/// add up before they are squared.
#[derive(Clone, Debug, PartialEq)]
pub struct Shifts {
    /// Cells that cannot be negative, superlinear cells, wires.
    pub distortion: Array2<f64>,
    /// Mean of what lies beyond the full scale.
    pub clipping: Array2<f64>,
    /// Weights beyond the clip.
    pub weight_clip: Array2<f64>,
    /// Weights rounded to levels.
    pub weight_rounding: Array2<f64>,
    /// Inputs as converted instead of as they are.
    pub dac: Array2<f64>,
}

/// What a tile is to compute exactly.
pub(super) struct Exact<'a> {
    /// Inputs over their limit, samples × rows.
    pub inputs: ArrayView2<'a, f64>,
    /// Weights, rows × outputs.
    pub weights: ArrayView2<'a, f32>,
    /// Weight that stands for the whole window.
    pub clip: f64,
    /// Current (A) of one unit of weight at full drive.
    pub amps_per_weight: f64,
}

impl Exact<'_> {
    /// The exact product and what each step towards cells and drives changes, in amperes: the clip,
    /// the rounding of weights, that of inputs.
    fn steps(&self, parts: &Parts, plan: &Plan, drive: ArrayView2<'_, f64>) -> [Array2<f64>; 4] {
        let level = self.clip / f64::from(parts.mapping.top_weight());
        let mut programmed = Array2::<f64>::zeros(self.weights.dim());
        for sense in &plan.senses {
            let mut to = programmed.column_mut(sense.output);
            for (row, to) in to.iter_mut().enumerate() {
                let minus = sense.minus.map_or(0, |minus| plan.levels[[row, minus]]);
                let net = plan.levels[[row, sense.plus]] - minus - sense.zero;
                *to += sense.weight as f64 * f64::from(net) * level;
            }
        }
        let exact = self.weights.mapv(f64::from);
        let clipped = exact.mapv(|w| w.clamp(-self.clip, self.clip));
        let of = |inputs: ArrayView2<'_, f64>, weights: &Array2<f64>| {
            inputs.dot(weights) * self.amps_per_weight
        };
        let converted = &drive - &self.inputs;
        [
            of(self.inputs, &exact),
            of(self.inputs, &(&clipped - &exact)),
            of(self.inputs, &(&programmed - &clipped)),
            of(converted.view(), &programmed),
        ]
    }
}

/// Currents in front of the converters of a tile in one phase of the drive.
#[derive(Clone, Debug, PartialEq)]
pub struct SensedErrors {
    /// Ideal current, samples × sensed (A), with what is subtracted digitally.
    pub ideal_a: Array2<f64>,
    /// Standard deviation, samples × sensed (A).
    pub sigma_a: Array2<f64>,
}

/// The currents of one phase of the drive, samples × sensed.
struct InPhase {
    factor: f64,
    /// Ideal currents with what is subtracted digitally (A).
    ideal_a: Array2<f64>,
    mean_a: Array2<f64>,
    programming: Array2<f64>,
    read: Array2<f64>,
    shot: Array2<f64>,
    /// What is subtracted digitally (A).
    zero_a: Array2<f64>,
}

/// Errors of the tile at `place` for drives (samples × rows, fractions of the read voltage).
pub(super) fn errors(
    parts: &Parts,
    drive_gain: f64,
    place: (usize, usize),
    full_scales: &[Amps],
    blueprint: &TileBlueprint,
    drive: ArrayView2<'_, f64>,
    exact: &Exact<'_>,
) -> Result<TileErrors, TileError> {
    let (plan, scale) = (&blueprint.plan, blueprint.scale);
    let law = parts.device.current_voltage();
    let volts = parts.read_voltage.0;
    let analog = Analog::of(parts, plan, &blueprint.target_s)?;
    let nominal_s = plan.targets(parts.window);
    let nominal_s = plan.combine(nominal_s.view(), -1.0) * scale;
    let zeros_s = Array2::from_shape_vec((1, plan.senses.len()), plan.zeros(parts.window));
    let zeros_s = zeros_s.expect("one per sensed current") * scale;
    let in_phase: Vec<InPhase> = parts
        .dac
        .polarity
        .phases()
        .iter()
        .map(|phase| {
            let factor = f64::from(phase.factor);
            let own = |u: f64| if phase.one_sided { (factor * u).max(0.0) } else { u };
            let linear_v = drive.mapv(|u| own(u) * volts * drive_gain);
            let effective_v = drive.mapv(|u| law.effective_v(own(u) * volts));
            let shot_v = drive.mapv(|u| parts.ambient.shot_v(law, own(u) * volts));
            let summed_v = linear_v.sum_axis(ndarray::Axis(1)).insert_axis(ndarray::Axis(1));
            InPhase {
                factor,
                ideal_a: linear_v.dot(&nominal_s),
                mean_a: analog.mean_a(&effective_v),
                programming: analog.programming(&effective_v),
                read: analog.read(&effective_v),
                shot: analog.shot(&shot_v),
                zero_a: summed_v.dot(&zeros_s),
            }
        })
        .collect();
    // One current per output: what an output shares with itself is its own variance.
    let alone = plan.is_one_to_one() && in_phase.len() == 1;
    let together = (!alone)
        .then(|| analog.programming_of_outputs(&drive.mapv(|u| law.effective_v(u * volts))));

    let steps = f64::from(parts.adc_steps());
    let top = 0.5 * (steps - 1.0);
    let step = |group: usize| full_scales[group].0 * scale * 2.0 / steps;
    let input = parts.adc_noise.0.powi(2);
    let samples = drive.nrows();
    let zeros = || Array2::<f64>::zeros((samples, plan.outputs()));
    let (mut mean_a, mut variance, mut ideal_a) = (zeros(), zeros(), zeros());
    let [exact_a, weight_clip, weight_rounding, dac] = exact.steps(parts, plan, drive);
    let (distortion, clipping) = (zeros(), zeros());
    let mut shifts = Shifts { distortion, clipping, weight_clip, weight_rounding, dac };
    let mut columns = vec![ColumnErrors::default(); plan.outputs()];
    let mut sigmas: Vec<_> = in_phase.iter().map(|phase| phase.ideal_a.clone()).collect();
    for sample in 0..samples {
        let mut sums = vec![Sum::default(); plan.outputs()];
        for (phase, sigma_a) in in_phase.iter().zip(&mut sigmas) {
            for (k, sense) in plan.senses.iter().enumerate() {
                let at = [sample, k];
                let thermal = analog.thermal[k];
                let analog =
                    phase.programming[at] + phase.read[at] + phase.shot[at] + thermal + input;
                sigma_a[at] = analog.sqrt();
                let after =
                    converted(phase.mean_a[at], sigma_a[at], step(sense.full_scale_group), top);
                let sum = &mut sums[sense.output];
                let weight = phase.factor * sense.weight as f64 / scale;
                let square = weight * weight;
                sum.mean += weight * (after.mean - phase.zero_a[at]);
                sum.variance += square * after.variance;
                sum.ideal += weight * (phase.ideal_a[at] - phase.zero_a[at]);
                sum.shift += weight * (phase.mean_a[at] - phase.ideal_a[at]);
                sum.clip_shift += weight * after.clip_shift;
                sum.passed += square * phase.programming[at] * after.inside * after.inside;
                sum.errors.add_scaled(
                    &ColumnErrors {
                        thermal,
                        shot: phase.shot[at],
                        programming: phase.programming[at],
                        read: phase.read[at],
                        input,
                        quantisation: after.rounded,
                        clipping: after.clipped,
                        ..ColumnErrors::default()
                    },
                    square,
                );
            }
        }
        for (output, mut sum) in sums.into_iter().enumerate() {
            let at = [sample, output];
            if let Some(together) = &together {
                let together = together[at] / (scale * scale);
                // What clips of one current is not in the sum: as much of the shared part as of all.
                let apart = sum.errors.programming;
                let passed = if apart > 0.0 { sum.passed / apart } else { 0.0 };
                sum.variance = (sum.variance + (together - apart) * passed).max(0.0);
                sum.errors.programming = together;
            }
            sum.errors.signal = exact_a[at].powi(2);
            sum.errors.distortion = sum.shift.powi(2);
            sum.errors.weight_clip = shifts.weight_clip[at].powi(2);
            sum.errors.weight_rounding = shifts.weight_rounding[at].powi(2);
            sum.errors.dac = shifts.dac[at].powi(2);
            shifts.distortion[at] = sum.shift;
            shifts.clipping[at] = sum.clip_shift;
            mean_a[at] = sum.mean;
            variance[at] = sum.variance;
            ideal_a[at] = sum.ideal;
            columns[output].add_scaled(&sum.errors, 1.0 / samples.max(1) as f64);
        }
    }
    let phases = in_phase.into_iter().zip(sigmas);
    let phases = phases.map(|(phase, sigma_a)| SensedErrors { ideal_a: phase.ideal_a, sigma_a });
    let phases = phases.collect();
    Ok(TileErrors { place, columns, mean_a, variance, ideal_a, exact_a, shifts, phases })
}

/// What the currents of one output at one sample add up to.
#[derive(Clone, Default)]
struct Sum {
    mean: f64,
    variance: f64,
    ideal: f64,
    /// Mean error.
    shift: f64,
    /// Mean of what clips.
    clip_shift: f64,
    /// Programming variance of the currents, each on its own, less what clips.
    passed: f64,
    errors: ColumnErrors,
}
