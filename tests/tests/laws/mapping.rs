//! The mapping law, with exact integers and in conductances.

use cim_adc::Polarity;
use cim_core::{Siemens, Stream};
use cim_device::Window;
use cim_tests::chip::integers;
use cim_tests::registered::{POLARITIES, cases, mappings};
use cim_tile::{Mapping, MappingError, Plan, rows};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use proptest::prelude::*;

/// Largest magnitude of an input: 15 bits and a sign.
const TOP_INPUT: i32 = 32_767;

/// Bits of a converter whose largest code is [`TOP_INPUT`].
fn bits(polarity: Polarity) -> u32 {
    if polarity == Polarity::Bipolar { 16 } else { 15 }
}

/// `constant + Σ_phase weight · Σ_sense weight · f(sense, drive)`, batch × outputs, with the sums of
/// the weights (by output) that the constant counts.
fn summed(
    mapping: &dyn Mapping,
    polarity: Polarity,
    x: ArrayView2<'_, f32>,
    sums_of_weights: ArrayView1<'_, f64>,
    f: impl Fn(usize, &[f32]) -> f64,
) -> Array2<f64> {
    let (batch, inputs) = x.dim();
    let outputs = sums_of_weights.len();
    let rows = inputs * polarity.rows_per_input();
    let constant = f64::from(polarity.constant()) * f64::from(TOP_INPUT);
    let mut sums = Array2::from_shape_fn((batch, outputs), |(_, k)| constant * sums_of_weights[k]);
    let (mut codes, mut drive) = (vec![f32::NAN; batch * rows], vec![f32::NAN; batch * rows]);
    polarity.split(x.as_slice().expect("standard layout"), &mut codes);
    let senses = mapping.layout(outputs).senses;
    for phase in polarity.phases(bits(polarity)) {
        phase.drive(&codes, &mut drive);
        let least = if polarity == Polarity::Bipolar { f32::NEG_INFINITY } else { 0.0 };
        assert!(drive.iter().all(|u| least <= *u), "a phase drives what its converter can");
        for (k, sense) in senses.iter().enumerate() {
            for (sample, drive) in drive.chunks_exact(rows).enumerate() {
                sums[[sample, sense.output]] +=
                    f64::from(phase.weight) * sense.weight as f64 * f(k, drive);
            }
        }
    }
    sums
}

/// What the cells of a plan give for inputs, in whole numbers.
fn carried(
    mapping: &dyn Mapping,
    polarity: Polarity,
    plan: &Plan,
    x: ArrayView2<'_, f32>,
    weights: &Array2<i32>,
) -> Array2<f64> {
    let unit = mapping.unit() as f64;
    let sums = weights.mapv(f64::from).sum_axis(Axis(0)) * unit;
    summed(mapping, polarity, x, sums.view(), |k, drive| {
        let sense = plan.senses[k];
        let of = |(row, &u): (usize, &f32)| {
            let minus = sense.minus.map_or(0, |m| plan.levels[[row, m]]);
            f64::from(u) * f64::from(plan.levels[[row, sense.plus]] - minus - sense.zero)
        };
        drive.iter().enumerate().map(of).sum()
    })
}

/// Random weights and inputs of a mapping and a drive, with the whole product.
fn random(
    mapping: &dyn Mapping,
    polarity: Polarity,
    (batch, inputs, outputs): (usize, usize, usize),
    at: Stream,
) -> (Array2<i32>, Array2<f32>, Array2<f64>) {
    let top = mapping.top_weight();
    let weights = integers(inputs, outputs, -top, top, at.child("w", 0)).mapv(|w| w as i32);
    let least = if polarity.is_signed() { -TOP_INPUT } else { 0 };
    let x = integers(batch, inputs, least, TOP_INPUT, at.child("x", 0));
    let product = x.mapv(f64::from).dot(&weights.mapv(f64::from));
    (weights, x, product)
}

