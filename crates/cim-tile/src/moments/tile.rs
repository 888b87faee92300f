//! Errors of one tile: its currents, phase by phase, behind their converters and added up.

use cim_core::Amps;
use ndarray::{Array1, Array2, ArrayView2};

use super::column::ColumnErrors;
use super::converted::converted;
use super::exact::{Exact, Steps};
use super::front_end::Together;
use super::in_front::{InFront, InPhase, SensedErrors, Shared};
use super::thresholds::Thresholds;
use crate::error::TileError;
use crate::grid::{Parts, TileBlueprint};

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

impl TileErrors {
    /// Multiplies each output behind the converters.
    pub(super) fn multiply(&mut self, factors: &Array1<f64>) {
        let squares = factors * factors;
        for (column, &square) in self.columns.iter_mut().zip(&squares) {
            let mut scaled = ColumnErrors::default();
            scaled.add_scaled(column, square);
            *column = scaled;
        }
        self.variance *= &squares;
        let Shifts { distortion, clipping, weight_clip, weight_rounding, dac } = &mut self.shifts;
        let means = [&mut self.mean_a, &mut self.ideal_a, &mut self.exact_a];
        let shifts = [distortion, clipping, weight_clip, weight_rounding, dac];
        means.into_iter().chain(shifts).for_each(|of| *of *= factors);
    }
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
    let in_front = InFront::of(parts, drive_gain, blueprint, drive)?;
    let InFront { analog, front, phases: in_phase, gain2, input } = &in_front;
    let (gain2, input) = (*gain2, *input);
    // One current per output: what an output shares with itself is its own variance.
    let alone = plan.is_one_to_one() && in_phase.len() == 1;
    let together = (!alone).then(|| {
        let mut effective_v = Array2::zeros(drive.dim());
        for InPhase { phase, .. } in in_phase {
            let of = |u: f64| law.effective_v(phase.fraction(u) * volts);
            effective_v.scaled_add(phase.factor, &drive.mapv(of));
        }
        analog.programming_of_outputs(&effective_v)
    });

    let joint = front.as_ref().filter(|_| !alone).map(|front| {
        let phases: Vec<_> = in_phase.iter().filter_map(InPhase::with_added).collect();
        front.together(plan, analog, &phases)
    });

    let thresholds = Thresholds::of(&parts.front_end, parts.adc_bits);
    // Step of a group's converter, and what it subtracts in front of itself (A).
    let range = |group: usize| {
        let step = full_scales[group].0 * scale * 2.0 / f64::from(parts.adc_steps_of(plan, group));
        (step, if parts.is_positive(plan, group) { step * thresholds.top } else { 0.0 })
    };
    let ranges: Vec<_> = (0..full_scales.len()).map(range).collect();
    let samples = drive.nrows();
    let zeros = || Array2::<f64>::zeros((samples, plan.outputs()));
    let (mut mean_a, mut variance, mut ideal_a) = (zeros(), zeros(), zeros());
    let Steps { exact_a, weight_clip, weight_rounding, dac, constant_a } =
        exact.steps(parts, plan, drive);
    let (distortion, clipping) = (zeros(), zeros());
    let mut shifts = Shifts { distortion, clipping, weight_clip, weight_rounding, dac };
    let mut columns = vec![ColumnErrors::default(); plan.outputs()];
    let mut sigmas: Vec<_> = in_phase.iter().map(|phase| phase.ideal_a.clone()).collect();
    // What phases share by the gain of a current, and currents of an output by their converter.
    let groups = full_scales.len();
    let paired = (1 < in_phase.len() || plan.shares_converters())
        && (gain2 > 0.0 || !thresholds.are_straight());
    let mut in_all = vec![InAll::default(); if paired { plan.outputs() * groups } else { 0 }];
    for sample in 0..samples {
        let mut sums = vec![Sum::default(); plan.outputs()];
        in_all.iter_mut().for_each(|of| of.met.clear());
        for (phase, sigma_a) in in_phase.iter().zip(&mut sigmas) {
            for (k, sense) in plan.senses.iter().enumerate() {
                let at = [sample, k];
                let thermal = analog.thermal[k];
                let (front, sigma) = in_front.noise(phase, at);
                sigma_a[at] = sigma;
                let (step, pedestal) = ranges[sense.full_scale_group];
                let after = converted(phase.mean_a[at] - pedestal, sigma, step, &thresholds);
                let sum = &mut sums[sense.output];
                let weight = phase.phase.factor * sense.weight as f64 / scale;
                let square = weight * weight;
                sum.mean += weight * (after.mean + pedestal - phase.zero_a[at]);
                sum.variance += square * after.variance;
                sum.ideal += weight * (phase.ideal_a[at] - phase.zero_a[at]);
                sum.shift += weight * (phase.mean_a[at] - phase.ideal_a[at]);
                sum.clip_shift += weight * after.clip_shift;
                let passes = square * after.inside * after.inside;
                let shared = Shared { programming: phase.programming[at], ..front };
                sum.passed.add_scaled(&shared, passes);
                sum.errors.add_scaled(
                    &ColumnErrors {
                        thermal,
                        shot: phase.shot[at],
                        programming: phase.programming[at],
                        read: phase.read[at],
                        input,
                        quantisation: after.rounded,
                        clipping: after.clipped,
                        offset: front.offset,
                        gain: front.gain,
                        driver: front.driver,
                        dac_nonlinearity: front.dac,
                        adc_nonlinearity: after.bent,
                        ..ColumnErrors::default()
                    },
                    square,
                );
                if paired {
                    in_all[sense.output * groups + sense.full_scale_group].met.push(Met {
                        sense: k,
                        weight,
                        mean_a: phase.mean_a[at],
                        variance: sigma_a[at] * sigma_a[at],
                        inside: after.inside,
                    });
                }
            }
        }
        for (place, of) in in_all.iter().enumerate() {
            sums[place / groups].take(of, gain2, ranges[place % groups], &thresholds);
        }
        for (output, mut sum) in sums.into_iter().enumerate() {
            let at = [sample, output];
            if let Some(together) = &together {
                sum.join(
                    together[at] / (scale * scale),
                    |s| &mut s.programming,
                    |e| &mut e.programming,
                );
            }
            if let Some(Together { offset, driver, dac }) = &joint {
                let square = scale * scale;
                sum.join(offset[at] / square, |s| &mut s.offset, |e| &mut e.offset);
                sum.join(driver[at] / square, |s| &mut s.driver, |e| &mut e.driver);
                sum.join(dac[at] / square, |s| &mut s.dac, |e| &mut e.dac_nonlinearity);
            }
            sum.errors.signal = exact_a[at].powi(2);
            sum.errors.distortion = sum.shift.powi(2);
            sum.errors.weight_clip = shifts.weight_clip[at].powi(2);
            sum.errors.weight_rounding = shifts.weight_rounding[at].powi(2);
            sum.errors.dac = shifts.dac[at].powi(2);
            shifts.distortion[at] = sum.shift;
            shifts.clipping[at] = sum.clip_shift;
            mean_a[at] = sum.mean + constant_a[output];
            variance[at] = sum.variance;
            ideal_a[at] = sum.ideal + constant_a[output];
            columns[output].add_scaled(&sum.errors, 1.0 / samples.max(1) as f64);
        }
    }
    let phases = in_front.phases.into_iter().zip(sigmas);
    let phases = phases.map(|(phase, sigma_a)| SensedErrors { ideal_a: phase.ideal_a, sigma_a });
    let phases = phases.collect();
    Ok(TileErrors { place, columns, mean_a, variance, ideal_a, exact_a, shifts, phases })
}

