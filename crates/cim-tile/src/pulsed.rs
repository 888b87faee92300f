//! A tile whose inputs are pulse widths and whose outputs are counted charges.

use crate::pwm::{Drive, PwmSpec, PwmTile};
use cim_adc::{Dac, DacSpec, Oscillator, OscillatorSpec, Polarity};
use cim_core::{MatMul, Scratch, Stream, Tally};
use cim_device::{Device, Window};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use serde::{Deserialize, Serialize};

use crate::error::TileError;
use crate::mapping::{Differential, Mapping};
use crate::quantize;

/// The circuit of a [`PulsedTile`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PulsedSpec {
    /// Pulses, lines and column wires.
    pub pwm: PwmSpec,
    /// Converter of every column.
    pub adc: OscillatorSpec,
}

impl PulsedSpec {
    /// The tile of Luquin et al., arXiv 2506.00004 (2025).
    pub const fn luquin() -> Self {
        Self { pwm: PwmSpec::luquin(), adc: OscillatorSpec::luquin() }
    }
}

/// How numbers use a [`PulsedTile`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PulsedDesign {
    /// Conductances between which weights are mapped.
    pub window: Window,
    /// Weight that stands for the whole window; larger ones are clipped.
    pub weight_clip: f32,
    /// Input that stands for the largest code; larger ones are clipped.
    pub input_limit: f32,
}

/// A weight matrix on one pulse-width tile with its converters.
///
/// Law: inputs are rounded to codes of whole time steps; every burst of a product makes a charge in
/// each column, of which the column's oscillator counts whole cycles; the counts of the bursts are
/// shifted and added as integers:
///
/// ```text
/// y = gain Σ_burst 2^low_bit trunc(charge / charge per count)
/// ```
///
/// Every burst is truncated on its own, so that more bursts lose more. The charge of a resting tile
/// (`v_read` off `v_mid`) is part of what is counted; calibration may take it off.
pub struct PulsedTile {
    pwm: PwmTile,
    adc: Oscillator,
    dac: Dac,
    input_limit: f32,
    /// Output units per count.
    gain: f32,
    at: Stream,
}

impl PulsedTile {
    /// Programs `weights` (inputs × outputs), each as the difference of two cells, which the circuit
    /// of this tile is made of: it knows no other mapping. All draws come from below `at`.
    ///
    /// # Errors
    /// [`TileError`] for weights, scales or parts that cannot be.
    pub fn program(
        spec: PulsedSpec,
        design: PulsedDesign,
        device: &dyn Device,
        weights: ArrayView2<'_, f32>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Self, TileError> {
        device.window().check_holds(design.window)?;
        let mapping = Differential::FINE;
        let levels = quantize::weights(weights, design.weight_clip, mapping.top_weight(), tally)?;
        let plan = mapping.plan(levels.view())?;
        let target_s = plan.targets(design.window);
        let g_s = device.program(target_s.view(), at.child("program", 0), tally);
        let plus: Vec<_> = plan.senses.iter().map(|sense| sense.plus).collect();
        let minus: Vec<_> = plan.senses.iter().filter_map(|sense| sense.minus).collect();
        let pairs = (g_s.select(Axis(1), &plus), g_s.select(Axis(1), &minus));
        let siemens_per_weight = design.window.span().0 / f64::from(design.weight_clip);
        Self::new(spec, pairs, siemens_per_weight, design.input_limit, at.child("read", 0))
    }

    /// Puts pairs that are programmed already on a tile: `pairs` are the cells that add to a column
    /// and those that subtract (S, inputs × outputs). Read noise is drawn below `at`.
    ///
    /// # Errors
    /// [`TileError`] for pairs, scales or parts that cannot be.
    pub fn new(
        spec: PulsedSpec,
        pairs: (Array2<f64>, Array2<f64>),
        siemens_per_weight: f64,
        input_limit: f32,
        at: Stream,
    ) -> Result<Self, TileError> {
        let limit = f64::from(input_limit);
        for (name, value) in
            [("input limit", limit), ("conductance per weight", siemens_per_weight)]
        {
            if !(0.0 < value && value.is_finite()) {
                return Err(TileError::Scale { name, value });
            }
        }
        let pwm = spec.pwm.build(pairs.0.view(), pairs.1.view())?;
        let adc = spec.adc.build()?;
        let dac = DacSpec { bits: spec.pwm.bits, polarity: Polarity::Bipolar };
        let dac = dac.build(spec.pwm.v_hi - spec.pwm.v_mid)?;
        let code_siemens = adc.charge_per_count() / pwm.charge_per_siemens();
        let gain = code_siemens / siemens_per_weight * limit / f64::from(pwm.top_code());
        Ok(Self { pwm, adc, dac, input_limit, gain: gain as f32, at })
    }

