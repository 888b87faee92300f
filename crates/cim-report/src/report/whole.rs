//! The whole of what a study found: one type, written as `report.json` in this order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::attachment::Attachment;
use super::chapter::Chapter;
use super::chart::Chart;
use super::estimate::{Estimate, Figure};
use super::rows::{Comparison, Headline, Parameter, Table};
use super::run::RunInfo;
use crate::error::ReportError;

/// Version of the layout of `report.json`.
pub const SCHEMA: &str = "cim-report/1";

/// What estimates are means over unless a study says otherwise.
pub const MEANS_OVER: &str = "simulated chips";

fn means_over() -> String {
    MEANS_OVER.to_owned()
}

/// Keys of `report.json` that are the report's own and that [`Report::data`] must leave alone.
pub const FIXED_KEYS: [&str; 19] = [
    "schema",
    "title",
    "seed",
    "preset",
    "revision",
    "run",
    "spec",
    "lead",
    "means_over",
    "headlines",
    "comparison",
    "figures",
    "chapters",
    "charts",
    "cover",
    "tables",
    "parameters",
    "counts",
    "notes",
];

/// Everything one run of a study found out; the same run gives the same bytes.
///
/// Accuracies, losses and other fractions are fractions of 1, not per cent; everything else is in
/// the unit that its label names. No number may be NaN or infinite; writing refuses those.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
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
    /// What was run on what; filled in by whoever runs the study.
    pub run: RunInfo,
    /// The preset as it was run (TOML): as written, unless an option changed it.
    pub spec: String,
    /// The study in two sentences.
    pub lead: String,
    /// What estimates are means over, as a plural: simulated chips unless the study says otherwise.
    #[serde(default = "means_over")]
    pub means_over: String,
    /// Up to four numbers for the first screen.
    pub headlines: Vec<Headline>,
    /// Published figures beside ours, with what ours must reach.
    pub comparison: Vec<Comparison>,
    /// Numbers by name; a gate finds them at `/figures/<name>/mean`.
    pub figures: BTreeMap<String, Figure>,
    /// Chapters of the page; charts and tables that none of them names come after.
    pub chapters: Vec<Chapter>,
    /// Pictures.
    pub charts: Vec<Chart>,
    /// A picture for a first screen, which may repeat others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<Chart>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Parameters of the run with their origin.
    pub parameters: Vec<Parameter>,
    /// Counts of what happened, such as clipped samples.
    pub counts: BTreeMap<String, u64>,
    /// Remarks a reader must know, one sentence or two each.
    pub notes: Vec<String>,
    /// Files beside the report, which are no part of `report.json`.
    #[serde(skip)]
    pub attachments: Vec<Attachment>,
    /// What only this study has: further keys of `report.json`, beside the ones above.
    #[serde(flatten)]
    pub data: Map<String, Value>,
}

impl Default for Report {
    /// An empty report of the present layout.
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            title: String::new(),
            seed: 0,
            preset: String::new(),
            revision: String::new(),
            run: RunInfo::default(),
            spec: String::new(),
            lead: String::new(),
            means_over: means_over(),
            headlines: Vec::new(),
            comparison: Vec::new(),
            figures: BTreeMap::new(),
            chapters: Vec::new(),
            charts: Vec::new(),
            cover: None,
            tables: Vec::new(),
            parameters: Vec::new(),
            counts: BTreeMap::new(),
            notes: Vec::new(),
            attachments: Vec::new(),
            data: Map::new(),
        }
    }
}

impl Report {
    /// Adds every field of `data`, a struct or a map, as a key of its own beside the fixed ones.
    ///
    /// # Errors
    /// [`ReportError::Malformed`] if `data` is neither, or if a key is there already;
    /// [`ReportError::Encode`] if it cannot be JSON. What is not finite is refused when the report is
    /// written, by name.
    pub fn add_data(&mut self, data: &impl Serialize) -> Result<(), ReportError> {
        let encode = |source| ReportError::Encode { file: "report.json", source };
        let Value::Object(fields) = serde_json::to_value(data).map_err(encode)? else {
            let reason = "further keys come from a struct or a map".to_owned();
            return Err(ReportError::Malformed { part: "data".to_owned(), reason });
        };
        for (key, value) in fields {
            if FIXED_KEYS.contains(&key.as_str()) || self.data.contains_key(&key) {
                let reason = "the report has a key of this name already".to_owned();
                return Err(ReportError::Malformed { part: format!("data {key:?}"), reason });
            }
            self.data.insert(key, value);
        }
        Ok(())
    }

    /// Chips, or what else [`means_over`](Self::means_over) says, behind the estimates that have an interval, fewest
    /// and most: `5 to 32 simulated chips`; `0` if there are none.
    pub fn behind(&self) -> String {
        let named = self.figures.values().map(|figure| &figure.estimate);
        let drawn = self.charts.iter().flat_map(|chart| chart.plot.estimates());
        let counts = named.chain(drawn).map(|estimate: &Estimate| estimate.chips);
        let most = counts.clone().max().unwrap_or(0);
        match counts.filter(|chips| 1 < *chips).min() {
            Some(fewest) if fewest < most => format!("{fewest} to {most} {}", self.means_over),
            _ => format!("{most} {}", self.means_over),
        }
    }
}
