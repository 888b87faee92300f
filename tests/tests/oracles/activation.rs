//! The noise-aware ReLU: known values, and the expectation that it claims to be.

use cim_core::Stream;
use cim_nn::NoiseAwareRelu;
use cim_tests::chip::normals;
use cim_tests::statistics::{Sample, standard_errors};

/// The distribution function behind it is good to 3e-7 and `f32` to 6e-8, each times sizes up to
/// the largest pre-activation and three additions.
fn rounding(x: f32, relu: NoiseAwareRelu) -> f64 {
    let size = f64::from(x.abs() + relu.limit.min(100.0) + relu.sigma);
    4.0 * (3e-7 + 6e-8) * size
}

/// Half a unit of the fourth decimal, as printed.
#[test]
fn known_values_of_the_noise_aware_relu() {
    let relu = NoiseAwareRelu { limit: 2.0, sigma: 0.3 };
    for (x, want) in [(-0.5, 0.0059), (0.0, 0.1197), (0.5, 0.5059), (1.9, 1.8237), (2.5, 1.9941)] {
        let got = f64::from(relu.value(x));
        assert!((got - want).abs() <= 5e-5 + rounding(x, relu), "f({x}) = {got}, expected {want}");
    }
}

#[test]
fn value_and_derivative_are_expectations_over_noise() {
    const DRAWS: usize = 400_000;
    let noise = normals(1, DRAWS, Stream::root(1));
    for relu in [
        NoiseAwareRelu { limit: 2.0, sigma: 0.3 },
        NoiseAwareRelu { limit: 0.5, sigma: 1.0 },
        NoiseAwareRelu { limit: f32::INFINITY, sigma: 0.7 },
        NoiseAwareRelu { limit: 3.0, sigma: 0.01 },
    ] {
        for x in [-2.0f32, -0.5, -0.02, 0.0, 0.01, 0.3, 0.5, 1.9, 2.5, 4.0] {
            let (mean, sigma) = (f64::from(x), f64::from(relu.sigma));
            let limit = f64::from(relu.limit);
            let noisy = noise.iter().map(|&n| mean + sigma * f64::from(n));
            let value = Sample::of(noisy.clone().map(|z| z.clamp(0.0, limit)));
            let slope = noisy.filter(|&z| 0.0 < z && z < limit).count() as f64 / DRAWS as f64;
            // Standard errors of a mean; where the draws do not leave one branch, its probability is
            // below 40 / draws but for the false alarm, and what that adds to the mean is likewise.
            let rare = 40.0 / DRAWS as f64;
            let allowed = standard_errors() * value.mean_error() + rounding(x, relu) + rare * sigma;
            let off = (f64::from(relu.value(x)) - value.mean).abs();
            assert!(off <= allowed, "f({x}) of {relu:?} is off by {off}");
            let error = (slope * (1.0 - slope) / DRAWS as f64).sqrt();
            let off = (f64::from(relu.derivative(x)) - slope).abs();
            let allowed = standard_errors() * error + rare + 1e-6;
            assert!(off <= allowed, "f'({x}) of {relu:?} is off by {off}");
        }
    }
}
