//! The datapath of one tile: the one place where mapping, converters and crossbar meet.

use std::sync::Arc;

use cim_adc::Adc;
use cim_core::{Scratch, Seconds, Stream, Tally, Volts};
use cim_crossbar::{CircuitError, Crossbar, Readout, Sensed};
use cim_device::Compensation;
use ndarray::{Array1, Array2, ArrayView1};

use crate::mapping::Plan;

/// Target conductance (S) of every cell of a plan, its levels spread over a window.
pub fn targets(plan: &Plan, g_min_s: f64, span_s: f64) -> Array2<f64> {
    let step_s = span_s / f64::from(plan.top_level);
    plan.levels.mapv(|level| g_min_s + step_s * f64::from(level))
}

/// The currents that a plan senses, in its order.
pub fn sensed(plan: &Plan) -> Vec<Sensed> {
    plan.senses.iter().map(|s| Sensed { plus: s.plus, minus: s.minus }).collect()
}

/// One programmed array with its output converters.
///
/// It keeps the array, from which it is compiled once more for another time; products use what was
/// compiled alone.
#[derive(Clone)]
pub struct Tile {
    array: Crossbar,
    readout: Readout,
    adc: Arc<dyn Adc>,
    plan: Plan,
    /// Whether sensed current `k` adds to output `k` with weight 1, for all of them.
    one_to_one: bool,
    /// Largest row voltage.
    peak: Volts,
    /// Output units per ADC code as designed.
    output_per_code: f64,
    /// The same for every sensed current, times its factor against drift.
    gains: Vec<f32>,
    /// Address of all reads.
    reads: Stream,
    /// Address of the reads at this age.
    at: Stream,
}

impl Tile {
    /// Joins a programmed array, whose rows are driven with up to `peak`, with its converters.
    /// `output_per_amp` turns a sensed current into
    /// output units; read noise is drawn below `at`.
    ///
    /// # Errors
    /// [`CircuitError::Column`] if the plan senses a column that the array does not have.
    pub fn new(
        array: Crossbar,
        plan: Plan,
        peak: Volts,
        adc: Box<dyn Adc>,
        output_per_amp: f64,
        at: Stream,
    ) -> Result<Self, CircuitError> {
        let adc: Arc<dyn Adc> = adc.into();
        let readout = compile(&array, &plan, peak, adc.as_ref())?;
        let output_per_code = output_per_amp * adc.step().0;
        let gains = vec![output_per_code as f32; plan.senses.len()];
        let one_to_one =
            plan.senses.iter().enumerate().all(|(k, s)| s.output == k && s.weight == 1);
        let (reads, at) = (at, read_at(at, array.elapsed()));
        Ok(Self { array, readout, adc, plan, one_to_one, peak, output_per_code, gains, reads, at })
    }

    /// The programmed array.
    pub fn array(&self) -> &Crossbar {
        &self.array
    }

    /// The same tile `elapsed` after it was programmed ([`Crossbar::aged`]), with the factors
    /// against drift that it has. Reads at another time draw other noise.
    ///
    /// # Errors
    /// [`CircuitError`] for a time that cannot be or at which nothing is known of the device.
    pub fn aged(&self, elapsed: Seconds) -> Result<Self, CircuitError> {
        let array = self.array.aged(elapsed)?;
        if array.elapsed() == self.array.elapsed() {
            return Ok(self.clone());
        }
        let readout = compile(&array, &self.plan, self.peak, self.adc.as_ref())?;
        Ok(Self { array, readout, at: read_at(self.reads, elapsed), ..self.clone() })
    }

