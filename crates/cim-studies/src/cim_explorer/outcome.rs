//! What the experiment reports.

use std::collections::BTreeMap;

use cim_adc::FullScale;
use cim_report::chart::{Chart, Line, Lines, Panel, Plot, Point, Reference, Scale};
use cim_report::format::{percent, percent_estimate, points};
use cim_report::{Comparison, Estimate, Figure, Headline, Report, Shown};
use cim_tile::mapping::Numbers;

use super::measured::{Finished, Measured};
use super::spec::Spec;
use super::tables;
use crate::shared::images::Images;
use crate::study::StudyData;

/// Points of MNIST accuracy over 10,000 images that a core measures in a second, at least.
const LEAST_RATE: f64 = 3.0;
/// What 3-bit converters may lose and still be said to suffice (fraction of images).
const SUFFICES: f64 = 0.01;

pub fn report(spec: &Spec, images: &Images, measured: &Measured) -> Report {
    Report {
        title: "Binary and ternary networks under eleven mappings".to_owned(),
        lead: lead(spec, measured),
        headlines: headlines(measured),
        figures: figures(measured),
        comparison: claims(measured),
        charts: vec![chart(spec, measured)],
        tables: tables::all(measured),
        notes: notes(images, measured),
        ..Report::default()
    }
}

fn figures(measured: &Measured) -> BTreeMap<String, Figure> {
    let mut figures = BTreeMap::new();
    let mut add = |name: String, label: String, shown: Shown, value: Estimate| {
        figures.insert(name, Figure::new(label, shown, value));
    };
    let rate = measured.points_per_second;
    let words = "points measured in a second".to_owned();
    add("points_per_second".into(), words, Shown::Number, Estimate::exact(rate));
    add(
        "points_per_second_per_thread".into(),
        "points measured in a second, a thread".to_owned(),
        Shown::Number,
        Estimate::exact(rate / measured.threads.max(1) as f64),
    );
    for (name, digital) in ["binary", "ternary"].iter().zip(measured.digital) {
        let label = format!("{name} network as numbers");
        add(format!("digital_{name}"), label, Shown::Percent, Estimate::exact(digital));
    }
    for finished in &measured.default {
        let low_bit = finished.point.low_bit;
        let name = format!("accuracy_{}", low_bit.key.replace('-', "_"));
        let label = format!("{} at the design", low_bit.name);
        add(name, label, Shown::Percent, finished.accuracy());
    }
    figures
}

/// Settings with cells that spread: without, pairs have nothing to be robust against.
fn spread(measured: &Measured, numbers: Numbers) -> Vec<Vec<&Finished>> {
    let mut settings = measured.settings(numbers);
    settings.retain(|setting| setting[0].point.design.spread.0 > 0.0);
    settings
}

fn best_of<'a>(setting: &[&'a Finished], take: impl Fn(&Finished) -> bool) -> Option<&'a Finished> {
    let own = setting.iter().copied().filter(|finished| take(finished));
    own.max_by(|a, b| a.accuracy().mean.total_cmp(&b.accuracy().mean))
}

/// Mean over settings of what the best of some mappings loses.
fn mean_lost(
    measured: &Measured,
    settings: &[Vec<&Finished>],
    take: impl Fn(&Finished) -> bool,
) -> Option<f64> {
    let lost: Vec<f64> = settings
        .iter()
        .filter_map(|setting| best_of(setting, &take))
        .map(|finished| measured.lost(finished))
        .collect();
    if lost.is_empty() { None } else { Some(lost.iter().sum::<f64>() / lost.len() as f64) }
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds here" } else { "does not hold here" }
}

