//! The uniform mid-tread ADC.

use cim_core::{Amps, Tally};
use serde::{Deserialize, Serialize};

use crate::adc::Adc;
use crate::error::{self, AdcError};

/// A [`Uniform`] ADC as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniformSpec {
    /// Resolution, 2 to 16 bits.
    pub bits: u32,
    /// End of the range `[-full_scale, full_scale]`.
    pub full_scale: Amps,
    /// Input-referred noise of one conversion, rms.
    pub input_noise: Amps,
}

impl UniformSpec {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`AdcError`] for an unusable resolution, range or noise.
    pub fn build(self) -> Result<Uniform, AdcError> {
        check_bits(self.bits)?;
        if !(0.0 < self.full_scale.0 && self.full_scale.0.is_finite()) {
            return Err(AdcError::EmptyRange { full_scale: self.full_scale });
        }
        if !(0.0 <= self.input_noise.0 && self.input_noise.0.is_finite()) {
            return Err(AdcError::Noise { noise: self.input_noise });
        }
        let step = self.full_scale * (2.0 / f64::from(steps(self.bits)));
        Ok(Uniform { spec: self, step, inverse_step: (1.0 / step.0) as f32 })
    }
}

/// Checks the resolution of a column converter.
///
/// # Errors
/// [`AdcError::Bits`] outside of 2 to 16 bits.
pub fn check_bits(bits: u32) -> Result<(), AdcError> {
    error::check_bits("ADC", bits, 2, 16)
}

/// Number of steps `L = 2^bits − 1` of a mid-tread converter over its whole range.
///
/// One code short of `2^bits`, so that zero current is a code of its own and the range is
/// symmetric.
pub const fn steps(bits: u32) -> u32 {
    (1 << bits) - 1
}

/// Number of thresholds between the codes of a mid-tread converter, `2^bits − 2`.
pub const fn thresholds(bits: u32) -> usize {
    (1usize << bits).saturating_sub(2)
}

/// Uniform mid-tread ADC with codes `−(2^(b−1)−1) ..= 2^(b−1)−1`.
///
/// Law: `code = round(i / step)` with `step = 2 FS / (2^b − 1)`, ties to even, clipped to the
/// outermost codes; `|i| > FS` counts as a clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    spec: UniformSpec,
    step: Amps,
    inverse_step: f32,
}

impl Uniform {
    /// Largest code.
    pub fn top_code(&self) -> i32 {
        (steps(self.spec.bits) / 2) as i32
    }
}

impl Adc for Uniform {
    fn convert(&self, input_a: &[f32], codes: &mut [i32], tally: &mut Tally) {
        let (inverse_step, top) = (self.inverse_step, self.top_code() as f32);
        let clips = pulp::Arch::new().dispatch(Convert { inverse_step, top, input_a, codes });
        tally.adc_conversions += input_a.len() as u64;
        tally.adc_clips += u64::from(clips);
    }

    fn step(&self) -> Amps {
        self.step
    }

    fn steps(&self) -> u32 {
        steps(self.spec.bits)
    }

    fn full_scale(&self) -> Amps {
        self.spec.full_scale
    }

    fn input_noise(&self) -> Amps {
        self.spec.input_noise
    }
}

/// The law over a slice, compiled for the vectors of the machine; returns the number of clips.
struct Convert<'a> {
    inverse_step: f32,
    top: f32,
    input_a: &'a [f32],
    codes: &'a mut [i32],
}

impl pulp::NullaryFnOnce for Convert<'_> {
    type Output = u32;

    #[inline(always)]
    fn call(self) -> u32 {
        let Self { inverse_step, top, input_a, codes } = self;
        let mut clips = 0;
        for (code, &i_a) in codes.iter_mut().zip(input_a) {
            let steps = i_a * inverse_step;
            clips += u32::from(steps.abs() > top + 0.5);
            // Comparisons and not `clamp`, which spends as much again on NaN; there is none.
            let kept = if steps < top { steps } else { top };
            *code = nearest(if kept > -top { kept } else { -top });
        }
        clips
    }
}

/// Nearest integer of a value of magnitude below 2²², ties to even.
///
/// The sum with 1.5 · 2²³ has steps of 1, so that adding rounds and the integer sits in the low
/// bits: exact, and two vector operations where a cast with its check for NaN takes six.
#[inline(always)]
fn nearest(x: f32) -> i32 {
    const SHIFT: f32 = 12_582_912.0;
    (x + SHIFT).to_bits() as i32 - SHIFT.to_bits() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adc(bits: u32) -> Uniform {
        let full_scale = Amps(1e-4);
        UniformSpec { bits, full_scale, input_noise: Amps::ZERO }.build().expect("valid")
    }

    #[test]
    fn error_inside_the_range_is_at_most_half_a_step() {
        for bits in [2, 3, 6, 8, 12] {
            let adc = adc(bits);
            let input: Vec<f32> = (-500..=500).map(|k| k as f32 * 1.9999e-7).collect();
            let mut codes = vec![0; input.len()];
            let mut tally = Tally::default();
            adc.convert(&input, &mut codes, &mut tally);
            for (&i_a, &code) in input.iter().zip(&codes) {
                let error = (f64::from(i_a) - f64::from(code) * adc.step().0).abs();
                // Half a step, and two roundings of f32 at the largest code.
                let half = 0.5 + f64::from(adc.top_code()) * 2f64.powi(-23);
                assert!(error <= half * adc.step().0, "{bits} bits, {i_a} A, code {code}");
            }
            assert_eq!((tally.adc_conversions, tally.adc_clips), (1001, 0));
        }
    }

    #[test]
    fn nearest_rounds_ties_to_even() {
        for k in -131_072..=131_072 {
            let x = k as f32 / 4.0;
            assert_eq!(nearest(x), x.round_ties_even() as i32, "{x}");
        }
    }

    #[test]
    fn what_leaves_the_range_clips_and_is_counted() {
        let adc = adc(6);
        let mut codes = [0; 4];
        let mut tally = Tally::default();
        adc.convert(&[1.01e-4, -1.01e-4, 5.0, 0.0], &mut codes, &mut tally);
        assert_eq!((codes, tally.adc_clips), ([31, -31, 31, 0], 3));
    }

    #[test]
    fn impossible_resolutions_and_ranges_are_refused() {
        for bits in [0, 1, 33] {
            let spec = UniformSpec { bits, full_scale: Amps(1.0), input_noise: Amps::ZERO };
            assert!(matches!(spec.build(), Err(AdcError::Bits { .. })));
        }
        for full_scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let spec =
                UniformSpec { bits: 6, full_scale: Amps(full_scale), input_noise: Amps::ZERO };
            assert!(matches!(spec.build(), Err(AdcError::EmptyRange { .. })));
        }
    }
}
