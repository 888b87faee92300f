//! What the experiment reports.

use std::collections::BTreeMap;

use cim_core::Seconds;

use super::measured::{Measured, SCOPES};
use super::spec::Spec;
use crate::shared::counts::of_inference;
use crate::shared::estimates::{estimate, paired};
use cim_report::chart::{Chart, Line, Lines, Panel, Plot, Point, Reference, Scale};
use cim_report::format::{percent, percent_estimate};
use cim_report::{Estimate, Figure, Headline, Report, Shown, Table};

/// Largest loss from the first time to the last that the compensated and fine-tuned network is
/// asked to keep to.
const LARGEST_LOSS: f64 = 0.01;

/// The compensation that the figure asked for is stated with: one factor per tile, as is usual.
const USUAL: usize = 1;

pub fn report(spec: &Spec, measured: &[Measured]) -> Report {
    let times = &spec.drift.times;
    let mut figures = BTreeMap::new();
    for network in measured {
        let digital = Estimate::exact(network.digital);
        let digital = Figure::new(format!("{}, digital", network.name), Shown::Percent, digital);
        figures.insert(format!("{}_digital", network.key), digital);
        for (scope, (key, compensation, _)) in SCOPES.iter().enumerate() {
            for (time, elapsed) in times.iter().enumerate() {
                let time_words = label(*elapsed);
                let name = format!("{}_{key}_{}", network.key, time_words.replace(' ', ""));
                let words = format!("{}, {compensation}, after {time_words}", network.name);
                let accuracy = estimate(&network.accuracies(time, scope));
                figures.insert(name, Figure::new(words, Shown::Percent, accuracy));
            }
            let (first, last) = ends(times);
            let words = format!("{}, {compensation}, lost from {first} to {last}", network.name);
            let lost = Figure::new(words, Shown::Points, loss(network, times, scope));
            figures.insert(format!("loss_{}_{key}", network.key), lost);
        }
    }
    let mut notes = vec![verdict(measured, times)];
    notes.extend(NOTES.map(str::to_owned));
    Report {
        title: "Phase-change memory over time".to_owned(),
        lead: timeless(spec) + &lead(measured, times),
        headlines: headlines(measured, times),
        figures,
        charts: vec![chart(measured, times)],
        tables: vec![accuracy_table(measured, times), loss_table(measured, times)],
        counts: of_inference(measured.iter().map(|network| network.tally)),
        notes,
        ..Report::default()
    }
}

const NOTES: [&str; 8] = [
    "Every chip is programmed once and looked at at every time: cells drift with an exponent of \
     their own, drawn at programming, and read noise grows with the logarithm of the age. Chip k \
     draws the same random numbers for both networks; reads at another time draw other noise.",
    "Global compensation multiplies the digital outputs of a tile by one factor, compensation per \
     column by one for each: the mean magnitude of one-hot probes right after programming over that \
     at the time, both measured through the noisy tile with a noise of their own.",
    "Noise-aware fine-tuning: Gaussian noise on the weights and in front of the converters during a \
     few more epochs, exact gradients. It knows neither drift nor compensation, and nothing of a \
     chip. The network as trained had fewer epochs: part of the difference may be those.",
    "From the literature: the laws of the cell (programming, drift, read noise) with 25 µS, the 512 \
     rows of a tile, 8-bit converters, their range and noise, the noise of fine-tuning, one-hot \
     probes and the floor of their strength.",
    "Ours: the network and its recipes, the largest weight of a layer (not of a column) at the top \
     of the window, no learned scale per column, read voltage, bandwidth and temperature, repeats \
     of the measurement, ideal wires, exponents that follow the programmed instead of the target \
     conductance.",
    "Cells at zero are counted, not avoided: half of all cells are to hold the bottom of the window, \
     0.1 µS, which lies below their programming error of 0.2 to 0.3 µS.",
    "Times count from programming plus 20 s, the age at which the cell model counts a cell as \
     programmed. A month has 30 days, a year 365.",
    "A loss is the mean over chips of the difference between two times of the same chip.",
];

/// A time in the largest unit of which it is a whole number.
pub fn label(time: Seconds) -> String {
    const UNITS: [(&str, f64); 5] = [
        ("year", 31_536_000.0),
        ("month", 2_592_000.0),
        ("day", 86_400.0),
        ("h", 3600.0),
        ("min", 60.0),
    ];
    let whole = UNITS.iter().find(|(_, unit)| *unit <= time.0 && time.0 % unit == 0.0);
    let Some((name, unit)) = whole else { return time.to_string() };
    let count = time.0 / unit;
    let plural = if count == 1.0 || matches!(*name, "h" | "min") { "" } else { "s" };
    format!("{count} {name}{plural}")
}

fn with_interval(e: Estimate) -> String {
    format!("{:.2} ± {:.2}", 100.0 * e.mean, 100.0 * e.ci95)
}

/// What is lost from the first time to the last.
fn loss(network: &Measured, times: &[Seconds], scope: usize) -> Estimate {
    paired(&network.accuracies(0, scope), &network.accuracies(times.len() - 1, scope))
}

/// First and last time in words.
fn ends(times: &[Seconds]) -> (String, String) {
    (label(times[0]), label(times[times.len() - 1]))
}

