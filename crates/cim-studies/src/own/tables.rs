//! Tables of the report: products on tiles, nodes left digital, the loss budget.

use cim_chip::{EffectLoss, Ledger, ProductAnatomy, Tally};
use cim_graph::{Placed, Placement};
use cim_report::format::{count, si, three_digits};
use cim_report::{Estimate, Table};

use super::words;

/// Title of the table of products.
pub const PRODUCTS: &str = "Products on tiles";
/// Title of the table of errors.
pub const ERRORS: &str = "Errors of products by source";
/// Title of the table of nodes.
pub const DIGITAL: &str = "Products computed digitally";
/// Title of the table of effects.
pub const BUDGET: &str = "Where the loss comes from";
/// Title of the table of effects on the outputs.
pub const OUTPUT_BUDGET: &str = "Where the error of the outputs comes from";

/// Every product: what it is made of and how well it is carried.
pub fn products(products: &[ProductAnatomy], counts: &[Tally]) -> Table {
    let columns = [
        "product",
        "inputs × outputs",
        "vectors a sample",
        "tiles",
        "cells",
        "input range",
        "input limit",
        "DAC clips (%)",
        "full scale",
        "ADC clips (%)",
        "signal to noise, first chip (dB)",
        "DAC and ADC conversions, all chips",
        "energy a sample",
    ];
    let rows = products.iter().zip(counts).map(|(product, tally)| {
        let [least, most] = product.input_range;
        let [low, high] = product.full_scale.map(|amps| si(amps.0, "A"));
        vec![
            product.name.clone(),
            format!("{} × {}", product.shape.0, product.shape.1),
            product.per_sample.to_string(),
            format!("{} × {}", product.tiles.0, product.tiles.1),
            count(product.cells as u64),
            format!("{} to {}", number(least), number(most)),
            number(product.input_limit),
            percent(tally.dac_clipped_fraction()),
            if low == high { low } else { format!("{low} to {high}") },
            percent(tally.adc_clipped_fraction()),
            words::decibels(product.signal_to_noise),
            format!("{}, {}", count(tally.dac_conversions), count(tally.adc_conversions)),
            product.energy.map_or("–".to_owned(), |energy| si(energy.total(), "J")),
        ]
    });
    Table::new(PRODUCTS, columns, rows)
}

/// Errors of every product in closed form, each source against the signal.
pub fn errors(products: &[ProductAnatomy]) -> Table {
    let mut columns = vec!["product".to_owned()];
    let names = cim_chip::ColumnErrors::default().sources().map(|(name, _)| name);
    columns.extend(names.iter().map(|name| format!("{name} (dB)")));
    columns.push("all (dB)".to_owned());
    let decibels = |error: f64| match error {
        0.0 => "–".to_owned(),
        error => format!("{:.1}", 10.0 * error.log10()),
    };
    let rows = products.iter().map(|product| {
        let mut row = vec![product.name.clone()];
        row.extend(product.errors.sources().iter().map(|(_, error)| decibels(*error)));
        row.push(decibels(product.errors.total()));
        row
    });
    Table::new(ERRORS, columns, rows).folded()
}

/// Every node that multiplies and is not on tiles, with the reason.
pub fn digital(placed: &[Placed]) -> Table {
    let rows = placed.iter().filter_map(|placed| match &placed.placement {
        Placement::Products(_) => None,
        Placement::Digital(reason) => {
            Some(vec![placed.node.clone(), placed.operator.clone(), reason.clone()])
        }
    });
    Table::new(DIGITAL, ["node", "operator", "why"], rows)
}

/// A loss in `unit`, effect by effect.
pub fn budget(
    title: &str,
    ledger: &Ledger,
    unit: &str,
    text: impl Fn(cim_chip::Estimate) -> String,
) -> Table {
    let columns = ["share", "alone", "removed", "with others beyond alone"];
    let columns = columns.map(|column| format!("{column} ({unit})"));
    let columns = std::iter::once("effect".to_owned()).chain(columns);
    let of = |loss: &EffectLoss| {
        let EffectLoss { effect, alone, removed, share, interaction } = loss;
        let numbers = [share, alone, removed, interaction].map(|estimate| text(*estimate));
        std::iter::once(effect.words().to_owned()).chain(numbers).collect()
    };
    let lone = |what: &str, estimate| {
        let none = || String::from("–");
        vec![what.to_owned(), text(estimate), none(), none(), none()]
    };
    let mut rows: Vec<Vec<String>> = ledger.effects.iter().map(of).collect();
    rows.push(lone("what is left without them", ledger.rest));
    rows.push(lone("three and more together", ledger.remainder));
    rows.push(lone("whole", ledger.whole));
    Table::new(title, columns, rows)
}

fn number(value: f32) -> String {
    let text = three_digits(f64::from(value));
    if value == 0.0 { "0".to_owned() } else { text }
}

/// A fraction as a number of per cent.
fn percent(fraction: f64) -> String {
    match 100.0 * fraction {
        0.0 => "0".to_owned(),
        small if small < 0.005 => "< 0.01".to_owned(),
        other => format!("{other:.2}"),
    }
}

/// Sum of energies over products, where prices are known.
pub fn energy(products: &[ProductAnatomy]) -> Option<Estimate> {
    let energies: Option<Vec<f64>> =
        products.iter().map(|product| product.energy.map(|energy| energy.total())).collect();
    energies.map(|energies| Estimate::exact(energies.iter().sum()))
}
