//! Values of rows × columns as colours, each map with its own bar of them.

use std::fmt::Write;

use plotters::coord::ranged1d::{BoldPoints, Ranged, ValueFormatter};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor};

use super::sheet::{Sheet, part};
use super::svg::axis::Axis;
use super::svg::canvas::{Area, Drawn, Frame, Grid, PX, TEXT, anchored, plain};
use super::svg::palette;
use crate::report::chart::{Map, Maps};

/// Width and height of a map (pixels).
const PANEL: (i32, i32) = (430, 390);
/// Colours of a map, dark to bright.
const LEVELS: usize = 64;
/// Most rows and columns that are drawn one by one; of more, means of blocks are drawn.
const MOST: usize = 256;

/// Maps with all their places.
pub struct MapSheet<'c> {
    maps: &'c Maps,
}

impl<'c> MapSheet<'c> {
    /// Of maps whose values fill their rows.
    pub fn new(maps: &'c Maps) -> Self {
        Self { maps }
    }

    fn columns(&self) -> i32 {
        self.maps.maps.len().clamp(1, 2) as i32
    }
}

impl Sheet for MapSheet<'_> {
    fn size(&self) -> (i32, i32) {
        let rows = (self.maps.maps.len() as i32 + self.columns() - 1) / self.columns();
        (self.columns() * PANEL.0, rows.max(1) * PANEL.1)
    }

    fn draw(&self, area: &Area<'_>, paths: &mut String) -> Drawn {
        for (index, one) in self.maps.maps.iter().enumerate().filter(|(_, m)| !m.values.is_empty())
        {
            let (row, column) = (index as i32 / self.columns(), index as i32 % self.columns());
            let panel = part(area, (column * PANEL.0, row * PANEL.1), PANEL);
            map(&panel, self.maps, one, paths)?;
        }
        Ok(())
    }
}

/// One map with its colour bar; its cells go to `cells`.
fn map(area: &Area<'_>, maps: &Maps, one: &Map, cells: &mut String) -> Drawn {
    let Map { title, unit, columns: cols, .. } = one;
    let (rows, cols) = (one.rows(), *cols);
    let block = rows.max(cols).div_ceil(MOST);
    let mut means = means(one, block);
    let finite = || means.iter().copied().filter(|v| v.is_finite());
    let largest = finite().fold(0.0_f64, |most, v| most.max(v.abs()));
    let (factor, unit) = scale(largest, unit);
    means.iter_mut().for_each(|v| *v *= factor);
    let (lo, hi) = means
        .iter()
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(*v), hi.max(*v)));
    let (lo, hi) = match (lo <= hi, hi - lo > 1e-9 * hi.abs().max(lo.abs())) {
        (false, _) => (0.0, 1.0),
        (true, true) => (lo, hi),
        (true, false) => (lo - 0.5, lo + 0.5),
    };
    let title = titled(title, &unit, block);
    let frame = Frame {
        title: &title,
        x_label: &maps.x_label,
        y_label: &maps.y_label,
        left: 58,
        top: 34,
        right: 92,
        grid: Grid::Both,
    };
    let x = Axis::linear(0.0, cols as f64, 1)
        .with_ticks(ticks(cols).map(|line| (line as f64 + 0.5, line.to_string())));
    // Row 0 is at the top.
    let y = Axis::linear(0.0, rows as f64, 1)
        .with_ticks(ticks(rows).map(|line| ((rows - line) as f64 - 0.5, line.to_string())));
    let chart = frame.draw(area, x, y)?;
    let (across, down) = chart.plotting_area().get_pixel_range();
    let level = |v: f64| {
        let share = (v - lo) / (hi - lo);
        ((share * LEVELS as f64) as usize).min(LEVELS - 1)
    };
    let edge = |range: &std::ops::Range<i32>, line: usize, lines: usize| {
        let line = (line * block).min(lines) as f64;
        let length = f64::from(range.end - range.start);
        range.start + (length * line / lines as f64).round() as i32
    };
    let mut paths = vec![String::new(); LEVELS + 1];
    let across_blocks = cols.div_ceil(block);
    for (index, &v) in means.iter().enumerate() {
        let (row, col) = (index / across_blocks, index % across_blocks);
        let path = &mut paths[if v.is_finite() { level(v) } else { LEVELS }];
        let (left, right) = (edge(&across, col, cols), edge(&across, col + 1, cols));
        let (top, bottom) = (edge(&down, row, rows), edge(&down, row + 1, rows));
        let (width, height) = (right - left, bottom - top);
        let _ = write!(path, "M{left} {top}h{width}v{height}h-{width}z");
    }
    for (level, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let RGBColor(r, g, b) =
            if level == LEVELS { palette::GRID } else { palette::level(level, LEVELS) };
        let _ = writeln!(
            cells,
            "<path fill=\"#{r:02X}{g:02X}{b:02X}\" shape-rendering=\"crispEdges\" d=\"{path}\"/>"
        );
    }
    // Places of a panel are those of the whole canvas less the panel's own.
    let (at_x, at_y) = area.get_base_pixel();
    let frame = (across.end - at_x, down.start - at_y, down.end - at_y);
    colour_bar(area, frame, lo, hi)
}

