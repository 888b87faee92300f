#![doc = include_str!("../README.md")]

mod checkup;
mod draw;
pub mod duration;
pub mod echo;
mod error;
pub mod files;
pub mod format;
mod gate;
mod lock;
mod page;
mod render;
mod report;
mod timing;
mod write;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use checkup::{Check, Checkup};
pub use draw::draw;
pub use error::ReportError;
pub use gate::{Gate, GateError, Interval};
pub use lock::Lock;
pub use render::json::encode as json;
pub use render::table::{table, table_of};
pub use render::terminal::{stages, summary};
pub use report::{
    Attachment, Bound, Chapter, Comparison, Estimate, FIXED_KEYS, Figure, Headline, Parameter,
    Part, Report, RunInfo, SCHEMA, Shown, Table, Target, Told, Verdict, chart,
};
pub use timing::{Stage, Timing};
pub use write::{encoded, write};
