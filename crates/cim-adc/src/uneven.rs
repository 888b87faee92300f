//! A uniform converter whose thresholds are off.

use cim_core::{Amps, Stream, Tally};

use crate::adc::Adc;
use crate::error::AdcError;
use crate::nonlinearity::Nonlinearity;
use crate::uniform::Uniform;

/// A [`Uniform`] converter with thresholds that are off by its integral and differential
/// non-linearity: its code is the number of thresholds that the current passes, less the largest
/// code. What clips is counted as in the uniform converter.
///
/// A differential non-linearity `σ` is the standard deviation of the width of a code; thresholds are
/// off independently by `σ/√2`. Thresholds that change places are taken in their order, so that the
/// converter is monotonic: counting those passed does not depend on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Uneven {
    straight: Uniform,
    inverse_step: f32,
    /// Rising, in steps.
    thresholds: Vec<f32>,
}

impl Uneven {
    /// Draws the thresholds of one converter below `at`.
    ///
    /// # Errors
    /// [`AdcError`] for a non-linearity that cannot be, or a table that does not fit.
    pub fn drawn(
        straight: Uniform,
        integral: &Nonlinearity,
        differential_lsb: f64,
        at: Stream,
    ) -> Result<Self, AdcError> {
        let top = straight.top_code();
        let count = 2 * top as usize;
        integral.check_levels("ADC", count)?;
        Nonlinearity::SigmaLsb(differential_lsb).check("ADC")?;
        let mut normals = vec![0.0; count];
        at.child("differential", 0).fill_standard_normal(0, &mut normals);
        let bent = integral.levels(count, at.child("integral", 0), 0);
        let nominal = (0..count).map(|k| k as f64 - f64::from(top) + 0.5);
        let each = differential_lsb * std::f64::consts::FRAC_1_SQRT_2;
        let mut thresholds: Vec<f32> = nominal
            .zip(bent)
            .zip(&normals)
            .map(|((at, bent), n)| (at + bent + each * f64::from(*n)) as f32)
            .collect();
        thresholds.sort_by(f32::total_cmp);
        let inverse_step = (1.0 / straight.step().0) as f32;
        Ok(Self { straight, inverse_step, thresholds })
    }

    /// Code of a current in steps: from the code of the straight converter up or down.
    fn code(&self, steps: f32) -> i32 {
        let last = self.thresholds.len();
        let guess = (steps + 0.5 * last as f32).round().clamp(0.0, last as f32);
        let mut passed = guess as usize;
        while passed < last && self.thresholds[passed] < steps {
            passed += 1;
        }
        while 0 < passed && steps <= self.thresholds[passed - 1] {
            passed -= 1;
        }
        passed as i32 - self.straight.top_code()
    }
}

impl Adc for Uneven {
    fn convert(&self, input_a: &[f32], codes: &mut [i32], tally: &mut Tally) {
        let most = self.straight.top_code() as f32 + 0.5;
        for (code, &i_a) in codes.iter_mut().zip(input_a) {
            let steps = i_a * self.inverse_step;
            tally.adc_clips += u64::from(steps.abs() > most);
            *code = self.code(steps);
        }
        tally.adc_conversions += input_a.len() as u64;
    }

    fn step(&self) -> Amps {
        self.straight.step()
    }

    fn steps(&self) -> u32 {
        self.straight.steps()
    }

    fn full_scale(&self) -> Amps {
        self.straight.full_scale()
    }

    fn input_noise(&self) -> Amps {
        self.straight.input_noise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uniform::UniformSpec;

    fn straight(bits: u32) -> Uniform {
        let full_scale = Amps(1e-4);
        UniformSpec { bits, full_scale, input_noise: Amps::ZERO }.build().expect("valid")
    }

    fn ramp(count: i32) -> Vec<f32> {
        (-count..=count).map(|k| k as f32 * 1.1e-4 / count as f32 * 1.000_01).collect()
    }

    #[test]
    fn straight_thresholds_are_the_uniform_converter() {
        for bits in [2, 3, 6, 10] {
            let uniform = straight(bits);
            let uneven = Uneven::drawn(uniform, &Nonlinearity::NONE, 0.0, Stream::root(1));
            let (input, uneven) = (ramp(4000), uneven.expect("a converter"));
            let (mut a, mut b) = (vec![0; input.len()], vec![0; input.len()]);
            let (mut tally_a, mut tally_b) = (Tally::default(), Tally::default());
            uniform.convert(&input, &mut a, &mut tally_a);
            uneven.convert(&input, &mut b, &mut tally_b);
            assert_eq!((a, tally_a), (b, tally_b), "{bits} bits");
        }
    }

    /// Codes of a ramp against thresholds counted one by one; a table far from straight.
    #[test]
    fn codes_are_the_thresholds_that_are_passed() {
        let table = vec![1.4, -0.3, 2.2, -2.1, 0.0, 0.9];
        let uneven = Uneven::drawn(
            straight(3),
            &Nonlinearity::TableLsb(table.clone()),
            0.0,
            Stream::root(1),
        );
        let (input, uneven) = (ramp(997), uneven.expect("a converter"));
        let mut codes = vec![0; input.len()];
        uneven.convert(&input, &mut codes, &mut Tally::default());
        for (i_a, code) in input.iter().zip(codes) {
            let steps = f64::from(*i_a) / (2e-4 / 7.0);
            let passed = (0..6).filter(|&k| k as f64 - 2.5 + table[k] < steps).count();
            assert_eq!(code, passed as i32 - 3, "{steps} steps");
        }
    }

    /// Widths of codes over 4,000 converters: five standard errors are 5 √(1/8000) = 5.6 %.
    #[test]
    fn codes_have_the_spread_of_width_that_was_asked_for() {
        let (mut square, mut count) = (0.0, 0.0);
        for converter in 0..4000 {
            let at = Stream::root(2).child("converter", converter);
            let uneven = Uneven::drawn(straight(4), &Nonlinearity::NONE, 0.1, at).expect("one");
            for pair in uneven.thresholds.windows(2).step_by(2) {
                square += f64::from(pair[1] - pair[0] - 1.0).powi(2);
                count += 1.0;
            }
        }
        let sigma = f64::sqrt(square / count);
        assert!((sigma / 0.1 - 1.0).abs() < 0.05, "{sigma}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let drawn = |law: &Nonlinearity, differential| {
            Uneven::drawn(straight(3), law, differential, Stream::root(1))
        };
        assert!(drawn(&Nonlinearity::NONE, -0.1).is_err());
        assert!(drawn(&Nonlinearity::SigmaLsb(f64::NAN), 0.0).is_err());
        assert!(matches!(
            drawn(&Nonlinearity::TableLsb(vec![0.0; 7]), 0.0),
            Err(AdcError::Table { entries: 7, levels: 6, .. })
        ));
    }
}
