//! Several plots side by side.

use plotters::style::text_anchor::{HPos, VPos};

use super::sheet::{Sheet, part};
use super::svg::canvas::{Area, Drawn, PX, TEXT, anchored, bold};
use super::svg::palette;

/// Room above the plots if any of them has a title (pixels).
const TITLE: i32 = 30;

/// Plots with their titles, left to right.
pub struct Beside<'c> {
    pieces: Vec<(&'c str, Box<dyn Sheet + 'c>)>,
}

impl<'c> Beside<'c> {
    /// Of plots with their titles.
    pub fn new(pieces: Vec<(&'c str, Box<dyn Sheet + 'c>)>) -> Self {
        Self { pieces }
    }

    fn head(&self) -> i32 {
        if self.pieces.iter().any(|(title, _)| !title.is_empty()) { TITLE } else { 0 }
    }
}

impl Sheet for Beside<'_> {
    fn size(&self) -> (i32, i32) {
        let sizes = || self.pieces.iter().map(|(_, sheet)| sheet.size());
        let width = sizes().map(|(width, _)| width).sum();
        (width, self.head() + sizes().map(|(_, height)| height).max().unwrap_or(0))
    }

    fn draw(&self, area: &Area<'_>, paths: &mut String) -> Drawn {
        let (head, (_, height)) = (self.head(), self.size());
        let mut left = 0;
        for (title, sheet) in &self.pieces {
            let width = sheet.size().0;
            let style = anchored(bold(TEXT + 1.0, palette::INK), HPos::Left, VPos::Center);
            area.draw_text(title, &style, ((left + 12) * PX, 16 * PX))?;
            sheet.draw(&part(area, (left, head), (width, height - head)), paths)?;
            left += width;
        }
        Ok(())
    }
}
