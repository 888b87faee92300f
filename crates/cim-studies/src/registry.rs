//! Studies by name.

use serde::Deserialize;

use crate::STUDIES;
use crate::entry::Entry;
use crate::error::StudyError;
use crate::parse::parse;
use crate::place::at_key;

/// The study called `name`.
///
/// # Errors
/// [`StudyError::Unknown`], with a name that is much like it if there is one.
pub fn named(name: &str) -> Result<&'static Entry, StudyError> {
    STUDIES.iter().find(|study| study.name == name).ok_or_else(|| StudyError::Unknown {
        name: name.to_owned(),
        did_you_mean: nearest(STUDIES.iter().map(|study| study.name), name),
    })
}

/// The study that the text of a preset is of: its key `experiment`, or the first study without one.
///
/// # Errors
/// [`StudyError::Value`] for what is no TOML, or a name that no study has.
pub fn of_text(text: &str) -> Result<&'static Entry, StudyError> {
    /// The one key that is read first.
    #[derive(Deserialize)]
    struct Head {
        experiment: Option<String>,
    }
    let Some(name) = parse::<Head>(text)?.experiment else { return Ok(&STUDIES[0]) };
    named(&name).map_err(|unknown| at_key(text, "experiment", unknown))
}

/// That of `known` names which is much like `name`, if there is one.
pub fn nearest<'a>(known: impl IntoIterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    known.into_iter().find(|known| much_like(known, name))
}

/// Whether two names differ by at most two letters left out, put in or changed, and by less than half.
fn much_like(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_lowercase(), b.to_lowercase().replace(['_', ' '], "-"));
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()] <= 2 && 2 * row[b.len()] < a.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_slips_are_understood() {
        for study in STUDIES {
            assert_eq!(named(study.name).expect("listed").name, study.name);
            assert_eq!(of_text(study.preset).expect("valid").name, study.name);
            study.check(study.preset).expect("the built-in preset is valid");
        }
        for (slip, meant) in [("papr", "paper"), ("ir_drop", "ir-drop"), ("Openmema", "openmena")] {
            let Err(StudyError::Unknown { did_you_mean, .. }) = named(slip) else {
                panic!("{slip} is no study")
            };
            assert_eq!(did_you_mean, Some(meant));
        }
        assert!(matches!(named("x"), Err(StudyError::Unknown { did_you_mean: None, .. })));
    }
}
