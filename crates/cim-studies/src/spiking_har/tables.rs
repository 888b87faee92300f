//! Tables of the study.

use cim_dynamics::spiking::Work;
use cim_report::format::{number, number_estimate, seconds, si, si_estimate};
use cim_report::{Estimate, Table};

use super::claims::claims;
use super::measured::{BP, DFA, Measured, OfChip, Runs, WAYS};
use super::ratios::cost;
use super::spec::Spec;
use crate::shared::estimates::estimate;

pub fn all(spec: &Spec, measured: &Measured) -> Vec<Table> {
    let drifted = format!("The same on drifted arrays, {} after writing", spec.drift.words());
    vec![
        published(spec, measured),
        ways("Subject left out, on the chip".to_owned(), &measured.fresh),
        ways(drifted, &measured.drifted),
        subjects(spec, measured),
        counts(measured),
        costs(spec, measured),
    ]
}

fn published(spec: &Spec, measured: &Measured) -> Table {
    let rows = claims(spec, measured).into_iter().map(|claim| {
        vec![claim.what, claim.paper.to_owned(), claim.here, claim.verdict, claim.why]
    });
    let columns = ["figure", "published", "here", "verdict", "what decides it"];
    Table::new("Feedback alignment against backpropagation, as published and here", columns, rows)
}

fn share(e: Estimate) -> String {
    format!("{:.2} ± {:.2}", 100.0 * e.mean, 100.0 * e.ci95)
}

fn ways(title: String, runs: &Runs) -> Table {
    let none = "–".to_owned();
    let mut rows = vec![vec![
        "none".to_owned(),
        share(runs.before()),
        share(runs.over_subjects(|chip| chip.before)),
        none.clone(),
        none.clone(),
        none.clone(),
        "0".to_owned(),
        none,
    ]];
    rows.extend(WAYS.iter().enumerate().map(|(way, (_, words, _))| {
        vec![
            (*words).to_owned(),
            share(runs.after(way)),
            share(runs.over_subjects(|chip| chip.ways[way].after)),
            share(runs.gain_over_nothing(way)),
            share(runs.gain(way, BP)),
            share(runs.over_subjects(|chip| chip.ways[way].after - chip.ways[BP].after)),
            number(runs.over_seeds(|chip| chip.ways[way].pairs).mean),
            si(runs.over_seeds(|chip| chip.ways[way].pulse_j).mean, "J"),
        ]
    }));
    let columns = [
        "adaptation",
        "accuracy, over seeds (%)",
        "the same, over subjects (%)",
        "over none, over seeds (points)",
        "over backpropagation, over seeds (points)",
        "the same, over subjects (points)",
        "pairs written a window",
        "energy of pulses a window, by the cells' law",
    ];
    Table::new(title, columns, rows)
}

fn subjects(spec: &Spec, measured: &Measured) -> Table {
    let numbers = &spec.adaptation.subjects;
    let rows =
        measured.folds.iter().zip(&measured.fresh.0).zip(numbers).map(|((fold, chips), number)| {
            let of = |value: &dyn Fn(&OfChip) -> f64| {
                share(estimate(&chips.iter().map(value).collect::<Vec<_>>()))
            };
            let mut row = vec![
                number.to_string(),
                format!("{:.2}", 100.0 * fold.all),
                format!("{:.2}", 100.0 * fold.late),
                of(&|chip| chip.before),
            ];
            row.extend((0..WAYS.len()).map(|way| of(&|chip| chip.ways[way].after)));
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
    let row = |what: &str, value: &dyn Fn(&Work) -> f64| {
        let of = |way: usize| number_estimate(&cost(measured, way, value));
        vec![what.to_owned(), of(BP), of(DFA)]
    };
    let rows = [
        row("reads forward", &|work| work.reads as f64),
        row("rows driven, all", &|work| work.dense_rows as f64),
        row("rows driven, those with an event", &|work| work.event_rows),
        row("updates of membranes", &|work| work.neuron_updates as f64),
        row("transposed reads", &|work| work.transposed_reads as f64),
        row("projections of the error", &|work| work.projections as f64),
        row("pulses that raise a cell", &|work| work.written.of_a_sequence()[0]),
        row("pulses that lower a cell", &|work| work.written.of_a_sequence()[1]),
        row("rows written one after the other", &|work| work.written.of_a_sequence()[2]),
        row("parts of arrays", &|work| work.parts as f64),
        row("parts with column drivers", &|work| work.two_sided_parts as f64),
        row("membranes kept", &|work| work.stored_membranes as f64),
        row("products in sequence, forward", &|work| work.forward_depth as f64),
        row("products in sequence, backward", &|work| work.backward_depth as f64),
    ];
    let columns = ["count", "backpropagation", "feedback alignment, drawn matrices"];
    Table::new("What one window takes, counted", columns, rows)
}

fn costs(spec: &Spec, measured: &Measured) -> Table {
    let prices = &spec.prices;
    let ways = [("backpropagation", BP), ("feedback alignment, drawn matrices", DFA)];
    let rows = ways.into_iter().flat_map(|(name, way)| {
        let of = |value: &dyn Fn(&Work) -> f64| cost(measured, way, value);
        ["events", "all rows"].map(|kind| {
            let driven = |work: &Work| match kind {
                "events" => work.event_rows,
                _ => work.dense_rows as f64,
            };
            let energy = |k: usize| of(&|work| work.energy(prices, driven(work))[k].0);
            let time = [
                of(&|work| work.latency(prices).forward.0),
                of(&|work| work.latency(prices).backward.0),
                of(&|work| work.latency(prices).update.0),
            ];
            let mut row = vec![name.to_owned(), kind.to_owned()];
            row.extend([0, 1, 2].map(|k| si_estimate(&energy(k), "J")));
            row.extend(time.map(|time| seconds(time.mean)));
            row.push(number(of(&|work| work.area_um2(prices)).mean.round()));
            row
        })
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
