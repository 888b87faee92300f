//! What the study reports.

use std::collections::BTreeMap;

use cim_report::format::{number, percent, percent_estimate};
use cim_report::{Bound, Comparison, Estimate, Figure, Headline, Report, Shown};

use super::data::Sets;
use super::measured::{Learned, Measured};
use super::spec::Spec;
use super::{charts, tables};
use crate::shared::estimates::{estimate, paired};
use crate::shared::notes::unsimulated;

/// What is asked of the error at the circuit's own bits, and of the circuit against ngspice.
const MOST_ERROR: f64 = 0.0087;
const MOST_AGAINST_SPICE: f64 = 0.01;

/// Which of the parts of a law is the circuit with converters, and which is all of it.
const CONVERTED: usize = 1;
const ALL: usize = 5;

pub fn report(spec: &Spec, sets: &Sets, measured: &Measured) -> Report {
    let mut counts = BTreeMap::new();
    counts.insert("numbers of test images clipped".to_owned(), sets.clipped as u64);
    Report {
        title: "Learning in the log domain".to_owned(),
        lead: lead(spec, measured),
        headlines: headlines(spec, measured),
        comparison: comparison(spec, measured),
        figures: figures(measured),
        charts: charts::all(spec, measured),
        tables: tables::all(spec, measured),
        counts,
        notes: notes(spec, measured),
        ..Report::default()
    }
}

/// Root mean square error of the law with most inputs, from the steps: with devices that match, and all.
fn headline_errors(measured: &Measured) -> [Estimate; 2] {
    let law = measured.laws.last().expect("checked: not empty");
    [CONVERTED, ALL].map(|part| estimate(&law.parts[part].1.steps))
}

/// Mean square error of the same, over the square of the range.
fn mean_squares(measured: &Measured) -> [Estimate; 2] {
    let law = measured.laws.last().expect("checked: not empty");
    [CONVERTED, ALL].map(|part| estimate(&law.parts[part].1.mean_square))
}

fn figures(measured: &Measured) -> BTreeMap<String, Figure> {
    let mut figures = BTreeMap::new();
    let mut add = |name: String, label: String, shown: Shown, value: Estimate| {
        figures.insert(name, Figure::new(label, shown, value));
    };
    let law = measured.laws.last().expect("checked: not empty");
    let [matched, typical] = headline_errors(measured);
    let squares = mean_squares(measured);
    let from = format!("{} inputs, distance from the steps over the range of weights", law.inputs);
    add("trajectory_error".into(), format!("own bits, {from}"), Shown::Percent, matched);
    add(
        "trajectory_error_typical".into(),
        format!("typical devices, {from}"),
        Shown::Percent,
        typical,
    );
    for (name, words, square) in [
        ("mean_square_error", "devices that match", squares[0]),
        ("mean_square_error_typical", "typical devices", squares[1]),
    ] {
        let label = format!("own bits, {words}, mean square over the square of the range");
        add(name.into(), label, Shown::Percent, square);
    }
    for varied in &measured.bits {
        let name = format!("trajectory_error_{}bit", varied.value);
        let label = format!("{} bits, devices that match, {from}", varied.value);
        add(name, label, Shown::Percent, estimate(&varied.matched.steps));
        let name = format!("trajectory_error_{}bit_typical", varied.value);
        let label = format!("{} bits, typical devices, {from}", varied.value);
        add(name, label, Shown::Percent, estimate(&varied.typical.steps));
        let name = format!("mean_square_error_{}bit", varied.value);
        let label = format!(
            "{} bits, devices that match, mean square over the square of the range",
            varied.value
        );
        add(name, label, Shown::Percent, estimate(&varied.matched.mean_square));
    }
    for varied in &measured.areas {
        let area = number(varied.value);
        let name = format!("trajectory_error_{}um2_typical", area.replace('.', "p"));
        let label = format!("own bits, typical devices of {area} µm², {from}");
        add(name, label, Shown::Percent, estimate(&varied.typical.steps));
    }
    for (key, name, learned) in
        [("digits", "digits 0 and 1", &measured.digits), ("layers", "two layers", &measured.layers)]
    {
        let exact = |value| Estimate::exact(value);
        add(format!("{key}_steps"), format!("{name}, steps"), Shown::Percent, exact(learned.steps));
        let label = format!("{name}, circuit of equal devices");
        add(format!("{key}_matched"), label, Shown::Percent, exact(learned.matched));
        let label = format!("{name}, circuits of typical devices");
        add(format!("{key}_typical"), label, Shown::Percent, estimate(&learned.typical));
        add(
            format!("{key}_lost"),
            format!("{name}, lost by typical devices"),
            Shown::Points,
            lost(learned),
        );
    }
    if let Some(found) = &measured.simulated {
        let label = "model from transistors on ngspice, root mean square over the range";
        add("ngspice_error".into(), label.into(), Shown::Percent, Estimate::exact(found.model.rms));
        let label = "largest distance of the model from transistors on ngspice, over the range";
        let largest = Estimate::exact(found.model.largest);
        add("ngspice_largest".into(), label.into(), Shown::Percent, largest);
        let label = "equation of the steps from transistors on ngspice, over the range";
        let equation = Estimate::exact(found.equation.rms);
        add("ngspice_equation".into(), label.into(), Shown::Percent, equation);
    }
    figures
}

