//! A grid of tiles without noise is the product that it stands for.

use std::sync::Arc;

use cim_adc::{DacSpec, Polarity};
use cim_core::{MatMul, Scratch, Siemens, Stream, Tally, Volts};
use cim_device::{Ideal, Window};
use cim_nn::{Layer, Network};
use cim_tests::chip::{carried, design, dyadic, integers, silent, uniforms, worst_case};
use cim_tests::registered::{POLARITIES, cases, devices, mappings};
use cim_tests::statistics::Sample;
use cim_tile::{Calibration, Grid, LayerDesign, MappingSpec, Parts, rows};
use ndarray::{Array1, Array2, ArrayView2, s};
use proptest::prelude::*;

use crate::reference::Reference;

/// Unit roundoff of `f32`.
const HALF_ULP: f64 = 1.0 / (1 << 24) as f64;

fn grid(parts: &Parts, design: &LayerDesign, weights: ArrayView2<'_, f32>) -> Grid {
    let tally = &mut Tally::default();
    Grid::program(parts, design, weights, Stream::root(0), tally).expect("a grid")
}

/// How far `x · W` may be off on 16-bit converters, by output of one sample.
///
/// Half a DAC code and half a level for each product, half an ADC step for each row tile; codes,
/// which are found by two roundings to `f32`, and sums of `rows` terms in `f32` add their part.
fn half_steps(
    parts: &Parts,
    design: &LayerDesign,
    x: ArrayView2<'_, f32>,
    weights: ArrayView2<'_, f32>,
) -> Array2<f64> {
    let top = f64::from(parts.check().expect("parts").top_code());
    let (limit, clip) = (f64::from(design.input_limit), f64::from(design.weight_clip));
    let (x, w) = (x.mapv(|x| f64::from(x.abs())), weights.mapv(|w| f64::from(w.abs())));
    let half_code = limit / top * (0.5 + top * 2.0 * HALF_ULP);
    let half_level = clip / 65_536.0;
    let inputs = w.nrows();
    let row_tiles = inputs.div_ceil(parts.rows) as f64;
    // (|x| + δx)(|w| + δw) − |x||w| summed over rows, and the magnitude of the sum itself.
    let level_share = x.sum_axis(ndarray::Axis(1)) * half_level;
    let code_share = (w.sum_axis(ndarray::Axis(0)) + half_level * inputs as f64) * half_code;
    let magnitude = x.dot(&w);
    let relative = (parts.rows.min(inputs) as f64 + row_tiles + 5.0) * HALF_ULP;
    Array2::from_shape_fn(magnitude.dim(), |(sample, output)| {
        let tile_col = output / parts.outputs;
        let full_scales = design.full_scale.column(tile_col);
        let adc: f64 = full_scales
            .iter()
            .map(|fs| fs.0 / design.amps_per_output(parts))
            .map(|fs| fs / 65_535.0 * (1.0 + 65_535.0 * 2.0 * HALF_ULP))
            .sum();
        let products = level_share[sample] + code_share[output];
        adc + products + relative * (magnitude[[sample, output]] + products)
    })
}

fn assert_carries_the_product(polarity: Polarity, inputs: usize, outputs: usize, at: Stream) {
    let parts = Parts { dac: DacSpec { bits: 16, polarity }, ..silent(128, 128) };
    let w = uniforms(inputs, outputs, -0.9, 0.9, at.child("w", 0));
    let least = if polarity == Polarity::Bipolar { -1.9 } else { 0.0 };
    let x = uniforms(3, inputs, least, 1.9, at.child("x", 0));
    let design = worst_case(&parts, w.view(), 0.9, 2.0);
    let (y, tally) = carried(&grid(&parts, &design, w.view()), x.view(), 0);
    let want = x.mapv(f64::from).dot(&w.mapv(f64::from));
    let allowed = half_steps(&parts, &design, x.view(), w.view());
    for ((at, &got), allowed) in y.indexed_iter().zip(&allowed) {
        let off = (f64::from(got) - want[at]).abs();
        assert!(off <= *allowed, "{inputs} × {outputs}: {off} off at {at:?}, {allowed} allowed");
    }
    // Inputs stay 5 % below their limit, so no current comes near what the weights can draw.
    assert_eq!((tally.adc_clips, tally.dac_clips), (0, 0));
    let (row_tiles, col_tiles) = parts.grid_shape(inputs, outputs);
    assert_eq!(tally.adc_conversions, (3 * row_tiles * outputs) as u64);
    // Each input is converted once for its row tile, whose columns share the wires.
    assert_eq!(tally.dac_conversions, (3 * inputs) as u64);
    assert_eq!(design.full_scale.dim(), (row_tiles, col_tiles));
}

