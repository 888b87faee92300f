//! Keys that stand where nothing reads them, and who does read them.

use std::ops::Range;

use cim_chip::ChipPreset;
use cim_chip::sections::keys::KEYS;

use crate::error::StudyError;
use crate::explained::reference::{Place, places, rows};
use crate::parse::parse;
use crate::place::keys_of;
use crate::slips::nearest;

/// The sections of a preset that make chips, of whatever study it is. What only studies read is not looked at, but for
/// its keys: one that no study has is a slip.
///
/// # Errors
/// [`StudyError::Value`] with the place of what is wrong.
pub fn parse_chip(text: &str) -> Result<ChipPreset, StudyError> {
    let chip = parse(text)?;
    let known: Vec<String> = places().iter().map(Place::path).collect();
    let leads_to = |name: &str, path: &str| {
        name.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    for key in keys_of(text) {
        // Places in lists are of no matter.
        let parts: Vec<&str> =
            key.path.split('.').filter(|part| part.parse::<usize>().is_err()).collect();
        let path = parts.join(".");
        if is_of_chips(parts[0]) || known.iter().any(|name| leads_to(name, &path)) {
            continue;
        }
        let above = path.rsplit_once('.').map_or("", |(above, _)| above);
        let beside =
            known.iter().filter(|name| name.rsplit_once('.').is_some_and(|(own, _)| own == above));
        let meant = nearest(beside.map(String::as_str), &path);
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        return Err(StudyError::Value {
            message: format!("{path}: no study has this key{meant}"),
            help: Some(
                "chips do not read the section, and a slip in it is told all the same".to_owned(),
            ),
            span: key.span,
        });
    }
    Ok(chip)
}

/// The error of a text of the study `own`, which says of a section that others read who they are.
pub fn with_readers(own: &str, text: &str, error: StudyError) -> StudyError {
    let StudyError::Value { message, span, .. } = &error else { return error };
    let Some((_, rest)) = message.split_once("unknown field `") else { return error };
    let Some((name, _)) = rest.split_once('`') else { return error };
    let is_there = |at: &Range<usize>| at.start <= span.start && span.end <= at.end;
    if !keys_of(text).iter().any(|key| key.path == name && is_there(&key.span)) {
        return error;
    }
    let is_in = |key: &str| key.split('.').next() == Some(name);
    let mut readers: Vec<String> = Vec::new();
    if is_of_chips(name) {
        readers
            .push("`cim eval`, `cim optimise` and `cim finetune`, of networks in files".to_owned());
    }
    for row in rows().iter().filter(|row| !row.of.starts_with('[') && is_in(row.key)) {
        let study = format!("the study {}", row.of);
        if row.of != "chips" && row.of != own && !readers.contains(&study) {
            readers.push(study);
        }
    }
    if readers.is_empty() {
        return error;
    }
    StudyError::Value {
        message: format!("{name}: nothing in the study {own} reads this section"),
        help: Some(format!(
            "take it out, as it would change no figure; it is read by {}",
            readers.join(", ")
        )),
        span: span.clone(),
    }
}

/// Whether chips read a section, whatever network is on them.
fn is_of_chips(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.split('.').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::STUDIES;

    #[test]
    fn a_slip_in_what_only_studies_read_is_told_and_no_key_of_theirs_is_one() {
        let mut chips = 0;
        for study in STUDIES.iter().filter(|study| parse::<ChipPreset>(study.preset).is_ok()) {
            parse_chip(study.preset).unwrap_or_else(|error| panic!("{}: {error}", study.name));
            chips += 1;
        }
        assert!(3 <= chips, "{chips}");
        let paper = STUDIES[0].preset;
        for (from, to, words) in [
            (
                "\nbits = [2,",
                "\nbist = [2,",
                ["sweeps.bist: no study", "did you mean `sweeps.bits`?"],
            ),
            ("program_bits =", "programme =", ["sweeps.programme: no study", "key"]),
            (
                "[error_model]",
                "[error_model]\nchip = 2",
                ["error_model.chip: ", "`error_model.chips`?"],
            ),
        ] {
            assert!(paper.contains(from), "{from}");
            let text = paper.replacen(from, to, 1);
            let Err(StudyError::Value { message, span, .. }) = parse_chip(&text) else {
                panic!("{to}")
            };
            assert!(words.iter().all(|word| message.contains(word)), "{message}");
            let key =
                to.rsplit('\n').next().and_then(|line| line.split(' ').next()).expect("a key");
            assert!(text[span].starts_with(key), "{key}");
        }
    }

    #[test]
    fn a_section_that_a_study_has_no_use_for_is_refused_with_those_who_have() {
        for (study, section, reader) in [
            ("paper", "[clips]\nweight_percentile = 99.0\ninput_percentile = 99.0\n", "cim eval"),
            ("pcm", "[scaling]\nby = \"rows\"\n", "cim eval"),
            ("pcm", "[sweeps]\nchips = 3\n", "the study paper"),
            ("paper", "[drift]\ntimes = []\n", "the study pcm"),
        ] {
            let own = crate::named(study).expect("a study");
            let text = format!("{}\n{section}", own.preset);
            let Err(StudyError::Value { message, help, span }) = own.check(&text) else {
                panic!("{study} takes {section}")
            };
            let name = section.trim_start_matches('[').split(']').next().expect("a name");
            assert_eq!(message, format!("{name}: nothing in the study {study} reads this section"));
            assert!(help.is_some_and(|help| help.contains(reader)), "{section}");
            assert!(text[span].contains(name));
        }
        // What nobody has is a slip, and keys of sections are none.
        let own = crate::named("paper").expect("a study");
        for more in ["[swepes]\n", "[sweeps.drift]\n"] {
            let error = own.check(&format!("{}\n{more}", own.preset)).expect_err("unknown");
            assert!(error.to_string().contains("unknown field"), "{error}");
        }
    }
}
