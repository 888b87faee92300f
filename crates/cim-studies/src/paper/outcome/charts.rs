//! Pictures of what the experiment found.

use cim_report::chart::{
    Across, Bar, Bars, Chart, Cloud, GroupPanel, GroupRow, Groups, Line, Lines, Named, Panel,
    Piece, Plot, Point, Reference, Scale, Scatter, Share, Stack, Stacks, Tone,
};
use cim_report::format::percent;
use cim_report::{Estimate, Shown};

use super::findings::{Design, Findings, Sweep, variant_label};
use super::words;

/// Ratio of largest to smallest value from which the axis of a sweep is logarithmic.
const LOG_FROM: f64 = 30.0;

/// Names of the two designs in legends, the one that is coloured first first.
const DESIGNS: [&str; 2] = ["full method", "naive mapping"];

/// Every picture but the one for a first screen.
pub fn all(findings: &Findings) -> Vec<Chart> {
    let chart = |name: &str, title: &str, caption: String, plot: Plot| Chart {
        name: name.to_owned(),
        title: title.to_owned(),
        caption,
        plot,
    };
    vec![
        chart(
            "accuracy-vs-bits",
            "Accuracy against ADC resolution",
            words::bits_caption(findings),
            bits(findings),
        ),
        chart(
            "ablation",
            "What each part contributes",
            words::ablation_caption(findings),
            ablation(findings),
        ),
        chart(
            "error-budget",
            "Error budget of each layer",
            words::budget_caption(findings),
            budget(findings),
        ),
        chart(
            "variance",
            "Predicted against measured variance",
            words::variance_caption(findings),
            variance(findings),
        ),
        chart("energy", "Energy per inference", words::energy_caption(findings), energy(findings)),
        chart(
            "sweeps",
            "Accuracy against physical parameters",
            words::sweeps_caption(findings),
            sweeps(findings),
        ),
    ]
}

/// Two of the others side by side.
pub fn summary(findings: &Findings) -> Chart {
    let piece = |title: &str, plot: Plot| Piece { title: title.to_owned(), plot };
    Chart {
        name: "summary".to_owned(),
        title: "Accuracy against ADC resolution, and what each part contributes".to_owned(),
        caption: "Left: accuracy against ADC resolution. Right: what each part of the method \
                  contributes. Bars are 95 % intervals over networks."
            .to_owned(),
        plot: Plot::Beside {
            pieces: vec![
                piece("Accuracy against ADC resolution", bits(findings)),
                piece("What each part contributes", ablation(findings)),
            ],
        },
    }
}

fn digital(findings: &Findings) -> Reference {
    let value = findings.control.accuracy;
    Reference { label: format!("digital, trained as long, {}", percent(value)), value }
}

/// Both designs along one axis, from points of place, naive, full.
fn designs(points: impl Iterator<Item = (f64, Estimate, Estimate)> + Clone) -> Vec<Line> {
    let full = points.clone().map(|(x, _, full)| Point { x, y: full });
    let naive = points.map(|(x, naive, _)| Point { x, y: naive });
    let [full_name, naive_name] = DESIGNS.map(str::to_owned);
    vec![
        Line { name: full_name, points: full.collect() },
        Line { name: naive_name, points: naive.collect() },
    ]
}

fn bits(findings: &Findings) -> Plot {
    let points = findings.bits_sweep.iter();
    let points = points.map(|point| (f64::from(point.bits), point.naive, point.full));
    Plot::Lines(Lines {
        x_label: "ADC resolution (bits)".to_owned(),
        y_label: "test accuracy (%)".to_owned(),
        x_log: false,
        y: Scale::Nines,
        panels: vec![Panel {
            title: String::new(),
            series: designs(points),
            reference: Some(digital(findings)),
            x: None,
        }],
    })
}

fn sweeps(findings: &Findings) -> Plot {
    let panel = |sweep: &Sweep| {
        let values = || sweep.points.iter().map(|point| point.x);
        let (lo, hi) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
        let label = format!("{} ({})", sweep.label, sweep.unit);
        Panel {
            title: sweep.label.clone(),
            series: designs(sweep.points.iter().map(|point| (point.x, point.naive, point.full))),
            reference: Some(digital(findings)),
            x: Some(Across { label, log: lo > 0.0 && hi / lo > LOG_FROM }),
        }
    };
    Plot::Lines(Lines {
        x_label: String::new(),
        y_label: "test accuracy (%)".to_owned(),
        x_log: false,
        y: Scale::Nines,
        panels: findings.sweeps.iter().map(panel).collect(),
    })
}

