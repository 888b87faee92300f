//! What the experiment reports.

use std::collections::BTreeMap;

use cim_report::format::{percent, percent_estimate};
use cim_report::{Attachment, Estimate, Figure, Headline, Report, Shown};
use cim_tile::mapping::Numbers;

use super::disturb::MOST_WRITES;
use super::measured::{Finished, Further, Measured, best_of};
use super::spec::Spec;
use super::{charts, claims, sheet, tables};
use crate::shared::images::Images;
use crate::study::StudyData;

pub fn report(spec: &Spec, images: &Images, measured: &Measured) -> Report {
    Report {
        title: "Binary and ternary networks under eleven mappings".to_owned(),
        lead: lead(spec, measured),
        headlines: headlines(measured),
        figures: figures(spec, measured),
        comparison: claims::claims(spec, measured),
        charts: charts::all(spec, measured),
        tables: tables::all(spec, measured),
        notes: notes(spec, images, measured),
        attachments: vec![Attachment {
            name: "points.csv".to_owned(),
            text: sheet::sheet(measured),
        }],
        ..Report::default()
    }
}

fn figures(spec: &Spec, measured: &Measured) -> BTreeMap<String, Figure> {
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
    for numbers in [Numbers::Binary, Numbers::Ternary] {
        if let Some([placed, ideal]) = measured.placed_and_ideal(numbers) {
            let kind = measured.name_of(numbers);
            let label = format!("3 bits with placed thresholds below ideal converters, {kind}");
            let lost = Measured::paired(ideal, placed);
            add(format!("three_bits_placed_below_ideal_{kind}"), label, Shown::Points, lost);
        }
    }
    for placed in &measured.placed {
        let low_bit = placed.point.low_bit;
        let label =
            format!("3 bits with placed thresholds below ideal converters, {}", low_bit.name);
        let key = low_bit.key.replace('-', "_");
        add(
            format!("three_bits_placed_below_ideal_{key}"),
            label,
            Shown::Points,
            placed.below_ideal(),
        );
    }
    for finished in &measured.default {
        let low_bit = finished.point.low_bit;
        let name = format!("accuracy_{}", low_bit.key.replace('-', "_"));
        let label = format!("{} at the design", low_bit.name);
        add(name, label, Shown::Percent, finished.accuracy());
    }
    for (pitch, all) in spec.wired.pitches.iter().zip(&measured.wired) {
        for finished in all {
            let low_bit = finished.point.low_bit;
            let ohm = pitch.0.to_string().replace('.', "_");
            let name = format!("accuracy_{}_at_{ohm}_ohm", low_bit.key.replace('-', "_"));
            let label = format!("{} at the design on wires of {pitch}", low_bit.name);
            add(name, label, Shown::Percent, finished.accuracy());
        }
    }
    for Further { name, digital, default } in &measured.further {
        for (kind, digital) in ["binary", "ternary"].iter().zip(digital) {
            let label = format!("{kind} {name} as numbers");
            let key = format!("digital_{name}_{kind}").replace('-', "_");
            add(key, label, Shown::Percent, Estimate::exact(*digital));
        }
        for finished in default {
            let low_bit = finished.point.low_bit;
            let key = format!("accuracy_{name}_{}", low_bit.key).replace('-', "_");
            let label = format!("{} at the design, {name}", low_bit.name);
            add(key, label, Shown::Percent, finished.accuracy());
        }
    }
    figures
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
            "The {name} network recognises {} as numbers; with {} bits and a spread of {}, {} under {} and {} under {}. ",
            percent(measured.digital_of(numbers)),
            spec.converters.adc_bits,
            measured.cells_of(&spec.design()),
            percent(best.accuracy().mean),
            best.point.low_bit.name,
            percent(worst.accuracy().mean),
            worst.point.low_bit.name,
        );
    }
    text.trim_end().to_owned()
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

fn notes(spec: &Spec, images: &Images, measured: &Measured) -> Vec<String> {
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
        "At the design every chip looks at all test images: intervals are over chips. In the sweep, on wires and \
         for further networks chips share the images, so that a point costs as many images as the test set has: its intervals hold both chips and images. \
         The same chip of every point draws from the same addresses."
            .to_owned(),
        format!(
            "Points in a second are a time: they differ from run to run. Points that differ in their converters alone \
             share chips, which are programmed once and whose first product is sensed once for all of them: the speed is of \
             a whole sweep. {} of {} points were taken up from an earlier run.",
            measured.taken_up,
            measured.sweep.len()
        ),
        "Converters of equal steps around zero have one code less than their bits allow and spend half of them on \
         each sign; those of lone columns begin at no current. Placed thresholds use all codes. Ranges and thresholds \
         are of cells that hold what they are to, on ideal wires, whatever cells and wires the chips have; placed \
         ones are the exact optimum over histograms of the calibration images. Ideal converters have 16 bits over \
         the range of the weights."
            .to_owned(),
        format!(
            "Read disturb: a cell in its state of low resistance is under voltage while its row is driven, as often as \
             calibration images drive it; arrays are written again when their busiest row was driven for {} onsets, \
             cells when they lost {}. Accuracies are of the moment at which cells have lost most. Worn out is a cell \
             that would be written more than {} times.",
            spec.disturb.onsets,
            percent(spec.disturb.tolerance),
            MOST_WRITES,
        ),
        "Energies are of cells, sense amplifiers, converters and logic for the calibration images. A converter with \
         placed thresholds is taken to cost what one of equal steps does, and the table behind it nothing. All points are in \
         points.csv beside this page. What none beats, and what is best of many settings, is told by means on the images \
         that judge it, which flatters the best; intervals do not know of that choice, and neighbours may be within \
         each other's. So does the choice of mappings whose cells are disturbed."
            .to_owned(),
    ]
}
