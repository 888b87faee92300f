//! Accuracy against physical parameters, one panel each.

use super::accuracy::{ACCURACY_LABEL, accuracy_axis, at, legend};
use super::{Figure, panel_title};
use crate::error::ReportError;
use crate::model::{Report, Sweep};
use crate::svg::axis::Axis;
use crate::svg::canvas::{Area, Drawn, Frame, Grid, PX, Picture};
use crate::svg::marks::{self, Series, Shape};
use crate::svg::palette;

const PER_ROW: usize = 3;
const LEGEND: i32 = 30;
const ROW: u32 = 280;

/// Ratio of largest to smallest value from which an axis is logarithmic.
const LOG_FROM: f64 = 30.0;

/// The picture, if there are sweeps.
pub fn figure(report: &Report) -> Result<Option<Figure>, ReportError> {
    let sweeps: Vec<_> = report.sweeps.iter().filter(|sweep| !sweep.points.is_empty()).collect();
    if sweeps.is_empty() {
        return Ok(None);
    }
    let (rows, columns) = (sweeps.len().div_ceil(PER_ROW), sweeps.len().min(PER_ROW));
    let picture = Picture {
        file: "sweeps.svg",
        title: "Accuracy against physical parameters",
        size: (300 * columns as u32, LEGEND as u32 + ROW * rows as u32),
    };
    Figure::paint(picture, caption(&sweeps), |area| {
        let (_, below) = area.split_vertically(LEGEND * PX);
        let panels = below.split_evenly((rows, columns));
        for (index, (sweep, panel)) in sweeps.iter().zip(&panels).enumerate() {
            draw(panel, report, sweep, index % PER_ROW == 0)?;
        }
        legend(area, report.digital.accuracy, (52, 14))
    })
    .map(Some)
}

fn draw(area: &Area<'_>, report: &Report, sweep: &Sweep, first: bool) -> Drawn {
    let x = axis(sweep);
    let estimates = report.sweeps.iter().flat_map(|sweep| &sweep.points);
    let digital = report.digital.accuracy;
    let y = accuracy_axis(estimates.flat_map(|point| [&point.naive, &point.full]), digital);
    let x_label = match sweep.unit.as_str() {
        "" => sweep.label.clone(),
        unit => format!("{} ({unit})", sweep.label),
    };
    let frame = Frame {
        title: "",
        x_label: &x_label,
        y_label: if first { ACCURACY_LABEL } else { "" },
        left: 52,
        top: 28,
        right: 12,
        grid: Grid::Horizontal,
    };
    let (lo, hi) = (x.lo(), x.hi());
    let chart = frame.draw(area, x, y)?;
    marks::dashes(&chart, palette::DIGITAL, [(lo, digital), (hi, digital)])?;
    let naive: Vec<_> = sweep.points.iter().map(|p| at(p.x, &p.naive)).collect();
    let full: Vec<_> = sweep.points.iter().map(|p| at(p.x, &p.full)).collect();
    let naive = Series { colour: palette::NAIVE, shape: Shape::Circle, points: &naive };
    let full = Series { colour: palette::FULL, shape: Shape::Square, points: &full };
    marks::series(&chart, &naive)?;
    marks::series(&chart, &full)?;
    panel_title(area, &sweep.label, (frame.left, 12))
}

fn axis(sweep: &Sweep) -> Axis {
    let lo = sweep.points.iter().map(|p| p.x).fold(f64::INFINITY, f64::min);
    let hi = sweep.points.iter().map(|p| p.x).fold(f64::NEG_INFINITY, f64::max);
    if lo > 0.0 && hi / lo > LOG_FROM {
        return Axis::log(lo / 1.3, hi * 1.3, 4);
    }
    let room = 0.05 * (hi - lo);
    Axis::linear(lo - room, hi + room, 5)
}

fn caption(sweeps: &[&Sweep]) -> String {
    let labels: Vec<_> = sweeps.iter().map(|sweep| sweep.label.as_str()).collect();
    format!(
        "Accuracy as one parameter at a time leaves the preset's value: {}. Same scale as in the first picture; bars are 95 % intervals over chips.",
        labels.join(", "),
    )
}