fn ablation(findings: &Findings) -> Plot {
    let tone = |name: &str| match name {
        "naive" => Tone::Baseline,
        "full" => Tone::Subject,
        _ => Tone::Between,
    };
    let bars = findings.variants.iter().map(|variant| Bar {
        label: variant_label(&variant.name).to_owned(),
        tone: tone(&variant.name),
        value: variant.accuracy,
    });
    Plot::Bars(Bars {
        x_label: "test accuracy (%), axis cut".to_owned(),
        shown: Shown::Percent,
        log: false,
        from_zero: false,
        bars: bars.collect(),
        reference: Some(digital(findings)),
    })
}

/// A panel for each layer; sources in the order of their first appearance, then their sum.
fn budget(findings: &Findings) -> Plot {
    let budget = &findings.error_budget;
    let mut sources: Vec<&str> = Vec::new();
    for share in budget.iter().flat_map(|entry| &entry.sources) {
        if !sources.contains(&share.source.as_str()) {
            sources.push(&share.source);
        }
    }
    let of = |layer: usize, design: Design| {
        budget.iter().find(move |entry| entry.layer == layer && entry.design == design)
    };
    let row = |layer: usize, source: Option<&str>| {
        let value = |design| {
            of(layer, design).map_or(0.0, |entry| match source {
                None => entry.total(),
                Some(source) => {
                    let shares = entry.sources.iter().filter(|share| share.source == source);
                    shares.map(|share| share.share_of_signal).sum()
                }
            })
        };
        GroupRow {
            label: source.unwrap_or("total").to_owned(),
            values: vec![value(Design::Naive), value(Design::Full)],
        }
    };
    let layers = budget.iter().map(|entry| entry.layer).max().unwrap_or(0);
    let panel = |layer| GroupPanel {
        title: format!("layer {layer}"),
        rows: sources.iter().copied().map(Some).chain([None]).map(|s| row(layer, s)).collect(),
    };
    let named = |name: &str, tone| Named { name: name.to_owned(), tone };
    Plot::Groups(Groups {
        x_label: "error / signal power".to_owned(),
        series: vec![named(DESIGNS[1], Tone::Baseline), named(DESIGNS[0], Tone::Subject)],
        panels: (1..=layers).map(panel).collect(),
    })
}

fn variance(findings: &Findings) -> Plot {
    let points = &findings.variance_points;
    let layers = points.iter().map(|point| point.layer).max().unwrap_or(0);
    let cloud = |layer| Cloud {
        name: format!("layer {layer}"),
        points: points
            .iter()
            .filter(|point| point.layer == layer)
            .map(|point| [point.measured, point.predicted])
            .collect(),
    };
    Plot::Scatter(Scatter {
        cloud_title: "each point a column of a tile".to_owned(),
        x_label: "measured variance (A²)".to_owned(),
        y_label: "predicted variance (A²)".to_owned(),
        ratio_title: "how far off the prediction is".to_owned(),
        ratio_label: "predicted / measured".to_owned(),
        count_label: "columns".to_owned(),
        tolerance: 0.1,
        clouds: (1..=layers).map(cloud).collect(),
    })
}

/// Parts of the analog designs, totals of all.
fn energy(findings: &Findings) -> Plot {
    let analog = |design| matches!(design, Design::Naive | Design::Full);
    let stacks = findings.energy.iter().filter(|entry| analog(entry.design)).map(|entry| Stack {
        label: entry.design.label().to_owned(),
        parts: entry
            .parts
            .iter()
            .map(|part| Share { name: part.part.clone(), value: part.joules })
            .collect(),
    });
    let bars = findings.energy.iter().map(|entry| Bar {
        label: entry.design.label().to_owned(),
        tone: match entry.design {
            Design::Naive => Tone::Baseline,
            Design::Full => Tone::Subject,
            _ => Tone::Reference,
        },
        value: Estimate::exact(entry.total_j()),
    });
    let parts = Stacks {
        x_label: "energy per inference".to_owned(),
        unit: "J".to_owned(),
        stacks: stacks.collect(),
    };
    let totals = Bars {
        x_label: "energy per inference, logarithmic scale".to_owned(),
        shown: Shown::Quantity("J".to_owned()),
        log: true,
        from_zero: false,
        bars: bars.collect(),
        reference: None,
    };
    let piece = |title: &str, plot| Piece { title: title.to_owned(), plot };
    Plot::Beside {
        pieces: vec![
            piece("where it goes", Plot::Stacks(parts)),
            piece("against digital designs", Plot::Bars(totals)),
        ],
    }
}
