//! The pictures of a report, each in a file of its own with its caption.

mod ablation;
mod accuracy;
mod budget;
mod energy;
mod summary;
mod sweeps;
mod variance;

use plotters::style::text_anchor::{HPos, VPos};

use super::error::ReportError;
use super::model::Report;
use super::svg::canvas::{Area, Drawn, PX, Picture, TEXT, anchored, bold, draw};
use super::svg::palette;

/// File of the picture for a first screen; it repeats two of the others side by side.
pub const SUMMARY_FILE: &str = "summary.svg";

/// One picture.
pub struct Figure {
    /// Name of its file.
    pub file: String,
    /// Short title.
    pub title: String,
    /// What one sees.
    pub caption: String,
    /// The picture itself.
    pub svg: String,
}

impl Figure {
    /// Paints a picture.
    ///
    /// # Errors
    /// [`ReportError::Draw`] if the drawing library fails.
    pub fn paint(
        picture: Picture<'_>,
        caption: String,
        paint: impl FnOnce(&Area<'_>) -> Drawn,
    ) -> Result<Self, ReportError> {
        let svg = draw(picture, paint)?;
        Ok(Self { file: picture.file.to_owned(), title: picture.title.to_owned(), caption, svg })
    }
}

/// Every picture that the report has data for.
///
/// # Errors
/// [`ReportError::Draw`] if the drawing library fails.
pub fn all(report: &Report) -> Result<Vec<Figure>, ReportError> {
    let drawn = [
        accuracy::figure(report)?,
        ablation::figure(report)?,
        budget::figure(report)?,
        variance::figure(report)?,
        energy::figure(report)?,
        sweeps::figure(report)?,
        summary::figure(report)?,
    ];
    Ok(drawn.into_iter().flatten().collect())
}

/// Title of one panel of several, with its left edge and middle at `at` (pixels).
pub fn panel_title(area: &Area<'_>, text: &str, (x, y): (i32, i32)) -> Drawn {
    let style = anchored(bold(TEXT, palette::INK), HPos::Left, VPos::Center);
    area.draw_text(text, &style, (x * PX, y * PX))
}
