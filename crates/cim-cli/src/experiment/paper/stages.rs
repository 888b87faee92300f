//! The stages of the experiment, in order.

use cim_core::Stream;
use cim_nn::network::first_images;
use cim_nn::{Dataset, LayerPath, Levels, Network, WeightNoise};
use cim_tile::Parts;

use super::model_check;
use super::optimised::{Goal, Optimised, optimise};
use super::outcome::{self, BitsPoint, Outcome, Sweep, SweepPoint};
use super::spec::Spec;
use crate::error::CliError;
use crate::experiment::Options;
use crate::experiment::chips::{Measured, estimate, measure};
use crate::experiment::clock::Clock;
use crate::experiment::design::{ChipDesign, LayerInputs};
use crate::experiment::training::{Checkpoints, Run, Trained, train, train_digital};
use crate::progress;
use cim_report::{Report, Timing};

/// A network on a design, as one row of the ablation.
pub struct Candidate {
    pub name: &'static str,
    pub network: Network,
    pub design: ChipDesign,
    pub inputs: LayerInputs,
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
    let parts = spec.parts()?;
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
    let network = &digital.state.network;
    let images = first_images(data, spec.optimiser.calibration_images);
    let inputs_of = |network: &Network| LayerInputs::of(network, images.view());
    let naive_of = |network: Network, name: &'static str| {
        let inputs = inputs_of(&network);
        let design = ChipDesign::naive(parts.clone(), &network, &inputs.limits());
        Candidate { name, network, design, inputs }
    };

    let naive = naive_of(network.clone(), "naive");
    let turn = |window, full_scale| {
        let goal = Goal::of(window, full_scale);
        optimise(spec, &naive.design, network, &naive.inputs, goal)
    };
    let (window, full_scale, both) = (turn(true, false)?, turn(false, true)?, turn(true, true)?);
    clock.lap("optimise");

    let relu = fine_tune_relu(spec, data, &naive, &checkpoints, root)?;
    let noise = fine_tune_noise(spec, data, &naive, &checkpoints, root)?;
    clock.lap("train ablations");
    let (full, optimised) =
        full_method(spec, &both.design, network, data, &inputs_of, &checkpoints, root)?;
    clock.lap("train full");

    let on_digital = |name, optimised: Optimised| Candidate {
        name,
        network: network.clone(),
        design: optimised.design,
        inputs: inputs_of(network),
    };
    let candidates = vec![
        naive_of(network.clone(), "naive"),
        on_digital("window", window),
        on_digital("full_scale", full_scale),
        on_digital("window_full_scale", both),
        naive_of(relu.state.network, "relu"),
        naive_of(noise.state.network, "noise"),
        full,
    ];
    let measured = measure_all(spec, &candidates, test, root)?;
    clock.lap("measure ablation");
    let full = &candidates[6];
    let naive = &candidates[0];
    let bits = bits_sweep(
        spec,
        naive,
        full,
        network,
        data,
        test,
        &inputs_of,
        &checkpoints,
        root,
        (&measured[0], &measured[6]),
    )?;
    clock.lap("bits sweep");
    let sweeps = sweeps(spec, naive, full, test, root, (&measured[0], &measured[6]))?;
    clock.lap("device and circuit sweeps");
    let bar =
        progress::bar("error model", full.design.layers.iter().map(|l| l.full_scale.len()).sum());
    let few =
        LayerInputs::of(&full.network, first_images(data, spec.evaluation.model_images).view());
    let at = root.child("model", 0);
    let (error_model, variance_points) = model_check::check(
        &full.design,
        &full.network,
        &few,
        spec.evaluation.model_chips,
        at,
        || bar.inc(1),
    )?;
    bar.finish_and_clear();
    clock.lap("error model");

    let digital_accuracy = digital.history.last().map_or(0.0, |epoch| epoch.accuracy);
    let report = outcome::report(&Outcome {
        options,
        digital_accuracy,
        history: &digital.history,
        candidates: &candidates,
        measured: &measured,
        bits,
        sweeps,
        optimised: &optimised,
        error_model,
        variance_points,
    })?;
    let (conic_us, fast_us) = optimiser_times(&optimised, full.design.layers.len())?;
    clock.lap("time the optimiser");
    let total_s = clock.total();
    let timing = Timing {
        total_s,
        train_s: clock.seconds_of("train"),
        threads: options.threads,
        stages: clock.into_stages(),
        ..outcome::solver_times(conic_us, fast_us)
    };
    Ok((report, timing))
}

