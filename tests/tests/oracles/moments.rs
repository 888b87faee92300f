//! The closed-form error model against the real datapath: chips programmed, read and converted.

use cim_core::{Amps, Stream, Tally};
use cim_tests::chip::{carried, design, silent, uniforms};
use cim_tests::statistics::{FALSE_ALARM, Sample, standard_errors, variance_ratio_range};
use cim_tile::{Calibration, Grid, LayerErrors, Parts};
use ndarray::{Array2, Axis};

use crate::operating_points::{OperatingPoint, all};

/// Chips, each read once, of which moments are taken.
const CHIPS: usize = 2500;
/// Least share of a dominant source in the variance of a column.
const DOMINANCE: f64 = 0.8;
/// Error that `cim-crossbar` allows itself where read and shot noise share one product, as a
/// fraction of a column's variance at full drive.
const FUSED_TOLERANCE: f64 = 0.01;

/// Closed-form mean and variance of every output, samples × outputs, in output units.
struct Predicted {
    mean: Array2<f64>,
    variance: Array2<f64>,
}

fn predicted(
    errors: &LayerErrors,
    samples: usize,
    outputs: usize,
    tile_outputs: usize,
) -> Predicted {
    let zeros = || Array2::zeros((samples, outputs));
    let mut sum = Predicted { mean: zeros(), variance: zeros() };
    for tile in &errors.tiles {
        for ((sample, col), mean) in tile.mean_a.indexed_iter() {
            let at = [sample, tile.place.1 * tile_outputs + col];
            sum.mean[at] += mean / errors.amps_per_output;
            sum.variance[at] += tile.variance[[sample, col]] / errors.amps_per_output.powi(2);
        }
    }
    sum
}

fn errors(point: &OperatingPoint, x: &Array2<f32>) -> LayerErrors {
    let dac = point.parts.check().expect("parts");
    let calibration = Calibration::new(x.view(), point.design.input_limit, &dac);
    LayerErrors::of(&point.parts, &point.design, point.weights.view(), &calibration)
        .expect("errors")
}

/// What every chip answers: chips × samples × outputs, flattened over the last two.
fn measured(point: &OperatingPoint, at: Stream) -> Array2<f64> {
    let mut answers = Array2::zeros((CHIPS, point.x.nrows() * point.weights.ncols()));
    for (chip, mut answer) in answers.rows_mut().into_iter().enumerate() {
        let (at, weights) = (at.child("chip", chip as u64), point.weights.view());
        let mut tally = Tally::default();
        let grid = Grid::program(&point.parts, &point.design, weights, at, &mut tally);
        let (y, tally) = carried(&grid.expect("a grid"), point.x.view(), 0);
        assert_eq!(tally.adc_clips, 0, "{}: full scales must not clip here", point.name);
        answer.iter_mut().zip(&y).for_each(|(a, &y)| *a = f64::from(y));
    }
    answers
}

/// Read and shot variance of every output if all its rows were fully driven, in output units:
/// what the error of a fused product is a fraction of.
fn full_drive_variance(point: &OperatingPoint) -> Vec<f64> {
    let full = Array2::from_elem((1, point.x.ncols()), point.design.input_limit);
    let errors = errors(point, &full);
    let mut sums = vec![0.0; point.weights.ncols()];
    for tile in &errors.tiles {
        for (col, column) in tile.columns.iter().enumerate() {
            sums[tile.place.1 * point.parts.outputs + col] +=
                (column.read + column.shot) / errors.amps_per_output.powi(2);
        }
    }
    sums
}

