//! Ways through a plane with obstacles, one panel for each driver.

use serde::{Deserialize, Serialize};

use super::tone::Tone;

/// Ways in panels side by side, all in the same surroundings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ways {
    /// What `x` is, with its unit.
    pub x_label: String,
    /// What `y` is, with its unit.
    pub y_label: String,
    /// Range of `x` that is drawn.
    pub x: [f64; 2],
    /// Range of `y` that is drawn.
    pub y: [f64; 2],
    /// What stands in the plane.
    pub discs: Vec<Disc>,
    /// Kinds of ways, drawn in this order: the last lies above the others.
    pub groups: Vec<WayGroup>,
    /// Panels, left to right.
    pub panels: Vec<WayPanel>,
}

/// A disc in the plane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disc {
    /// Its centre.
    pub at: [f64; 2],
    /// Its radius.
    pub radius: f64,
    /// What its colour says.
    pub tone: Tone,
}

/// A kind of way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayGroup {
    /// Name in the legend.
    pub name: String,
    /// What its colour says.
    pub tone: Tone,
    /// Whether it is drawn bold, with a mark at its end.
    pub bold: bool,
}

/// One panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WayPanel {
    /// Stands above it.
    pub title: String,
    /// Its ways.
    pub ways: Vec<Way>,
}

/// One way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Way {
    /// Number of its group.
    pub group: usize,
    /// Places from start to end.
    pub path: Vec<[f64; 2]>,
}

impl Ways {
    /// What does not fit together, if anything.
    pub fn flaw(&self) -> Option<String> {
        let groups = self.groups.len();
        let mut ways = self.panels.iter().flat_map(|panel| &panel.ways);
        let other = ways.find(|way| groups <= way.group)?;
        Some(format!("a way is of group {}, and there are {groups}", other.group))
    }
}
