//! The law of every mapping, with exact integers and in conductances.

use cim_adc::{Polarity, SlicedCode};
use cim_core::{Siemens, Stream};
use cim_device::Window;
use cim_tile::{Mapping, MappingError, Plan, rows};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use crate::broken::{Broken, Law};
use crate::draws::{integers, uniforms};

/// A law of mappings.
pub type MappingLaw = fn(&dyn Mapping) -> Result<(), Broken>;

/// All of them, by name.
pub const LAWS: [(&str, MappingLaw); 3] = [
    ("ten_thousand_products_of_every_mapping_are_exact", ten_thousand),
    ("raised_cells_are_those_of_the_plan", raised),
    ("a_weight_that_does_not_fit_is_refused_with_its_place", refusals),
];

/// Every way to drive rows, digits at a few widths.
pub const POLARITIES: [Polarity; 11] = [
    Polarity::Unipolar,
    Polarity::Bipolar,
    Polarity::TwoPhase,
    Polarity::TwoRows,
    Polarity::Offset,
    Polarity::InvertedOffset,
    Polarity::Sliced { code: SlicedCode::Unsigned, bits: 2 },
    Polarity::Sliced { code: SlicedCode::TwosComplement, bits: 1 },
    Polarity::Sliced { code: SlicedCode::Offset, bits: 3 },
    Polarity::Sliced { code: SlicedCode::TwoPhase, bits: 4 },
    Polarity::Sliced { code: SlicedCode::TwoRows, bits: 2 },
];

/// Largest magnitude of an input: 15 bits and a sign.
const TOP_INPUT: i32 = 32_767;

/// Checks a mapping against every law.
///
/// # Errors
/// [`Broken`] by the first that does not hold.
pub fn check(mapping: &dyn Mapping) -> Result<(), Broken> {
    LAWS.iter().try_for_each(|(_, law)| law(mapping))
}

/// Bits of a converter whose largest code is [`TOP_INPUT`].
fn bits(polarity: Polarity) -> u32 {
    if polarity == Polarity::Bipolar { 16 } else { 15 }
}

/// Random weights and inputs of a mapping and a drive, the weights' ends among them, with the whole product.
struct Random {
    weights: Array2<i32>,
    x: Array2<f32>,
    product: Array2<f64>,
}

impl Random {
    fn of(
        mapping: &dyn Mapping,
        polarity: Polarity,
        (batch, inputs, outputs): (usize, usize, usize),
        at: Stream,
    ) -> Self {
        let top = mapping.top_weight();
        // A second row holds the negative of every weight.
        let least_weight =
            if polarity.rows_per_input() == 2 { -top } else { mapping.least_weight() };
        let weights = integers(inputs, outputs, least_weight, top, at.child("w", 0));
        let mut weights = weights.mapv(|w| w as i32);
        for (weight, end) in weights.iter_mut().zip([least_weight, top]) {
            *weight = end;
        }
        let least = if polarity.is_signed() { -TOP_INPUT } else { 0 };
        let x = integers(batch, inputs, least, TOP_INPUT, at.child("x", 0));
        let product = x.mapv(f64::from).dot(&weights.mapv(f64::from)) * mapping.unit() as f64;
        Self { weights, x, product }
    }

