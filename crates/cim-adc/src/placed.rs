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
}

/// Bits of the numbers that a table holds, the sign aside.
pub const WORD_BITS: u32 = 15;
/// Up to so many thresholds are all looked at, which takes no branch and is done for many currents at once.
const FEW: usize = 256;
/// Currents that are converted at a time, on the stack.
const AT_A_TIME: usize = 256;

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
        let (step, full_scale) = (Amps(step_a), Amps(full_scale));
        Ok(Self { step, full_scale, input_noise, codes, thresholds_a, words })
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
    /// Numbers of thresholds that currents pass, of as many columns from the first of these on.
    fn count(&self, first: usize, input_a: &[f32], passed: &mut [u32]) {
        let columns = self.ladders();
        passed.fill(0);
        for thresholds_a in self.thresholds_a.chunks_exact(columns) {
            let own_a = if columns == 1 { thresholds_a } else { &thresholds_a[first..] };
            pulp::Arch::new().dispatch(Count { thresholds_a: own_a, input_a, passed });
        }
    }

    /// The same for one current, halving.
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

/// Counts one threshold for each current, or one for all of them.
struct Count<'a> {
    thresholds_a: &'a [f32],
    input_a: &'a [f32],
    passed: &'a mut [u32],
}

impl pulp::NullaryFnOnce for Count<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { thresholds_a, input_a, passed } = self;
        if let [threshold_a] = *thresholds_a {
            for (passed, i_a) in passed.iter_mut().zip(input_a) {
                *passed += u32::from(threshold_a < *i_a);
            }
            return;
        }
        for ((passed, i_a), threshold_a) in passed.iter_mut().zip(input_a).zip(thresholds_a) {
            *passed += u32::from(threshold_a < i_a);
        }
    }
}

impl Adc for Placed {
    fn convert(&self, input_a: &[f32], codes: &mut [i32], tally: &mut Tally) {
        let columns = self.ladders();
        let mut passed = [0; AT_A_TIME];
        // From one column to the next, where there is one.
        let (vector, own) =
            if columns == 1 { (input_a.len().max(1), 0) } else { (columns, self.codes) };
        for (input_a, codes) in input_a.chunks(vector).zip(codes.chunks_mut(vector)) {
            let blocks = input_a.chunks(AT_A_TIME).zip(codes.chunks_mut(AT_A_TIME)).enumerate();
            for (block, (input_a, codes)) in blocks {
                let first = block * AT_A_TIME;
                let passed = &mut passed[..input_a.len()];
                if self.codes <= FEW {
                    self.count(first, input_a, passed);
                } else {
                    for ((k, passed), i_a) in passed.iter_mut().enumerate().zip(input_a) {
                        let column = if own == 0 { 0 } else { first + k };
                        *passed = self.find(column, *i_a) as u32;
                    }
                }
                for ((k, code), passed) in codes.iter_mut().enumerate().zip(&*passed) {
                    *code = self.words[(first + k) * own + *passed as usize];
                }
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
