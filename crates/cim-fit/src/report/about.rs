//! What a fit is about: what all of its words and files name.

use crate::fitted::Fitted;
use crate::measurements::Measurements;

/// What was fitted, to what.
#[derive(Clone, Debug, PartialEq)]
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

impl<'a> About<'a> {
    /// Words that a comment can hold: no line breaks or other marks. Without a source, the name of the file
    /// stands for it.
    pub fn of(
        (file, source): (&str, Option<&str>),
        sha256: String,
        measurements: &'a Measurements,
        fitted: &'a Fitted,
    ) -> Self {
        let file = in_one_line(file);
        let source = source.map_or_else(|| file.clone(), in_one_line);
        Self { source, file, sha256, measurements, fitted }
    }
}

fn in_one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
