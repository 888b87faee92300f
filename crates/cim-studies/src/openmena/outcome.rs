//! What the experiment reports.

use std::collections::BTreeMap;

use super::arena::{End, Episode};
use super::found::{Chip, Networks, Software, VARIANTS};
use super::spec::Spec;
use super::two_layers::WAYS;
use crate::shared::estimates::{estimate, paired};
use crate::study::Written;
use cim_report::Estimate;
use cim_report::study::{
    Chart, Headline, Line, Panel, Point, Reference, SCHEMA, Scale, Study, StudyTable,
};
use cim_report::trajectories::{Drives, Map, Way};

/// Number of the variant that OpenMENA itself tunes: the bias.
const BIAS: usize = 1;

pub fn study(
    options: &Written<'_, Spec>,
    networks: &Networks,
    software: &Software,
    by_programmer: &[&[Chip]],
) -> Study {
    let spec = options.spec;
    Study {
        schema: SCHEMA.to_owned(),
        title: "OpenMENA: digits and a robot with the chip in the loop".to_owned(),
        seed: spec.seed,
        preset: options.preset.to_owned(),
        revision: env!("CARGO_PKG_VERSION").to_owned(),
        spec: options.text.to_owned(),
        lead: lead(spec, software, by_programmer[0]),
        headlines: headlines(software, by_programmer[0]),
        figures: figures(spec, networks, software, by_programmer),
        charts: vec![threshold_chart(spec, software, by_programmer)],
        tables: vec![
            task_table(spec, software, by_programmer),
            two_layer_table(spec, networks, by_programmer),
            programming_table(spec, by_programmer),
            weight_table(networks),
        ],
        counts: counts(by_programmer),
        notes: NOTES.map(str::to_owned).to_vec(),
    }
}

const NOTES: [&str; 10] = [
    "Digits: classes 0 and 1 of scikit-learn's 8 × 8 digits, eight principal components, 288 images to \
     train and 72 to test, so that one image is 1.39 points.",
    "The two classes can be separated: without a bound of the weights the loss has no minimum, and the \
     released pipeline stops where its tolerance is met. Here weights are bounded by the largest of \
     that run and the loss is at its minimum; the accuracy is the same.",
    "One 8 × 8 chip carries both tasks: digits on the first column, the wheels on the next two. Chip k \
     has the same cells, noise and starts whatever the programmer.",
    "Fine-tuning sees the noisy chip in every forward pass. Bias: one digital number a column, as \
     released. Last layer: also a digital matrix behind the columns, which begins as the identity.",
    "Two layers: after the first layer is programmed, the second learns in software what the chip makes \
     of its inputs, and is then programmed; the biases of both learn at the end.",
    "Without increments is the released script as it is; its step of 0.1 V is multiplied by zero there. \
     20 mV is a choice of this project.",
    "Cells, counts per siemens, arena, teacher and the robot's network are choices of this project: the \
     paper states none.",
    "Robot: left and right wheel from place and heading, each with its complement, by least squares \
     without negative weights on a potential-field teacher. An episode ends at the goal, at a \
     collision, or when its time is over. Ideal is the digital network with weights in whole counts.",
    "trajectories.svg beside this report shows the robot's ways on the chip that drives worst as \
     programmed, with the number of collisions in a hundred episodes above each panel.",
    "Pulses see no half-selected neighbours and wires have no resistance.",
];

fn percent(value: f64) -> String {
    format!("{:.2} %", 100.0 * value)
}

fn share(e: Estimate) -> String {
    format!("{:.2} ± {:.2}", 100.0 * e.mean, 100.0 * e.ci95)
}

fn plain(e: Estimate) -> String {
    format!("{:.2} ± {:.2}", e.mean, e.ci95)
}

/// A figure of every chip.
fn of(chips: &[Chip], value: impl Fn(&Chip) -> f64) -> Estimate {
    estimate(&chips.iter().map(value).collect::<Vec<_>>())
}

