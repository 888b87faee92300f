//! Pictures of the study.

use cim_report::Estimate;
use cim_report::chart::{
    Across, Chart, Line, Lines, Map, Maps, Panel, Plot, Point, Reference, Scale,
};

use super::data::ImageSets;
use super::measured::Measured;
use super::ratios::SOLVERS;
use super::spec::Spec;
use crate::shared::estimates::estimate;

pub fn all(spec: &Spec, sets: &ImageSets, measured: &Measured) -> Vec<Chart> {
    vec![
        membranes(measured),
        raster(spec, measured),
        costs(measured),
        errors(measured),
        rails(spec, sets, measured),
        learning(sets, measured),
    ]
}

fn line(name: &str, points: impl Iterator<Item = (f64, Estimate)>) -> Line {
    Line { name: name.to_owned(), points: points.map(|(x, y)| Point { x, y }).collect() }
}

fn panel(title: &str, series: Vec<Line>) -> Panel {
    Panel { title: title.to_owned(), series, reference: None, x: None }
}

fn chart(name: &str, title: &str, caption: &str, plot: Plot) -> Chart {
    let [name, title, caption] = [name, title, caption].map(str::to_owned);
    Chart { name, title, caption, plot }
}

fn membranes(measured: &Measured) -> Chart {
    let traces = &measured.traces;
    let panels = traces.membranes.iter().enumerate().map(|(neuron, models)| {
        let names = ["ideal current sources", "reversal potentials"];
        let series = names.into_iter().zip(models).map(|(name, membrane)| {
            let points = traces.moments.iter().zip(membrane);
            line(name, points.map(|(t, v)| (*t, Estimate::exact(*v))))
        });
        Panel {
            reference: Some(Reference { label: "threshold".to_owned(), value: 1.0 }),
            ..panel(&format!("neuron {}", neuron + 1), series.collect())
        }
    });
    chart(
        "membranes",
        "Membranes of three neurons",
        "As if they never fired. With reversal potentials currents shrink as the membrane rises, so that \
         it comes to the threshold later.",
        Plot::Lines(Lines {
            x_label: "time (windows)".to_owned(),
            y_label: "membrane (thresholds)".to_owned(),
            x_log: false,
            y: Scale::Linear,
            panels: panels.collect(),
        }),
    )
}

/// Columns of a raster.
const BINS: usize = 60;

fn raster(spec: &Spec, measured: &Measured) -> Chart {
    let horizon = spec.discrepancy.horizon;
    let names = ["first spikes of the circuit", "first spikes of the ideal model"];
    let maps = names.into_iter().zip(&measured.traces.spikes).map(|(title, spikes)| {
        let mut values = vec![0.0; spikes.len() * BINS];
        for (neuron, time) in spikes.iter().enumerate() {
            if let Some(time) = time {
                let bin = (time / horizon * BINS as f64) as usize;
                values[neuron * BINS + bin.min(BINS - 1)] = 1.0;
            }
        }
        Map { title: title.to_owned(), unit: String::new(), columns: BINS, values }
    });
    chart(
        "rasters",
        "Who fires when",
        "One row a neuron of the first layer drawn; columns are sixtieths of the run.",
        Plot::Maps(Maps {
            x_label: format!("time (sixtieths of {horizon} windows)"),
            y_label: "neuron".to_owned(),
            maps: maps.collect(),
        }),
    )
}

fn costs(measured: &Measured) -> Chart {
    let series = |value: &dyn Fn(usize, usize) -> Estimate| {
        let of = |k: usize| {
            let points = measured.costs.iter().enumerate();
            line(SOLVERS[k], points.map(|(at, cost)| (cost.inputs as f64, value(at, k))))
        };
        (0..SOLVERS.len()).map(of).collect::<Vec<_>>()
    };
    let time = series(&|at, k| {
        let seconds = &measured.costs[at].seconds[k];
        estimate(&seconds.iter().map(|s| 1e3 * s).collect::<Vec<_>>())
    });
    chart(
        "cost",
        "Time of a training step of one sample",
        "Means and 95 % intervals over repeats in turn, wall clock.",
        Plot::Lines(Lines {
            x_label: "inputs".to_owned(),
            y_label: "time (ms)".to_owned(),
            x_log: true,
            y: Scale::Log,
            panels: vec![panel("", time)],
        }),
    )
}

fn errors(measured: &Measured) -> Chart {
    let mean = measured.errors.iter().map(|e| (e.per_window as f64, estimate(&e.mean)));
    let largest = measured.errors.iter().map(|e| (e.per_window as f64, estimate(&e.largest)));
    chart(
        "grid-error",
        "Spike-time error against intervals a window",
        "Against the exact solver; intervals are over drawn layers.",
        Plot::Lines(Lines {
            x_label: "intervals a window, M".to_owned(),
            y_label: "error (windows)".to_owned(),
            x_log: true,
            y: Scale::Log,
            panels: vec![panel("", vec![line("mean", mean), line("largest", largest)])],
        }),
    )
}

fn rails(spec: &Spec, sets: &ImageSets, measured: &Measured) -> Chart {
    let at = |value: &dyn Fn(usize) -> f64| {
        let points = measured.ideal_at.iter().enumerate();
        points.map(|(k, at)| (at.thresholds, Estimate::exact(value(k)))).collect::<Vec<_>>()
    };
    let physical = at(&|k| measured.ideal_at[k].physical.accuracy());
    let ideal = at(&|k| measured.ideal_at[k].ideal.accuracy());
    let value = measured.ideal.accuracy();
    let reference = Reference { label: "ideal, no rails".to_owned(), value };
    chart(
        "accuracy-vs-rails",
        &format!("{}: accuracy against the distance of the rails", sets.name),
        &format!(
            "Learned by {}, with the rails it runs with, or ideal: so few are for the difference, not for how well such \
             networks can do. An image for which no output fires counts as wrong: accuracy falls below that of a guess \
             where most are such.",
            spec.rails.words()
        ),
        Plot::Lines(Lines {
            x_label: "rails (thresholds)".to_owned(),
            y_label: "test accuracy (%)".to_owned(),
            x_log: true,
            y: Scale::Accuracy,
            panels: vec![Panel {
                reference: Some(reference),
                x: Some(Across { label: "rails (thresholds)".to_owned(), log: true }),
                ..panel(
                    "",
                    vec![
                        line("trained with rails", physical.into_iter()),
                        line("trained ideal", ideal.into_iter()),
                    ],
                )
            }],
        }),
    )
}

fn learning(sets: &ImageSets, measured: &Measured) -> Chart {
    let points = measured.network.history.iter();
    let points = points.map(|e| (e.epoch as f64, Estimate::exact(e.accuracy)));
    chart(
        "learning",
        &format!("{}: images held out, by epoch", sets.name),
        "Accuracy of the network of the study on images of the training set that it does not learn from.",
        Plot::Lines(Lines {
            x_label: "epoch".to_owned(),
            y_label: "accuracy (%)".to_owned(),
            x_log: false,
            y: Scale::Accuracy,
            panels: vec![panel("", vec![line("held out", points)])],
        }),
    )
}
