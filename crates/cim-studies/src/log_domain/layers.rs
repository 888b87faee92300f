//! The tasks with classes: digits by one unit, images by two layers.

use cim_core::Stream;
use cim_dynamics::log_domain::{
    Layers, LearnerSpec, Pair, Run, deviation, discrete, discrete_layers,
};
use rayon::prelude::*;

use super::data::Sets;
use super::measured::Learned;
use super::spec::Spec;
use crate::context::Steps;
use crate::error::StudyError;

/// Zeros and ones by one logistic unit.
pub fn digits(
    spec: &Spec,
    sets: &Sets,
    root: Stream,
    steps: &dyn Steps,
) -> Result<Learned, StudyError> {
    let [train, test] = &sets.digits;
    let presentations = spec.digits.presentations;
    let rule = spec.rule(spec.digits.rate, spec.digits.decay);
    let want = discrete(&rule, train, presentations)?;
    let of = |circuit: LearnerSpec, chip: usize| -> Result<[f64; 2], StudyError> {
        let learner = circuit.build(train.weights(), at(root, chip).child("digits", 0))?;
        let run = learner.run(train, presentations)?;
        steps.step(1);
        Ok([test.accuracy(&run.last()), deviation(&run, &want)?.rms])
    };
    let [matched, matched_error] = of(spec.matched(rule), 0)?;
    let typical = each_chip(spec, |chip| of(spec.typical(rule), chip))?;
    let steps = test.accuracy(&want.last());
    Ok(learned(steps, [matched, matched_error], &typical))
}

/// Ten classes by two layers.
pub fn images(
    spec: &Spec,
    sets: &Sets,
    root: Stream,
    steps: &dyn Steps,
) -> Result<Learned, StudyError> {
    let [train, test] = &sets.images;
    let layers = &spec.layers;
    let rule = spec.rule(layers.rate, layers.decay);
    let at_start = root.child("start", 0);
    let start =
        Pair::drawn(train.inputs(), layers.hidden, cim_data::CLASSES, layers.spread, at_start);
    let (presentations, every) = (layers.presentations, layers.record_every);
    let want = discrete_layers(&rule, train, &start, presentations, every)?;
    let of = |circuit: LearnerSpec, chip: usize| -> Result<[f64; 2], StudyError> {
        let net = Layers::new(circuit, start.clone(), at(root, chip).child("layers", 0))?;
        let Run { trajectory, last, .. } = net.run(train, presentations, every)?;
        steps.step(1);
        Ok([test.accuracy(&last), deviation(&trajectory, &want.trajectory)?.rms])
    };
    // The circuit with devices that match is the first task of the same loop: it takes as long.
    let chips: Vec<Option<usize>> = [None].into_iter().chain((0..count(spec)).map(Some)).collect();
    let all = chips
        .into_par_iter()
        .map(|chip| match chip {
            None => of(spec.matched(rule), 0),
            Some(chip) => of(spec.typical(rule), chip),
        })
        .collect::<Result<Vec<_>, StudyError>>()?;
    Ok(learned(test.accuracy(&want.last), all[0], &all[1..]))
}

/// Circuits of the two layers: they take longest, and a tenth of a point is seen with a few.
pub fn count(spec: &Spec) -> usize {
    spec.evaluation.chips.min(10)
}

/// The address of a circuit.
pub fn at(root: Stream, chip: usize) -> Stream {
    root.child("evaluate", 0).child("chip", chip as u64)
}

/// What every circuit gives, in their order.
pub fn each_chip<T: Send>(
    spec: &Spec,
    of: impl Fn(usize) -> Result<T, StudyError> + Sync + Send,
) -> Result<Vec<T>, StudyError> {
    (0..spec.evaluation.chips).into_par_iter().map(of).collect()
}

fn learned(steps: f64, [matched, matched_error]: [f64; 2], typical: &[[f64; 2]]) -> Learned {
    let [typical, typical_error] = [0, 1].map(|k| typical.iter().map(|pair| pair[k]).collect());
    Learned { steps, matched, matched_error, typical, typical_error }
}
