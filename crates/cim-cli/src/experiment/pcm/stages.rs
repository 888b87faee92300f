//! The stages of the experiment, in order.

use cim_core::{Stream, Tally};
use cim_device::Compensation;
use cim_device::compensation::Scope;
use cim_nn::network::first_images;
use cim_nn::{Dataset, LayerPath, Network, WeightNoise, accuracy};
use cim_tile::{Blueprint, Grid, Strengths};
use rayon::prelude::*;

use super::outcome;
use super::spec::Spec;
use crate::error::CliError;
use crate::experiment::Options;
use crate::experiment::clock::Clock;
use crate::experiment::design::{ChipDesign, LayerInputs};
use crate::experiment::training::{Checkpoints, Run, Trained, train, train_digital};
use crate::progress;
use cim_report::{Report, Timing};

/// What is done about drift: the scope of its compensation, if any.
pub const SCOPES: [(&str, &str, Option<Scope>); 3] = [
    ("none", "no compensation", None),
    ("global", "global compensation", Some(Scope::Global)),
    ("columns", "compensation per column", Some(Scope::PerColumn)),
];

/// What is known of one network: its accuracy as numbers, and of every chip at every time.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Name in figures.
    pub key: &'static str,
    /// Name in reports.
    pub name: &'static str,
    /// Accuracy of the same weights as numbers.
    pub digital: f64,
    /// Accuracies by chip, time and scope.
    pub chips: Vec<Vec<[f64; SCOPES.len()]>>,
    /// Counts over all chips.
    pub tally: Tally,
}

impl Measured {
    /// Accuracies of all chips at one time under one compensation.
    pub fn accuracies(&self, time: usize, scope: usize) -> Vec<f64> {
        self.chips.iter().map(|times| times[time][scope]).collect()
    }
}

/// Runs the whole experiment.
///
/// # Errors
/// [`CliError`] for anything that the user can mend.
pub fn run(
    options: &Options<'_, Spec>,
    data: &Dataset,
    test: &Dataset,
) -> Result<(Report, Timing), CliError> {
    let spec = &options.spec;
    let root = Stream::root(spec.seed);
    let mut clock = Clock::new();
    let fingerprint = format!("{}\n{:?}", options.data_id, spec);
    let checkpoints = Checkpoints::new(options.out, options.resume, fingerprint);
    let images = first_images(data, spec.calibration.images);
    let design_of = |network: &Network| {
        let inputs = LayerInputs::of(network, images.view());
        let policy = spec.converters.full_scale;
        let design = ChipDesign::by_policy(spec.parts()?, network, &inputs, policy)?;
        Ok::<_, CliError>((design, inputs))
    };
    let (widths, recipe) = (&spec.network.widths, &spec.training.digital);
    let digital = train_digital(widths, recipe, data, test, &checkpoints, root)?.state.network;
    clock.lap("train digital");
    let (design, inputs) = design_of(&digital)?;
    let paths = noisy_paths(spec, &design, &digital, &inputs)?;
    let tuned = fine_tune(spec, data, &digital, paths, &checkpoints, root)?.state.network;
    let (tuned_design, _) = design_of(&tuned)?;
    clock.lap("train with noise");

    let bar = progress::bar("measure chips", 2 * spec.evaluation.chips);
    let mut measured = Vec::new();
    for (key, name, network, design) in [
        ("plain", "as trained", &digital, &design),
        ("tuned", "noise-aware fine-tuning", &tuned, &tuned_design),
    ] {
        let (logits, _) = network.logits(&network.exact(), test);
        let digital = accuracy(logits.view(), test.labels());
        let (chips, tally) = measure(spec, network, design, test, root, || bar.inc(1))?;
        measured.push(Measured { key, name, digital, chips, tally });
    }
    bar.finish_and_clear();
    clock.lap("measure");
    let report = outcome::report(options, &measured);
    let timing = Timing {
        total_s: clock.total(),
        train_s: clock.seconds_of("train"),
        threads: options.threads,
        stages: clock.into_stages(),
        ..Timing::default()
    };
    Ok((report, timing))
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
) -> Result<(Vec<OfChip>, Tally), CliError> {
    let mut tally = Tally::default();
    let layers = || network.layers().iter().zip(&design.layers);
    let blueprints = layers()
        .map(|(layer, own)| Blueprint::of(&design.parts, own, layer.weights.view(), &mut tally))
        .collect::<Result<Vec<_>, _>>()?;
    let compensations = SCOPES
        .iter()
        .map(|(_, _, scope)| scope.map(|scope| spec.compensation.build(scope)).transpose())
        .collect::<Result<Vec<_>, _>>()?;
    let chips = (0..spec.evaluation.chips)
        .into_par_iter()
        .map(|chip_idx| {
            let mut tally = Tally::default();
            let at = root.child("evaluate", 0).child("chip", chip_idx as u64);
            let grids = layers()
                .zip(&blueprints)
                .enumerate()
                .map(|(idx, ((_, own), blueprint))| {
                    let at = at.child("layer", idx as u64);
                    Grid::from_blueprint(&design.parts, own, blueprint, at, &mut tally)
                })
                .collect::<Result<Vec<_>, _>>()?;
            let accuracies = over_time(spec, network, &grids, &compensations, test, &mut tally)?;
            tick();
            Ok((accuracies, tally))
        })
        .collect::<Result<Vec<_>, CliError>>()?;
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
) -> Result<OfChip, CliError> {
    let measure_all = |compensation: &Compensation| -> Vec<Strengths> {
        fresh.iter().map(|grid| grid.strengths(compensation)).collect()
    };
    let first: Vec<Option<Vec<Strengths>>> =
        compensations.iter().map(|c| c.as_ref().map(measure_all)).collect();
    let mut times = Vec::new();
    for &elapsed in &spec.evaluation.times {
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
) -> Result<Vec<LayerPath>, CliError> {
    let mut paths = design.paths(network, inputs)?;
    for path in &mut paths {
        let sigma = spec.training.noise.weight_noise as f32 * path.weight_clip;
        path.weight_noise = WeightNoise { c0: sigma * sigma, ..WeightNoise::NONE };
        path.relu_sigma = 0.0;
    }
    Ok(paths)
}

fn fine_tune(
    spec: &Spec,
    data: &Dataset,
    network: &Network,
    paths: Vec<LayerPath>,
    checkpoints: &Checkpoints,
    root: Stream,
) -> Result<Trained, CliError> {
    let run = Run {
        stage: "noise".into(),
        recipe: &spec.training.noise.recipe,
        start: network,
        paths,
        teacher: Some(network),
        at: root.child("fine-tune", 0),
    };
    train(run, data, None, checkpoints)
}
