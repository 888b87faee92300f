//! The data model: what a study hands over, plain and complete. Nothing here draws or writes.

mod attachment;
mod chapter;
pub mod chart;
mod check;
mod estimate;
mod rows;
mod run;
mod target;
mod whole;

pub use attachment::Attachment;
pub use chapter::{Chapter, Part};
pub use estimate::{Estimate, Figure, Shown};
pub use rows::{Comparison, Headline, Parameter, Table};
pub use run::RunInfo;
pub use target::{Bound, Target, Told, Verdict};
pub use whole::{FIXED_KEYS, Report, SCHEMA};
