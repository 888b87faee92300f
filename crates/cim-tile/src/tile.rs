//! The datapath of one tile: the one place where mapping, converters and crossbar meet.

use cim_adc::Adc;
use cim_core::{Scratch, Stream, Tally, Volts};
use cim_crossbar::{CircuitError, Crossbar, Readout, Sensed};

use crate::mapping::Plan;

/// Target conductance (S) of every cell of a plan, its levels spread over a window.
pub fn targets(plan: &Plan, g_min_s: f64, span_s: f64) -> ndarray::Array2<f64> {
    let step_s = span_s / f64::from(plan.top_level);
    plan.levels.mapv(|level| g_min_s + step_s * f64::from(level))
}

/// The currents that a plan senses, in its order.
pub fn sensed(plan: &Plan) -> Vec<Sensed> {
    plan.senses.iter().map(|s| Sensed { plus: s.plus, minus: s.minus }).collect()
}

/// One programmed array with its output converters.
pub struct Tile {
    readout: Readout,
    adc: Box<dyn Adc>,
    plan: Plan,
    /// Whether sensed current `k` adds to output `k` with weight 1, for all of them.
    one_to_one: bool,
    /// Output units per ADC code.
    gain: f32,
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
        array: &Crossbar,
        plan: Plan,
        peak: Volts,
        adc: Box<dyn Adc>,
        output_per_amp: f64,
        at: Stream,
    ) -> Result<Self, CircuitError> {
        let noise_variance = adc.input_noise().0.powi(2);
        let readout = Readout::compile(array, &sensed(&plan), noise_variance)?;
        let readout = readout.driven_within(peak);
        let gain = (output_per_amp * adc.step().0) as f32;
        let one_to_one =
            plan.senses.iter().enumerate().all(|(k, s)| s.output == k && s.weight == 1);
        Ok(Self { readout, adc, plan, one_to_one, gain, at })
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
            let (gain, width) = (self.gain * phase as f32, senses.len());
            pulp::Arch::new().dispatch(Sum { gain, width, codes, y, y_stride });
            return;
        }
        for (codes, y) in codes.chunks_exact(senses.len()).zip(y.chunks_mut(y_stride)) {
            for (sense, &code) in senses.iter().zip(codes) {
                let units = phase * sense.weight * i64::from(code);
                y[sense.output] += self.gain * units as f32;
            }
        }
    }
}

/// Adds rows of `width` codes to rows that are `y_stride` apart.
struct Sum<'a> {
    gain: f32,
    width: usize,
    codes: &'a [i32],
    y: &'a mut [f32],
    y_stride: usize,
}

impl pulp::NullaryFnOnce for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let rows = self.codes.chunks_exact(self.width).zip(self.y.chunks_mut(self.y_stride));
        for (codes, y) in rows {
            y.iter_mut().zip(codes).for_each(|(y, &code)| *y += self.gain * code as f32);
        }
    }
}