#[test]
fn silent_grid_is_the_product_within_half_steps() {
    for (k, (inputs, outputs)) in
        [(1, 1), (1, 7), (9, 1), (127, 128), (128, 128), (129, 130), (784, 256), (256, 10)]
            .into_iter()
            .enumerate()
    {
        for polarity in [Polarity::Unipolar, Polarity::Bipolar] {
            assert_carries_the_product(
                polarity,
                inputs,
                outputs,
                Stream::root(1).child("k", k as u64),
            );
        }
    }
}

/// A step of one unit and a full scale beyond every sum: binary inputs on ternary weights are
/// integers, and the only roundings left are that of the gain, and of sums below 2²⁴ exact.
#[test]
fn silent_grid_is_the_integer_product() {
    for (k, (inputs, outputs)) in [(1, 1), (5, 3), (129, 130), (784, 256)].into_iter().enumerate() {
        let at = Stream::root(2).child("k", k as u64);
        let parts = Parts { adc_bits: 9, ..silent(128, 128) };
        let w = integers(inputs, outputs, -1, 1, at.child("w", 0));
        let x = integers(4, inputs, 0, 1, at.child("x", 0));
        let design = design(&parts, w.dim(), 1.0, 1.0, 255.5);
        let (y, _) = carried(&grid(&parts, &design, w.view()), x.view(), 0);
        let want = x.mapv(|x| x as i64).dot(&w.mapv(|w| w as i64));
        // Gain and each sum over at most 7 row tiles of at most 128 codes.
        let allowed = 8.0 * 7.0 * 128.0 * HALF_ULP;
        for (&got, &want) in y.iter().zip(&want) {
            assert!((f64::from(got) - want as f64).abs() <= allowed, "{got} instead of {want}");
        }
    }
}

/// A layer and its reference, all of whose numbers are dyadic.
fn dyadic_layer(
    rows: usize,
    tile_outputs: usize,
    shape: (usize, usize),
    input_limit: f32,
    step: f64,
    bits: u32,
) -> (Parts, LayerDesign, Reference) {
    let parts = dyadic(rows, tile_outputs, bits);
    let full_scale = step * f64::from((1u32 << bits) - 1) / 2.0;
    let design = design(&parts, shape, 1.0, input_limit, full_scale);
    let reference = Reference {
        dac: (0, 15),
        input_limit: f64::from(input_limit),
        weight_clip: 1.0,
        top_level: 32_768,
        rows,
        adc_bits: bits,
        full_scale,
    };
    (parts, design, reference)
}