/// Every output at every sample, over 2,500 chips.
///
/// Sample variances over the predicted ones are chi-square over their degrees of freedom: cells,
/// reads and amplifiers are Gaussian, no cell comes near the ends of what it can hold, and the
/// rounding error of a converter, uniform as noise spans 0.8 steps and more, has lighter tails than
/// a Gaussian. The range, 0.74 to 1.29, is far inside the 1.8 or 0.6 that a factor of two in a
/// source of 80 % makes; all outputs of a sample together are held to 0.92 to 1.09.
///
/// To it comes what the model and the read-out leave out: `a₂ σ²` in the mean of a read noise that
/// grows with conductance, which is below 1e-4 here, and the stated error of fused variances.
#[test]
fn closed_form_equals_monte_carlo_at_every_operating_point() {
    let (least, most) = variance_ratio_range((CHIPS - 1) as f64);
    assert!(
        1.0 - 0.5 * DOMINANCE < least && most < 1.0 + DOMINANCE,
        "a factor of two must be seen"
    );
    for (k, point) in all().iter().enumerate() {
        let (samples, outputs) = (point.x.nrows(), point.weights.ncols());
        let errors = errors(point, &point.x);
        assert_dominance(point, &errors);
        let want = predicted(&errors, samples, outputs, point.parts.outputs);
        let full = full_drive_variance(point);
        let answers = measured(point, Stream::root(1).child("point", k as u64));
        for sample in 0..samples {
            let (mut pooled, mut pooled_slack) = (0.0, 0.0f64);
            for (output, full) in full.iter().enumerate() {
                let at = [sample, output];
                let column = answers.column(sample * outputs + output);
                let got = Sample::of(column.iter().copied());
                let (mean, variance) = (want.mean[at], want.variance[at]);
                let slack = 1e-4 + FUSED_TOLERANCE * full / variance;
                let ratio = got.variance / variance;
                let found = format!("{} {k} {at:?}: variance ratio {ratio}", point.name);
                assert!(least - slack <= ratio && ratio <= most * (1.0 + slack), "{found}");
                // And sums over 90 rows and 3 tiles in `f32`.
                let allowed = standard_errors() * (variance * most / got.n).sqrt()
                    + 100.0 / (1 << 24) as f64 * (mean.abs() + 90.0);
                let off = (got.mean - mean).abs();
                assert!(off <= allowed, "{} {k} {at:?}: mean {off} off", point.name);
                pooled += ratio / outputs as f64;
                pooled_slack = pooled_slack.max(slack);
            }
            let (least, most) = variance_ratio_range((outputs * (CHIPS - 1)) as f64);
            let found = format!("{} {k} sample {sample}: pooled ratio {pooled}", point.name);
            let holds = least - pooled_slack <= pooled && pooled <= most * (1.0 + pooled_slack);
            assert!(holds, "{found}");
        }
        assert_averages(point, &errors, &want);
    }
}

/// The named source makes up most of what stands in front of every converter.
fn assert_dominance(point: &OperatingPoint, errors: &LayerErrors) {
    let before = ["thermal", "shot", "programming", "read", "ADC input", "quantisation"];
    let Some(dominant) = point.dominant else { return };
    for column in errors.tiles.iter().flat_map(|tile| &tile.columns) {
        let all: f64 =
            column.sources().iter().filter(|(s, _)| before.contains(s)).map(|(_, v)| v).sum();
        let of = |name| column.sources().iter().find(|(s, _)| *s == name).expect("a source").1;
        // Rounding is held to 1/(12 · 0.8²) = 13 % of the noise that it follows.
        assert!(of(dominant) >= DOMINANCE * all, "{}: {column:?}", point.name);
    }
}

/// The averages that the layer states are those of its tiles.
fn assert_averages(point: &OperatingPoint, errors: &LayerErrors, want: &Predicted) {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e3 * f64::EPSILON * b.abs();
    let variance = want.variance.mean_axis(Axis(0)).expect("samples");
    let stated = errors.output_variance();
    assert!(stated.iter().zip(&variance).all(|(&a, &b)| close(a, b)), "{}", point.name);
    let more = errors.output_error();
    assert!(more.iter().zip(&variance).all(|(&e, &v)| e >= v * (1.0 - 1e-12)), "{}", point.name);
}

