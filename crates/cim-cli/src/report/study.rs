//! temp
use super::{Estimate, ReportError, Timing};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
pub const SCHEMA: &str = "cim-study/1";
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Study {
    pub schema: String,
    pub title: String,
    pub seed: u64,
    pub preset: String,
    pub revision: String,
    pub spec: String,
    pub lead: String,
    pub headlines: Vec<Headline>,
    pub figures: BTreeMap<String, Estimate>,
    pub charts: Vec<Chart>,
    pub tables: Vec<StudyTable>,
    pub counts: BTreeMap<String, u64>,
    pub notes: Vec<String>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    pub value: String,
    pub label: String,
    pub detail: String,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    pub name: String,
    pub title: String,
    pub caption: String,
    pub x_label: String,
    pub y_label: String,
    pub x_log: bool,
    pub y: Scale,
    pub panels: Vec<Panel>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scale {
    Accuracy,
    Linear,
    Log,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    pub title: String,
    pub series: Vec<Line>,
    pub reference: Option<Reference>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    pub points: Vec<Point>,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub x: f64,
    pub y: Estimate,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    pub label: String,
    pub value: f64,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyTable {
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}
pub fn write(study: &Study, _t: &Timing, dir: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let p = dir.join("report.json");
    std::fs::write(&p, serde_json::to_string_pretty(study).unwrap()).unwrap();
    Ok(vec![p])
}
pub fn summary(study: &Study) -> String {
    format!("{}\n{}\n{:#?}\n{:#?}", study.title, study.lead, study.tables, study.counts)
}
