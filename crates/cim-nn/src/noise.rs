//! What training is made robust to, as numbers: no current, no conductance, no device.

use ndarray::Array2;

/// Variance of the error of a stored weight, in squared weight units:
/// `c0 + c1 |w| + c2 w² + cm / (|w| + w0)`.
///
/// All zero: weights are stored exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WeightNoise {
    /// Constant part.
    pub c0: f32,
    /// Per unit of magnitude.
    pub c1: f32,
    /// Per unit of squared magnitude.
    pub c2: f32,
    /// Part that falls with magnitude.
    pub cm: f32,
    /// Offset of the part that falls with magnitude; positive where `cm` is.
    pub w0: f32,
}

impl WeightNoise {
    /// No error.
    pub const NONE: Self = Self { c0: 0.0, c1: 0.0, c2: 0.0, cm: 0.0, w0: 0.0 };

    /// Standard deviation of the error of weight `w`.
    #[inline(always)]
    pub fn sigma(&self, w: f32) -> f32 {
        let m = w.abs();
        let falling = if self.cm == 0.0 { 0.0 } else { self.cm / (m + self.w0) };
        (self.c0 + self.c1 * m + self.c2 * m * m + falling).sqrt()
    }
}

/// A uniform quantiser over `[-full_scale, full_scale]` with `2·top + 1` levels around zero.
///
/// An infinite `top` does not quantise, an infinite full scale does not clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// Largest code; `2^(bits−1) − 1` for a converter with a sign, `2^bits − 1` for one without.
    pub top: f32,
}

impl Levels {
    /// Infinitely many levels: no quantisation and no clipping.
    pub const CONTINUOUS: Self = Self { top: f32::INFINITY };

    /// Whether this quantises at all.
    pub fn is_finite(self) -> bool {
        self.top.is_finite()
    }
}

/// Values that weights are stored as; gradients reach the weights behind them straight through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightValues {
    /// The weights.
    #[default]
    Any,
    /// −1 or 1: the sign, of zero 1.
    ///
    /// Source: Courbariaux et al. 2016, equation 1.
    Signs,
    /// −1, 0 or 1: 0 up to 0.7 of the mean magnitude of the layer, the sign beyond.
    ///
    /// Source: Li and Liu 2016, equation 6.
    Ternary,
}

/// Share of the mean magnitude up to which a ternary weight is zero.
const TERNARY_SHARE: f64 = 0.7;

impl WeightValues {
    /// Replaces the weights of a whole layer by what is stored for them.
    pub fn store(self, weights: &mut [f32]) {
        match self {
            Self::Any => {}
            Self::Signs => {
                weights.iter_mut().for_each(|w| *w = if *w >= 0.0 { 1.0 } else { -1.0 });
            }
            Self::Ternary => {
                let sum: f64 = weights.iter().map(|w| f64::from(w.abs())).sum();
                let bound = (TERNARY_SHARE * sum / weights.len().max(1) as f64) as f32;
                let of = |w: f32| if w.abs() <= bound { 0.0 } else { w.signum() };
                weights.iter_mut().for_each(|w| *w = of(*w));
            }
        }
    }
}

/// What the input converter of a product can tell apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputRange {
    /// From zero to the limit.
    #[default]
    Unsigned,
    /// From minus the limit to the limit: a converter with a sign.
    Signed,
}

/// The datapath of one layer as training sees it: numbers in the units of weights and outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerPath {
    /// Weights are kept within `[-weight_clip, weight_clip]`.
    pub weight_clip: f32,
    /// What weights are stored as, before their error.
    pub weight_values: WeightValues,
    /// Error of a stored weight, drawn afresh for every batch.
    pub weight_noise: WeightNoise,
    /// Largest input: the range of the input converter.
    pub input_limit: f32,
    /// Whether inputs below zero are converted, or become zero. What a product reads from unsigned
    /// data is taken as it is: images are codes already.
    pub input_range: InputRange,
    /// Levels of the input converter, over `[0, input_limit]` or `[−input_limit, input_limit]`.
    pub input_levels: Levels,
    /// Rows that share a converter; a taller layer is cut into several tiles.
    pub tile_rows: usize,
    /// Columns of a tile, which share a full scale.
    pub tile_cols: usize,
    /// Full scale of each tile (row tiles × column tiles), in output units.
    pub full_scale: Array2<f32>,
    /// Levels of the output converter, over `[-full_scale, full_scale]`.
    pub output_levels: Levels,
    /// Standard deviation of the noise in front of the output converter (row tiles × column tiles).
    pub output_sigma: Array2<f32>,
    /// Noise that the activation behind this layer expects; 0 is the plain clipped ReLU.
    pub relu_sigma: f32,
    /// Whether biases learn; else they stay as they are.
    pub learns_bias: bool,
}