/// The paper's claims, each beside what was found.
fn claims(measured: &Measured) -> Vec<Comparison> {
    let mut rows = Vec::new();
    let rate = measured.points_per_second / measured.threads.max(1) as f64;
    rows.push(
        Comparison::new("points in a second, a thread", "–", format!("{rate:.1}"))
            .must("≥ 3", LEAST_RATE <= rate),
    );
    for (numbers, name) in [(Numbers::Binary, "binary"), (Numbers::Ternary, "ternary")] {
        let settings = spread(measured, numbers);
        let pairs = mean_lost(measured, &settings, Finished::is_differential);
        let others = mean_lost(measured, &settings, |finished| !finished.is_differential());
        if let (Some(pairs), Some(others)) = (pairs, others) {
            let won = settings.iter().filter(|setting| {
                best_of(setting, |_| true).is_some_and(Finished::is_differential)
            });
            let (won, all) = (won.count(), settings.len());
            let ours = format!(
                "{}: the best pair loses {} points, the best other {}, means over {all} settings; pairs \
                 are best in {won}",
                verdict(pairs < others && all < 2 * won),
                points(pairs),
                points(others),
            );
            let figure = format!("pairs most robust, {name}");
            rows.push(Comparison::new(&figure, "usually", ours));
        }
        let three = |setting: &&Vec<&Finished>| setting[0].point.design.adc_bits == 3;
        let best = settings
            .iter()
            .filter(three)
            .filter_map(|setting| best_of(setting, |_| true))
            .max_by(|a, b| a.accuracy().mean.total_cmp(&b.accuracy().mean));
        if let Some(best) = best {
            let ours = format!(
                "{}: {} points lost by {}, range {}, spread {}",
                verdict(measured.lost(best) <= SUFFICES),
                points(measured.lost(best)),
                best.point.low_bit.name,
                tables::range(best.point.design.range),
                best.point.design.spread,
            );
            let figure = format!("3 bits suffice (within a point), {name}");
            rows.push(Comparison::new(&figure, "can, for large networks", ours));
        }
        let mut named: Vec<&str> = settings
            .iter()
            .filter_map(|setting| best_of(setting, |_| true))
            .map(|finished| finished.point.low_bit.name)
            .collect();
        named.sort_unstable();
        named.dedup();
        if !named.is_empty() {
            let ours = format!("{}: {}", verdict(1 < named.len()), named.join(", "));
            let figure = format!("the best mapping depends on the setting, {name}");
            rows.push(Comparison::new(&figure, "yes", ours));
        }
    }
    let coarse = |numbers| {
        let mut settings = measured.settings(numbers);
        settings.retain(|setting| setting[0].point.design.adc_bits <= 4);
        mean_lost(measured, &settings, |_| true)
    };
    if let (Some(binary), Some(ternary)) = (coarse(Numbers::Binary), coarse(Numbers::Ternary)) {
        // Which of the two loses less differs from seed to seed where they are within a point.
        let verdict = match ternary - binary {
            apart if apart.abs() < SUFFICES => "cannot be told here",
            apart => verdict(apart < 0.0),
        };
        let ours = format!(
            "{verdict}: best mappings lose {} points (ternary) and {} (binary) at up to 4 bits",
            points(ternary),
            points(binary),
        );
        let figure = "ternary networks bear coarse converters better";
        rows.push(Comparison::new(figure, "yes (arXiv 2505.07490)", ours));
    }
    rows
}

/// Best and worst at the design.
fn ends(measured: &Measured, numbers: Numbers) -> Option<[&Finished; 2]> {
    let own: Vec<&Finished> = measured
        .default
        .iter()
        .filter(|finished| finished.point.low_bit.numbers == numbers)
        .collect();
    let best = best_of(&own, |_| true)?;
    let worst =
        own.iter().min_by(|a, b| a.accuracy().mean.total_cmp(&b.accuracy().mean)).copied()?;
    Some([best, worst])
}

fn lead(spec: &Spec, measured: &Measured) -> String {
    let mut text = String::new();
    for (numbers, name) in [(Numbers::Binary, "binary"), (Numbers::Ternary, "ternary")] {
        let Some([best, worst]) = ends(measured, numbers) else { continue };
        text += &format!(
            "The {name} network recognises {} as numbers; with {} bits and cells of {} to {} that spread by {}, \
             {} under {} and {} under {}. ",
            percent(measured.digital_of(numbers)),
            spec.design.adc_bits,
            spec.design.low,
            spec.design.high,
            spec.design.spread,
            percent(best.accuracy().mean),
            best.point.low_bit.name,
            percent(worst.accuracy().mean),
            worst.point.low_bit.name,
        );
    }
    text += "Not modelled: networks with convolutions, thresholds of converters placed one by one, read disturb \
             and its refreshing, energy, wires in the sweep.";
    text
}

