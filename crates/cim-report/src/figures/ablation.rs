//! Accuracy of each variant.

use super::Figure;
use crate::error::ReportError;
use crate::format::{percent, percent_estimate, variant_label};
use crate::model::Report;
use crate::svg::axis::Axis;
use crate::svg::canvas::{Area, Drawn, Frame, Grid, Picture};
use crate::svg::marks::{self, Shape};
use crate::svg::palette;

/// Half of a bar's thickness, in categories.
const HALF_BAR: f64 = 0.34;

/// The picture, if there are variants.
pub fn figure(report: &Report) -> Result<Option<Figure>, ReportError> {
    if report.variants.is_empty() {
        return Ok(None);
    }
    let height = 100 + 38 * report.variants.len() as u32;
    let picture =
        Picture { file: "ablation.svg", title: "What each part contributes", size: (760, height) };
    Figure::paint(picture, caption(report), |area| panel(area, report, "")).map(Some)
}

/// The panel alone.
pub fn panel(area: &Area<'_>, report: &Report, title: &str) -> Drawn {
    let variants = &report.variants;
    let digital = report.digital.accuracy;
    let lowest = variants.iter().map(|v| v.accuracy.mean - v.accuracy.ci95).fold(digital, f64::min);
    let highest =
        variants.iter().map(|v| v.accuracy.mean + v.accuracy.ci95).fold(digital, f64::max);
    let room = (highest - lowest).max(0.002);
    let x = Axis::percent((lowest - 0.2 * room).max(0.0), highest + 0.05 * room, 5);
    let y = Axis::categories(variants.iter().rev().map(|v| variant_label(&v.name)));
    let frame = Frame {
        title,
        x_label: "test accuracy (%), axis cut",
        y_label: "",
        left: 148,
        top: if title.is_empty() { 32 } else { 54 },
        right: 116,
        grid: Grid::Vertical,
    };
    let (lo, hi) = (x.lo(), x.hi());
    let chart = frame.draw(area, x, y)?;
    for (index, variant) in variants.iter().rev().enumerate() {
        let middle = index as f64 + 0.5;
        let estimate = &variant.accuracy;
        let colour = match variant.name.as_str() {
            "naive" => palette::NAIVE,
            "full" => palette::FULL,
            _ => palette::BETWEEN,
        };
        let corners = [(lo, middle - HALF_BAR), (estimate.mean, middle + HALF_BAR)];
        marks::bar(&chart, colour, corners)?;
        let ends = (estimate.mean - estimate.ci95, estimate.mean + estimate.ci95);
        marks::interval(&chart, ends, middle)?;
        let text = percent_estimate(estimate);
        marks::label(&chart, &text, (hi, middle), 10, palette::INK)?;
    }
    marks::dashes(&chart, palette::DIGITAL, [(digital, 0.0), (digital, variants.len() as f64)])?;
    let entry = format!("digital, {}", percent(digital));
    let entries = [(entry.as_str(), palette::DIGITAL, Shape::Dashes)];
    marks::legend(area, &entries, (frame.left, frame.top - 16))
}

fn caption(report: &Report) -> String {
    let mut caption = format!(
        "Mean accuracy over {} chips with its 95 % interval; the same chips serve every variant. \
         The axis does not begin at zero.",
        report.chips(),
    );
    if let (Some(naive), Some(full)) = (report.variant("naive"), report.variant("full")) {
        caption += &format!(
            " The naive mapping loses {:.2} points against the digital network, the full method {:.2}.",
            100.0 * (report.digital.accuracy - naive.accuracy.mean),
            100.0 * (report.digital.accuracy - full.accuracy.mean),
        );
    }
    caption
}
