//! Tables of the study.

use cim_adc::FullScale;
use cim_report::Table;
use cim_report::format::{percent, percent_estimate, points};
use cim_tile::mapping::Numbers;

use super::measured::{Finished, Measured};

pub fn all(measured: &Measured) -> Vec<Table> {
    vec![
        at_the_design(measured),
        best(measured, Numbers::Binary),
        best(measured, Numbers::Ternary),
        everything(measured).folded(),
    ]
}

/// How converters get their ranges, for a reader.
pub fn range(range: FullScale) -> String {
    match range {
        FullScale::WorstCase => "of the weights".to_owned(),
        FullScale::Percentile { percentile } => format!("{percentile} % of currents"),
        FullScale::MseOptimal => "least squared error".to_owned(),
        FullScale::Fixed { full_scale } => full_scale.to_string(),
        FullScale::Optimised => "optimised".to_owned(),
    }
}

fn at_the_design(measured: &Measured) -> Table {
    let columns = [
        "mapping",
        "cells a weight",
        "reads",
        "accuracy (%)",
        "lost (points)",
        "conversions an image",
        "clips (%)",
        "cells",
    ];
    let rows = measured.default.iter().map(|finished| {
        let low_bit = finished.point.low_bit;
        let (rows, columns) = low_bit.cells();
        let right = &finished.right;
        let clips = right.adc_clips as f64 / right.adc_conversions.max(1) as f64;
        vec![
            low_bit.name.to_owned(),
            format!("{rows} × {columns}"),
            low_bit.cycles().to_string(),
            percent_estimate(&finished.accuracy()),
            points(measured.lost(finished)),
            format!("{:.0}", finished.conversions()),
            percent(clips),
            right.cells.to_string(),
        ]
    });
    Table::new("Every mapping at the design", columns, rows)
}

/// The best mapping of every setting, and the best of the other kind beside it.
fn best(measured: &Measured, numbers: Numbers) -> Table {
    let kind = match numbers {
        Numbers::Binary => "binary",
        Numbers::Ternary => "ternary",
    };
    let columns = [
        "ADC (bits)",
        "spread of cells",
        "range",
        "rows",
        "best mapping",
        "accuracy (%)",
        "lost (points)",
        "worst mapping",
        "accuracy, worst (%)",
    ];
    let settings = measured.settings(numbers);
    let rows = settings.iter().map(|setting| {
        let by = |a: &&&Finished, b: &&&Finished| a.accuracy().mean.total_cmp(&b.accuracy().mean);
        // Of equal ones the first is named.
        let best = setting.iter().rev().max_by(by).expect("a setting has points");
        let worst = setting.iter().min_by(by).expect("a setting has points");
        let design = best.point.design;
        vec![
            design.adc_bits.to_string(),
            format!("{} of {} to {}", design.spread, design.low, design.high),
            range(design.range),
            best.point.rows.to_string(),
            best.point.low_bit.name.to_owned(),
            percent_estimate(&best.accuracy()),
            points(measured.lost(best)),
            worst.point.low_bit.name.to_owned(),
            percent_estimate(&worst.accuracy()),
        ]
    });
    Table::new(format!("Best and worst mapping of the {kind} network"), columns, rows)
}

fn everything(measured: &Measured) -> Table {
    let columns = [
        "mapping",
        "ADC (bits)",
        "low",
        "high",
        "spread",
        "range",
        "rows",
        "accuracy (%)",
        "lost (points)",
    ];
    let rows = measured.sweep.iter().map(|finished| {
        let (low_bit, design) = (finished.point.low_bit, finished.point.design);
        vec![
            low_bit.name.to_owned(),
            design.adc_bits.to_string(),
            design.low.to_string(),
            design.high.to_string(),
            design.spread.to_string(),
            range(design.range),
            finished.point.rows.to_string(),
            percent_estimate(&finished.accuracy()),
            points(measured.lost(finished)),
        ]
    });
    Table::new("All points of the sweep", columns, rows)
}
