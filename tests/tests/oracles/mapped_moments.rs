//! The closed-form error model against programmed chips, for every mapping and drive, with wires.

use std::sync::Arc;

use cim_adc::{DacSpec, Polarity};
use cim_core::{Amps, Hertz, Kelvin, Ohms, Siemens, Stream, Tally, Volts};
use cim_crossbar::{Ambient, Wires};
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, GaussianSpec, Window};
use cim_tests::chip::{carried, silent, uniforms, worst_case};
use cim_tests::registered::{POLARITIES, mappings};
use cim_tests::statistics::{Sample, standard_errors, variance_ratio_range};
use cim_tile::{Calibration, Grid, LOW_BIT, LayerDesign, LayerErrors, Mapping, MappingSpec, Parts};
use ndarray::Array2;

/// How far the mean ratio of variances may be from 1.
const WITHIN: f64 = 0.03;

/// A layer on parts with programming, read, thermal, shot and converter noise.
struct Case {
    name: String,
    parts: Parts,
    design: LayerDesign,
    weights: Array2<f32>,
    x: Array2<f32>,
}

fn parts(
    mapping: Arc<dyn Mapping>,
    dac: DacSpec,
    (rows, tile_outputs): (usize, usize),
    ohm: f64,
) -> Parts {
    let us = |x: f64| Siemens(x * 1e-6);
    let device = GaussianSpec {
        g_off: us(0.5),
        g_on: us(300.0),
        programming: NoiseSpec { constant: us(0.6), proportional: 0.01, ..NoiseSpec::NONE },
        read: NoiseSpec { constant: us(0.1), ..NoiseSpec::NONE },
        current_voltage: Conduction::Ohmic,
    };
    Parts {
        device: Arc::new(device.build().expect("a device")),
        mapping,
        window: Window::new(us(8.0), us(60.0)).expect("a window"),
        dac,
        adc_bits: 14,
        adc_noise: Amps(2e-9),
        ambient: Ambient {
            temperature: Kelvin(300.0),
            bandwidth: Hertz(1e8),
            amplifier_factor: 0.5,
            fano_factor: 1.0,
        },
        read_voltage: Volts(0.1),
        wires: Wires::new(Ohms(ohm), Ohms(ohm)),
        ..silent(rows, tile_outputs)
    }
}

/// Real weights and inputs.
fn case(
    name: String,
    mapping: Arc<dyn Mapping>,
    polarity: Polarity,
    (inputs, outputs): (usize, usize),
    tile: (usize, usize),
    ohm: f64,
    at: Stream,
) -> Case {
    let parts = parts(mapping, DacSpec { bits: 6, polarity }, tile, ohm);
    let weights = uniforms(inputs, outputs, -0.8, 0.8, at.child("w", 0));
    let least = if polarity.is_signed() { -1.0 } else { 0.0 };
    let x = uniforms(3, inputs, least, 1.0, at.child("x", 0));
    Case::of(name, parts, weights, x)
}

impl Case {
    fn of(name: String, parts: Parts, weights: Array2<f32>, x: Array2<f32>) -> Self {
        let mut design = worst_case(&parts, weights.view(), 0.7, 1.0);
        // Programming errors pass the worst case of what was asked for now and then.
        design.full_scale.mapv_inplace(|fs| fs * 1.2);
        Self { name, parts, design, weights, x }
    }
}

