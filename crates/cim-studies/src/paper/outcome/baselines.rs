//! Strong baselines, and the full method against the best of them.

use super::findings::{AgainstHeuristic, AgainstTraining, Baseline};
use super::given::{of_table, row};
use crate::method::choose::heuristics::STRONGEST;
use crate::method::rows::OnChips;
use crate::paper::measure::table::Tabled;
use crate::paper::train::rows::Group;

/// Both read voltages at which baselines are measured, by their names.
const VOLTAGES: [(Group, &str); 2] =
    [(Group::AtNominal, "nominal"), (Group::AtOptimised, "optimised")];

/// Every baseline at either voltage.
pub fn baselines(rows: &[Tabled]) -> Vec<Baseline> {
    let of = |(group, at): (Group, &'static str)| {
        of_table(rows, group).map(move |row| Baseline {
            name: row.name.to_owned(),
            at,
            read_voltage_v: row.mean(|network| network.read_voltage_v),
            accuracy: row.accuracy(),
            holdout_accuracy: row.holdout,
            output_mse: row.mean(error),
            energy_j: row.mean(total),
            energy_without_sense_j: row.mean(without_sense),
        })
    };
    VOLTAGES.into_iter().flat_map(of).collect()
}

/// The full method against the strongest heuristic: clips, ranges, full scales and window, the most frugal
/// setting of those that are no less accurate on the held-out images than the best, but for the preset's
/// slack.
pub fn against_heuristic(rows: &[Tabled]) -> Vec<AgainstHeuristic> {
    let of = |(group, at)| {
        let best = row(rows, group, STRONGEST);
        let (equal, frugal) = (row(rows, group, "full"), row(rows, group, "full_frugal"));
        AgainstHeuristic {
            at,
            heuristic: best.name.to_owned(),
            accuracy: equal.minus(best),
            error_reduction: equal.saved(best, error),
            energy_saved: equal.saved(best, total),
            energy_saved_at_no_less_accuracy: frugal.saved(best, total),
            without_sense_saved_at_no_less_accuracy: frugal.saved(best, without_sense),
            accuracy_of_frugal: frugal.minus(best),
        }
    };
    VOLTAGES.into_iter().map(of).collect()
}

/// The full method against training without the program.
pub fn against_training(rows: &[Tabled]) -> Vec<AgainstTraining> {
    let of = |(group, at)| {
        let (full, alone) = (row(rows, group, "full"), row(rows, group, "training_alone"));
        AgainstTraining {
            at,
            accuracy_alone: alone.accuracy(),
            accuracy: full.minus(alone),
            error_reduction: full.saved(alone, error),
            energy_saved: full.saved(alone, total),
        }
    };
    VOLTAGES.into_iter().map(of).collect()
}

fn error(network: &OnChips) -> f64 {
    network.measured.output_mse
}

fn total(network: &OnChips) -> f64 {
    network.energy.total()
}

fn without_sense(network: &OnChips) -> f64 {
    network.energy.total() - network.energy.sense
}