/// Behind converters of every resolution from 3 bits, with noise from a twentieth of a step to two
/// steps, and signals inside, at the edge of and beyond the range.
///
/// Cells are ideal and the converter is noisy, so that 100,000 reads of one chip are 100,000
/// independent conversions. They are bounded, so the empirical Bernstein bound holds for their mean
/// and their mean squared deviation: `|X̄ − μ| ≤ √(2 V ln(3/p)/n) + 3 R ln(3/p)/n`, `V` the sample's
/// variance and `R` the range. Source: Audibert, Munos and Szepesvári, TCS 410 (2009), theorem 1.
///
/// The closed form takes rounding as uniform from 0.8 steps of noise on: 1e-4 of a squared step
/// covers `exp(−2π² 0.8²)` and its factor `4 σ²/Δ²`. Next to the end of the range half an interval of
/// rounding error is missing, which that form leaves out: at most `Δ²/8` times the density in the
/// mean, `Δ²/8 · 0.4/σ`, and what that does to the square.
#[test]
fn moments_behind_a_converter_equal_monte_carlo() {
    const READS: usize = 100_000;
    let ln = (3.0 / FALSE_ALARM).ln();
    for bits in [3, 4, 6, 8] {
        for (k, noise_steps) in [0.05, 0.2, 0.5, 0.75, 0.9, 2.0].into_iter().enumerate() {
            let mut parts = Parts { adc_bits: bits, ..silent(16, 8) };
            let at = Stream::root(2).child("bits", bits.into()).child("noise", k as u64);
            let weights = uniforms(16, 8, -1.0, 1.0, at.child("w", 0));
            let design = design(&parts, weights.dim(), 1.0, 1.0, 3.0);
            let step = 6.0 / f64::from((1u32 << bits) - 1);
            let sigma = noise_steps * step;
            parts.adc_noise = Amps(sigma * design.amps_per_output(&parts));
            let drive = uniforms(1, 16, -1.0, 1.0, at.child("x", 0));
            let calibration = Calibration::new(drive.view(), 1.0, &parts.check().expect("parts"));
            let errors = LayerErrors::of(&parts, &design, weights.view(), &calibration);
            let errors = errors.expect("errors");
            let want = predicted(&errors, 1, 8, 8);
            let tally = &mut Tally::default();
            let grid = Grid::program(&parts, &design, weights.view(), at, tally).expect("a grid");
            let x = drive.broadcast((READS, 16)).expect("one row").to_owned();
            let (y, _) = carried(&grid, x.view(), 0);
            for (output, column) in y.columns().into_iter().enumerate() {
                let (mean, variance) = (want.mean[[0, output]], want.variance[[0, output]]);
                // No draw is beyond 6.8 sigma, and rounding adds half a step on either side.
                let range = 2.0 * (6.8 * sigma + step);
                let bernstein = |s: &Sample, range: f64| {
                    (2.0 * s.variance * ln / s.n).sqrt() + 3.0 * range * ln / s.n
                };
                let (density, uniform) = (0.4 / sigma, noise_steps >= 0.8);
                let edge = if uniform { step * step / 8.0 * density } else { 0.0 };
                let got = Sample::of(column.iter().map(|&y| f64::from(y)));
                let found = format!("{bits} bits, {noise_steps} steps of noise, output {output}");
                let off = (got.mean - mean).abs();
                // Gain and codes in `f32`.
                let allowed = bernstein(&got, range) + edge + 4.0 / (1 << 24) as f64 * 3.0;
                assert!(off <= allowed, "{found}: mean {off} off, {allowed} allowed");
                let squares = Sample::of(column.iter().map(|&y| (f64::from(y) - mean).powi(2)));
                let off = (squares.mean - variance).abs();
                let model =
                    if uniform { 1e-4 * step * step + 2.0 * edge * (sigma + step) } else { 0.0 };
                let allowed = bernstein(&squares, range * range / 4.0) + model + 1e-6 * step * step;
                assert!(off <= allowed, "{found}: variance {off} off, {allowed} allowed");
            }
        }
    }
}
