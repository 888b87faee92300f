//! A canvas that becomes SVG text, and the frame every panel is drawn in.
//!
//! plotters places things on whole pixels, so a canvas has [`PX`] of its pixels per pixel of the
//! picture; sizes in the signatures are pixels of the picture.

use std::io;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::prelude::{Cartesian2d, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, TextStyle, WHITE};

use super::axis::Axis;
use super::palette;
use crate::error::ReportError;

/// Pixels of the canvas per pixel of the picture.
pub const PX: i32 = 4;

/// Height of the text of labels.
pub const TEXT: f64 = 13.0;

/// Room between the canvas's edge and the first letter.
const EDGE: i32 = 5;

const FONT: &str = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/// A rectangle of the canvas.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// A rectangle with axes.
pub type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;
/// What drawing gives.
pub type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<io::Error>>;

/// What is drawn, for those who cannot see it and for messages.
#[derive(Clone, Copy)]
pub struct Picture<'p> {
    /// Name of its file.
    pub file: &'p str,
    /// Title, also read aloud.
    pub title: &'p str,
    /// Width and height in pixels.
    pub size: (u32, u32),
}

/// The picture as SVG: text stays text, nothing is fetched.
///
/// # Errors
/// [`ReportError::Draw`] with what the drawing library said.
pub fn draw(
    picture: Picture<'_>,
    paint: impl FnOnce(&Area<'_>) -> Drawn,
) -> Result<String, ReportError> {
    let Picture { file, title, size: (width, height) } = picture;
    let mut text = String::new();
    let scale = PX.unsigned_abs();
    {
        let root =
            SVGBackend::with_string(&mut text, (width * scale, height * scale)).into_drawing_area();
        let outcome = root.fill(&WHITE).and_then(|()| paint(&root)).and_then(|()| root.present());
        outcome
            .map_err(|e| ReportError::Draw { figure: file.to_owned(), reason: e.to_string() })?;
    }
    // The backend writes the canvas's size; the picture is shown smaller and carries a title.
    let title = escaped(title);
    let body = text.split_once('>').map_or("", |(_, body)| body);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>{body}",
        width * scale,
        height * scale,
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Which grid lines a panel has.
#[derive(Clone, Copy, PartialEq)]
pub enum Grid {
    /// Lines from the ticks of the vertical axis.
    Horizontal,
    /// Lines from the ticks of the horizontal axis.
    Vertical,
    /// Both.
    Both,
}

/// The frame of a panel; sizes in pixels.
pub struct Frame<'s> {
    /// Title above it; may be empty.
    pub title: &'s str,
    /// What the horizontal axis is, with its unit.
    pub x_label: &'s str,
    /// What the vertical axis is, with its unit; empty for categories.
    pub y_label: &'s str,
    /// Room for the labels on the left.
    pub left: i32,
    /// Room above the plot, where title and legend stand.
    pub top: i32,
    /// Room on the right.
    pub right: i32,
    /// Grid lines.
    pub grid: Grid,
}

impl<'s> Frame<'s> {
    /// Draws title, axes and grid and returns the chart to draw into.
    pub fn draw<'a, 'b>(&self, area: &'a Area<'b>, x: Axis, y: Axis) -> Drawn<Chart<'a, 'b>> {
        if !self.title.is_empty() {
            let style = bold(TEXT + 1.0, palette::INK);
            area.draw_text(self.title, &style, (self.left * PX, 8 * PX))?;
        }
        let bottom = if self.x_label.is_empty() { 26 } else { 46 };
        let mut chart = ChartBuilder::on(area)
            .margin_top(self.top * PX)
            .margin_left(EDGE * PX)
            .margin_right(self.right * PX)
            .margin_bottom(4 * PX)
            .x_label_area_size(bottom * PX)
            .y_label_area_size((self.left - EDGE) * PX)
            .build_cartesian_2d(x, y)?;
        let mut mesh = chart.configure_mesh();
        mesh.axis_style(palette::MUTED.stroke_width(PX.unsigned_abs()))
            .bold_line_style(palette::GRID.stroke_width(PX.unsigned_abs()))
            .label_style(plain(TEXT, palette::INK))
            .axis_desc_style(plain(TEXT, palette::INK))
            .x_desc(self.x_label)
            .y_desc(self.y_label)
            .set_all_tick_mark_size(4 * PX);
        match self.grid {
            Grid::Horizontal => mesh.disable_x_mesh(),
            Grid::Vertical => mesh.disable_y_mesh(),
            Grid::Both => &mut mesh,
        };
        mesh.draw()?;
        Ok(chart)
    }
}

/// Text of `size` pixels, anchored at its top left.
pub fn plain(size: f64, colour: RGBColor) -> TextStyle<'static> {
    // The backend divides sizes by 1.24.
    let font = (FONT, 1.24 * size * f64::from(PX)).into_font();
    TextStyle { color: colour.to_backend_color(), ..TextStyle::from(font) }
}

/// Bold text of `size` pixels, anchored at its top left.
pub fn bold(size: f64, colour: RGBColor) -> TextStyle<'static> {
    let font = (FONT, 1.24 * size * f64::from(PX)).into_font().style(FontStyle::Bold);
    TextStyle { color: colour.to_backend_color(), ..TextStyle::from(font) }
}

/// The same text anchored elsewhere.
pub fn anchored(style: TextStyle<'static>, h: HPos, v: VPos) -> TextStyle<'static> {
    style.pos(Pos::new(h, v))
}

/// Width of `text` in pixels at `size` pixels: an upper estimate, as SVG leaves fonts to the reader.
pub fn text_width(text: &str, size: f64) -> i32 {
    (0.56 * size * text.chars().count() as f64).ceil() as i32
}
