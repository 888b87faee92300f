//! Strong baselines at equal budgets: heuristics, and training without the program.

use cim_chip::ChipDesign;
use cim_core::Volts;
use cim_nn::Network;

use super::digital::Digital;
use super::rows::{Choice, Group, Row};
use super::through::{Through, train};
use crate::error::StudyError;
use crate::paper::bench::Bench;
use crate::paper::candidate::Candidate;
use crate::paper::choose::finish::with_scales;
use crate::paper::choose::frugal::frugal;
use crate::paper::choose::heuristics::{Heuristic, all};
use crate::paper::method::{Method, Part};

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

/// The heuristic that is best on the held-out images.
pub fn best(heuristics: &[Heuristic]) -> &Heuristic {
    let best =
        heuristics.iter().reduce(|best, one| if best.accuracy < one.accuracy { one } else { best });
    best.expect("there are heuristics")
}

/// All baselines at a read voltage, the full method put at it, and the full method with as little
/// energy as the accuracy of the best heuristic allows.
pub fn at_voltage(
    bench: &Bench<'_>,
    group: Group,
    volts: Volts,
    control: &Network,
    alone: &Candidate,
    full: &Candidate,
    choices: &mut Vec<Choice>,
) -> Result<Vec<Row>, StudyError> {
    let inputs = bench.inputs_of(control);
    let heuristics = all(bench, control, &inputs, volts)?;
    let least_accuracy = best(&heuristics).accuracy;
    let further_epochs = bench.spec.training.further.epochs;
    let mut rows = Vec::new();
    let mut push = |name, network: &Network, design: ChipDesign, holdout| {
        let (network, inputs) = (network.clone(), bench.inputs_of(network));
        let candidate = Candidate { network, design, inputs };
        rows.push(Row { group, name, further_epochs, candidate, holdout });
    };
    let naive = bench.naive(control, &inputs, volts)?;
    let accuracy = bench.holdout(&naive, control)?;
    push("naive", control, naive, Some(accuracy));
    for Heuristic { name, design, accuracy, chosen } in heuristics {
        choices.push(Choice { what: format!("{name} at {volts}"), chosen });
        push(name, control, design, Some(accuracy));
    }
    let trained = alone.design.clone().at_read_voltage(&alone.inputs, volts)?;
    let accuracy = bench.holdout(&trained, &alone.network)?;
    push("training_alone", &alone.network, trained, Some(accuracy));
    let equal = full.design.clone().at_read_voltage(&full.inputs, volts)?;
    let accuracy = bench.holdout(&equal, &full.network)?;
    push("full", &full.network, equal, Some(accuracy));
    let least = frugal(bench, full, volts, least_accuracy)?;
    let accuracy = bench.holdout(&least, &full.network)?;
    push("full_frugal", &full.network, least, Some(accuracy));
    Ok(rows)
}