proptest! {
    #![proptest_config(cases(64))]

    /// All numbers are dyadic and sums stay below 2²⁴ units, so that `f32` is exact in any order,
    /// ties included: equality is equality. Weights beyond the clip and inputs beyond the limit
    /// are among them.
    #[test]
    fn silent_grid_equals_quantised_digital_inference(
        inputs in 1usize..70,
        outputs in 1usize..20,
        rows in 1usize..33,
        tile_outputs in 1usize..9,
        bits in 2u32..8,
        seed in any::<u64>(),
    ) {
        let at = Stream::root(seed);
        let shape = (inputs, outputs);
        let (parts, design, reference) = dyadic_layer(rows, tile_outputs, shape, 0.9375, 0.25, bits);
        let w = integers(inputs, outputs, -72, 72, at.child("w", 0)) / 64.0;
        let x = integers(5, inputs, -16, 128, at.child("x", 0)) / 128.0;
        let want = reference.apply(x.view(), w.view(), 0.0);
        let (y, tally) = carried(&grid(&parts, &design, w.view()), x.view(), 0);
        prop_assert_eq!(y, want.codes.mapv(|code| code as f32 * 0.25));
        prop_assert_eq!(tally.adc_clips, want.clips);
        let negative = x.iter().filter(|x| **x * 16.0 < -0.5).count();
        let above = x.iter().filter(|x| **x * 16.0 > 15.5).count();
        prop_assert_eq!(tally.dac_clips, (negative + above) as u64);
    }

    /// With the numbers of a real chip a sum can fall so close to a threshold that rounding in
    /// `f32` decides. Everywhere else codes are equal, and there they are neighbours.
    ///
    /// The band is `(rows + 8) 2⁻²⁴` of the magnitudes: the sum, conductances, volts, the scale.
    #[test]
    fn silent_grid_equals_quantised_digital_inference_on_a_real_chip(
        inputs in 1usize..300,
        outputs in 1usize..40,
        bits in 2u32..9,
        seed in any::<u64>(),
    ) {
        let at = Stream::root(seed);
        let parts = Parts { adc_bits: bits, ..silent(128, 16) };
        let w = uniforms(inputs, outputs, -1.0, 1.0, at.child("w", 0));
        let x = uniforms(4, inputs, -1.0, 1.0, at.child("x", 0));
        let reference = Reference {
            dac: (-32_767, 32_767),
            input_limit: 1.0,
            weight_clip: f64::from(0.8f32),
            top_level: 32_768,
            rows: 128,
            adc_bits: bits,
            full_scale: 9.0,
        };
        // Codes of a 16-bit DAC are themselves found by two roundings: start from codes.
        let x = x.mapv(|x| (x * 32_767.0).round() / 32_767.0);
        let design = design(&parts, w.dim(), 0.8, 1.0, 9.0);
        let want = reference.apply(x.view(), w.view(), (128.0 + 8.0) * HALF_ULP);
        let (y, _) = carried(&grid(&parts, &design, w.view()), x.view(), 0);
        for ((at, &got), &want_codes) in y.indexed_iter().zip(&want.codes) {
            let codes = (f64::from(got) / reference.step()).round() as i64;
            let off = (codes - want_codes).abs();
            prop_assert!(off <= want.doubtful[at], "{codes} instead of {want_codes} at {at:?}");
        }
        // The band is narrow: 136 · 2⁻²⁴ of some hundred steps is 1e-3 on each side at most.
        let conversions = (4 * outputs * inputs.div_ceil(128)) as f64;
        let doubtful = want.doubtful.sum() as f64;
        prop_assert!(doubtful <= 4.0 + 0.01 * conversions, "{doubtful} of {conversions} in doubt");
    }
}

/// Three layers with biases and ReLU: the logits of a network on silent tiles are those of
/// quantised digital inference, bit for bit.
#[test]
fn silent_network_equals_quantised_digital_inference() {
    let at = Stream::root(3);
    let widths = [50, 37, 21, 10];
    let (mut layers, mut products, mut references) = (Vec::new(), Vec::new(), Vec::new());
    for (k, pair) in widths.windows(2).enumerate() {
        let at = at.child("layer", k as u64);
        let shape = (pair[0], pair[1]);
        let weights = integers(shape.0, shape.1, -64, 64, at.child("w", 0)) / 64.0;
        let bias = integers(1, shape.1, -8, 8, at.child("b", 0)).mapv(|b| b / 4.0);
        let bias = Array1::from_iter(bias);
        let (limit, step) = if k == 0 { (0.9375, 0.25) } else { (7.5, 1.0) };
        let (parts, design, reference) = dyadic_layer(16, 8, shape, limit, step, 5);
        products.push(grid(&parts, &design, weights.view()));
        references.push(reference);
        layers.push(Layer { weights, bias });
    }
    let network = Network::from_layers(layers.clone()).expect("shapes chain");
    let x = integers(64, 50, 0, 120, at.child("x", 0)) / 128.0;
    let (scratch, tally) = (&mut Scratch::default(), &mut Tally::default());
    let passed = network.pre_activations(&products, x.view(), 0, scratch, tally);
    let (mut input, mut clips) = (x, 0);
    for ((layer, reference), got) in layers.iter().zip(&references).zip(&passed) {
        let product = reference.apply(input.view(), layer.weights.view(), 0.0);
        let step = reference.step() as f32;
        let want = product.codes.mapv(|code| code as f32 * step) + &layer.bias;
        assert_eq!(*got, want);
        clips += product.clips;
        input = want.mapv(|y| y.max(0.0));
    }
    assert_eq!(tally.adc_clips, clips);
    assert!(clips > 0, "the test must see clipping");
}