    /// Strengths of the sensed currents (A), measured by driving one row after the other with the
    /// largest voltage.
    ///
    /// Every probe is one read, with the read noise of the cells and the thermal noise of that
    /// moment. What the measuring converter adds is the noise of the compensation: it has a range of
    /// its own, as a lone cell would hardly move a converter that is made for sums of rows.
    pub fn strengths(&self, compensation: &Compensation) -> Array1<f64> {
        let at = self.at.child("probe", 0);
        let sensed = sensed(&self.plan);
        let readout = Readout::compile(&self.array, &sensed, 0.0).expect("compiled before");
        let (rows, senses) = readout.shape();
        let mut probes = vec![0.0; rows * rows];
        probes.iter_mut().step_by(rows + 1).for_each(|v| *v = self.peak.0 as f32);
        let mut sensed_a = vec![0.0; rows * senses];
        let (read_at, scratch) = (at.child("read", 0), &mut Scratch::default());
        readout.currents(&probes, rows, read_at, &mut sensed_a, scratch);
        let outputs = sensed_a.into_iter().map(f64::from).collect();
        let outputs = Array2::from_shape_vec((rows, senses), outputs).expect("rows × senses");
        compensation.strengths_a(outputs.view(), at.child("measure", 0))
    }

    /// The same tile with a factor for every sensed current in its digital output, in place of the
    /// factors that it had.
    pub fn with_factors(self, factors: ArrayView1<'_, f64>) -> Self {
        assert_eq!(factors.len(), self.plan.senses.len(), "one factor per sensed current");
        let gains = factors.iter().map(|factor| (self.output_per_code * factor) as f32).collect();
        Self { gains, ..self }
    }

    /// Factors of the phases of the drive.
    pub fn phases(&self) -> &[i64] {
        &self.plan.phases
    }

    /// Adds what one phase contributes to `x · W` of this tile to `y`, whose rows are `y_stride`
    /// apart.
    ///
    /// `row_v` are the voltages of the phase (V, batch × rows). Noise, converter and sum follow
    /// the product block by block, while a block is in the first-level cache.
    pub fn accumulate(
        &self,
        row_v: &[f32],
        phase: usize,
        call: u64,
        (y, y_stride): (&mut [f32], usize),
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        let (rows, senses) = self.readout.shape();
        let batch = row_v.len() / rows;
        let mut sensed_a = scratch.take(batch * senses);
        let mut codes = scratch.take_codes(batch * senses);
        let factor = self.plan.phases[phase];
        let at = self.at.child("call", call).child("phase", phase as u64);
        self.readout.sense(row_v, batch, at, &mut sensed_a, scratch, |first, sensed_a| {
            let codes = &mut codes[..sensed_a.len()];
            self.adc.convert(sensed_a, codes, tally);
            self.sum(factor, codes, &mut y[first * y_stride..], y_stride);
        });
        scratch.give_codes(codes);
        scratch.give(sensed_a);
    }

    fn sum(&self, phase: i64, codes: &[i32], y: &mut [f32], y_stride: usize) {
        let senses = &self.plan.senses;
        if self.one_to_one {
            let (phase, gains) = (phase as f32, self.gains.as_slice());
            pulp::Arch::new().dispatch(Sum { phase, gains, codes, y, y_stride });
            return;
        }
        for (codes, y) in codes.chunks_exact(senses.len()).zip(y.chunks_mut(y_stride)) {
            for ((sense, &code), gain) in senses.iter().zip(codes).zip(&self.gains) {
                let units = phase * sense.weight * i64::from(code);
                y[sense.output] += gain * units as f32;
            }
        }
    }
}

fn compile(
    array: &Crossbar,
    plan: &Plan,
    peak: Volts,
    adc: &dyn Adc,
) -> Result<Readout, CircuitError> {
    let noise_variance = adc.input_noise().0.powi(2);
    Ok(Readout::compile(array, &sensed(plan), noise_variance)?.driven_within(peak))
}

/// Reads of a chip of another age are other reads.
fn read_at(reads: Stream, elapsed: Seconds) -> Stream {
    if elapsed == Seconds::ZERO { reads } else { reads.child("age", elapsed.0.to_bits()) }
}

/// Adds rows of codes, each with its gain, to rows that are `y_stride` apart.
struct Sum<'a> {
    phase: f32,
    gains: &'a [f32],
    codes: &'a [i32],
    y: &'a mut [f32],
    y_stride: usize,
}

impl pulp::NullaryFnOnce for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let rows = self.codes.chunks_exact(self.gains.len()).zip(self.y.chunks_mut(self.y_stride));
        for (codes, y) in rows {
            for ((y, &code), gain) in y.iter_mut().zip(codes).zip(self.gains) {
                *y += gain * (self.phase * code as f32);
            }
        }
    }
}
