//! Whether the program's objective puts designs in the order of their accuracy.

use cim_chip::{Ranges, Ranked, SOFTENED, random_designs, sensitivities};
use cim_core::Stream;
use cim_nn::Dataset;

use crate::context::Context;
use crate::error::StudyError;
use crate::paper::candidate::Candidate;
use crate::paper::spec::Spec;

/// Rank correlation of the objective with what is lost, over random designs around `naive`; accuracies
/// are on `holdout`.
pub fn objective_rank(
    spec: &Spec,
    context: &Context<'_>,
    naive: &Candidate,
    holdout: &Dataset,
) -> Result<f64, StudyError> {
    let Candidate { network, design, inputs } = naive;
    let (count, at) = (spec.error_model.designs, Stream::root(spec.seed).child("rank", 0));
    let steps = context.progress.begin("rank designs", count);
    let designs = random_designs(spec.rules(), design, network, inputs, Ranges::WIDE, count, at)?;
    let felt = sensitivities(network, inputs, SOFTENED);
    let objective = |design: &cim_chip::ChipDesign| design.objective(network, inputs, &felt);
    let chips = (spec.holdout.chips, at);
    let ranked = Ranked::of(&designs, network, holdout, objective, chips, || steps.step(1))?;
    Ok(ranked.correlation())
}
