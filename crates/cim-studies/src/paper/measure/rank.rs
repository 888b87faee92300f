//! Whether the program's objective puts designs in the order of their accuracy.

use cim_chip::{
    ChipDesign, Ranges, RankEstimate, Ranked, SOFTENED, Task, random_designs, sensitivities,
};
use cim_core::Stream;

use crate::error::StudyError;
use crate::paper::candidate::Candidate;
use crate::paper::spec::Spec;

/// Rank correlation of the objective with what is lost, over random designs around `naive`, with its
/// interval over designs; accuracies are on `holdout`. `tick` is called after each design.
pub fn objective_rank(
    spec: &Spec,
    naive: &Candidate,
    holdout: &Task,
    tick: impl Fn() + Sync,
) -> Result<RankEstimate, StudyError> {
    let Candidate { network, design, inputs } = naive;
    let (count, at) = (spec.error_model.designs, Stream::root(spec.seed).child("rank", 0));
    let designs = random_designs(spec.rules(), design, network, inputs, Ranges::WIDE, count, at)?;
    let felt = sensitivities(network, inputs, SOFTENED);
    let objective = |design: &ChipDesign| design.objective(network, inputs, &felt);
    let chips = (spec.holdout.chips, at);
    let ranked = Ranked::of(&designs, network, holdout, objective, chips, tick)?;
    Ok(ranked.estimate(at))
}
