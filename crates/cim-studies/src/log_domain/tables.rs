//! Tables of the study.

use cim_report::format::{number, si};
use cim_report::{Estimate, Table};

use super::measured::{Errors, Learned, Measured, Varied};
use super::spec::Spec;
use crate::shared::estimates::estimate;

pub fn all(spec: &Spec, measured: &Measured) -> Vec<Table> {
    vec![
        parts(measured),
        bits(measured),
        varied("By learning rate", "rate", &measured.rates, |rate| {
            si(spec.matched(spec.rule(rate, spec.rule.decay)).leak_bias().0, "A")
        }),
        varied("By decay", "decay", &measured.decays, |decay| {
            si(spec.matched(spec.rule(spec.rule.rate, decay)).leak_bias().0, "A")
        }),
        areas(spec, measured),
        temperatures(measured),
        classes(measured),
        bills(spec, measured),
    ]
}

fn share(e: Estimate) -> String {
    format!("{:.3} ± {:.3}", 100.0 * e.mean, 100.0 * e.ci95)
}

fn of(values: &[f64]) -> String {
    share(estimate(values))
}

fn equivalent_bits(errors: &Errors) -> String {
    format!("{:.1}", -estimate(&errors.steps).mean.log2())
}

fn parts(measured: &Measured) -> Table {
    let rows = measured.laws.iter().flat_map(|law| {
        law.parts.iter().map(|(name, errors)| {
            vec![
                law.inputs.to_string(),
                (*name).to_owned(),
                of(&errors.steps),
                of(&errors.equation),
                equivalent_bits(errors),
            ]
        })
    });
    let columns =
        ["inputs", "what is there", "from the steps (%)", "from their equation (%)", "bits"];
    Table::new("Regression: what takes the circuit off its way", columns, rows)
}

fn bits(measured: &Measured) -> Table {
    let rows = measured.bits.iter().map(|v| {
        vec![
            v.value.to_string(),
            of(&v.matched.steps),
            of(&v.matched.equation),
            of(&v.matched.mean_square),
            equivalent_bits(&v.matched),
            of(&v.typical.steps),
        ]
    });
    let columns = [
        "bits",
        "equal devices, from the steps (%)",
        "from their equation (%)",
        "mean square (%)",
        "equivalent bits",
        "typical devices, from the steps (%)",
    ];
    Table::new("By bits of the converters", columns, rows)
}

fn varied(title: &str, name: &str, all: &[Varied], leak: impl Fn(f64) -> String) -> Table {
    let rows = all.iter().map(|v| {
        vec![
            number(v.value),
            of(&v.matched.steps),
            of(&v.matched.equation),
            of(&v.typical.steps),
            leak(v.value),
        ]
    });
    let columns = [
        name,
        "equal devices, from the steps (%)",
        "from their equation (%)",
        "typical devices, from the steps (%)",
        "leak",
    ];
    Table::new(title, columns, rows)
}

fn areas(spec: &Spec, measured: &Measured) -> Table {
    let rows = measured.areas.iter().map(|v| {
        let mut devices = spec.learner.transistors;
        devices.area_um2 = v.value;
        let spread = devices.spread(spec.learner.temperature);
        vec![number(v.value), format!("{:.1}", 100.0 * spread), of(&v.typical.steps)]
    });
    let columns = ["gate (µm²)", "spread of currents (%)", "typical devices, from the steps (%)"];
    Table::new("By gate area: what matching costs", columns, rows)
}

fn temperatures(measured: &Measured) -> Table {
    let rows = measured.temperatures.iter().map(|(temperature, [constant, ptat])| {
        vec![format!("{:.0}", temperature.0 - 273.15), of(&constant.steps), of(&ptat.steps)]
    });
    let columns = ["°C", "constant biases (%)", "biases that follow temperature (%)"];
    Table::new("By temperature, equal devices, distance from the steps", columns, rows)
}

fn classes(measured: &Measured) -> Table {
    let row = |name: &str, learned: &Learned| {
        vec![
            name.to_owned(),
            format!("{:.2}", 100.0 * learned.steps),
            format!("{:.2}", 100.0 * learned.matched),
            of(&learned.typical),
            of(&learned.read_out),
            format!("{:.3}", 100.0 * learned.matched_error),
            of(&learned.typical_error),
        ]
    };
    let rows = [
        row("digits 0 and 1, one unit", &measured.digits),
        row("ten classes, two layers", &measured.layers),
    ];
    let columns = [
        "task",
        "steps (%)",
        "equal devices (%)",
        "typical devices (%)",
        "their weights used elsewhere (%)",
        "equal devices, weights off (%)",
        "typical devices, weights off (%)",
    ];
    Table::new(
        "Classes: test accuracy, and how far weights are from those of the steps",
        columns,
        rows,
    )
}

fn bills(spec: &Spec, measured: &Measured) -> Table {
    let prices = spec.prices();
    let circuit = spec.typical(spec.rule);
    let rows = measured.laws.iter().map(|law| {
        vec![
            law.inputs.to_string(),
            law.bill.transistors.to_string(),
            number(law.bill.area_um2(&circuit, &prices)),
            si(law.bill.power_w(&prices), "W"),
            si(law.bill.energy(&circuit, &prices).0, "J"),
        ]
    });
    let columns = ["inputs", "transistors", "area (µm²)", "power", "energy of a presentation"];
    Table::new("Power and area of one unit, from counts", columns, rows)
}
