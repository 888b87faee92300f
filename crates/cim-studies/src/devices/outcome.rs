//! What the study reports.

use std::collections::BTreeMap;

use cim_report::format::{percent, percent_estimate, points, points_estimate};
use cim_report::{Chapter, Estimate, Figure, Headline, Part, Report, Shown};

use super::findings::{DeviceFound, Findings, MethodFound, label};
use super::spec::Spec;
use super::{charts, tables};
use crate::error::StudyError;
use crate::shared::estimates::is_told;

/// Builds the report.
pub fn report(spec: &Spec, findings: &Findings) -> Result<Report, StudyError> {
    let mut report = Report {
        title: "One method on every published device".to_owned(),
        lead: lead(findings),
        headlines: headlines(findings),
        figures: figures(findings),
        chapters: chapters(),
        charts: vec![charts::losses(findings)],
        tables: tables::all(findings),
        notes: notes(spec),
        ..Report::default()
    };
    report.add_data(findings)?;
    Ok(report)
}

/// Names of devices, or "none".
fn named<'a>(devices: impl Iterator<Item = &'a DeviceFound>) -> String {
    let names: Vec<&str> = devices.map(|device| device.name.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Least and greatest loss of a method over the devices, in points.
fn losses(findings: &Findings, method: &str) -> (f64, f64) {
    let losses = findings
        .devices
        .iter()
        .map(|device| findings.control.mean - device.method(method).accuracy.mean);
    losses.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), loss| (a.min(loss), b.max(loss)))
}

fn lead(findings: &Findings) -> String {
    let range = |method| {
        let (least, most) = losses(findings, method);
        format!("{} to {}", points(least).replace('+', ""), points(most).replace('+', ""))
    };
    let ahead = |of: fn(&MethodFound) -> Estimate| {
        let ahead = findings.devices.iter().filter(move |device| {
            let earned = of(device.method("program"));
            is_told(&earned, findings.networks) && earned.mean > 0.0
        });
        named(ahead)
    };
    let by_all = findings.devices.iter().filter(|device| {
        let earned = device.method("full").against_training_alone;
        is_told(&earned, findings.networks) && earned.mean > 0.0
    });
    let worse = findings.devices.iter().filter(|device| {
        let earned = device.method("full").against_training_alone;
        is_told(&earned, findings.networks) && earned.mean < 0.0
    });
    let ranks = findings.devices.iter().map(|device| device.objective_rank.correlation);
    let (least, most) =
        ranks.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), rank| (a.min(rank), b.max(rank)));
    format!(
        "As numbers the networks reach {}, trained as long as the rest {}. Against that, {} published \
         devices lose (points): mapped naively {}, by a fixed rule {}, by the best heuristic {}, by the program \
         alone {}, by training through the chip alone {}, by both together {}. The program alone is better \
         than the fixed rule by more than its interval on: {}; than the best heuristic on: {}. Both together are better than training alone on: \
         {}; worse on: {}. The program's objective puts random designs in the order of their losses with a \
         rank correlation of {least:.3} to {most:.3}.",
        percent_estimate(&findings.digital),
        percent_estimate(&findings.control),
        findings.devices.len(),
        range("naive"),
        range("fixed_rule"),
        range("best_heuristic"),
        range("program"),
        range("training_alone"),
        range("full"),
        ahead(|method| method.against_fixed_rule),
        ahead(|method| method.against_heuristic),
        named(by_all),
        named(worse),
    )
}

fn headlines(findings: &Findings) -> Vec<Headline> {
    let hardest = findings.devices.iter().min_by(|a, b| {
        let of = |device: &DeviceFound| device.method("best_heuristic").accuracy.mean;
        of(a).total_cmp(&of(b))
    });
    let Some(hardest) = hardest else { return Vec::new() };
    ["best_heuristic", "program", "training_alone", "full"]
        .map(|name| {
            let method = hardest.method(name);
            Headline {
                value: percent(method.accuracy.mean),
                label: format!("{}, {}", label(name), hardest.name),
                detail: format!(
                    "{} points against the best heuristic, on the device that it leaves worst",
                    points_estimate(&method.against_heuristic)
                ),
            }
        })
        .into()
}

fn figures(findings: &Findings) -> BTreeMap<String, Figure> {
    let percent = |label: &str, of| Figure::new(label, Shown::Percent, of);
    let numbers = [
        ("digital", percent("digital networks", findings.digital)),
        ("control", percent("digital networks, trained as long", findings.control)),
    ];
    let of_device = |device: &DeviceFound| {
        let figure = |method: &MethodFound| {
            let words = format!("{}, {}", label(method.name), device.name);
            (format!("{}_{}", method.name, device.name), percent(&words, method.accuracy))
        };
        device.methods.iter().map(figure).collect::<Vec<_>>()
    };
    let numbers = numbers.map(|(name, figure)| (name.to_owned(), figure));
    numbers.into_iter().chain(findings.devices.iter().flat_map(of_device)).collect()
}

fn chapters() -> Vec<Chapter> {
    let chapter = |title: &str, text: &str, parts: Vec<Part>| Chapter {
        title: title.to_owned(),
        text: text.to_owned(),
        parts,
        ..Chapter::default()
    };
    vec![
        chapter(
            "Accuracy",
            "Every row at one budget of epochs, every mean over independently trained networks and chips of \
             their own, with a 95 % interval over networks.",
            vec![Part::table(tables::ACCURACY), Part::chart("losses"), Part::table(tables::EARNED)],
        ),
        chapter(
            "Energy and designs",
            "Naive mapping, rule, heuristics and training alone are read at the nominal voltage; program and full \
             method at the one that the program chose within the tolerance of energy.",
            vec![Part::table(tables::ENERGY), Part::table(tables::DESIGNS)],
        ),
        chapter("Where devices are from", "", vec![Part::table(tables::SOURCES)]),
    ]
}

fn notes(spec: &Spec) -> Vec<String> {
    let shared = format!(
        "Networks as numbers know no device and are shared by all; what is trained through a chip is \
         trained for each device, {} epochs, as is the control.",
        spec.training.further.epochs
    );
    let rule = format!(
        "The fixed rule is full scales at percentile {} of every tile's currents, with nothing chosen; heuristics \
         are chosen by {} chips on {} held-out images.",
        spec.choices.percentiles[0], spec.holdout.chips, spec.holdout.images
    );
    let ranks = format!(
        "Rank correlations are over random designs of the first network, on the held-out images by {} chips each; \
         their intervals are over designs (bootstrap).",
        spec.devices.design_chips
    );
    let rest = [
        "Everything is chosen on training images that were held out: the best heuristic among its lists, \
         the program among its tolerances, learned or programmed full scales.",
        "Devices are as their sources have them, right after programming: laws that are not published \
         (read noise, current against voltage, drift where there is none) are not there, so that devices \
         with less published look better.",
        "Circuit, converters and front end are ours and the same for all; small conductances meet the same \
         noise of converters and amplifiers as large ones.",
        "Chips are the same for every method: chip k of a network draws the same random numbers.",
    ];
    [shared, rule, ranks].into_iter().chain(rest.map(str::to_owned)).collect()
}
