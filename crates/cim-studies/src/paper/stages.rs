//! The stages of the study, in order.

use cim_chip::{
    ChipDesign, Goal, LayerInputs, Measured, Optimised, check_model, measure, optimise,
};
use cim_core::Stream;
use cim_nn::network::first_images;
use cim_nn::{Dataset, Network};

use super::candidates::Candidate;
use super::fine_tuning::Tuning;
use super::outcome::{self, ErrorModel, MAX_VARIANCE_POINTS, Outcome, VariancePoint};
use super::spec::Spec;
use super::sweeps::Compared;
use crate::context::{Clock, Context};
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::shared::stages::Stages;
use crate::shared::training::Training;
use crate::study::{Found, Written};

/// Runs the whole study.
pub fn run(
    written: &Written<'_, Spec>,
    images: &Images,
    context: &Context<'_>,
) -> Result<Found, StudyError> {
    let mut stages = Stages::new(context);
    let Images { train: data, test, .. } = images;
    let spec = written.spec;
    let (parts, root) = (spec.parts()?, Stream::root(spec.seed));
    let training = Training::begin(context, images, &spec.trained_by())?;
    let digital = training.digital(&spec.network, &spec.training.digital, test, root)?;
    stages.lap("train digital");
    let network = &digital.state.network;
    let calibration = first_images(data, spec.calibration.images);
    let inputs_of = |network: &Network| LayerInputs::of(network, calibration.view());
    let naive_of = |network: Network, name: &'static str| {
        let inputs = inputs_of(&network);
        let policy = spec.converters.full_scale;
        let design = ChipDesign::by_policy(parts.clone(), &network, &inputs, policy)?;
        Ok::<_, StudyError>(Candidate { name, network, design, inputs })
    };

    let naive = naive_of(network.clone(), "naive")?;
    let turn = |window, full_scale| {
        let goal = Goal::of(window, full_scale);
        optimise(spec.rules(), &naive.design, network, &naive.inputs, goal)
    };
    let (window, full_scale, both) = (turn(true, false)?, turn(false, true)?, turn(true, true)?);
    stages.lap("optimise");

    let tuning = Tuning { spec, training: &training, inputs_of, root };
    let (relu, noise) = (tuning.relu(&naive)?, tuning.noise(&naive)?);
    stages.lap("train ablations");
    let (full, optimised) = tuning.full(&both.design, network)?;
    stages.lap("train full");

    let on_digital = |name, optimised: Optimised| Candidate {
        name,
        network: network.clone(),
        design: optimised.design,
        inputs: inputs_of(network),
    };
    let candidates = vec![
        naive,
        on_digital("window", window),
        on_digital("full_scale", full_scale),
        on_digital("window_full_scale", both),
        naive_of(relu.state.network, "relu")?,
        naive_of(noise.state.network, "noise")?,
        full,
    ];
    let measured = measure_all(spec, context, &candidates, test, root)?;
    stages.lap("measure ablation");
    let (naive, full) = ((&candidates[0], &measured[0]), (&candidates[6], &measured[6]));
    let compared = Compared { naive, full, test, root };
    let bits = compared.bits(&tuning, network)?;
    stages.lap("bits sweep");
    let sweeps = compared.worlds(spec, context)?;
    stages.lap("device and circuit sweeps");
    let (error_model, variance_points) = error_model(spec, context, full.0, data, root)?;
    stages.lap("error model");

    let report = outcome::report(&Outcome {
        options: written,
        digital_accuracy: digital.history.last().map_or(0.0, |epoch| epoch.accuracy),
        history: &digital.history,
        candidates: &candidates,
        measured: &measured,
        bits,
        sweeps,
        optimised: &optimised,
        error_model,
        variance_points,
    })?;
    let (conic_us, fast_us) =
        optimiser_times(context.clock, &optimised, full.0.design.layers.len())?;
    stages.lap("time the optimiser");
    let solver = outcome::solver_times(conic_us, fast_us);
    Ok(Found { report, timing: stages.into_timing(solver) })
}

fn measure_all(
    spec: &Spec,
    context: &Context<'_>,
    candidates: &[Candidate],
    test: &Dataset,
    root: Stream,
) -> Result<Vec<Measured>, StudyError> {
    let (chips, at) = (spec.evaluation.chips, root.child("evaluate", 0));
    let steps = context.progress.begin("measure chips", chips * candidates.len());
    candidates
        .iter()
        .map(|c| Ok(measure(&c.design, &c.network, test, chips, at, || steps.step(1))?))
        .collect()
}

/// The closed form against Monte Carlo, with as many points as the report draws.
fn error_model(
    spec: &Spec,
    context: &Context<'_>,
    full: &Candidate,
    data: &Dataset,
    root: Stream,
) -> Result<(ErrorModel, Vec<VariancePoint>), StudyError> {
    let tiles = full.design.layers.iter().map(|layer| layer.full_scale.len()).sum();
    let steps = context.progress.begin("error model", tiles);
    let images = first_images(data, spec.error_model.images);
    let few = LayerInputs::of(&full.network, images.view());
    let (chips, at) = (spec.error_model.chips, root.child("model", 0));
    let check = check_model(&full.design, &full.network, &few, chips, at, || steps.step(1))?;
    let every = check.columns.len().div_ceil(MAX_VARIANCE_POINTS);
    let points = check.columns.iter().step_by(every).map(|column| VariancePoint {
        layer: column.layer + 1,
        tile: column.tile,
        column: column.column,
        predicted: column.predicted,
        measured: column.measured,
    });
    let model = ErrorModel {
        variance_ratio_mean: check.variance_ratio_mean,
        variance_ratio_p05: check.variance_ratio_p05,
        variance_ratio_p95: check.variance_ratio_p95,
        coverage95: check.coverage95,
    };
    Ok((model, points.collect()))
}

/// Medians of the time of both paths of the optimiser, in microseconds per layer.
fn optimiser_times(
    clock: &dyn Clock,
    optimised: &Optimised,
    layers: usize,
) -> Result<(f64, f64), StudyError> {
    let time = |repeats: usize, solve: &dyn Fn() -> Result<f64, cim_opt::OptError>| {
        let mut times = Vec::new();
        for _ in 0..repeats {
            let start_s = clock.seconds();
            std::hint::black_box(solve()?);
            times.push(clock.seconds() - start_s);
        }
        times.sort_by(f64::total_cmp);
        Ok::<_, StudyError>(times[repeats / 2] * 1e6 / layers as f64)
    };
    let problem = &optimised.problem;
    Ok((
        time(21, &|| cim_opt::solve(problem).map(|s| s.objective))?,
        time(201, &|| cim_opt::solve_fast(problem).map(|s| s.objective))?,
    ))
}
