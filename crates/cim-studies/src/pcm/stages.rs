//! The stages of the study, in order.

use cim_chip::{ChipBlueprint, ChipDesign, LayerInputs};
use cim_core::{Stream, Tally};
use cim_device::Compensation;
use cim_nn::network::first_images;
use cim_nn::{Dataset, LayerPath, Network, accuracy};
use cim_report::Timing;
use cim_tile::{Grid, Strengths};
use rayon::prelude::*;

use super::measured::{Measured, SCOPES};
use super::outcome;
use super::spec::Spec;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::shared::stages::Stages;
use crate::shared::training::{Training, digital_accuracy, gaussian_weights};
use crate::study::Found;

/// Runs the whole study.
pub fn run(spec: &Spec, images: &Images, context: &Context<'_>) -> Result<Found, StudyError> {
    let test = &images.test;
    let root = Stream::root(spec.seed);
    let mut stages = Stages::new(context);
    let training = Training::begin(context, images, &spec.trained_by())?;
    let calibration = first_images(&images.train, spec.calibration.images);
    let design_of = |network: &Network| {
        let inputs = LayerInputs::of(network, calibration.view());
        let policy = spec.converters.full_scale;
        let design = ChipDesign::by_policy(spec.parts()?, network, &inputs, policy)?;
        Ok::<_, StudyError>((design, inputs))
    };
    let recipe = &spec.training.digital;
    let digital = training.digital(&spec.network, recipe, test, root)?.state.network;
    stages.lap("train digital");
    let (design, inputs) = design_of(&digital)?;
    let paths = noisy_paths(spec, &design, &digital, &inputs)?;
    let recipe = &spec.training.noise.recipe;
    let tuned = training.fine_tune("noise", recipe, &digital, paths, root)?.state.network;
    let (tuned_design, _) = design_of(&tuned)?;
    stages.lap("train with noise");

    let steps = context.progress.begin("measure chips", 2 * spec.evaluation.chips);
    let mut measured = Vec::new();
    for (key, name, network, design) in [
        ("plain", "as trained", &digital, &design),
        ("tuned", "noise-aware fine-tuning", &tuned, &tuned_design),
    ] {
        let digital = digital_accuracy(network, test);
        let (chips, tally) = measure(spec, network, design, test, root, || steps.step(1))?;
        measured.push(Measured { key, name, digital, chips, tally });
    }
    drop(steps);
    stages.lap("measure");
    let report = outcome::report(spec, &measured);
    Ok(Found { report, timing: stages.into_timing(Timing::default()) })
}

/// Accuracies of one chip by time and scope.
type OfChip = Vec<[f64; SCOPES.len()]>;

/// Programs every chip once and looks at it at all times. Chip `k` draws the same random numbers
/// whatever the network.
fn measure(
    spec: &Spec,
    network: &Network,
    design: &ChipDesign,
    test: &Dataset,
    root: Stream,
    tick: impl Fn() + Sync,
) -> Result<(Vec<OfChip>, Tally), StudyError> {
    let mut tally = Tally::default();
    let blueprint = ChipBlueprint::of(design, network, &mut tally)?;
    let compensations = SCOPES
        .iter()
        .map(|(_, _, scope)| scope.map(|scope| spec.compensation.build(scope)).transpose())
        .collect::<Result<Vec<_>, _>>()?;
    let chips = (0..spec.evaluation.chips)
        .into_par_iter()
        .map(|chip_idx| {
            let mut tally = Tally::default();
            let at = root.child("evaluate", 0).child("chip", chip_idx as u64);
            let grids = blueprint.program(at, &mut tally)?;
            let accuracies = over_time(spec, network, &grids, &compensations, test, &mut tally)?;
            tick();
            Ok((accuracies, tally))
        })
        .collect::<Result<Vec<_>, StudyError>>()?;
    let (chips, tallies): (Vec<_>, Vec<_>) = chips.into_iter().unzip();
    tallies.into_iter().for_each(|chip| tally += chip);
    Ok((chips, tally))
}

fn over_time(
    spec: &Spec,
    network: &Network,
    fresh: &[Grid],
    compensations: &[Option<Compensation>],
    test: &Dataset,
    tally: &mut Tally,
) -> Result<OfChip, StudyError> {
    let measure_all = |compensation: &Compensation| -> Vec<Strengths> {
        fresh.iter().map(|grid| grid.strengths(compensation)).collect()
    };
    let first: Vec<Option<Vec<Strengths>>> =
        compensations.iter().map(|c| c.as_ref().map(measure_all)).collect();
    let mut times = Vec::new();
    for &elapsed in &spec.drift.times {
        let aged = fresh.iter().map(|grid| grid.aged(elapsed)).collect::<Result<Vec<_>, _>>()?;
        let mut accuracies = [0.0; SCOPES.len()];
        for (idx, accuracy_of) in accuracies.iter_mut().enumerate() {
            let (logits, counts) = match (&compensations[idx], &first[idx]) {
                (Some(compensation), Some(first)) => {
                    let grids = aged.iter().zip(first);
                    let grids = grids
                        .map(|(grid, first)| grid.compensated(compensation, first))
                        .collect::<Result<Vec<_>, _>>()?;
                    network.logits(&grids, test)
                }
                _ => network.logits(&aged, test),
            };
            *tally += counts;
            *accuracy_of = accuracy(logits.view(), test.labels());
        }
        times.push(accuracies);
    }
    Ok(times)
}

/// The datapath of the design with its converters and the noise in front of them, and Gaussian noise
/// on the weights in place of the device's error.
fn noisy_paths(
    spec: &Spec,
    design: &ChipDesign,
    network: &Network,
    inputs: &LayerInputs,
) -> Result<Vec<LayerPath>, StudyError> {
    let mut paths = design.paths(network, inputs)?;
    for path in &mut paths {
        gaussian_weights(path, spec.training.noise.weight_noise);
        path.relu_sigma = 0.0;
    }
    Ok(paths)
}