/// Collisions beyond those of the ideal robot from the same starts.
fn excess(chips: &[Chip], variant: usize) -> Estimate {
    let collisions: Vec<f64> = chips.iter().map(|c| c.collisions[variant]).collect();
    let ideal: Vec<f64> = chips.iter().map(|c| c.ideal_collisions).collect();
    paired(&collisions, &ideal)
}

fn name_of(spec: &Spec, programmer: usize) -> String {
    let increment = spec.comparison.increments[programmer];
    if increment.0 == 0.0 {
        "PI, no increments".to_owned()
    } else {
        format!("VIPI, steps of {increment}")
    }
}

fn figures(
    spec: &Spec,
    networks: &Networks,
    software: &Software,
    by_programmer: &[&[Chip]],
) -> BTreeMap<String, Estimate> {
    let exact = |value: f64| Estimate { mean: value, ci95: 0.0, chips: 1 };
    let mut figures = BTreeMap::new();
    for (key, value) in [
        ("digits_software_test", software.test),
        ("digits_software_train", software.train),
        ("digits_software_rounded", software.rounded),
        ("digits_loss", networks.digit.fit.value),
        ("two_layers_software", networks.two_layers.test),
        ("robot_teacher_collisions", networks.teacher),
    ] {
        figures.insert(key.to_owned(), exact(value));
    }
    for (programmer, chips) in by_programmer.iter().enumerate() {
        let place = format!("{}mV", (1e3 * spec.comparison.increments[programmer].0).round());
        let mut put = |key: &str, e: Estimate| figures.insert(format!("{key}_{place}"), e);
        for (idx, variant) in VARIANTS.iter().enumerate() {
            put(&format!("digits_{}", variant.key), of(chips, |c| c.accuracy[idx]));
            put(&format!("digits_{}_best", variant.key), of(chips, |c| c.best[idx]));
            put(&format!("robot_{}", variant.key), of(chips, |c| c.collisions[idx]));
            put(&format!("robot_{}_excess", variant.key), excess(chips, idx));
        }
        for (idx, (_, key)) in WAYS.iter().enumerate() {
            put(&format!("two_layers_{key}"), of(chips, |c| c.two_layers[idx]));
        }
        put("robot_ideal", of(chips, |c| c.ideal_collisions));
        put("error_counts", of(chips, |c| c.rms_counts));
        put("in_band", of(chips, |c| c.in_band));
        put("stuck", of(chips, |c| c.stuck));
        put("pulses", of(chips, |c| c.pulses));
        put("energy_j", of(chips, |c| c.energy_j));
        put("time_s", of(chips, |c| c.time_s));
    }
    figures
}

fn lead(spec: &Spec, software: &Software, chips: &[Chip]) -> String {
    format!(
        "Digits: {} in software, {} on {} chips as programmed, {} after the bias was fine-tuned with \
         the chip in the loop. Robot: {:.1} collisions in a hundred episodes with ideal weights, {:.1} \
         as programmed, {:.1} after fine-tuning. Programmed by {}, cells end {:.1} counts (rms) from \
         their targets.",
        percent(software.test),
        percent(of(chips, |c| c.accuracy[0]).mean),
        chips.len(),
        percent(of(chips, |c| c.accuracy[BIAS]).mean),
        of(chips, |c| c.ideal_collisions).mean,
        of(chips, |c| c.collisions[0]).mean,
        of(chips, |c| c.collisions[BIAS]).mean,
        name_of(spec, 0),
        of(chips, |c| c.rms_counts).mean,
    )
}

