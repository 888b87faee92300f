//! A made-up report for tests: numbers of the right size, none of them measured.

use crate::chart::{
    Across, Bar, Bars, Chart, Cloud, Disc, GroupPanel, GroupRow, Groups, Line, Lines, Map, Maps,
    Named, Panel, Piece, Plot, Point, Reference, Scale, Scatter, Share, Stack, Stacks, Tone, Way,
    WayGroup, WayPanel, Ways,
};
use crate::{
    Bound, Chapter, Comparison, Estimate, Figure, Headline, Parameter, Part, Report, RunInfo,
    Shown, Stage, Table, Timing,
};

/// A whole report with every kind of chart, long labels, and something in every field.
pub fn report() -> Report {
    let mut report = Report {
        title: "Accuracy on resistive wires".to_owned(),
        seed: 1,
        preset: "ir-drop".to_owned(),
        revision: "0.1.0".to_owned(),
        run: RunInfo {
            command: "cim reproduce --preset ir-drop".to_owned(),
            quick: false,
            data_name: "60000 + 10000 images".to_owned(),
            data_sha256: "00ff".repeat(16),
        },
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
        comparison: vec![
            Comparison::new("digital accuracy", "98.21 %", "98.47 %").must("≥ 98.2 %", Bound::AtLeast(98.2).of(98.47)),
            Comparison::new("full method", "97.32 %", "98.34 %"),
            Comparison::new("3-bit ADC, full method", "93.8 %", "96.71 %").must("≥ 97 %", Bound::AtLeast(97.0).of(96.71)),
        ],
        figures: figures(),
        chapters: vec![Chapter {
            title: "First <of> all".to_owned(),
            text: "A paragraph & more.".to_owned(),
            points: vec!["A remark.".to_owned()],
            parts: vec![Part::chart("time"), Part::table("Largest tile within one point")],
        }],
        charts: charts(),
        cover: Some(Chart { name: "summary".to_owned(), ..beside() }),
        tables: vec![Table::new(
            "Largest tile within one point",
            ["mapping", "rows × columns", "accuracy", "verdict"],
            [
                ["naive", "32 × 32", "97.51 ± 0.12 %", "too small"],
                ["compensated | <both>", "128 × 128", "−", "enough"],
            ]
            .map(|row| row.map(str::to_owned).to_vec()),
        )],
        parameters: vec![Parameter {
            name: "conductance window".to_owned(),
            value: "1 µS to 100 µS".to_owned(),
            ours: true,
            note: "a table".to_owned(),
        }],
        counts: [("ADC clips", 1_234_567), ("cells at zero", 0)]
            .map(|(name, count)| (name.to_owned(), count))
            .into(),
        notes: vec!["The same chips serve every <wire> & mapping.".to_owned()],
        ..Report::default()
    };
    let data = serde_json::json!({"recovered_loss": 0.988, "variants": [{"name": "naive"}]});
    report.add_data(&data).expect("keys of its own");
    report
}

fn figures() -> std::collections::BTreeMap<String, Figure> {
    [
        ("naive_2_ohm", "naive, 2 Ω", Shown::Percent, estimate(0.6702, 0.0123)),
        ("loss", "what is lost", Shown::Points, estimate(-0.0031, 0.0005)),
        ("transfer_error", "error of the transfer", Shown::Number, estimate(2.13e-7, 1.1e-8)),
        ("energy", "energy", Shown::Quantity("J".into()), estimate(9.81e-9, 1.2e-10)),
        ("solves", "solves", Shown::Number, Estimate::exact(12_345.0)),
    ]
    .map(|(name, label, shown, e)| (name.to_owned(), Figure::new(label, shown, e)))
    .into()
}

