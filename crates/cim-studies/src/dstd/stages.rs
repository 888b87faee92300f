//! The stages of the study, in order.

use cim_core::Stream;
use cim_report::Timing;

use super::data::ImageSets;
use super::learning::Learning;
use super::measured::Measured;
use super::spec::Spec;
use super::{cost, judge, outcome};
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::stages::Stages;
use crate::study::Found;

/// Judges the grid, prices it, and trains on it.
pub fn run(spec: &Spec, sets: &ImageSets, context: &Context<'_>) -> Result<Found, StudyError> {
    let root = Stream::root(spec.seed);
    let mut stages = Stages::new(context);
    let learning = Learning::begin(spec, sets, context, root)?;
    let steps = context.progress.begin("drawn layers", 4);
    let errors = judge::errors(spec, root)?;
    steps.step(1);
    let integrated = judge::integrated(spec, root)?;
    steps.step(1);
    let traces = judge::traces(spec, root)?;
    steps.step(1);
    let simulated = judge::simulated(spec, root, context.simulator)?;
    drop(steps);
    stages.lap("drawn layers");
    let costs = cost::costs(spec, root, context)?;
    stages.lap("cost of solvers");
    let network = learning.network()?;
    stages.lap("train the network");
    let (ideal_at, ideal) = learning.rails()?;
    stages.lap("train by rails");
    let measured =
        Measured { errors, integrated, simulated, costs, network, ideal_at, ideal, traces };
    let report = outcome::report(spec, sets, &measured);
    Ok(Found { report, timing: stages.into_timing(Timing::default()) })
}