/// A bar right of a map of which `right`, `top` and `bottom` are the edges (pixels of the canvas).
fn colour_bar(area: &Area<'_>, (right, top, bottom): (i32, i32, i32), lo: f64, hi: f64) -> Drawn {
    let (left, right) = (right + 12 * PX, right + 26 * PX);
    let at = |share: f64| bottom - (share * f64::from(bottom - top)).round() as i32;
    for level in 0..LEVELS {
        // Each up to the top, under the next: no gaps.
        let corners = [(left, top), (right, at(level as f64 / LEVELS as f64))];
        area.draw(&Rectangle::new(corners, palette::level(level, LEVELS).filled()))?;
    }
    let axis = Axis::linear(lo, hi, 5);
    for value in axis.key_points(BoldPoints(10)) {
        let y = at((value - lo) / (hi - lo));
        let tick = vec![(right, y), (right + 4 * PX, y)];
        area.draw(&PathElement::new(tick, palette::MUTED.stroke_width(PX.unsigned_abs())))?;
        let style = anchored(plain(TEXT, palette::INK), HPos::Left, VPos::Center);
        area.draw(&Text::new(axis.format_ext(&value), (right + 7 * PX, y), style))?;
    }
    Ok(())
}

/// Lines with a label: all of few, else about eight at round distances.
fn ticks(lines: usize) -> impl Iterator<Item = usize> {
    let powers = (0..).flat_map(|power| [1, 2, 4, 5, 8].map(|k| k * 10_usize.pow(power)));
    let twos = [16, 32, 64, 128, 256];
    let mut steps: Vec<usize> = powers.take(25).chain(twos).collect();
    steps.sort_unstable();
    let step = steps.into_iter().find(|step| lines <= 9 * step).unwrap_or(lines);
    (0..lines).step_by(step)
}

/// Means over blocks of `block × block` values row by row, those that are not finite left out.
fn means(map: &Map, block: usize) -> Vec<f64> {
    let (rows, cols) = (map.rows(), map.columns);
    let mut means = Vec::with_capacity(rows.div_ceil(block) * cols.div_ceil(block));
    for row in (0..rows).step_by(block) {
        for col in (0..cols).step_by(block) {
            let lines = (row..(row + block).min(rows)).map(|line| line * cols);
            let values = lines.flat_map(|start| {
                map.values[start + col..start + (col + block).min(cols)].iter().copied()
            });
            let (sum, count) = values
                .filter(|value| value.is_finite())
                .fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
            means.push(sum / count as f64);
        }
    }
    means
}

/// What stands above a map.
fn titled(title: &str, unit: &str, block: usize) -> String {
    let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
    match block {
        1 => format!("{title}{unit}"),
        _ => format!("{title}{unit}, means of {block} × {block}"),
    }
}

/// What values are multiplied by for a readable number, and the unit that they have then; numbers without a unit stay
/// as they are.
fn scale(largest: f64, unit: &str) -> (f64, String) {
    if unit.is_empty() {
        return (1.0, String::new());
    }
    const PREFIXES: [(f64, &str); 7] =
        [(1.0, ""), (1e3, "m"), (1e6, "µ"), (1e9, "n"), (1e12, "p"), (1e15, "f"), (1e18, "a")];
    let fits = PREFIXES.into_iter().find(|(factor, _)| 1.0 <= largest * factor);
    let (factor, prefix) = fits.unwrap_or((1.0, ""));
    (factor, format!("{prefix}{unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_unit_has_no_prefix_and_no_parentheses() {
        let of = |largest, unit| {
            let (factor, unit) = scale(largest, unit);
            (factor, titled("conductance", &unit, 1))
        };
        assert_eq!(of(0.01, ""), (1.0, "conductance".to_owned()));
        assert_eq!(of(0.01, "S"), (1e3, "conductance (mS)".to_owned()));
        assert_eq!(titled("spikes", "", 3), "spikes, means of 3 × 3");
    }
}
