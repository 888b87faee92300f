//! Values of rows × columns as colours.

use serde::{Deserialize, Serialize};

/// Maps two by two, each with its own bar of colours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Maps {
    /// What a column is.
    pub x_label: String,
    /// What a row is; row 0 is at the top.
    pub y_label: String,
    /// The maps in reading order.
    pub maps: Vec<Map>,
}

/// One map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// What its values are.
    pub title: String,
    /// SI unit of the values, without a prefix; empty for numbers that have none.
    pub unit: String,
    /// Number of columns.
    pub columns: usize,
    /// Values row by row. One that is not finite is left grey in a picture; a report refuses it.
    pub values: Vec<f64>,
}

impl Map {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }
}

impl Maps {
    /// What does not fit together, if anything.
    pub fn flaw(&self) -> Option<String> {
        let other = self.maps.iter().find(|map| map.rows() * map.columns != map.values.len())?;
        let (values, columns) = (other.values.len(), other.columns);
        Some(format!("map {:?} has {values} values in rows of {columns}", other.title))
    }
}
