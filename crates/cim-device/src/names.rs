//! Names that are looked up, with a suggestion where one was misspelt.

use crate::error::DeviceError;

/// A name that is not among those known.
pub(crate) struct Unknown {
    pub name: String,
    /// All of them.
    pub known: String,
    /// The nearest as a suggestion, or nothing.
    pub hint: String,
}

impl Unknown {
    /// As the name of a device.
    pub fn device(self) -> DeviceError {
        let Self { name, known, hint } = self;
        DeviceError::UnknownDevice { name, known, hint }
    }

    /// As the name of a way of programming.
    pub fn programmer(self) -> DeviceError {
        let Self { name, known, hint } = self;
        DeviceError::UnknownProgrammer { name, known, hint }
    }
}

/// What there is to say of a name that is not among those known.
pub(crate) fn unknown(name: &str, known: &[&str]) -> Unknown {
    let nearest = known.iter().min_by_key(|known| distance(known, name));
    let hint = match nearest {
        Some(known) if distance(known, name) <= name.len() / 2 + 1 => {
            format!("; did you mean '{known}'?")
        }
        _ => String::new(),
    };
    Unknown { name: name.to_owned(), known: known.join(", "), hint }
}

/// Edit distance of two short names (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (above + 1).min(row[j] + 1).min(diagonal + usize::from(x != y));
            diagonal = above;
        }
    }
    row[b.len()]
}
