//! Randomness by address: a draw depends on where it is made, never on when.
//!
//! ```
//! use cim_core::Stream;
//!
//! let chip = Stream::root(7).child("chip", 3);
//! let (mut once, mut again) = ([0.0_f32; 5], [0.0_f32; 9]);
//! chip.fill_standard_normal(0, &mut once);
//! chip.fill_standard_normal(0, &mut again);
//! assert_eq!(once, again[..5]); // The same address, however many draws are asked for.
//! ```

mod lanes;
mod mix;
mod normal;
mod rows;

pub use rows::NormalRows;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use mix::{GOLDEN, mix};

/// An address in the tree of randomness.
///
/// Children get a label and an index; the same path from the same seed draws the same numbers on
/// every machine and at any number of threads.
///
/// Not for secrets: the generators are fast and well distributed, not unpredictable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// The root of the tree of one seed.
    pub const fn root(seed: u64) -> Self {
        Self { key: mix(seed ^ 0x6369_6d5f_726f_6f74) }
    }

    /// The address below this one with a label and an index, as in `child("chip", 3)`.
    #[must_use]
    pub const fn child(self, label: &'static str, index: u64) -> Self {
        let mut key = mix(self.key ^ GOLDEN);
        let bytes = label.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            key = mix(key ^ bytes[i] as u64);
            i += 1;
        }
        Self { key: mix(mix(key ^ 0xff00) ^ index) }
    }

    /// Fills `out` with draws of the standard normal distribution, addressed by this stream and
    /// `row`.
    ///
    /// The first draws do not depend on the length of `out`. The bytes are the same on every
    /// machine: every operation is exact or correctly rounded, in a fixed order. No draw is
    /// larger than 6.8, and about one in 2²⁴ is exactly 0. Nothing is allocated.
    ///
    /// Method: lanes of xoshiro128++ (Blackman and Vigna, ACM TOMS 47, 2021) and the transform of
    /// Box and Muller (Ann. Math. Statist. 29, 1958).
    pub fn fill_standard_normal(self, row: u64, out: &mut [f32]) {
        normal::fill(self.salted(NORMAL, row), out, normal::Normal);
    }

    /// Adds to `out` the draws that [`fill_standard_normal`](Self::fill_standard_normal) makes at this address, times
    /// the standard deviations of as many values.
    ///
    /// # Panics
    /// If there are fewer of them.
    pub fn add_normal_of_deviation(self, row: u64, deviations: &[f32], out: &mut [f32]) {
        normal::add(self.salted(NORMAL, row), deviations, out, normal::Deviation);
    }

    /// The same for variances, of which one below zero counts as zero: cheaper than their square roots and
    /// a product, from which it differs by rounding.
    ///
    /// # Panics
    /// If there are fewer of them than values.
    pub fn add_normal_of_variance(self, row: u64, variances: &[f32], out: &mut [f32]) {
        normal::add(self.salted(NORMAL, row), variances, out, normal::Variance);
    }

    /// Fills `out` with draws uniform in `[0, 1)`, multiples of 2⁻²⁴, addressed by this stream
    /// and `row`.
    ///
    /// Independent of the normal draws at the same address; the first draws do not depend on the
    /// length of `out`.
    pub fn fill_uniform(self, row: u64, out: &mut [f32]) {
        normal::fill(self.salted(UNIFORM, row), out, normal::Uniform);
    }

    /// A generator of the `rand` crate seeded by this address, for what is off the hot path:
    /// permutations, other distributions.
    ///
    /// It is xoshiro256++, whose values are the same on every machine; a test pins them.
    pub fn rng(self) -> impl rand::Rng + Clone + use<> {
        Xoshiro256PlusPlus::seed_from_u64(self.salted(RNG, 0))
    }

    /// A random order of `0..len`.
    ///
    /// Source: Fisher and Yates, from the end.
    pub fn permutation(self, len: usize) -> Vec<usize> {
        let mut rng = self.rng();
        let mut order: Vec<usize> = (0..len).collect();
        for last in (1..len).rev() {
            order.swap(last, rng.random_range(0..=last));
        }
        order
    }

    /// The seed for one use of one row.
    const fn salted(self, salt: u64, row: u64) -> u64 {
        mix(mix(self.key ^ salt) ^ row)
    }
}

/// Salts keep the uses of one address independent of each other and of its children.
const NORMAL: u64 = 0x6e6f_726d_616c_0000;
const UNIFORM: u64 = 0x756e_6966_6f72_6d00;
const RNG: u64 = 0x7261_6e64_2072_6e67;

#[cfg(test)]
mod statistics;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::Rng;

    use super::*;

    /// The normal and uniform draws were also computed from their definition in double precision,
    /// by a separate program; they agree to 2e-7.
    #[test]
    fn draws_are_pinned() {
        let chip = Stream::root(7).child("chip", 3);
        let mut out = [0.0; 4];
        Stream::root(0).fill_standard_normal(0, &mut out);
        assert_eq!(out, [-0.085_503_6, -0.934_858_6, 0.473_213_82, -1.177_868_4]);
        chip.child("tile", 12).fill_standard_normal(5, &mut out);
        assert_eq!(out, [0.771_270_6, 0.160_631_15, 1.478_159_7, 0.083_824_69]);
        chip.fill_uniform(5, &mut out);
        assert_eq!(out, [0.273_165_7, 0.627_572_6, 0.239_566_39, 0.069_956_9]);
        let mut rng = chip.rng();
        assert_eq!(
            [rng.next_u64(), rng.next_u64()],
            [0x5588_14e6_a554_c5ec, 0x6a70_aeec_dbfc_8779]
        );
    }

    #[test]
    fn addresses_differ() {
        let root = Stream::root(1);
        let mut keys = BTreeSet::from([root.key, Stream::root(2).key]);
        for label in ["", "a", "b", "ab", "ba", "abc"] {
            for index in [0, 1, 97, 1 << 32, u64::MAX] {
                let child = root.child(label, index);
                assert!(keys.insert(child.key), "{label} {index}");
                assert!(keys.insert(child.child(label, index).key), "{label} {index} twice");
            }
        }
    }

    #[test]
    fn the_first_draws_do_not_depend_on_the_length() {
        let at = Stream::root(11);
        let (mut all, mut uniform) = ([0.0_f32; 200], [0.0_f32; 200]);
        at.fill_standard_normal(9, &mut all);
        at.fill_uniform(9, &mut uniform);
        for n in 0..200 {
            let mut some = vec![0.0; n];
            at.fill_standard_normal(9, &mut some);
            assert_eq!(some, all[..n]);
            at.fill_uniform(9, &mut some);
            assert_eq!(some, uniform[..n]);
        }
    }

    /// 24,000 orders of four: 24 kinds, 1,000 of each but for 6.1 standard deviations of 31.
    #[test]
    fn every_order_is_as_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for index in 0..24_000 {
            let order = Stream::root(5).child("order", index).permutation(4);
            *counts.entry(order).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        assert!(counts.values().all(|count| (810..=1190).contains(count)), "{counts:?}");
        assert_eq!(Stream::root(1).permutation(0), []);
    }
}