/// The law on 10,000 random products of every mapping under every drive.
#[test]
fn ten_thousand_products_of_every_mapping_are_exact() {
    for (name, mapping) in mappings() {
        for (p, polarity) in POLARITIES.into_iter().enumerate() {
            for round in 0..25 {
                let at = Stream::root(31).child("drive", p as u64).child("round", round);
                let shape = (20, 9, 20);
                let (weights, x, want) = random(mapping.as_ref(), polarity, shape, at);
                let plan = mapping.plan(rows::weights(polarity, weights.view()).view());
                let plan = plan.expect("weights within the range");
                let got = carried(mapping.as_ref(), polarity, &plan, x.view(), &weights);
                assert_eq!(got, want * mapping.unit() as f64, "{name}, {polarity:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(48))]

    /// `constant + Σ_phase weight · Σ_sense weight · Σ_row drive · (level₊ − level₋ − zero)` is
    /// `unit · wᵀ x`, exactly: all sums are whole and below 2⁵³.
    #[test]
    fn a_plan_carries_the_integer_product(
        inputs in 1usize..40,
        outputs in 1usize..12,
        batch in 1usize..4,
        seed in any::<u64>(),
        micro_siemens in (0.0..50.0f64, 0.1..200.0f64),
    ) {
        for ((name, mapping), polarity) in
            mappings().iter().flat_map(|m| POLARITIES.map(|polarity| (m, polarity)))
        {
            let at = Stream::root(seed);
            let shape = (batch, inputs, outputs);
            let (weights, x, want) = random(mapping.as_ref(), polarity, shape, at);
            let want = want * mapping.unit() as f64;
            let plan = mapping.plan(rows::weights(polarity, weights.view()).view());
            let plan = plan.expect("weights within the range");
            let rows = inputs * polarity.rows_per_input();
            prop_assert_eq!(plan.levels.dim(), (rows, mapping.columns(outputs)), "{}", name);
            prop_assert_eq!(plan.top_level, mapping.top_level(), "{}", name);
            prop_assert!(plan.levels.iter().all(|l| (0..=plan.top_level).contains(l)), "{}", name);
            let layout = mapping.layout(outputs);
            prop_assert_eq!(&layout.senses, &plan.senses, "senses are those of any weights");
            let groups = plan.senses.iter().map(|s| s.full_scale_group);
            prop_assert!(groups.is_sorted(), "{}: groups follow each other", name);
            let got = carried(mapping.as_ref(), polarity, &plan, x.view(), &weights);
            prop_assert_eq!(&got, &want, "{}, {:?}", name, polarity);

            // In conductances of any window, which may reach down to 0 S.
            let (bottom, span) = micro_siemens;
            let window = Window::new(Siemens(bottom * 1e-6), Siemens((bottom + span) * 1e-6));
            let window = window.expect("a window");
            let (g, zeros) = (plan.targets(window), plan.zeros(window));
            let step = window.span().0 / f64::from(plan.top_level);
            let sums = weights.mapv(f64::from).sum_axis(Axis(0)) * mapping.unit() as f64;
            let got = summed(mapping.as_ref(), polarity, x.view(), sums.view(), |k, drive| {
                let sense = plan.senses[k];
                drive.iter().enumerate().map(|(row, &u)| {
                    let minus = sense.minus.map_or(0.0, |m| g[[row, m]]);
                    f64::from(u) * (g[[row, sense.plus]] - minus - zeros[k]) / step
                }).sum()
            });
            // A few roundings of conductances and of sums of at most 80 rows and 16 senses, each
            // relative to the largest term, of phases that add up to three times the largest input.
            let weight: f64 = layout.senses.iter().map(|s| s.weight.abs() as f64).sum();
            let largest = weight * 80.0 * 3.0 * f64::from(TOP_INPUT) * window.g_max.0 / step;
            for (got, want) in got.iter().zip(&want) {
                prop_assert!((got - want).abs() <= 64.0 * f64::EPSILON * largest, "{}", name);
            }
        }
    }

    /// What cells are raised by is what the plan makes of the nearest whole weights, within half a
    /// level of a mapping that is finer than any device.
    #[test]
    fn raised_cells_are_those_of_the_plan(
        inputs in 1usize..8,
        outputs in 1usize..6,
        clip in 0.1..3.0f64,
        seed in any::<u64>(),
    ) {
        for (name, mapping) in mappings() {
            let top = f64::from(mapping.top_weight());
            let at = Stream::root(seed);
            let weights = cim_tests::chip::uniforms(inputs, outputs, -1.2, 1.2, at);
            let weights = weights.mapv(|w| f64::from(w) * clip);
            let whole = weights.mapv(|w| (w / clip * top).clamp(-top, top).round_ties_even() as i32);
            let plan = mapping.plan(whole.view()).expect("within the range");
            let raised = mapping.raised(weights.view(), clip);
            let step = clip / f64::from(mapping.top_level());
            let within = if mapping.top_level() >= 1 << 15 { 0.5 + 1e-9 } else { 1e-9 };
            for (raised, &level) in raised.iter().zip(&plan.levels) {
                let off = (raised / step - f64::from(level)).abs();
                prop_assert!(off <= within, "{}: {} levels off {}", name, off, level);
            }
        }
    }
}

#[test]
fn a_weight_that_does_not_fit_is_refused_with_its_place() {
    for (name, mapping) in mappings() {
        let top = mapping.top_weight();
        for beyond in [top + 1, -top - 1] {
            let mut weights = Array2::zeros((3, 4));
            weights[[1, 2]] = beyond;
            match mapping.plan(weights.view()) {
                Err(MappingError::Weight { weight, row, col, min, max, .. }) => {
                    assert_eq!((weight, row, col), (beyond, 1, 2), "{name}");
                    assert!(min <= -top && top <= max, "{name}");
                }
                other => panic!("{name} made {other:?} of {beyond}"),
            }
        }
    }
}
