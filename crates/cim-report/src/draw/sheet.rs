//! What every kind of plot can do, and what several of them need.

use plotters::style::text_anchor::{HPos, VPos};

use super::svg::canvas::{Area, Drawn, PX, TEXT, anchored, bold, text_width};
use super::svg::palette;

/// A plot that knows where everything in it stands.
pub trait Sheet {
    /// Width and height that it wants (pixels).
    fn size(&self) -> (i32, i32);

    /// Draws it into an area of at least that size. What a canvas cannot hold in few bytes is added
    /// to `paths`, as SVG.
    ///
    /// # Errors
    /// What the drawing library says.
    fn draw(&self, area: &Area<'_>, paths: &mut String) -> Drawn;
}

/// Title of one panel of several, with its left edge and middle at `at` (pixels).
pub fn panel_title(area: &Area<'_>, text: &str, (x, y): (i32, i32)) -> Drawn {
    let style = anchored(bold(TEXT, palette::INK), HPos::Left, VPos::Center);
    area.draw_text(text, &style, (x * PX, y * PX))
}

/// The rectangle of `size` at `from` (pixels).
pub fn part<'a>(area: &Area<'a>, from: (i32, i32), size: (i32, i32)) -> Area<'a> {
    let pixels = |(x, y): (i32, i32)| (x * PX, y * PX);
    let (_, rest) = area.split_vertically(pixels(from).1);
    let (rest, _) = rest.split_vertically(pixels(size).1);
    let (_, rest) = rest.split_horizontally(pixels(from).0);
    rest.split_horizontally(pixels(size).0).0
}

/// Width and height of an area (pixels).
pub fn size_of(area: &Area<'_>) -> (i32, i32) {
    let (width, height) = area.dim_in_pixel();
    (width as i32 / PX, height as i32 / PX)
}

/// Room for the longest of some labels beside an axis (pixels).
pub fn room_for<'t>(labels: impl Iterator<Item = &'t str>) -> i32 {
    labels.map(|label| text_width(label, TEXT)).max().unwrap_or(0) + 16
}

/// Least width of what is between the labels of an axis and the numbers at the ends of bars (pixels).
pub const LEAST_PLOT: i32 = 260;

/// The width asked for, or as much as labels take on both sides of a plot that can be read (pixels).
pub fn wide_enough(width: i32, left: i32, right: i32) -> i32 {
    width.max(left + LEAST_PLOT + right)
}