fn headlines(software: &Software, chips: &[Chip]) -> Vec<Headline> {
    let accuracy = of(chips, |c| c.accuracy[BIAS]);
    let collisions = of(chips, |c| c.collisions[BIAS]);
    let error = of(chips, |c| c.rms_counts);
    vec![
        Headline {
            value: percent(accuracy.mean),
            label: "digits after fine-tuning".to_owned(),
            detail: format!(
                "software {}, as programmed {}",
                percent(software.test),
                percent(of(chips, |c| c.accuracy[0]).mean)
            ),
        },
        Headline {
            value: format!("{:.1}", collisions.mean),
            label: "collisions per 100 episodes after fine-tuning".to_owned(),
            detail: format!(
                "{:+.1} against ideal weights, as programmed {:.1}",
                excess(chips, BIAS).mean,
                of(chips, |c| c.collisions[0]).mean
            ),
        },
        Headline {
            value: format!("{:.1} counts", error.mean),
            label: "programming error, rms".to_owned(),
            detail: format!(
                "{:.1} % of cells in the dead zone of 15, {:.1} pulses a cell",
                100.0 * of(chips, |c| c.in_band).mean,
                of(chips, |c| c.pulses).mean
            ),
        },
    ]
}

fn threshold_chart(spec: &Spec, software: &Software, by_programmer: &[&[Chip]]) -> Chart {
    let thresholds = || spec.digits.thresholds.iter().enumerate();
    let panel = |(programmer, chips): (usize, &&[Chip])| {
        let line = |(idx, variant): (usize, &super::found::Variant)| Line {
            name: variant.name.to_owned(),
            points: thresholds()
                .map(|(k, &x)| Point { x, y: of(chips, |c| c.curve[idx][k]) })
                .collect(),
        };
        Panel {
            title: name_of(spec, programmer),
            series: VARIANTS.iter().enumerate().map(line).collect(),
            reference: Some(Reference { label: "software".to_owned(), value: software.test }),
        }
    };
    Chart {
        name: "digits-vs-threshold".to_owned(),
        title: "Digits against the decision threshold".to_owned(),
        caption:
            "Test accuracy where a 1 is decided above a probability, for each way of programming; bars are 95 % intervals over chips. The line is the \
                  software at a probability of one half."
                .to_owned(),
        x_label: "decision threshold (probability)".to_owned(),
        y_label: "test accuracy (%)".to_owned(),
        x_log: false,
        y: Scale::Accuracy,
        panels: by_programmer.iter().enumerate().map(panel).collect(),
    }
}

fn task_table(spec: &Spec, software: &Software, by_programmer: &[&[Chip]]) -> StudyTable {
    let columns =
        ["on", "digits (%)", "at the best threshold (%)", "collisions per 100", "more than ideal"];
    let software_row = vec![
        "software, ideal weights".to_owned(),
        format!("{:.2}", 100.0 * software.test),
        format!("{:.2}", 100.0 * software.best),
        plain(of(by_programmer[0], |c| c.ideal_collisions)),
        "–".to_owned(),
    ];
    let rows = by_programmer.iter().enumerate().flat_map(|(programmer, chips)| {
        VARIANTS.iter().enumerate().map(move |(idx, variant)| {
            vec![
                format!("{}; {}", name_of(spec, programmer), variant.name),
                share(of(chips, |c| c.accuracy[idx])),
                share(of(chips, |c| c.best[idx])),
                plain(of(chips, |c| c.collisions[idx])),
                plain(excess(chips, idx)),
            ]
        })
    });
    StudyTable {
        title: "Both tasks, mean and 95 % interval over chips".to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: std::iter::once(software_row).chain(rows).collect(),
    }
}

fn two_layer_table(spec: &Spec, networks: &Networks, by_programmer: &[&[Chip]]) -> StudyTable {
    let mut columns = vec!["programmer".to_owned()];
    columns.extend(WAYS.iter().map(|(name, _)| format!("{name} (%)")));
    let rows = by_programmer.iter().enumerate().map(|(programmer, chips)| {
        let ways = (0..WAYS.len()).map(|way| share(of(chips, |c| c.two_layers[way])));
        std::iter::once(name_of(spec, programmer)).chain(ways).collect()
    });
    StudyTable {
        title: format!(
            "Digits on two layers, both on the chip; {} in software",
            percent(networks.two_layers.test)
        ),
        columns,
        rows: rows.collect(),
    }
}

