//! Several bars for each of several things, in panels, on a logarithmic axis.

use serde::{Deserialize, Serialize};

use super::tone::Named;

/// Groups of horizontal bars: a panel for each place, a group for each row, a bar for each series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Groups {
    /// What the bars measure.
    pub x_label: String,
    /// What the bars of a group are of.
    pub series: Vec<Named>,
    /// Panels, left to right.
    pub panels: Vec<GroupPanel>,
}

/// One panel; every panel has the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupPanel {
    /// Stands above it.
    pub title: String,
    /// Groups from top to bottom.
    pub rows: Vec<GroupRow>,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupRow {
    /// Stands left of it.
    pub label: String,
    /// One value a series; what is not positive, or far below the largest, has no bar.
    pub values: Vec<f64>,
}

impl Groups {
    /// All values.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.panels.iter().flat_map(|panel| &panel.rows).flat_map(|row| row.values.iter().copied())
    }

    /// The largest value, or 0.
    pub fn largest(&self) -> f64 {
        self.values().fold(0.0, f64::max)
    }

    /// What does not fit together, if anything.
    pub fn flaw(&self) -> Option<String> {
        let labels =
            |panel: &GroupPanel| panel.rows.iter().map(|row| row.label.clone()).collect::<Vec<_>>();
        let first = self.panels.first().map(labels).unwrap_or_default();
        if self.panels.iter().any(|panel| labels(panel) != first) {
            return Some("its panels have different rows".to_owned());
        }
        let rows = self.panels.iter().flat_map(|panel| &panel.rows);
        let other = rows.into_iter().find(|row| row.values.len() != self.series.len())?;
        let (values, series) = (other.values.len(), self.series.len());
        Some(format!("row {:?} has {values} values for {series} series", other.label))
    }
}
