//! Marks of the pictures: points with intervals, bars, reference lines, legends.

use plotters::element::{
    Circle, DashedPathElement, EmptyElement, PathElement, Polygon, Rectangle, Text,
};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor, ShapeStyle, WHITE};

use super::canvas::{Area, Chart, Drawn, PX, TEXT, anchored, plain, text_width};
use super::palette;

/// Room for the sign before the text of a legend's entry.
pub const SWATCH: i32 = 22;

/// Distance of the lines of a legend.
const LEGEND_LINE: i32 = 18;

/// Shape of a mark, so that a picture can be read without its colours.
#[derive(Clone, Copy, PartialEq)]
pub enum Shape {
    /// A filled circle.
    Circle,
    /// A filled square.
    Square,
    /// A filled triangle that stands on its side.
    Triangle,
    /// A filled square that stands on its corner.
    Diamond,
    /// A filled triangle that stands on its corner.
    Wedge,
    /// Two crossing bars.
    Cross,
    /// A small see-through dot, for clouds of points.
    Dot,
    /// A filled box, for bars.
    Bar,
    /// A dashed line.
    Dashes,
}

/// Shape of the line with this index; six of them before one returns.
pub fn line_shape(index: usize) -> Shape {
    const SHAPES: [Shape; 6] =
        [Shape::Square, Shape::Circle, Shape::Triangle, Shape::Diamond, Shape::Wedge, Shape::Cross];
    SHAPES[index % SHAPES.len()]
}

/// One series of points.
pub struct Series<'s> {
    /// Colour of marks, line and intervals.
    pub colour: RGBColor,
    /// Shape of its marks.
    pub shape: Shape,
    /// Place, value and half width of the interval.
    pub points: &'s [(f64, f64, f64)],
}

/// A line through the points, their intervals and their marks.
pub fn series(chart: &Chart<'_, '_>, series: &Series<'_>) -> Drawn {
    let Series { colour, shape, points } = *series;
    let area = chart.plotting_area();
    let path: Vec<_> = points.iter().map(|(x, y, _)| (*x, *y)).collect();
    area.draw(&PathElement::new(path, stroke(colour, 2)))?;
    for &(x, y, half) in points {
        area.draw(&PathElement::new(vec![(x, y - half), (x, y + half)], stroke(colour, 1)))?;
        for end in [y - half, y + half] {
            area.draw(&(EmptyElement::at((x, end)) + cap(colour)))?;
        }
        mark(chart, shape, colour, (x, y))?;
    }
    Ok(())
}

/// One mark.
pub fn mark(chart: &Chart<'_, '_>, shape: Shape, colour: RGBColor, at: (f64, f64)) -> Drawn {
    let area = chart.plotting_area();
    let at = EmptyElement::at(at);
    match shape {
        Shape::Circle => area.draw(&(at + Circle::new((0, 0), 4 * PX, colour.filled()))),
        Shape::Triangle | Shape::Diamond | Shape::Wedge | Shape::Cross => {
            area.draw(&(at + Polygon::new(corners(shape, (0, 0)), colour.filled())))
        }
        _ => area.draw(&(at + Rectangle::new(square((0, 0)), colour.filled()))),
    }
}

/// One dot of a cloud.
pub fn dot(chart: &Chart<'_, '_>, colour: RGBColor, at: (f64, f64)) -> Drawn {
    let dot = Circle::new((0, 0), 5 * PX / 2, colour.mix(0.6).filled());
    chart.plotting_area().draw(&(EmptyElement::at(at) + dot))
}

/// A line between two places.
pub fn line(chart: &Chart<'_, '_>, colour: RGBColor, path: [(f64, f64); 2]) -> Drawn {
    chart.plotting_area().draw(&PathElement::new(path.to_vec(), stroke(colour, 1)))
}

/// A dashed line between two places.
pub fn dashes(chart: &Chart<'_, '_>, colour: RGBColor, path: [(f64, f64); 2]) -> Drawn {
    let line = DashedPathElement::new(path, 5 * PX, 4 * PX, stroke(colour, 1));
    chart.plotting_area().draw(&line)
}

/// A filled rectangle between two places.
pub fn bar(chart: &Chart<'_, '_>, colour: RGBColor, corners: [(f64, f64); 2]) -> Drawn {
    chart.plotting_area().draw(&Rectangle::new(corners, colour.filled()))
}

/// A horizontal interval at height `y`, with caps.
pub fn interval(chart: &Chart<'_, '_>, x: (f64, f64), y: f64) -> Drawn {
    let area = chart.plotting_area();
    area.draw(&PathElement::new(vec![(x.0, y), (x.1, y)], stroke(palette::INK, 1)))?;
    for end in [x.0, x.1] {
        let cap = PathElement::new(vec![(0, -4 * PX), (0, 4 * PX)], stroke(palette::INK, 1));
        area.draw(&(EmptyElement::at((end, y)) + cap))?;
    }
    Ok(())
}

/// Text that begins `dx` pixels right of a place, centred on its height.
pub fn label(
    chart: &Chart<'_, '_>,
    text: &str,
    at: (f64, f64),
    dx: i32,
    colour: RGBColor,
) -> Drawn {
    let style = anchored(plain(TEXT - 1.0, colour), HPos::Left, VPos::Center);
    let text = Text::new(text.to_owned(), (dx * PX, 0), style);
    chart.plotting_area().draw(&(EmptyElement::at(at) + text))
}

