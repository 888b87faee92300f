//! A secret behind a response, by repetition and public helper data.
//!
//! Law: `helper = response XOR (secret, every bit so many times over)`. Where the response comes back with few
//! bits turned, `helper XOR response` is the secret with the same bits turned, and each majority is right.
//!
//! Source: Juels and Wattenberg 1999 (fuzzy commitment); Dodis, Reyzin and Smith 2004, section 5.1 (code offset).
//!
//! Not modelled: what helper data tell of a response whose bits are biased. They tell nothing where responses
//! are fair; [`Quality`](super::Quality) says how fair they are.

use serde::{Deserialize, Serialize};

use crate::error::DeviceError;

/// Every bit of a secret stands behind so many bits of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repetition {
    /// Bits of the secret, 1 to 65,536.
    pub bits: usize,
    /// Bits of the response behind each of them; odd, 1 to 255.
    pub copies: usize,
}

/// What is kept of an enrolment; it may be known to anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helper(Vec<bool>);

impl Repetition {
    /// Checks that there are bits, and majorities without ties.
    ///
    /// # Errors
    /// [`DeviceError::Coefficient`].
    pub fn check(self) -> Result<Self, DeviceError> {
        if !(1..=1 << 16).contains(&self.bits) {
            return Err(DeviceError::Coefficient { name: "bits", value: self.bits as f64 });
        }
        if self.copies.is_multiple_of(2) || 255 < self.copies {
            return Err(DeviceError::Coefficient { name: "copies", value: self.copies as f64 });
        }
        Ok(self)
    }

    /// Bits of a response.
    pub fn response_bits(self) -> usize {
        self.bits * self.copies
    }

    /// Hides a secret behind a response.
    ///
    /// # Panics
    /// If there are not [`bits`](Self::bits) and [`response_bits`](Self::response_bits) of them.
    pub fn enrol(self, secret: &[bool], response: &[bool]) -> Helper {
        assert_eq!((secret.len(), response.len()), (self.bits, self.response_bits()), "bits");
        let copies = response.chunks_exact(self.copies).zip(secret);
        Helper(copies.flat_map(|(own, bit)| own.iter().map(move |r| r ^ bit)).collect())
    }

    /// The secret again, from another response of the same chip.
    ///
    /// # Panics
    /// As [`enrol`](Self::enrol).
    pub fn regenerated(self, helper: &Helper, response: &[bool]) -> Vec<bool> {
        assert_eq!(response.len(), self.response_bits(), "bits of a response");
        let majority = |(helper, response): (&[bool], &[bool])| {
            let ones = helper.iter().zip(response).filter(|(h, r)| *h ^ *r).count();
            self.copies < 2 * ones
        };
        helper
            .0
            .chunks_exact(self.copies)
            .zip(response.chunks_exact(self.copies))
            .map(majority)
            .collect()
    }

    /// Chance that a bit comes back wrong where each bit of a response is turned with chance `error`,
    /// independently: the upper half of a binomial law.
    pub fn bit_error(self, error: f64) -> f64 {
        tail(self.copies, self.copies / 2 + 1, error)
    }

    /// Chance that any bit of the secret comes back wrong.
    pub fn failure(self, error: f64) -> f64 {
        -libm::expm1(self.bits as f64 * libm::log1p(-self.bit_error(error)))
    }
}

/// Chance of `least` or more successes in `trials`, each of chance `p`.
pub fn tail(trials: usize, least: usize, p: f64) -> f64 {
    if p <= 0.0 || 1.0 <= p {
        return if least == 0 || 1.0 <= p { 1.0 } else { 0.0 };
    }
    let log = |successes: usize| {
        let (n, k) = (trials as f64, successes as f64);
        libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
            + k * libm::log(p)
            + (n - k) * libm::log1p(-p)
    };
    (least..=trials).map(|successes| libm::exp(log(successes))).sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    fn bits(at: Stream, row: u64, len: usize, chance: f32) -> Vec<bool> {
        let mut draws = vec![0.0; len];
        at.fill_uniform(row, &mut draws);
        draws.iter().map(|u| *u < chance).collect()
    }

    /// All 2⁵ and 2⁷ outcomes, weighed one by one.
    #[test]
    fn the_tail_is_the_sum_over_all_outcomes() {
        for (n, p) in [(5, 0.05), (7, 0.3), (7, 0.5), (5, 0.0), (5, 1.0)] {
            for least in 0..=n {
                let weigh = |outcome: u32| {
                    let k = outcome.count_ones() as i32;
                    let chance = f64::powi(p, k) * f64::powi(1.0 - p, n as i32 - k);
                    if least <= k as usize { chance } else { 0.0 }
                };
                let want: f64 = (0..1_u32 << n).map(weigh).sum();
                assert!((tail(n, least, p) - want).abs() < 1e-12, "{n} {least} {p}");
            }
        }
    }

    #[test]
    fn a_secret_comes_back_unless_a_majority_is_turned() {
        let code = Repetition { bits: 40, copies: 5 }.check().expect("a code");
        let at = Stream::root(4);
        let (secret, response) = (bits(at, 0, 40, 0.5), bits(at, 1, 200, 0.5));
        let helper = code.enrol(&secret, &response);
        assert_eq!(code.regenerated(&helper, &response), secret);
        let mut turned = response.clone();
        for group in turned.chunks_exact_mut(5) {
            group[..2].iter_mut().for_each(|bit| *bit = !*bit);
        }
        assert_eq!(code.regenerated(&helper, &turned), secret);
        turned[2] = !turned[2];
        let wrong = code.regenerated(&helper, &turned);
        assert_eq!((wrong[0], &wrong[1..]), (!secret[0], &secret[1..]));
        for code in [Repetition { bits: 1, copies: 4 }, Repetition { bits: 0, copies: 3 }] {
            assert!(code.check().is_err());
        }
    }

    /// Errors of 20,000 bits at 20 % raw, five copies: 5.8 % by the binomial law.
    #[test]
    fn bits_come_back_wrong_as_often_as_the_law_says() {
        let code = Repetition { bits: 20_000, copies: 5 };
        let at = Stream::root(6);
        let (secret, response) = (bits(at, 0, 20_000, 0.5), bits(at, 1, 100_000, 0.5));
        let noise = bits(at, 2, 100_000, 0.2);
        let again: Vec<bool> = response.iter().zip(&noise).map(|(r, n)| r ^ n).collect();
        let got = code.regenerated(&code.enrol(&secret, &response), &again);
        let wrong = got.iter().zip(&secret).filter(|(a, b)| a != b).count() as f64 / 20_000.0;
        let law = code.bit_error(0.2);
        // Five standard errors.
        let tolerance = 5.0 * (law * (1.0 - law) / 20_000.0).sqrt();
        assert!((wrong - law).abs() < tolerance, "{wrong}, law {law}");
        assert!(0.9999 < code.failure(0.2));
    }

    /// What helper data say of a secret where responses are fair: nothing, both bits look alike.
    #[test]
    fn helper_data_are_fair_for_either_bit() {
        let code = Repetition { bits: 10_000, copies: 3 };
        let response = bits(Stream::root(8), 0, 30_000, 0.5);
        for secret in [vec![false; 10_000], vec![true; 10_000]] {
            let ones = code.enrol(&secret, &response).0.iter().filter(|bit| **bit).count();
            // Five standard deviations of 30,000 fair bits.
            assert!((ones as f64 - 15_000.0).abs() < 5.0 * 7_500.0_f64.sqrt(), "{ones}");
        }
    }
}