#[test]
fn a_positive_weight_and_input_give_a_positive_output() {
    let parts = silent(4, 4);
    for (w, x, sign) in [(0.5, 1.0, 1.0), (-0.5, 1.0, -1.0), (0.5, -1.0, -1.0), (-0.5, -1.0, 1.0)] {
        let w = Array2::from_elem((9, 6), w);
        let design = worst_case(&parts, w.view(), 1.0, 1.0);
        let x = Array2::from_elem((2, 9), x);
        let (y, _) = carried(&grid(&parts, &design, w.view()), x.view(), 0);
        let allowed = half_steps(&parts, &design, x.view(), w.view());
        for (&y, allowed) in y.iter().zip(&allowed) {
            assert!((f64::from(y) - sign * 4.5).abs() <= *allowed, "{y} instead of {}", sign * 4.5);
        }
    }
}

/// Every entry differs from every other by more than a step, so that no two rows, columns or tiles
/// can be mistaken for each other.
#[test]
fn a_single_input_reads_out_its_row_and_not_a_column() {
    for (inputs, outputs) in [(7, 5), (5, 7), (33, 20), (20, 33)] {
        let parts = silent(6, 4);
        let count = (inputs * outputs) as f32;
        let w = Array2::from_shape_fn((inputs, outputs), |(row, col)| {
            let place = (row * outputs + col + 1) as f32 / count;
            if (row + col) % 3 == 0 { -place } else { place }
        });
        let design = worst_case(&parts, w.view(), 1.0, 1.0);
        let (y, _) = carried(&grid(&parts, &design, w.view()), Array2::eye(inputs).view(), 0);
        let allowed = half_steps(&parts, &design, Array2::eye(inputs).view(), w.view());
        let gap = 1.0 / f64::from(count);
        for ((at, &got), allowed) in y.indexed_iter().zip(&allowed) {
            assert!(*allowed < 0.5 * gap, "the test must tell entries apart");
            assert!(
                (f64::from(got) - f64::from(w[at])).abs() <= *allowed,
                "{inputs} × {outputs} {at:?}"
            );
        }
    }
}

#[test]
fn no_input_gives_no_output_and_columns_do_not_mix() {
    let parts = silent(16, 8);
    let w = uniforms(40, 20, -1.0, 1.0, Stream::root(4));
    let design = worst_case(&parts, w.view(), 1.0, 1.0);
    let whole = grid(&parts, &design, w.view());
    let (y, _) = carried(&whole, Array2::zeros((3, 40)).view(), 0);
    assert!(y.iter().all(|y| *y == 0.0));
    // The first column tile alone gives the same bytes as within the whole.
    let x = uniforms(3, 40, -1.0, 1.0, Stream::root(5));
    let part =
        LayerDesign { full_scale: design.full_scale.slice(s![.., ..1]).to_owned(), ..design };
    let alone = grid(&parts, &part, w.slice(s![.., ..8]));
    assert_eq!(carried(&alone, x.view(), 0).0, carried(&whole, x.view(), 0).0.slice(s![.., ..8]));
    assert_eq!((whole.shape(), alone.shape()), ((40, 20), (40, 8)));
}

