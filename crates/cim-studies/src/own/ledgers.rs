//! The loss budget in words and pictures.

use cim_chip::{Ledger, Metric};
use cim_report::chart::{Bar, Bars, Chart, Plot, Tone};
use cim_report::format::percent;
use cim_report::{Chapter, Part, Shown as As};

use super::{tables, words};

/// What the budget says, with its charts and tables.
pub fn chapter(score: &Ledger, output: &Ledger, metric: Metric) -> Chapter {
    let loss = |estimate| words::loss_in_words(metric, &words::of(estimate));
    let power = |estimate| format!("{} %", words::share_of_power(estimate));
    let mut points = largest(score, "the loss", &loss);
    points.extend(largest(output, "the squared error of the outputs", &power));
    for (ledger, what, text) in [
        (score, "The loss", &loss as &dyn Fn(cim_chip::Estimate) -> String),
        (output, "The error of the outputs", &power),
    ] {
        if let Some((a, b, beyond)) = ledger.pair {
            let (a, b) = (a.words(), b.words());
            points.push(format!(
                "{what} by {a} and {b} together, beyond each alone: {}.",
                text(beyond)
            ));
        }
        let sum = ledger.rest.mean + ledger.effects.iter().map(|e| e.share.mean).sum::<f64>();
        let part = match words::is_told(&ledger.whole) {
            true => format!("{} of it", percent(sum / ledger.whole.mean)),
            false => "what there is of it".to_owned(),
        };
        let whole = match words::is_told(&ledger.remainder) {
            true => "effects that meet in threes are left over",
            false => "nothing beyond pairs is seen",
        };
        points.push(format!(
            "{what}, {}: shares and rest are {part}; {whole} ({}).",
            text(ledger.whole),
            text(ledger.remainder)
        ));
    }
    Chapter {
        title: tables::BUDGET.to_owned(),
        text: String::new(),
        points,
        parts: vec![
            Part::chart("loss-budget"),
            Part::table(tables::BUDGET),
            Part::chart("output-budget"),
            Part::table(tables::OUTPUT_BUDGET),
        ],
    }
}

/// The effect with the largest share, where chips tell it from nothing.
fn largest(
    ledger: &Ledger,
    what: &str,
    text: &impl Fn(cim_chip::Estimate) -> String,
) -> Vec<String> {
    let largest = ledger.effects.iter().max_by(|a, b| a.share.mean.total_cmp(&b.share.mean));
    let told = largest.filter(|largest| words::is_told(&largest.share));
    vec![match told {
        Some(largest) => format!(
            "Most of {what} is by {}: {} of {}; without it alone {} are won back.",
            largest.effect.words(),
            text(largest.share),
            text(ledger.whole),
            text(largest.removed)
        ),
        None => format!("No effect's share of {what} stands out of its interval: make more chips."),
    }]
}

fn bars(ledger: &Ledger) -> Vec<Bar> {
    let bar = |label: &str, tone, estimate| Bar {
        label: label.to_owned(),
        tone,
        value: words::of(estimate),
    };
    let mut effects: Vec<_> = ledger.effects.iter().collect();
    effects.sort_by(|a, b| b.share.mean.total_cmp(&a.share.mean));
    let mut bars = vec![bar("whole", Tone::Subject, ledger.whole)];
    bars.extend(effects.iter().map(|e| bar(e.effect.words(), Tone::Between, e.share)));
    bars.push(bar("left without them", Tone::Reference, ledger.rest));
    bars.push(bar("three and more together", Tone::Reference, ledger.remainder));
    bars
}

/// Shares of the loss.
pub fn score_chart(ledger: &Ledger, metric: Metric) -> Chart {
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
            bars: bars(ledger),
            reference: None,
        }),
    }
}

/// Shares of the error of the outputs.
pub fn output_chart(ledger: &Ledger) -> Chart {
    Chart {
        name: "output-budget".to_owned(),
        title: "Error of the outputs by effect".to_owned(),
        caption: "The same for the squared error of the outputs per unit of their power, which few chips \
                  tell more precisely."
            .to_owned(),
        plot: Plot::Bars(Bars {
            x_label: "squared error over power".to_owned(),
            shown: As::Number,
            log: false,
            from_zero: true,
            bars: bars(ledger),
            reference: None,
        }),
    }
}
