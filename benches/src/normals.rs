//! Standard normals by address against `rand_distr` on a fast generator.

use std::hint::black_box;

use cim_core::Stream;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;

use crate::{median, ratio, rounded, rounds};

#[derive(Serialize)]
pub struct Ratios {
    ns_per_draw: f64,
    rand_distr_ns_per_draw: f64,
    /// Time of `rand_distr` per time of ours.
    rand_distr: f64,
}

/// Draws at one address, as a tile makes them, and addresses.
const DRAWS: usize = 2048;
const ADDRESSES: u64 = 200;

pub fn measure() -> Ratios {
    let (mut ours, mut theirs) = (vec![0.0_f32; DRAWS], vec![0.0_f32; DRAWS]);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let seconds = rounds(&mut [
        Box::new(|| {
            for row in 0..ADDRESSES {
                Stream::root(1).fill_standard_normal(row, black_box(&mut ours));
            }
        }),
        Box::new(|| {
            for _ in 0..ADDRESSES {
                let draws = black_box(&mut theirs);
                draws.iter_mut().for_each(|x| *x = StandardNormal.sample(&mut rng));
            }
        }),
    ]);
    let ns = |seconds: &[f64]| rounded(median(seconds) * 1e9 / (DRAWS as f64 * ADDRESSES as f64));
    Ratios {
        ns_per_draw: ns(&seconds[0]),
        rand_distr_ns_per_draw: ns(&seconds[1]),
        rand_distr: ratio(&seconds[1], &seconds[0]),
    }
}
