//! Statistical tests of the draws, with fixed seeds.
//!
//! Thresholds come from theory. Every check yields the probability, under the hypothesis of
//! independent standard normal draws, of a deviation at least as large as the one seen. A check
//! fails below `ALPHA`; there are fewer than 500 checks in this file, so by Bonferroni's
//! inequality the chance that a perfect generator with fresh seeds fails any is below 10⁻⁶.
//! Sample sizes are such that the normal limits of the moments hold at this level: the largest
//! third-order term of the Edgeworth expansion, for the kurtosis of 10⁶ draws, changes the
//! probability by less than a factor of 2, and fewer than 300 of the 500 checks are used.

use statrs::distribution::{ContinuousCDF, DiscreteCDF, Normal, Poisson};

use super::Stream;

const ALPHA: f64 = 1e-6 / 500.0;
const N: usize = 1_000_000;

/// A named check and the probability of so large a deviation.
type Check = (String, f64);

fn draws(at: Stream, row: u64, n: usize) -> Vec<f32> {
    let mut out = vec![0.0; n];
    at.fill_standard_normal(row, &mut out);
    out
}

fn normal() -> Normal {
    Normal::new(0.0, 1.0).expect("valid parameters")
}

/// Two-sided probability of a standard score.
fn p_of_score(z: f64) -> f64 {
    2.0 * normal().sf(z.abs())
}

/// Two-sided probability of a count that should be Poisson with a mean.
fn p_of_count(count: u64, mean: f64) -> f64 {
    let law = Poisson::new(mean).expect("positive mean");
    let at_least = if count == 0 { 1.0 } else { law.sf(count - 1) };
    (2.0 * law.cdf(count).min(at_least)).min(1.0)
}

/// Expected number beyond `sigma` on both sides among `n` draws.
fn expected_beyond(sigma: f64, n: usize) -> f64 {
    2.0 * normal().sf(sigma) * n as f64
}

/// Standard score of the sum of products of independent standardised pairs.
fn score_of_products(pairs: impl ExactSizeIterator<Item = (f64, f64)>) -> f64 {
    let n = pairs.len() as f64;
    pairs.map(|(x, y)| x * y).sum::<f64>() / n.sqrt()
}

/// Correlation of two sequences, and of their squares (which have variance 2).
fn check_pair(name: &str, a: &[f32], b: &[f32]) -> [Check; 2] {
    let pairs = || a.iter().zip(b).map(|(&x, &y)| (f64::from(x), f64::from(y)));
    let square = |x: f64| (x * x - 1.0) / 2_f64.sqrt();
    let linear = score_of_products(pairs());
    let squares = score_of_products(pairs().map(|(x, y)| (square(x), square(y))));
    [
        (format!("correlation of {name}"), p_of_score(linear)),
        (format!("correlation of squares of {name}"), p_of_score(squares)),
    ]
}

/// The first four moments.
///
/// With known mean 0 and variance 1, the Hermite polynomials x, x² - 1, x³ - 3x, x⁴ - 6x² + 3 are
/// uncorrelated with mean 0 and variance 1!, 2!, 3!, 4!.
fn check_moments(xs: &[f32]) -> [Check; 4] {
    let mut sums = [0.0; 4];
    for &x in xs {
        let x = f64::from(x);
        let x2 = x * x;
        sums[0] += x;
        sums[1] += x2 - 1.0;
        sums[2] += x * (x2 - 3.0);
        sums[3] += x2 * (x2 - 6.0) + 3.0;
    }
    let n = xs.len() as f64;
    let p = |k: usize, factorial: f64| p_of_score(sums[k] / (n * factorial).sqrt());
    [
        ("mean".into(), p(0, 1.0)),
        ("variance".into(), p(1, 2.0)),
        ("skewness".into(), p(2, 6.0)),
        ("kurtosis".into(), p(3, 24.0)),
    ]
}

/// Largest distance to the normal distribution function (Kolmogorov and Smirnov).
///
/// Massart's inequality bounds the probability of a distance `d` by 2 exp(-2 n d²) for every n.
fn check_distance(xs: &[f32]) -> Check {
    let mut sorted = xs.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let (law, n) = (normal(), xs.len() as f64);
    let distance = sorted
        .iter()
        .enumerate()
        .map(|(i, &x)| {
            let want = law.cdf(f64::from(x));
            (want - i as f64 / n).max((i + 1) as f64 / n - want)
        })
        .fold(0.0, f64::max);
    ("distance to the normal law".into(), 2.0 * (-2.0 * n * distance * distance).exp())
}

/// Everything there is to check in one sequence.
fn check_sequence(xs: &[f32]) -> Vec<Check> {
    let mut checks = Vec::from(check_moments(xs));
    checks.push(check_distance(xs));
    for sigma in [4.0, 5.0] {
        let count = xs.iter().filter(|x| f64::from(x.abs()) > sigma).count() as u64;
        let p = p_of_count(count, expected_beyond(sigma, xs.len()));
        checks.push((format!("draws beyond {sigma} sigma"), p));
    }
    // Also half a block (the two draws of one pair), a block, and their neighbours.
    for lag in [1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 31, 32, 33] {
        checks.extend(check_pair(&format!("draws {lag} apart"), &xs[lag..], &xs[..xs.len() - lag]));
    }
    checks
}

