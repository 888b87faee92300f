//! Tables of the study.

use cim_report::format::{number, percent, points_estimate, seconds, si};
use cim_report::{Estimate, Table};

use super::measured::{OfMethod, OfSubject, Point};
use super::spec::Spec;

pub fn all(spec: &Spec, measured: &[OfSubject]) -> Vec<Table> {
    let mut tables: Vec<Table> = measured.iter().map(|subject| methods(spec, subject)).collect();
    tables.extend(measured.iter().map(|subject| costs(spec, subject)));
    tables.extend(measured.iter().map(sweep));
    tables.extend(measured.iter().map(strides));
    tables.extend(measured.iter().filter(|subject| !subject.by_stride.is_empty()).map(least));
    tables.extend(measured.iter().filter(|subject| !subject.by_stride.is_empty()).map(rules));
    tables.extend(measured.iter().map(|subject| bits(spec, subject).folded()));
    tables
}

fn ratio(e: Estimate) -> String {
    if e.chips < 2 { format!("{:.2}", e.mean) } else { format!("{:.2} ± {:.2}", e.mean, e.ci95) }
}

fn accuracy(run: &OfMethod) -> String {
    run.accuracy().map_or_else(|| "–".to_owned(), percent)
}

fn methods(spec: &Spec, subject: &OfSubject) -> Table {
    let rows = spec.methods().into_iter().enumerate().map(|(idx, method)| {
        let run = &subject.methods[idx];
        let weights = subject.weights.max(1) as f64;
        vec![
            method.name.to_owned(),
            number(run.draws[0].writes() as f64 / weights),
            ratio(subject.ratio(idx)),
            format!("{:.2}", run.rms_error().mean),
            format!("{:.2}", 100.0 * run.error_of_products().mean),
            accuracy(run),
            subject.lost(idx).map_or_else(|| "–".to_owned(), |lost| points_estimate(&lost)),
        ]
    });
    let columns = [
        "method",
        "writes a weight",
        "times fewer",
        "error of a weight (steps, rms)",
        "error of products (%)",
        "accuracy (%)",
        "lost (points)",
    ];
    Table::new(format!("What writes are saved and lost: {}", subject.name), columns, rows)
}

fn costs(spec: &Spec, subject: &OfSubject) -> Table {
    let weights = subject.weights.max(1) as f64;
    let readings = subject.baseline().readings.max(1) as f64;
    let rows = spec.methods().into_iter().zip(&subject.methods).map(|(method, run)| {
        let counts = &run.draws[0];
        vec![
            method.name.to_owned(),
            counts.set.to_string(),
            counts.reset.to_string(),
            counts.most_of_a_cell.to_string(),
            si(run.bill.energy.0, "J"),
            seconds(run.bill.time.0),
            number(run.bill.passes),
            format!("{:.1}", run.index_bits as f64 / weights),
            format!("{:.1}", run.readings as f64 / readings),
        ]
    });
    let columns = [
        "method",
        "cells set",
        "cells reset",
        "greatest writes of a cell",
        "energy of a pass",
        "time of a pass",
        "passes until a cell wears out",
        "list of places (bits a weight)",
        "readings, against unsorted",
    ];
    Table::new(format!("What a pass costs: {}", subject.name), columns, rows)
}

fn sweep(subject: &OfSubject) -> Table {
    let rows = subject.errors.iter().flat_map(|(name, points)| {
        points.iter().map(move |point| {
            let mut row = vec![(*name).to_owned(), format!("{:.2}", point.run.rms_error().mean)];
            row.extend(saved_and_lost(point, subject));
            row
        })
    });
    let columns = ["rule", "error (steps, rms)"].into_iter().chain(SAVED_AND_LOST);
    Table::new(format!("Weights that are off, on sorted layers: {}", subject.name), columns, rows)
}

/// Columns of [`saved_and_lost`].
const SAVED_AND_LOST: [&str; 4] =
    ["times fewer", "error of products (%)", "accuracy (%)", "lost (points)"];

fn saved_and_lost(point: &Point, subject: &OfSubject) -> [String; 4] {
    let lost = point.run.lost(subject.baseline());
    [
        ratio(point.ratio),
        format!("{:.2}", 100.0 * point.run.error_of_products().mean),
        accuracy(&point.run),
        lost.map_or_else(|| "–".to_owned(), |lost| points_estimate(&lost)),
    ]
}

fn strides(subject: &OfSubject) -> Table {
    let rows = subject.strides.iter().flat_map(|(name, points)| {
        points.iter().map(move |(stride, point)| {
            let mut row = vec![(*name).to_owned(), stride.to_string()];
            row.extend(saved_and_lost(point, subject));
            row
        })
    });
    let columns = ["method", "stride (sections)"].into_iter().chain(SAVED_AND_LOST);
    Table::new(format!("What is saved and lost, by stride: {}", subject.name), columns, rows)
}

fn least(subject: &OfSubject) -> Table {
    let rows = subject.by_stride.iter().map(|at| {
        let (name, point) = at.least();
        let mut row = vec![at.stride.to_string(), name.clone()];
        row.extend(saved_and_lost(point, subject));
        row
    });
    let columns = ["stride (sections)", "rule of least error"].into_iter().chain(SAVED_AND_LOST);
    let title = format!("Least error that saves as many writes as asked for: {}", subject.name);
    Table::new(title, columns, rows)
}

fn rules(subject: &OfSubject) -> Table {
    let mut columns = vec!["rule".to_owned()];
    columns.extend(subject.by_stride.iter().map(|at| format!("stride {}", at.stride)));
    let names = subject.by_stride.first().map_or(&[][..], |at| &at.rules);
    let rows = names.iter().enumerate().map(|(idx, (name, _))| {
        let mut row = vec![name.clone()];
        row.extend(subject.by_stride.iter().map(|at| {
            let point = &at.rules[idx].1;
            let off = percent(point.run.error_of_products().mean);
            format!("{}, {off} off", ratio(point.ratio))
        }));
        row
    });
    let title = format!("Times fewer writes and error of products, all rules: {}", subject.name);
    Table::new(title, columns, rows).folded()
}

fn bits(spec: &Spec, subject: &OfSubject) -> Table {
    let cells = spec.cells.cells();
    let name = |cell: usize| match cell {
        cell if cell < spec.cells.bits as usize => format!("bit {cell}"),
        _ => "sign".to_owned(),
    };
    let mut columns = vec!["method".to_owned()];
    columns.extend((0..cells).map(name));
    let weights = subject.weights.max(1) as f64;
    let rows = spec.methods().into_iter().zip(&subject.methods).map(|(method, run)| {
        let mut row = vec![method.name.to_owned()];
        row.extend(run.draws[0].by_cell.iter().map(|n| format!("{:.3}", *n as f64 / weights)));
        row
    });
    Table::new(format!("Writes a weight, cell by cell: {}", subject.name), columns, rows)
}
