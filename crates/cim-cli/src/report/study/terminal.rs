//! What the command of a study prints at the end: plain text, at most 80 columns.

use super::model::Study;
use crate::report::format::number_estimate;
use crate::report::terminal::{head, paragraph, row_of};

/// Width of each column: figure, mean and interval, chips.
const WIDTHS: [usize; 3] = [44, 26, 6];

/// Title, run, lead and every figure by name with its 95 % interval.
pub fn summary(study: &Study) -> String {
    let Study { title, preset, seed, .. } = study;
    let run = format!("preset {preset}, seed {seed}, {} chips", study.chips());
    let mut text = paragraph(title) + &paragraph(&run) + "\n" + &paragraph(&study.lead);
    if study.figures.is_empty() {
        return text;
    }
    text.push('\n');
    text += &head(&WIDTHS, ["figure", "mean ± 95 % interval", "chips"]);
    for (name, figure) in &study.figures {
        let chips = figure.chips.to_string();
        text += &row_of(&WIDTHS, [name.as_str(), &number_estimate(figure), &chips]);
    }
    text
}
