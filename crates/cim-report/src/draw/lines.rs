//! Points with intervals, joined to lines: panels side by side, one legend above all of them.

use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{FontTransform, RGBColor};

use super::sheet::{Sheet, panel_title, part};
use super::svg::axis::Axis;
use super::svg::canvas::{Area, Drawn, Frame, Grid, PX, TEXT, anchored, plain, text_width};
use super::svg::marks::{self, Series, Shape};
use super::svg::palette;
use crate::format::{shortened, wrapped};
use crate::report::chart::{Line, Lines, Panel, Scale};

/// Distance of the lines of a text (pixels).
const TEXT_LINE: i32 = 17;
/// Room right of a plot.
const RIGHT: i32 = 12;
/// Room below a plot for the labels of its ticks.
const BELOW: i32 = 30;
/// Room between the canvas's edge and the first text.
const EDGE: i32 = 8;
/// Height of a plot among others, and of one that stands alone.
const PLOT: (i32, i32) = (230, 290);

/// Where everything stands; sizes in pixels.
pub struct LineSheet<'c> {
    lines: &'c Lines,
    panels: Vec<&'c Panel>,
    columns: usize,
    /// Horizontal axis of each panel.
    x: Vec<Axis>,
    y: Axis,
    /// Height of each plot.
    plot: i32,
    /// Text, colour and shape of every line, and of the dashed line if all panels share its name.
    legend: Vec<(String, RGBColor, Shape)>,
    /// Whether each panel names its own dashed line.
    own_references: bool,
    titles: Vec<Vec<String>>,
    /// Label below each panel; empty if the common one stands below all of them.
    own_labels: Vec<Vec<String>>,
    x_label: Vec<String>,
    y_label: Vec<String>,
    /// Width of the strip with the label of the vertical axis.
    strip: i32,
    /// Room left of a plot for the labels of its ticks.
    left: i32,
    panel_width: i32,
    legend_height: i32,
    /// Room above a plot for titles.
    head: i32,
}

impl<'c> LineSheet<'c> {
    /// Of lines that are not empty; a single panel is as wide as asked.
    pub fn new(chart: &'c Lines, width: Option<i32>) -> Self {
        let panels: Vec<_> = chart.filled().collect();
        let plot = if panels.len() == 1 { PLOT.1 } else { PLOT.0 };
        let columns = match panels.len() {
            4 => 2,
            n => n.clamp(1, 3),
        };
        let y = vertical(chart);
        let left = y.labels().map(|label| text_width(label, TEXT)).max().unwrap_or(0) + 16;
        let y_label = lines(&chart.y_label, plot);
        let strip = EDGE + TEXT_LINE * y_label.len() as i32;
        let plot_width = match columns {
            1 => width.map_or(640, |width| width - strip - left - RIGHT),
            2 => 360,
            _ => 258,
        };
        let panel_width = left + plot_width + RIGHT;
        let width = strip + columns as i32 * panel_width;

        let mut labels: Vec<_> =
            panels.iter().filter_map(|panel| panel.reference.as_ref()).map(|r| &r.label).collect();
        labels.dedup();
        let own_references = labels.len() > 1;
        let most = letters(width - strip - left - marks::SWATCH);
        let named = chart.names().into_iter().enumerate().map(|(index, name)| {
            (shortened(name, most), palette::line(index), marks::line_shape(index))
        });
        let shared = labels.first().filter(|_| !own_references);
        let shared = shared.map(|label| (shortened(label, most), palette::DIGITAL, Shape::Dashes));
        let legend: Vec<_> = named.chain(shared).collect();
        let texts = legend.iter().map(|(text, _, _)| text.as_str());
        let legend_height = marks::legend_height(texts, width, strip + left) + 12;

        // Bold letters are wider by a tenth.
        let titles: Vec<_> =
            panels.iter().map(|panel| lines(&panel.title, plot_width * 10 / 11)).collect();
        let title_lines = titles.iter().map(Vec::len).max().unwrap_or(0) as i32;
        let head = TEXT_LINE * (title_lines + i32::from(own_references)) + 8;
        let x = panels.iter().map(|panel| horizontal(chart, panel, plot_width)).collect();
        let own = panels.iter().any(|panel| panel.x.is_some());
        let own_label = |panel: &&Panel| {
            let label = panel.x.as_ref().map_or(&chart.x_label, |x| &x.label);
            if own { lines(label, plot_width) } else { Vec::new() }
        };
        let common = if own { "" } else { &chart.x_label };
        Self {
            x,
            own_labels: panels.iter().map(own_label).collect(),
            x_label: lines(common, width - strip - left),
            panels,
            lines: chart,
            columns,
            y,
            plot,
            legend,
            own_references,
            titles,
            y_label,
            strip,
            left,
            panel_width,
            legend_height,
            head,
        }
    }

