//! A made-up study for tests: numbers of the right size, none of them measured.

use crate::Estimate;

use super::{Chart, Headline, Line, Panel, Point, Reference, SCHEMA, Scale, Study, StudyTable};

/// A whole study: five lines in three panels, all scales, long labels.
pub fn study() -> Study {
    Study {
        schema: SCHEMA.to_owned(),
        title: "Accuracy on resistive wires".to_owned(),
        seed: 1,
        preset: "ir-drop".to_owned(),
        revision: "0.1.0".to_owned(),
        spec: "[wires]\nsegment = [\"0 Ohm\", \"1 Ohm\"]\n".to_owned(),
        lead: "Wires of 2 Ω per cell cost the naive mapping 31 points. Programming for the transfer of \
               the array instead of its conductances wins back all but 0.4."
            .to_owned(),
        headlines: [
            ("97.91 %", "compensated, 2 Ω", "98.31 % on perfect wires"),
            ("67.02 %", "naive mapping, 2 Ω", "31.29 points lost"),
            ("128 × 128", "largest tile within 1 point", "32 × 32 without compensation"),
            ("0.83 ms", "per solve", "a tile of 128 × 128"),
        ]
        .map(|(value, label, detail)| Headline {
            value: value.to_owned(),
            label: label.to_owned(),
            detail: detail.to_owned(),
        })
        .to_vec(),
        figures: [
            ("naive_2_ohm", estimate(0.6702, 0.0123)),
            ("compensated_2_ohm", estimate(0.9791, 0.0006)),
            ("transfer_error", estimate(2.13e-7, 1.1e-8)),
            ("solves", Estimate { mean: 12_345.0, ci95: 0.0, chips: 1 }),
            ("a_name_that_goes_on_and_on_and_has_no_space_at_which_it_could_break", estimate(1.0, 0.5)),
        ]
        .map(|(name, figure)| (name.to_owned(), figure))
        .into(),
        charts: vec![wide(), accuracy(), error()],
        tables: vec![StudyTable {
            title: "Largest tile within one point".to_owned(),
            columns: ["mapping", "rows × columns", "accuracy", "verdict"].map(str::to_owned).to_vec(),
            rows: [
                ["naive", "32 × 32", "97.51 ± 0.12 %", "too small"],
                ["compensated | <both>", "128 × 128", "−", "enough"],
            ]
            .map(|row| row.map(str::to_owned).to_vec())
            .to_vec(),
        }],
        counts: [("adc_clips", 1_234_567), ("cells_at_zero", 0)]
            .map(|(name, count)| (name.to_owned(), count))
            .into(),
        notes: vec!["The same chips serve every <wire> & mapping.".to_owned()],
    }
}

/// Five lines in three panels, from zero over four decades down to chance.
pub fn wide() -> Chart {
    let names = [
        "naive mapping",
        "scaled columns",
        "weights retrained with a transfer matrix of the mean chip",
        "compensated at programming",
        "compensated and retrained",
    ];
    let panel = |title: &str, size: f64| Panel {
        title: title.to_owned(),
        series: names
            .iter()
            .enumerate()
            .map(|(index, name)| Line {
                name: (*name).to_owned(),
                points: [0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]
                    .map(|ohm: f64| {
                        let loss =
                            0.1 + 0.87 / (1.0 + (ohm * size / 4f64.powi(index as i32)).powf(1.3));
                        Point { x: ohm, y: estimate(loss, 0.05 * (1.0 - loss)) }
                    })
                    .to_vec(),
            })
            .collect(),
        reference: Some(Reference { label: "digital".to_owned(), value: 0.9831 }),
    };
    Chart {
        name: "wires".to_owned(),
        title: "Accuracy against wire resistance".to_owned(),
        caption: "Test accuracy over wire resistance; the dashed line is the digital network."
            .to_owned(),
        x_label: "wire resistance between neighbouring cells (Ω)".to_owned(),
        y_label: "test accuracy (%)".to_owned(),
        x_log: true,
        y: Scale::Accuracy,
        panels: vec![
            panel("tiles of 32 × 32 cells", 0.2),
            panel("tiles of 64 × 64 cells", 1.0),
            panel("tiles of 128 × 128 cells, driven from both sides", 5.0),
        ],
    }
}

/// Two panels with references of their own on the axis of accuracies.
pub fn accuracy() -> Chart {
    let panel = |title: &str, label: &str, value: f64| Panel {
        title: title.to_owned(),
        series: ["drift compensated", "as programmed"]
            .into_iter()
            .enumerate()
            .map(|(index, name)| Line {
                name: name.to_owned(),
                points: [1.0, 60.0, 3600.0, 86_400.0, 2.6e6, 3.2e7]
                    .map(|time: f64| {
                        let loss = 0.004 + 0.003 * (1.0 + 3.0 * index as f64) * time.log10();
                        Point { x: time, y: estimate(value - loss, 0.1 * loss) }
                    })
                    .to_vec(),
            })
            .collect(),
        reference: Some(Reference { label: label.to_owned(), value }),
    };
    Chart {
        name: "time".to_owned(),
        title: "Accuracy against time & \"drift\"".to_owned(),
        caption: "Made up.".to_owned(),
        x_label: "time since programming (s)".to_owned(),
        y_label: "test accuracy of the network after so long a time (%)".to_owned(),
        x_log: true,
        y: Scale::Accuracy,
        panels: vec![
            panel("perceptron", "digital, 98.31 %", 0.9831),
            panel("convolutional", "digital, 99.12 %", 0.9912),
        ],
    }
}

/// Six lines in one panel, logarithmic upwards with zero, linear across.
pub fn error() -> Chart {
    let series = (0..6).map(|index| Line {
        name: format!("layer {}", index + 1),
        points: (0..8)
            .map(|step| {
                let ideal = step == 0 && index == 0;
                let error = 1e-6 * 3f64.powi(step) * (1.0 + f64::from(index));
                let y = if ideal { estimate(0.0, 0.0) } else { estimate(error, 0.2 * error) };
                Point { x: f64::from(step) - 2.0, y }
            })
            .collect(),
    });
    Chart {
        name: "transfer-error".to_owned(),
        title: "Error of the transfer".to_owned(),
        caption: "Made up.".to_owned(),
        x_label: "input offset (mV)".to_owned(),
        y_label: "error / signal power".to_owned(),
        x_log: true,
        y: Scale::Log,
        panels: vec![Panel { title: String::new(), series: series.collect(), reference: None }],
    }
}

/// An estimate over ten chips.
pub fn estimate(mean: f64, ci95: f64) -> Estimate {
    Estimate { mean, ci95, chips: 10 }
}
