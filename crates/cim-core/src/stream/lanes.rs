//! Independent small generators side by side, written so that the compiler vectorises them.

use super::mix::{GOLDEN, mix};

/// Generators side by side: one vector of AVX-512, two of AVX2, four of NEON.
pub(super) const LANES: usize = 16;

/// `LANES` generators xoshiro128++ (Blackman and Vigna, ACM TOMS 47, 2021) in step.
pub(super) struct Lanes {
    state: [[u32; LANES]; 4],
}

impl Lanes {
    /// Seeds every lane with consecutive outputs of SplitMix64.
    ///
    /// Those are distinct, so that no lane has the all-zero state.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "the four words of a lane, one loop to vectorise"
    )]
    pub fn new(seed: u64) -> Self {
        let mut state = [[0; LANES]; 4];
        for lane in 0..LANES {
            let a = mix(seed.wrapping_add(GOLDEN.wrapping_mul(lane as u64)));
            let b = mix(seed.wrapping_add(GOLDEN.wrapping_mul((LANES + lane) as u64)));
            state[0][lane] = a as u32;
            state[1][lane] = (a >> 32) as u32;
            state[2][lane] = b as u32;
            state[3][lane] = (b >> 32) as u32;
        }
        Self { state }
    }

    /// The next 32 random bits of every lane.
    #[inline(always)]
    pub fn next(&mut self) -> [u32; LANES] {
        let [s0, s1, s2, s3] = &mut self.state;
        let mut out = [0; LANES];
        for i in 0..LANES {
            out[i] = s0[i].wrapping_add(s3[i]).rotate_left(7).wrapping_add(s0[i]);
            let t = s1[i] << 9;
            s2[i] ^= s0[i];
            s3[i] ^= s1[i];
            s1[i] ^= s2[i];
            s0[i] ^= s3[i];
            s2[i] ^= t;
            s3[i] = s3[i].rotate_left(11);
        }
        out
    }
}
