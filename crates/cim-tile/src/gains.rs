//! Gains of columns, fitted to measured products.

use cim_core::{MatMul, Scratch, Stream, Tally};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};

use crate::error::TileError;

/// What is fitted to a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// One factor.
    Gain,
    /// A factor and a constant.
    GainAndOffset,
}

/// How the gains of columns are measured, as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GainCalibration {
    /// What is fitted.
    pub fit: Fit,
    /// Standard deviation of one measured output about what the tile gives, in output units.
    pub measurement_noise: f64,
}

/// Measured gain and offset of every column: `measured = gain · wanted + offset`.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnGains {
    /// Gains, one per column.
    pub gain: Vec<f32>,
    /// Offsets in output units, one per column.
    pub offset: Vec<f32>,
}

impl GainCalibration {
    /// Measures every column of `carried`, which should give `x · weights`, on a set of inputs
    /// (inputs × rows). `call` numbers the product; the noise of the measurement is drawn at `at`.
    ///
    /// # Errors
    /// [`TileError::Scale`] for noise that cannot be, [`TileError::Size`] if there are no inputs or
    /// `weights` is not what is carried.
    pub fn measure(
        &self,
        carried: &dyn MatMul,
        weights: ArrayView2<'_, f32>,
        inputs: ArrayView2<'_, f32>,
        (call, at): (u64, Stream),
        tally: &mut Tally,
    ) -> Result<ColumnGains, TileError> {
        let value = self.measurement_noise;
        if !(0.0 <= value && value.is_finite()) {
            return Err(TileError::Scale { name: "measurement noise", value });
        }
        let ((rows, cols), samples) = (weights.dim(), inputs.nrows());
        if carried.shape() != (rows, cols) || inputs.ncols() != rows || samples == 0 {
            return Err(TileError::Size { rows, cols });
        }
        let (mut wanted, mut measured) =
            (Array2::zeros((samples, cols)), Array2::zeros((samples, cols)));
        cim_core::matmul::product(inputs, weights, wanted.view_mut());
        carried.apply(inputs, call, measured.view_mut(), &mut Scratch::default(), tally);
        let mut normals = vec![0.0; cols];
        for (sample, mut row) in measured.rows_mut().into_iter().enumerate() {
            at.fill_standard_normal(sample as u64, &mut normals);
            row.iter_mut().zip(&normals).for_each(|(y, n)| *y += value as f32 * n);
        }
        Ok(ColumnGains::fitted(self.fit, wanted.view(), measured.view()))
    }
}

impl ColumnGains {
    /// Least squares of `measured` against `wanted` (samples × columns), column by column.
    ///
    /// The noise of a measurement is in what is measured and not in what is wanted, so the gain is
    /// unbiased, with a standard error of `noise / (√samples · rms wanted)`. A column in which
    /// nothing was wanted, or whose gain is not positive, keeps a gain of 1.
    pub fn fitted(fit: Fit, wanted: ArrayView2<'_, f32>, measured: ArrayView2<'_, f32>) -> Self {
        assert_eq!(wanted.dim(), measured.dim(), "samples × columns");
        let samples = wanted.nrows().max(1) as f64;
        let (gain, offset) = wanted
            .columns()
            .into_iter()
            .zip(measured.columns())
            .map(|(wanted, measured)| {
                let pairs =
                    || wanted.iter().zip(measured).map(|(w, m)| (f64::from(*w), f64::from(*m)));
                let mean = |sum: f64| match fit {
                    Fit::Gain => 0.0,
                    Fit::GainAndOffset => sum / samples,
                };
                let mean_w = mean(pairs().map(|(w, _)| w).sum());
                let mean_m = mean(pairs().map(|(_, m)| m).sum());
                let square: f64 = pairs().map(|(w, _)| (w - mean_w).powi(2)).sum();
                let cross: f64 = pairs().map(|(w, m)| (w - mean_w) * (m - mean_m)).sum();
                let gain = if square > 0.0 && cross > 0.0 { cross / square } else { 1.0 };
                (gain as f32, (mean_m - gain * mean_w) as f32)
            })
            .unzip();
        Self { gain, offset }
    }

    /// Turns measured outputs (samples × columns) into what was wanted, in place.
    pub fn correct(&self, mut outputs: ArrayViewMut2<'_, f32>) {
        for mut row in outputs.rows_mut() {
            for ((y, gain), offset) in row.iter_mut().zip(&self.gain).zip(&self.offset) {
                *y = (*y - offset) / gain;
            }
        }
    }
}

/// A product whose columns are corrected by measured gains.
pub struct Calibrated<M> {
    carried: M,
    gains: ColumnGains,
}

