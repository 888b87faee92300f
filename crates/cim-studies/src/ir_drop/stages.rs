//! The stages of the study, in order.

use cim_chip::{ChipBlueprint, ChipDesign, LayerInputs, Parts};
use cim_core::{Ohms, Stream, Tally};
use cim_nn::network::first_images;
use cim_nn::{Dataset, LayerPath, Network, accuracy};
use cim_report::Timing;
use cim_tile::{Blueprint, Calibrated, Grid, nonideality};
use rayon::prelude::*;

use super::methods::{CHIPS, METHODS, Setting};
use super::outcome;
use super::spec::Spec;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::shared::stages::Stages;
use crate::shared::training::{
    Trained, Training, digital_accuracy, digital_paths, gaussian_weights,
};
use crate::study::Found;

/// A network and what drives its layers on calibration images.
struct Mapped {
    network: Network,
    inputs: LayerInputs,
    gain_inputs: LayerInputs,
}

/// Runs the whole study.
pub fn run(spec: &Spec, images: &Images, context: &Context<'_>) -> Result<Found, StudyError> {
    let (data, test) = (&images.train, &images.test);
    let root = Stream::root(spec.seed);
    let mut stages = Stages::new(context);
    let training = Training::begin(context, images, &spec.trained_by())?;
    let digital = training.digital(&spec.network, &spec.training.digital, test, root)?;
    stages.lap("train digital");
    let mapped = |network: Network| {
        let images = first_images(data, spec.calibration.images);
        let gain_images = first_images(data, spec.gains.images);
        let inputs = LayerInputs::of(&network, images.view());
        let gain_inputs = LayerInputs::of(&network, gain_images.view());
        Mapped { network, inputs, gain_inputs }
    };
    let as_trained = digital.history.last().map_or(0.0, |epoch| epoch.accuracy);
    let digital = mapped(digital.state.network);
    let tuned = fine_tune(spec, &training, &digital.network, root)?.state.network;
    let tuned_accuracy = digital_accuracy(&tuned, test);
    let tuned = mapped(tuned);
    stages.lap("train with noise");

    let settings: Vec<(usize, Ohms)> = spec
        .arrays
        .rows
        .iter()
        .flat_map(|&rows| spec.arrays.wires.iter().map(move |&wire| (rows, wire)))
        .collect();
    let chips = settings.len() * CHIPS.len() * spec.evaluation.chips;
    let steps = context.progress.begin("measure chips", chips);
    let settings = settings
        .into_par_iter()
        .map(|(rows, wire)| {
            let mut setting = Setting {
                rows,
                wire,
                accuracies: Default::default(),
                nonideality: 0.0,
                residual: 0.0,
                scale: 1.0,
                tally: Tally::default(),
            };
            for (chips, &(is_tuned, targets)) in CHIPS.iter().enumerate() {
                let mapped = if is_tuned { &tuned } else { &digital };
                let parts = spec.parts(rows, wire, targets)?;
                measure(spec, parts, (chips, mapped), test, root, &mut setting, || steps.step(1))?;
            }
            Ok(setting)
        })
        .collect::<Result<Vec<_>, StudyError>>()?;
    drop(steps);
    stages.lap("measure");
    let report = outcome::report(spec, as_trained, tuned_accuracy, &settings);
    Ok(Found { report, timing: stages.into_timing(Timing::default()) })
}

/// Programs the chips of one kind and measures every method that runs on them.
fn measure(
    spec: &Spec,
    parts: Parts,
    (chips, mapped): (usize, &Mapped),
    test: &Dataset,
    root: Stream,
    setting: &mut Setting,
    tick: impl Fn(),
) -> Result<(), StudyError> {
    let network = &mapped.network;
    let policy = spec.converters.full_scale;
    let design = ChipDesign::by_policy(parts, network, &mapped.inputs, policy)?;
    let (wires, tally) = (design.parts.wires, &mut setting.tally);
    let blueprint = ChipBlueprint::of(&design, network, tally)?;
    let layers = &blueprint.layers;
    if chips == 0 {
        let tiles: Vec<_> = layers[0].targets().collect();
        for target_s in &tiles {
            setting.nonideality += nonideality::factor(*target_s, wires)? / tiles.len() as f64;
        }
    }
    setting.residual = layers.iter().map(Blueprint::residual).fold(setting.residual, f64::max);
    setting.scale = layers.iter().map(Blueprint::scale).fold(setting.scale, f64::min);
    for chip_idx in 0..spec.evaluation.chips {
        let at = root.child("evaluate", 0).child("chip", chip_idx as u64);
        let grids = blueprint.program(at, tally)?;
        let (logits, counts) = network.logits(&grids, test);
        *tally += counts;
        let plain = accuracy(logits.view(), test.labels());
        let with_gains = METHODS.iter().any(|m| m.chips == chips && m.calibrated);
        let calibrated = if with_gains {
            let (logits, counts) =
                network.logits(&calibrate(spec, mapped, grids, at, tally)?, test);
            *tally += counts;
            accuracy(logits.view(), test.labels())
        } else {
            plain
        };
        for (method, accuracies) in METHODS.iter().zip(&mut setting.accuracies) {
            if method.chips == chips {
                accuracies.push(if method.calibrated { calibrated } else { plain });
            }
        }
        tick();
    }
    Ok(())
}

/// The product of a call that no image uses: blocks of images are numbered from 0.
const GAIN_CALL: u64 = u64::MAX;

fn calibrate(
    spec: &Spec,
    mapped: &Mapped,
    grids: Vec<Grid>,
    at: Stream,
    tally: &mut Tally,
) -> Result<Vec<Calibrated<Grid>>, StudyError> {
    let layers = mapped.network.layers().iter().zip(grids).enumerate();
    layers
        .map(|(idx, (layer, grid))| {
            let at = at.child("gains", idx as u64);
            let (weights, x) = (layer.weights.view(), mapped.gain_inputs.layer(idx));
            let gains = spec.gains.build();
            let gains = gains.measure(&grid, weights, x, (GAIN_CALL, at), tally)?;
            Ok(Calibrated::new(grid, gains)?)
        })
        .collect()
}

/// Fine-tunes with Gaussian noise on the weights and otherwise exact products: the usual remedy,
/// which knows nothing of wires.
fn fine_tune(
    spec: &Spec,
    training: &Training<'_>,
    network: &Network,
    root: Stream,
) -> Result<Trained, StudyError> {
    let mut paths: Vec<LayerPath> = digital_paths(network);
    for (path, layer) in paths.iter_mut().zip(network.layers()) {
        path.weight_clip = layer.weights.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        gaussian_weights(path, spec.training.noise.weight_noise);
    }
    training.fine_tune("noise", &spec.training.noise.recipe, network, paths, root)
}
