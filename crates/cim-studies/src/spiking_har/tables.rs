//! Tables of the study.

use cim_report::format::{number, seconds, si};
use cim_report::{Estimate, Table};

use super::measured::{Measured, WAYS};
use super::ratios::{learning_ratios, ratios};
use super::spec::Spec;
use crate::shared::estimates::{estimate, paired};

pub fn all(spec: &Spec, measured: &Measured) -> Vec<Table> {
    vec![
        ways(measured),
        subjects(measured),
        counts(measured),
        costs(spec, measured),
        over(spec, measured),
    ]
}

fn share(e: Estimate) -> String {
    format!("{:.2} ± {:.2}", 100.0 * e.mean, 100.0 * e.ci95)
}

fn ways(measured: &Measured) -> Table {
    let before = measured.by_seed(|chip| chip.before);
    let none = "–".to_owned();
    let mut rows = vec![vec![
        "none".to_owned(),
        share(estimate(&before)),
        none.clone(),
        none.clone(),
        "0".to_owned(),
        none,
    ]];
    let bp = measured.by_seed(|chip| chip.after[0]);
    rows.extend(WAYS.iter().enumerate().map(|(way, (_, words, _))| {
        let after = measured.by_seed(|chip| chip.after[way]);
        vec![
            (*words).to_owned(),
            share(estimate(&after)),
            share(paired(&after, &before)),
            share(paired(&after, &bp)),
            number(estimate(&measured.by_seed(|chip| chip.writes[way])).mean),
            si(estimate(&measured.by_seed(|chip| chip.pulse_j[way])).mean, "J"),
        ]
    }));
    let columns = [
        "adaptation",
        "accuracy (%)",
        "over none (points)",
        "over backpropagation (points)",
        "pairs written a window",
        "energy of pulses a window",
    ];
    Table::new("Subject left out, on the chip", columns, rows)
}

fn subjects(measured: &Measured) -> Table {
    let rows = measured.folds.iter().enumerate().map(|(subject, fold)| {
        let of = |value: &dyn Fn(&super::measured::OfChip) -> f64| {
            share(estimate(&fold.chips.iter().map(value).collect::<Vec<_>>()))
        };
        let mut row = vec![
            (subject + 1).to_string(),
            format!("{:.2}", 100.0 * fold.digital_all),
            format!("{:.2}", 100.0 * fold.digital),
            of(&|chip| chip.before),
        ];
        row.extend((0..WAYS.len()).map(|way| of(&|chip| chip.after[way])));
        row
    });
    let columns = [
        "subject",
        "in numbers, all windows (%)",
        "in numbers, later windows (%)",
        "chip (%)",
        "backpropagation (%)",
        "drawn matrices (%)",
        "matrices of the weights (%)",
    ];
    Table::new("Subject by subject", columns, rows)
}

fn counts(measured: &Measured) -> Table {
    let [bp, dfa, _] = &measured.work;
    let rows: Vec<Vec<String>> = [
        ("reads forward", bp.reads, dfa.reads),
        ("rows driven, all", bp.dense_rows, dfa.dense_rows),
        ("rows driven, those with an event", bp.event_rows as u64, dfa.event_rows as u64),
        ("updates of membranes", bp.neuron_updates, dfa.neuron_updates),
        ("transposed reads", bp.transposed_reads, dfa.transposed_reads),
        ("projections of the error", bp.projections, dfa.projections),
        ("pairs written", bp.writes, dfa.writes),
        ("parts of arrays", bp.parts, dfa.parts),
        ("parts with column drivers", bp.two_sided_parts, dfa.two_sided_parts),
        ("membranes kept", bp.stored_membranes, dfa.stored_membranes),
        ("products in sequence, forward", bp.forward_depth, dfa.forward_depth),
        ("products in sequence, backward", bp.backward_depth, dfa.backward_depth),
    ]
    .into_iter()
    .map(|(what, bp, dfa)| vec![what.to_owned(), bp.to_string(), dfa.to_string()])
    .collect();
    let columns = ["count", "backpropagation", "feedback alignment"];
    Table::new("What one window takes, counted", columns, rows)
}

fn costs(spec: &Spec, measured: &Measured) -> Table {
    let rows =
        [("backpropagation", 0), ("feedback alignment", 1)].into_iter().flat_map(|(name, way)| {
            let work = measured.work[way];
            [("events", work.event_rows), ("all rows", work.dense_rows as f64)].map(
                |(kind, rows)| {
                    let energy = work.energy(&spec.prices, rows);
                    let time = work.latency(&spec.prices);
                    let mut row = vec![name.to_owned(), kind.to_owned()];
                    row.extend(energy.iter().map(|e| si(e.0, "J")));
                    row.extend([time.forward, time.backward, time.update].map(|t| seconds(t.0)));
                    row.push(number(work.area_um2(&spec.prices)));
                    row
                },
            )
        });
    let columns = [
        "rule",
        "rows driven",
        "forward",
        "backward",
        "update",
        "time forward",
        "time backward",
        "time update",
        "area (µm²)",
    ];
    Table::new("What one window takes, priced", columns, rows)
}

fn over(spec: &Spec, measured: &Measured) -> Table {
    let [energy, time, area] = ratios(spec, measured, 1);
    let [learning_energy, learning_time] = learning_ratios(spec, measured, 1);
    let change = |ratio: f64| format!("{:+.1} %", 100.0 * (ratio - 1.0));
    let rows = [
        ("energy", change(energy), change(learning_energy), "−64.1 %"),
        ("time", change(time), change(learning_time), "−52.4 % (2.1×)"),
        ("area", change(area), "–".to_owned(), "−10.1 %"),
    ];
    let rows = rows
        .map(|(what, all, learning, paper)| vec![what.to_owned(), all, learning, paper.to_owned()]);
    let columns = ["cost", "whole window", "behind the forward pass", "paper"];
    Table::new("Feedback alignment against backpropagation", columns, rows)
}
