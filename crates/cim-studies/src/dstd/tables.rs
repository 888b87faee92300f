//! Tables of the study.

use cim_dynamics::ttfs::Score;
use cim_report::format::{seconds, times};
use cim_report::{Estimate, Table};

use super::data::ImageSets;
use super::measured::Measured;
use super::ratios::{SOLVERS, nearer, plain, speedup, with_digits};
use super::spec::Spec;
use crate::shared::estimates::estimate;

pub fn all(spec: &Spec, sets: &ImageSets, measured: &Measured) -> Vec<Table> {
    let mut tables = vec![
        costs(measured),
        speedups(spec, measured),
        errors(measured),
        discrepancies(measured),
        rails(spec, sets, measured),
        tested(sets, measured),
    ];
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn four_digits(e: Estimate) -> String {
    with_digits(e, 5)
}

/// The middle of some values.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

fn bytes(bytes: usize) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.0} MB", bytes as f64 / 1e6),
    }
}

fn costs(measured: &Measured) -> Table {
    let rows = measured.costs.iter().flat_map(|cost| {
        SOLVERS.iter().enumerate().map(|(k, name)| {
            vec![
                cost.inputs.to_string(),
                (*name).to_owned(),
                seconds(median(&cost.seconds[k])),
                bytes(cost.bytes[k]),
            ]
        })
    });
    let columns = ["inputs", "solver", "a sample, median", "memory of the step"];
    Table::new("A training step of one layer", columns, rows)
}

fn speedups(spec: &Spec, measured: &Measured) -> Table {
    let ratio = |e: Estimate| format!("{:.1} ± {:.1}", e.mean, e.ci95);
    let rows = measured.costs.iter().map(|cost| {
        vec![
            cost.inputs.to_string(),
            ratio(speedup(cost, 0, 2)),
            ratio(speedup(cost, 0, 3)),
            ratio(speedup(cost, 1, 2)),
            ratio(speedup(cost, 1, 3)),
            times(cost.bytes[0] as f64 / cost.bytes[2].max(1) as f64),
            times(cost.bytes[0] as f64 / cost.bytes[3].max(1) as f64),
        ]
    });
    let beside = format!("{} samples", spec.cost.batch);
    let columns = [
        "inputs".to_owned(),
        "exact over grid, one sample".to_owned(),
        format!("exact over grid, {beside}"),
        "scan over grid, one sample".to_owned(),
        format!("scan over grid, {beside}"),
        "memory, one sample".to_owned(),
        format!("memory, {beside}"),
    ];
    Table::new("How many times less the grid takes", columns, rows)
}

fn errors(measured: &Measured) -> Table {
    let rows = measured.errors.iter().map(|errors| {
        vec![
            errors.per_window.to_string(),
            four_digits(estimate(&errors.mean)),
            four_digits(estimate(&errors.largest)),
            errors.lost.to_string(),
        ]
    });
    let columns = ["M", "mean (windows)", "largest of a layer (windows)", "spikes lost"];
    Table::new("Spike-time error of the grid", columns, rows)
}

fn discrepancies(measured: &Measured) -> Table {
    let judges =
        [("Runge–Kutta", Some(&measured.integrated)), ("ngspice", measured.simulated.as_ref())];
    let rows = judges.into_iter().filter_map(|(judge, found)| Some((judge, found?))).flat_map(
        |(judge, found)| {
            let models = [
                ("ideal current sources", &found.ideal),
                ("nominal rails", &found.rails),
                ("the circuit's own rails", &found.equivalent),
                ("all parts", &found.physical),
            ];
            models.into_iter().map(move |(model, rms)| {
                let ratio = nearer(found, rms);
                vec![judge.to_owned(), model.to_owned(), four_digits(estimate(rms)), plain(ratio)]
            })
        },
    );
    let columns = ["circuit by", "model", "distance (windows)", "times nearer than ideal"];
    Table::new("How far models are from the circuit", columns, rows)
}

fn rails(spec: &Spec, sets: &ImageSets, measured: &Measured) -> Table {
    let share = |value: f64| format!("{:.2}", 100.0 * value);
    let of = |score: Score| {
        let silent = score.silent as f64 / score.samples.max(1) as f64;
        [share(score.accuracy()), share(silent)]
    };
    let mut rows: Vec<Vec<String>> = measured
        .ideal_at
        .iter()
        .map(|at| {
            let [ideal, ideal_silent] = of(at.ideal);
            let [physical, physical_silent] = of(at.physical);
            vec![at.thresholds.to_string(), ideal, ideal_silent, physical, physical_silent]
        })
        .collect();
    let [ideal, silent] = of(measured.ideal);
    rows.push(vec!["none: ideal".to_owned(), ideal.clone(), silent.clone(), ideal, silent]);
    let columns = [
        "rails (thresholds)",
        "trained ideal (%)",
        "images without an answer (%)",
        "trained with rails (%)",
        "images without an answer (%)",
    ];
    let title = format!("{}: test accuracy with rails, {}", sets.name, spec.rails.words());
    Table::new(title, columns, rows)
}

fn tested(sets: &ImageSets, measured: &Measured) -> Table {
    let rows = measured.network.tested.iter().map(|(per_window, score)| {
        vec![
            per_window.to_string(),
            format!("{:.2}", 100.0 * score.accuracy()),
            score.silent.to_string(),
            format!("{:.2}", score.hidden_fired),
        ]
    });
    let columns =
        ["M", "test accuracy (%)", "images without an answer", "share of hidden neurons that fire"];
    Table::new(format!("{}: the network by intervals of its grid", sets.name), columns, rows)
}
