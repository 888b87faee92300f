//! Filling slices from lanes of generators: uniform, and normal by the transform of Box and Muller.
//!
//! Every operation here is exact or correctly rounded (integers, `mul_add`, square root,
//! conversions), so that the compiler may vectorise it for any machine without changing a bit.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_PI_4, LN_2};
use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

use super::lanes::{LANES, Lanes};

/// Fills `out` with draws of one kind, with the widest vectors of the machine.
pub(super) fn fill<D: Draw>(seed: u64, out: &mut [f32], _: D) {
    Arch::new().dispatch(Fill::<D> { seed, out, draw: PhantomData });
}

/// The draws of one step: the first and the second `LANES` of them.
pub(super) type Block = [[f32; LANES]; 2];

/// A distribution drawn block by block.
///
/// A trait and not a closure: whatever is called below the dispatch must be inlined into it to be
/// compiled for the vectors it found, and only functions can be marked so.
pub(super) trait Draw {
    /// The draws of the next step.
    fn block(lanes: &mut Lanes) -> Block;
}

/// Adds normal draws to `out`, each times the size that `sizes` gives it, with the widest vectors of the machine.
pub(super) fn add<Z: Size>(seed: u64, sizes: &[f32], out: &mut [f32], _: Z) {
    Arch::new().dispatch(Add::<Z> { seed, sizes, out, size: PhantomData });
}

/// What is said of the size of a draw.
pub(super) trait Size {
    /// Radii of draws of these sizes, for the square of the radius of standard ones.
    fn radii(square: f32, sizes: [f32; 2]) -> [f32; 2];
}

/// Its standard deviation.
#[derive(Clone, Copy)]
pub(super) struct Deviation;

impl Size for Deviation {
    #[inline(always)]
    fn radii(square: f32, sizes: [f32; 2]) -> [f32; 2] {
        let radius = square.sqrt();
        [radius * sizes[0], radius * sizes[1]]
    }
}

/// Its variance; what rounding left below zero is zero.
#[derive(Clone, Copy)]
pub(super) struct Variance;

impl Size for Variance {
    #[inline(always)]
    fn radii(square: f32, sizes: [f32; 2]) -> [f32; 2] {
        // One square root for the radius and the variance.
        [(square * sizes[0].max(0.0)).sqrt(), (square * sizes[1].max(0.0)).sqrt()]
    }
}

struct Add<'a, Z> {
    seed: u64,
    sizes: &'a [f32],
    out: &'a mut [f32],
    size: PhantomData<Z>,
}

impl<Z: Size> WithSimd for Add<'_, Z> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        add_in_place::<Z>(self.seed, self.sizes, self.out);
    }
}

#[inline(always)]
fn add_in_place<Z: Size>(seed: u64, sizes: &[f32], out: &mut [f32]) {
    const BOTH: usize = 2 * LANES;
    let mut lanes = Lanes::new(seed);
    let (blocks, rest) = out.as_chunks_mut::<BOTH>();
    let (sizes, last_sizes) = sizes[..blocks.len() * BOTH + rest.len()].as_chunks::<BOTH>();
    for (out, sizes) in blocks.iter_mut().zip(sizes) {
        add_block::<Z>(&mut lanes, sizes, out);
    }
    if !rest.is_empty() {
        let mut last = [[0.0; BOTH]; 2];
        last[0][..rest.len()].copy_from_slice(last_sizes);
        last[1][..rest.len()].copy_from_slice(rest);
        let [sizes, out] = &mut last;
        add_block::<Z>(&mut lanes, sizes, out);
        rest.copy_from_slice(&out[..rest.len()]);
    }
}

#[inline(always)]
fn add_block<Z: Size>(lanes: &mut Lanes, sizes: &[f32; 2 * LANES], out: &mut [f32; 2 * LANES]) {
    let (a, b) = (lanes.next(), lanes.next());
    for i in 0..LANES {
        let (x, y) = direction(b[i]);
        let radii = Z::radii(square_of_radius(a[i]), [sizes[i], sizes[LANES + i]]);
        out[i] = radii[0].mul_add(x, out[i]);
        out[LANES + i] = radii[1].mul_add(y, out[LANES + i]);
    }
}

struct Fill<'a, D> {
    seed: u64,
    out: &'a mut [f32],
    draw: PhantomData<D>,
}

impl<D: Draw> WithSimd for Fill<'_, D> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        fill_in_place::<D>(self.seed, self.out);
    }
}

