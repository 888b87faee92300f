//! Exponential, logarithm and power of doubles without branches, for loops over whole arrays.
//!
//! Only operations that are correctly rounded (`mul_add` among them) and integers: below pulp's
//! dispatch the compiler turns a loop over them into the vectors of any machine, and the bytes are the
//! same on all.

use std::f64::consts::{FRAC_1_SQRT_2, LOG2_E};

/// `ln 2` in two parts, the first with 21 zeros at its end: products with exponents are exact.
const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `2 / k` for `k` from 21 down to 3.
const ARTANH: [f64; 10] = {
    let mut terms = [0.0; 10];
    let mut k = 0;
    while k < 10 {
        terms[k] = 2.0 / (21 - 2 * k) as f64;
        k += 1;
    }
    terms
};

/// `1 / k!` for `k` from 13 down to 0.
const EXPONENTIAL: [f64; 14] = {
    let mut terms = [1.0; 14];
    let (mut k, mut factorial) = (1, 1.0);
    while k < 14 {
        factorial *= k as f64;
        terms[13 - k] = 1.0 / factorial;
        k += 1;
    }
    terms
};

/// Low 52 bits.
const FRACTION: u64 = (1 << 52) - 1;

/// `ln x` of a normal, positive number, within 4e-16 of the larger of `|ln x|` and 1; below −708
/// for zero.
///
/// ```
/// assert!((cim_core::elementary::ln(2.0) - std::f64::consts::LN_2).abs() < 1e-15);
/// ```
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    // x = 2^e m with m from √½ to √2.
    const HALF: u64 = FRAC_1_SQRT_2.to_bits();
    let shifted = x.to_bits().wrapping_add(1.0_f64.to_bits() - HALF);
    // The exponent as the low bits of 2⁵².
    let biased = f64::from_bits((shifted >> 52) | (1075 << 52));
    let e = biased - (f64::from_bits(1075 << 52) + 1023.0);
    let m = f64::from_bits((shifted & FRACTION) + HALF);
    // ln m = 2 artanh s, s at most 0.172; the next term is below 2e-17.
    let f = m - 1.0;
    let s = f / (m + 1.0);
    let z = s * s;
    let [mut series, rest @ ..] = ARTANH;
    for term in rest {
        series = z.mul_add(series, term);
    }
    // 2 s = f − s f, so that f, which is exact, carries the value.
    let correction = s * z.mul_add(series, -f);
    let rest = e.mul_add(LN_2_LOW, correction) + f;
    e.mul_add(LN_2_HIGH, rest)
}

/// `eˣ` for `−708 <= x <= 709`, within 4e-16 relative; as at the ends beyond.
///
/// ```
/// assert!((cim_core::elementary::exp(1.0) - std::f64::consts::E).abs() < 2e-15);
/// ```
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    /// 1.5 · 2⁵²: adding it leaves the nearest whole number in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let x = if x > -708.0 { x } else { -708.0 };
    let x = if x < 709.0 { x } else { 709.0 };
    let shifted = x.mul_add(LOG2_E, ROUND);
    let whole = shifted - ROUND;
    let rest = whole.mul_add(-LN_2_HIGH, x);
    let rest = whole.mul_add(-LN_2_LOW, rest);
    // Taylor; the next term at ln(2)/2 is 4e-18.
    let [mut series, rest_of @ ..] = EXPONENTIAL;
    for term in rest_of {
        series = rest.mul_add(series, term);
    }
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    series * power
}

/// `x^y` of a normal, positive `x`, within `4e-16 (1 + 2 |y| (1 + |ln x|))` relative where the power is
/// between e⁻⁷⁰⁸ and e⁷⁰⁹; as at the ends beyond, and nearly zero for zero and a `y` of order one.
///
/// ```
/// assert!((cim_core::elementary::pow(9.0, 0.5) - 3.0).abs() < 1e-14);
/// ```
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    exp(y * ln(x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stream;

    /// Numbers that cover `low` to `high` evenly, ends included.
    fn spread(low: f64, high: f64, n: u32) -> impl Iterator<Item = f64> {
        let mut draws = vec![0.0_f32; n as usize];
        Stream::root(12).fill_uniform(0, &mut draws);
        (0..=n).map(move |k| {
            let share = if k % n == 0 { f64::from(k / n) } else { f64::from(draws[k as usize]) };
            low + share * (high - low)
        })
    }

    #[test]
    fn the_logarithm_is_that_of_the_standard_library() {
        let wide = spread(-307.0, 308.0, 200_000).map(|power| 10_f64.powf(power));
        for x in wide.chain(spread(0.4, 2.5, 200_000)).chain([1.0, f64::MIN_POSITIVE, f64::MAX]) {
            let (got, want) = (ln(x), x.ln());
            assert!(
                (got - want).abs() <= 4e-16 * want.abs().max(1.0),
                "ln {x:e}: {got} for {want}"
            );
        }
        assert_eq!(ln(1.0), 0.0);
        assert!(ln(0.0) < -708.0);
    }

    #[test]
    fn the_exponential_is_that_of_the_standard_library() {
        for x in spread(-708.0, 709.0, 200_000).chain(spread(-1.0, 1.0, 200_000)) {
            let (got, want) = (exp(x), x.exp());
            assert!((got / want - 1.0).abs() <= 4e-16, "exp {x}: {got} for {want}");
        }
        assert_eq!((exp(0.0), exp(-1e9), exp(1e9)), (1.0, exp(-708.0), exp(709.0)));
    }

    #[test]
    fn powers_are_those_of_the_standard_library() {
        for x in spread(-20.0, 5.0, 100_000).map(|power| 10_f64.powf(power)) {
            for y in [-1.5, -0.06, 0.0, 0.65, 2.0, 3.7] {
                let (got, want) = (pow(x, y), x.powf(y));
                let bound = 4e-16 * (1.0 + 2.0 * y.abs() * (1.0 + x.ln().abs()));
                assert!((got / want - 1.0).abs() <= bound, "{x:e}^{y}: {got} for {want}");
            }
        }
        assert!(pow(0.0, 0.65) < 1e-190);
    }

    struct Powers<'a>(&'a [f64], &'a mut [f64]);

    impl pulp::NullaryFnOnce for Powers<'_> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            self.1.iter_mut().zip(self.0).for_each(|(out, &x)| *out = pow(x, 0.65));
        }
    }

    #[test]
    fn vectors_give_the_bytes_of_single_numbers() {
        let x: Vec<f64> = spread(0.0, 3.0, 1001).collect();
        let mut vectors = vec![0.0; x.len()];
        pulp::Arch::new().dispatch(Powers(&x, &mut vectors));
        for (x, got) in x.iter().zip(vectors) {
            assert_eq!(got.to_bits(), pow(*x, 0.65).to_bits());
        }
    }
}
