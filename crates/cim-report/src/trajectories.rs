//! A picture of ways through an arena, one panel for each driver.

use plotters::element::{PathElement, Polygon};
use plotters::style::{Color, RGBColor};

use super::error::ReportError;
use super::svg::axis::Axis;
use super::svg::canvas::{Area, Chart, Drawn, Frame, Grid, PX, Picture, draw as draw_picture};
use super::svg::marks::{self, Shape};
use super::svg::palette;

/// What is drawn: an arena of side 1 and who drives through it.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Centres and radii of obstacles.
    pub obstacles: Vec<(f64, f64, f64)>,
    /// Centre and radius of the goal.
    pub goal: (f64, f64, f64),
    /// One panel each.
    pub panels: Vec<Drives>,
}

/// Ways of one driver.
#[derive(Clone, Debug, PartialEq)]
pub struct Drives {
    /// Title of its panel.
    pub title: String,
    /// Its ways, drawn in this order.
    pub ways: Vec<Way>,
}

/// One way.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Places from start to end.
    pub path: Vec<(f64, f64)>,
    /// Whether it ended in a collision.
    pub collided: bool,
}

/// Width of a panel, and height of all (pixels).
const PANEL: (u32, u32) = (310, 348);

/// The picture as SVG.
///
/// # Errors
/// [`ReportError::Draw`] if the drawing library fails.
pub fn draw(map: &Map) -> Result<String, ReportError> {
    let picture = Picture {
        file: "trajectories.svg",
        title: "Ways of the robot through the arena",
        size: (PANEL.0 * map.panels.len().max(1) as u32, PANEL.1),
    };
    draw_picture(picture, |area| {
        let panels = area.split_evenly((1, map.panels.len().max(1)));
        map.panels.iter().zip(&panels).try_for_each(|(drives, area)| panel(area, map, drives))
    })
}

fn panel(area: &Area<'_>, map: &Map, drives: &Drives) -> Drawn {
    let frame = Frame {
        title: &drives.title,
        x_label: "x (sides)",
        y_label: "y (sides)",
        left: 52,
        top: 52,
        right: 12,
        grid: Grid::Both,
    };
    let axis = || Axis::linear(0.0, 1.0, 5);
    let chart = frame.draw(area, axis(), axis())?;
    let (x, y, radius) = map.goal;
    disc(&chart, (x, y), radius, palette::part(2))?;
    for &(x, y, radius) in &map.obstacles {
        disc(&chart, (x, y), radius, palette::DIGITAL)?;
    }
    // Collisions above the others.
    for collided in [false, true] {
        for way in drives.ways.iter().filter(|way| way.collided == collided) {
            one(&chart, way)?;
        }
    }
    let entries = [
        ("no collision", palette::FULL, Shape::Circle),
        ("collides", palette::NAIVE, Shape::Square),
    ];
    marks::legend(area, &entries, (frame.left, 36))
}

fn one(chart: &Chart<'_, '_>, way: &Way) -> Drawn {
    let colour = if way.collided { palette::NAIVE } else { palette::FULL };
    let width = if way.collided { 2 * PX } else { PX };
    let style =
        colour.mix(if way.collided { 0.9 } else { 0.45 }).stroke_width(width.unsigned_abs());
    chart.plotting_area().draw(&PathElement::new(way.path.clone(), style))?;
    if let Some(&end) = way.path.last().filter(|_| way.collided) {
        marks::mark(chart, Shape::Square, colour, end)?;
    }
    way.path.first().map_or(Ok(()), |&start| marks::dot(chart, colour, start))
}

fn disc(chart: &Chart<'_, '_>, (x, y): (f64, f64), radius: f64, colour: RGBColor) -> Drawn {
    const CORNERS: usize = 60;
    let corner = |k: usize| {
        let (sin, cos) = (k as f64 / CORNERS as f64 * std::f64::consts::TAU).sin_cos();
        ((x + radius * cos).clamp(0.0, 1.0), (y + radius * sin).clamp(0.0, 1.0))
    };
    let corners: Vec<_> = (0..CORNERS).map(corner).collect();
    chart.plotting_area().draw(&Polygon::new(corners, colour.mix(0.35).filled()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_and_obstacle_is_drawn() {
        let way = |collided| Way { path: vec![(0.1, 0.1), (0.5, 0.4)], collided };
        let drives =
            |title: &str| Drives { title: title.into(), ways: vec![way(false), way(true)] };
        let map = Map {
            obstacles: vec![(0.3, 0.6, 0.1), (0.95, 0.7, 0.08)],
            goal: (0.9, 0.9, 0.05),
            panels: vec![drives("ideal"), drives("programmed")],
        };
        let svg = draw(&map).expect("draws");
        assert_eq!(svg.matches("<polygon").count(), 2 * 3);
        assert!(svg.contains("ideal") && svg.contains("programmed") && svg.ends_with("</svg>\n"));
    }
}
