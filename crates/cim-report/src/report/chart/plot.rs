//! A chart of any kind.

use serde::{Deserialize, Serialize};

use super::bars::Bars;
use super::groups::Groups;
use super::lines::Lines;
use super::maps::Maps;
use super::scatter::Scatter;
use super::stacks::Stacks;
use super::ways::Ways;
use crate::report::estimate::Estimate;

/// A picture with its words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// Names the picture's file: letters, digits, `-` and `_`.
    pub name: String,
    /// Short title.
    pub title: String,
    /// What one sees.
    pub caption: String,
    /// What is drawn; its keys stand beside the words.
    #[serde(flatten)]
    pub plot: Plot,
}

/// What a chart draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Plot {
    /// Points with intervals, joined to lines, in panels.
    Lines(Lines),
    /// One bar with an interval for each of several things.
    Bars(Bars),
    /// Several bars for each of several things, in panels, on a logarithmic axis.
    Groups(Groups),
    /// Bars made of parts that add up.
    Stacks(Stacks),
    /// Points around a line of agreement, and how far off they are.
    Scatter(Scatter),
    /// Ways through a plane with obstacles.
    Ways(Ways),
    /// Values of rows × columns as colours.
    Maps(Maps),
    /// Several plots side by side.
    Beside {
        /// The plots, left to right.
        pieces: Vec<Piece>,
    },
}

/// One of several plots side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// Stands above it; may be empty.
    pub title: String,
    /// What it draws.
    pub plot: Plot,
}

impl Plot {
    /// Every estimate that is drawn.
    pub fn estimates(&self) -> Vec<&Estimate> {
        match self {
            Self::Lines(lines) => lines.points().map(|point| &point.y).collect(),
            Self::Bars(bars) => bars.bars.iter().map(|bar| &bar.value).collect(),
            Self::Beside { pieces } => {
                pieces.iter().flat_map(|piece| piece.plot.estimates()).collect()
            }
            Self::Groups(_)
            | Self::Stacks(_)
            | Self::Scatter(_)
            | Self::Ways(_)
            | Self::Maps(_) => Vec::new(),
        }
    }

    /// Whether there is anything to draw.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.filled().next().is_none(),
            Self::Bars(bars) => bars.bars.is_empty(),
            Self::Groups(groups) => groups.largest() <= 0.0,
            Self::Stacks(stacks) => stacks.largest() <= 0.0,
            Self::Scatter(scatter) => scatter.drawn().next().is_none(),
            Self::Ways(ways) => ways.panels.is_empty(),
            Self::Maps(maps) => maps.maps.iter().all(|map| map.values.is_empty()),
            Self::Beside { pieces } => pieces.iter().all(|piece| piece.plot.is_empty()),
        }
    }

    /// What does not fit together in it, if anything.
    pub fn flaw(&self) -> Option<String> {
        match self {
            Self::Groups(groups) => groups.flaw(),
            Self::Ways(ways) => ways.flaw(),
            Self::Maps(maps) => maps.flaw(),
            Self::Beside { pieces } => pieces.iter().find_map(|piece| piece.plot.flaw()),
            Self::Lines(_) | Self::Bars(_) | Self::Stacks(_) | Self::Scatter(_) => None,
        }
    }
}