    fn rows(&self) -> usize {
        self.panels.len().div_ceil(self.columns)
    }

    fn row_height(&self) -> i32 {
        let labels = self.own_labels.iter().map(Vec::len).max().unwrap_or(0) as i32;
        self.head + self.plot + BELOW + TEXT_LINE * labels
    }
}

impl Sheet for LineSheet<'_> {
    fn size(&self) -> (i32, i32) {
        let width = self.strip + self.columns as i32 * self.panel_width;
        let labels = TEXT_LINE * self.x_label.len() as i32 + EDGE;
        (width, self.legend_height + self.rows() as i32 * self.row_height() + labels)
    }

    fn draw(&self, area: &Area<'_>, _: &mut String) -> Drawn {
        let names = self.lines.names();
        for (index, panel) in self.panels.iter().enumerate() {
            let (row, column) = ((index / self.columns) as i32, (index % self.columns) as i32);
            let from = (
                self.strip + column * self.panel_width,
                self.legend_height + row * self.row_height(),
            );
            let part = part(area, from, (self.panel_width, self.row_height()));
            self.panel(&part, panel, index, &names)?;
            if column == 0 {
                let middle = from.1 + self.head + self.plot / 2;
                for (index, line) in self.y_label.iter().enumerate() {
                    let at = (EDGE + TEXT_LINE / 2 + TEXT_LINE * index as i32, middle);
                    let style = plain(TEXT, palette::INK).transform(FontTransform::Rotate270);
                    let style = anchored(style, HPos::Center, VPos::Center);
                    area.draw_text(line, &style, (at.0 * PX, at.1 * PX))?;
                }
            }
        }
        let (width, height) = self.size();
        let below = height - EDGE - TEXT_LINE * self.x_label.len() as i32;
        for (index, line) in self.x_label.iter().enumerate() {
            let middle = (self.strip + self.left + width - RIGHT) / 2;
            centred(area, line, (middle, below + TEXT_LINE / 2 + TEXT_LINE * index as i32))?;
        }
        let entries: Vec<_> = self
            .legend
            .iter()
            .map(|(text, colour, shape)| (text.as_str(), *colour, *shape))
            .collect();
        marks::legend(area, &entries, (self.strip + self.left, 14))
    }
}

impl LineSheet<'_> {
    fn panel(&self, area: &Area<'_>, panel: &Panel, index: usize, names: &[&str]) -> Drawn {
        let x = &self.x[index];
        let frame = Frame {
            title: "",
            x_label: "",
            y_label: "",
            left: self.left,
            top: self.head,
            right: RIGHT,
            grid: Grid::Horizontal,
        };
        let (lo, hi) = (x.lo(), x.hi());
        let plot = part(area, (0, 0), (self.panel_width, self.head + self.plot + BELOW));
        let chart = frame.draw(&plot, x.clone(), self.y.clone())?;
        if let Some(gap) = x.gap() {
            marks::broken_across(&chart, (gap, self.y.lo()))?;
        }
        if let Some(gap) = self.y.gap() {
            marks::broken_along(&chart, (lo, gap))?;
        }
        if let Some(reference) = &panel.reference {
            let y = reference.value;
            marks::dashes(&chart, palette::DIGITAL, [(lo, y), (hi, y)])?;
        }
        for line in &panel.series {
            let index = names.iter().position(|name| *name == line.name).unwrap_or(0);
            let (colour, shape) = (palette::line(index), marks::line_shape(index));
            for points in pieces(line, x) {
                marks::series(&chart, &Series { colour, shape, points: &points })?;
            }
        }
        for (line, text) in self.titles[index].iter().enumerate() {
            panel_title(area, text, (self.left, 10 + TEXT_LINE * line as i32))?;
        }
        for (line, text) in self.own_labels[index].iter().enumerate() {
            let middle = (self.left + self.panel_width - RIGHT) / 2;
            let below = self.head + self.plot + BELOW + TEXT_LINE * line as i32;
            centred(area, text, (middle, below + TEXT_LINE / 2 - 4))?;
        }
        if let Some(reference) = panel.reference.as_ref().filter(|_| self.own_references) {
            let room = self.panel_width - self.left - marks::SWATCH;
            let text = shortened(&reference.label, letters(room));
            let entry = (text.as_str(), palette::DIGITAL, Shape::Dashes);
            marks::legend(area, &[entry], (self.left, self.head - 14))?;
        }
        Ok(())
    }
}