/// How far an output of any mapping, drive and window may be off on parts without noise.
///
/// Half a DAC code, half a weight level, half an ADC step of every conversion times its weight, and
/// `rows + 8` roundings to `f32` of what every current is made of: a whole window and its bottom at
/// every driven row.
fn mapped_steps(
    parts: &Parts,
    design: &LayerDesign,
    x: ArrayView2<'_, f32>,
    weights: ArrayView2<'_, f32>,
) -> Array2<f64> {
    let top = f64::from(parts.check().expect("parts").top_code());
    let (limit, clip) = (f64::from(design.input_limit), f64::from(design.weight_clip));
    let half_code = limit / top * 0.5 * (1.0 + 1e-2);
    let half_level = 0.5 * clip / f64::from(parts.mapping.top_weight());
    let (inputs, outputs) = weights.dim();
    let mut driven = x.mapv(|x| f64::from(x.abs())).sum_axis(ndarray::Axis(1));
    if parts.dac.polarity.constant() != 0 {
        // Rows are driven with what an input is above the smallest, or below the largest.
        driven.mapv_inplace(|driven| driven + inputs as f64 * limit);
    }
    let column = weights.mapv(|w| f64::from(w.abs())).sum_axis(ndarray::Axis(0));
    let phases: f64 = parts.dac.phases().iter().map(|phase| phase.factor.abs()).sum();
    let groups = parts.mapping.full_scale_groups();
    let senses = parts.mapping.layout(1).senses;
    let window = 1.0 + parts.window.g_min.0 / parts.window.span().0;
    let count: f64 = senses.iter().map(|s| s.weight.unsigned_abs() as f64).sum();
    let whole = count * clip / parts.mapping.reach() * window;
    let roundings = (parts.rows.min(inputs) + inputs.div_ceil(parts.rows) + 8) as f64 * HALF_ULP;
    Array2::from_shape_fn((x.nrows(), outputs), |(sample, output)| {
        let tile = output / parts.outputs;
        let adc: f64 = (0..design.full_scale.nrows())
            .flat_map(|row| senses.iter().map(move |s| (row, s)))
            .map(|(row, s)| {
                let fs = design.full_scale[[row, tile * groups + s.full_scale_group]];
                let steps = f64::from(parts.adc_steps());
                s.weight.unsigned_abs() as f64 * fs.0 / steps * (1.0 + 3.0 * steps * HALF_ULP)
            })
            .sum();
        let codes = half_code * (column[output] + half_level * inputs as f64);
        let levels = half_level * driven[sample];
        phases * (adc / design.amps_per_output(parts) + roundings * whole * driven[sample])
            + codes
            + levels
    })
}

/// Every mapping × polarity on windows that do and do not reach down to 0 S, several tiles each way.
#[test]
fn a_silent_grid_of_any_mapping_and_drive_is_the_product_within_half_steps() {
    for (name, mapping) in mappings() {
        for polarity in POLARITIES {
            for (k, bottom_us) in [0.0, 4.0].into_iter().enumerate() {
                let at = Stream::root(6).child("window", k as u64);
                let us = |x: f64| Siemens(x * 1e-6);
                let window = Window::new(us(bottom_us), us(60.0)).expect("a window");
                let parts = Parts {
                    device: Arc::new(Ideal { window }),
                    mapping: mapping.clone(),
                    window,
                    dac: DacSpec { bits: 12, polarity },
                    ..silent(16, 4)
                };
                let (inputs, outputs) = (37, 10);
                let w = uniforms(inputs, outputs, -0.9, 0.9, at.child("w", 0));
                let least = if polarity.is_signed() { -1.9 } else { 0.0 };
                let x = uniforms(3, inputs, least, 1.9, at.child("x", 0));
                let mut design = worst_case(&parts, w.view(), 0.9, 2.0);
                // Rows of digits are fully on: currents reach the largest, and pass it where weights are
                // rounded up to the next of 2¹⁶ levels, by a few times the half step that still rounds down.
                design.full_scale.mapv_inplace(|fs| fs * (1.0 + 1e-4));
                let (y, tally) = carried(&grid(&parts, &design, w.view()), x.view(), 0);
                let want = x.mapv(f64::from).dot(&w.mapv(f64::from));
                let allowed = mapped_steps(&parts, &design, x.view(), w.view());
                for ((at, &got), allowed) in y.indexed_iter().zip(&allowed) {
                    let off = (f64::from(got) - want[at]).abs();
                    let found = format!("{name}, {polarity:?}: {off} off at {at:?}");
                    assert!(off <= *allowed, "{found}, {allowed} allowed");
                }
                assert_eq!((tally.adc_clips, tally.dac_clips), (0, 0), "{name}, {polarity:?}");
                let phases = parts.dac.phases().len();
                let senses = mapping.layout(outputs).senses.len();
                let row_tiles = parts.grid_shape(inputs, outputs).0;
                let conversions = 3 * row_tiles * senses * phases;
                assert_eq!(tally.adc_conversions, conversions as u64, "{name}");
                let rows = inputs * polarity.rows_per_input();
                assert_eq!(tally.dac_conversions, (3 * rows * phases) as u64, "{name}");
            }
        }
    }
}

