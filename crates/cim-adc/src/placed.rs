//! A converter whose thresholds were placed one by one.

use std::ops::RangeInclusive;

use cim_core::{Amps, Tally};

use crate::adc::Adc;
use crate::error::AdcError;

/// Thresholds of one converter, and what its codes stand for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ladder {
    /// Currents between one code and the next, rising.
    pub thresholds: Vec<Amps>,
    /// What each code stands for: one more than there are thresholds.
    pub values: Vec<Amps>,
}

/// A converter with steps of any size: it counts the thresholds that a current passes, and a table turns
/// the count into a number.
///
/// Law: `code = words[passed]`, and `|code · step − value| ≤ step / 2` for what the count stands for. The
/// numbers of the table have [`WORD_BITS`] bits and a sign, so that sums of them are sums of whole numbers as
/// everywhere. Thresholds and numbers may be others for each column of an array.
///
/// Nothing clips: the outermost codes have values as all others do.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    step: Amps,
    full_scale: Amps,
    input_noise: Amps,
    /// Codes of the finest ladder.
    codes: usize,
    /// Thresholds (A), the first of all ladders, then the second of all, up to `codes − 1`; those that a ladder
    /// does not have at infinity.
    thresholds_a: Vec<f32>,
    /// Numbers, `codes` for each ladder.
    words: Vec<i32>,
    /// By how much the number rises at each threshold, in their order.
    rises: Vec<i32>,
    /// The number of each ladder below all thresholds.
    lowest: Vec<i32>,
}

/// Bits of the numbers that a table holds, the sign aside.
pub const WORD_BITS: u32 = 15;
/// Up to so many thresholds are all looked at, which takes no branch and is done for many currents at once.
const FEW: usize = 256;
/// Currents side by side that meet one threshold after another in registers.
const LANES: usize = 32;

impl Placed {
    /// One ladder for each of the currents that are converted side by side, or one for all.
    ///
    /// # Errors
    /// [`AdcError::Ladder`] for a ladder that is no ladder, [`AdcError::EmptyRange`] if all values are 0 A,
    /// [`AdcError::Noise`] for a noise that cannot be.
    pub fn new(ladders: &[Ladder], input_noise: Amps) -> Result<Self, AdcError> {
        if !(0.0 <= input_noise.0 && input_noise.0.is_finite()) {
            return Err(AdcError::Noise { noise: input_noise });
        }
        ladders.iter().enumerate().try_for_each(|(column, ladder)| ladder.check(column))?;
        let values = ladders.iter().flat_map(|ladder| &ladder.values);
        let full_scale = values.fold(0.0, |most: f64, value| most.max(value.0.abs()));
        if full_scale == 0.0 {
            return Err(AdcError::EmptyRange { full_scale: Amps(full_scale) });
        }
        let step_a = full_scale / f64::from((1 << WORD_BITS) - 1);
        let codes = ladders.iter().map(|ladder| ladder.values.len()).max().unwrap_or(1);
        let mut thresholds_a = vec![f32::INFINITY; (codes - 1) * ladders.len()];
        let mut words = vec![0; codes * ladders.len()];
        for (column, Ladder { thresholds, values }) in ladders.iter().enumerate() {
            for (threshold, own) in thresholds.iter().enumerate() {
                thresholds_a[threshold * ladders.len() + column] = own.0 as f32;
            }
            for (word, value) in words[column * codes..].iter_mut().zip(values) {
                *word = (value.0 / step_a).round() as i32;
            }
        }
        let mut rises = vec![0; thresholds_a.len()];
        for (column, Ladder { thresholds, .. }) in ladders.iter().enumerate() {
            let words = words[column * codes..].windows(2).take(thresholds.len());
            for (threshold, ends) in words.enumerate() {
                rises[threshold * ladders.len() + column] = ends[1] - ends[0];
            }
        }
        let lowest = words.iter().copied().step_by(codes).collect();
        let (step, full_scale) = (Amps(step_a), Amps(full_scale));
        Ok(Self { step, full_scale, input_noise, codes, thresholds_a, words, rises, lowest })
    }
}

impl Placed {
    /// How many ladders it has: one for all currents, or one for each of those side by side.
    pub fn ladders(&self) -> usize {
        self.words.len() / self.codes
    }
}