/// What circuits of typical devices lose of the steps' accuracy.
fn lost(learned: &Learned) -> Estimate {
    paired(&vec![learned.steps; learned.typical.len()], &learned.typical)
}

fn error_words(e: Estimate) -> String {
    format!("{:.2} ± {:.2} %", 100.0 * e.mean, 100.0 * e.ci95)
}

fn comparison(spec: &Spec, measured: &Measured) -> Vec<Comparison> {
    let [matched, typical] = headline_errors(measured);
    let squares = mean_squares(measured);
    let bits = spec.learner.bits;
    let fewest = measured.bits.iter().find(|v| estimate(&v.matched.steps).mean <= MOST_ERROR);
    let fewest = fewest.map_or("none of those tried".to_owned(), |v| format!("{} bits", v.value));
    let mut rows = vec![
        Comparison::new(
            &format!("mean square off the trajectory, {bits} bits, equal devices"),
            "below 0.87 %",
            percent_estimate(&squares[0]),
        )
        .must("≤ 0.87 %", Bound::AtMost(MOST_ERROR).of(squares[0])),
        Comparison::new(
            "the same with typical devices",
            "below 0.87 %",
            percent_estimate(&squares[1]),
        )
        .must("≤ 0.87 %", Bound::AtMost(MOST_ERROR).of(squares[1])),
        Comparison::new(
            &format!("root mean square off the trajectory, {bits} bits, equal devices"),
            "– (a mean square)",
            error_words(matched),
        )
        .must("≤ 0.87 %", Bound::AtMost(MOST_ERROR).of(matched)),
        Comparison::new(
            "root mean square with typical devices",
            "– (a mean square)",
            error_words(typical),
        )
        .must("≤ 0.87 %", Bound::AtMost(MOST_ERROR).of(typical)),
        Comparison::new(
            "fewest bits with a root mean square below 0.87 % in the mean",
            "8 bits (by the mean square)",
            fewest,
        ),
    ];
    if let Some(found) = &measured.simulated {
        let ours = format!("{:.3} % of range", 100.0 * found.model.rms);
        let met = Bound::AtMost(MOST_AGAINST_SPICE).of(found.model.rms);
        rows.push(Comparison::new("circuit against ngspice", "–", ours).must("≤ 1 %", met));
    }
    rows
}

fn lead(spec: &Spec, measured: &Measured) -> String {
    let [matched, typical] = headline_errors(measured);
    let law = measured.laws.last().expect("checked: not empty");
    format!(
        "A circuit of equal devices with converters of {} bits follows gradient descent with decay on {} \
         inputs within {} of the range of its weights; with devices that do not match, within {}. Ten \
         classes by two layers: {} as steps, {} with equal devices, {} with typical ones.",
        spec.learner.bits,
        law.inputs,
        error_words(matched),
        error_words(typical),
        percent(measured.layers.steps),
        percent(measured.layers.matched),
        percent(estimate(&measured.layers.typical).mean),
    )
}

fn headlines(spec: &Spec, measured: &Measured) -> Vec<Headline> {
    let [matched, typical] = headline_errors(measured);
    let squares = mean_squares(measured);
    let mut all = vec![
        Headline {
            value: error_words(matched),
            label: format!(
                "of the range from the steps, {} bits, equal devices",
                spec.learner.bits
            ),
            detail: format!(
                "root mean square; the mean square {}, the paper's below 0.87 %",
                percent_estimate(&squares[0])
            ),
        },
        Headline {
            value: error_words(typical),
            label: "the same with typical devices".to_owned(),
            detail: format!(
                "gates of {} µm²; mean square {}",
                spec.learner.transistors.area_um2,
                percent_estimate(&squares[1])
            ),
        },
    ];
    if let Some(found) = &measured.simulated {
        all.push(Headline {
            value: format!("{:.3} %", 100.0 * found.model.rms),
            label: format!("of the range, model from transistors, {} weights", found.weights),
            detail: format!("largest {:.3} %, ngspice", 100.0 * found.model.largest),
        });
    }
    all
}

fn notes(spec: &Spec, measured: &Measured) -> Vec<String> {
    let exact = spec.matched(spec.rule);
    let mut notes = vec![
        "The error is the root of the mean square of the distance of all weights at all moments from \
         those of the steps, over the range of the latter. The paper's figure is a mean square; ours \
         is beside it. We ask 0.87 % of the root, too, which is harder."
            .to_owned(),
        format!(
            "Volatile weights: with the least current of {} as leak, the decay cannot be below {} at this \
             rate. The sweeps go below it to show the law; such a circuit needs a larger capacitor.",
            exact.least,
            number(exact.least_decay()),
        ),
        "Power and area are sums of branch currents, gates and capacitors of one unit: no converters, \
         reference generators or wiring. The claim of far less power and area than a digital learner is not \
         examined: no digital learner of these tasks is priced here."
            .to_owned(),
        "Ours: tasks, circuit, devices, prices. The paper's tasks, netlists and technology are not known \
         to us, so that its 0.87 % and our figures are of different circuits."
            .to_owned(),
        "Accuracies are of the test set as the circuit itself computes, whose own products have learned to \
         make up for their mismatch; its weights, read out and used by exact products, are a column of their \
         own."
            .to_owned(),
        "In two layers the error of a hidden unit is formed without error of its own, and the first \
         layer's capacitors hold drawn weights when learning begins."
            .to_owned(),
    ];
    notes.extend(unsimulated(measured.simulated.as_ref()));
    notes
}
