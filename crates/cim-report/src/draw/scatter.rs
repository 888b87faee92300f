//! Points around a line of agreement, and how far off they are.

use super::sheet::{Sheet, panel_title, part, size_of};
use super::svg::axis::Axis;
use super::svg::canvas::{Area, Drawn, Frame, Grid};
use super::svg::marks::{self, Shape};
use super::svg::palette;
use crate::report::chart::Scatter;

/// Width and height of the picture (pixels).
const SIZE: (i32, i32) = (880, 420);
/// Width of the cloud (pixels).
const CLOUD: i32 = 460;
/// Width of a bin of the ratio.
const BIN: f64 = 0.02;

/// A scatter with all its places.
pub struct ScatterSheet<'c> {
    scatter: &'c Scatter,
}

impl<'c> ScatterSheet<'c> {
    /// Of a scatter that has points.
    pub fn new(scatter: &'c Scatter) -> Self {
        Self { scatter }
    }

    fn cloud(&self, area: &Area<'_>) -> Drawn {
        let scatter = self.scatter;
        let values = || scatter.drawn().flat_map(|(_, point)| point);
        let lo = values().fold(f64::INFINITY, f64::min) / 1.2;
        let hi = values().fold(0.0, f64::max) * 1.2;
        let axis = Axis::log(lo, hi, 6);
        let (lo, hi) = (axis.lo(), axis.hi());
        let frame = Frame {
            title: "",
            x_label: &scatter.x_label,
            y_label: &scatter.y_label,
            left: 82,
            top: 52,
            right: 16,
            grid: Grid::Both,
        };
        let chart = frame.draw(area, axis.clone(), axis)?;
        let (above, below) = (1.0 + scatter.tolerance, (1.0 - scatter.tolerance).max(1e-3));
        marks::line(&chart, palette::INK, [(lo, lo), (hi, hi)])?;
        marks::dashes(&chart, palette::DIGITAL, [(lo, above * lo), (hi / above, hi)])?;
        marks::dashes(&chart, palette::DIGITAL, [(lo / below, lo), (hi, below * hi)])?;
        for (cloud, [x, y]) in scatter.drawn() {
            marks::dot(&chart, palette::part(cloud), (x, y))?;
        }
        panel_title(area, &scatter.cloud_title, (frame.left, 12))?;
        let off = format!("±{:.0} %", 100.0 * scatter.tolerance);
        let clouds = scatter.clouds.iter().enumerate();
        let entries: Vec<_> = clouds
            .map(|(index, cloud)| (cloud.name.as_str(), palette::part(index), Shape::Dot))
            .chain([(off.as_str(), palette::DIGITAL, Shape::Dashes)])
            .collect();
        marks::legend(area, &entries, (frame.left, 36))
    }

    fn histogram(&self, area: &Area<'_>) -> Drawn {
        let scatter = self.scatter;
        let ratios = || scatter.drawn().map(|(cloud, [x, y])| (cloud, y / x));
        let spread = ratios().map(|(_, ratio)| (ratio - 1.0).abs());
        let spread = spread.fold(1.5 * scatter.tolerance, f64::max).clamp(BIN, 0.5);
        let half_bins = (spread / BIN).ceil() as usize;
        let n_bins = 2 * half_bins;
        let lo = 1.0 - half_bins as f64 * BIN;
        let mut counts = vec![vec![0usize; scatter.clouds.len()]; n_bins];
        for (cloud, ratio) in ratios() {
            let bin = ((ratio - lo) / BIN).floor().clamp(0.0, (n_bins - 1) as f64) as usize;
            counts[bin][cloud] += 1;
        }
        let highest = counts.iter().map(|bin| bin.iter().sum::<usize>()).max().unwrap_or(1) as f64;
        let frame = Frame {
            title: "",
            x_label: &scatter.ratio_label,
            y_label: &scatter.count_label,
            left: 60,
            top: 52,
            right: 14,
            grid: Grid::Horizontal,
        };
        let x = Axis::linear(lo, 1.0 + half_bins as f64 * BIN, 6);
        let chart = frame.draw(area, x, Axis::linear(0.0, 1.08 * highest, 5))?;
        for (bin, clouds) in counts.iter().enumerate() {
            let (from, to) = (lo + bin as f64 * BIN, lo + (bin + 1) as f64 * BIN);
            let mut below = 0.0;
            for (cloud, count) in clouds.iter().enumerate().filter(|(_, count)| **count > 0) {
                let above = below + *count as f64;
                let corners = [(from + 0.05 * BIN, below), (to - 0.05 * BIN, above)];
                marks::bar(&chart, palette::part(cloud), corners)?;
                below = above;
            }
        }
        marks::line(&chart, palette::INK, [(1.0, 0.0), (1.0, 1.08 * highest)])?;
        for side in [1.0 - scatter.tolerance, 1.0 + scatter.tolerance] {
            marks::dashes(&chart, palette::DIGITAL, [(side, 0.0), (side, 1.08 * highest)])?;
        }
        panel_title(area, &scatter.ratio_title, (frame.left, 12))
    }
}

impl Sheet for ScatterSheet<'_> {
    fn size(&self) -> (i32, i32) {
        SIZE
    }

    fn draw(&self, area: &Area<'_>, _: &mut String) -> Drawn {
        let (width, height) = size_of(area);
        self.cloud(&part(area, (0, 0), (CLOUD, height)))?;
        self.histogram(&part(area, (CLOUD, 0), (width - CLOUD, height)))
    }
}
