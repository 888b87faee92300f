//! What the experiment reports.

use std::collections::BTreeMap;

use super::arena::{End, Episode};
use super::found::{Chip, Networks, Pulsed, Software, VARIANTS, Variant};
use super::spec::Spec;
use super::two_layers::WAYS;
use crate::shared::estimates::{estimate, paired};
use cim_report::chart::{
    Chart, Disc, Line, Lines, Panel, Plot, Point, Reference, Scale, Tone, Way, WayGroup, WayPanel,
    Ways,
};
use cim_report::format::{number_estimate, percent, percent_estimate};
use cim_report::{Estimate, Figure, Headline, Report, Shown, Table};

/// Number of the variant that OpenMENA itself tunes: the bias.
const BIAS: usize = 1;

pub fn report(
    spec: &Spec,
    networks: &Networks,
    software: &Software,
    by_programmer: &[&[Chip]],
    driven: &Chip,
) -> Report {
    Report {
        title: "OpenMENA: digits and a robot with the chip in the loop".to_owned(),
        lead: lead(spec, software, by_programmer[0]),
        headlines: headlines(spec, software, by_programmer[0]),
        figures: figures(spec, networks, software, by_programmer),
        charts: vec![threshold_chart(spec, software, by_programmer), ways_chart(spec, driven)],
        tables: vec![
            task_table(spec, software, by_programmer),
            two_layer_table(spec, networks, by_programmer),
            programming_table(spec, by_programmer),
            weight_table(networks),
        ],
        counts: counts(by_programmer),
        notes: notes(spec),
        ..Report::default()
    }
}

fn notes(spec: &Spec) -> Vec<String> {
    let all: &[&str] = if spec.device.is_pulsed() { &PULSED } else { &OWN_LAW };
    NOTES.iter().chain(all).map(|note| (*note).to_owned()).collect()
}

const NOTES: [&str; 7] = [
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
    "Cells, counts per siemens, arena, teacher and the robot's network are choices of this project: the \
     paper states none.",
    "Robot: left and right wheel from place and heading, each with its complement, by least squares \
     without negative weights on a potential-field teacher. An episode ends at the goal, at a \
     collision, or when its time is over. Ideal is the digital network with weights in whole counts.",
];

const PULSED: [&str; 2] = [
    "Without increments is the released script as it is; its step of 0.1 V is multiplied by zero there. \
     20 mV is a choice of this project.",
    "Pulses see no half-selected neighbours and wires have no resistance.",
];

const OWN_LAW: [&str; 2] = [
    "These cells are known by what programming leaves, not by pulses: they are written once, by their own \
     law, and increments are not compared. Their window carries the largest of all weights, whatever \
     [programmer] says of counts; a code of the column converters may then be many counts or few.",
    "Wires have no resistance.",
];

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

/// What pulses came to, of every chip.
fn of_pulses(chips: &[Chip], value: impl Fn(&Pulsed) -> f64) -> Estimate {
    of(chips, |chip| chip.pulsed.as_ref().map_or(0.0, &value))
}

/// Collisions beyond those of the ideal robot from the same starts.
fn excess(chips: &[Chip], variant: usize) -> Estimate {
    let collisions: Vec<f64> = chips.iter().map(|c| c.collisions[variant]).collect();
    let ideal: Vec<f64> = chips.iter().map(|c| c.ideal_collisions).collect();
    paired(&collisions, &ideal)
}