#[inline(always)]
fn fill_in_place<D: Draw>(seed: u64, out: &mut [f32]) {
    let mut lanes = Lanes::new(seed);
    let (blocks, rest) = out.as_chunks_mut::<{ 2 * LANES }>();
    for out in blocks {
        out.copy_from_slice(D::block(&mut lanes).as_flattened());
    }
    if !rest.is_empty() {
        // A whole block, cut: the first draws do not depend on how many are asked for.
        rest.copy_from_slice(&D::block(&mut lanes).as_flattened()[..rest.len()]);
    }
}

/// Uniform in `[0, 1)`, in steps of 2⁻²⁴.
pub(super) struct Uniform;

impl Draw for Uniform {
    #[inline(always)]
    fn block(lanes: &mut Lanes) -> Block {
        let mut out = [[0.0; LANES]; 2];
        for half in &mut out {
            let bits = lanes.next();
            for i in 0..LANES {
                half[i] = (bits[i] >> 8) as f32 * (1.0 / (1 << 24) as f32);
            }
        }
        out
    }
}

/// Normal with mean 0 and standard deviation 1.
pub(super) struct Normal;

impl Draw for Normal {
    #[inline(always)]
    fn block(lanes: &mut Lanes) -> Block {
        let (a, b) = (lanes.next(), lanes.next());
        let mut out = [[0.0; LANES]; 2];
        for i in 0..LANES {
            let (x, y) = normal_pair(a[i], b[i]);
            out[0][i] = x;
            out[1][i] = y;
        }
        out
    }
}

/// Two independent normal draws from two words of random bits.
#[inline(always)]
fn normal_pair(a: u32, b: u32) -> (f32, f32) {
    let radius = square_of_radius(a).sqrt();
    let (x, y) = direction(b);
    (radius * x, radius * y)
}

/// `-2 ln u` for `u` uniform in (0, 1], at least 2⁻³³.
#[inline(always)]
fn square_of_radius(bits: u32) -> f32 {
    const HALF: u32 = FRAC_1_SQRT_2.to_bits();
    // 2⁻³² (bits + 1/2): the tail reaches sqrt(66 ln 2) = 6.76.
    let u = (bits as f32).mul_add(1.0 / (1u64 << 32) as f32, 1.0 / (1u64 << 33) as f32);
    // u = 2^e (1 + f) with 1 + f between sqrt(1/2) and sqrt(2).
    let shifted = u.to_bits().wrapping_sub(HALF);
    let e = (shifted as i32 >> 23) as f32;
    let f = f32::from_bits((shifted & 0x007f_ffff) + HALF) - 1.0;
    // -2 ln(1 + f) / f, minimax: relative error below 2e-7.
    let mut p = 2.0 * 0.101_069_03_f32;
    p = p.mul_add(f, -2.0 * 0.162_225_89);
    p = p.mul_add(f, 2.0 * 0.172_508_31);
    p = p.mul_add(f, -2.0 * 0.199_001_64);
    p = p.mul_add(f, 2.0 * 0.249_699_09);
    p = p.mul_add(f, -2.0 * 0.333_350_6);
    p = p.mul_add(f, 2.0 * 0.500_003_64);
    p = p.mul_add(f, -2.0 * 0.999_999_94);
    p.mul_add(f, e * (-2.0 * LN_2))
}

