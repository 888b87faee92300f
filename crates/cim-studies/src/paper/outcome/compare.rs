//! Tables of baselines.

use cim_report::Table;
use cim_report::format::{percent_estimate, points_estimate, scientific, si};

use super::findings::{Findings, variant_label};
use super::voice::ratio;

/// Title of the table of baselines.
pub const BASELINES: &str = "Baselines";
/// Title of the comparison of the program alone.
pub const PROGRAM_ALONE: &str =
    "The program alone against the best heuristic, no training through the chip";
/// Title of the comparison with the best heuristic.
pub const AGAINST: &str = "The full method against the best heuristic, at equal read voltage";
/// Title of the comparison with training alone.
pub const TRAINING_ALONE: &str =
    "The full method against training without the program, at equal read voltage";

/// Every baseline at either read voltage.
pub fn baselines(findings: &Findings) -> Table {
    let rows = findings.baselines.iter().map(|row| {
        vec![
            variant_label(&row.name).to_owned(),
            si(row.read_voltage_v, "V"),
            percent_estimate(&row.accuracy),
            scientific(row.output_mse),
            si(row.energy_j, "J"),
            si(row.energy_without_sense_j, "J"),
        ]
    });
    let columns = [
        "design",
        "read voltage",
        "accuracy",
        "output error / signal power",
        "energy per inference",
        "without sense amplifiers",
    ];
    Table::new(BASELINES, columns, rows)
}

/// The full method against training alone.
pub fn training(findings: &Findings) -> Table {
    let rows = findings.against_training_alone.iter().map(|row| {
        vec![
            format!("{} voltage", row.at),
            percent_estimate(&row.accuracy_alone),
            points_estimate(&row.accuracy),
            percent_estimate(&row.error_reduction),
            percent_estimate(&row.energy_saved),
        ]
    });
    let columns =
        ["at", "training alone", "full method (points)", "less output error", "less energy"];
    Table::new(TRAINING_ALONE, columns, rows)
}

/// The program alone against the best heuristic, resolution by resolution.
pub fn program_alone(findings: &Findings) -> Table {
    let rows = findings.program_alone.iter().map(|row| {
        vec![
            row.bits.to_string(),
            percent_estimate(&row.heuristic),
            percent_estimate(&row.program),
            points_estimate(&row.difference),
            ratio(&row.recovered),
        ]
    });
    let columns = [
        "ADC bits",
        "best heuristic",
        "program alone",
        "difference (points)",
        "of the heuristic's loss won back",
    ];
    Table::new(PROGRAM_ALONE, columns, rows)
}

/// The full method against the best heuristic.
pub fn against(findings: &Findings) -> Table {
    let rows = findings.against_heuristic.iter().map(|row| {
        vec![
            format!("{}, {} voltage", variant_label(&row.heuristic), row.at),
            points_estimate(&row.accuracy),
            percent_estimate(&row.error_reduction),
            percent_estimate(&row.energy_saved),
            percent_estimate(&row.energy_saved_at_no_less_accuracy),
            percent_estimate(&row.without_sense_saved_at_no_less_accuracy),
            points_estimate(&row.accuracy_of_frugal),
        ]
    });
    let columns = [
        "against",
        "accuracy (points)",
        "less output error",
        "less energy",
        "less energy at no less accuracy",
        "the same without sense amplifiers",
        "accuracy there (points)",
    ];
    Table::new(AGAINST, columns, rows)
}