    /// The circuit before the converters.
    pub fn pwm(&self) -> &PwmTile {
        &self.pwm
    }

    /// Digital sums (vectors × columns) of the counts of all bursts. `call` numbers the product: the
    /// same call repeats the same noise.
    ///
    /// # Panics
    /// If `sums` does not hold a number for each vector and column.
    pub fn counts(
        &self,
        drive: &Drive,
        call: u64,
        sums: &mut [i64],
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        sums.fill(0);
        self.count_bursts(drive, call, scratch, tally, |factor, counts| {
            assert_eq!(counts.len(), sums.len(), "vectors × columns");
            sums.iter_mut().zip(counts).for_each(|(sum, &c)| *sum += factor * i64::from(c));
        });
    }

    /// Hands on the counts of every burst with their weight.
    fn count_bursts(
        &self,
        drive: &Drive,
        call: u64,
        scratch: &mut Scratch,
        tally: &mut Tally,
        mut then: impl FnMut(i64, &[i32]),
    ) {
        let bursts = self.pwm.bursts();
        let outputs = drive.vectors() * self.pwm.shape().1;
        let mut charge_c = scratch.take(bursts.len() * outputs);
        self.pwm.charges(drive, self.at.child("call", call), &mut charge_c, scratch);
        let mut counts = scratch.take_codes(outputs);
        for (burst, charge_c) in bursts.iter().zip(charge_c.chunks_exact(outputs.max(1))) {
            self.adc.count(charge_c, &mut counts, tally);
            then(burst.factor(), &counts);
        }
        scratch.give_codes(counts);
        scratch.give(charge_c);
    }
}

impl MatMul for PulsedTile {
    fn shape(&self) -> (usize, usize) {
        self.pwm.shape()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        mut y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        let (inputs, outputs) = self.shape();
        assert_eq!((x.ncols(), y.dim()), (inputs, (x.nrows(), outputs)), "shapes");
        let x = x.as_standard_layout();
        let mut rounded = scratch.take(x.len());
        let values = x.as_slice().expect("standard layout");
        self.dac.encode(values, self.input_limit, &mut rounded, tally);
        let mut codes = scratch.take_codes(x.len());
        codes.iter_mut().zip(&rounded).for_each(|(code, &value)| *code = value as i32);
        scratch.give(rounded);
        let codes = Array2::from_shape_vec(x.dim(), codes).expect("one code per input");
        let drive = self.pwm.drive(codes).expect("the DAC has the codes of the tile");
        let mut sums = vec![0; y.len()];
        self.counts(&drive, call, &mut sums, scratch, tally);
        y.iter_mut().zip(&sums).for_each(|(y, &sum)| *y = self.gain * sum as f32);
        scratch.give_codes(drive.into_codes().into_raw_vec_and_offset().0);
    }
}

#[cfg(test)]
mod tests {
    use crate::pwm::InputMode;
    use cim_core::{Exact, Ohms, Siemens, Volts};
    use cim_device::{Ideal, NanosecondRead};

    use super::*;

    const QUIET: PwmSpec = PwmSpec {
        wire: Ohms::ZERO,
        v_read: Volts(0.4),
        read: NanosecondRead::NONE,
        ..PwmSpec::luquin()
    };
    const ROWS: usize = 300;
    const COLS: usize = 7;
    const BATCH: usize = 40;

    fn uniform(shape: (usize, usize), at: Stream) -> Array2<f32> {
        let mut values = vec![0.0; shape.0 * shape.1];
        at.fill_uniform(0, &mut values);
        values.iter_mut().for_each(|u| *u = 2.0 * *u - 1.0);
        Array2::from_shape_vec(shape, values).expect("as many as asked for")
    }

    fn tile(pwm: PwmSpec) -> (PulsedTile, Array2<f32>) {
        let window = Window::new(Siemens(0.1e-6), Siemens(15e-6)).expect("a window");
        let weights = uniform((ROWS, COLS), Stream::root(1));
        let design = PulsedDesign { window, weight_clip: 1.0, input_limit: 1.0 };
        let spec = PulsedSpec { pwm, adc: OscillatorSpec::luquin() };
        let (at, tally) = (Stream::root(2), &mut Tally::default());
        let device = Ideal { window };
        let tile = PulsedTile::program(spec, design, &device, weights.view(), at, tally);
        (tile.expect("a tile"), weights)
    }