impl Ladder {
    fn check(&self, column: usize) -> Result<(), AdcError> {
        let bad = |what| Err(AdcError::Ladder { column, what });
        let finite = |amps: &Amps| amps.0.is_finite();
        if !self.thresholds.iter().chain(&self.values).all(finite) {
            return bad("a current that is not finite");
        }
        if self.values.len() != self.thresholds.len() + 1 || self.values.len() > 1 << 16 {
            return bad("values that are not one more than its thresholds, and at most 65536");
        }
        if !self.thresholds.is_sorted_by(|a, b| a.0 <= b.0) {
            return bad("thresholds that fall");
        }
        Ok(())
    }
}

impl Placed {
    /// Number of thresholds that a current passes, halving.
    fn find(&self, column: usize, i_a: f32) -> usize {
        let columns = self.ladders();
        let (mut least, mut most) = (0, self.codes - 1);
        while least < most {
            let middle = usize::midpoint(least, most);
            match self.thresholds_a[middle * columns + column] < i_a {
                true => least = middle + 1,
                false => most = middle,
            }
        }
        least
    }
}

/// Adds up what the number rises by at every threshold that is passed: whole numbers, so that their sum is the entry
/// of the table. A few columns at a time, whose thresholds stay in the first-level cache for all vectors.
struct Climb<'a> {
    adc: &'a Placed,
    input_a: &'a [f32],
    codes: &'a mut [i32],
}

impl pulp::NullaryFnOnce for Climb<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { adc: Placed { thresholds_a, rises, lowest, .. }, input_a, codes } = self;
        let columns = lowest.len();
        if let [lowest] = lowest[..] {
            let (blocks, rest) = input_a.as_chunks::<LANES>();
            let (own, behind) = codes.as_chunks_mut::<LANES>();
            for (input_a, codes) in blocks.iter().zip(own) {
                let mut sums = [lowest; LANES];
                for (threshold_a, rise) in thresholds_a.iter().zip(rises) {
                    climb(&mut sums, input_a, &[*threshold_a; LANES], &[*rise; LANES]);
                }
                *codes = sums;
            }
            for (i_a, code) in rest.iter().zip(behind) {
                *code = lowest;
                for (threshold_a, rise) in thresholds_a.iter().zip(rises) {
                    *code += if threshold_a < i_a { *rise } else { 0 };
                }
            }
            return;
        }
        for first in (0..columns).step_by(LANES) {
            let vectors = input_a.chunks(columns).zip(codes.chunks_mut(columns));
            for (input_a, codes) in vectors.filter(|(input_a, _)| first < input_a.len()) {
                let last = input_a.len().min(first + LANES);
                let (input_a, codes) = (&input_a[first..last], &mut codes[first..last]);
                codes.copy_from_slice(&lowest[first..last]);
                let ladders = thresholds_a.chunks_exact(columns).zip(rises.chunks_exact(columns));
                let ladders = ladders.map(|(t, r)| (&t[first..last], &r[first..last]));
                if let (Ok(input_a), Ok(mut sums)) = (input_a.try_into(), (&*codes).try_into()) {
                    for (thresholds_a, rises) in ladders {
                        let thresholds_a = thresholds_a.try_into().expect("as many as currents");
                        let rises = rises.try_into().expect("as many as currents");
                        climb(&mut sums, input_a, thresholds_a, rises);
                    }
                    codes.copy_from_slice(&sums);
                } else {
                    for (thresholds_a, rises) in ladders {
                        let own = codes.iter_mut().zip(input_a).zip(thresholds_a).zip(rises);
                        for (((code, i_a), threshold_a), rise) in own {
                            *code += if threshold_a < i_a { *rise } else { 0 };
                        }
                    }
                }
            }
        }
    }
}

/// One threshold for each of some currents.
#[inline(always)]
fn climb(
    codes: &mut [i32; LANES],
    input_a: &[f32; LANES],
    thresholds_a: &[f32; LANES],
    rises: &[i32; LANES],
) {
    let ladders = thresholds_a.iter().zip(rises);
    for ((code, i_a), (threshold_a, rise)) in codes.iter_mut().zip(input_a).zip(ladders) {
        *code += if threshold_a < i_a { *rise } else { 0 };
    }
}

