//! What is said of a network on chips.

use std::collections::{BTreeMap, BTreeSet};

use cim_chip::{Budget, Metric, Scaling};
use cim_graph::Placement;
use cim_report::format::{count, shown, si};
use cim_report::{Chapter, Estimate, Figure, Headline, Part, Report, Shown as As};

use super::findings::Findings;
use super::question::Question;
use super::{ledgers, tables, words};
use crate::error::StudyError;
use crate::shared::counts::of_inference;
use crate::shared::estimates::estimate;

/// The report.
pub fn report(question: &Question<'_>, shown: &Findings) -> Result<Report, StudyError> {
    let metric = question.task.metric();
    let placed = question.network.network().placed();
    let mut tables = vec![
        tables::products(&shown.products, &shown.evaluated.products),
        tables::errors(&shown.products),
    ];
    let digital = tables::digital(placed);
    let left = digital.rows.len();
    let mut parts = vec![Part::table(tables::PRODUCTS)];
    if left > 0 {
        parts.push(Part::table(tables::DIGITAL));
        tables.push(digital);
    }
    parts.push(Part::table(tables::ERRORS));
    let mut chapters = vec![Chapter {
        title: "Product by product".to_owned(),
        text: placement(placed, shown.products.len(), left),
        parts,
        ..Chapter::default()
    }];
    let mut charts = Vec::new();
    if let Some(Budget { score, output }) = &shown.budget {
        let text = |estimate| words::loss_text(metric, &words::of(estimate));
        tables.push(tables::budget(tables::BUDGET, score, words::loss_unit(metric), text));
        let unit = "% of their power";
        tables.push(tables::budget(tables::OUTPUT_BUDGET, output, unit, words::share_of_power));
        charts.extend([ledgers::score_chart(score, metric), ledgers::output_chart(output)]);
        chapters.insert(0, ledgers::chapter(score, output, metric));
    }
    let mut report = Report {
        title: format!("{} on {}", question.name, words::chips(question.held.is_some())),
        seed: question.chip.seed,
        preset: question.preset.to_owned(),
        revision: env!("CARGO_PKG_VERSION").to_owned(),
        spec: question.text.to_owned(),
        lead: lead(question, shown),
        headlines: headlines(question, shown),
        figures: figures(question, shown),
        chapters,
        charts,
        tables,
        counts: of_inference(std::iter::once(shown.evaluated.tally)),
        notes: notes(question, shown),
        ..Report::default()
    };
    report.run.data_name.clone_from(&question.data.name);
    report.run.data_sha256.clone_from(&question.data.sha256);
    Ok(report)
}

/// Loss of each chip against the digital network.
fn losses(metric: Metric, shown: &Findings) -> Vec<f64> {
    shown.evaluated.scores.iter().map(|&score| metric.loss(shown.digital, score)).collect()
}

fn figures(question: &Question<'_>, shown: &Findings) -> BTreeMap<String, Figure> {
    let metric = question.task.metric();
    let (score, loss) = (words::score(metric), words::loss(metric));
    let on_chip = estimate(&shown.evaluated.scores);
    let name = metric.words();
    let mut figures = BTreeMap::new();
    let mut add = |key: &str, label: String, how: As, estimate: Estimate| {
        figures.insert(key.to_owned(), Figure::new(label, how, estimate));
    };
    add("digital", format!("{name}, digital"), score.clone(), Estimate::exact(shown.digital));
    let on = words::chips(question.held.is_some());
    add("on_chip", format!("{name}, on {on}"), score, on_chip);
    let lost = estimate(&losses(metric, shown));
    add("loss", format!("loss of {name}"), loss.clone(), lost);
    let error = estimate(&shown.evaluated.output_mse);
    add("output_error", "squared error of the outputs over their power".into(), As::Number, error);
    if let Some(energy) = tables::energy(&shown.products) {
        add("energy", "energy of one sample".into(), As::Quantity("J".into()), energy);
    }
    if let Some(Budget { score, output }) = &shown.budget {
        for (of, ledger, how) in [("budget", score, loss), ("output_budget", output, As::Number)] {
            for effect in &ledger.effects {
                let (key, words) = (effect.effect.key(), effect.effect.words());
                for (kind, estimate) in [
                    ("share", effect.share),
                    ("alone", effect.alone),
                    ("removed", effect.removed),
                    ("interaction", effect.interaction),
                ] {
                    let label = format!("{words}, {kind}");
                    add(&format!("{of}_{key}_{kind}"), label, how.clone(), words::of(estimate));
                }
            }
            for (kind, label, estimate) in [
                ("whole", "whole loss", ledger.whole),
                ("rest", "loss without the effects", ledger.rest),
                ("remainder", "loss by three and more effects together", ledger.remainder),
            ] {
                add(&format!("{of}_{kind}"), label.to_owned(), how.clone(), words::of(estimate));
            }
        }
    }
    figures
}

fn headlines(question: &Question<'_>, found: &Findings) -> Vec<Headline> {
    let metric = question.task.metric();
    let chips = found.evaluated.scores.len();
    let on_chip = estimate(&found.evaluated.scores);
    let mut headlines = vec![
        Headline {
            value: shown(&on_chip, &words::score(metric)),
            label: format!("{} on {}", metric.words(), words::chips(question.held.is_some())),
            detail: match (chips, question.held.is_some()) {
                (1, false) => "one chip: no interval".to_owned(),
                (_, false) => format!("mean and 95 % interval over {chips} chips"),
                (1, true) => "one reading of one chip: no interval".to_owned(),
                (_, true) => format!("mean and 95 % interval over {chips} readings of one chip"),
            },
        },
        Headline {
            value: shown(&Estimate::exact(found.digital), &words::score(metric)),
            label: format!("{}, digital", metric.words()),
            detail: format!("{} samples", question.task.samples().nrows()),
        },
    ];
    let worst = found
        .products
        .iter()
        .filter(|product| product.signal_to_noise.is_finite())
        .min_by(|a, b| a.signal_to_noise.total_cmp(&b.signal_to_noise));
    if let Some(worst) = worst {
        headlines.push(Headline {
            value: format!("{} dB", words::decibels(worst.signal_to_noise)),
            label: "least signal to noise".to_owned(),
            detail: format!("product {}, on the first chip", worst.name),
        });
    }
    if let Some(energy) = tables::energy(&found.products) {
        headlines.push(Headline {
            value: si(energy.mean, "J"),
            label: "energy of one sample".to_owned(),
            detail: "arrays, converters, logic and buffers; cells as they are meant to be"
                .to_owned(),
        });
    }
    headlines
}

