//! The stages of the study: networks as numbers, then device by device.

use cim_chip::Task;
use cim_core::Stream;
use rayon::prelude::*;

use super::findings::{DeviceFound, Findings};
use super::on_device::{METHODS, Numbers, OnDevice, on_device};
use super::outcome;
use super::spec::Spec;
use crate::context::Context;
use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::candidate::Candidate;
use crate::method::digital::{Digital, control};
use crate::method::job::Job;
use crate::method::rank::objective_rank;
use crate::method::rows::{Asked, OnChips, Row};
use crate::shared::estimates::{Rank, over_networks};
use crate::shared::images::Images;
use crate::shared::learning::Learning;
use crate::shared::one_bar::OneBar;
use crate::shared::stages::Stages;
use crate::shared::training::{Training, digital_accuracy};
use crate::study::Found;

/// Runs the whole study.
pub fn run(spec: &Spec, images: &Images, context: &Context<'_>) -> Result<Found, StudyError> {
    let mut stages = Stages::new(context);
    let learning = Learning::of(images, spec.holdout.images)?;
    let bar = OneBar::new(context, "train and choose", spec.epochs());
    let quiet = Context { progress: &bar, ..*context };
    let training = Training::on(&quiet, &learning.data, &images.sha256, &spec.trained_by())?;
    let jobs = spec.devices.names.iter().map(|name| spec.on(name));
    let jobs = jobs.collect::<Result<Vec<Job>, _>>()?;
    let first = jobs.first().expect("the list of the preset is not empty");
    let numbers: Vec<Numbers> = (0..spec.networks.count)
        .into_par_iter()
        .map(|network| as_numbers(&Bench::new(first, &learning, &training, network)))
        .collect::<Result<_, _>>()?;
    stages.lap("train as numbers");

    // Every network on every device, side by side. What is measured of one chooses nothing of another.
    let places: Vec<(usize, usize)> = (0..jobs.len())
        .flat_map(|device| (0..numbers.len()).map(move |network| (device, network)))
        .collect();
    let test = Task::classify(&images.test)?;
    let measured = places
        .into_par_iter()
        .map(|(device, network)| {
            let bench = Bench::new(&jobs[device], &learning, &training, network);
            let bench = bench.called(&spec.devices.names[device]);
            let found = on_device(&bench, &numbers[network])?;
            measure((spec, &jobs[device]), found, &test, bench.at)
        })
        .collect::<Result<Vec<Measured>, StudyError>>()?;
    stages.lap("every device");
    let steps = context.progress.begin("rank designs", jobs.len() * spec.devices.designs);
    let ranks = jobs
        .par_iter()
        .map(|job| {
            let bench = Bench::new(job, &learning, &training, 0);
            let network = numbers[0].control.clone();
            let inputs = bench.inputs_of(&network);
            let design = bench.naive(&network, &inputs, bench.parts.read_voltage)?;
            let naive = Candidate { network, design, inputs };
            let designs = (spec.devices.designs, spec.devices.design_chips);
            objective_rank(job, designs, &naive, &learning.task, || steps.step(1))
        })
        .collect::<Result<Vec<_>, StudyError>>()?;
    stages.lap("rank designs");

    let accuracies = |network: fn(&Numbers) -> &cim_nn::Network| {
        numbers.iter().map(|own| digital_accuracy(network(own), &images.test)).collect::<Vec<_>>()
    };
    let as_digital = accuracies(|own| &own.digital.network);
    let as_control = accuracies(|own| &own.control);
    let devices = spec.devices.names.iter().zip(measured.chunks(numbers.len())).zip(ranks);
    let devices = devices.map(|((name, of_networks), rank)| {
        let rows =
            METHODS.iter().enumerate().map(|(place, name)| row(spec, name, place, of_networks));
        let heuristics = of_networks.iter().map(|one| one.heuristic).collect();
        let found = (of_networks[0].in_use, Rank::of(rank, spec.devices.designs));
        DeviceFound::of(name, rows.collect(), heuristics, found, &as_control)
    });
    let findings = Findings {
        networks: numbers.len(),
        further_epochs: spec.training.further.epochs,
        digital: over_networks(&as_digital),
        control: over_networks(&as_control),
        devices: devices.collect::<Result<_, _>>()?,
    };
    stages.lap("gather");
    let report = outcome::report(spec, &findings)?;
    Ok(Found { report, timing: stages.into_timing(cim_report::Timing::default()) })
}

/// A digital network and its control, which no device has a part in.
fn as_numbers(bench: &Bench<'_>) -> Result<Numbers, StudyError> {
    let digital = Digital::train(bench)?;
    let control = control(bench, &digital)?.state.network;
    Ok(Numbers { digital, control })
}

/// One network on one device, measured.
struct Measured {
    rows: Vec<OnChips>,
    heuristic: &'static str,
    in_use: cim_chip::InUse,
}

fn measure(
    (spec, job): (&Spec, &Job),
    found: OnDevice,
    test: &Task,
    at: Stream,
) -> Result<Measured, StudyError> {
    let OnDevice { candidates, heuristic, in_use } = found;
    let (chips, prices) = (spec.evaluation.chips, &job.energy);
    let (rows, mut asked) = (candidates.iter(), Asked::new(test));
    let rows = rows.map(|own| OnChips::of(own, &mut asked, chips, at, prices, || ()));
    Ok(Measured { rows: rows.collect::<Result<_, _>>()?, heuristic, in_use })
}

/// One method over all networks.
fn row(spec: &Spec, name: &'static str, place: usize, of_networks: &[Measured]) -> Row {
    Row {
        name,
        further_epochs: spec.training.further.epochs,
        networks: of_networks.iter().map(|one| one.rows[place].clone()).collect(),
        holdout: None,
    }
}
