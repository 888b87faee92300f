//! What is said of a network on chips.

use std::collections::BTreeMap;

use cim_chip::{Budget, Metric};
use cim_graph::Placement;
use cim_report::chart::{Bar, Bars, Chart, Plot, Tone};
use cim_report::format::{percent, shown, si};
use cim_report::{Chapter, Estimate, Figure, Headline, Part, Report, Shown as As};

use super::question::Question;
use super::stages::Shown;
use super::{tables, words};
use crate::error::StudyError;
use crate::shared::counts::of_inference;
use crate::shared::estimates::estimate;

/// The report.
pub fn report(question: &Question<'_>, shown: &Shown) -> Result<Report, StudyError> {
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
    if let Some(budget) = &shown.budget {
        tables.push(tables::budget(budget, metric));
        charts.push(budget_chart(budget, metric));
        chapters.insert(0, budget_chapter(budget, metric));
    }
    let mut report = Report {
        title: format!("{} on chips", question.name),
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
fn losses(metric: Metric, shown: &Shown) -> Vec<f64> {
    shown.evaluated.scores.iter().map(|&score| metric.loss(shown.digital, score)).collect()
}

fn figures(question: &Question<'_>, shown: &Shown) -> BTreeMap<String, Figure> {
    let metric = question.task.metric();
    let (score, loss) = (words::score(metric), words::loss(metric));
    let on_chip = estimate(&shown.evaluated.scores);
    let name = metric.words();
    let mut figures = BTreeMap::new();
    let mut add = |key: &str, label: String, how: As, estimate: Estimate| {
        figures.insert(key.to_owned(), Figure::new(label, how, estimate));
    };
    add("digital", format!("{name}, digital"), score.clone(), Estimate::exact(shown.digital));
    add("on_chip", format!("{name}, on chips"), score, on_chip);
    let lost = estimate(&losses(metric, shown));
    add("loss", format!("loss of {name}"), loss.clone(), lost);
    let error = estimate(&shown.evaluated.output_mse);
    add("output_error", "squared error of the outputs over their power".into(), As::Number, error);
    if let Some(energy) = tables::energy(&shown.products) {
        add("energy", "energy of one sample".into(), As::Quantity("J".into()), energy);
    }
    if let Some(budget) = &shown.budget {
        for effect in &budget.effects {
            let (key, words) = (effect.effect.key(), effect.effect.words());
            for (kind, estimate) in [
                ("share", effect.share),
                ("alone", effect.alone),
                ("removed", effect.removed),
                ("interaction", effect.interaction),
            ] {
                let key = format!("budget_{key}_{kind}");
                add(&key, format!("{words}, {kind}"), loss.clone(), words::of(estimate));
            }
        }
        let Budget { whole, rest, remainder, .. } = *budget;
        add("budget_whole", "whole loss".into(), loss.clone(), words::of(whole));
        add("budget_rest", "loss without the effects".into(), loss.clone(), words::of(rest));
        let three = "loss of three and more effects together".into();
        add("budget_remainder", three, loss, words::of(remainder));
    }
    figures
}

fn headlines(question: &Question<'_>, found: &Shown) -> Vec<Headline> {
    let metric = question.task.metric();
    let chips = found.evaluated.scores.len();
    let on_chip = estimate(&found.evaluated.scores);
    let mut headlines = vec![
        Headline {
            value: shown(&on_chip, &words::score(metric)),
            label: format!("{} on chips", metric.words()),
            detail: match chips {
                1 => "one chip: no interval".to_owned(),
                _ => format!("mean and 95 % interval over {chips} chips"),
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
            detail: format!("product {}", worst.name),
        });
    }
    if let Some(energy) = tables::energy(&found.products) {
        headlines.push(Headline {
            value: si(energy.mean, "J"),
            label: "energy of one sample".to_owned(),
            detail: "arrays, converters, logic and buffers".to_owned(),
        });
    }
    headlines
}

fn lead(question: &Question<'_>, found: &Shown) -> String {
    let metric = question.task.metric();
    let (name, how) = (metric.words(), words::score(metric));
    let lost = estimate(&losses(metric, found));
    let tiles: usize = found.products.iter().map(|product| product.tiles.0 * product.tiles.1).sum();
    format!(
        "{} has {} of {} digitally and {} on chips: it loses {}. Its {} go to {tiles} tiles of {} × {}.",
        question.name,
        name,
        shown(&Estimate::exact(found.digital), &how),
        shown(&estimate(&found.evaluated.scores), &how),
        match metric.counts() {
            true => format!("{} points", words::loss_text(metric, &lost)),
            false => words::loss_text(metric, &lost),
        },
        match found.products.len() {
            1 => "one product".to_owned(),
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

fn notes(question: &Question<'_>, found: &Shown) -> Vec<String> {
    let mut notes = vec![
        format!("Designed on {}.", question.calibration_name),
        "Chip k draws the same random numbers whatever the design, so that differences are paired. \
         Intervals are Student's over chips of one network and one set of samples."
            .to_owned(),
    ];
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
        let words = if reached { "was narrow enough" } else { "was still wider than asked" };
        notes.push(format!(
            "Chips were made until the interval {words}, at {chips}. An interval that decides when to \
             stop covers slightly less than it says."
        ));
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

fn budget_chapter(budget: &Budget, metric: Metric) -> Chapter {
    let text = |estimate: cim_chip::Estimate| {
        let text = words::loss_text(metric, &words::of(estimate));
        if metric.counts() { format!("{text} points") } else { text }
    };
    let mut points = Vec::new();
    let largest = budget.effects.iter().max_by(|a, b| a.share.mean.total_cmp(&b.share.mean));
    if let Some(largest) = largest {
        points.push(format!(
            "Most of the loss is by {}: {} of {} (removing it alone wins back {}).",
            largest.effect.words(),
            text(largest.share),
            text(budget.whole),
            text(largest.removed)
        ));
    }
    if let Some((a, b, beyond)) = budget.pair {
        points.push(format!(
            "The two that meet most, {} and {}, cost {} together beyond each alone.",
            a.words(),
            b.words(),
            text(beyond)
        ));
    }
    let parts: f64 = budget.effects.iter().map(|effect| effect.share.mean).sum();
    let sum = parts + budget.rest.mean;
    let share =
        if budget.whole.mean != 0.0 { percent(sum / budget.whole.mean) } else { "–".to_owned() };
    points.push(format!(
        "Shares and rest add up to {share} of the whole; three and more effects together account for {}.",
        text(budget.remainder)
    ));
    Chapter {
        title: tables::BUDGET.to_owned(),
        text: String::new(),
        points,
        parts: vec![Part::chart("loss-budget"), Part::table(tables::BUDGET)],
    }
}

fn budget_chart(budget: &Budget, metric: Metric) -> Chart {
    let bar = |label: &str, tone, estimate| Bar {
        label: label.to_owned(),
        tone,
        value: words::of(estimate),
    };
    let mut effects: Vec<_> = budget.effects.iter().collect();
    effects.sort_by(|a, b| b.share.mean.total_cmp(&a.share.mean));
    let mut bars = vec![bar("whole", Tone::Subject, budget.whole)];
    bars.extend(effects.iter().map(|e| bar(e.effect.words(), Tone::Between, e.share)));
    bars.push(bar("left without them", Tone::Reference, budget.rest));
    bars.push(bar("three and more together", Tone::Reference, budget.remainder));
    Chart {
        name: "loss-budget".to_owned(),
        title: "Loss by effect".to_owned(),
        caption:
            "Share of each effect: mean of what it costs alone and what its removal wins back; \
                  bars are 95 % intervals over chips."
                .to_owned(),
        plot: Plot::Bars(Bars {
            x_label: format!("loss ({})", words::loss_unit(metric)),
            shown: words::loss(metric),
            log: false,
            from_zero: true,
            bars,
            reference: None,
        }),
    }
}