/// Every device × mapping × polarity: a chip programmed once gives the product of what its cells
/// hold, read through the senses of the plan. Read noise is averaged away: 64 reads, six standard
/// errors of their own spread, and half a step.
#[test]
fn a_grid_of_any_device_reads_what_its_cells_hold() {
    for (device_name, device) in devices() {
        for (name, mapping) in MappingSpec::registered()
            .iter()
            .map(|spec| (spec.kind(), spec.build().expect("a mapping")))
        {
            for polarity in POLARITIES {
                let at = Stream::root(7);
                let window = device.window();
                let parts = Parts {
                    device: device.clone(),
                    mapping: mapping.clone(),
                    window,
                    read_voltage: Volts(0.02),
                    dac: DacSpec { bits: 6, polarity },
                    ..silent(12 * polarity.rows_per_input(), 3)
                };
                let w = uniforms(12, 3, -1.0, 1.0, at.child("w", 0));
                let least = if polarity.is_signed() { -1.0 } else { 0.0 };
                let one = uniforms(1, 12, least, 1.0, at.child("x", 0));
                let design = design(&parts, w.dim(), 1.0, 1.0, 200.0 / mapping.reach());
                let chip = grid(&parts, &design, w.view());
                let x = one.broadcast((64, 12)).expect("one row").to_owned();
                let (y, _) = carried(&chip, x.view(), 0);
                let top = mapping.top_weight();
                let whole = cim_tile::quantize::weights(w.view(), 1.0, top, &mut Tally::default());
                let whole = whole.expect("weights");
                let plan = mapping.plan(rows::weights(polarity, whole.view()).view());
                let plan = plan.expect("weights within the range");
                let held = plan.combine(chip.tiles()[0].array().conductances(), -1.0);
                let calibration = Calibration::new(one.view(), 1.0, &parts.check().expect("parts"));
                let law = device.current_voltage();
                let zeros = plan.zeros(window);
                // What the constant of the drive adds, then phase by phase.
                let programmed = plan.carried().sum_axis(ndarray::Axis(0));
                let level = 1.0 / (f64::from(top) * mapping.unit() as f64);
                let constant = f64::from(polarity.constant()) * level;
                let amps = design.amps_per_output(&parts);
                let mut want: Vec<f64> =
                    programmed.iter().map(|&sum| constant * sum as f64 * amps).collect();
                for phase in parts.dac.phases() {
                    let volts = calibration.in_phase(phase).mapv(|u| u * parts.read_voltage.0);
                    let currents = volts.mapv(|v| law.effective_v(v)).dot(&held);
                    for (k, sense) in plan.senses.iter().enumerate() {
                        let sensed = currents[[0, k]] - volts.sum() * zeros[k];
                        want[sense.output] += phase.factor * sense.weight as f64 * sensed;
                    }
                }
                let weights = plan.senses.iter().filter(|s| s.output == 0);
                let weights: f64 = weights.map(|s| s.weight.unsigned_abs() as f64).sum();
                let phases: f64 = parts.dac.phases().iter().map(|p| p.factor.abs()).sum();
                let step = phases * weights * 200.0 / mapping.reach() / 65_535.0;
                for (output, y) in y.columns().into_iter().enumerate() {
                    let got = Sample::of(y.iter().map(|&y| f64::from(y)));
                    let want = want[output] / design.amps_per_output(&parts);
                    let allowed = 6.0 * (got.variance / got.n).sqrt() + step + 1e-4 * weights;
                    let off = (got.mean - want).abs();
                    let found = format!("{device_name}, {name}, {polarity:?}: {off} off");
                    assert!(off <= allowed, "{found}, {allowed} allowed");
                }
            }
        }
    }
}
