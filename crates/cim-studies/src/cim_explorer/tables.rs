//! Tables of the study.

use cim_core::Ohms;
use cim_report::Table;
use cim_report::format::{count, percent, percent_estimate, points, points_estimate, si};
use cim_tile::mapping::Numbers;

use super::design::Design;
use super::front::front;
use super::measured::{FEW_BITS, Finished, Further, Measured, of_kind};
use super::spec::Spec;
use crate::shared::estimates::estimate;

/// Bits that are few.
const FEW: u32 = 4;

pub fn all(spec: &Spec, measured: &Measured) -> Vec<Table> {
    let energy = |finished: &Finished| finished.right.energy_j;
    let title = "Every mapping at the design".to_owned();
    let mut tables = vec![at_the_design(title, measured.digital, &measured.default)];
    tables.extend(measured.further.iter().map(|Further { name, digital, default }| {
        at_the_design(format!("Every mapping at the design, {name}"), *digital, default)
    }));
    tables.extend((!measured.wired.is_empty()).then(|| on_wires(spec, measured)));
    tables.push(by_range(spec, measured));
    tables.extend((!measured.placed.is_empty()).then(|| placed(measured)));
    for numbers in [Numbers::Binary, Numbers::Ternary] {
        tables.push(on_front(spec, measured, numbers, ("energy", &energy)));
        tables.push(on_front(spec, measured, numbers, ("conversions", &Finished::conversions)));
    }
    tables.push(disturb(spec, measured));
    tables.push(best(measured, Numbers::Binary).folded());
    tables.push(best(measured, Numbers::Ternary).folded());
    tables.push(everything(measured).folded());
    tables
}

fn at_the_design(title: String, digital: [f64; 2], default: &[Finished]) -> Table {
    let columns = [
        "mapping",
        "cells a weight",
        "reads",
        "accuracy (%)",
        "lost (points)",
        "energy an image",
        "conversions an image",
        "clips (%)",
        "cells",
    ];
    let rows = default.iter().map(|finished| {
        let low_bit = finished.point.low_bit;
        let (rows, columns) = low_bit.cells();
        let right = &finished.right;
        vec![
            low_bit.name.to_owned(),
            format!("{rows} × {columns}"),
            low_bit.cycles().to_string(),
            percent_estimate(&finished.accuracy()),
            points(of_kind(digital, low_bit.numbers) - finished.accuracy().mean),
            si(right.energy_j, "J"),
            format!("{:.0}", finished.conversions()),
            percent(finished.clipped()),
            right.cells.to_string(),
        ]
    });
    Table::new(title, columns, rows)
}

/// Every mapping at the design, wire by wire.
fn on_wires(spec: &Spec, measured: &Measured) -> Table {
    let own = |pitch: &Ohms| [format!("{pitch} a cell (%)"), format!("{pitch}, lost (points)")];
    let pitches = &spec.wired.pitches;
    let columns: Vec<String> =
        std::iter::once("mapping".to_owned()).chain(pitches.iter().flat_map(own)).collect();
    let rows = measured.default.iter().enumerate().map(|(idx, at_the_design)| {
        let mut row = vec![at_the_design.point.low_bit.name.to_owned()];
        for wired in measured.wired.iter().map(|wired| &wired[idx]) {
            row.push(percent_estimate(&wired.accuracy()));
            row.push(points(measured.lost(wired)));
        }
        row
    });
    Table::new("Every mapping at the design on wires", columns, rows)
}

/// Converters of few bits on the cells and wires of the design: every policy beside ideal converters.
fn by_range(spec: &Spec, measured: &Measured) -> Table {
    let (rows, usual) = (spec.rows_of_design(), spec.design());
    let heads = ["mapping", "ADC (bits)", "ideal converters (%)"].map(str::to_owned);
    let lost = spec.sweep.ranges.iter().map(|range| format!("{range}, below (points)"));
    let columns: Vec<String> = heads.into_iter().chain(lost).collect();
    let few: Vec<u32> = spec.sweep.adc_bits.iter().copied().filter(|bits| *bits <= FEW).collect();
    let of_chips = |ideal: &Finished| {
        let (point, design) = (ideal.point, ideal.point.design);
        point.rows == rows
            && (design.low, design.high) == (usual.low, usual.high)
            && (design.spread, design.wires) == (usual.spread, usual.wires)
    };
    let mut table = Vec::new();
    for ideal in measured.ideal.iter().filter(|ideal| of_chips(ideal)) {
        for &bits in &few {
            let mut row = vec![
                ideal.point.low_bit.name.to_owned(),
                bits.to_string(),
                percent_estimate(&ideal.accuracy()),
            ];
            row.extend(spec.sweep.ranges.iter().map(|range| {
                let own = measured.sweep.iter().find(|finished| {
                    finished.point.shares_chips(&ideal.point)
                        && finished.point.design.range == *range
                        && finished.point.design.adc_bits == bits
                });
                own.map_or_else(String::new, |own| points_estimate(&Measured::paired(ideal, own)))
            }));
            table.push(row);
        }
    }
    Table::new("Ranges and thresholds of converters of few bits", columns, table)
}