fn failures(checks: Vec<Check>) -> Vec<Check> {
    checks.into_iter().filter(|&(_, p)| p.is_nan() || p < ALPHA).collect()
}

#[test]
fn draws_are_standard_normal_and_independent() {
    let xs = draws(Stream::root(20).child("chip", 1), 3, N);
    assert_eq!(failures(check_sequence(&xs)), []);
}

#[test]
fn many_short_rows_are_as_good_as_a_long_one() {
    // A partial block per row: 40 draws of the 64 that two blocks hold.
    let mut xs = vec![0.0; N];
    for (row, xs) in xs.chunks_mut(40).enumerate() {
        Stream::root(21).fill_standard_normal(row as u64, xs);
    }
    assert_eq!(failures(check_sequence(&xs)), []);
}

#[test]
fn an_error_of_two_percent_in_sigma_is_found() {
    let mut xs = draws(Stream::root(20).child("chip", 1), 3, N);
    xs.iter_mut().for_each(|x| *x *= 1.02);
    let found: Vec<String> =
        failures(check_sequence(&xs)).into_iter().map(|(name, _)| name).collect();
    for name in ["variance", "distance to the normal law"] {
        assert!(found.iter().any(|f| f == name), "{name} not among {found:?}");
    }
}

#[test]
fn tails_have_the_right_weight_beyond_four_to_six_sigma() {
    let (rows, per_row) = (2_000, 16_384);
    let sigmas = [4.0_f32, 4.5, 5.0, 5.5, 6.0];
    let mut counts = [[0_u64; 5]; 2];
    let mut xs = vec![0.0_f32; per_row];
    for row in 0..rows {
        Stream::root(22).fill_standard_normal(row, &mut xs);
        for &x in xs.iter().filter(|x| x.abs() > sigmas[0]) {
            for (k, &sigma) in sigmas.iter().enumerate() {
                counts[usize::from(x > 0.0)][k] += u64::from(x.abs() > sigma);
            }
        }
    }
    let mut checks = Vec::new();
    for (side, counts) in counts.iter().enumerate() {
        for (&sigma, &count) in sigmas.iter().zip(counts) {
            let mean = expected_beyond(f64::from(sigma), rows as usize * per_row) / 2.0;
            checks.push((format!("side {side}, {sigma} sigma"), p_of_count(count, mean)));
        }
    }
    assert_eq!(failures(checks), []);
}

#[test]
fn addresses_are_independent() {
    const N: usize = 1 << 16;
    let root = Stream::root(23);
    let at = root.child("chip", 3);
    let here = draws(at, 0, N);
    let mut checks = Vec::new();
    for (name, other) in [
        ("next row", draws(at, 1, N)),
        ("row 2^32", draws(at, 1 << 32, N)),
        ("last row", draws(at, u64::MAX, N)),
        ("sibling", draws(root.child("chip", 4), 0, N)),
        ("other label", draws(root.child("tile", 3), 0, N)),
        ("parent", draws(root, 0, N)),
        ("child", draws(at.child("chip", 3), 0, N)),
        ("next seed", draws(Stream::root(24).child("chip", 3), 0, N)),
    ] {
        checks.extend(check_pair(name, &here, &other));
    }
    let mut uniform = vec![0.0; N];
    at.fill_uniform(0, &mut uniform);
    uniform.iter_mut().for_each(|u| *u = (*u - 0.5) * 12_f32.sqrt());
    checks.push(check_pair("uniform draws at the address", &here, &uniform)[0].clone());
    assert_eq!(failures(checks), []);
}

#[test]
fn lanes_are_independent() {
    // Draw `k` of a block comes from lane `k % 16`; every pair of lanes once.
    let xs = draws(Stream::root(24), 0, N);
    let lane = |k: usize| -> Vec<f32> { xs.iter().skip(k).step_by(32).copied().collect() };
    let lanes: Vec<_> = (0..16).map(lane).collect();
    let mut checks = Vec::new();
    for a in 0..16 {
        for b in 0..a {
            let [linear, _] = check_pair(&format!("lanes {a} and {b}"), &lanes[a], &lanes[b]);
            checks.push(linear);
        }
    }
    assert_eq!(failures(checks), []);
}

#[test]
fn the_first_draws_of_neighbouring_rows_are_independent() {
    // Short rows use little more than the seeding, so this tests the hash of the address.
    let at = Stream::root(25);
    let first = |row: u64| {
        let mut x = [0.0];
        at.fill_standard_normal(row, &mut x);
        x[0]
    };
    let xs: Vec<f32> = (0..200_000).map(first).collect();
    let mut checks = Vec::from(check_moments(&xs));
    checks.push(check_distance(&xs));
    checks.extend(check_pair("neighbouring rows", &xs[1..], &xs[..xs.len() - 1]));
    assert_eq!(failures(checks), []);
}

#[test]
fn uniform_draws_are_uniform() {
    let mut xs = vec![0.0; N];
    Stream::root(26).fill_uniform(0, &mut xs);
    assert!(xs.iter().all(|x| (0.0..1.0).contains(x)));
    // The inverse normal distribution function, shifted by half a step, makes them normal.
    let law = normal();
    let half_step = 0.5_f64.powi(25);
    let normals: Vec<f32> =
        xs.iter().map(|&u| law.inverse_cdf(f64::from(u) + half_step) as f32).collect();
    assert_eq!(failures(check_sequence(&normals)), []);
}
