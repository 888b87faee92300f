//! Accuracy against ADC bits.

use super::Figure;
use crate::error::ReportError;
use crate::format::{percent, percent_estimate};
use crate::model::{Estimate, Report};
use crate::svg::axis::Axis;
use crate::svg::canvas::{Area, Drawn, Frame, Grid, Picture};
use crate::svg::marks::{self, Series, Shape};
use crate::svg::palette;

/// Label of every axis with the distance to 100 % on a logarithmic scale.
pub const ACCURACY_LABEL: &str = "test accuracy (%)";

/// The picture, if there is a sweep.
pub fn figure(report: &Report) -> Result<Option<Figure>, ReportError> {
    if report.bits_sweep.is_empty() {
        return Ok(None);
    }
    let picture = Picture {
        file: "accuracy-vs-bits.svg",
        title: "Accuracy against ADC resolution",
        size: (760, 400),
    };
    Figure::paint(picture, caption(report), |area| panel(area, report, "")).map(Some)
}

/// The panel alone.
pub fn panel(area: &Area<'_>, report: &Report, title: &str) -> Drawn {
    let sweep = &report.bits_sweep;
    let digital = report.digital.accuracy;
    let bits = sweep.iter().map(|point| point.bits);
    let (first, last) = (bits.clone().min().unwrap_or(1), bits.clone().max().unwrap_or(1));
    let x = Axis::linear(f64::from(first) - 0.4, f64::from(last) + 0.4, 8)
        .with_ticks(bits.map(|b| (f64::from(b), b.to_string())));
    let y = accuracy_axis(sweep.iter().flat_map(|point| [&point.naive, &point.full]), digital);
    let frame = Frame {
        title,
        x_label: "ADC resolution (bits)",
        y_label: ACCURACY_LABEL,
        left: 66,
        top: if title.is_empty() { 32 } else { 54 },
        right: 12,
        grid: Grid::Horizontal,
    };
    let (lo, hi) = (x.lo(), x.hi());
    let chart = frame.draw(area, x, y)?;
    marks::dashes(&chart, palette::DIGITAL, [(lo, digital), (hi, digital)])?;
    let naive: Vec<_> = sweep.iter().map(|p| at(f64::from(p.bits), &p.naive)).collect();
    let full: Vec<_> = sweep.iter().map(|p| at(f64::from(p.bits), &p.full)).collect();
    let naive = Series { colour: palette::NAIVE, shape: Shape::Circle, points: &naive };
    let full = Series { colour: palette::FULL, shape: Shape::Square, points: &full };
    marks::series(&chart, &naive)?;
    marks::series(&chart, &full)?;
    legend(area, digital, (frame.left, frame.top - 16))
}

/// Naive, full and digital, as in every picture.
pub fn legend(area: &Area<'_>, digital: f64, at: (i32, i32)) -> Drawn {
    let digital = format!("digital, {}", percent(digital));
    let entries = [
        ("full method", palette::FULL, Shape::Square),
        ("naive mapping", palette::NAIVE, Shape::Circle),
        (digital.as_str(), palette::DIGITAL, Shape::Dashes),
    ];
    marks::legend(area, &entries, at)
}

/// An axis that holds all estimates and the digital accuracy.
pub fn accuracy_axis<'e>(estimates: impl Iterator<Item = &'e Estimate>, digital: f64) -> Axis {
    let (lo, hi) = estimates
        .fold((digital, digital), |(lo, hi), e| (lo.min(e.mean - e.ci95), hi.max(e.mean + e.ci95)));
    Axis::accuracy(lo, hi)
}

/// An estimate at `x` as a series wants it.
pub fn at(x: f64, estimate: &Estimate) -> (f64, f64, f64) {
    (x, estimate.mean, estimate.ci95)
}

fn caption(report: &Report) -> String {
    let fewest = report.bits_sweep.iter().min_by_key(|point| point.bits);
    let mut caption = String::from(
        "Accuracy on the test set for the naive mapping and the full method; the dashed line is the \
         digital network. The vertical scale is logarithmic in the error, so that the range close \
         to 100 % can be read. Bars are 95 % intervals over chips, often smaller than the marks.",
    );
    if let Some(point) = fewest {
        caption += &format!(
            " At {} bits the full method keeps {}, the naive mapping {}.",
            point.bits,
            percent_estimate(&point.full),
            percent_estimate(&point.naive),
        );
    }
    caption
}
