//! Whether the program's objective puts designs in the order of their accuracy.

use cim_chip::{
    ChipDesign, Ranges, RankEstimate, Ranked, SOFTENED, Task, random_designs, sensitivities,
};
use cim_core::Stream;

use crate::error::StudyError;
use crate::method::candidate::Candidate;
use crate::method::job::Job;

/// Rank correlation of the objective with what is lost, over `count` random designs around `naive`, with its
/// interval over designs; accuracies are on `holdout`, of `chips` chips each. `tick` is called after each design.
pub fn objective_rank(
    job: &Job,
    (count, chips): (usize, usize),
    naive: &Candidate,
    holdout: &Task,
    tick: impl Fn() + Sync,
) -> Result<RankEstimate, StudyError> {
    let Candidate { network, design, inputs } = naive;
    let at = Stream::root(job.seed).child("rank", 0);
    let designs = random_designs(job.rules(), design, network, inputs, Ranges::WIDE, count, at)?;
    let felt = sensitivities(network, inputs, SOFTENED);
    let objective = |design: &ChipDesign| design.objective(network, inputs, &felt);
    let chips = (chips, at);
    let ranked = Ranked::of(&designs, network, holdout, objective, chips, tick)?;
    Ok(ranked.estimate(at))
}
