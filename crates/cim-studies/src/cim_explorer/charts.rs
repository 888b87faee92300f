//! Pictures of the study.

use cim_report::chart::{Across, Chart, Line, Lines, Panel, Plot, Point, Reference, Scale};
use cim_tile::mapping::Numbers;

use super::front::front;
use super::measured::{Finished, Measured, best_of};
use super::range::Range;
use super::spec::Spec;

/// What a design costs, and its label.
type Cost<'a> = (&'a str, &'a dyn Fn(&Finished) -> f64);

/// Both kinds of networks with their names.
const KINDS: [(Numbers, &str); 2] = [(Numbers::Binary, "binary"), (Numbers::Ternary, "ternary")];

pub fn all(spec: &Spec, measured: &Measured) -> Vec<Chart> {
    vec![by_mapping(spec, measured), by_range(spec, measured), fronts(spec, measured)]
}

/// The range of the design, if it is swept.
fn usual_range(spec: &Spec) -> Range {
    let swept = &spec.sweep.ranges;
    *swept.iter().find(|range| **range == spec.design().range).unwrap_or(&swept[0])
}

fn by_bits(measured: &Measured, name: String, own: impl Fn(&Finished) -> bool) -> Option<Line> {
    let points: Vec<Point> = (measured.sweep.iter().filter(|finished| own(finished)))
        .map(|finished| {
            let x = f64::from(finished.point.design.adc_bits);
            Point { x, y: finished.accuracy() }
        })
        .collect();
    (!points.is_empty()).then_some(Line { name, points })
}

fn as_numbers(measured: &Measured, numbers: Numbers) -> Option<Reference> {
    Some(Reference { label: "as numbers".to_owned(), value: measured.digital_of(numbers) })
}

fn lines(y: Scale, panels: Vec<Panel>) -> Plot {
    Plot::Lines(Lines {
        x_label: "output converters (bits)".to_owned(),
        y_label: "test accuracy (%)".to_owned(),
        x_log: false,
        y,
        panels,
    })
}

/// Accuracy against resolution, by mapping: a panel for each kind of network.
fn by_mapping(spec: &Spec, measured: &Measured) -> Chart {
    let (range, sweep) = (usual_range(spec), &spec.sweep);
    let rows = *sweep.rows.last().expect("checked before");
    let widest = sweep.spreads.iter().copied().fold(f64::MIN, f64::max);
    let panel = |(numbers, name): (Numbers, &str)| {
        let series = sweep.mappings.iter().filter_map(|key| {
            let own = |finished: &Finished| {
                let (low_bit, design) = (finished.point.low_bit, finished.point.design);
                low_bit.key == key
                    && low_bit.numbers == numbers
                    && (design.range, finished.point.rows) == (range, rows)
                    && (design.low, design.high) == (sweep.low[0], sweep.high[0])
                    && (design.spread, design.pitches()) == (widest, [sweep.wires[0]; 2])
            };
            let name = measured.sweep.iter().find(|finished| own(finished))?.point.low_bit.name;
            by_bits(measured, name.to_owned(), own)
        });
        Panel {
            title: format!("{name} network"),
            series: series.collect(),
            reference: as_numbers(measured, numbers),
            x: None,
        }
    };
    Chart {
        name: "accuracy-vs-bits".to_owned(),
        title: "Accuracy against the resolution of converters".to_owned(),
        caption: format!(
            "Cells with the widest spread of the sweep, arrays of {rows} rows, ranges {range}; intervals over chips \
             that share the test images."
        ),
        plot: lines(Scale::Accuracy, KINDS.map(panel).into()),
    }
}

/// Accuracy against resolution, by how converters get their ranges: a panel for each kind of network, under the
/// mapping that is best at the design.
fn by_range(spec: &Spec, measured: &Measured) -> Chart {
    let (rows, usual) = (spec.rows_of_design(), spec.design());
    let mut captions = Vec::new();
    let mut panels = Vec::new();
    for (numbers, name) in KINDS {
        let own: Vec<&Finished> = (measured.default.iter())
            .filter(|finished| finished.point.low_bit.numbers == numbers)
            .collect();
        let Some(best) = best_of(&own, |_| true) else { continue };
        let low_bit = best.point.low_bit;
        let series = spec.sweep.ranges.iter().filter_map(|range| {
            let own = |finished: &Finished| {
                let design = finished.point.design;
                finished.point.low_bit == low_bit
                    && (design.range, finished.point.rows) == (*range, rows)
                    && (design.low, design.high) == (usual.low, usual.high)
                    && (design.spread, design.wires) == (usual.spread, usual.wires)
            };
            by_bits(measured, range.to_string(), own)
        });
        captions.push(low_bit.name);
        panels.push(Panel {
            title: format!("{name} network, {}", low_bit.name),
            series: series.collect(),
            reference: as_numbers(measured, numbers),
            x: None,
        });
    }
    Chart {
        name: "ranges".to_owned(),
        title: "Ranges and thresholds of converters".to_owned(),
        caption: format!(
            "The best mapping of each network at the design ({}), its cells and wires, arrays of {rows} rows.",
            captions.join(" and ")
        ),
        plot: lines(Scale::Accuracy, panels),
    }
}

/// What no other design beats, by energy and by conversions.
fn fronts(spec: &Spec, measured: &Measured) -> Chart {
    let panel = |(label, cost): Cost<'_>| {
        let series = KINDS.iter().filter_map(|(numbers, name)| {
            let points = front(&measured.choices(spec, *numbers), cost);
            let points: Vec<Point> = points
                .into_iter()
                .map(|finished| Point { x: cost(finished), y: finished.accuracy() })
                .collect();
            (!points.is_empty()).then(|| Line { name: format!("{name} network"), points })
        });
        Panel {
            title: label.to_owned(),
            series: series.collect(),
            reference: None,
            x: Some(Across { label: label.to_owned(), log: true }),
        }
    };
    let nanojoules = |finished: &Finished| 1e9 * finished.right.energy_j;
    let panels: [Cost<'_>; 2] = [
        ("energy of an inference (nJ)", &nanojoules),
        ("conversions of an inference", &Finished::conversions),
    ];
    Chart {
        name: "fronts".to_owned(),
        title: "Designs that none beats in accuracy and cost".to_owned(),
        caption: format!(
            "On cells of the design ({}) and its wires; mapping, rows, resolution and range are chosen.",
            measured.cells_of(&spec.design())
        ),
        plot: lines(Scale::Accuracy, panels.map(panel).into()),
    }
}
