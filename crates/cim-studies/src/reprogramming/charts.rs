//! Pictures of the study.

use cim_report::chart::{Chart, Line, Lines, Panel, Plot, Point, Reference, Scale};

use super::measured::OfSubject;

pub fn all(measured: &[OfSubject]) -> Vec<Chart> {
    vec![strides(measured), errors(measured)]
}

/// Where the writes of the baseline are.
fn unsorted() -> Option<Reference> {
    Some(Reference { label: "unsorted".to_owned(), value: 1.0 })
}

fn strides(measured: &[OfSubject]) -> Chart {
    let panel = |subject: &OfSubject| Panel {
        title: subject.name.clone(),
        series: subject
            .strides
            .iter()
            .map(|(name, points)| Line {
                name: (*name).to_owned(),
                points: points
                    .iter()
                    .map(|(stride, point)| Point { x: *stride as f64, y: point.ratio })
                    .collect(),
            })
            .collect(),
        reference: unsorted(),
        x: None,
    };
    Chart {
        name: "writes-vs-stride".to_owned(),
        title: "Fewer writes, by stride".to_owned(),
        caption: "How many times fewer cells are written than unsorted: at stride 1 every crossbar has a \
                  block of sorted sections, at the greatest all take turns."
            .to_owned(),
        plot: Plot::Lines(Lines {
            x_label: "stride (sections)".to_owned(),
            y_label: "times fewer writes".to_owned(),
            x_log: true,
            y: Scale::Log,
            panels: measured.iter().map(panel).collect(),
        }),
    }
}

fn errors(measured: &[OfSubject]) -> Chart {
    let panel = |subject: &OfSubject| Panel {
        title: subject.name.clone(),
        series: subject
            .errors
            .iter()
            .map(|(name, points)| Line {
                name: (*name).to_owned(),
                points: points
                    .iter()
                    .map(|point| Point { x: point.run.rms_error().mean, y: point.ratio })
                    .collect(),
            })
            .collect(),
        reference: unsorted(),
        x: None,
    };
    Chart {
        name: "writes-vs-error".to_owned(),
        title: "Fewer writes, by the error of a weight".to_owned(),
        caption: "Sorted layers: bit stucking by the share of writes that is done, and the cheapest weight \
                  by the steps that it may be off."
            .to_owned(),
        plot: Plot::Lines(Lines {
            x_label: "error of a weight (steps, rms)".to_owned(),
            y_label: "times fewer writes".to_owned(),
            x_log: false,
            y: Scale::Log,
            panels: measured.iter().map(panel).collect(),
        }),
    }
}
