//! Ways through a plane with obstacles, one panel for each driver.

use plotters::element::{PathElement, Polygon};
use plotters::style::Color;

use super::sheet::{Sheet, part};
use super::svg::axis::Axis;
use super::svg::canvas::{Area, Chart, Drawn, Frame, Grid, PX};
use super::svg::marks::{self, Shape};
use super::svg::palette;
use crate::report::chart::{Disc, Way, WayGroup, WayPanel, Ways};

/// Width of a panel, and height of all (pixels).
const PANEL: (i32, i32) = (310, 348);

/// Ways with all their places.
pub struct WaySheet<'c> {
    ways: &'c Ways,
}

impl<'c> WaySheet<'c> {
    /// Of ways whose groups are there.
    pub fn new(ways: &'c Ways) -> Self {
        Self { ways }
    }

    fn panel(&self, area: &Area<'_>, panel: &WayPanel) -> Drawn {
        let Ways { x_label, y_label, discs, groups, .. } = self.ways;
        let frame = Frame {
            title: &panel.title,
            x_label,
            y_label,
            left: 52,
            top: 52,
            right: 12,
            grid: Grid::Both,
        };
        let axis = |[lo, hi]: [f64; 2]| Axis::linear(lo, hi, 5);
        let chart = frame.draw(area, axis(self.ways.x), axis(self.ways.y))?;
        for &one in discs {
            self.disc(&chart, one)?;
        }
        for (index, group) in groups.iter().enumerate() {
            for way in panel.ways.iter().filter(|way| way.group == index) {
                draw_way(&chart, way, group)?;
            }
        }
        let entries: Vec<_> = groups
            .iter()
            .map(|group| (group.name.as_str(), palette::tone(group.tone), shape(group)))
            .collect();
        marks::legend(area, &entries, (frame.left, 36))
    }

    /// A disc, cut where it leaves the plane.
    fn disc(&self, chart: &Chart<'_, '_>, disc: Disc) -> Drawn {
        const CORNERS: usize = 60;
        let inside = |v: f64, [lo, hi]: [f64; 2]| v.max(lo).min(hi);
        let corner = |k: usize| {
            let (sin, cos) = (k as f64 / CORNERS as f64 * std::f64::consts::TAU).sin_cos();
            let [x, y] = disc.at;
            (inside(x + disc.radius * cos, self.ways.x), inside(y + disc.radius * sin, self.ways.y))
        };
        let corners: Vec<_> = (0..CORNERS).map(corner).collect();
        let colour = palette::tone(disc.tone);
        chart.plotting_area().draw(&Polygon::new(corners, colour.mix(0.35).filled()))
    }
}

impl Sheet for WaySheet<'_> {
    fn size(&self) -> (i32, i32) {
        (PANEL.0 * self.ways.panels.len().max(1) as i32, PANEL.1)
    }

    fn draw(&self, area: &Area<'_>, _: &mut String) -> Drawn {
        for (index, panel) in self.ways.panels.iter().enumerate() {
            self.panel(&part(area, (PANEL.0 * index as i32, 0), PANEL), panel)?;
        }
        Ok(())
    }
}

/// Mark of a group: at the end of its ways if they are bold, else only in the legend.
fn shape(group: &WayGroup) -> Shape {
    if group.bold { Shape::Square } else { Shape::Circle }
}

fn draw_way(chart: &Chart<'_, '_>, way: &Way, group: &WayGroup) -> Drawn {
    let colour = palette::tone(group.tone);
    let (width, strength) = if group.bold { (2 * PX, 0.9) } else { (PX, 0.45) };
    let path: Vec<_> = way.path.iter().map(|&[x, y]| (x, y)).collect();
    let (first, last) = (path.first().copied(), path.last().copied());
    let style = colour.mix(strength).stroke_width(width.unsigned_abs());
    chart.plotting_area().draw(&PathElement::new(path, style))?;
    if let Some(end) = last.filter(|_| group.bold) {
        marks::mark(chart, shape(group), colour, end)?;
    }
    first.map_or(Ok(()), |start| marks::dot(chart, colour, start))
}
