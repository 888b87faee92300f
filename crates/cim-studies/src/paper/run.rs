//! The stages of the study, in order: train and choose, then measure.

use cim_chip::{Optimised, Task};
use rayon::prelude::*;

use super::measure::model::error_model;
use super::measure::sweeps::Sweeping;
use super::measure::table::{as_numbers, measure_all, measure_untrained};
use super::outcome::{self, Outcome};
use super::spec::Spec;
use super::train::trial::{self, Trial};
use crate::context::{Clock, Context};
use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::job::Job;
use crate::method::rank::objective_rank;
use crate::shared::images::Images;
use crate::shared::learning::Learning;
use crate::shared::one_bar::OneBar;
use crate::shared::stages::Stages;
use crate::shared::training::Training;
use crate::study::Found;

/// Runs the whole study.
pub fn run(spec: &Spec, images: &Images, context: &Context<'_>) -> Result<Found, StudyError> {
    let mut stages = Stages::new(context);
    let learning = Learning::of(images, spec.holdout.images)?;
    let job = spec.job()?;
    let trials = train_and_choose((spec, &job), &learning, &images.sha256, context)?;
    stages.lap("train and choose");

    // The test set is looked at from here on, and nothing is chosen any more.
    let as_numbers = as_numbers(&trials, &images.test);
    let test = &Task::classify(&images.test)?;
    let rows = measure_all(spec, &trials, test, context)?;
    let untrained = measure_untrained(spec, &trials, test, context)?;
    stages.lap("measure");
    let sweeping = Sweeping { spec, trials: &trials, test, rows: &rows, context };
    let bits = sweeping.bits()?;
    let sweeps = sweeping.worlds()?;
    stages.lap("sweeps");
    let first = &trials[0];
    let full = &first.rows[first.full].candidate;
    let (error_model, variance_points) = error_model(spec, context, full, &learning.data)?;
    let naive = &first.rows[first.naive].candidate;
    let designs = spec.error_model.designs;
    let steps = context.progress.begin("rank designs", designs);
    let each = (designs, spec.holdout.chips);
    let objective_rank = objective_rank(&job, each, naive, &learning.task, || steps.step(1))?;
    stages.lap("error model");

    let report = outcome::report(&Outcome {
        spec,
        trials: &trials,
        as_numbers: &as_numbers,
        rows: &rows,
        untrained: &untrained,
        bits,
        sweeps,
        error_model,
        variance_points,
        objective_rank,
    })?;
    let layers = full.design.layers.len();
    let (conic_us, fast_us) = optimiser_times(context.clock, &first.optimised, layers)?;
    stages.lap("time the optimiser");
    let solver = outcome::solver_times(conic_us, fast_us);
    Ok(Found { report, timing: stages.into_timing(solver) })
}

/// Everything that is learned or chosen, for every network, side by side. It is handed training images
/// alone.
pub fn train_and_choose(
    (spec, job): (&Spec, &Job),
    learning: &Learning,
    data_sha256: &str,
    context: &Context<'_>,
) -> Result<Vec<Trial>, StudyError> {
    let epochs = spec.epochs_of_a_network() * spec.networks.count;
    let bar = OneBar::new(context, "train and choose", epochs);
    let context = Context { progress: &bar, ..*context };
    let training = Training::on(&context, &learning.data, data_sha256, &spec.trained_by())?;
    (0..spec.networks.count)
        .into_par_iter()
        .map(|index| trial::run(&Bench::new(job, learning, &training, index), spec))
        .collect()
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