    fn apply(carried: &dyn MatMul, x: &Array2<f32>, call: u64) -> (Array2<f32>, Tally) {
        let (mut y, mut tally) = (Array2::zeros((x.nrows(), COLS)), Tally::default());
        carried.apply(x.view(), call, y.view_mut(), &mut Scratch::default(), &mut tally);
        (y, tally)
    }

    /// Codes of whole steps, so that no input is rounded.
    fn whole_inputs() -> Array2<f32> {
        uniform((BATCH, ROWS), Stream::root(3)).mapv(|x| (127.0 * x).round() / 127.0)
    }

    #[test]
    fn without_wire_every_burst_loses_less_than_a_count() {
        let x = whole_inputs();
        let mut errors = Vec::new();
        for input in [InputMode::OnePass, InputMode::Split { low_bits: 3 }, InputMode::BitWise] {
            let (tile, weights) = tile(PwmSpec { input, ..QUIET });
            let (got, tally) = apply(&tile, &x, 0);
            let (want, _) = apply(&Exact(weights), &x, 0);
            let factors: i64 = tile.pwm().bursts().iter().map(|b| b.factor()).sum();
            // Weights are rounded to 2⁻¹⁶, sums are of f32.
            let rounding = ROWS as f32 * (2.0_f32.powi(-16) + 2.0_f32.powi(-20));
            let most = tile.gain * factors as f32 + rounding;
            let error = &got - &want;
            assert!(error.iter().all(|e| e.abs() <= most), "{input:?}");
            // Towards zero: never away from it by more than the roundings.
            let toward = error.iter().zip(&want).all(|(e, want)| e * want.signum() <= rounding);
            assert!(toward || input != InputMode::OnePass);
            errors.push(error.iter().map(|e| e * e).sum::<f32>());
            let conversions = tile.pwm().bursts().len() * got.len();
            assert_eq!((tally.adc_conversions, tally.adc_clips), (conversions as u64, 0));
            assert_eq!((tally.dac_conversions, tally.dac_clips), (x.len() as u64, 0));
        }
        assert!(errors[0] < errors[1] && errors[1] < errors[2], "{errors:?}");
    }

    #[test]
    fn the_digital_sum_is_of_integers() {
        let input = InputMode::Split { low_bits: 3 };
        let (tile, _) = tile(PwmSpec { input, ..PwmSpec::luquin() });
        let x = whole_inputs();
        let codes = x.mapv(|x| (127.0 * x).round() as i32);
        let drive = tile.pwm().drive(codes).expect("codes in range");
        let (mut sums, mut tally) = (vec![0; BATCH * COLS], Tally::default());
        tile.counts(&drive, 5, &mut sums, &mut Scratch::default(), &mut tally);
        let (y, _) = apply(&tile, &x, 5);
        for (y, &sum) in y.iter().zip(&sums) {
            assert_eq!(*y, tile.gain * sum as f32, "{sum}");
        }
    }

    #[test]
    fn a_call_repeats_its_noise_and_another_draws_anew() {
        let (tile, _) = tile(PwmSpec::luquin());
        let x = whole_inputs();
        assert_eq!(apply(&tile, &x, 1), apply(&tile, &x, 1));
        assert_ne!(apply(&tile, &x, 1).0, apply(&tile, &x, 2).0);
    }

    #[test]
    fn inputs_beyond_the_longest_pulse_are_counted() {
        let (tile, _) = tile(QUIET);
        let (_, tally) = apply(&tile, &(whole_inputs() * 1.5), 0);
        assert!(tally.dac_clips > 0 && tally.adc_clips == 0, "{tally:?}");
    }

    #[test]
    fn parts_that_cannot_be_are_refused() {
        let cells = || (Array2::from_elem((4, 2), 1e-6), Array2::from_elem((4, 2), 1e-6));
        let build = |spec: PulsedSpec, scale: f64, limit: f32| {
            PulsedTile::new(spec, cells(), scale, limit, Stream::root(0)).map(|_| ()).unwrap_err()
        };
        let spec = PulsedSpec::luquin();
        assert!(matches!(build(spec, 0.0, 1.0), TileError::Scale { .. }));
        assert!(matches!(build(spec, 1.0, f32::NAN), TileError::Scale { .. }));
        let pwm = PwmSpec { segments: 5, ..spec.pwm };
        assert!(matches!(build(PulsedSpec { pwm, ..spec }, 1.0, 1.0), TileError::Pulses(_)));
        let adc = OscillatorSpec { counter_bits: 1, ..spec.adc };
        assert!(matches!(build(PulsedSpec { adc, ..spec }, 1.0, 1.0), TileError::Converter(_)));
    }
}
