//! Predicted against measured variance of single columns.

use super::{Figure, panel_title};
use crate::error::ReportError;
use crate::format::percent;
use crate::model::{Report, VariancePoint};
use crate::svg::axis::Axis;
use crate::svg::canvas::{Area, Drawn, Frame, Grid, PX, Picture};
use crate::svg::marks::{self, Shape};
use crate::svg::palette;

/// Width of a bin of the ratio.
const BIN: f64 = 0.02;

/// The picture, if there are points.
pub fn figure(report: &Report) -> Result<Option<Figure>, ReportError> {
    let points: Vec<_> = report
        .variance_points
        .iter()
        .filter(|point| point.predicted > 0.0 && point.measured > 0.0)
        .collect();
    if points.is_empty() {
        return Ok(None);
    }
    let mut layers: Vec<_> = points.iter().map(|point| point.layer).collect();
    layers.sort_unstable();
    layers.dedup();
    let picture = Picture {
        file: "variance.svg",
        title: "Predicted against measured variance",
        size: (880, 420),
    };
    Figure::paint(picture, caption(report, points.len()), |area| {
        let (left, right) = area.split_horizontally(460 * PX);
        scatter(&left, &points, &layers)?;
        histogram(&right, &points, &layers)
    })
    .map(Some)
}

fn scatter(area: &Area<'_>, points: &[&VariancePoint], layers: &[usize]) -> Drawn {
    let values = || points.iter().flat_map(|point| [point.predicted, point.measured]);
    let lo = values().fold(f64::INFINITY, f64::min) / 1.2;
    let hi = values().fold(0.0, f64::max) * 1.2;
    let axis = Axis::log(lo, hi, 6);
    let (lo, hi) = (axis.lo(), axis.hi());
    let frame = Frame {
        title: "",
        x_label: "measured variance (A²)",
        y_label: "predicted variance (A²)",
        left: 82,
        top: 52,
        right: 16,
        grid: Grid::Both,
    };
    let chart = frame.draw(area, axis.clone(), axis)?;
    marks::line(&chart, palette::INK, [(lo, lo), (hi, hi)])?;
    marks::dashes(&chart, palette::DIGITAL, [(lo, 1.1 * lo), (hi / 1.1, hi)])?;
    marks::dashes(&chart, palette::DIGITAL, [(lo / 0.9, lo), (hi, 0.9 * hi)])?;
    for point in points {
        let layer = layers.iter().position(|layer| *layer == point.layer).unwrap_or(0);
        marks::dot(&chart, palette::part(layer), (point.measured, point.predicted))?;
    }
    panel_title(area, "each point a column of a tile", (frame.left, 12))?;
    let names: Vec<_> = layers.iter().map(|layer| format!("layer {layer}")).collect();
    let mut entries: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| (name.as_str(), palette::part(index), Shape::Dot))
        .collect();
    entries.push(("±10 %", palette::DIGITAL, Shape::Dashes));
    marks::legend(area, &entries, (frame.left, 36))
}

fn histogram(area: &Area<'_>, points: &[&VariancePoint], layers: &[usize]) -> Drawn {
    let ratio = |point: &VariancePoint| point.predicted / point.measured;
    let spread = points.iter().map(|p| (ratio(p) - 1.0).abs()).fold(0.15, f64::max).min(0.5);
    let half_bins = (spread / BIN).ceil() as usize;
    let n_bins = 2 * half_bins;
    let lo = 1.0 - half_bins as f64 * BIN;
    let mut counts = vec![vec![0usize; layers.len()]; n_bins];
    for point in points {
        let bin = ((ratio(point) - lo) / BIN).floor().clamp(0.0, (n_bins - 1) as f64) as usize;
        let layer = layers.iter().position(|layer| *layer == point.layer).unwrap_or(0);
        counts[bin][layer] += 1;
    }
    let highest = counts.iter().map(|bin| bin.iter().sum::<usize>()).max().unwrap_or(1) as f64;
    let x = Axis::linear(lo, 1.0 + half_bins as f64 * BIN, 6);
    let frame = Frame {
        title: "",
        x_label: "predicted / measured",
        y_label: "columns",
        left: 60,
        top: 52,
        right: 14,
        grid: Grid::Horizontal,
    };
    let chart = frame.draw(area, x, Axis::linear(0.0, 1.08 * highest, 5))?;
    for (bin, layers) in counts.iter().enumerate() {
        let (from, to) = (lo + bin as f64 * BIN, lo + (bin + 1) as f64 * BIN);
        let mut below = 0.0;
        for (layer, count) in layers.iter().enumerate().filter(|(_, count)| **count > 0) {
            let above = below + *count as f64;
            let corners = [(from + 0.05 * BIN, below), (to - 0.05 * BIN, above)];
            marks::bar(&chart, palette::part(layer), corners)?;
            below = above;
        }
    }
    marks::line(&chart, palette::INK, [(1.0, 0.0), (1.0, 1.08 * highest)])?;
    for side in [0.9, 1.1] {
        marks::dashes(&chart, palette::DIGITAL, [(side, 0.0), (side, 1.08 * highest)])?;
    }
    panel_title(area, "how far off the prediction is", (frame.left, 12))
}

fn caption(report: &Report, shown: usize) -> String {
    let model = &report.error_model;
    format!(
        "Closed-form variance of a column's error against Monte Carlo, {shown} columns shown. The \
         solid line is agreement, the dashed lines are 10 % off. Over all columns the ratio has mean \
         {:.3}, its 5th to 95th percentile is {:.3} to {:.3}, and {} of the errors lie inside the \
         predicted 95 % interval.",
        model.variance_ratio_mean,
        model.variance_ratio_p05,
        model.variance_ratio_p95,
        percent(model.coverage95),
    )
}