/// Its times.
pub fn timing() -> Timing {
    let stage = |(name, seconds): (&str, f64)| Stage { name: name.to_owned(), seconds };
    Timing {
        total_s: 251.3,
        train_s: 61.0,
        threads: 2,
        stages: [("training", 61.0), ("sweeps", 31.1)].map(stage).to_vec(),
        steps: vec![stage(("conic program, per layer", 5.4e-4))],
        data: [("conic_us_per_layer".to_owned(), 540.0.into())].into_iter().collect(),
    }
}

/// One chart of every kind, each with a name of its own.
pub fn charts() -> Vec<Chart> {
    vec![
        wide(),
        accuracy(),
        error(),
        bars(),
        groups(),
        stacks(),
        scatter(),
        ways(),
        maps(),
        beside(),
    ]
}

/// A chart with words of the right size.
pub fn chart(name: &str, plot: Plot) -> Chart {
    Chart {
        name: name.to_owned(),
        title: format!("Picture of {name} & \"more\""),
        caption: "Made up.".to_owned(),
        plot,
    }
}

/// An estimate over ten chips.
pub fn estimate(mean: f64, ci95: f64) -> Estimate {
    Estimate { mean, ci95, chips: 10 }
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
        x: None,
    };
    chart(
        "wires",
        Plot::Lines(Lines {
            x_label: "wire resistance between neighbouring cells (Ω)".to_owned(),
            y_label: "test accuracy (%)".to_owned(),
            x_log: true,
            y: Scale::Accuracy,
            panels: vec![
                panel("tiles of 32 × 32 cells", 0.2),
                panel("tiles of 64 × 64 cells", 1.0),
                panel("tiles of 128 × 128 cells, driven from both sides", 5.0),
            ],
        }),
    )
}

/// Two panels with references and axes of their own on the axis of accuracies.
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
        x: Some(Across { label: format!("time of the {title} (s)"), log: true }),
    };
    chart(
        "time",
        Plot::Lines(Lines {
            x_label: String::new(),
            y_label: "test accuracy of the network after so long a time (%)".to_owned(),
            x_log: false,
            y: Scale::Nines,
            panels: vec![
                panel("perceptron", "digital, 98.31 %", 0.9831),
                panel("convolutional", "digital, 99.12 %", 0.9912),
            ],
        }),
    )
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
    let panel = Panel { title: String::new(), series: series.collect(), reference: None, x: None };
    chart(
        "transfer-error",
        Plot::Lines(Lines {
            x_label: "input offset (mV)".to_owned(),
            y_label: "error / signal power".to_owned(),
            x_log: true,
            y: Scale::Log,
            panels: vec![panel],
        }),
    )
}

/// Seven bars on a cut axis with a reference.
pub fn bars() -> Chart {
    let bars = [
        ("naive", Tone::Baseline, 0.9173),
        ("window + full scale", Tone::Between, 0.9752),
        ("full method", Tone::Subject, 0.9839),
    ];
    let bars = bars.map(|(label, tone, mean)| Bar {
        label: label.to_owned(),
        tone,
        value: estimate(mean, 0.03 * (1.0 - mean)),
    });
    chart(
        "ablation",
        Plot::Bars(Bars {
            x_label: "test accuracy (%), axis cut".to_owned(),
            shown: Shown::Percent,
            log: false,
            from_zero: false,
            bars: bars.to_vec(),
            reference: Some(Reference { label: "digital, 98.47 %".to_owned(), value: 0.9847 }),
        }),
    )
}

/// Two series in three panels over many decades.
pub fn groups() -> Chart {
    let row = |label: &str, value: f64| GroupRow {
        label: label.to_owned(),
        values: vec![value, 0.05 * value],
    };
    let panel = |layer: usize| GroupPanel {
        title: format!("layer {layer}"),
        rows: vec![
            row("programming", 0.02 / layer as f64),
            row("quantisation", 0.11),
            row("thermal", 8e-12),
        ],
    };
    let named = |name: &str, tone| Named { name: name.to_owned(), tone };
    chart(
        "error-budget",
        Plot::Groups(Groups {
            x_label: "error / signal power".to_owned(),
            series: vec![named("naive", Tone::Baseline), named("full", Tone::Subject)],
            panels: (1..=3).map(panel).collect(),
        }),
    )
}

