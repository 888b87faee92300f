//! A table of the report for a terminal.

use cim_report::Table;
use cim_report::format::aligned;

/// Columns of the report's table that a terminal shows, by how their names begin, and their heads there.
const SHOWN: [(&str, &str); 8] = [
    ("product", "product"),
    ("inputs ×", "inputs × outputs"),
    ("vectors", "vectors"),
    ("tiles", "tiles"),
    ("DAC clips", "DAC clips %"),
    ("ADC clips", "ADC clips %"),
    ("signal", "S/N dB"),
    ("energy", "energy"),
];

/// The products, one a line.
pub fn products(table: &Table) -> String {
    let places: Vec<usize> = SHOWN
        .iter()
        .filter_map(|(begin, _)| table.columns.iter().position(|name| name.starts_with(begin)))
        .collect();
    let heads = SHOWN.iter().map(|(_, head)| (*head).to_owned()).collect();
    let mut lines: Vec<Vec<String>> = vec![heads];
    lines.extend(table.rows.iter().map(|row| places.iter().map(|&at| row[at].clone()).collect()));
    aligned(&lines)
}

/// Any table, its heads first.
pub fn whole(table: &Table) -> String {
    let mut lines = vec![table.columns.clone()];
    lines.extend(table.rows.iter().cloned());
    aligned(&lines)
}
