//! Tables of the study.

use cim_report::Table;
use cim_report::format::{percent, points_estimate};

use super::measured::{Factors, Setting};
use super::methods::{ORDERS, PLAIN, REMEDIES};

pub fn all(factors: &[Factors], settings: &[Setting]) -> Vec<Table> {
    let mut tables: Vec<Table> = factors.iter().map(factor_table).collect();
    tables.extend(settings.iter().map(accuracy_table));
    tables
}

fn factor_table(of: &Factors) -> Table {
    let rows = ORDERS.iter().enumerate().map(|(idx, order)| {
        let predicted = of.predicted[idx].iter().sum::<f64>() / of.predicted[idx].len() as f64;
        let lowered = |kind: usize| points_estimate(&of.lowered(idx, kind));
        vec![
            order.name.to_owned(),
            format!("{:.5}", of.mean(idx, 0)),
            format!("{predicted:.5}"),
            lowered(0),
            format!("{:.5}", of.mean(idx, 1)),
            lowered(1),
        ]
    });
    let columns = [
        "placement",
        "taken of all currents",
        "to first order",
        "lowered by (%)",
        "taken of all products",
        "lowered by (%), products",
    ];
    let title = format!("What wires take: {}, {} of cells active", of.name, percent(of.density));
    Table::new(title, columns, rows)
}

fn accuracy_table(of: &Setting) -> Table {
    let mut columns = vec!["placement".to_owned()];
    columns.extend(REMEDIES.iter().map(|(_, name)| format!("{name} (%)")));
    columns.push("over plain, nothing else (points)".to_owned());
    let rows = ORDERS.iter().enumerate().map(|(idx, order)| {
        let mut row = vec![order.name.to_owned()];
        row.extend(
            (0..REMEDIES.len())
                .map(|remedy| of.accuracy(idx, remedy).map_or_else(|| "–".to_owned(), percent)),
        );
        let gain = of.gain((idx, 0), (PLAIN, 0));
        row.push(gain.map_or_else(|| "–".to_owned(), |gain| points_estimate(&gain)));
        row
    });
    let title = format!(
        "Accuracy with {} a cell: {}, {} on ideal wires",
        of.wire,
        of.name,
        percent(super::measured::mean(&of.ideal))
    );
    Table::new(title, columns, rows)
}
