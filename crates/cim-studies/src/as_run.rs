//! The text of a preset as it is run: as written, unless something was changed.

use serde::Serialize;
use toml::{Table, Value};

/// The text of a preset whose specification was `before` and is run as `after`. Where nothing changed,
/// that is the text as written, with its comments; else what changed is set in it.
///
/// What it says is what runs: a test parses it for every study and compares.
pub fn as_run<S: Serialize>(text: &str, before: &S, after: &S) -> String {
    let changed = || -> Option<Table> {
        let mut written: Table = text.parse().ok()?;
        let (before, after) = (Table::try_from(before).ok()?, Table::try_from(after).ok()?);
        (before != after).then(|| change(&mut written, &before, &after))?;
        Some(written)
    };
    match changed() {
        None => text.to_owned(),
        Some(table) => format!(
            "# The preset as run, changed by options; its comments are in the preset as written.\n{table}"
        ),
    }
}

fn change(written: &mut Table, before: &Table, after: &Table) {
    for (key, value) in after {
        if before.get(key) == Some(value) {
            continue;
        }
        match (written.get_mut(key), before.get(key), value) {
            (Some(Value::Table(written)), Some(Value::Table(before)), Value::Table(after)) => {
                change(written, before, after);
            }
            _ => drop(written.insert(key.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;
    use crate::study::{Study, StudySpec};
    use crate::{
        devices::Devices, dstd::Dstd, ir_drop::IrDrop, log_domain::LogDomain, mdm::Mdm,
        openmena::Openmena, paper::Paper, pcm::Pcm, reprogramming::Reprogramming,
        spiking_har::SpikingHar,
    };

    fn says_what_runs<S: Study>()
    where
        S::Spec: PartialEq + std::fmt::Debug,
    {
        let written: S::Spec = parse(S::PRESET).expect("valid");
        assert_eq!(as_run(S::PRESET, &written, &written), S::PRESET);
        let mut run = written.clone().quick();
        run.resize(Some(7), Some(4));
        let text = as_run(S::PRESET, &written, &run);
        assert_eq!(parse::<S::Spec>(&text).expect("valid"), run, "{text}");
    }

    #[test]
    fn a_preset_as_run_says_what_runs() {
        says_what_runs::<Paper>();
        says_what_runs::<IrDrop>();
        says_what_runs::<Pcm>();
        says_what_runs::<Openmena>();
        says_what_runs::<Dstd>();
        says_what_runs::<LogDomain>();
        says_what_runs::<SpikingHar>();
        says_what_runs::<Reprogramming>();
        says_what_runs::<Mdm>();
        says_what_runs::<Devices>();
    }
}
