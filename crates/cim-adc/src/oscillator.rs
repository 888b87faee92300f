//! The current-controlled oscillator: charge to whole cycles.

use cim_core::{Amps, Coulombs, Hertz, Tally};
use serde::{Deserialize, Serialize};

use crate::error::{AdcError, check_bits};

/// An [`Oscillator`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OscillatorSpec {
    /// Frequency at the reference current.
    pub frequency: Hertz,
    /// The reference current.
    pub reference: Amps,
    /// Width of the counter with its sign, 2 to 24 bits.
    pub counter_bits: u32,
}

impl OscillatorSpec {
    /// The converter of Luquin et al., arXiv 2506.00004 (2025): 6.24 GHz at 100 µA.
    ///
    /// The paper gives no width of the counter. Ours has 16 bits, which a tile of 512 rows at
    /// 15 µS and 0.2 V for 127 ns cannot fill.
    pub const fn luquin() -> Self {
        Self { frequency: Hertz(6.24e9), reference: Amps(100e-6), counter_bits: 16 }
    }

    /// Checks the specification.
    ///
    /// # Errors
    /// [`AdcError`] for a counter, frequency or current that cannot be.
    pub fn build(self) -> Result<Oscillator, AdcError> {
        check_bits("counter", self.counter_bits, 2, 24)?;
        let positive = |x: f64| 0.0 < x && x.is_finite();
        if !(positive(self.frequency.0) && positive(self.reference.0)) {
            let (frequency, reference) = (self.frequency, self.reference);
            return Err(AdcError::Oscillator { frequency, reference });
        }
        let charge_per_count = self.reference / self.frequency;
        Ok(Oscillator { charge_per_count, top_count: (1 << (self.counter_bits - 1)) - 1 })
    }
}

/// ADC that lets a current drive an oscillator and counts its whole cycles, with a sign.
///
/// Law: `count = trunc(q f / i)`, towards zero, since a partly charged capacitor gives no pulse;
/// `f` is the frequency at the current `i`. What does not fit the counter stays at its end and
/// counts as a clip.
///
/// Source: Luquin et al., arXiv 2506.00004 (2025), as in the public code of its authors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oscillator {
    charge_per_count: Coulombs,
    top_count: i32,
}

impl Oscillator {
    /// Charge of one cycle.
    pub fn charge_per_count(&self) -> Coulombs {
        self.charge_per_count
    }

    /// Largest count.
    pub fn top_count(&self) -> i32 {
        self.top_count
    }

    /// Converts charges (C) to counts, one for one, and counts conversions and clips in `tally`.
    pub fn count(&self, charge_c: &[f32], counts: &mut [i32], tally: &mut Tally) {
        let (step, top) = (self.charge_per_count.0 as f32, self.top_count as f32);
        let clips = pulp::Arch::new().dispatch(Count { step, top, charge_c, counts });
        tally.adc_conversions += charge_c.len() as u64;
        tally.adc_clips += u64::from(clips);
    }
}

/// The law over a slice, compiled for the vectors of the machine; returns the number of clips.
struct Count<'a> {
    step: f32,
    top: f32,
    charge_c: &'a [f32],
    counts: &'a mut [i32],
}

impl pulp::NullaryFnOnce for Count<'_> {
    type Output = u32;

    #[inline(always)]
    fn call(self) -> u32 {
        let Self { step, top, charge_c, counts } = self;
        let mut clips = 0;
        for (count, &q_c) in counts.iter_mut().zip(charge_c) {
            // A quotient and not a product with the inverse, which has one rounding more.
            let cycles = q_c / step;
            clips += u32::from(cycles.abs() >= top + 1.0);
            let kept = if cycles < top { cycles } else { top };
            *count = (if kept > -top { kept } else { -top }) as i32;
        }
        clips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(spec: OscillatorSpec, charge_c: &[f32]) -> (Vec<i32>, Tally) {
        let mut counts = vec![0; charge_c.len()];
        let mut tally = Tally::default();
        spec.build().expect("valid").count(charge_c, &mut counts, &mut tally);
        (counts, tally)
    }

    #[test]
    fn one_count_is_16_03_femtocoulombs() {
        let charge = OscillatorSpec::luquin().build().expect("valid").charge_per_count();
        // Half a unit of the last digit.
        assert!((charge.0 * 1e15 - 16.03).abs() < 0.005, "{charge}");
        assert_eq!(counts(OscillatorSpec::luquin(), &[16.02e-15, 16.03e-15]).0, [0, 1]);
    }

    #[test]
    fn what_is_not_a_whole_cycle_is_lost_on_both_sides_of_zero() {
        let step = 1e-4 / 6.24e9;
        let cycles = [0.0, 0.99, 1.01, 1.99, 1000.01, 1000.99];
        let charges: Vec<f32> =
            cycles.iter().flat_map(|c| [(c * step) as f32, (-c * step) as f32]).collect();
        let (counts, tally) = counts(OscillatorSpec::luquin(), &charges);
        assert_eq!(counts, [0, 0, 0, 0, 1, -1, 1, -1, 1000, -1000, 1000, -1000]);
        assert_eq!((tally.adc_conversions, tally.adc_clips), (12, 0));
    }

    #[test]
    fn the_edge_of_a_cycle_is_where_the_resolution_of_the_charge_puts_it() {
        let step = OscillatorSpec::luquin().build().expect("valid").charge_per_count().0 as f32;
        for k in 1..=16_384 {
            // Three roundings of half a part in 2²³ each: of the edge, the charge, the quotient.
            let (above, below) = (1.0 + 2.0 * f32::EPSILON, 1.0 - 2.0 * f32::EPSILON);
            let edge = k as f32 * step;
            let (counts, _) = counts(OscillatorSpec::luquin(), &[edge * above, edge * below]);
            assert_eq!(counts, [k, k - 1]);
        }
    }

    #[test]
    fn a_full_counter_stays_full_and_is_counted() {
        let spec = OscillatorSpec { frequency: Hertz(1.0), reference: Amps(1.0), counter_bits: 4 };
        let (counts, tally) = counts(spec, &[7.9, 8.0, -7.9, -8.0, 1e30, f32::NEG_INFINITY]);
        assert_eq!((counts, tally.adc_clips), (vec![7, 7, -7, -7, 7, -7], 4));
    }

    #[test]
    fn impossible_oscillators_are_refused() {
        let spec = OscillatorSpec::luquin();
        for counter_bits in [0, 1, 25] {
            let error = OscillatorSpec { counter_bits, ..spec }.build();
            assert!(matches!(error, Err(AdcError::Bits { .. })));
        }
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = OscillatorSpec { frequency: Hertz(bad), ..spec }.build();
            assert!(matches!(error, Err(AdcError::Oscillator { .. })));
            let error = OscillatorSpec { reference: Amps(bad), ..spec }.build();
            assert!(matches!(error, Err(AdcError::Oscillator { .. })));
        }
    }
}
