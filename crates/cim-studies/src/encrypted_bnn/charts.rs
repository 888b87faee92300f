//! Pictures of the study.

use cim_report::Shown;
use cim_report::chart::{
    Bar, Bars, Chart, Line, Lines, Panel, Plot, Point, Reference, Scale, Tone,
};

use super::keys::named;
use super::measured::{Measured, combinations};
use super::spec::Spec;
use crate::shared::estimates::estimate;

pub fn all(spec: &Spec, measured: &Measured) -> Vec<Chart> {
    vec![wrong_bits(spec, measured), attacks(spec, measured), without_key(measured)]
}

fn with_key(measured: &Measured) -> Option<Reference> {
    Some(Reference { label: "with the key".to_owned(), value: measured.plain })
}

fn wrong_bits(spec: &Spec, measured: &Measured) -> Chart {
    let point = |(idx, count): (usize, &usize)| Point {
        x: *count as f64,
        y: measured.over_chips(|chip| chip.wrong_bits[idx]),
    };
    // A logarithmic axis has no zero.
    let counts = spec.wrong_bits.counts.iter().enumerate().filter(|(_, count)| 0 < **count);
    Chart {
        name: "accuracy-vs-wrong-bits".to_owned(),
        title: "Keys that are a little wrong".to_owned(),
        caption: "Accuracy by wrong bits among those of all layers, drawn anew for every chip. Keys follow from a \
                  word by a hash: one wrong bit of the word makes half of them wrong."
            .to_owned(),
        plot: Plot::Lines(Lines {
            x_label: "wrong bits".to_owned(),
            y_label: "test accuracy".to_owned(),
            x_log: true,
            y: Scale::Accuracy,
            panels: vec![Panel {
                title: named(&spec.methods(measured.shapes.len())),
                series: vec![Line {
                    name: "accuracy".to_owned(),
                    points: counts.map(point).collect(),
                }],
                reference: with_key(measured),
                x: None,
            }],
        }),
    }
}

fn attacks(spec: &Spec, measured: &Measured) -> Chart {
    let own = spec.methods(measured.shapes.len());
    let bar = |attack: &super::attacked::OfAttack| Bar {
        label: format!("{}: {}", named(&attack.methods), attack.name),
        tone: if attack.methods == own { Tone::Subject } else { Tone::Between },
        value: estimate(&attack.accuracy),
    };
    let bars = measured.attacks.iter().map(bar).collect();
    chart_of_bars(
        "attacks",
        "What attackers get out of a chip that was read out",
        "Test accuracy with the keys that each attack found.",
        bars,
        measured,
    )
}

fn without_key(measured: &Measured) -> Chart {
    let bar = |(idx, methods): (usize, cim_tile::encryption::Methods)| Bar {
        label: methods.name(),
        tone: Tone::Subject,
        value: measured.over_chips(|chip| chip.combined_without_key[idx]),
    };
    let bars = combinations().into_iter().enumerate().map(bar).collect();
    chart_of_bars(
        "without-key",
        "Use without the key",
        "Test accuracy of a chip that was read out, run as it lies.",
        bars,
        measured,
    )
}

fn chart_of_bars(
    name: &str,
    title: &str,
    caption: &str,
    bars: Vec<Bar>,
    measured: &Measured,
) -> Chart {
    Chart {
        name: name.to_owned(),
        title: title.to_owned(),
        caption: caption.to_owned(),
        plot: Plot::Bars(Bars {
            x_label: "test accuracy".to_owned(),
            shown: Shown::Percent,
            log: false,
            from_zero: true,
            bars,
            reference: with_key(measured),
        }),
    }
}