impl Adc for Placed {
    fn convert(&self, input_a: &[f32], codes: &mut [i32], tally: &mut Tally) {
        if self.codes <= FEW {
            pulp::Arch::new().dispatch(Climb { adc: self, input_a, codes });
        } else {
            let columns = self.ladders();
            for (k, (i_a, code)) in input_a.iter().zip(codes).enumerate() {
                let column = k % columns;
                *code = self.words[column * self.codes + self.find(column, *i_a)];
            }
        }
        tally.adc_conversions += input_a.len() as u64;
    }

    fn step(&self) -> Amps {
        self.step
    }

    fn steps(&self) -> u32 {
        2 << WORD_BITS
    }

    fn codes(&self) -> RangeInclusive<i32> {
        let top = 1 << WORD_BITS;
        -top..=top
    }

    fn full_scale(&self) -> Amps {
        self.full_scale
    }

    fn input_noise(&self) -> Amps {
        self.input_noise
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    fn ladder(thresholds: &[f64], values: &[f64]) -> Ladder {
        let amps = |list: &[f64]| list.iter().map(|a| Amps(a * 1e-6)).collect();
        Ladder { thresholds: amps(thresholds), values: amps(values) }
    }

    /// Brute force: what a code stands for is the value behind the last threshold that lies below.
    #[test]
    fn a_code_is_the_value_behind_the_thresholds_that_are_passed() {
        let many: Vec<f64> = (0..40).map(|k| f64::from(k * k) / 20.0 - 30.0).collect();
        let values: Vec<f64> = (0..41).map(|k| f64::from(k * k) / 20.0 - 31.0).collect();
        let finest: Vec<f64> = (0..300).map(|k| f64::from(k) / 5.0 - 30.0).collect();
        let of_finest: Vec<f64> = (0..301).map(|k| f64::from(k) / 5.0 - 30.1).collect();
        let wide = vec![ladder(&[-3.0, 0.5, 4.0], &[-7.0, -1.0, 1.0, 9.0]); 300];
        let wide: Vec<Ladder> = wide.into_iter().chain([ladder(&[2.0], &[0.0, 3.0])]).collect();
        let long = [ladder(&finest, &of_finest), ladder(&[2.0], &[0.0, 3.0])];
        let few = [ladder(&[-3.0, 0.5, 4.0], &[-7.0, -1.0, 1.0, 9.0]), ladder(&[2.0], &[0.0, 3.0])];
        let one = [ladder(&many, &values)];
        for ladders in [&few[..], &few[..1], &one, &[ladder(&[], &[5.0])], &wide, &long] {
            let adc = Placed::new(ladders, Amps::ZERO).expect("a converter");
            let mut input = vec![0.0f32; 6 * 200];
            Stream::root(3).fill_standard_normal(0, &mut input);
            input.iter_mut().for_each(|i_a| *i_a *= 1e-5);
            let (mut codes, mut tally) = (vec![0; input.len()], Tally::default());
            adc.convert(&input, &mut codes, &mut tally);
            for (k, (i_a, code)) in input.iter().zip(&codes).enumerate() {
                let own = &ladders[k % ladders.len()];
                let below = own.thresholds.iter().filter(|t| t.0 < f64::from(*i_a)).count();
                let off = (f64::from(*code) * adc.step().0 - own.values[below].0).abs();
                assert!(off <= 0.5 * adc.step().0 * (1.0 + 1e-9), "{i_a} A is {code}");
                assert!(adc.codes().contains(code));
            }
            assert_eq!((tally.adc_conversions, tally.adc_clips), (1200, 0));
        }
    }

    #[test]
    fn what_is_no_ladder_is_refused() {
        for (ladders, want) in [
            (vec![ladder(&[1.0, 0.0], &[0.0, 1.0, 2.0])], "fall"),
            (vec![ladder(&[0.0], &[0.0, 1.0]), ladder(&[0.0], &[1.0])], "column 1"),
            (vec![ladder(&[f64::NAN], &[0.0, 1.0])], "finite"),
            (vec![ladder(&[0.0], &[0.0, 0.0])], "empty"),
            (Vec::new(), "empty"),
        ] {
            let error = Placed::new(&ladders, Amps::ZERO).expect_err(want).to_string();
            assert!(error.contains(want), "{error}");
        }
        assert!(Placed::new(&[ladder(&[0.0], &[0.0, 1.0])], Amps(-1.0)).is_err());
    }
}
