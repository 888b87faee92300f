//! Several bars for each of several things, in panels, on a logarithmic axis.

use super::sheet::{Sheet, panel_title, part, room_for, size_of, wide_enough};
use super::svg::axis::Axis;
use super::svg::canvas::{Area, Drawn, Frame, Grid};
use super::svg::marks::{self, Shape};
use super::svg::palette;
use crate::report::chart::{GroupPanel, Groups};

/// Smallest value shown, as a part of the largest: below it nothing matters.
const FLOOR: f64 = 1e-7;
/// Width of the picture (pixels).
const WIDTH: i32 = 880;
/// Thickness of all bars of a group, in categories.
const GROUP: f64 = 0.76;

/// Groups with all their places.
pub struct GroupSheet<'c> {
    groups: &'c Groups,
    x: Axis,
    /// Room for the labels of rows (pixels).
    left: i32,
}

impl<'c> GroupSheet<'c> {
    /// Of groups that are not empty.
    pub fn new(groups: &'c Groups) -> Self {
        let largest = groups.largest();
        let smallest = groups.values().filter(|value| *value > 0.0).fold(largest, f64::min);
        let x = Axis::log(smallest.max(FLOOR * largest) / 1.5, 1.2 * largest, 4);
        let rows = groups.panels.iter().flat_map(|panel| &panel.rows);
        Self { groups, x, left: room_for(rows.map(|row| row.label.as_str())) }
    }

    fn panel(&self, area: &Area<'_>, panel: &GroupPanel, first: bool) -> Drawn {
        let labels = panel.rows.iter().rev().map(|row| if first { row.label.as_str() } else { "" });
        let frame = Frame {
            title: "",
            x_label: &self.groups.x_label,
            y_label: "",
            left: if first { self.left } else { 14 },
            top: 56,
            right: 14,
            grid: Grid::Vertical,
        };
        let lo = self.x.lo();
        let chart = frame.draw(area, self.x.clone(), Axis::categories(labels))?;
        panel_title(area, &panel.title, (frame.left, 40))?;
        let each = GROUP / self.groups.series.len().max(1) as f64;
        for (place, row) in panel.rows.iter().rev().enumerate() {
            for (index, (series, &value)) in self.groups.series.iter().zip(&row.values).enumerate()
            {
                if value <= lo {
                    continue;
                }
                let middle = place as f64 + 0.5 + 0.5 * GROUP - (index as f64 + 0.5) * each;
                let corners = [(lo, middle - 0.47 * each), (value, middle + 0.47 * each)];
                marks::bar(&chart, palette::tone(series.tone), corners)?;
            }
        }
        Ok(())
    }
}

impl Sheet for GroupSheet<'_> {
    fn size(&self) -> (i32, i32) {
        let rows = self.groups.panels.iter().map(|panel| panel.rows.len()).max().unwrap_or(0);
        (wide_enough(WIDTH, self.left, 14), 116 + 34 * rows as i32)
    }

    fn draw(&self, area: &Area<'_>, _: &mut String) -> Drawn {
        let (width, height) = size_of(area);
        let each = (width - self.left) / self.groups.panels.len().max(1) as i32;
        for (index, panel) in self.groups.panels.iter().enumerate() {
            let from = if index == 0 { 0 } else { self.left + index as i32 * each };
            let room = if index == 0 { self.left + each } else { each };
            self.panel(&part(area, (from, 0), (room, height)), panel, index == 0)?;
        }
        let series = self.groups.series.iter();
        let entries: Vec<_> = series
            .map(|named| (named.name.as_str(), palette::tone(named.tone), Shape::Bar))
            .collect();
        marks::legend(area, &entries, (self.left, 14))
    }
}