/// Noise-aware ReLU only: its sigma is what the naive design's errors are; no noise is sampled,
/// nothing is quantised.
fn fine_tune_relu(
    spec: &Spec,
    data: &Dataset,
    naive: &Candidate,
    checkpoints: &Checkpoints,
    root: Stream,
) -> Result<Trained, CliError> {
    let mut paths = naive.design.paths(&naive.network, &naive.inputs)?;
    for path in &mut paths {
        path.weight_noise = WeightNoise::NONE;
        path.output_sigma.fill(0.0);
        path.output_levels = Levels::CONTINUOUS;
    }
    fine_tune("relu", &spec.training.single, &naive.network, paths, data, checkpoints, root)
}

/// Noise injection only: through the naive datapath with its noise, clips and codes, plain ReLU.
fn fine_tune_noise(
    spec: &Spec,
    data: &Dataset,
    naive: &Candidate,
    checkpoints: &Checkpoints,
    root: Stream,
) -> Result<Trained, CliError> {
    let mut paths = naive.design.paths(&naive.network, &naive.inputs)?;
    paths.iter_mut().for_each(|path| path.relu_sigma = 0.0);
    fine_tune("noise", &spec.training.single, &naive.network, paths, data, checkpoints, root)
}

fn fine_tune(
    stage: &str,
    recipe: &cim_nn::Recipe,
    start: &Network,
    paths: Vec<LayerPath>,
    data: &Dataset,
    checkpoints: &Checkpoints,
    root: Stream,
) -> Result<Trained, CliError> {
    let at = root.child("fine-tune", 0);
    let run = Run { stage: stage.into(), recipe, start, paths, teacher: Some(start), at };
    train(run, data, None, checkpoints)
}

/// Everything: fine-tunes `network` through the optimised design, then optimises window and full
/// scales again for the weights that came out.
fn full_method(
    spec: &Spec,
    start: &ChipDesign,
    network: &Network,
    data: &Dataset,
    inputs_of: &impl Fn(&Network) -> LayerInputs,
    checkpoints: &Checkpoints,
    root: Stream,
) -> Result<(Candidate, Optimised), CliError> {
    let inputs = inputs_of(network);
    let mut start = start.clone();
    for layer in &mut start.layers {
        layer.weight_clip *= spec.optimiser.trained_clip as f32;
    }
    let goal = Goal::with_trained_clip(true, true);
    let start = optimise(spec, &start, network, &inputs, goal)?.design;
    let paths = start.paths(network, &inputs)?;
    let run = Run {
        stage: format!("full-{}", start.parts.adc_bits),
        recipe: &spec.training.full,
        start: network,
        paths,
        teacher: Some(network),
        at: root.child("fine-tune", 1),
    };
    let trained = train(run, data, None, checkpoints)?;
    finish(spec, &start, trained, inputs_of)
}

fn finish(
    spec: &Spec,
    start: &ChipDesign,
    trained: Trained,
    inputs_of: &impl Fn(&Network) -> LayerInputs,
) -> Result<(Candidate, Optimised), CliError> {
    let state = trained.state;
    let inputs = inputs_of(&state.network);
    let learned = start.clone().with_full_scales(&state.full_scale);
    let goal = Goal::with_trained_clip(true, true);
    let optimised = optimise(spec, &learned, &state.network, &inputs, goal)?;
    let design = optimised.design.clone();
    Ok((Candidate { name: "full", network: state.network, design, inputs }, optimised))
}

fn measure_all(
    spec: &Spec,
    candidates: &[Candidate],
    test: &Dataset,
    root: Stream,
) -> Result<Vec<Measured>, CliError> {
    let chips = spec.evaluation.chips;
    let bar = progress::bar("measure chips", chips * candidates.len());
    let measured = candidates
        .iter()
        .map(|c| {
            measure(&c.design, &c.network, test, chips, root.child("evaluate", 0), || bar.inc(1))
        })
        .collect();
    bar.finish_and_clear();
    measured
}

#[expect(clippy::too_many_arguments, reason = "one stage of the experiment")]
fn bits_sweep(
    spec: &Spec,
    naive: &Candidate,
    full: &Candidate,
    teacher: &Network,
    data: &Dataset,
    test: &Dataset,
    inputs_of: &impl Fn(&Network) -> LayerInputs,
    checkpoints: &Checkpoints,
    root: Stream,
    nominal: (&Measured, &Measured),
) -> Result<Vec<BitsPoint>, CliError> {
    let chips = spec.evaluation.sweep_chips;
    let at = root.child("evaluate", 0);
    let bar = progress::bar("ADC bits", 2 * chips * spec.evaluation.bits.len());
    let mut points = Vec::new();
    for &bits in &spec.evaluation.bits {
        if bits == spec.converters.adc_bits {
            let (naive, full) = (estimate(&nominal.0.accuracies), estimate(&nominal.1.accuracies));
            points.push(BitsPoint { bits, naive, full });
            bar.inc(2 * chips as u64);
            continue;
        }
        let mut naive_design = naive.design.clone();
        naive_design.parts.adc_bits = bits;
        let naive = measure(&naive_design, &naive.network, test, chips, at, || bar.inc(1))?;
        let mut start = full.design.clone();
        start.parts.adc_bits = bits;
        let goal = Goal::with_trained_clip(false, true);
        let start = optimise(spec, &start, &full.network, &full.inputs, goal)?.design;
        let run = Run {
            stage: format!("full-{bits}"),
            recipe: &spec.training.bits,
            start: &full.network,
            paths: start.paths(&full.network, &full.inputs)?,
            teacher: Some(teacher),
            at: root.child("fine-tune-bits", u64::from(bits)),
        };
        let (tuned, _) = finish(spec, &start, train(run, data, None, checkpoints)?, inputs_of)?;
        let full = measure(&tuned.design, &tuned.network, test, chips, at, || bar.inc(1))?;
        points.push(BitsPoint {
            bits,
            naive: estimate(&naive.accuracies),
            full: estimate(&full.accuracies),
        });
    }
    bar.finish_and_clear();
    Ok(points)
}

