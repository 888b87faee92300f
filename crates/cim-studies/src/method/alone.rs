//! Training without the program.

use cim_chip::ChipDesign;

use super::bench::Bench;
use super::candidate::Candidate;
use super::choose::finish::with_scales;
use super::choose::heuristics::{all, best};
use super::digital::Digital;
use super::part::{Method, Part};
use super::through::{Through, train};
use crate::error::StudyError;

/// Training without the program: through the best heuristic design of the digital network, with all
/// parts that concern training, for as long as the full method.
pub fn training_alone(bench: &Bench<'_>, digital: &Digital) -> Result<Candidate, StudyError> {
    let (network, nominal) = (&digital.network, bench.parts.read_voltage);
    let heuristics = all(bench, network, &bench.inputs_of(network), nominal)?;
    trained_through(bench, digital, &best(&heuristics).design)
}

/// Training without the program, through a given design of the digital network.
pub fn trained_through(
    bench: &Bench<'_>,
    digital: &Digital,
    start: &ChipDesign,
) -> Result<Candidate, StudyError> {
    let inputs = bench.inputs_of(&digital.network);
    let program = [Part::Window, Part::ReadVoltage, Part::Clip, Part::FullScale];
    let method = program.into_iter().fold(Method::FULL, Method::without);
    let further = Through::further(bench, digital, &inputs, start);
    let trained = train(bench, &Through { stage: "training-alone", method, ..further })?;
    Ok(with_scales(bench, method, start, trained)?.0)
}
