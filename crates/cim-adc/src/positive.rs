//! A converter of currents that cannot be negative.

use std::ops::RangeInclusive;

use cim_core::{Amps, Tally};

use crate::adc::Adc;

/// Currents that are converted at a time, on the stack.
const AT_A_TIME: usize = 256;

/// A converter whose smallest code is that of no current, made of one around zero: a reference of
/// `top` steps is subtracted in front of it, and `top` is added to its codes.
///
/// Law: that of the converter within, `top` steps higher: codes `0 ..= 2 top` over
/// `[−step / 2, full scale]`, with `step = full scale / (2 top + ½)`. A converter around zero never
/// uses half its codes on such currents; this one has a step of half the size.
pub struct Positive {
    around_zero: Box<dyn Adc>,
    pedestal: f32,
    top: i32,
}

impl Positive {
    /// Steps of a converter around zero over both signs, for which its steps over one sign are as
    /// large as here: `2^(bits + 1) − 3` for `2^bits − 1`.
    pub const fn steps_of_both_signs(steps: u32) -> u32 {
        2 * steps - 1
    }

    /// End of the range of the converter within, for currents up to `full_scale` and a converter of
    /// so many steps.
    pub fn half_range(full_scale: Amps, steps: u32) -> Amps {
        full_scale * (f64::from(steps) / f64::from(Self::steps_of_both_signs(steps)))
    }

    /// The current that is subtracted (A) from those up to `full_scale`.
    pub fn pedestal(full_scale: Amps, steps: u32) -> Amps {
        let step = Self::half_range(full_scale, steps) * (2.0 / f64::from(steps));
        step * f64::from(steps / 2)
    }

    /// Makes a converter of one around zero, of [that range](Self::half_range).
    pub fn of(around_zero: Box<dyn Adc>) -> Self {
        let top = (around_zero.steps() / 2) as i32;
        let pedestal = (around_zero.step() * f64::from(top)).0 as f32;
        Self { around_zero, pedestal, top }
    }
}

impl Adc for Positive {
    fn convert(&self, input_a: &[f32], codes: &mut [i32], tally: &mut Tally) {
        let mut shifted = [0.0; AT_A_TIME];
        for (input_a, codes) in input_a.chunks(AT_A_TIME).zip(codes.chunks_mut(AT_A_TIME)) {
            let shifted = &mut shifted[..input_a.len()];
            shifted.iter_mut().zip(input_a).for_each(|(to, i_a)| *to = i_a - self.pedestal);
            self.around_zero.convert(shifted, codes, tally);
            codes.iter_mut().for_each(|code| *code += self.top);
        }
    }

    fn step(&self) -> Amps {
        self.around_zero.step()
    }

    fn steps(&self) -> u32 {
        self.around_zero.steps()
    }

    fn codes(&self) -> RangeInclusive<i32> {
        0..=2 * self.top
    }

    fn full_scale(&self) -> Amps {
        self.around_zero.full_scale() + self.around_zero.step() * f64::from(self.top)
    }

    fn input_noise(&self) -> Amps {
        self.around_zero.input_noise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uniform::UniformSpec;

    #[test]
    fn every_current_up_to_the_full_scale_has_a_code_within_half_a_step() {
        for bits in [2, 3, 6, 12] {
            let (full_scale, steps) = (Amps(3e-5), (1 << bits) - 1);
            let range = Positive::half_range(full_scale, steps);
            let spec = UniformSpec { bits, full_scale: range, input_noise: Amps::ZERO };
            let adc = Positive::of(Box::new(spec.build().expect("a converter")));
            assert!((adc.full_scale().0 / full_scale.0 - 1.0).abs() < 1e-12);
            let pedestal = Positive::pedestal(full_scale, steps).0;
            assert!((pedestal / f64::from(adc.pedestal) - 1.0).abs() < 1e-6);
            let input: Vec<f32> = (0..=1000).map(|k| k as f32 * 2.9999e-8).collect();
            let (mut codes, mut tally) = (vec![0; input.len()], Tally::default());
            adc.convert(&input, &mut codes, &mut tally);
            assert_eq!((tally.adc_clips, tally.adc_conversions), (0, 1001), "{bits} bits");
            for (i_a, code) in input.iter().zip(&codes) {
                let off = (f64::from(*i_a) - f64::from(*code) * adc.step().0).abs();
                // Half a step, and roundings of f32 at the full scale.
                let most = 0.5 * adc.step().0 + 4.0 * full_scale.0 * 2f64.powi(-24);
                assert!(off <= most, "{bits} bits: {i_a} is {code}");
            }
            let beyond = [3.2e-5, -3e-5];
            adc.convert(&beyond, &mut codes[..2], &mut tally);
            assert_eq!((codes[0], codes[1], tally.adc_clips), (2 * adc.top, 0, 2));
        }
    }
}
