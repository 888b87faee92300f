//! Tables of what the experiment found, beside the numbers of its pictures.

use cim_report::Table;
use cim_report::format::{
    count, percent, percent_estimate, points, points_estimate, scientific, si,
};

use super::compare;
use super::findings::{Findings, variant_label};

/// Title of the table of variants.
pub const VARIANTS: &str = "Variants";
/// Title of the table of differences.
pub const DIFFERENCES: &str = "Differences over the same chips of the same networks";
/// Title of the table of what parts earn.
pub const PARTS: &str = "Every part alone, and every part left out";
/// Title of the table of parts against percentiles.
pub const REPLACED: &str = "Parts of the program against the best percentile";
/// Title of the table of choices.
pub const CHOICES: &str = "Choices on the held-out images";
/// Title of the table of the error model.
pub const MODEL: &str = "Closed form against Monte Carlo, per column";
/// Title of the table of the optimum.
pub const OPTIMUM: &str = "The optimum";
/// Title of the table of counts.
pub const COUNTS: &str = "Counts by variant";
/// Title of the table of training.
pub const TRAINING: &str = "Training of the first digital network";

/// All of them.
pub fn all(findings: &Findings) -> Vec<Table> {
    let mut tables = vec![
        variants(findings),
        differences(findings),
        error_model(findings),
        optimum(findings),
        counts(findings),
        training(findings),
        parts(findings),
        replaced(findings),
        compare::baselines(findings),
        compare::against(findings),
        compare::training(findings),
        choices(findings),
    ];
    if !findings.program_alone.is_empty() {
        tables.push(compare::program_alone(findings));
    }
    tables
}

fn variants(findings: &Findings) -> Table {
    let digital = findings.control.accuracy;
    let rows = findings.variants.iter().map(|variant| {
        vec![
            variant_label(&variant.name).to_owned(),
            variant.further_epochs.to_string(),
            percent_estimate(&variant.accuracy),
            points(digital - variant.accuracy.mean).replace('+', ""),
            scientific(variant.output_mse),
            si(variant.energy_j, "J"),
            percent(variant.clipped_fraction),
        ]
    });
    let columns = [
        "variant",
        "further epochs",
        "accuracy",
        "loss (points)",
        "output error / signal power",
        "energy per inference",
        "ADC samples clipped",
    ];
    Table::new(VARIANTS, columns, rows)
}

fn differences(findings: &Findings) -> Table {
    let rows = findings.paired.iter().map(|pair| {
        vec![
            format!("{} − {}", variant_label(&pair.a), variant_label(&pair.b)),
            points_estimate(&pair.difference),
            pair.difference.chips.to_string(),
        ]
    });
    let columns = ["difference", "accuracy (points, 95 % interval)", "chips"];
    Table::new(DIFFERENCES, columns, rows)
}

fn error_model(findings: &Findings) -> Table {
    let model = &findings.error_model;
    let ratio = |value: f64| format!("{value:.4}");
    let rows = [
        ("mean of predicted / measured", ratio(model.variance_ratio_mean)),
        ("5th percentile", ratio(model.variance_ratio_p05)),
        ("95th percentile", ratio(model.variance_ratio_p95)),
        ("errors inside the predicted 95 % interval", percent(model.coverage95)),
    ];
    Table::new(MODEL, ["quantity", "value"], rows.map(|(name, v)| vec![name.to_owned(), v]))
}

fn optimum(findings: &Findings) -> Table {
    let chosen = &findings.optimiser;
    let list = |values: &[f64], text: &dyn Fn(f64) -> String| {
        values.iter().map(|value| text(*value)).collect::<Vec<_>>().join(", ")
    };
    let window = |lo, hi| format!("{} to {}", si(lo, "S"), si(hi, "S"));
    let ceiling = if chosen.ceiling_tightened { "bound, tightened" } else { "did not bind" };
    let rows = [
        ("conductance window chosen", window(chosen.g_min_s, chosen.g_max_s)),
        ("window the device offers", window(chosen.g_off_s, chosen.g_on_s)),
        ("read voltage", si(chosen.read_voltage_v, "V")),
        ("weight clip of each layer, of its largest weight", list(&chosen.weight_clip, &percent)),
        ("ADC full scale of each tile", list(&chosen.full_scale_a, &|a| si(a, "A"))),
        ("relative duality gap of the optimum", scientific(chosen.gap)),
        ("gap of the design in use to the proven bound", percent(chosen.in_use.gap)),
        ("rank correlation of the objective with what is lost", findings.objective_rank.words()),
        ("fast path above the conic optimum", scientific(chosen.fast_objective_gap)),
        ("ceiling of the full scale", ceiling.to_owned()),
    ];
    Table::new(OPTIMUM, ["quantity", "value"], rows.map(|(name, v)| vec![name.to_owned(), v]))
}

fn parts(findings: &Findings) -> Table {
    let rows = findings.add_one_in.iter().zip(&findings.leave_one_out).map(|(added, left_out)| {
        vec![
            variant_label(&added.name).to_owned(),
            percent_estimate(&added.accuracy),
            points_estimate(&added.difference),
            percent_estimate(&left_out.accuracy),
            points_estimate(&left_out.difference),
        ]
    });
    let columns =
        ["part", "alone", "earns alone (points)", "without it", "earns among all others (points)"];
    Table::new(PARTS, columns, rows)
}

fn replaced(findings: &Findings) -> Table {
    let rows = findings.replaced.iter().map(|row| {
        vec![
            variant_label(&row.name).to_owned(),
            percent_estimate(&row.accuracy),
            points_estimate(&row.difference),
        ]
    });
    let columns = ["part", "with the best percentile in its place", "the program's earns (points)"];
    Table::new(REPLACED, columns, rows)
}

fn choices(findings: &Findings) -> Table {
    let rows = findings
        .choices
        .iter()
        .map(|choice| vec![choice.network.to_string(), choice.what.clone(), choice.chosen.clone()]);
    Table::new(CHOICES, ["network", "what", "chosen"], rows).folded()
}

fn counts(findings: &Findings) -> Table {
    let rows = findings.variants.iter().map(|variant| {
        let counts = &variant.tally;
        let numbers = [
            counts.adc_conversions,
            counts.adc_clips,
            counts.dac_conversions,
            counts.dac_clips,
            counts.cells_programmed,
            counts.cells_outside_window,
            counts.cells_at_zero,
            counts.weights_clipped,
        ];
        [variant_label(&variant.name).to_owned()].into_iter().chain(numbers.map(count)).collect()
    });
    let columns = [
        "variant",
        "ADC conversions",
        "ADC clipped",
        "DAC conversions",
        "DAC clipped",
        "cells programmed",
        "outside the window",
        "held at 0 S",
        "weights clipped",
    ];
    Table::new(COUNTS, columns, rows)
}

fn training(findings: &Findings) -> Table {
    let rows = findings.digital.history.iter().map(|epoch| {
        vec![epoch.epoch.to_string(), format!("{:.4}", epoch.loss), percent(epoch.accuracy)]
    });
    Table::new(TRAINING, ["epoch", "loss (nats)", "accuracy on the held-out images"], rows).folded()
}