/// Worlds of a sweep: the swept quantity and the parts in which it has that value.
type Worlds = Vec<(f64, Parts)>;

/// Sweeps of the device and the circuit: the designs stay as they are, the world changes.
fn sweeps(
    spec: &Spec,
    naive: &Candidate,
    full: &Candidate,
    test: &Dataset,
    root: Stream,
    nominal: (&Measured, &Measured),
) -> Result<Vec<Sweep>, CliError> {
    let evaluation = &spec.evaluation;
    let world = |change: &dyn Fn(&mut Spec)| {
        let mut changed = spec.clone();
        change(&mut changed);
        changed.parts()
    };
    let g_on = spec.device.g_on.0;
    let sigma = |scale: f64| 100.0 * scale * spec.device.programming.constant.0 / g_on;
    let mut programming = Vec::new();
    for &scale in &evaluation.programming_scale {
        let parts = world(&|s| {
            s.device.programming.constant = s.device.programming.constant * scale;
            s.device.programming.proportional *= scale;
        })?;
        programming.push((sigma(scale), parts));
    }
    let mut temperature = Vec::new();
    for &kelvin in &evaluation.temperatures {
        temperature.push((kelvin.0, world(&|s| s.circuit.temperature = kelvin)?));
    }
    let mut bandwidth = Vec::new();
    for &hertz in &evaluation.bandwidths {
        bandwidth.push((hertz.0, world(&|s| s.circuit.bandwidth = hertz)?));
    }
    let all: [(&str, &str, &str, Worlds); 3] = [
        ("programming", "% of G_on", "programming sigma", programming),
        ("temperature", "K", "temperature", temperature),
        ("bandwidth", "Hz", "noise bandwidth", bandwidth),
    ];
    let chips = evaluation.sweep_chips;
    let total = all.iter().map(|s| s.3.len()).sum::<usize>() * 2 * chips;
    let bar = progress::bar("sweeps", total);
    let own = spec.parts()?;
    let mut sweeps = Vec::new();
    for (name, unit, label, worlds) in all {
        let mut points = Vec::new();
        for (x, parts) in worlds {
            let in_world = |candidate: &Candidate, nominal: &Measured| {
                let same = parts.ambient == own.ambient
                    && parts.device.program_variance() == own.device.program_variance();
                if same {
                    bar.inc(chips as u64);
                    return Ok(estimate(&nominal.accuracies));
                }
                let mut design = candidate.design.clone();
                design.parts.device = parts.device.clone();
                design.parts.ambient = parts.ambient;
                let at = root.child("evaluate", 0);
                measure(&design, &candidate.network, test, chips, at, || bar.inc(1))
                    .map(|m| estimate(&m.accuracies))
            };
            let (naive, full) = (in_world(naive, nominal.0)?, in_world(full, nominal.1)?);
            points.push(SweepPoint { x, naive, full });
        }
        sweeps.push(Sweep { name: name.into(), unit: unit.into(), label: label.into(), points });
    }
    bar.finish_and_clear();
    Ok(sweeps)
}

/// Medians of the time of both paths of the optimiser, in microseconds per layer.
fn optimiser_times(optimised: &Optimised, layers: usize) -> Result<(f64, f64), CliError> {
    let time = |repeats: usize,
                solve: &dyn Fn() -> Result<f64, cim_opt::OptError>|
     -> Result<f64, CliError> {
        let mut times = Vec::new();
        for _ in 0..repeats {
            let start = Clock::now();
            std::hint::black_box(solve()?);
            times.push((Clock::now() - start).as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        Ok(times[repeats / 2] * 1e6 / layers as f64)
    };
    let problem = &optimised.problem;
    Ok((
        time(21, &|| cim_opt::solve(problem).map(|s| s.objective))?,
        time(201, &|| cim_opt::solve_fast(problem).map(|s| s.objective))?,
    ))
}