    fn sums_of_weights(&self, mapping: &dyn Mapping) -> ndarray::Array1<f64> {
        self.weights.mapv(f64::from).sum_axis(Axis(0)) * mapping.unit() as f64
    }
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
fn carried(mapping: &dyn Mapping, polarity: Polarity, plan: &Plan, random: &Random) -> Array2<f64> {
    let sums = random.sums_of_weights(mapping);
    summed(mapping, polarity, random.x.view(), sums.view(), |k, drive| {
        let sense = plan.senses[k];
        let of = |(row, &u): (usize, &f32)| {
            let minus = sense.minus.map_or(0, |m| plan.levels[[row, m]]);
            f64::from(u) * f64::from(plan.levels[[row, sense.plus]] - minus - sense.zero)
        };
        drive.iter().enumerate().map(of).sum()
    })
}

fn planned(
    law: Law,
    mapping: &dyn Mapping,
    polarity: Polarity,
    random: &Random,
) -> Result<Plan, Broken> {
    let plan = mapping.plan(rows::weights(polarity, random.weights.view()).view());
    plan.map_err(|error| law.broken(format!("refuses weights within its range: {error}")))
}

/// Ten thousand random products are exact under every way to drive rows, and one of every drive in
/// conductances.
///
/// # Errors
/// [`Broken`].
pub fn ten_thousand(mapping: &dyn Mapping) -> Result<(), Broken> {
    let law = Law("a plan carries the integer product");
    for (p, polarity) in POLARITIES.into_iter().enumerate() {
        let at = Stream::root(31).child("drive", p as u64);
        for round in 0..25 {
            let random = Random::of(mapping, polarity, (20, 9, 20), at.child("round", round));
            let plan = planned(law, mapping, polarity, &random)?;
            let got = carried(mapping, polarity, &plan, &random);
            law.holds(got == random.product, || format!("not under {polarity:?}"))?;
        }
        let window = Window::new(Siemens(3e-6), Siemens(70e-6)).expect("a window");
        carries(mapping, polarity, (2, 9, 5), at.child("conductances", 0), window)?;
    }
    Ok(())
}

/// `constant + Σ_phase weight · Σ_sense weight · Σ_row drive · (level₊ − level₋ − zero)` is `unit · wᵀ x`, exactly, as
/// all sums are whole and below 2⁵³; in conductances of `window` it is so up to rounding. Weights and inputs of a
/// `shape` (batch, inputs, outputs) are drawn at `at`.
///
/// # Errors
/// [`Broken`].
pub fn carries(
    mapping: &dyn Mapping,
    polarity: Polarity,
    shape: (usize, usize, usize),
    at: Stream,
    window: Window,
) -> Result<(), Broken> {
    let law = Law("a plan carries the integer product");
    let (_, inputs, outputs) = shape;
    let random = Random::of(mapping, polarity, shape, at);
    let plan = planned(law, mapping, polarity, &random)?;
    let (size, rows) = (plan.levels.dim(), inputs * polarity.rows_per_input());
    let columns = mapping.columns(outputs);
    let what = || format!("{size:?} cells where {rows} × {columns} are said, under {polarity:?}");
    law.holds(size == (rows, columns), what)?;
    let (top, said) = (plan.top_level, mapping.top_level());
    law.holds(top == said, || format!("top level {top}, {said} is said"))?;
    let inside = plan.levels.iter().all(|level| (0..=top).contains(level));
    law.holds(inside, || format!("levels outside 0 to {top}"))?;
    let layout = mapping.layout(outputs);
    law.holds(layout.senses == plan.senses, || "senses depend on weights".into())?;
    let groups = plan.senses.iter().map(|sense| sense.full_scale_group);
    law.holds(groups.is_sorted(), || "full-scale groups do not follow each other".into())?;
    let got = carried(mapping, polarity, &plan, &random);
    law.holds(got == random.product, || format!("not under {polarity:?}"))?;

    let (g, zeros) = (plan.targets(window), plan.zeros(window));
    let step = window.span().0 / f64::from(plan.top_level);
    let sums = random.sums_of_weights(mapping);
    let got = summed(mapping, polarity, random.x.view(), sums.view(), |k, drive| {
        let sense = plan.senses[k];
        let of = |(row, &u): (usize, &f32)| {
            let minus = sense.minus.map_or(0.0, |m| g[[row, m]]);
            f64::from(u) * (g[[row, sense.plus]] - minus - zeros[k]) / step
        };
        drive.iter().enumerate().map(of).sum()
    });
    // A few roundings of conductances and of sums of rows and senses, each relative to the largest
    // term, of phases that add up to three times the largest input.
    let weight: f64 = layout.senses.iter().map(|sense| sense.weight.abs() as f64).sum();
    let terms = weight * rows as f64 * 3.0 * f64::from(TOP_INPUT);
    let allowed = 64.0 * f64::EPSILON * terms * window.g_max.0 / step;
    for (got, want) in got.iter().zip(&random.product) {
        let what = || format!("{got} for {want} in conductances, under {polarity:?}");
        law.holds((got - want).abs() <= allowed, what)?;
    }
    Ok(())
}

/// What cells are raised by is what the plan makes of the nearest whole weights, at a few clips.
///
/// # Errors
/// [`Broken`].
pub fn raised(mapping: &dyn Mapping) -> Result<(), Broken> {
    [0.1, 0.7, 1.0, 2.9].into_iter().zip(0..).try_for_each(|(clip, round)| {
        raised_at(mapping, (5, 4), clip, Stream::root(32).child("round", round))
    })
}

/// What cells of weights (inputs × outputs) drawn at `at` are raised by, of which `clip` stands for the whole
/// window, is what the plan makes of the nearest whole weights, within half a level of a mapping that is finer than
/// any device.
///
/// # Errors
/// [`Broken`].
pub fn raised_at(
    mapping: &dyn Mapping,
    (inputs, outputs): (usize, usize),
    clip: f64,
    at: Stream,
) -> Result<(), Broken> {
    let law = Law("raised cells are those of the plan");
    let top = f64::from(mapping.top_weight());
    let weights = uniforms(inputs, outputs, -1.2, 1.2, at).mapv(|w| f64::from(w) * clip);
    let whole = weights.mapv(|w| (w / clip * top).clamp(-top, top).round_ties_even() as i32);
    let plan = mapping.plan(whole.view());
    let plan = plan.map_err(|error| law.broken(format!("refuses what is clipped: {error}")))?;
    let raised = mapping.raised(weights.view(), clip);
    let step = clip / f64::from(mapping.top_level());
    let within = if mapping.top_level() >= 1 << 15 { 0.5 + 1e-9 } else { 1e-9 };
    for (raised, &level) in raised.iter().zip(&plan.levels) {
        let off = (raised / step - f64::from(level)).abs();
        law.holds(off <= within, || format!("{off} levels off {level} at a clip of {clip}"))?;
    }
    Ok(())
}

/// A weight that does not fit is refused with its place.
///
/// # Errors
/// [`Broken`].
pub fn refusals(mapping: &dyn Mapping) -> Result<(), Broken> {
    let law = Law("a weight that does not fit is refused with its place");
    let (least, top) = (mapping.least_weight(), mapping.top_weight());
    for beyond in [top + 1, least - 1] {
        let mut weights = Array2::zeros((3, 4));
        weights[[1, 2]] = beyond;
        match mapping.plan(weights.view()) {
            Err(MappingError::Weight { weight, row, col, min, max, .. }) => {
                let named = (weight, row, col) == (beyond, 1, 2) && min <= least && top <= max;
                let what = || format!("{beyond} at (1, 2) is {weight} at ({row}, {col})");
                law.holds(named, what)?;
            }
            other => return Err(law.broken(format!("{beyond} at (1, 2) gives {other:?}"))),
        }
    }
    Ok(())
}
