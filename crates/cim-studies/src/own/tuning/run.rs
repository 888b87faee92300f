//! Trains through the hardware, chooses on held-out samples, judges once.

use cim_chip::{
    ChipDesign, ChipError, Chips, Evaluated, Foreign, LayerInputs, Parts, Reference, Task, Tunable,
    estimate, evaluate, paired,
};
use cim_core::Stream;
use cim_graph::{Files, Limits};
use cim_nn::{LayerPath, Network, Teacher, Trainer};
use cim_report::Timing;
use ndarray::{Array2, s};

use super::super::stages::give_sign;
use super::question::Tuning;
use super::split::Split;
use super::tuned::{Candidate, Tuned};
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::stages::Stages;

/// Chips on which choices are made.
const CHOOSING: usize = 5;

/// Fine-tunes a network through the datapath of its chips (clips, codes, noise of cells and currents).
///
/// Learning rates are tried one by one; the network that does best on chips with one part of the held-out
/// samples stays, which may be the network as it was. It is judged against that on chips with the other
/// part, or with samples of their own: the same chips, so that the gain has a paired interval. What is
/// judged is read back from the file that is given out.
///
/// # Errors
/// [`StudyError::Chip`] naming the first node that cannot be learned through; errors of samples and of parts.
pub fn run(mut tuning: Tuning<'_>, context: &Context<'_>) -> Result<Tuned, StudyError> {
    let mut stages = Stages::new(context);
    tuning.check()?;
    tuning.chip.parts()?;
    let split = Split::of(&tuning)?;
    let start = Subject::read(tuning.files, &tuning)?;
    let sample = tuning.samples.shapes[0].clone();
    let layers = tuning.files.learnable(&sample, Limits::default()).map_err(ChipError::from)?;
    let tunable = Tunable::new(layers, &start.foreign, &sample)?;
    let calibration = split.rows.slice(s![..tuning.calibration.min(split.rows.nrows()), ..]);
    let calibration = calibration.to_owned();
    let inputs = LayerInputs::driven(&start.foreign, calibration.view())?;
    let made_signed = give_sign(&mut tuning.chip, &inputs);
    let bench = Bench { tuning: &tuning, parts: tuning.chip.parts()?, calibration };
    let scaled = tuning.scaled(&start.foreign);
    let between = LayerInputs::driven(&scaled, bench.calibration.view())?;
    let design = tuning.design(bench.parts.clone(), &scaled, &between)?;
    let paths = tunable.paths(&scaled.paths(design.paths(&scaled, &between)?, &inputs));
    let data = split.data(tunable.network().input_shape(), tunable.network().outputs())?;
    stages.lap("design");
    let at = Stream::root(tuning.chip.seed);
    let mut candidates = Vec::new();
    let as_it_was = bench.scores(&start, &split.choice, CHOOSING, at.child("choose", 0))?;
    candidates.push(Candidate { rate: None, score: estimate(&as_it_was.scores) });
    let mut best: Option<(usize, Vec<u8>)> = None;
    for (idx, &rate) in tuning.rates.iter().enumerate() {
        let at_run = at.child("fine-tune", idx as u64);
        let label = format!("train at {rate}");
        let trained = trained(&tuning, rate, &tunable, paths.clone(), &data, at_run, context)?;
        stages.lap(&label);
        let weights = tunable.written(&trained)?;
        let subject = Subject::read(&tuning.files.clone().with_weights(weights.clone()), &tuning)?;
        let found = bench.scores(&subject, &split.choice, CHOOSING, at.child("choose", 0))?;
        stages.lap("choose");
        let score = estimate(&found.scores);
        let so_far = best.as_ref().map_or(0, |(best, _)| *best);
        if candidates[so_far].score.mean < score.mean {
            best = Some((candidates.len(), weights));
        }
        candidates.push(Candidate { rate: Some(rate), score });
    }
    let (chosen, weights) = match best {
        Some(best) => best,
        None => (0, tunable.written(tunable.network())?),
    };
    let after = Subject::read(&tuning.files.clone().with_weights(weights.clone()), &tuning)?;
    let judged =
        |subject: &Subject| bench.scores(subject, &split.judge, tuning.chips, tuning.chip.chips());
    let (before, after) = (judged(&start)?, judged(&after)?);
    stages.lap("judge");
    Ok(Tuned {
        weights,
        digital: [before.digital, after.digital],
        on_chips: [&before.scores, &after.scores].map(|scores| estimate(scores)),
        gain: paired(&after.scores, &before.scores),
        candidates,
        chosen,
        learned_from: split.rows.nrows(),
        calibrated_on: bench.calibration.nrows(),
        chosen_with: split.choice.samples().nrows(),
        judged_on: split.judged_on,
        made_signed,
        timing: stages.into_timing(Timing::default()),
    })
}

fn trained(
    tuning: &Tuning<'_>,
    rate: f32,
    tunable: &Tunable,
    paths: Vec<LayerPath>,
    data: &cim_nn::Dataset,
    at: Stream,
    context: &Context<'_>,
) -> Result<Network, StudyError> {
    let recipe = tuning.recipe(rate);
    let start = tunable.network();
    let teacher = Some(Teacher::Asked(start));
    let mut trainer = Trainer::new(&recipe, start.clone(), paths, teacher, at)?;
    let steps = context.progress.begin(&format!("train at {rate}"), recipe.epochs);
    while !trainer.is_done() {
        let epoch = trainer.epoch(data)?;
        steps.step(1);
        steps.say(&format!("loss {:.4}, right {:.4}", epoch.loss, epoch.train_accuracy));
    }
    Ok(trainer.into_state().network)
}

/// One network, as its files say it.
struct Subject {
    foreign: Foreign,
}

impl Subject {
    fn read(files: &Files, tuning: &Tuning<'_>) -> Result<Self, StudyError> {
        let graph = files.network(Limits::default()).map_err(ChipError::from)?;
        let row = tuning.samples.rows.row(0).to_vec();
        Ok(Self { foreign: Foreign::new(graph, &tuning.samples.shapes, &row)? })
    }
}

/// Where networks are measured, all in the same way.
struct Bench<'a> {
    tuning: &'a Tuning<'a>,
    parts: Parts,
    calibration: Array2<f32>,
}

/// Scores on chips, and without one.
struct Scores {
    digital: f64,
    scores: Vec<f64>,
}

impl Bench<'_> {
    fn scores(
        &self,
        subject: &Subject,
        task: &Task,
        chips: usize,
        at: Stream,
    ) -> Result<Scores, StudyError> {
        let network = &self.tuning.scaled(&subject.foreign);
        let inputs = LayerInputs::driven(network, self.calibration.view())?;
        let design: ChipDesign = self.tuning.design(self.parts.clone(), network, &inputs)?;
        let reference = Reference::of(network, task)?;
        let (asked, moment) = ((task, &reference), &self.tuning.moment);
        let found: Evaluated =
            evaluate(&design, network, asked, moment, Chips::exactly(chips), at, |_| ())?;
        Ok(Scores { digital: reference.score, scores: found.scores })
    }
}
