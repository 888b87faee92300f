//! The optimal full scale of a Gaussian signal against published constants and the real converter.

use cim_adc::{Adc, UniformSpec};
use cim_core::{Amps, Stream, Tally};
use cim_opt::{gaussian_full_scale, gaussian_sqnr_db, psi};
use cim_tests::chip::normals;
use cim_tests::statistics::{Sample, standard_errors};

/// Half a unit of the last digit printed.
#[test]
fn optimal_full_scales_equal_the_published_table() {
    let z = [1.240, 1.711, 2.152, 2.559, 2.936, 3.287, 3.615, 3.924, 4.216, 4.494];
    let sqnr_db = [6.7, 10.6, 15.0, 19.8, 24.8, 29.9, 35.2, 40.6, 46.1, 51.6];
    for (bits, (z, sqnr_db)) in (1..=10).zip(z.into_iter().zip(sqnr_db)) {
        let got = gaussian_full_scale(bits);
        assert!((got - z).abs() <= 0.5e-3, "{bits} bits: z = {got}, expected {z}");
        let got = gaussian_sqnr_db(bits);
        assert!((got - sqnr_db).abs() <= 0.05, "{bits} bits: {got} dB, expected {sqnr_db} dB");
    }
}

/// It is an optimum: no full scale a thousandth away loses less. The loss is quadratic there, so
/// the three values differ by 1e-6 of it, far above rounding.
#[test]
fn optimal_full_scales_are_optimal() {
    for bits in 1..=12 {
        let z = gaussian_full_scale(bits);
        let loss = |z: f64| z * z / (3.0 * 4f64.powi(bits as i32)) + psi(z);
        assert!(loss(z) < loss(0.999 * z) && loss(z) < loss(1.001 * z), "{bits} bits");
    }
}

#[test]
fn psi_is_the_power_that_clipping_takes() {
    let draws = normals(1, 2_000_000, Stream::root(1));
    for z in [0.0, 0.3, 1.0, 1.7, 2.5, 3.0, 3.5] {
        let lost = Sample::of(draws.iter().map(|&n| (f64::from(n).abs() - z).max(0.0).powi(2)));
        let off = (lost.mean - psi(z)).abs();
        assert!(off <= standard_errors() * lost.mean_error(), "psi({z}) is off by {off}");
    }
}

/// A real converter with the optimal full scale leaves the error that the theory says, with the
/// `2^b − 1` steps that it has instead of `2^b`.
///
/// The uniform error of one step is exact where a step is small against the signal, but for the
/// ends of the range: by Euler and Maclaurin these add `Δ⁴/180 z φ(z)` and higher powers.
#[test]
fn a_real_converter_has_the_predicted_error() {
    let draws = normals(1, 1_000_000, Stream::root(2));
    let draws = draws.as_slice().expect("standard layout");
    for bits in 3..=8 {
        let z = gaussian_full_scale(bits);
        let spec = UniformSpec { bits, full_scale: Amps(z), input_noise: Amps::ZERO };
        let adc = spec.build().expect("a converter");
        let (mut codes, step) = (vec![0; draws.len()], adc.step().0);
        adc.convert(draws, &mut codes, &mut Tally::default());
        let pairs = draws.iter().zip(&codes);
        let error = Sample::of(pairs.map(|(&i, &c)| (f64::from(c) * step - f64::from(i)).powi(2)));
        // The range ends half a step above the top code: clipping starts there, and its error is
        // uniform up to it. Between the two, what is beyond is short by half a step more.
        let outside = psi(z - 0.5 * step) - psi_between(z - 0.5 * step, z);
        let inside = step * step / 12.0 * (1.0 - tail_share(z));
        let cut = step.powi(4) / 180.0 * z * (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        let off = (error.mean - inside - outside).abs();
        assert!(
            off <= standard_errors() * error.mean_error() + 2.0 * cut,
            "{bits} bits: {off} off"
        );
    }
}

/// `∫ (|n| − a)²` over `a < |n| < b`, by Simpson's rule on 64 intervals: exact to 1e-9 here.
fn psi_between(a: f64, b: f64) -> f64 {
    let density = |x: f64| (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    let h = (b - a) / 64.0;
    let term = |k: u32| {
        let x = a + h * f64::from(k);
        let weight = if k == 0 || k == 64 { 1.0 } else { 2.0 + 2.0 * f64::from(k % 2) };
        weight * (x - a).powi(2) * density(x)
    };
    2.0 * h / 3.0 * (0..=64).map(term).sum::<f64>()
}

/// Probability that a Gaussian lies beyond `z` standard deviations.
fn tail_share(z: f64) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    2.0 * Normal::standard().sf(z)
}
