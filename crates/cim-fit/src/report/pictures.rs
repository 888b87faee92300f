//! Pictures of a fit: what was measured beside what the law says of cells that it was not fitted to.

use cim_core::{Seconds, Siemens};
use cim_report::Estimate;
use cim_report::chart::{Chart, Line, Lines, Panel, Plot, Point, Scale};

use crate::fitted::{Compared, Deviations, Fitted, HeldOut};

/// Half-width of a 95 % interval over the standard error.
const Z95: f64 = 1.96;

/// Most targets whose change with time is drawn.
const MOST: usize = 6;

/// All pictures that there is something for.
pub(super) fn charts(fitted: &Fitted) -> Vec<Chart> {
    let last = fitted.relaxation.iter().map(|group| group.elapsed_s).fold(0.0, f64::max);
    let late: Vec<&HeldOut> =
        fitted.relaxation.iter().filter(|group| 0.5 * last < group.elapsed_s).collect();
    let mut charts = Vec::new();
    let programming: Vec<&HeldOut> = fitted.programming.iter().collect();
    if !programming.is_empty() {
        charts.push(Chart {
            name: "programming".into(),
            title: "What programming leaves".into(),
            caption: caption("Achieved less target"),
            plot: across(&programming),
        });
    }
    if let Some(reads) = &fitted.reads {
        charts.push(Chart {
            name: "reads".into(),
            title: "Reads about their mean".into(),
            caption: "Shares of reads by how far they are from the mean of their look, measured and drawn by the \
                      law with two states; looks with three reads or more."
                .into(),
            plot: about_mean(reads),
        });
    }
    if !late.is_empty() {
        charts.push(Chart {
            name: "relaxation".into(),
            title: format!("Change after {:.0}", Seconds(last)),
            caption: caption("Change since the first look"),
            plot: across(&late),
        });
        let parts: [(&str, &str, Part); 2] = [
            ("shift", "Mean change with time", |group| group.shift),
            ("spread", "Spread of the change with time", |group| group.spread),
        ];
        for (name, title, of) in parts {
            charts.push(Chart {
                name: format!("{name}-in-time"),
                title: title.into(),
                caption: caption("Change since the first look"),
                plot: in_time(&fitted.relaxation, of),
            });
        }
    }
    charts
}

type Part = fn(&HeldOut) -> Compared;

fn caption(what: &str) -> String {
    format!(
        "{what}, mean and standard deviation over cells with their 95 % intervals; the law was fitted without \
         the cells that it is compared with."
    )
}

/// Measured and by the law, over `x`.
fn beside(groups: &[&HeldOut], x: fn(&HeldOut) -> f64, of: Part) -> Vec<Line> {
    let line = |name: &str, y: &dyn Fn(Compared) -> Estimate| Line {
        name: name.into(),
        points: groups.iter().map(|group| Point { x: x(group), y: y(of(group)) }).collect(),
    };
    let us = |s: f64| 1e6 * s;
    vec![
        line("law", &|c| Estimate::exact(us(c.law_s))),
        line("measured", &|c| Estimate {
            mean: us(c.measured_s),
            ci95: Z95 * us(c.error_s),
            chips: 1,
        }),
    ]
}

/// Mean and spread over targets.
fn across(groups: &[&HeldOut]) -> Plot {
    let panel = |title: &str, of: Part| Panel {
        title: title.into(),
        series: beside(groups, |group| 1e6 * group.target_s, of),
        reference: None,
        x: None,
    };
    Plot::Lines(Lines {
        x_label: "target (µS)".into(),
        y_label: "conductance (µS)".into(),
        x_log: false,
        y: Scale::Linear,
        panels: vec![
            panel("mean", |group| group.shift),
            panel("standard deviation", |group| group.spread),
        ],
    })
}

/// Shares of reads over their distance from the mean.
fn about_mean(reads: &Deviations) -> Plot {
    let line = |name: &str, shares: &[f64]| Line {
        name: name.into(),
        points: reads
            .at
            .iter()
            .zip(shares)
            .map(|(at, share)| Point { x: 100.0 * at, y: Estimate::exact(100.0 * share) })
            .collect(),
    };
    Plot::Lines(Lines {
        x_label: "distance from the mean (%)".into(),
        y_label: "reads (%)".into(),
        x_log: false,
        y: Scale::Log,
        panels: vec![Panel {
            title: String::new(),
            series: vec![line("law", &reads.law), line("measured", &reads.measured)],
            reference: None,
            x: None,
        }],
    })
}

/// Over time, for some targets from the lowest to the highest.
fn in_time(groups: &[HeldOut], of: Part) -> Plot {
    let by_target: Vec<&[HeldOut]> = groups.chunk_by(|a, b| a.elapsed_s < b.elapsed_s).collect();
    let shown = by_target.len().min(MOST);
    let picked = (0..shown).map(|k| by_target[k * (by_target.len() - 1) / (shown - 1).max(1)]);
    let panel = |of_target: &[HeldOut]| Panel {
        title: format!("{:.1}", Siemens(of_target[0].target_s)),
        series: beside(&of_target.iter().collect::<Vec<_>>(), |group| group.elapsed_s, of),
        reference: None,
        x: None,
    };
    Plot::Lines(Lines {
        x_label: "time since the first look (s)".into(),
        y_label: "conductance (µS)".into(),
        x_log: true,
        y: Scale::Linear,
        panels: picked.map(panel).collect(),
    })
}