/// Entries side by side from `at` (pixels), wrapped where the area ends.
pub fn legend(area: &Area<'_>, entries: &[(&str, RGBColor, Shape)], at: (i32, i32)) -> Drawn {
    let width = area.dim_in_pixel().0 as i32 / PX;
    let places = legend_places(entries.iter().map(|(text, _, _)| *text), width, at);
    for ((text, colour, shape), (x, y)) in entries.iter().zip(places) {
        swatch(area, *shape, *colour, (x, y))?;
        let style = anchored(plain(TEXT, palette::INK), HPos::Left, VPos::Center);
        area.draw(&Text::new((*text).to_owned(), ((x + SWATCH) * PX, y * PX), style))?;
    }
    Ok(())
}

/// Height in pixels of a legend of those texts from `left` in an area that is `width` wide.
pub fn legend_height<'t>(texts: impl Iterator<Item = &'t str>, width: i32, left: i32) -> i32 {
    legend_places(texts, width, (left, 0)).last().map_or(0, |(_, y)| y + LEGEND_LINE)
}

/// Where the entries of a legend stand.
fn legend_places<'t>(
    texts: impl Iterator<Item = &'t str>,
    width: i32,
    at: (i32, i32),
) -> Vec<(i32, i32)> {
    let (mut x, mut y) = at;
    texts
        .map(|text| {
            let advance = SWATCH + text_width(text, TEXT) + 14;
            if x + advance > width && x > at.0 {
                (x, y) = (at.0, y + LEGEND_LINE);
            }
            let place = (x, y);
            x += advance;
            place
        })
        .collect()
}

/// Two strokes across the horizontal axis at a place where it leaves out values.
pub fn broken_across(chart: &Chart<'_, '_>, at: (f64, f64)) -> Drawn {
    broken(chart, at, |(along, across)| (along, across))
}

/// The same for the vertical axis.
pub fn broken_along(chart: &Chart<'_, '_>, at: (f64, f64)) -> Drawn {
    broken(chart, at, |(along, across)| (across, along))
}

fn broken(
    chart: &Chart<'_, '_>,
    at: (f64, f64),
    turned: impl Fn((i32, i32)) -> (i32, i32),
) -> Drawn {
    let area = chart.plotting_area();
    let corners = [(-5, 5), (-1, -5), (5, -5), (1, 5)].map(|(x, y)| turned((x * PX, y * PX)));
    let [a, b, c, d] = corners;
    area.draw(&(EmptyElement::at(at) + Polygon::new(corners.to_vec(), WHITE.filled())))?;
    for stroke_ends in [[a, b], [c, d]] {
        let path = PathElement::new(stroke_ends.to_vec(), stroke(palette::MUTED, 1));
        area.draw(&(EmptyElement::at(at) + path))?;
    }
    Ok(())
}

fn swatch(area: &Area<'_>, shape: Shape, colour: RGBColor, (x, y): (i32, i32)) -> Drawn {
    let middle = ((x + 9) * PX, y * PX);
    let line =
        || PathElement::new(vec![(x * PX, y * PX), ((x + 18) * PX, y * PX)], stroke(colour, 2));
    match shape {
        Shape::Circle => {
            area.draw(&line())?;
            area.draw(&Circle::new(middle, 4 * PX, colour.filled()))
        }
        Shape::Square => {
            area.draw(&line())?;
            area.draw(&Rectangle::new(square(middle), colour.filled()))
        }
        Shape::Triangle | Shape::Diamond | Shape::Wedge | Shape::Cross => {
            area.draw(&line())?;
            area.draw(&Polygon::new(corners(shape, middle), colour.filled()))
        }
        Shape::Dot => area.draw(&Circle::new(middle, 4 * PX, colour.filled())),
        Shape::Bar => {
            let corners = [((x + 3) * PX, (y - 6) * PX), ((x + 15) * PX, (y + 6) * PX)];
            area.draw(&Rectangle::new(corners, colour.filled()))
        }
        Shape::Dashes => {
            let path = [(x * PX, y * PX), ((x + 18) * PX, y * PX)];
            area.draw(&DashedPathElement::new(path, 5 * PX, 4 * PX, stroke(colour, 1)))
        }
    }
}

fn cap(colour: RGBColor) -> PathElement<(i32, i32)> {
    PathElement::new(vec![(-4 * PX, 0), (4 * PX, 0)], stroke(colour, 1))
}

/// Corners of a mark around a place.
fn corners(shape: Shape, (x, y): (i32, i32)) -> Vec<(i32, i32)> {
    let corners: &[(i32, i32)] = match shape {
        Shape::Triangle => &[(0, -5), (5, 4), (-5, 4)],
        Shape::Wedge => &[(0, 5), (5, -4), (-5, -4)],
        Shape::Cross => &[
            (-5, -3),
            (-3, -5),
            (0, -2),
            (3, -5),
            (5, -3),
            (2, 0),
            (5, 3),
            (3, 5),
            (0, 2),
            (-3, 5),
            (-5, 3),
            (-2, 0),
        ],
        _ => &[(0, -6), (6, 0), (0, 6), (-6, 0)],
    };
    corners.iter().map(|(dx, dy)| (x + dx * PX, y + dy * PX)).collect()
}

fn square((x, y): (i32, i32)) -> [(i32, i32); 2] {
    [(x - 4 * PX, y - 4 * PX), (x + 4 * PX, y + 4 * PX)]
}

fn stroke(colour: RGBColor, width: i32) -> ShapeStyle {
    colour.stroke_width((width * PX).unsigned_abs())
}
