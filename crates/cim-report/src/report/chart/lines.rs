//! Points with intervals, joined to lines, in panels side by side with one legend.

use serde::{Deserialize, Serialize};

use crate::report::estimate::Estimate;

/// Lines in panels; all panels share the vertical axis, and the horizontal one unless they have their
/// own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lines {
    /// What `x` is, with its unit.
    pub x_label: String,
    /// What `y` is, with its unit.
    pub y_label: String,
    /// Whether `x` is drawn on a logarithmic axis, with a place of its own for zero; an axis with
    /// negative values is linear all the same.
    pub x_log: bool,
    /// How `y` is drawn.
    pub y: Scale,
    /// Panels in reading order.
    pub panels: Vec<Panel>,
}

/// How the vertical axis of lines is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Fractions as per cent: logarithmic in the distance to 100 % if all of them lie between 50 and
    /// 99.9 %, linear otherwise.
    Accuracy,
    /// Fractions as per cent, logarithmic in the distance to 100 % wherever they lie.
    Nines,
    /// Linear.
    Linear,
    /// Logarithmic, with a place of its own for zero; linear if there are negative values.
    Log,
}

/// One panel of lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Stands above it; may be empty.
    pub title: String,
    /// Its lines.
    pub series: Vec<Line>,
    /// What to compare the lines with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Its own horizontal axis, in place of the common one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<Across>,
}

/// A horizontal axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Across {
    /// What `x` is, with its unit.
    pub label: String,
    /// Whether it is logarithmic.
    pub log: bool,
}

/// One line of a panel.
///
/// Lines of one name look the same in every panel of a chart. Names get their colours in the order
/// in which they appear: the first is that of [`Tone::Subject`](super::Tone::Subject), the second
/// that of [`Tone::Baseline`](super::Tone::Baseline).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Name in the legend.
    pub name: String,
    /// Points in any order.
    pub points: Vec<Point>,
}

/// One point of a line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Where it was measured.
    pub x: f64,
    /// What was measured.
    pub y: Estimate,
}

/// A dashed line across a panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Name in the legend, or above its panel if other panels name another.
    pub label: String,
    /// Where the line is.
    pub value: f64,
}

impl Lines {
    /// The panels that have something to show.
    pub fn filled(&self) -> impl Iterator<Item = &Panel> {
        self.panels.iter().filter(|panel| panel.points().next().is_some())
    }

    /// All points of all panels.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.panels.iter().flat_map(Panel::points)
    }

    /// Names of the lines in the order of their first appearance.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for line in self.filled().flat_map(|panel| &panel.series) {
            if !names.contains(&line.name.as_str()) {
                names.push(line.name.as_str());
            }
        }
        names
    }
}

impl Panel {
    /// All points of all its lines.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(|line| &line.points)
    }
}
