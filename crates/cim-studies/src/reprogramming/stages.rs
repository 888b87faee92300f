//! The stages of the study, in order.

use cim_core::{Stream, Tally};
use cim_report::Timing;
use cim_tile::quantize;
use cim_tile::reprogram::{Schedule, Sections, Sign, Skipping, Sorting};
use ndarray::Array2;
use rayon::prelude::*;

use super::measured::{AtStride, OfMethod, OfSubject, Point};
use super::methods::{ASKED, CHEAPEST, COLUMN_CHEAPEST, LAYER, PUBLISHED, SORTED, UNSORTED};
use super::outcome;
use super::spec::Spec;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::bit_cells;
use crate::shared::foreign::Given;
use crate::shared::stages::Stages;
use crate::shared::subject::Subject;
use crate::shared::training::Training;
use crate::study::Found;

/// Trains, and counts writes of every network.
pub fn run(spec: &Spec, given: &Given, context: &Context<'_>) -> Result<Found, StudyError> {
    let root = Stream::root(spec.seed);
    let mut stages = Stages::new(context);
    let training = Training::begin(context, &given.images, &spec.trained_by())?;
    let network = spec.training.train(&training, &spec.network, &given.images.test, root)?;
    stages.lap("train digital");
    let mut measured = Vec::new();
    for subject in Subject::all(&network, given) {
        measured.push(measure(spec, &subject, context, root)?);
        stages.lap(subject.key);
    }
    let report = outcome::report(spec, given, &measured);
    Ok(Found { report, timing: stages.into_timing(Timing::default()) })
}

/// A network as integers.
struct Whole<'a> {
    subject: &'a Subject<'a>,
    /// Integer weights of every product.
    integers: Vec<Array2<i32>>,
    /// One step of every product, in units of weights.
    steps: Vec<f32>,
    /// Where signs are.
    sign: Sign,
}

impl<'a> Whole<'a> {
    /// Rounds every product to the largest of its weights.
    fn of(spec: &Spec, subject: &'a Subject<'a>) -> Result<Self, StudyError> {
        let top = spec.cells.top();
        let (integers, steps, sign) = (Vec::new(), Vec::new(), spec.cells.sign);
        let mut whole = Self { subject, integers, steps, sign };
        for weights in &subject.products {
            let most = weights.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
            let clip = if most == 0.0 { 1.0 } else { most };
            let tally = &mut Tally::default();
            let integers = quantize::weights(weights.view(), clip, top, tally)?;
            let least = spec.cells.least();
            whole.integers.push(integers.mapv(|w| if w < least { -w } else { w }));
            whole.steps.push(clip / top as f32);
        }
        Ok(whole)
    }

    /// Sections of every product.
    fn sections(&self, spec: &Spec, sorting: Sorting) -> Vec<Sections> {
        let one = |weights: &Array2<i32>| sorting.sections(weights.view(), spec.tile.rows);
        self.integers.par_iter().map(one).collect()
    }

    /// The network with what cells hold (steps) in place of its weights; signs that cells do not hold come back.
    fn with(&self, held: &[Array2<f32>]) -> Vec<Array2<f32>> {
        let products = self.subject.products.iter().zip(held).zip(&self.steps);
        products
            .map(|((own, held), step)| {
                ndarray::Zip::from(own).and(held).map_collect(|own, &w| {
                    let value = step * w;
                    if self.sign == Sign::Elsewhere && *own < 0.0 { -value } else { value }
                })
            })
            .collect()
    }
}

