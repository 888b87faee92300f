//! Studies by name.

use crate::STUDIES;
use crate::entry::Entry;
use crate::error::StudyError;
use crate::experiment::of_head;
use crate::place::at_key;
use crate::slips::nearest;

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
    let Some(name) = of_head(text)? else { return Ok(&STUDIES[0]) };
    named(&name).map_err(|unknown| at_key(text, "experiment", unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_slips_are_understood() {
        for study in STUDIES {
            assert_eq!(named(study.name).expect("listed").name, study.name);
            assert_eq!(of_text(study.preset).expect("valid").name, study.study);
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
