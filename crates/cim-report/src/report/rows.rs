//! Rows and tables of text that a study fills in.

use serde::{Deserialize, Serialize};

use super::target::{Target, Verdict};

/// One number of the first screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// The number.
    pub value: String,
    /// What it is.
    pub label: String,
    /// What to compare it with.
    pub detail: String,
}

/// A published figure beside ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// What is compared.
    pub figure: String,
    /// The published figure as text; `–` where there is none.
    pub paper: String,
    /// Ours, as text with its unit and interval.
    pub ours: String,
    /// What ours must reach, if anything; its keys stand beside the others.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

impl Comparison {
    /// A row without a target.
    pub fn new(figure: &str, paper: &str, ours: impl Into<String>) -> Self {
        Self { figure: figure.into(), paper: paper.into(), ours: ours.into(), target: None }
    }

    /// The same row with a target and the verdict of a [`Bound`](super::Bound).
    pub fn must(self, text: &str, verdict: Verdict) -> Self {
        Self { target: Some(Target { text: text.into(), verdict }), ..self }
    }

    /// The verdict over all rows that have a target; nothing if none has.
    pub fn verdict(rows: &[Self]) -> Option<String> {
        let verdicts = || rows.iter().filter_map(|row| Some(row.target.as_ref()?.verdict));
        let (all, missed) = (verdicts().count(), verdicts().filter(|one| !one.met).count());
        let verdict = match (all, missed) {
            (0, _) => return None,
            (1, 0) => "the one target is met".to_owned(),
            (_, 0) => format!("{all} of {all} targets met"),
            _ => format!("{missed} of {all} targets missed"),
        };
        Some(match verdicts().filter(|one| one.open).count() {
            0 => verdict,
            open => {
                format!("{verdict}; {open} in brackets of the mean alone")
            }
        })
    }
}

/// One parameter of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// What it is called.
    pub name: String,
    /// Its value with its unit.
    pub value: String,
    /// Whether the value is our own choice, because the published work gives none.
    pub ours: bool,
    /// Where it comes from, or how it was set.
    pub note: String,
}

/// A table of text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Names of the columns, with units.
    pub columns: Vec<String>,
    /// Rows of one cell per column; columns of numbers, but the first, are set flush right.
    pub rows: Vec<Vec<String>>,
    /// Whether a page may fold it away, because it is long or for reference only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub folded: bool,
}

impl Table {
    /// A table that is not folded away.
    pub fn new<C: Into<String>>(
        title: impl Into<String>,
        columns: impl IntoIterator<Item = C>,
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self { title: title.into(), columns, rows: rows.into_iter().collect(), folded: false }
    }

    /// The same table, which a page may now fold away.
    pub fn folded(self) -> Self {
        Self { folded: true, ..self }
    }
}