/// Writes one network by every method and measures it.
fn measure(
    spec: &Spec,
    subject: &Subject<'_>,
    context: &Context<'_>,
    root: Stream,
) -> Result<OfSubject, StudyError> {
    let whole = Whole::of(spec, subject)?;
    let methods = spec.methods();
    let mut by_sorting: Vec<(Sorting, Vec<Sections>)> = Vec::new();
    for method in &methods {
        if !by_sorting.iter().any(|(sorting, _)| *sorting == method.sorting) {
            by_sorting.push((method.sorting, whole.sections(spec, method.sorting)));
        }
    }
    let sections = |sorting: Sorting| -> &[Sections] {
        let found = by_sorting.iter().find(|(own, _)| *own == sorting);
        &found.expect("sections of every method").1
    };
    let rules = spec.rules();
    let asked = ASKED.iter().find(|(key, _)| *key == subject.key).map(|asked| asked.1);
    let lines = [SORTED, PUBLISHED, CHEAPEST, COLUMN_CHEAPEST].map(|idx| &methods[idx]);
    let label = format!("write the {}", subject.key);
    let ways = spec.ways();
    let at_stride = lines.len() + asked.map_or(0, |_| ways.len() + 1);
    let count = methods.len() + at_stride * spec.sweep.strides.len() + rules.len();
    let bar = context.progress.begin(&label, count);
    let on = |sorting, schedule, skipping, judged| {
        let run = write(spec, &whole, sections(sorting), (schedule, skipping), judged, root);
        bar.step(1);
        run
    };
    let schedule = spec.schedule();
    let measured = (methods.par_iter())
        .map(|method| on(method.sorting, schedule, method.skipping, true))
        .collect::<Result<Vec<_>, StudyError>>()?;
    let point = |sorting, schedule, skipping, judged| {
        let run = on(sorting, schedule, skipping, judged)?;
        let ratio = run.ratio(&measured[UNSORTED]);
        Ok::<_, StudyError>(Point { run, ratio })
    };
    let mut strides = Vec::new();
    for method in lines {
        let at = |&stride: &usize| {
            Ok((stride, point(method.sorting, spec.stride(stride), method.skipping, true)?))
        };
        let points = spec.sweep.strides.par_iter().map(at);
        strides.push((method.name, points.collect::<Result<Vec<_>, StudyError>>()?));
    }
    let (shares, steps) = rules.split_at(spec.sweep.shares.len());
    let mut errors = Vec::new();
    for (name, rules) in [("bit stucking", shares), ("cheapest weights", steps)] {
        let points = rules.par_iter().map(|&(_, rule)| point(LAYER, schedule, rule, true));
        errors.push((name, points.collect::<Result<Vec<_>, StudyError>>()?));
    }
    let mut by_stride = Vec::new();
    for &stride in &spec.sweep.strides {
        let Some(asked) = asked else { break };
        let on = spec.stride(stride);
        let one = |(name, sorting, rule): &(String, Sorting, Skipping)| {
            Ok((name.clone(), point(*sorting, on, *rule, false)?))
        };
        let mut found = ways.par_iter().map(one).collect::<Result<Vec<_>, StudyError>>()?;
        let least = AtStride::least_of(&found, asked);
        let (_, sorting, rule) = ways[least];
        found[least].1 = point(sorting, on, rule, true)?;
        by_stride.push(AtStride { stride, rules: found, least });
    }
    let digital = subject.right(subject.products.clone())?;
    Ok(OfSubject {
        key: subject.key,
        name: subject.name.clone(),
        weights: subject.weights(),
        digital: digital.map(|right| right.iter().sum::<f64>() / right.len() as f64),
        methods: measured,
        strides,
        errors,
        by_stride,
    })
}

/// Writes a network once for every draw, or once where nothing that is asked about is drawn.
fn write(
    spec: &Spec,
    whole: &Whole<'_>,
    sections: &[Sections],
    (schedule, skipping): (Schedule, Skipping),
    judged: bool,
    root: Stream,
) -> Result<OfMethod, StudyError> {
    let is_drawn =
        matches!(skipping, Skipping::Stuck { low_bits, share, .. } if 0 < low_bits && share < 1.0);
    let device = bit_cells::device(&spec.device)?;
    let by_cells = judged && !bit_cells::are_exact(&*device);
    let draws = if is_drawn || by_cells { spec.evaluation.chips } else { 1 };
    let mut counts = Vec::new();
    let mut output_error = Vec::new();
    let mut right: Option<Vec<Vec<f64>>> = None;
    for draw in 0..draws {
        let at = root.child("evaluate", 0).child("chip", draw as u64);
        let mut bank = spec.bank((schedule, skipping), device.clone(), at)?;
        let mut held = Vec::new();
        for (weights, sections) in whole.integers.iter().zip(sections) {
            let layer = bank.hold(weights.view(), sections);
            held.push(layer.map_err(cim_tile::TileError::from)?);
        }
        counts.push(bank.counts());
        output_error.push(relative_error(&whole.integers, &held));
        if judged && whole.subject.is_judged() {
            let own = whole.subject.right(whole.with(&held))?.expect("somebody can say");
            right.get_or_insert_default().push(own);
        }
    }
    let bill = spec.prices.bill(&counts[0]);
    let index_bits = sections.iter().map(Sections::index_bits).sum();
    let readings = sections.iter().map(Sections::readings).sum();
    Ok(OfMethod { draws: counts, bill, index_bits, readings, output_error, right })
}

/// Relative error of products with inputs of equal variance that do not depend on each other: that of the
/// weights in the norm of Frobenius, rms over layers.
fn relative_error(wanted: &[Array2<i32>], held: &[Array2<f32>]) -> f64 {
    let of = |(wanted, held): (&Array2<i32>, &Array2<f32>)| {
        let each = wanted.iter().zip(held);
        let off: f64 = each.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
        let all: f64 = wanted.iter().map(|&w| f64::from(w).powi(2)).sum();
        if all == 0.0 { 0.0 } else { off / all }
    };
    let layers = wanted.len().max(1) as f64;
    (wanted.iter().zip(held).map(of).sum::<f64>() / layers).sqrt()
}
