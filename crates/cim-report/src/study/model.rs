//! What a study holds: plain data, written as `report.json` in this order.
//!
//! Accuracies and other fractions are fractions of 1, not per cent; everything else is in the unit
//! its label names. No number may be NaN or infinite; [`super::write()`] refuses those.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::ReportError;
use crate::model::Estimate;
use crate::page::Headline;

/// Version of the layout of `report.json`.
pub const SCHEMA: &str = "cim-study/1";

/// Everything one run of an experiment found out; the same run gives the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// Layout of this file; see [`SCHEMA`].
    pub schema: String,
    /// What was studied, such as `Accuracy on resistive wires`.
    pub title: String,
    /// Root of all randomness.
    pub seed: u64,
    /// Name of the preset.
    pub preset: String,
    /// Revision or version of the program that ran.
    pub revision: String,
    /// The preset as written (TOML).
    pub spec: String,
    /// The study in two sentences.
    pub lead: String,
    /// Up to four numbers for the first screen.
    pub headlines: Vec<Headline>,
    /// Numbers by name; a gate finds them at `/figures/<name>/mean`.
    pub figures: BTreeMap<String, Estimate>,
    /// Pictures.
    pub charts: Vec<Chart>,
    /// Tables.
    pub tables: Vec<StudyTable>,
    /// Counts of what happened, such as clipped samples.
    pub counts: BTreeMap<String, u64>,
    /// Remarks a reader must know, one sentence or two each.
    pub notes: Vec<String>,
}

/// A picture: panels side by side with one legend, the same axes in each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// Names the picture's file: letters, digits, `-` and `_`.
    pub name: String,
    /// Short title.
    pub title: String,
    /// What one sees.
    pub caption: String,
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

/// How the vertical axis of a chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Fractions as per cent: logarithmic in the distance to 100 % if all of them lie between 50 and
    /// 99.9 %, linear otherwise.
    Accuracy,
    /// Linear.
    Linear,
    /// Logarithmic, with a place of its own for zero; linear if there are negative values.
    Log,
}

/// One panel of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Stands above it; may be empty.
    pub title: String,
    /// Its lines.
    pub series: Vec<Line>,
    /// What to compare the lines with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// One line of a panel.
///
/// Lines of one name look the same in every panel of a chart. Names get their colours in the order
/// in which they appear: the first is blue, as the full method is elsewhere, the second vermilion, as
/// the naive mapping is.
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

/// A table of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyTable {
    /// What it shows.
    pub title: String,
    /// Names of the columns, with units.
    pub columns: Vec<String>,
    /// Rows of one cell per column; columns of numbers, but the first, are set flush right.
    pub rows: Vec<Vec<String>>,
}

impl Study {
    /// Chips behind the estimates, those of the estimate that has most; 0 if there are none.
    pub fn chips(&self) -> usize {
        let drawn = self.charts.iter().flat_map(Chart::points).map(|point| &point.y);
        self.figures.values().chain(drawn).map(|estimate| estimate.chips).max().unwrap_or(0)
    }

    /// Whether its parts fit together and its pictures can be files.
    ///
    /// # Errors
    /// [`ReportError::Malformed`] with the first part that does not.
    pub fn check(&self) -> Result<(), ReportError> {
        let malformed = |part: String, reason: String| ReportError::Malformed { part, reason };
        let mut names = BTreeSet::new();
        for Chart { name, .. } in &self.charts {
            let part = || format!("chart {name:?}");
            let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.is_empty() || !name.chars().all(letter) {
                return Err(malformed(part(), "its name must be letters, digits, - and _".into()));
            }
            if !names.insert(name) {
                return Err(malformed(part(), "another chart has this name".into()));
            }
        }
        for StudyTable { title, columns, rows } in &self.tables {
            if let Some(index) = rows.iter().position(|row| row.len() != columns.len()) {
                let (cells, columns) = (rows[index].len(), columns.len());
                let reason = format!("row {index} has {cells} cells for {columns} columns");
                return Err(malformed(format!("table {title:?}"), reason));
            }
        }
        Ok(())
    }
}

impl Chart {
    /// The panels that have something to show.
    pub fn filled(&self) -> impl Iterator<Item = &Panel> {
        self.panels.iter().filter(|panel| panel.series.iter().any(|line| !line.points.is_empty()))
    }

    /// All points of all panels.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.panels.iter().flat_map(|panel| &panel.series).flat_map(|line| &line.points)
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