fn name_of(spec: &Spec, programmer: usize) -> String {
    if !spec.device.is_pulsed() {
        return "the cells' own law".to_owned();
    }
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
) -> BTreeMap<String, Figure> {
    let mut figures = BTreeMap::new();
    let collisions = "collisions per 100 episodes";
    for (key, label, shown, value) in [
        ("digits_software_test", "digits in software", Shown::Percent, software.test),
        (
            "digits_software_train",
            "digits in software, training set",
            Shown::Percent,
            software.train,
        ),
        (
            "digits_software_rounded",
            "digits in software, weights in whole counts",
            Shown::Percent,
            software.rounded,
        ),
        ("digits_loss", "loss of the digits in software", Shown::Number, networks.digit.fit.value),
        (
            "two_layers_software",
            "digits on two layers, in software",
            Shown::Percent,
            networks.two_layers.test,
        ),
        (
            "robot_teacher_collisions",
            "collisions of the teacher per 100 episodes",
            Shown::Number,
            networks.teacher,
        ),
    ] {
        figures.insert(key.to_owned(), Figure::new(label, shown, Estimate::exact(value)));
    }
    for (programmer, chips) in by_programmer.iter().enumerate() {
        let place = match spec.device.is_pulsed() {
            true => format!("{}mV", (1e3 * spec.comparison.increments[programmer].0).round()),
            false => "own_law".to_owned(),
        };
        let programmed = name_of(spec, programmer);
        let mut put = |key: &str, label: &str, shown: Shown, e: Estimate| {
            let label = format!("{label}; {programmed}");
            figures.insert(format!("{key}_{place}"), Figure::new(label, shown, e));
        };
        let (share, plain) = (|| Shown::Percent, || Shown::Number);
        for (idx, variant) in VARIANTS.iter().enumerate() {
            let Variant { key, name, .. } = variant;
            let words = format!("digits, {name}");
            put(&format!("digits_{key}"), &words, share(), of(chips, |c| c.accuracy[idx]));
            let words = format!("digits, {name}, at the best threshold");
            put(&format!("digits_{key}_best"), &words, share(), of(chips, |c| c.best[idx]));
            let words = format!("{collisions}, {name}");
            put(&format!("robot_{key}"), &words, plain(), of(chips, |c| c.collisions[idx]));
            let words = format!("{collisions} more than ideal, {name}");
            put(&format!("robot_{key}_excess"), &words, plain(), excess(chips, idx));
        }
        for (idx, (name, key)) in WAYS.iter().enumerate() {
            let words = format!("digits on two layers, {name}");
            put(&format!("two_layers_{key}"), &words, share(), of(chips, |c| c.two_layers[idx]));
        }
        let ideal = of(chips, |c| c.ideal_collisions);
        put("robot_ideal", &format!("{collisions}, ideal weights"), plain(), ideal);
        let error = of(chips, |c| c.rms_counts);
        put("error_counts", "programming error, rms (counts)", plain(), error);
        if !spec.device.is_pulsed() {
            continue;
        }
        put("in_band", "cells in the dead zone", share(), of_pulses(chips, |c| c.in_band));
        put("stuck", "cells stuck", share(), of_pulses(chips, |c| c.stuck));
        put("pulses", "pulses a cell", plain(), of_pulses(chips, |c| c.pulses));
        let (joules, seconds) = (Shown::Quantity("J".into()), Shown::Quantity("s".into()));
        put("energy_j", "programming energy a cell", joules, of_pulses(chips, |c| c.energy_j));
        put("time_s", "programming time a cell", seconds, of_pulses(chips, |c| c.time_s));
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

fn headlines(spec: &Spec, software: &Software, chips: &[Chip]) -> Vec<Headline> {
    let accuracy = of(chips, |c| c.accuracy[BIAS]);
    let collisions = of(chips, |c| c.collisions[BIAS]);
    let error = of(chips, |c| c.rms_counts);
    vec![
        Headline {
            value: percent_estimate(&accuracy),
            label: "digits after fine-tuning".to_owned(),
            detail: format!(
                "software {}, as programmed {}",
                percent(software.test),
                percent_estimate(&of(chips, |c| c.accuracy[0]))
            ),
        },
        Headline {
            value: number_estimate(&collisions),
            label: "collisions per 100 episodes after fine-tuning".to_owned(),
            detail: format!(
                "{} more than with ideal weights, as programmed {}",
                number_estimate(&excess(chips, BIAS)),
                number_estimate(&of(chips, |c| c.collisions[0]))
            ),
        },
        Headline {
            value: format!("{:.1} counts", error.mean),
            label: "programming error, rms".to_owned(),
            detail: if spec.device.is_pulsed() {
                format!(
                    "{:.1} % of cells in the dead zone of {}, {:.1} pulses a cell",
                    100.0 * of_pulses(chips, |c| c.in_band).mean,
                    spec.programmer.tolerance,
                    of_pulses(chips, |c| c.pulses).mean
                )
            } else {
                name_of(spec, 0)
            },
        },
    ]
}

fn threshold_chart(spec: &Spec, software: &Software, by_programmer: &[&[Chip]]) -> Chart {
    let thresholds = || spec.digits.thresholds.iter().enumerate();
    let panel = |(programmer, chips): (usize, &&[Chip])| {
        let line = |(idx, variant): (usize, &Variant)| Line {
            name: variant.name.to_owned(),
            points: thresholds()
                .map(|(k, &x)| Point { x, y: of(chips, |c| c.curve[idx][k]) })
                .collect(),
        };
        Panel {
            title: name_of(spec, programmer),
            series: VARIANTS.iter().enumerate().map(line).collect(),
            reference: Some(Reference { label: "software".to_owned(), value: software.test }),
            x: None,
        }
    };
    Chart {
        name: "digits-vs-threshold".to_owned(),
        title: "Digits against the decision threshold".to_owned(),
        caption:
            "Test accuracy where a 1 is decided above a probability, for each way of programming; bars are 95 % intervals over chips. The line is the \
                  software at a probability of one half."
                .to_owned(),
        plot: Plot::Lines(Lines {
            x_label: "decision threshold (probability)".to_owned(),
            y_label: "test accuracy (%)".to_owned(),
            x_log: false,
            y: Scale::Accuracy,
            panels: by_programmer.iter().enumerate().map(panel).collect(),
        }),
    }
}

fn task_table(spec: &Spec, software: &Software, by_programmer: &[&[Chip]]) -> Table {
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
    Table::new(
        "Both tasks, mean and 95 % interval over chips",
        columns,
        std::iter::once(software_row).chain(rows),
    )
}

fn two_layer_table(spec: &Spec, networks: &Networks, by_programmer: &[&[Chip]]) -> Table {
    let mut columns = vec!["programmer".to_owned()];
    columns.extend(WAYS.iter().map(|(name, _)| format!("{name} (%)")));
    let rows = by_programmer.iter().enumerate().map(|(programmer, chips)| {
        let ways = (0..WAYS.len()).map(|way| share(of(chips, |c| c.two_layers[way])));
        std::iter::once(name_of(spec, programmer)).chain(ways).collect()
    });
    let software = percent(networks.two_layers.test);
    let title = format!("Digits on two layers, both on the chip; {software} in software");
    Table::new(title, columns, rows)
}

fn programming_table(spec: &Spec, by_programmer: &[&[Chip]]) -> Table {
    let columns = [
        "programmer",
        "error, rms (counts)",
        "in the dead zone (%)",
        "stuck (%)",
        "pulses a cell",
        "energy a cell (µJ)",
        "time a cell (ms)",
    ];
    // Of cells that no pulses write only the error is known.
    let known = if spec.device.is_pulsed() { columns.len() } else { 2 };
    let rows = by_programmer.iter().enumerate().map(|(programmer, chips)| {
        let mut row = vec![
            name_of(spec, programmer),
            plain(of(chips, |c| c.rms_counts)),
            share(of_pulses(chips, |c| c.in_band)),
            share(of_pulses(chips, |c| c.stuck)),
            plain(of_pulses(chips, |c| c.pulses)),
            plain(of_pulses(chips, |c| 1e6 * c.energy_j)),
            plain(of_pulses(chips, |c| 1e3 * c.time_s)),
        ];
        row.truncate(known);
        row
    });
    let columns = &columns[..known];
    Table::new("Programming, mean and 95 % interval over chips", columns.iter().copied(), rows)
}

fn weight_table(networks: &Networks) -> Table {
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
    let rows = (0..super::layout::SIDE).map(row).chain([bias]);
    Table::new("Targets, and what is added behind", columns, rows)
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
fn ways_chart(spec: &Spec, chip: &Chip) -> Chart {
    /// One place in so many is drawn.
    const EVERY: usize = 3;
    // A hundredth of a pixel: more digits would only make the report long.
    let rounded = |(x, y): (f64, f64)| [x, y].map(|v| (1e4 * v).round() / 1e4);
    let titles = std::iter::once("ideal weights").chain(VARIANTS.iter().map(|v| v.name));
    let panel = |(title, episodes): (&str, &Vec<Episode>)| {
        let hits = episodes.iter().filter(|e| e.end == End::Collision).count();
        let way = |e: &Episode| {
            let last = e.path.len() - 1;
            let drawn = |k: usize| k.is_multiple_of(EVERY) || k == last;
            Way {
                group: usize::from(e.end == End::Collision),
                path: (0..=last).filter(|&k| drawn(k)).map(|k| rounded(e.path[k])).collect(),
            }
        };
        WayPanel {
            title: format!("{title}: {hits}/{}", episodes.len()),
            ways: episodes.iter().map(way).collect(),
        }
    };
    let arena = &spec.robot.arena;
    let goal =
        Disc { at: [arena.goal[0], arena.goal[1]], radius: arena.goal_radius, tone: Tone::Goal };
    let obstacle = |o: &super::arena::Obstacle| Disc {
        at: [o.x, o.y],
        radius: o.radius,
        tone: Tone::Reference,
    };
    let group = |name: &str, tone, bold| WayGroup { name: name.to_owned(), tone, bold };
    Chart {
        name: "trajectories".to_owned(),
        title: "Ways of the robot through the arena".to_owned(),
        caption:
            "The robot's ways on the chip that drives worst as programmed, with the number of \
                  collisions among the episodes above each panel. Grey: obstacles. Green: the goal."
                .to_owned(),
        plot: Plot::Ways(Ways {
            x_label: "x (sides)".to_owned(),
            y_label: "y (sides)".to_owned(),
            x: [0.0, 1.0],
            y: [0.0, 1.0],
            discs: std::iter::once(goal).chain(arena.obstacles.iter().map(obstacle)).collect(),
            groups: vec![
                group("no collision", Tone::Subject, false),
                group("collides", Tone::Baseline, true),
            ],
            panels: titles.zip(&chip.episodes).map(panel).collect(),
        }),
    }
}
