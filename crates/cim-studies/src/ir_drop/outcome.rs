//! What the experiment reports.

use std::collections::BTreeMap;

use cim_core::Ohms;
use cim_crossbar::Ends;

use super::methods::{METHODS, Method, Setting};
use super::spec::Spec;
use crate::shared::counts::of_inference;
use crate::shared::estimates::{estimate, paired};
use cim_report::chart::{Chart, Line, Lines, Panel, Plot, Point, Reference, Scale};
use cim_report::format::percent;
use cim_report::{Estimate, Figure, Headline, Report, Shown, Table};

pub fn report(
    spec: &Spec,
    digital_accuracy: f64,
    tuned_accuracy: f64,
    settings: &[Setting],
) -> Report {
    let mut figures = BTreeMap::new();
    let exact = |label: &str, shown, value| Figure::new(label, shown, Estimate::exact(value));
    let digital = exact("digital network", Shown::Percent, digital_accuracy);
    let tuned = exact("digital network, fine-tuned", Shown::Percent, tuned_accuracy);
    figures.insert("digital".to_owned(), digital);
    figures.insert("tuned_digital".to_owned(), tuned);
    for setting in settings {
        let place = format!("{}_{}", setting.rows, setting.wire.0);
        let words = format!("{} rows, {} a cell", setting.rows, setting.wire);
        for (method, accuracies) in METHODS.iter().zip(&setting.accuracies) {
            let label = format!("{}, {words}", method.name);
            let figure = Figure::new(label, Shown::Percent, estimate(accuracies));
            figures.insert(format!("{}_{place}", method.key), figure);
        }
        let label = format!("nonideality factor, {words}");
        let figure = exact(&label, Shown::Number, setting.nonideality);
        figures.insert(format!("nonideality_{place}"), figure);
    }
    Report {
        title: "Accuracy on resistive wires".to_owned(),
        lead: lead(digital_accuracy, settings),
        headlines: headlines(digital_accuracy, settings),
        figures,
        charts: vec![chart(spec, digital_accuracy, settings)],
        tables: vec![accuracy_table(settings), wire_table(settings)],
        counts: counts(settings),
        notes: notes(spec),
        ..Report::default()
    }
}

const NOTES: [&str; 6] = [
    "Every array is solved exactly: its wires reduce it to one transfer matrix, which inference \
     uses in place of the conductances.",
    "Column gains: one digital factor and one offset for every output of a layer (`gains.fit`), \
     least squares on calibration images through the noisy chip. The factor alone is worse than \
     nothing where wires lose a quarter: what is lost grows with the current, which an offset \
     takes up in part.",
    "Noise fine-tuning: Gaussian noise on the weights during a few epochs of training. It does not \
     know the wires, which shrink all weights of a place in the same way.",
    "IR-drop-aware targets: conductances to program are solved so that the transfer matrix of the \
     array with its wires is the wanted one, within the window; what the far end of a wire cannot \
     give lowers all currents of the tile by one factor, which a digital gain returns.",
    "Programming noise comes on top of all targets. The nonideality factor is (I_ideal - I) / I_ideal \
     with all rows at the read voltage, over all columns, the mean over tiles of the first layer.",
    "Chips are the same for every method and wire: chip k draws the same random numbers.",
];

/// What a reader should know, by what was run.
fn notes(spec: &Spec) -> Vec<String> {
    let end = |name: &str, resistance: Option<Ohms>, ends: Ends| {
        let through = resistance.map_or_else(
            || "one cell pitch of wire".to_owned(),
            |resistance| resistance.to_string(),
        );
        let both = if ends == Ends::Both { "both ends" } else { name };
        format!("{both}, through {through}")
    };
    let wires = spec.wires;
    let arrays = format!(
        "Rows are driven from {}; columns are sensed at {}. Arrays are square, weights are mapped as \
         {}.",
        end("the left", wires.source, wires.driven),
        end("the bottom", wires.sense, wires.sensed),
        spec.mapping.kind(),
    );
    let mut notes = NOTES.map(str::to_owned).to_vec();
    notes.insert(1, arrays);
    notes
}

fn with_interval(e: Estimate) -> String {
    format!("{:.2} ± {:.2}", 100.0 * e.mean, 100.0 * e.ci95)
}

