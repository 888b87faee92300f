//! Energy per inference: parts of the analog designs, totals of all.

use super::{Figure, panel_title};
use crate::error::ReportError;
use crate::format::{design_label, percent, si, times};
use crate::model::{Design, EnergyBreakdown, Report};
use crate::svg::axis::Axis;
use crate::svg::canvas::{Area, Drawn, Frame, Grid, PX, Picture};
use crate::svg::marks::{self, Shape};
use crate::svg::palette;

const HALF_BAR: f64 = 0.32;

/// The picture, if there is energy to show.
pub fn figure(report: &Report) -> Result<Option<Figure>, ReportError> {
    let analog: Vec<_> = report
        .energy
        .iter()
        .filter(|entry| matches!(entry.design, Design::Naive | Design::Full))
        .filter(|entry| entry.total_j() > 0.0)
        .collect();
    let all: Vec<_> = report.energy.iter().filter(|entry| entry.total_j() > 0.0).collect();
    if analog.is_empty() {
        return Ok(None);
    }
    let picture = Picture { file: "energy.svg", title: "Energy per inference", size: (880, 330) };
    Figure::paint(picture, caption(report), |area| {
        let (left, right) = area.split_horizontally(440 * PX);
        parts(&left, &analog)?;
        totals(&right, &all)
    })
    .map(Some)
}

fn parts(area: &Area<'_>, analog: &[&EnergyBreakdown]) -> Drawn {
    let largest = analog.iter().map(|entry| entry.total_j()).fold(0.0, f64::max);
    let (scale, unit) = [(1e-6, "µJ"), (1e-9, "nJ"), (1e-12, "pJ")]
        .into_iter()
        .find(|(scale, _)| largest >= *scale)
        .unwrap_or((1e-15, "fJ"));
    let x_label = format!("energy per inference ({unit})");
    let frame = Frame {
        title: "",
        x_label: &x_label,
        y_label: "",
        left: 88,
        top: 64,
        right: 80,
        grid: Grid::Vertical,
    };
    let y = Axis::categories(analog.iter().rev().map(|entry| design_label(entry.design)));
    let chart = frame.draw(area, Axis::linear(0.0, 1.02 * largest / scale, 5), y)?;
    let names = part_names(analog);
    for (index, entry) in analog.iter().rev().enumerate() {
        let middle = index as f64 + 0.5;
        let mut before = 0.0;
        for part in &entry.parts {
            let after = before + part.joules / scale;
            let colour = names.iter().position(|name| *name == part.part).map_or(0, |i| i);
            let corners = [(before, middle - HALF_BAR), (after, middle + HALF_BAR)];
            marks::bar(&chart, palette::part(colour), corners)?;
            before = after;
        }
        let total = si(entry.total_j(), "J");
        marks::label(&chart, &total, (before, middle), 8, palette::INK)?;
    }
    panel_title(area, "where it goes", (frame.left, 12))?;
    let entries: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| (*name, palette::part(index), Shape::Bar))
        .collect();
    marks::legend(area, &entries, (frame.left, 38))
}

fn totals(area: &Area<'_>, all: &[&EnergyBreakdown]) -> Drawn {
    let largest = all.iter().map(|entry| entry.total_j()).fold(0.0, f64::max);
    let smallest = all.iter().map(|entry| entry.total_j()).fold(largest, f64::min);
    let x = Axis::log(smallest / 3.0, largest * 1.2, 4);
    let x = si_ticks(x);
    let frame = Frame {
        title: "",
        x_label: "energy per inference, logarithmic scale",
        y_label: "",
        left: 138,
        top: 28,
        right: 78,
        grid: Grid::Vertical,
    };
    let lo = x.lo();
    let y = Axis::categories(all.iter().rev().map(|entry| design_label(entry.design)));
    let chart = frame.draw(area, x, y)?;
    for (index, entry) in all.iter().rev().enumerate() {
        let middle = index as f64 + 0.5;
        let colour = match entry.design {
            Design::Naive => palette::NAIVE,
            Design::Full => palette::FULL,
            _ => palette::DIGITAL,
        };
        let total = entry.total_j();
        marks::bar(&chart, colour, [(lo, middle - HALF_BAR), (total, middle + HALF_BAR)])?;
        marks::label(&chart, &si(total, "J"), (total, middle), 8, palette::INK)?;
    }
    panel_title(area, "against digital designs", (frame.left, 12))
}

/// The same axis with its decades as `10 nJ` instead of powers of ten.
fn si_ticks(axis: Axis) -> Axis {
    let first = axis.lo().log10().ceil() as i32;
    let last = axis.hi().log10().floor() as i32;
    let ticks = (first..=last).map(|decade| 10f64.powi(decade)).map(|at| (at, whole_si(at)));
    axis.with_ticks(ticks.collect::<Vec<_>>())
}

fn whole_si(joules: f64) -> String {
    si(joules, "J").replace(".00", "").replace(".0", "")
}

fn part_names<'e>(entries: &[&'e EnergyBreakdown]) -> Vec<&'e str> {
    let mut names = Vec::new();
    for part in entries.iter().flat_map(|entry| &entry.parts) {
        if !names.contains(&part.part.as_str()) {
            names.push(part.part.as_str());
        }
    }
    names
}

fn caption(report: &Report) -> String {
    let ratios = &report.energy_vs_digital;
    format!(
        "Left: where the energy of one inference goes. Right: against a digital design of the same \
         node. The full method saves {} of the naive mapping's energy at no less accuracy, and takes \
         {} less than digital multiply-accumulates alone, {} less with weights in an 8 KB SRAM and \
         {} less with weights in a 1 MB SRAM.",
        percent(report.energy_vs_naive),
        times(ratios.mac_only),
        times(ratios.sram_8kb),
        times(ratios.sram_1mb),
    )
}
