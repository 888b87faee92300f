//! A file beside a report.

/// A table of numbers for other programs, as a file beside `report.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// Name of the file: letters, digits, `-` and `_`, and `.csv`.
    pub name: String,
    /// What is in it.
    pub text: String,
}

impl Attachment {
    /// What is wrong with its name, if anything.
    pub fn flaw(&self) -> Option<String> {
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let stem = self.name.strip_suffix(".csv");
        let fits = stem.is_some_and(|stem| !stem.is_empty() && stem.chars().all(letter));
        (!fits).then(|| "its name must be letters, digits, - and _, and .csv".to_owned())
    }
}
