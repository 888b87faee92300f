//! Bars made of parts that add up.

use super::sheet::{Sheet, room_for, wide_enough};
use super::svg::axis::Axis;
use super::svg::canvas::{Area, Drawn, Frame, Grid, TEXT, text_width};
use super::svg::marks::{self, Shape};
use super::svg::palette;
use crate::format::{si, whole_si};
use crate::report::chart::{Stack, Stacks};

/// Half of a bar's thickness, in categories.
const HALF_BAR: f64 = 0.32;
/// Width of a picture of its own (pixels).
const WIDTH: i32 = 760;

/// Stacks with all their places.
pub struct StackSheet<'c> {
    stacks: &'c Stacks,
    /// The stacks that have a length.
    filled: Vec<&'c Stack>,
    width: i32,
    left: i32,
    /// Room for the sums at the ends of bars (pixels).
    right: i32,
    legend_height: i32,
}

impl<'c> StackSheet<'c> {
    /// Of stacks, as wide as asked or as a picture of its own.
    pub fn new(stacks: &'c Stacks, width: Option<i32>) -> Self {
        let filled: Vec<_> = stacks.stacks.iter().filter(|stack| stack.total() > 0.0).collect();
        let left = room_for(filled.iter().map(|stack| stack.label.as_str()));
        let total = |stack: &&Stack| text_width(&si(stack.total(), &stacks.unit), TEXT - 1.0);
        let right = filled.iter().map(total).max().unwrap_or(0) + 14;
        let width = wide_enough(width.unwrap_or(WIDTH), left, right);
        let legend_height = marks::legend_height(stacks.names().into_iter(), width, left);
        Self { stacks, filled, width, left, right, legend_height }
    }
}

impl Sheet for StackSheet<'_> {
    fn size(&self) -> (i32, i32) {
        (self.width, self.legend_height + 74 + 46 * self.filled.len() as i32)
    }

    fn draw(&self, area: &Area<'_>, _: &mut String) -> Drawn {
        let unit = self.stacks.unit.as_str();
        let total = |stack: &Stack| si(stack.total(), unit);
        let frame = Frame {
            title: "",
            x_label: &self.stacks.x_label,
            y_label: "",
            left: self.left,
            top: self.legend_height + 16,
            right: self.right,
            grid: Grid::Vertical,
        };
        let x = Axis::linear(0.0, 1.02 * self.stacks.largest(), 4);
        let x = x.relabelled(|at| whole_si(at, unit));
        let y = Axis::categories(self.filled.iter().rev().map(|stack| stack.label.as_str()));
        let chart = frame.draw(area, x, y)?;
        let names = self.stacks.names();
        for (index, stack) in self.filled.iter().rev().enumerate() {
            let middle = index as f64 + 0.5;
            let mut before = 0.0;
            for part in &stack.parts {
                let after = before + part.value;
                let colour = names.iter().position(|name| *name == part.name).unwrap_or(0);
                let corners = [(before, middle - HALF_BAR), (after, middle + HALF_BAR)];
                marks::bar(&chart, palette::part(colour), corners)?;
                before = after;
            }
            marks::label(&chart, &total(stack), (before, middle), 8, palette::INK)?;
        }
        let entries: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(index, name)| (*name, palette::part(index), Shape::Bar))
            .collect();
        marks::legend(area, &entries, (frame.left, 14))
    }
}