/// The setting that a reader asks for first: the middle size, on the wires where doing nothing loses
/// most against everything.
fn telling(settings: &[Setting]) -> Option<&Setting> {
    let middle = settings.get(settings.len() / 2)?.rows;
    let gain = |s: &Setting| paired(&s.accuracies[METHODS.len() - 1], &s.accuracies[0]).mean;
    settings.iter().filter(|s| s.rows == middle).max_by(|a, b| gain(a).total_cmp(&gain(b)))
}

fn lead(digital_accuracy: f64, settings: &[Setting]) -> String {
    let Some(setting) = telling(settings) else { return String::new() };
    let of = |method: usize| percent(estimate(&setting.accuracies[method]).mean);
    format!(
        "The digital network reaches {}. On arrays of {} rows with wires of {} a cell it falls to {} \
         if nothing is done; gains of columns bring {}, fine-tuning under noise {}, the two together \
         {}, conductances solved for the wires {}, all of it {}.",
        percent(digital_accuracy),
        setting.rows,
        setting.wire,
        of(0),
        of(1),
        of(2),
        of(3),
        of(4),
        of(5),
    )
}

fn headlines(digital_accuracy: f64, settings: &[Setting]) -> Vec<Headline> {
    let Some(setting) = telling(settings) else { return Vec::new() };
    [5, 0, 4, 3]
        .into_iter()
        .map(|method| {
            let accuracy = estimate(&setting.accuracies[method]);
            Headline {
                value: percent(accuracy.mean),
                label: METHODS[method].name.to_owned(),
                detail: format!(
                    "{:+.2} points against digital, {} rows, {} a cell",
                    100.0 * (accuracy.mean - digital_accuracy),
                    setting.rows,
                    setting.wire
                ),
            }
        })
        .collect()
}

fn chart(spec: &Spec, digital_accuracy: f64, settings: &[Setting]) -> Chart {
    let panel = |&rows: &usize| {
        let of_size = || settings.iter().filter(move |s| s.rows == rows);
        let line = |(idx, method): (usize, &Method)| Line {
            name: method.name.to_owned(),
            points: of_size()
                .map(|s| Point { x: s.wire.0, y: estimate(&s.accuracies[idx]) })
                .collect(),
        };
        Panel {
            title: format!("{rows} × {rows}"),
            series: METHODS.iter().enumerate().map(line).collect(),
            reference: Some(Reference { label: "digital".to_owned(), value: digital_accuracy }),
            x: None,
        }
    };
    Chart {
        name: "accuracy-vs-wire".to_owned(),
        title: "Accuracy against wire resistance".to_owned(),
        caption:
            "Test accuracy against the resistance of one cell pitch of row and column wire, for \
                  square arrays; bars are 95 % intervals over chips."
                .to_owned(),
        plot: Plot::Lines(Lines {
            x_label: "wire resistance (Ω per cell)".to_owned(),
            y_label: "test accuracy (%)".to_owned(),
            x_log: false,
            y: Scale::Accuracy,
            panels: spec.arrays.rows.iter().map(panel).collect(),
        }),
    }
}

fn accuracy_table(settings: &[Setting]) -> Table {
    let mut columns = vec!["array, wire".to_owned()];
    columns.extend(METHODS.iter().map(|m| format!("{} (%)", m.name)));
    let rows = settings.iter().map(|s| {
        let mut row = vec![format!("{} rows, {}", s.rows, s.wire)];
        row.extend(s.accuracies.iter().map(|a| with_interval(estimate(a))));
        row
    });
    Table::new("Test accuracy, mean and 95 % interval over chips", columns, rows)
}

fn wire_table(settings: &[Setting]) -> Table {
    let columns = [
        "array, wire",
        "nonideality factor",
        "currents kept (%)",
        "rms left by aware targets (%)",
        "weights unreached",
    ];
    let rows = settings.iter().map(|s| {
        vec![
            format!("{} rows, {}", s.rows, s.wire),
            format!("{:.4}", s.nonideality),
            format!("{:.1}", 100.0 * s.scale),
            format!("{:.3}", 100.0 * s.residual),
            s.tally.weights_unreached.to_string(),
        ]
    });
    Table::new(
        "What the wires take, and what targets solved for them cannot reach (worst tile)",
        columns,
        rows,
    )
}

fn counts(settings: &[Setting]) -> BTreeMap<String, u64> {
    let mut counts = of_inference(settings.iter().map(|setting| setting.tally));
    let unreached = settings.iter().map(|setting| setting.tally.weights_unreached).sum();
    counts.insert("weights unreached, over all chips".to_owned(), unreached);
    counts
}