/// The currents of one output that one converter takes, in all phases; each current has one gain.
#[derive(Clone, Default)]
struct InAll {
    met: Vec<Met>,
}

/// A current in one phase.
#[derive(Clone, Copy)]
struct Met {
    /// Which current.
    sense: usize,
    /// Its weight in the output.
    weight: f64,
    /// Mean in front of the converter (A).
    mean_a: f64,
    /// Variance in front of the converter (A²).
    variance: f64,
    /// Share that passes the converter.
    inside: f64,
}

impl InAll {
    /// What each pair adds to a variance.
    fn pairs(&self, f: impl Fn(&Met, &Met) -> f64) -> f64 {
        let pairs = self.met.iter().enumerate();
        let pairs = pairs.flat_map(|(k, a)| self.met[..k].iter().map(move |b| (a, b)));
        pairs.map(|(a, b)| 2.0 * a.weight * b.weight * a.inside * b.inside * f(a, b)).sum()
    }
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
    /// Variances that currents share, each current on its own, less what clips.
    passed: Shared,
    errors: ColumnErrors,
}

impl Sum {
    /// Replaces what currents add on their own by what they add `together` (A²).
    fn join(
        &mut self,
        together: f64,
        passed: impl Fn(&mut Shared) -> &mut f64,
        apart: impl Fn(&mut ColumnErrors) -> &mut f64,
    ) {
        let (passed, apart) = (*passed(&mut self.passed), apart(&mut self.errors));
        // What clips of one current is not in the sum: as much of the shared part as of all.
        let share = if *apart > 0.0 { passed / *apart } else { 0.0 };
        self.variance = (self.variance + (together - *apart) * share).max(0.0);
        *apart = together;
    }

    /// Adds what phases share by the gain of a current, and currents and phases by their converter.
    fn take(
        &mut self,
        in_all: &InAll,
        gain2: f64,
        (step, pedestal): (f64, f64),
        thresholds: &Thresholds<'_>,
    ) {
        if gain2 > 0.0 {
            let gain = in_all
                .pairs(|a, b| if a.sense == b.sense { gain2 * a.mean_a * b.mean_a } else { 0.0 });
            self.variance += gain;
            self.errors.gain += gain;
        }
        if !thresholds.are_straight() {
            let square = step * step;
            let in_steps = |met: &Met| ((met.mean_a - pedestal) / step, met.variance / square);
            let adc =
                in_all.pairs(|a, b| square * thresholds.covariance_lsb2(in_steps(a), in_steps(b)));
            self.variance = (self.variance + adc).max(0.0);
            let errors = &mut self.errors.adc_nonlinearity;
            *errors = (*errors + adc).max(0.0);
        }
    }
}