fn programming_table(spec: &Spec, by_programmer: &[&[Chip]]) -> StudyTable {
    let columns = [
        "programmer",
        "error, rms (counts)",
        "in the dead zone (%)",
        "stuck (%)",
        "pulses a cell",
        "energy a cell (µJ)",
        "time a cell (ms)",
    ];
    let rows = by_programmer.iter().enumerate().map(|(programmer, chips)| {
        vec![
            name_of(spec, programmer),
            plain(of(chips, |c| c.rms_counts)),
            share(of(chips, |c| c.in_band)),
            share(of(chips, |c| c.stuck)),
            plain(of(chips, |c| c.pulses)),
            plain(of(chips, |c| 1e6 * c.energy_j)),
            plain(of(chips, |c| 1e3 * c.time_s)),
        ]
    });
    StudyTable {
        title: "Programming, mean and 95 % interval over chips".to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn weight_table(networks: &Networks) -> StudyTable {
    let columns = ["row", "digits (counts)", "left wheel (counts)", "right wheel (counts)"];
    let of = [&networks.digit, &networks.wheels[0], &networks.wheels[1]];
    let row = |row: usize| {
        let weights = of.map(|column| column.weights.get(row).map_or(0.0, |w| w.round()));
        std::iter::once((row + 1).to_string())
            .chain(weights.map(|w| format!("{w:.0}")))
            .collect::<Vec<_>>()
    };
    let per_count = networks.command_per_count;
    let [digit, left, right] = of.map(|column| column.bias);
    let bias = vec![
        "bias".to_owned(),
        format!("{digit:.3} logits"),
        format!("{left:.3}, {per_count:.5} a count"),
        format!("{right:.3}, {per_count:.5} a count"),
    ];
    StudyTable {
        title: "Targets, and what is added behind".to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: (0..super::layout::SIDE).map(row).chain([bias]).collect(),
    }
}

fn counts(by_programmer: &[&[Chip]]) -> BTreeMap<String, u64> {
    let mut sum = cim_core::Tally::default();
    by_programmer.iter().flat_map(|chips| chips.iter()).for_each(|chip| sum += chip.tally);
    [
        ("DAC conversions", sum.dac_conversions),
        ("DAC clips", sum.dac_clips),
        ("ADC conversions", sum.adc_conversions),
        ("ADC clips", sum.adc_clips),
        ("cells programmed", sum.cells_programmed),
        ("cells in the dead zone", sum.cells_in_band),
        ("cells stuck", sum.cells_stuck),
        ("cells given up", sum.cells_given_up),
        ("programming pulses", sum.pulses),
        ("pulses at a limit of width or voltage", sum.pulses_limited),
        ("changes of polarity", sum.polarity_changes),
        ("verifying reads", sum.verify_reads),
    ]
    .into_iter()
    .map(|(name, count)| (name.to_owned(), count))
    .collect()
}

/// Ways of the robot on one chip, whose episodes were kept.
pub fn map(spec: &Spec, chip: &Chip) -> Map {
    /// One place in so many is drawn.
    const EVERY: usize = 3;
    let titles = std::iter::once("ideal weights").chain(VARIANTS.iter().map(|v| v.name));
    let panel = |(title, episodes): (&str, &Vec<Episode>)| {
        let hits = episodes.iter().filter(|e| e.end == End::Collision).count();
        let way = |e: &Episode| {
            let last = e.path.len() - 1;
            let drawn = |k: usize| k.is_multiple_of(EVERY) || k == last;
            Way {
                path: (0..=last).filter(|&k| drawn(k)).map(|k| e.path[k]).collect(),
                collided: e.end == End::Collision,
            }
        };
        Drives {
            title: format!("{title}: {hits}/{}", episodes.len()),
            ways: episodes.iter().map(way).collect(),
        }
    };
    let arena = &spec.robot.arena;
    Map {
        obstacles: arena.obstacles.iter().map(|o| (o.x, o.y, o.radius)).collect(),
        goal: (arena.goal[0], arena.goal[1], arena.goal_radius),
        panels: titles.zip(&chip.episodes).map(panel).collect(),
    }
}
