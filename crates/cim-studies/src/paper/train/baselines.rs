//! Strong baselines at equal budgets and at one read voltage: heuristics, and training without the program.

use cim_chip::ChipDesign;
use cim_core::Volts;
use cim_nn::Network;

use super::rows::{Choice, Group, Row};
use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::candidate::Candidate;
use crate::method::choose::frugal::frugal;
use crate::method::choose::heuristics::{Heuristic, all, best};

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
    let further_epochs = bench.job.further.epochs;
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