/// Two bars of parts.
pub fn stacks() -> Chart {
    let stack = |label: &str, scale: f64| Stack {
        label: label.to_owned(),
        parts: [("array", 6.2e-9), ("ADC", 8.3e-9), ("DAC", 1.1e-9)]
            .map(|(name, value)| Share { name: name.to_owned(), value: scale * value })
            .to_vec(),
    };
    chart(
        "energy",
        Plot::Stacks(Stacks {
            x_label: "energy per inference".to_owned(),
            unit: "J".to_owned(),
            stacks: vec![stack("naive", 1.0), stack("full method", 0.6)],
        }),
    )
}

/// Scatter of the right look, from a fixed recurrence.
pub fn scatter() -> Chart {
    let noise = |k: usize| ((k * 7919) % 1009) as f64 / 1009.0;
    let cloud = |layer: usize| Cloud {
        name: format!("layer {layer}"),
        points: (0..200)
            .map(|k| {
                let measured = 1e-13 * 10f64.powf(1.4 * noise(k) - layer as f64 * 0.4);
                [measured, measured * (0.94 + 0.12 * noise(k + 13 * layer))]
            })
            .collect(),
    };
    chart(
        "variance",
        Plot::Scatter(Scatter {
            cloud_title: "each point a column".to_owned(),
            x_label: "measured variance (A²)".to_owned(),
            y_label: "predicted variance (A²)".to_owned(),
            ratio_title: "how far off".to_owned(),
            ratio_label: "predicted / measured".to_owned(),
            count_label: "columns".to_owned(),
            tolerance: 0.1,
            clouds: (1..=3).map(cloud).collect(),
        }),
    )
}

/// Two drivers among two obstacles, one of which leaves the plane.
pub fn ways() -> Chart {
    let way = |group| Way { group, path: vec![[0.1, 0.1], [0.5, 0.4], [0.7, 0.9]] };
    let panel = |title: &str| WayPanel { title: title.to_owned(), ways: vec![way(0), way(1)] };
    let disc = |at, tone| Disc { at, radius: 0.1, tone };
    let group = |name: &str, tone, bold| WayGroup { name: name.to_owned(), tone, bold };
    chart(
        "trajectories",
        Plot::Ways(Ways {
            x_label: "x (sides)".to_owned(),
            y_label: "y (sides)".to_owned(),
            x: [0.0, 1.0],
            y: [0.0, 1.0],
            discs: vec![
                disc([0.3, 0.6], Tone::Reference),
                disc([0.95, 0.7], Tone::Reference),
                disc([0.9, 0.9], Tone::Goal),
            ],
            groups: vec![
                group("no collision", Tone::Subject, false),
                group("collides", Tone::Baseline, true),
            ],
            panels: vec![panel("ideal"), panel("programmed")],
        }),
    )
}

/// Two small maps.
pub fn maps() -> Chart {
    chart(
        "array",
        Plot::Maps(Maps {
            x_label: "column".to_owned(),
            y_label: "row".to_owned(),
            maps: vec![map("Row wires", 3, 4), map("Cell currents", 3, 4)],
        }),
    )
}

/// A map whose values fall from 0.2.
pub fn map(title: &str, rows: usize, columns: usize) -> Map {
    let values = (0..rows * columns).map(|k| 0.2 - 1e-5 * k as f64).collect();
    Map { title: title.to_owned(), unit: "V".to_owned(), columns, values }
}

/// Lines, bars and stacks side by side.
pub fn beside() -> Chart {
    let piece = |title: &str, plot| Piece { title: title.to_owned(), plot };
    let pieces = vec![
        piece("Lines", error().plot),
        piece("Bars", bars().plot),
        piece("Stacks", stacks().plot),
    ];
    chart("beside", Plot::Beside { pieces })
}
