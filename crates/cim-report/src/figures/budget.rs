//! Where the error of each layer comes from.

use super::Figure;
use crate::error::ReportError;
use crate::format::scientific;
use crate::model::{Budget, Design, Report};
use crate::svg::axis::Axis;
use crate::svg::canvas::{Area, Drawn, Frame, Grid, PX, Picture};
use crate::svg::marks::{self, Shape};
use crate::svg::palette;

/// Smallest error shown, as a part of the largest: below it nothing matters.
const FLOOR: f64 = 1e-7;

const LABELS: i32 = 96;

/// The picture, if there is a budget.
pub fn figure(report: &Report) -> Result<Option<Figure>, ReportError> {
    let budget = &report.error_budget;
    let (names, layers) = (sources(budget), layers(budget));
    let largest = budget.iter().map(total).fold(0.0, f64::max);
    if names.is_empty() || largest <= 0.0 {
        return Ok(None);
    }
    let picture = Picture {
        file: "error-budget.svg",
        title: "Error budget of each layer",
        size: (880, 116 + 34 * (names.len() as u32 + 1)),
    };
    let smallest = budget
        .iter()
        .flat_map(|b| b.sources.iter().map(|s| s.share_of_signal))
        .filter(|share| *share > 0.0)
        .fold(largest, f64::min);
    let range = (smallest.max(FLOOR * largest), largest);
    Figure::paint(picture, caption(budget), |area| {
        let width = area.dim_in_pixel().0 as i32;
        let labels = LABELS * PX;
        let each = (width - labels) / layers.len().max(1) as i32;
        let mut rest = area.clone();
        for (index, layer) in layers.iter().enumerate() {
            let room = if index == 0 { labels + each } else { each };
            let (left, right) = rest.split_horizontally(room);
            panel(&left, budget, *layer, &names, range, index == 0)?;
            rest = right;
        }
        let entries = [
            ("naive mapping", palette::NAIVE, Shape::Bar),
            ("full method", palette::FULL, Shape::Bar),
        ];
        marks::legend(area, &entries, (LABELS, 14))
    })
    .map(Some)
}

fn panel(
    area: &Area<'_>,
    budget: &[Budget],
    layer: usize,
    names: &[&str],
    (smallest, largest): (f64, f64),
    first: bool,
) -> Drawn {
    let x = Axis::log(smallest / 1.5, 1.2 * largest, 4);
    let rows = || names.iter().copied().chain(["total"]);
    let n_rows = names.len() + 1;
    let labels: Vec<_> = rows().rev().map(|name| if first { name } else { "" }).collect();
    let title = format!("layer {layer}");
    let frame = Frame {
        title: "",
        x_label: "error / signal power",
        y_label: "",
        left: if first { LABELS } else { 14 },
        top: 56,
        right: 14,
        grid: Grid::Vertical,
    };
    let lo = x.lo();
    let chart = frame.draw(area, x, Axis::categories(labels))?;
    super::panel_title(area, &title, (frame.left, 40))?;
    for entry in budget.iter().filter(|entry| entry.layer == layer) {
        let (colour, shift) = match entry.design {
            Design::Naive => (palette::NAIVE, 0.19),
            Design::Full => (palette::FULL, -0.19),
            _ => continue,
        };
        for (index, name) in rows().enumerate() {
            let share = if index + 1 == n_rows { total(entry) } else { share(entry, name) };
            if share <= lo {
                continue;
            }
            let middle = (n_rows - 1 - index) as f64 + 0.5 + shift;
            marks::bar(&chart, colour, [(lo, middle - 0.18), (share, middle + 0.18)])?;
        }
    }
    Ok(())
}

fn share(budget: &Budget, source: &str) -> f64 {
    let shares = budget.sources.iter().filter(|s| s.source == source);
    shares.map(|s| s.share_of_signal).sum()
}

fn total(budget: &Budget) -> f64 {
    budget.sources.iter().map(|s| s.share_of_signal).sum()
}

/// Names of the sources in the order of their first appearance.
fn sources(budget: &[Budget]) -> Vec<&str> {
    let mut names = Vec::new();
    for source in budget.iter().flat_map(|b| &b.sources) {
        if !names.contains(&source.source.as_str()) {
            names.push(source.source.as_str());
        }
    }
    names
}

fn layers(budget: &[Budget]) -> Vec<usize> {
    let mut layers: Vec<_> = budget.iter().map(|b| b.layer).collect();
    layers.sort_unstable();
    layers.dedup();
    layers
}

fn caption(budget: &[Budget]) -> String {
    let mut caption = String::from(
        "Closed-form error variance of each layer's output by source, per unit signal power, on a \
         logarithmic scale. A missing bar is below the scale.",
    );
    for layer in layers(budget) {
        let of = |design| budget.iter().find(|b| b.layer == layer && b.design == design);
        if let (Some(naive), Some(full)) = (of(Design::Naive), of(Design::Full)) {
            let largest = |b: &Budget| {
                let by_share =
                    b.sources.iter().max_by(|a, b| a.share_of_signal.total_cmp(&b.share_of_signal));
                by_share.map_or_else(String::new, |s| s.source.clone())
            };
            caption += &format!(
                " Layer {layer}: {} in total (most of it {}) falls to {} (most of it {}).",
                scientific(total(naive)),
                largest(naive),
                scientific(total(full)),
                largest(full),
            );
        }
    }
    caption
}
