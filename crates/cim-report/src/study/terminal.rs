//! What the command of a study prints at the end: plain text, at most 80 columns.

use super::model::Study;
use crate::format::number_estimate;
use crate::page::Headline;
use crate::terminal::{head, paragraph, row_of};

/// Width of each column: figure, mean and interval, chips.
const WIDTHS: [usize; 3] = [44, 26, 6];

/// Figures that fit on a screen; of more, only the headlines are printed.
const MOST_FIGURES: usize = 32;

/// Title, run, lead, and every figure by name with its 95 % interval, or the headlines if that would
/// be too many.
pub fn summary(study: &Study) -> String {
    let Study { title, preset, seed, .. } = study;
    let run = format!("preset {preset}, seed {seed}, {} chips", study.chips());
    let mut text = paragraph(title) + &paragraph(&run) + "\n" + &paragraph(&study.lead);
    if study.figures.is_empty() {
        return text;
    }
    text.push('\n');
    if MOST_FIGURES < study.figures.len() {
        for headline in &study.headlines {
            let Headline { value, label, detail } = headline;
            text += &paragraph(&format!("{value:>9}  {label}: {detail}"));
        }
        let count = study.figures.len();
        text +=
            &format!("\n{count} figures with their intervals are in report.md and report.json\n");
        return text;
    }
    text += &head(&WIDTHS, ["figure", "mean ± 95 % interval", "chips"]);
    for (name, figure) in &study.figures {
        let chips = figure.chips.to_string();
        text += &row_of(&WIDTHS, [name.as_str(), &number_estimate(figure), &chips]);
    }
    text
}