impl<M: MatMul> Calibrated<M> {
    /// Corrects `carried`.
    ///
    /// # Errors
    /// [`TileError::Size`] if there is not one gain and one offset per column.
    pub fn new(carried: M, gains: ColumnGains) -> Result<Self, TileError> {
        let (rows, cols) = carried.shape();
        if gains.gain.len() == cols && gains.offset.len() == cols {
            Ok(Self { carried, gains })
        } else {
            Err(TileError::Size { rows, cols })
        }
    }
}

impl<M: MatMul> MatMul for Calibrated<M> {
    fn shape(&self) -> (usize, usize) {
        self.carried.shape()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        mut y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        self.carried.apply(x, call, y.view_mut(), scratch, tally);
        self.gains.correct(y);
    }
}

#[cfg(test)]
mod tests {
    use crate::pwm::PwmSpec;
    use cim_adc::OscillatorSpec;
    use cim_core::{Exact, Hertz, Ohms, Siemens, Volts};
    use cim_device::{Ideal, NanosecondRead, Window};
    use ndarray::Axis;

    use super::*;
    use crate::pulsed::{PulsedDesign, PulsedSpec, PulsedTile};

    const ROWS: usize = 512;
    const COLS: usize = 64;

    /// Normal numbers of standard deviation 1/3, clipped to 1.
    fn clipped_normals(shape: (usize, usize), at: Stream) -> Array2<f32> {
        let mut values = vec![0.0; shape.0 * shape.1];
        at.fill_standard_normal(0, &mut values);
        let clipped = values.iter().map(|n| (n / 3.0).clamp(-1.0, 1.0)).collect();
        Array2::from_shape_vec(shape, clipped).expect("as many as asked for")
    }

    /// A tile whose oscillators run at `frequency` at 100 µA.
    fn tile(pwm: PwmSpec, frequency: f64, weights: &Array2<f32>) -> PulsedTile {
        let window = Window::new(Siemens(0.1e-6), Siemens(15e-6)).expect("a window");
        let design = PulsedDesign { window, weight_clip: 1.0, input_limit: 1.0 };
        let adc = OscillatorSpec { frequency: Hertz(frequency), ..OscillatorSpec::luquin() };
        let spec = PulsedSpec { pwm, adc: OscillatorSpec { counter_bits: 24, ..adc } };
        let (at, tally) = (Stream::root(2), &mut Tally::default());
        PulsedTile::program(spec, design, &Ideal { window }, weights.view(), at, tally)
            .expect("a tile")
    }

    fn error(carried: &dyn MatMul, weights: &Array2<f32>, x: &Array2<f32>) -> f64 {
        let (mut got, mut want) =
            (Array2::zeros((x.nrows(), COLS)), Array2::zeros((x.nrows(), COLS)));
        let (scratch, tally) = (&mut Scratch::default(), &mut Tally::default());
        carried.apply(x.view(), 9, got.view_mut(), scratch, tally);
        Exact(weights.clone()).apply(x.view(), 0, want.view_mut(), scratch, tally);
        let square = |a: &Array2<f32>| a.iter().map(|v| f64::from(v * v)).sum::<f64>();
        (square(&(got - &want)) / square(&want)).sqrt()
    }

    /// Errors (%) of a tile on inputs that its calibration has not seen, before and after.
    fn calibrated(ohm: f64, frequency: f64) -> (f64, f64) {
        let weights = clipped_normals((ROWS, COLS), Stream::root(1));
        let inputs = clipped_normals((30, ROWS), Stream::root(3));
        let held_out =
            clipped_normals((200, ROWS), Stream::root(4)).mapv(|x| (127.0 * x).round() / 127.0);
        let quiet = PwmSpec { v_read: Volts(0.4), ..PwmSpec::luquin() };
        let pwm = PwmSpec { wire: Ohms(ohm), read: NanosecondRead::NONE, ..quiet };
        let tile = tile(pwm, frequency, &weights);
        let before = error(&tile, &weights, &held_out);
        let calibration = GainCalibration { fit: Fit::Gain, measurement_noise: 0.0 };
        let (at, tally) = ((0, Stream::root(5)), &mut Tally::default());
        let gains = calibration.measure(&tile, weights.view(), inputs.view(), at, tally);
        let tile = Calibrated::new(tile, gains.expect("gains")).expect("a gain for each column");
        (100.0 * before, 100.0 * error(&tile, &weights, &held_out))
    }

    #[test]
    fn thirty_inputs_halve_the_error_of_the_wire() {
        for (ohm, before, after) in [(0.15, 5.7, 2.4), (0.35, 12.2, 5.6), (1.0, 27.6, 14.7)] {
            // A hundred times the published frequency: the figures are of the circuit alone.
            let got = calibrated(ohm, 624e9);
            assert!((got.0 - before).abs() <= 0.3, "{ohm} Ohm: {got:?} %");
            assert!((got.1 - after).abs() <= 0.3, "{ohm} Ohm: {got:?} %");
        }
    }