/// Every mapping with its best placed thresholds of few bits, on chips that chose nothing.
fn placed(measured: &Measured) -> Table {
    let columns =
        ["mapping", "rows", "thresholds", "ideal converters (%)", "placed (%)", "below (points)"];
    let rows = measured.placed.iter().map(|placed| {
        let point = placed.point;
        vec![
            point.low_bit.name.to_owned(),
            point.rows.to_string(),
            point.design.range.to_string(),
            percent_estimate(&placed.ideal.accuracy()),
            percent_estimate(&placed.finished.accuracy()),
            points_estimate(&placed.below_ideal()),
        ]
    });
    Table::new(
        format!("{FEW_BITS} bits with placed thresholds, chosen by the sweep"),
        columns,
        rows,
    )
}

/// Designs that none beats in accuracy and a cost.
fn on_front(
    spec: &Spec,
    measured: &Measured,
    numbers: Numbers,
    (what, cost): (&str, &dyn Fn(&Finished) -> f64),
) -> Table {
    let columns = [
        "mapping",
        "rows",
        "ADC (bits)",
        "range",
        "accuracy (%)",
        "lost (points)",
        "energy an image",
        "conversions an image",
    ];
    let points_of = front(&measured.choices(spec, numbers), cost);
    let rows = points_of.into_iter().map(|finished| {
        let (point, design) = (finished.point, finished.point.design);
        vec![
            point.low_bit.name.to_owned(),
            point.rows.to_string(),
            design.adc_bits.to_string(),
            design.range.to_string(),
            percent_estimate(&finished.accuracy()),
            points(measured.lost(finished)),
            si(finished.right.energy_j, "J"),
            format!("{:.0}", finished.conversions()),
        ]
    });
    let kind = measured.name_of(numbers);
    Table::new(format!("What none beats in accuracy and {what}, {kind} network"), columns, rows)
}

/// Many reads at the design.
fn disturb(spec: &Spec, measured: &Measured) -> Table {
    let columns = [
        "mapping",
        "row voltage",
        "time of a read",
        "refreshed",
        "writes of cells",
        "least left of a cell (%)",
        "accuracy then (%)",
    ];
    let rows = measured.disturbed.iter().map(|found| {
        vec![
            found.point.low_bit.name.to_owned(),
            found.voltage.to_string(),
            found.read_time.to_string(),
            found.refresh.to_string(),
            found.writes.map_or_else(|| "worn out".to_owned(), count),
            percent(found.left),
            percent_estimate(&estimate(&found.accuracies)),
        ]
    });
    let inferences = count(spec.disturb.inferences);
    Table::new(format!("Read disturb over {inferences} inferences"), columns, rows)
}

/// The best mapping of every setting, and the best of the other kind beside it.
fn best(measured: &Measured, numbers: Numbers) -> Table {
    let kind = measured.name_of(numbers);
    let columns = [
        "ADC (bits)",
        "spread of cells",
        "wire",
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
            measured.cells_of(&design),
            wires(&design),
            design.range.to_string(),
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

/// One cell pitch, of a row and of a column where they differ.
fn wires(design: &Design) -> String {
    match design.pitches() {
        [row, column] if row == column => row.to_string(),
        [row, column] => format!("{row}, {column}"),
    }
}

fn everything(measured: &Measured) -> Table {
    let columns = [
        "mapping",
        "ADC (bits)",
        "low",
        "high",
        "spread",
        "wire",
        "range",
        "rows",
        "accuracy (%)",
        "lost (points)",
        "energy an image",
    ];
    let rows = measured.sweep.iter().map(|finished| {
        let (low_bit, design) = (finished.point.low_bit, finished.point.design);
        let states = design.states(measured.window);
        vec![
            low_bit.name.to_owned(),
            design.adc_bits.to_string(),
            si(states.g_min.0, "S"),
            si(states.g_max.0, "S"),
            si(design.spread_of(measured.window).0, "S"),
            wires(&design),
            design.range.to_string(),
            finished.point.rows.to_string(),
            percent_estimate(&finished.accuracy()),
            points(measured.lost(finished)),
            si(finished.right.energy_j, "J"),
        ]
    });
    Table::new("All points of the sweep", columns, rows)
}