/// The points of a line in ascending order; a point beyond the gap of the axis stands alone.
fn pieces(line: &Line, x: &Axis) -> Vec<Vec<(f64, f64, f64)>> {
    let mut points: Vec<_> =
        line.points.iter().map(|point| (point.x, point.y.mean, point.y.ci95)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (alone, joined): (Vec<_>, Vec<_>) =
        points.into_iter().partition(|(at, _, _)| x.gap().is_some() && *at == 0.0);
    [alone, joined].into_iter().filter(|piece| !piece.is_empty()).collect()
}

/// Text with its middle at a place (pixels).
fn centred(area: &Area<'_>, text: &str, (x, y): (i32, i32)) -> Drawn {
    let style = anchored(plain(TEXT, palette::INK), HPos::Center, VPos::Center);
    area.draw_text(text, &style, (x * PX, y * PX))
}

/// Letters that surely have room in `width` pixels.
fn letters(width: i32) -> usize {
    let mut letters = 1;
    let sample = |n: usize| text_width(&"n".repeat(n), TEXT);
    while sample(letters + 1) <= width {
        letters += 1;
    }
    letters
}

/// A text in lines that surely have room in `width` pixels; none if it is empty.
fn lines(text: &str, width: i32) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { wrapped(text, letters(width)) }
}

/// The horizontal axis of a panel, with as many ticks as have room: its own, or that of all.
fn horizontal(chart: &Lines, panel: &Panel, width: i32) -> Axis {
    let own = panel.x.as_ref();
    let of_panel = || panel.points().map(|point| point.x).collect::<Vec<_>>();
    let of_all = || chart.points().map(|point| point.x).collect();
    let values = if own.is_some() { of_panel() } else { of_all() };
    let log = own.map_or(chart.x_log, |x| x.log);
    let (lo, hi) = range(values.iter().copied());
    let least = values.iter().copied().filter(|x| *x > 0.0).fold(hi, f64::min);
    let room = (hi / least).powf(0.04).max(1.1);
    let axis = |n_ticks| match log && lo >= 0.0 && hi > 0.0 {
        true if lo > 0.0 => Axis::log(lo / room, hi * room, n_ticks),
        true => Axis::log_from_zero(least / room, hi * room, n_ticks),
        false => Axis::linear(lo - 0.05 * (hi - lo), hi + 0.05 * (hi - lo), n_ticks),
    };
    let has_room =
        |axis: &Axis| axis.labels().map(|label| text_width(label, TEXT) + 12).sum::<i32>() <= width;
    (2..=7).rev().map(axis).find(has_room).unwrap_or_else(|| axis(1))
}

/// The vertical axis.
fn vertical(chart: &Lines) -> Axis {
    const N_TICKS: usize = 6;
    let references = || chart.filled().filter_map(|panel| panel.reference.as_ref());
    let values = || references().map(|r| r.value).chain(chart.points().map(|point| point.y.mean));
    let ends = chart.points().flat_map(|point| {
        let y = &point.y;
        [y.mean - y.ci95, y.mean + y.ci95]
    });
    let (lo, hi) = range(values());
    let (end_lo, end_hi) = range(ends.chain([lo, hi]));
    match chart.y {
        Scale::Nines => Axis::accuracy(end_lo, end_hi),
        Scale::Accuracy if 0.5 <= lo && hi <= 0.999 => Axis::accuracy(end_lo, end_hi),
        Scale::Accuracy if lo < 0.5 => Axis::percent(lo.min(0.0), hi.max(1.0) + 0.02, N_TICKS),
        Scale::Accuracy => {
            let room = (0.1 * (1.0 - end_lo)).max(0.001);
            Axis::percent(end_lo - room, hi.max(1.0) + 0.2 * room, N_TICKS)
        }
        Scale::Log if lo >= 0.0 && hi > 0.0 => {
            let least = values().filter(|y| *y > 0.0).fold(hi, f64::min);
            // A long interval must not take the whole axis.
            let least = if lo > 0.0 { end_lo.max(least / 5.0) } else { least };
            let axis = if lo > 0.0 { Axis::log } else { Axis::log_from_zero };
            axis(least / 1.5, end_hi * 1.5, N_TICKS)
        }
        Scale::Linear | Scale::Log => {
            let room = 0.06 * (end_hi - end_lo);
            let from_zero = 0.0 <= end_lo && end_lo < 0.5 * end_hi;
            Axis::linear(if from_zero { 0.0 } else { end_lo - room }, end_hi + room, N_TICKS)
        }
    }
}

/// Smallest and largest of some numbers.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)))
}