fn verdict(measured: &[Measured], times: &[Seconds]) -> String {
    let (first, last) = ends(times);
    let Some(tuned) = measured.last() else { return String::new() };
    let loss = loss(tuned, times, USUAL);
    let most = 100.0 * LARGEST_LOSS;
    let (mean, interval) = (100.0 * loss.mean, 100.0 * loss.ci95);
    let reached = if loss.mean + loss.ci95 <= LARGEST_LOSS {
        "reached, with the whole interval"
    } else if loss.mean <= LARGEST_LOSS {
        "reached by the mean, but not by the whole interval"
    } else {
        "missed"
    };
    format!(
        "Asked for: after {last}, compensated and fine-tuned, within {most:.1} point of the accuracy \
         at {first}. Measured with global compensation: {mean:.2} ± {interval:.2} points lost, \
         {reached}.",
    )
}

/// What has to be said first of cells that no time changes.
fn timeless(spec: &Spec) -> String {
    let words = "The model of these cells knows no time: they are as programmed at every moment, and nothing here \
                 speaks of how long they keep what they hold. ";
    if spec.ages() { String::new() } else { words.to_owned() }
}

fn lead(measured: &[Measured], times: &[Seconds]) -> String {
    let [plain, tuned] = measured else { return String::new() };
    let (first, last) = ends(times);
    let at_end = |network: &Measured, scope| {
        percent(estimate(&network.accuracies(times.len() - 1, scope)).mean)
    };
    format!(
        "A network of {} as numbers reaches {} at {first} on its cells. After {last} it is \
         at {} if nothing is done, {} with one factor per tile and {} with one per column; \
         fine-tuned under noise at {}, {} and {}.",
        percent(plain.digital),
        percent(estimate(&plain.accuracies(0, 0)).mean),
        at_end(plain, 0),
        at_end(plain, 1),
        at_end(plain, 2),
        at_end(tuned, 0),
        at_end(tuned, 1),
        at_end(tuned, 2),
    )
}

fn headlines(measured: &[Measured], times: &[Seconds]) -> Vec<Headline> {
    let [plain, tuned] = measured else { return Vec::new() };
    let (first, last) = ends(times);
    [(tuned, USUAL), (plain, USUAL), (plain, 0)]
        .into_iter()
        .map(|(network, scope)| {
            let end = estimate(&network.accuracies(times.len() - 1, scope));
            Headline {
                value: percent_estimate(&end),
                label: format!("{}, {}, after {last}", network.name, SCOPES[scope].1),
                detail: format!(
                    "{} points lost since {first}",
                    with_interval(loss(network, times, scope))
                ),
            }
        })
        .collect()
}

fn chart(measured: &[Measured], times: &[Seconds]) -> Chart {
    let panel = |network: &Measured| Panel {
        title: network.name.to_owned(),
        series: SCOPES
            .iter()
            .enumerate()
            .map(|(scope, (_, name, _))| Line {
                name: (*name).to_owned(),
                points: times
                    .iter()
                    .enumerate()
                    .map(|(time, elapsed)| Point {
                        x: elapsed.0,
                        y: estimate(&network.accuracies(time, scope)),
                    })
                    .collect(),
            })
            .collect(),
        reference: Some(Reference { label: "digital".to_owned(), value: network.digital }),
        x: None,
    };
    Chart {
        name: "accuracy-vs-time".to_owned(),
        title: "Accuracy against time since programming".to_owned(),
        caption: "Test accuracy against the time since programming; bars are 95 % intervals over \
                  chips, each programmed once."
            .to_owned(),
        plot: Plot::Lines(Lines {
            x_label: "time since programming (s)".to_owned(),
            y_label: "test accuracy (%)".to_owned(),
            // A logarithmic axis has no zero.
            x_log: times[0] > Seconds::ZERO,
            y: Scale::Accuracy,
            panels: measured.iter().map(panel).collect(),
        }),
    }
}

fn accuracy_table(measured: &[Measured], times: &[Seconds]) -> Table {
    let mut columns = vec!["network, compensation".to_owned(), "digital (%)".to_owned()];
    columns.extend(times.iter().map(|&time| format!("{} (%)", label(time))));
    let mut rows = Vec::new();
    for network in measured {
        for (scope, (_, name, _)) in SCOPES.iter().enumerate() {
            let mut row = vec![
                format!("{}, {name}", network.name),
                format!("{:.2}", 100.0 * network.digital),
            ];
            row.extend(
                (0..times.len())
                    .map(|time| with_interval(estimate(&network.accuracies(time, scope)))),
            );
            rows.push(row);
        }
    }
    Table::new("Test accuracy, mean and 95 % interval over chips", columns, rows)
}

fn loss_table(measured: &[Measured], times: &[Seconds]) -> Table {
    let (first, last) = ends(times);
    let mut columns = vec!["network".to_owned()];
    columns.extend(SCOPES.iter().map(|(_, name, _)| format!("{name} (points)")));
    let rows = measured.iter().map(|network| {
        let mut row = vec![network.name.to_owned()];
        row.extend((0..SCOPES.len()).map(|scope| with_interval(loss(network, times, scope))));
        row
    });
    Table::new(format!("Lost from {first} to {last}, chip by chip"), columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_named_by_their_largest_whole_unit() {
        for (seconds, name) in [
            (1.0, "1 s"),
            (90.0, "90 s"),
            (120.0, "2 min"),
            (3600.0, "1 h"),
            (86_400.0, "1 day"),
            (5_184_000.0, "2 months"),
            (3.1536e7, "1 year"),
            (0.0, "0 s"),
        ] {
            assert_eq!(label(Seconds(seconds)), name);
            assert_eq!(name.parse(), Ok(Seconds(seconds)), "reads back");
        }
    }
}
