//! The picture of a chart: panels side by side, one legend above all of them.

use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{FontTransform, RGBColor};

use super::model::{Chart, Line, Panel, Scale, Study};
use crate::error::ReportError;
use crate::figures::{Figure, panel_title};
use crate::format::{shortened, wrapped};
use crate::svg::axis::Axis;
use crate::svg::canvas::{
    Area, Drawn, Frame, Grid, PX, Picture, TEXT, anchored, plain, text_width,
};
use crate::svg::marks::{self, Series, Shape};
use crate::svg::palette;

/// Distance of the lines of a text (pixels).
const TEXT_LINE: i32 = 17;
/// Room right of a plot.
const RIGHT: i32 = 12;
/// Room below a plot for the labels of its ticks.
const BELOW: i32 = 30;
/// Room between the canvas's edge and the first text.
const EDGE: i32 = 8;
/// Height of a plot.
const PLOT: i32 = 230;

/// A picture for every chart that has points.
///
/// # Errors
/// [`ReportError::Draw`] if the drawing library fails.
pub fn all(study: &Study) -> Result<Vec<Figure>, ReportError> {
    study.charts.iter().filter(|chart| chart.filled().next().is_some()).map(figure).collect()
}

/// Name of the picture's file.
pub fn file(chart: &Chart) -> String {
    format!("{}.svg", chart.name)
}

fn figure(chart: &Chart) -> Result<Figure, ReportError> {
    let sheet = Sheet::new(chart);
    let file = file(chart);
    let (width, height) = sheet.size();
    let size = (width.unsigned_abs(), height.unsigned_abs());
    let picture = Picture { file: &file, title: &chart.title, size };
    Figure::paint(picture, chart.caption.clone(), |area| sheet.draw(area))
}

/// Where everything stands; sizes in pixels.
struct Sheet<'c> {
    chart: &'c Chart,
    panels: Vec<&'c Panel>,
    columns: usize,
    x: Axis,
    y: Axis,
    /// Text, colour and shape of every line, and of the dashed line if all panels share its name.
    legend: Vec<(String, RGBColor, Shape)>,
    /// Whether each panel names its own dashed line.
    own_references: bool,
    titles: Vec<Vec<String>>,
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

impl<'c> Sheet<'c> {
    fn new(chart: &'c Chart) -> Self {
        let panels: Vec<_> = chart.filled().collect();
        let columns = match panels.len() {
            4 => 2,
            n => n.clamp(1, 3),
        };
        let y = vertical(chart);
        let left = y.labels().map(|label| text_width(label, TEXT)).max().unwrap_or(0) + 16;
        let y_label = lines(&chart.y_label, PLOT);
        let strip = EDGE + TEXT_LINE * y_label.len() as i32;
        let plot_width = match columns {
            1 => 640,
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
        Self {
            x: horizontal(chart, plot_width),
            x_label: lines(&chart.x_label, width - strip - left),
            panels,
            chart,
            columns,
            y,
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
        self.head + PLOT + BELOW
    }

    fn size(&self) -> (i32, i32) {
        let width = self.strip + self.columns as i32 * self.panel_width;
        let labels = TEXT_LINE * self.x_label.len() as i32 + EDGE;
        (width, self.legend_height + self.rows() as i32 * self.row_height() + labels)
    }

    fn draw(&self, area: &Area<'_>) -> Drawn {
        let names = self.chart.names();
        for (index, panel) in self.panels.iter().enumerate() {
            let (row, column) = ((index / self.columns) as i32, (index % self.columns) as i32);
            let from = (
                self.strip + column * self.panel_width,
                self.legend_height + row * self.row_height(),
            );
            let part = part(area, from, (self.panel_width, self.row_height()));
            self.panel(&part, panel, &self.titles[index], &names)?;
            if column == 0 {
                let middle = from.1 + self.head + PLOT / 2;
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
            let at = (middle, below + TEXT_LINE / 2 + TEXT_LINE * index as i32);
            let style = anchored(plain(TEXT, palette::INK), HPos::Center, VPos::Center);
            area.draw_text(line, &style, (at.0 * PX, at.1 * PX))?;
        }
        let entries: Vec<_> = self
            .legend
            .iter()
            .map(|(text, colour, shape)| (text.as_str(), *colour, *shape))
            .collect();
        marks::legend(area, &entries, (self.strip + self.left, 14))
    }

    fn panel(&self, area: &Area<'_>, panel: &Panel, title: &[String], names: &[&str]) -> Drawn {
        let frame = Frame {
            title: "",
            x_label: "",
            y_label: "",
            left: self.left,
            top: self.head,
            right: RIGHT,
            grid: Grid::Horizontal,
        };
        let (lo, hi) = (self.x.lo(), self.x.hi());
        let chart = frame.draw(area, self.x.clone(), self.y.clone())?;
        if let Some(gap) = self.x.gap() {
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
            for points in self.pieces(line) {
                marks::series(&chart, &Series { colour, shape, points: &points })?;
            }
        }
        for (index, text) in title.iter().enumerate() {
            panel_title(area, text, (self.left, 10 + TEXT_LINE * index as i32))?;
        }
        if let Some(reference) = panel.reference.as_ref().filter(|_| self.own_references) {
            let room = self.panel_width - self.left - marks::SWATCH;
            let text = shortened(&reference.label, letters(room));
            let entry = (text.as_str(), palette::DIGITAL, Shape::Dashes);
            marks::legend(area, &[entry], (self.left, self.head - 14))?;
        }
        Ok(())
    }

    /// The points of a line in ascending order; a point beyond the gap of the axis stands alone.
    fn pieces(&self, line: &Line) -> Vec<Vec<(f64, f64, f64)>> {
        let mut points: Vec<_> =
            line.points.iter().map(|point| (point.x, point.y.mean, point.y.ci95)).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (alone, joined): (Vec<_>, Vec<_>) =
            points.into_iter().partition(|(x, _, _)| self.x.gap().is_some() && *x == 0.0);
        [alone, joined].into_iter().filter(|piece| !piece.is_empty()).collect()
    }
}

/// The rectangle of `size` at `from`.
fn part<'a>(area: &Area<'a>, from: (i32, i32), size: (i32, i32)) -> Area<'a> {
    let pixels = |(x, y): (i32, i32)| (x * PX, y * PX);
    let (_, rest) = area.split_vertically(pixels(from).1);
    let (rest, _) = rest.split_vertically(pixels(size).1);
    let (_, rest) = rest.split_horizontally(pixels(from).0);
    rest.split_horizontally(pixels(size).0).0
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

/// The horizontal axis, with as many ticks as have room.
fn horizontal(chart: &Chart, width: i32) -> Axis {
    let (lo, hi) = range(chart.points().map(|point| point.x));
    let least = chart.points().map(|point| point.x).filter(|x| *x > 0.0).fold(hi, f64::min);
    let room = (hi / least).powf(0.04).max(1.1);
    let axis = |n_ticks| match chart.x_log && lo >= 0.0 && hi > 0.0 {
        true if lo > 0.0 => Axis::log(lo / room, hi * room, n_ticks),
        true => Axis::log_from_zero(least / room, hi * room, n_ticks),
        false => Axis::linear(lo - 0.05 * (hi - lo), hi + 0.05 * (hi - lo), n_ticks),
    };
    let has_room =
        |axis: &Axis| axis.labels().map(|label| text_width(label, TEXT) + 12).sum::<i32>() <= width;
    (2..=7).rev().map(axis).find(has_room).unwrap_or_else(|| axis(1))
}

/// The vertical axis.
fn vertical(chart: &Chart) -> Axis {
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
