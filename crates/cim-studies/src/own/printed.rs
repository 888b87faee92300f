//! An answer in the words of a terminal.

use std::fmt::Write;

use super::tables::PRODUCTS;
use crate::study::Found;

/// Columns of the report's table of products that a terminal shows, by how their names begin, and their
/// heads there.
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

/// Summary, products and, where asked for, the budget.
pub fn printed(found: &Found) -> String {
    let report = &found.report;
    let mut text = cim_report::summary(report, &found.timing);
    for table in &report.tables {
        if table.title == PRODUCTS {
            let _ = write!(text, "\n{}", cim_report::table_of(table, &SHOWN));
        } else if !table.folded {
            let _ = write!(text, "\n{}\n{}", table.title, cim_report::table(table));
        }
    }
    let points = report.chapters.iter().flat_map(|chapter| &chapter.points);
    for line in points.chain(report.notes.iter().skip(2)) {
        let _ = write!(text, "\n{line}");
    }
    text.push('\n');
    text
}
