//! Bars made of parts that add up.

use serde::{Deserialize, Serialize};

/// Horizontal bars of parts end to end, the first at the top, each with its sum beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stacks {
    /// What the bars measure, without a unit.
    pub x_label: String,
    /// SI unit of the values, without a prefix.
    pub unit: String,
    /// The bars.
    pub stacks: Vec<Stack>,
}

/// One bar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// Stands left of it.
    pub label: String,
    /// Its parts from the left; parts of one name look the same in every bar.
    pub parts: Vec<Share>,
}

/// One part of a bar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Name in the legend.
    pub name: String,
    /// How long it is, in the unit of the chart; not negative.
    pub value: f64,
}

impl Stack {
    /// The whole of it, in the unit of the chart.
    pub fn total(&self) -> f64 {
        self.parts.iter().map(|part| part.value).sum()
    }
}

impl Stacks {
    /// The largest total, or 0.
    pub fn largest(&self) -> f64 {
        self.stacks.iter().map(Stack::total).fold(0.0, f64::max)
    }

    /// Names of the parts in the order of their first appearance.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for part in self.stacks.iter().flat_map(|stack| &stack.parts) {
            if !names.contains(&part.name.as_str()) {
                names.push(part.name.as_str());
            }
        }
        names
    }
}
