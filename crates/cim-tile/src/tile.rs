//! The datapath of one tile: the one place where mapping, converters and crossbar meet.

use cim_adc::{Adc, Dac};
use cim_core::{Scratch, Stream, Tally};
use cim_crossbar::{CircuitError, Crossbar, Readout, Sensed};

use crate::mapping::{Mapping, Plan};

/// Target conductance (S) of every cell of a plan, its levels spread over a window.
pub fn targets(plan: &Plan, g_min_s: f64, span_s: f64) -> ndarray::Array2<f64> {
    let step_s = span_s / f64::from(plan.top_level);
    plan.levels.mapv(|level| g_min_s + step_s * f64::from(level))
}

/// The currents that a plan senses, in its order.
pub fn sensed(plan: &Plan) -> Vec<Sensed> {
    plan.senses.iter().map(|s| Sensed { plus: s.plus, minus: s.minus }).collect()
}

/// One programmed array with its converters.
pub struct Tile {
    readout: Readout,
    dac: Dac,
    adc: Box<dyn Adc>,
    plan: Plan,
    /// Whether sensed current `k` adds to output `k` with weight 1, for all of them.
    one_to_one: bool,
    /// Output units per ADC code.
    gain: f32,
    at: Stream,
}

impl Tile {
    /// Joins a programmed array with its converters. `output_per_amp` turns a sensed current into
    /// output units; read noise is drawn below `at`.
    ///
    /// # Errors
    /// [`CircuitError::Column`] if the plan senses a column that the array does not have.
    pub fn new(
        array: &Crossbar,
        plan: Plan,
        dac: Dac,
        adc: Box<dyn Adc>,
        output_per_amp: f64,
        at: Stream,
    ) -> Result<Self, CircuitError> {
        let noise_variance = adc.input_noise().0.powi(2);
        let readout = Readout::compile(array, &sensed(&plan), noise_variance)?;
        let readout = readout.driven_within(dac.read_voltage());
        let gain = (output_per_amp * adc.step().0) as f32;
        let one_to_one = plan.senses.iter().enumerate().all(|(k, s)| s.output == k && s.weight == 1);
        Ok(Self { readout, dac, adc, plan, one_to_one, gain, at })
    }

    /// Adds `x · W` of this tile to `y`, whose rows are `y_stride` apart.
    ///
    /// `codes` are the DAC codes of the tile's inputs, batch × rows.
    #[expect(clippy::too_many_arguments, reason = "one product: subject, address, outputs, scratch")]
    pub fn accumulate(
        &self,
        mapping: &dyn Mapping,
        codes: &[f32],
        batch: usize,
        call: u64,
        y: &mut [f32],
        y_stride: usize,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        let (rows, senses) = self.readout.shape();
        let mut row_v = scratch.take(batch * rows);
        let mut sensed_a = scratch.take(batch * senses);
        let mut sensed_codes = scratch.take_codes(batch * senses);
        let volts_per_code = self.dac.voltage(1.0).0 as f32;
        for (phase, &factor) in self.plan.phases.iter().enumerate() {
            mapping.drive(phase, codes, &mut row_v);
            pulp::Arch::new().dispatch(Scale { factor: volts_per_code, values: &mut row_v });
            let at = self.at.child("call", call).child("phase", phase as u64);
            self.readout.sense(&row_v, batch, at, &mut sensed_a, scratch, |first, sensed_a| {
                let sensed_codes = &mut sensed_codes[..sensed_a.len()];
                self.adc.convert(sensed_a, sensed_codes, tally);
                self.sum(factor, sensed_codes, &mut y[first * y_stride..], y_stride);
            });
        }
        scratch.give_codes(sensed_codes);
        scratch.give(sensed_a);
        scratch.give(row_v);
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

/// Multiplies values, compiled for the vectors of the machine.
struct Scale<'a> {
    factor: f32,
    values: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.values.iter_mut().for_each(|v| *v *= self.factor);
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