    #[test]
    fn lost_cycles_add_to_the_loss_of_the_wire() {
        let (published, fast) = (calibrated(0.15, 6.24e9), calibrated(0.15, 624e9));
        assert!(published.0 > fast.0 + 0.3, "{published:?} and {fast:?} %");
        assert!(published.1 > fast.1, "a lost part of a cycle is no gain");
    }

    #[test]
    fn an_offset_of_the_reference_is_fitted_with_the_gain() {
        let weights = clipped_normals((ROWS, COLS), Stream::root(1));
        let inputs = clipped_normals((30, ROWS), Stream::root(3));
        let held_out = clipped_normals((100, ROWS), Stream::root(4));
        let pwm = PwmSpec { read: NanosecondRead::NONE, ..PwmSpec::luquin() };
        let rest = |fit| {
            let frequency = 6.24e9;
            let tile = tile(pwm, frequency, &weights);
            let calibration = GainCalibration { fit, measurement_noise: 0.0 };
            let at = (0, Stream::root(5));
            let tally = &mut Tally::default();
            let gains = calibration.measure(&tile, weights.view(), inputs.view(), at, tally);
            let tile = Calibrated::new(tile, gains.expect("gains")).expect("a gain each");
            error(&tile, &weights, &held_out)
        };
        let (gain, both) = (rest(Fit::Gain), rest(Fit::GainAndOffset));
        assert!(both < 0.04 && 0.1 < gain, "{both} and {gain}");
    }

    #[test]
    fn the_noise_of_a_measurement_spreads_gains_as_derived() {
        const SAMPLES: usize = 40;
        const NOISE: f64 = 2.0;
        let weights = clipped_normals((ROWS, COLS), Stream::root(1));
        let inputs = clipped_normals((SAMPLES, ROWS), Stream::root(3));
        let exact = Exact(weights.clone());
        let mut wanted = Array2::zeros((SAMPLES, COLS));
        cim_core::matmul::product(inputs.view(), weights.view(), wanted.view_mut());
        let calibration = GainCalibration { fit: Fit::Gain, measurement_noise: NOISE };
        let at = (0, Stream::root(6));
        let tally = &mut Tally::default();
        let gains = calibration.measure(&exact, weights.view(), inputs.view(), at, tally);
        let gains = gains.expect("gains");
        let scores = gains.gain.iter().zip(wanted.axis_iter(Axis(1))).map(|(gain, wanted)| {
            let square: f64 = wanted.iter().map(|w| f64::from(w * w)).sum();
            (f64::from(*gain) - 1.0) / (NOISE / square.sqrt())
        });
        let square = scores.map(|z| z * z).sum::<f64>() / COLS as f64;
        // The mean of 64 squares of normal numbers; five standard errors of √(2/64).
        assert!((square - 1.0).abs() <= 5.0 * (2.0 / COLS as f64).sqrt(), "{square}");
    }

    #[test]
    fn columns_without_signal_are_left_alone() {
        let (wanted, measured) = (Array2::zeros((3, 2)), Array2::from_elem((3, 2), 5.0));
        let gains = ColumnGains::fitted(Fit::Gain, wanted.view(), measured.view());
        assert_eq!((gains.gain, gains.offset), (vec![1.0; 2], vec![0.0; 2]));
        let gains = ColumnGains::fitted(Fit::GainAndOffset, wanted.view(), measured.view());
        assert_eq!((gains.gain, gains.offset), (vec![1.0; 2], vec![5.0; 2]));
    }

    #[test]
    fn impossible_measurements_are_refused() {
        let weights = Array2::zeros((4, 2));
        let exact = Exact(weights.clone());
        let measure = |noise: f64, inputs: (usize, usize)| {
            let calibration = GainCalibration { fit: Fit::Gain, measurement_noise: noise };
            let (inputs, at) = (Array2::zeros(inputs), (0, Stream::root(1)));
            calibration.measure(&exact, weights.view(), inputs.view(), at, &mut Tally::default())
        };
        assert!(measure(0.1, (3, 4)).is_ok());
        for (noise, inputs) in [(-1.0, (3, 4)), (f64::NAN, (3, 4)), (0.1, (0, 4)), (0.1, (3, 5))] {
            assert!(measure(noise, inputs).is_err());
        }
        let gains = ColumnGains { gain: vec![1.0; 3], offset: vec![0.0; 3] };
        assert!(Calibrated::new(Exact(Array2::zeros((4, 2))), gains).is_err());
    }
}
