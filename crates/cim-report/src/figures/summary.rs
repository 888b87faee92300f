//! Two panels side by side, for a first screen.

use super::{Figure, SUMMARY_FILE, ablation, accuracy};
use crate::error::ReportError;
use crate::model::Report;
use crate::svg::canvas::{PX, Picture};

/// The picture, if there are a sweep and variants.
pub fn figure(report: &Report) -> Result<Option<Figure>, ReportError> {
    if report.bits_sweep.is_empty() || report.variants.is_empty() {
        return Ok(None);
    }
    let picture = Picture {
        file: SUMMARY_FILE,
        title: "Accuracy against ADC resolution, and what each part contributes",
        size: (1120, 400),
    };
    let caption = "Left: accuracy against ADC resolution. Right: what each part of the method \
                   contributes. Bars are 95 % intervals over simulated chips."
        .to_owned();
    Figure::paint(picture, caption, |area| {
        let (left, right) = area.split_horizontally(530 * PX);
        accuracy::panel(&left, report, "Accuracy against ADC resolution")?;
        ablation::panel(&right, report, "What each part contributes")
    })
    .map(Some)
}
