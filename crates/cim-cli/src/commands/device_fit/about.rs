//! What a fit is about: what all of its words and files name.

use cim_fit::{Fitted, Measurements};

/// What was fitted, to what.
pub struct About<'a> {
    /// Where the measurements come from, in one line.
    pub source: String,
    /// Name of their file.
    pub file: String,
    /// Hash of their bytes.
    pub sha256: String,
    /// The measurements.
    pub measurements: &'a Measurements,
    /// What was found.
    pub fitted: &'a Fitted,
}