/// A point on the unit circle, every direction equally likely.
///
/// The low 30 bits choose an angle within 45 degrees of the first axis, the upper two reflect the
/// point: across the diagonal, and across the second axis.
#[inline(always)]
fn direction(bits: u32) -> (f32, f32) {
    let t = ((bits << 2) as i32 >> 2) as f32 * (1.0 / (1 << 29) as f32);
    let z = t * t;
    // sin and cos of t π / 4 for t in [-1, 1], minimax: relative errors below 4e-9 and 4e-8.
    let sin = (-3.595_045_2e-5_f32)
        .mul_add(z, 0.002_490_001)
        .mul_add(z, -0.080_745_436)
        .mul_add(z, FRAC_PI_4)
        * t;
    let cos = (-0.000_318_727_83_f32)
        .mul_add(z, 0.015_849_683)
        .mul_add(z, -0.308_424_17)
        .mul_add(z, 0.999_999_94);
    let cos = f32::from_bits(cos.to_bits() ^ (bits & 0x8000_0000));
    if bits & 0x4000_0000 == 0 { (cos, sin) } else { (sin, cos) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(xs: &[f32]) -> Vec<u32> {
        xs.iter().map(|x| x.to_bits()).collect()
    }

    /// Fills twice, with the vectors of this machine and without; lengths that are no multiples.
    fn dispatched_equals_plain<D: Draw>() {
        for (seed, n) in [(1, 3), (2, 33), (3, 1000), (4, 65_537)] {
            let (mut plain, mut vectors) = (vec![0.0; n], vec![0.0; n]);
            fill_in_place::<D>(seed, &mut plain);
            Arch::new().dispatch(Fill::<D> { seed, out: &mut vectors, draw: PhantomData });
            assert_eq!(bits(&plain), bits(&vectors));
            #[cfg(target_arch = "x86_64")]
            if let Some(avx2) = pulp::x86::V3::try_new() {
                vectors.fill(0.0);
                Simd::vectorize(avx2, Fill::<D> { seed, out: &mut vectors, draw: PhantomData });
                assert_eq!(bits(&plain), bits(&vectors), "AVX2");
            }
        }
    }

    #[test]
    fn vectors_give_the_bytes_of_plain_code() {
        dispatched_equals_plain::<Normal>();
        dispatched_equals_plain::<Uniform>();
    }

    /// The draws that are filled in, times their size, whatever the vectors and the length.
    fn adds_what_is_filled<Z: Size + Copy>(size: Z, deviation: impl Fn(f32) -> f32) {
        for (seed, n) in [(1, 3), (2, 33), (3, 1000)] {
            let (mut draws, mut sizes) = (vec![0.0; n], vec![0.0; n]);
            fill_in_place::<Normal>(seed, &mut draws);
            fill_in_place::<Uniform>(seed + 9, &mut sizes);
            let (mut plain, mut vectors) = (vec![0.5; n], vec![0.5; n]);
            add_in_place::<Z>(seed, &sizes, &mut plain);
            add(seed, &sizes, &mut vectors, size);
            assert_eq!(bits(&plain), bits(&vectors));
            #[cfg(target_arch = "x86_64")]
            if let Some(avx2) = pulp::x86::V3::try_new() {
                vectors.fill(0.5);
                let (sizes, out) = (&sizes[..], &mut vectors[..]);
                Simd::vectorize(avx2, Add::<Z> { seed, sizes, out, size: PhantomData });
                assert_eq!(bits(&plain), bits(&vectors), "AVX2");
            }
            for ((got, &draw), &size) in plain.iter().zip(&draws).zip(&sizes) {
                let want = 0.5 + f64::from(draw) * f64::from(deviation(size));
                // Three roundings of the noise, and one of the sum.
                let error = (f64::from(*got) - want).abs();
                assert!(error <= 3e-7 * (1.0 + want.abs()), "{got} for {want}");
            }
        }
    }

    #[test]
    fn draws_are_added_in_the_size_asked_for() {
        adds_what_is_filled(Deviation, |size| size);
        adds_what_is_filled(Variance, f32::sqrt);
        // What rounding left below zero.
        let mut out = [2.0; 40];
        add_in_place::<Variance>(1, &[-1e-20; 40], &mut out);
        assert_eq!(out, [2.0; 40]);
    }

    /// Words that cover the range evenly, with its ends.
    fn words() -> impl Iterator<Item = u32> {
        let small = (0..32).map(|shift| 1 << shift);
        let spread = (0..500_000_u32).map(|i| i.wrapping_mul(2_654_435_769));
        small.chain(spread).flat_map(|word| [word, !word])
    }

    fn radius(word: u32) -> f32 {
        square_of_radius(word).sqrt()
    }

    #[test]
    fn the_radius_is_that_of_box_and_muller() {
        for word in words() {
            let u = (word as f32).mul_add(0.5_f32.powi(32), 0.5_f32.powi(33));
            let want = (-2.0 * f64::from(u).ln()).sqrt();
            let error = (f64::from(radius(word)) - want).abs();
            assert!(error <= 4e-7 * want, "{word}: {error:e} at {want}");
        }
        assert!(6.75 < radius(0) && radius(0) < 6.8);
        assert_eq!(radius(u32::MAX), 0.0);
    }

    #[test]
    fn directions_are_points_of_the_circle() {
        for word in words() {
            let angle =
                f64::from((word << 2) as i32 >> 2) * 0.5_f64.powi(31) * std::f64::consts::PI;
            let (sin, cos) = angle.sin_cos();
            let cos = if word >> 31 == 1 { -cos } else { cos };
            let (x, y) = if word >> 30 & 1 == 0 { (cos, sin) } else { (sin, cos) };
            let (got_x, got_y) = direction(word);
            let error = (f64::from(got_x) - x).abs().max((f64::from(got_y) - y).abs());
            assert!(error <= 1.5e-7, "{word}: {error:e}");
        }
    }
}
