//! The stages of the experiment, in order.

use cim_core::{Ohms, Stream, Tally};
use cim_nn::network::first_images;
use cim_nn::{Dataset, LayerPath, Network, WeightNoise, accuracy};
use cim_tile::{Blueprint, Calibrated, Grid, Targets, nonideality};
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

/// What is done about the wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// Name in reports.
    pub name: &'static str,
    /// Name in figures.
    pub key: &'static str,
    /// Which chips it runs on, by number in [`CHIPS`].
    chips: usize,
    /// Whether the gain of every column is measured and taken out.
    calibrated: bool,
}

/// What is compared, in this order.
pub const METHODS: [Method; 6] = [
    Method { name: "nothing done", key: "nothing", chips: 0, calibrated: false },
    Method { name: "column gains", key: "gains", chips: 0, calibrated: true },
    Method { name: "noise fine-tuning", key: "tuned", chips: 1, calibrated: false },
    Method { name: "fine-tuning + gains", key: "tuned_gains", chips: 1, calibrated: true },
    Method { name: "IR-drop-aware targets", key: "aware", chips: 2, calibrated: false },
    Method { name: "all together", key: "all", chips: 3, calibrated: true },
];

/// Kinds of chips: whether their network was fine-tuned, and what their cells are asked to hold.
const CHIPS: [(bool, Targets); 4] = [
    (false, Targets::Nominal),
    (true, Targets::Nominal),
    (false, Targets::WireAware),
    (true, Targets::WireAware),
];

/// What was measured at one size of array on one kind of wire.
#[derive(Clone, Debug)]
pub struct Setting {
    pub rows: usize,
    pub wire: Ohms,
    /// Accuracy of every chip, by method.
    pub accuracies: [Vec<f64>; METHODS.len()],
    /// Mean nonideality factor of the first layer's tiles.
    pub nonideality: f64,
    /// Largest rms error of a tile's transfer that IR-drop-aware targets leave.
    pub residual: f64,
    /// Smallest share of the nominal currents that those targets keep.
    pub scale: f64,
    /// Counts over all chips.
    pub tally: Tally,
}

/// A network and what drives its layers on calibration images.
struct Mapped {
    network: Network,
    inputs: LayerInputs,
    gain_inputs: LayerInputs,
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
    let digital = train_digital(
        &spec.network.widths,
        &spec.training.digital,
        data,
        test,
        &checkpoints,
        root,
    )?;
    clock.lap("train digital");
    let mapped = |network: Network| {
        let images = first_images(data, spec.calibration.images);
        let gain_images = first_images(data, spec.calibration.gain_images);
        let inputs = LayerInputs::of(&network, images.view());
        let gain_inputs = LayerInputs::of(&network, gain_images.view());
        Mapped { network, inputs, gain_inputs }
    };
    let digital_accuracy = digital.history.last().map_or(0.0, |epoch| epoch.accuracy);
    let digital = mapped(digital.state.network);
    let tuned = fine_tune(spec, data, &digital, &checkpoints, root)?;
    let (logits, _) = tuned.state.network.logits(&tuned.state.network.exact(), test);
    let tuned_accuracy = accuracy(logits.view(), test.labels());
    let tuned = mapped(tuned.state.network);
    clock.lap("train with noise");

    let settings: Vec<(usize, Ohms)> = spec
        .arrays
        .rows
        .iter()
        .flat_map(|&rows| spec.arrays.wires.iter().map(move |&wire| (rows, wire)))
        .collect();
    let bar = progress::bar("measure chips", settings.len() * CHIPS.len() * spec.evaluation.chips);
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
                measure(spec, parts, (chips, mapped), test, root, &mut setting, || bar.inc(1))?;
            }
            Ok(setting)
        })
        .collect::<Result<Vec<_>, CliError>>()?;
    bar.finish_and_clear();
    clock.lap("measure");
    let report = outcome::report(options, digital_accuracy, tuned_accuracy, &settings);
    let timing = Timing {
        total_s: clock.total(),
        train_s: clock.seconds_of("train"),
        threads: options.threads,
        stages: clock.into_stages(),
        ..Timing::default()
    };
    Ok((report, timing))
}

/// Programs the chips of one kind and measures every method that runs on them.
fn measure(
    spec: &Spec,
    parts: cim_tile::Parts,
    (chips, mapped): (usize, &Mapped),
    test: &Dataset,
    root: Stream,
    setting: &mut Setting,
    tick: impl Fn(),
) -> Result<(), CliError> {
    let network = &mapped.network;
    let policy = spec.converters.full_scale;
    let design = ChipDesign::by_policy(parts, network, &mapped.inputs, policy)?;
    let (parts, tally) = (&design.parts, &mut setting.tally);
    let layers = || network.layers().iter().zip(&design.layers);
    let blueprints = layers()
        .map(|(layer, own)| Blueprint::of(parts, own, layer.weights.view(), tally))
        .collect::<Result<Vec<_>, _>>()?;
    if chips == 0 {
        let tiles: Vec<_> = blueprints[0].targets().collect();
        for target_s in &tiles {
            setting.nonideality +=
                nonideality::factor(*target_s, parts.wires)? / tiles.len() as f64;
        }
    }
    setting.residual = blueprints.iter().map(Blueprint::residual).fold(setting.residual, f64::max);
    setting.scale = blueprints.iter().map(Blueprint::scale).fold(setting.scale, f64::min);
    for chip_idx in 0..spec.evaluation.chips {
        let at = root.child("evaluate", 0).child("chip", chip_idx as u64);
        let grids = layers()
            .zip(&blueprints)
            .enumerate()
            .map(|(idx, ((_, own), blueprint))| {
                let at = at.child("layer", idx as u64);
                Grid::from_blueprint(parts, own, blueprint, at, tally)
            })
            .collect::<Result<Vec<_>, _>>()?;
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
) -> Result<Vec<Calibrated<Grid>>, CliError> {
    let layers = mapped.network.layers().iter().zip(grids).enumerate();
    layers
        .map(|(idx, (layer, grid))| {
            let at = at.child("gains", idx as u64);
            let (weights, x) = (layer.weights.view(), mapped.gain_inputs.layer(idx));
            let gains = spec.calibration.gains();
            let gains = gains.measure(&grid, weights, x, (GAIN_CALL, at), tally)?;
            Ok(Calibrated::new(grid, gains)?)
        })
        .collect()
}

/// Fine-tunes with Gaussian noise on the weights and otherwise exact products: the usual remedy,
/// which knows nothing of wires.
fn fine_tune(
    spec: &Spec,
    data: &Dataset,
    digital: &Mapped,
    checkpoints: &Checkpoints,
    root: Stream,
) -> Result<Trained, CliError> {
    let network = &digital.network;
    let paths = network.layers().iter().map(|layer| {
        let largest = layer.weights.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        let sigma = spec.training.noise.weight_noise as f32 * largest;
        LayerPath {
            weight_clip: largest,
            weight_noise: WeightNoise { c0: sigma * sigma, ..WeightNoise::NONE },
            ..LayerPath::digital(layer.weights.nrows(), layer.weights.ncols())
        }
    });
    let run = Run {
        stage: "noise".into(),
        recipe: &spec.training.noise.recipe,
        start: network,
        paths: paths.collect(),
        teacher: Some(network),
        at: root.child("fine-tune", 0),
    };
    train(run, data, None, checkpoints)
}
