//! Names that are looked up, with a suggestion where one was misspelt.

use crate::error::DeviceError;

/// The error for a name that is not among those known, with the nearest as a suggestion.
pub(crate) fn unknown(name: &str, known: &[&str]) -> DeviceError {
    let nearest = known.iter().min_by_key(|known| distance(known, name));
    let hint = match nearest {
        Some(known) if distance(known, name) <= name.len() / 2 + 1 => {
            format!("; did you mean '{known}'?")
        }
        _ => String::new(),
    };
    DeviceError::UnknownDevice { name: name.to_owned(), known: known.join(", "), hint }
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
