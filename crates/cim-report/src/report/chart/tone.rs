//! What a colour says.

use serde::{Deserialize, Serialize};

/// What a colour says, the same in every picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// The method that the study is about.
    Subject,
    /// What it is compared with first: doing nothing, the naive way.
    Baseline,
    /// What lies between the two.
    Between,
    /// References and surroundings.
    Reference,
    /// A goal, or another thing to look at that is neither of the others.
    Goal,
}

/// A name with a colour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Name in the legend.
    pub name: String,
    /// What its colour says.
    pub tone: Tone,
}
