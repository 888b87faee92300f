//! Pictures of the study.

use cim_dynamics::log_domain::Trajectory;
use cim_report::Estimate;
use cim_report::chart::{Across, Chart, Line, Lines, Panel, Plot, Point, Reference, Scale};

use super::measured::{Errors, Measured, Varied};
use super::spec::Spec;
use crate::shared::estimates::estimate;

pub fn all(spec: &Spec, measured: &Measured) -> Vec<Chart> {
    vec![ways(measured), by_bits(measured), by_rule(spec, measured), by_devices(measured)]
}

/// Weights that are drawn, and points of each.
const DRAWN: usize = 4;
const POINTS: usize = 30;

fn ways(measured: &Measured) -> Chart {
    let names = ["steps", "circuit of equal devices", "circuit of typical devices"];
    let line = |run: &Trajectory, weight: usize| {
        let rows = run.weights.nrows();
        let every = (rows / POINTS).max(1);
        let point = |row: usize| {
            let y = Estimate::exact(run.weights[(row, weight)]);
            Point { x: row as f64, y }
        };
        let points = (0..rows).step_by(every).map(point).collect();
        Line { name: format!("weight {}", weight + 1), points }
    };
    let panel = |(name, run): (&str, &Trajectory)| Panel {
        title: name.to_owned(),
        series: (0..run.weights.ncols().min(DRAWN)).map(|weight| line(run, weight)).collect(),
        reference: None,
        x: None,
    };
    chart(
        "trajectories",
        "Weights on their way",
        "The first weights of the regression with most inputs: as steps of a processor, as the circuit \
         with equal devices, and with all that is modelled of typical ones.",
        Lines {
            x_label: "presentations".to_owned(),
            y_label: "weight".to_owned(),
            x_log: false,
            y: Scale::Linear,
            panels: names.into_iter().zip(&measured.ways).map(panel).collect(),
        },
    )
}

fn by_bits(measured: &Measured) -> Chart {
    chart(
        "error-vs-bits",
        "Error against bits of the converters",
        "Root mean square distance from the steps over the range of the weights; bars are 95 % intervals \
         over circuits with laws of their own.",
        Lines {
            x_label: "bits".to_owned(),
            y_label: "distance from the steps (share of range)".to_owned(),
            x_log: false,
            y: Scale::Log,
            panels: vec![panel("", &measured.bits, None)],
        },
    )
}

fn by_rule(spec: &Spec, measured: &Measured) -> Chart {
    let rate = Across { label: "learning rate".to_owned(), log: true };
    let decay = Across { label: "decay".to_owned(), log: true };
    chart(
        "error-vs-rule",
        "Error against learning rate and decay",
        &format!(
            "As before, with converters of {} bits. At high rates the steps are no longer close to the \
             equation that the circuit solves.",
            spec.learner.bits
        ),
        Lines {
            x_label: "learning rate".to_owned(),
            y_label: "distance from the steps (share of range)".to_owned(),
            x_log: true,
            y: Scale::Log,
            panels: vec![
                panel("learning rate", &measured.rates, Some(rate)),
                panel("decay", &measured.decays, Some(decay)),
            ],
        },
    )
}

fn by_devices(measured: &Measured) -> Chart {
    let area = Across { label: "gate area (µm²)".to_owned(), log: true };
    let series = [(0, "constant biases"), (1, "biases that follow temperature")];
    let temperature = Panel {
        title: "temperature, equal devices".to_owned(),
        series: series
            .into_iter()
            .map(|(k, name)| {
                let each = measured.temperatures.iter();
                line(name, each.map(|(temperature, errors)| (temperature.0 - 273.15, &errors[k])))
            })
            .collect(),
        reference: None,
        x: Some(Across { label: "temperature (°C)".to_owned(), log: false }),
    };
    chart(
        "error-vs-devices",
        "Error against gate area and temperature",
        "Left: mismatch shrinks with the root of the gate area. Right: rates fall as the inverse of the \
         temperature unless biases rise with it.",
        Lines {
            x_label: "gate area (µm²)".to_owned(),
            y_label: "distance from the steps (share of range)".to_owned(),
            x_log: true,
            y: Scale::Log,
            panels: vec![panel("gate area", &measured.areas, Some(area)), temperature],
        },
    )
}

fn panel(title: &str, varied: &[Varied], x: Option<Across>) -> Panel {
    Panel {
        title: title.to_owned(),
        series: vec![
            line("equal devices", varied.iter().map(|v| (v.value, &v.matched))),
            line("typical devices", varied.iter().map(|v| (v.value, &v.typical))),
        ],
        reference: Some(Reference {
            label: "paper, of the square: 0.87 %".to_owned(),
            value: 0.0087,
        }),
        x,
    }
}

fn line<'a>(name: &str, points: impl Iterator<Item = (f64, &'a Errors)>) -> Line {
    let point = |(x, errors): (f64, &Errors)| Point { x, y: estimate(&errors.steps) };
    Line { name: name.to_owned(), points: points.map(point).collect() }
}

fn chart(name: &str, title: &str, caption: &str, lines: Lines) -> Chart {
    Chart {
        name: name.to_owned(),
        title: title.to_owned(),
        caption: caption.to_owned(),
        plot: Plot::Lines(lines),
    }
}
