//! Pictures of the study.

use cim_report::Estimate;
use cim_report::chart::{
    Bar, Bars, Chart, Line, Lines, Map, Maps, Panel, Plot, Point, Reference, Scale, Tone,
};
use ndarray::Array2;

use super::data::Motion;
use super::measured::{Measured, WAYS};
use super::spec::Spec;

pub fn all(spec: &Spec, sets: &Motion, measured: &Measured) -> Vec<Chart> {
    vec![accuracies(spec, measured), rasters(measured), membranes(sets, measured)]
}

fn accuracies(spec: &Spec, measured: &Measured) -> Chart {
    let after = spec.drift.words();
    let mut bars = Vec::new();
    for (runs, state) in [(&measured.fresh, "chip"), (&measured.drifted, "drifted")] {
        let mut bar = |words: &str, tone, value| {
            bars.push(Bar { label: format!("{state}, {words}"), tone, value })
        };
        bar("not adapted", Tone::Baseline, runs.before());
        let tones = [Tone::Between, Tone::Subject, Tone::Goal];
        for (way, ((_, words, _), tone)) in WAYS.iter().zip(tones).enumerate() {
            bar(words, tone, runs.after(way));
        }
    }
    let late = measured.by_fold(|fold| fold.late);
    let value = late.iter().sum::<f64>() / late.len() as f64;
    Chart {
        name: "adaptation".to_owned(),
        title: "A subject left out".to_owned(),
        caption: format!(
            "Accuracy on later windows of the subject, drifted {after} after writing; intervals are over seeds, which \
             share the networks in numbers."
        ),
        plot: Plot::Bars(Bars {
            x_label: "accuracy (%), axis cut".to_owned(),
            shown: cim_report::Shown::Percent,
            log: false,
            from_zero: false,
            bars,
            reference: Some(Reference { label: "in numbers, not adapted".to_owned(), value }),
        }),
    }
}

/// Neurons of a layer that are drawn.
const DRAWN: usize = 40;

fn rasters(measured: &Measured) -> Chart {
    let shown = &measured.shown;
    let map = |title: String, steps: &Array2<f32>| {
        let rows = steps.ncols().min(DRAWN);
        let values =
            (0..rows).flat_map(|neuron| steps.column(neuron).to_vec()).map(f64::from).collect();
        Map { title, unit: String::new(), columns: steps.nrows(), values }
    };
    let mut maps = vec![map("channels".to_owned(), &shown.inputs)];
    maps.extend(
        shown.spikes.iter().enumerate().map(|(l, s)| map(format!("layer {}: spikes", l + 1), s)),
    );
    Chart {
        name: "rasters".to_owned(),
        title: format!("One window of exercise {} through the network", shown.exercise),
        caption: format!(
            "{} is one of the exercises of Burns et al. 2018, as the recordings abbreviate it. Channels in standard \
             deviations, and spikes of the first {DRAWN} neurons of each layer (1 where one is sent); later layers \
             have longer steps.",
            shown.exercise
        ),
        plot: Plot::Maps(Maps { x_label: "step".to_owned(), y_label: "row".to_owned(), maps }),
    }
}

fn membranes(sets: &Motion, measured: &Measured) -> Chart {
    let membranes = &measured.shown.membranes;
    let line = |neuron: usize| Line {
        name: format!("neuron {}", neuron + 1),
        points: (0..membranes.nrows())
            .map(|step| {
                let y = Estimate::exact(f64::from(membranes[(step, neuron)]));
                Point { x: step as f64, y }
            })
            .collect(),
    };
    Chart {
        name: "membranes".to_owned(),
        title: "Membranes of the first layer".to_owned(),
        caption: format!(
            "Before their resets, in the window above, one of {} exercises.",
            sets.exercises.len()
        ),
        plot: Plot::Lines(Lines {
            x_label: "step of the layer".to_owned(),
            y_label: "membrane".to_owned(),
            x_log: false,
            y: Scale::Linear,
            panels: vec![Panel {
                title: String::new(),
                series: (0..membranes.ncols().min(3)).map(line).collect(),
                reference: None,
                x: None,
            }],
        }),
    }
}