/// Programs chips, reads each once and compares every output with its mean and variance: each
/// variance within what its chips allow, their ratios within 3 % on average, and 94 to 96 % of all
/// answers within 1.96 standard deviations of the predicted mean.
///
/// The mean of an output may be off by its standard errors, roundings to `f32`, and what the wires
/// make of squares of programming errors, which the model leaves out: `mean_slack` of the spread.
fn assert_closed_form_holds(case: &Case, chips: usize, mean_slack: f64, at: Stream) {
    let Case { name, parts, design, weights, x } = case;
    let dac = parts.check().expect("parts");
    let calibration = Calibration::new(x.view(), design.input_limit, &dac);
    let errors = LayerErrors::of(parts, design, weights.view(), &calibration).expect("errors");
    let (samples, outputs) = (x.nrows(), weights.ncols());
    let (mut mean, mut variance) =
        (Array2::<f64>::zeros((samples, outputs)), Array2::<f64>::zeros((samples, outputs)));
    for tile in &errors.tiles {
        for ((sample, col), value) in tile.mean_a.indexed_iter() {
            let at = [sample, tile.place.1 * parts.outputs + col];
            mean[at] += value / errors.amps_per_output;
            variance[at] += tile.variance[[sample, col]] / errors.amps_per_output.powi(2);
        }
    }
    let mut answers = Array2::zeros((chips, samples * outputs));
    for (chip, mut answer) in answers.rows_mut().into_iter().enumerate() {
        let at = at.child("chip", chip as u64);
        let grid = Grid::program(parts, design, weights.view(), at, &mut Tally::default());
        let (y, _) = carried(&grid.expect("a grid"), x.view(), 0);
        answer.iter_mut().zip(&y).for_each(|(a, &y)| *a = f64::from(y));
    }
    let (least, most) = variance_ratio_range((chips - 1) as f64);
    let (mut ratios, mut inside) = (0.0, 0);
    let largest = weights.iter().fold(0.0f32, |m, w| m.max(w.abs())) * x.ncols() as f32;
    for (k, column) in answers.columns().into_iter().enumerate() {
        let at = [k / outputs, k % outputs];
        let got = Sample::of(column.iter().copied());
        let (mean, variance) = (mean[at], variance[at]);
        let ratio = got.variance / variance;
        assert!(least <= ratio && ratio <= most, "{name} {at:?}: variance ratio {ratio}");
        let f32_sums = 1e-5 * f64::from(largest) * (1.0 + 1.0 / parts.mapping.reach());
        let allowed = standard_errors() * (variance * most / got.n).sqrt()
            + f32_sums
            + mean_slack * variance.sqrt();
        let off = (got.mean - mean).abs();
        assert!(off <= allowed, "{name} {at:?}: mean {off} off, {allowed} allowed, {variance}");
        ratios += ratio / (samples * outputs) as f64;
        let bound = 1.96 * variance.sqrt();
        inside += column.iter().filter(|y| (**y - mean).abs() <= bound).count();
    }
    assert!((ratios - 1.0).abs() <= WITHIN, "{name}: mean variance ratio {ratios}");
    let coverage = inside as f64 / answers.len() as f64;
    assert!((0.94..=0.96).contains(&coverage), "{name}: coverage {coverage}");
}

#[test]
fn closed_form_equals_monte_carlo_for_every_mapping_and_drive() {
    for (m, (name, mapping)) in mappings().into_iter().enumerate() {
        // Three drives each, so that every drive meets mappings of every kind.
        for p in [m, m + 4, m + 8].map(|p| p % POLARITIES.len()) {
            let polarity = POLARITIES[p];
            let at = Stream::root(11).child("mapping", m as u64).child("polarity", p as u64);
            let name = format!("{name}, {polarity:?}");
            let case = case(name, mapping.clone(), polarity, (40, 12), (16, 7), 0.0, at);
            assert_closed_form_holds(&case, 1500, 0.0, at);
        }
    }
}

/// Published mappings of binary and ternary numbers, each under the drive that it is published with, of one bit.
#[test]
fn closed_form_equals_monte_carlo_for_every_published_mapping_at_its_own_drive() {
    for (m, low_bit) in LOW_BIT.iter().enumerate() {
        let at = Stream::root(13).child("mapping", m as u64);
        let all = low_bit.numbers.all();
        let drawn = |shape: (usize, usize), largest: f32, at: Stream| {
            let idx = |u: f32| (u * all.len() as f32) as usize;
            uniforms(shape.0, shape.1, 0.0, 1.0, at).mapv(|u| largest * all[idx(u)] as f32)
        };
        let mapping = low_bit.mapping.build().expect("a mapping");
        let parts = parts(mapping, low_bit.dac(), (16, 7), 0.0);
        let (weights, x) =
            (drawn((40, 12), 0.7, at.child("w", 0)), drawn((3, 40), 1.0, at.child("x", 0)));
        let case = Case::of(low_bit.name.to_owned(), parts, weights, x);
        assert_closed_form_holds(&case, 1500, 0.0, at);
    }
}

/// 16 × 16 to 64 × 64 cells and more with 1, 5 and 20 Ω a segment: the wires take up to half. Three arrays for
/// each mapping, so that every array meets mappings of every kind.
#[test]
fn closed_form_equals_monte_carlo_on_wires() {
    let sizes =
        [(16, 1.0, 1500), (16, 5.0, 1500), (16, 20.0, 1500), (32, 5.0, 800), (64, 20.0, 400)];
    for (m, spec) in MappingSpec::registered().into_iter().enumerate() {
        for (k, (rows, ohm, chips)) in sizes.into_iter().enumerate() {
            if 3 <= (m + k) % sizes.len() {
                continue;
            }
            let polarity = POLARITIES[(m + 2 * k) % POLARITIES.len()];
            let at = Stream::root(12).child("mapping", m as u64).child("size", k as u64);
            let mapping = spec.build().expect("a mapping");
            let outputs = (2 * rows / mapping.columns(1)).max(4).min(rows);
            let name = format!("{spec:?}, {polarity:?}, {rows} rows, {ohm} Ω");
            // Outputs that share a column have errors in common: more chips for as good a mean.
            let shared = matches!(spec, MappingSpec::OffsetColumn(_));
            let chips = if shared { 4 * chips } else { chips };
            let case = case(name, mapping, polarity, (rows, outputs), (rows, outputs), ohm, at);
            assert_closed_form_holds(&case, chips, 0.05, at);
        }
    }
}