fn headlines(measured: &Measured) -> Vec<Headline> {
    let of = |(numbers, name): (Numbers, &str)| {
        let [best, worst] = ends(measured, numbers)?;
        Some(Headline {
            value: percent(best.accuracy().mean),
            label: format!("{name} network, {}", best.point.low_bit.name),
            detail: format!(
                "{} as numbers, {} under {}",
                percent(measured.digital_of(numbers)),
                percent_estimate(&worst.accuracy()),
                worst.point.low_bit.name
            ),
        })
    };
    let rate = Headline {
        value: format!("{:.1}", measured.points_per_second),
        label: "points in a second".to_owned(),
        detail: format!("{} points, {} threads", measured.sweep.len(), measured.threads),
    };
    [(Numbers::Binary, "binary"), (Numbers::Ternary, "ternary")]
        .into_iter()
        .filter_map(of)
        .chain([rate])
        .collect()
}

/// Accuracy against resolution, by spread: a panel for each kind of network.
fn chart(spec: &Spec, measured: &Measured) -> Chart {
    let range = spec.sweep.ranges.last().copied().unwrap_or(FullScale::WorstCase);
    let panel = |(numbers, name): (Numbers, &str)| {
        let series = spec
            .sweep
            .mappings
            .iter()
            .filter_map(|key| {
                let own = |finished: &&Finished| {
                    let (low_bit, design) = (finished.point.low_bit, finished.point.design);
                    low_bit.key == key && low_bit.numbers == numbers && {
                        design.range == range
                            && finished.point.rows == spec.sweep.rows[0]
                            && [design.low, design.high] == [spec.sweep.low[0], spec.sweep.high[0]]
                    }
                };
                let widest = spec.sweep.spreads.iter().copied().fold(f64::MIN, |m, s| m.max(s.0));
                let points: Vec<Point> = (measured.sweep.iter().filter(own))
                    .filter(|finished| finished.point.design.spread.0 == widest)
                    .map(|finished| {
                        let x = f64::from(finished.point.design.adc_bits);
                        Point { x, y: finished.accuracy() }
                    })
                    .collect();
                let name = measured.sweep.iter().find(own)?.point.low_bit.name.to_owned();
                Some(Line { name, points })
            })
            .collect();
        let value = measured.digital_of(numbers);
        let reference = Some(Reference { label: "as numbers".to_owned(), value });
        Panel { title: format!("{name} network"), series, reference, x: None }
    };
    Chart {
        name: "accuracy-vs-bits".to_owned(),
        title: "Accuracy against the resolution of converters".to_owned(),
        caption: format!(
            "Cells with the widest spread of the sweep, ranges {}; intervals over chips that share the test images.",
            tables::range(range)
        ),
        plot: Plot::Lines(Lines {
            x_label: "output converters (bits)".to_owned(),
            y_label: "test accuracy (%)".to_owned(),
            x_log: false,
            y: Scale::Accuracy,
            panels: [(Numbers::Binary, "binary"), (Numbers::Ternary, "ternary")].map(panel).into(),
        }),
    }
}

fn notes(images: &Images, measured: &Measured) -> Vec<String> {
    vec![
        format!(
            "Networks are trained here, straight through the rounding of weights and activations, on {}. Batch \
             norms of hidden layers are thresholds halfway between whole sums; that of the last layer stays digital, \
             a factor and an offset for every class.",
            images.source().name
        ),
        "Leakage of cells in their state of high resistance cancels in pairs; elsewhere it is subtracted \
         digitally, behind the converter, so that no current becomes negative in front of it. Ranges are of rows \
         that can be driven: of two rows of an input one. Both differ from the paper's simulator, to its favour."
            .to_owned(),
        "At the design every chip looks at all test images: intervals are over chips. In the sweep chips share the \
         images, so that a point costs as many images as the test set has: its intervals hold both chips and images. \
         The same chip of every point draws from the same addresses."
            .to_owned(),
        format!(
            "Points in a second are a time: they differ from run to run. {} of {} points were taken up from an \
             earlier run.",
            measured.taken_up,
            measured.sweep.len()
        ),
        "Converters around zero have one code less than others and spend half of them on each sign; those of lone \
         columns begin at no current."
            .to_owned(),
    ]
}