fn lead(question: &Question<'_>, found: &Findings) -> String {
    let metric = question.task.metric();
    let (name, how) = (metric.words(), words::score(metric));
    let lost = estimate(&losses(metric, found));
    let tiles: usize = found.products.iter().map(|product| product.tiles.0 * product.tiles.1).sum();
    format!(
        "{}: {} {} digitally, {} on {}, a loss of {}. Its {} go to {tiles} tiles of {} × {}.",
        question.name,
        name,
        shown(&Estimate::exact(found.digital), &how),
        shown(&estimate(&found.evaluated.scores), &how),
        words::chips(question.held.is_some()),
        words::loss_in_words(metric, &lost),
        match found.products.len() {
            1 => "1 product".to_owned(),
            several => format!("{several} products"),
        },
        question.chip.tile.rows,
        question.chip.tile.outputs,
    )
}

fn placement(placed: &[cim_graph::Placed], products: usize, left: usize) -> String {
    let on_tiles =
        placed.iter().filter(|placed| matches!(placed.placement, Placement::Products(_))).count();
    let nodes = |count: usize| match count {
        1 => "1 node".to_owned(),
        _ => format!("{count} nodes"),
    };
    let rest = match left {
        0 => "every product with weights is on tiles".to_owned(),
        _ => format!("{} multiply digitally, for the reasons in the table", nodes(left)),
    };
    format!(
        "{} hand {products} products to tiles; {rest}. Everything between products (biases, \
         activations, normalisation, pooling, shapes) runs in single precision.",
        nodes(on_tiles)
    )
}

fn notes(question: &Question<'_>, found: &Findings) -> Vec<String> {
    let mut notes = vec![
        format!("Designed on {}.", question.calibration_name),
        match question.held {
            None => {
                "Chip k draws the same random numbers whatever the design, so that differences are paired. \
                 Intervals are Student's over chips of one network and one set of samples."
            }
            Some(_) => {
                "Every reading is of the same cells, drivers and converters, with noise of its own. Intervals \
                 are Student's over readings, and say nothing of another chip."
            }
        }
        .to_owned(),
    ];
    if let Some(held) = &question.held {
        let (cells, rms) = (count(held.cells() as u64), held.rms_error());
        let outside = count(found.evaluated.tally.cells_outside_window);
        notes.push(format!(
            "Cells are as measured ({}), for one chip: nothing was programmed. {cells} cells are off their \
             targets by {} rms; {outside} lie outside what the preset's cells can be asked for. Reads, wires, \
             drivers and converters are simulated, as the preset says.",
            held.name(),
            si(rms.0, "S"),
        ));
        if held.rows_moved() {
            notes.push(
                "Rows were measured in another order than that of inputs and put back. On ideal wires it does not matter in a \
                 tile; a row that lay in another tile is summed and converted in that of its input."
                    .to_owned(),
            );
        }
    }
    let scaled: Vec<&str> = found
        .products
        .iter()
        .filter(|product| product.scaling != Scaling::None)
        .map(|product| product.scaling.name())
        .collect();
    if !scaled.is_empty() {
        let kinds: BTreeSet<&str> = scaled.iter().copied().collect();
        notes.push(format!(
            "Of {} products {} are scaled around their tiles (by {}): their ranges of inputs, clips and full scales \
             are of what stands between the factors; signal to noise and errors are behind them. A factor of an \
             input takes the energy of an activation.",
            found.products.len(),
            scaled.len(),
            kinds.into_iter().collect::<Vec<_>>().join(", ")
        ));
    }
    if found.made_signed {
        notes.push(
            "Products have negative inputs and the preset's row converters no sign: they were made \
             bipolar, which halves their resolution. Set converters.dac_polarity to bipolar or \
             two-phase to choose."
                .to_owned(),
        );
    }
    if let Some(width) = question.chips.until {
        let chips = found.evaluated.scores.len();
        let reached = estimate(&found.evaluated.scores).ci95 <= width;
        let made = if question.held.is_some() { "The chip was read" } else { "Chips were made" };
        notes.push(match reached {
            true => format!(
                "{made} until the interval was narrow enough, at {chips}. An interval that decides when to \
                 stop covers slightly less than it says."
            ),
            false => format!(
                "{made} up to the most that were allowed, {chips}: the interval is still wider than asked."
            ),
        });
    }
    if question.moment.after.0 > 0.0 {
        let how = match question.moment.compensation {
            Some(_) => "with its drift compensated",
            None => "as it is",
        };
        notes.push(format!(
            "Every chip is looked at {} after programming, {how}.",
            question.moment.after
        ));
    }
    if found.budget.is_some() {
        notes.push(
            "Alone: chips with nothing but the effect, against chips with none. Removed: what goes away \
             when only it is taken away. The share is the mean of both, which adds up to the whole where \
             effects meet in pairs only; what is left over is named as three and more together."
                .to_owned(),
        );
    }
    notes
}