impl LayerPath {
    /// The digital datapath: one tile, nothing clipped, nothing quantised, no noise.
    pub fn digital(inputs: usize, outputs: usize) -> Self {
        Self {
            weight_clip: f32::INFINITY,
            weight_values: WeightValues::Any,
            weight_noise: WeightNoise::NONE,
            input_limit: f32::INFINITY,
            // Nothing is converted, so numbers below zero stay as they are.
            input_range: InputRange::Unsigned,
            input_levels: Levels::CONTINUOUS,
            tile_rows: inputs,
            tile_cols: outputs,
            full_scale: Array2::from_elem((1, 1), f32::INFINITY),
            output_levels: Levels::CONTINUOUS,
            output_sigma: Array2::zeros((1, 1)),
            relu_sigma: 0.0,
            learns_bias: true,
        }
    }

    /// The digital datapath of a product whose weights are −1 or 1.
    pub fn binary(inputs: usize, outputs: usize) -> Self {
        Self {
            weight_clip: 1.0,
            weight_values: WeightValues::Signs,
            ..Self::digital(inputs, outputs)
        }
    }

    /// Least and largest number that the input converter can tell apart.
    pub fn input_bounds(&self) -> [f32; 2] {
        match self.input_range {
            InputRange::Unsigned => [0.0, self.input_limit],
            InputRange::Signed => [-self.input_limit, self.input_limit],
        }
    }

    pub(crate) fn row_tiles(&self, inputs: usize) -> usize {
        inputs.div_ceil(self.tile_rows)
    }
}

/// Quantises `z` to `levels` over `[-full_scale, full_scale]`; ties round to even.
///
/// The outer half step clips: the converter's range ends half a step above its top code.
#[inline(always)]
pub(crate) fn quantise(z: f32, inverse_step: f32, step: f32, top: f32) -> f32 {
    // Comparisons and not `clamp`, which checks its limits and spends as much again on NaN.
    let code = z * inverse_step;
    let code = if code < top { code } else { top };
    if code > -top { code } else { -top }.round_ties_even() * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigma_follows_the_law() {
        let noise = WeightNoise { c0: 0.04, c1: 0.1, c2: 0.25, cm: 0.02, w0: 0.5 };
        let want = (0.04f32 + 0.05 + 0.0625 + 0.02).sqrt();
        assert!((noise.sigma(-0.5) - want).abs() < 1e-7);
        assert_eq!(WeightNoise::NONE.sigma(3.0), 0.0);
    }

    #[test]
    fn stored_weights_are_signs_or_ternary() {
        let weights = [0.3, -0.2, 0.0, -1.0, 0.05];
        let stored = |values: WeightValues| {
            let mut stored = weights;
            values.store(&mut stored);
            stored
        };
        assert_eq!(stored(WeightValues::Any), weights);
        assert_eq!(stored(WeightValues::Signs), [1.0, -1.0, 1.0, -1.0, 1.0]);
        // The mean magnitude is 0.31: zero up to 0.217.
        assert_eq!(stored(WeightValues::Ternary), [1.0, 0.0, 0.0, -1.0, 0.0]);
    }

    #[test]
    fn quantiser_is_odd_and_ends_at_the_top_code() {
        let (step, top) = (0.5, 3.0);
        for (z, want) in [(0.2, 0.0), (0.3, 0.5), (1.49, 1.5), (9.0, 1.5), (-9.0, -1.5)] {
            assert_eq!(quantise(z, 1.0 / step, step, top), want);
            assert_eq!(quantise(-z, 1.0 / step, step, top), -want);
        }
    }
}
