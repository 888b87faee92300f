//! The preset as it is run: as written, unless an option changed it.

use toml::{Table, Value};

use crate::args::Reproduce;
use crate::experiment::Experiment;

/// One change of a preset; keys are written with dots.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// A number is this at most.
    AtMost(&'static str, i64),
    /// A number is this.
    Set(&'static str, i64),
    /// Of a list, the first, middle and last remain.
    Ends(&'static str),
    /// Of a list, the middle remains.
    Middle(&'static str),
}

use Change::{AtMost, Ends, Middle, Set};

/// The preset as the options ask for it. Without any, that is the text as written, with its comments.
///
/// What it says is what runs: a test parses it for every preset and compares.
pub fn as_run(experiment: Experiment, text: &str, args: &Reproduce) -> String {
    let changes = changes(experiment, args);
    if changes.is_empty() {
        return text.to_owned();
    }
    let Ok(mut table) = text.parse::<Table>() else { return text.to_owned() };
    for change in changes {
        apply(&mut table, change);
    }
    let options = crate::commands::reproduce::options(args);
    format!(
        "# The preset as changed by{options}; its comments are in the preset as written.\n{table}"
    )
}

fn changes(experiment: Experiment, args: &Reproduce) -> Vec<Change> {
    let mut changes = if args.quick { quick(experiment).to_vec() } else { Vec::new() };
    // A seed that a TOML file cannot hold stands in the command line alone.
    let seed = args.seed.and_then(|seed| i64::try_from(seed).ok());
    changes.extend(seed.map(|seed| Set("seed", seed)));
    if let Some(chips) = args.chips.and_then(|chips| i64::try_from(chips).ok()) {
        changes.push(Set("evaluation.chips", chips));
        if experiment == Experiment::Paper {
            changes.push(Set("evaluation.sweep_chips", chips));
        }
    }
    changes
}

/// What `--quick` changes.
fn quick(experiment: Experiment) -> &'static [Change] {
    match experiment {
        Experiment::Paper => &[
            AtMost("training.digital.epochs", 5),
            AtMost("training.single.epochs", 1),
            AtMost("training.full.epochs", 5),
            AtMost("training.bits.epochs", 1),
            AtMost("evaluation.chips", 20),
            AtMost("evaluation.sweep_chips", 3),
            AtMost("evaluation.model_chips", 300),
        ],
        Experiment::IrDrop => &[
            Middle("arrays.rows"),
            Ends("arrays.wires"),
            AtMost("training.digital.epochs", 5),
            AtMost("training.noise.recipe.epochs", 2),
            AtMost("evaluation.chips", 3),
        ],
        Experiment::Pcm => &[
            Ends("evaluation.times"),
            AtMost("training.digital.epochs", 5),
            AtMost("training.noise.recipe.epochs", 3),
            AtMost("evaluation.chips", 10),
        ],
        Experiment::Openmena => &[AtMost("evaluation.chips", 20), AtMost("robot.lessons", 100)],
    }
}

/// Applies a change; a key that is not there stays away.
fn apply(table: &mut Table, change: Change) {
    let (AtMost(key, _) | Set(key, _) | Ends(key) | Middle(key)) = change;
    let mut words = key.split('.');
    let Some(first) = words.next() else { return };
    let Some(value) = words.try_fold(table.get_mut(first), |value, word| {
        Some(value.and_then(|value| value.get_mut(word)))
    }) else {
        return;
    };
    match (change, value) {
        (Set(_, number), Some(value)) => *value = Value::Integer(number),
        (AtMost(_, most), Some(Value::Integer(number))) => *number = (*number).min(most),
        (Middle(_), Some(Value::Array(list))) if !list.is_empty() => {
            *list = vec![list[list.len() / 2].clone()];
        }
        (Ends(_), Some(Value::Array(list))) if 2 < list.len() => {
            let (middle, last) = (list.len() / 2, list.len() - 1);
            *list = [0, middle, last].map(|index| list[index].clone()).to_vec();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};
    use crate::config::parse;
    use crate::experiment::{PRESETS, ir_drop, openmena, paper, pcm};

    fn arguments(more: &[&str]) -> Reproduce {
        let all = ["cim", "reproduce"].iter().chain(more);
        match Cli::try_parse_from(all).expect("good arguments").command {
            Command::Reproduce(args) => args,
            _ => panic!("another command"),
        }
    }

    #[test]
    fn a_preset_as_run_says_what_runs() {
        macro_rules! same {
            ($experiment:ident, $module:ident, $spec:expr) => {
                for more in [&["--quick"][..], &["--quick", "--seed", "7", "--chips", "4"]] {
                    let args = arguments(more);
                    let text = $spec;
                    let mut spec: $module::spec::Spec = parse("preset", text).expect("valid");
                    spec = spec.quick();
                    spec.seed = args.seed.unwrap_or(spec.seed);
                    let chips = args.chips.map_or(spec.evaluation.chips, |n| n as usize);
                    spec.evaluation.chips = chips;
                    let mut run: $module::spec::Spec =
                        parse("run", &as_run(Experiment::$experiment, text, &args)).expect("valid");
                    if Experiment::$experiment == Experiment::Paper {
                        // Here --chips sets a second key, which the macro does not know.
                        let sweep = format!("{run:?}").contains("sweep_chips: 4");
                        assert_eq!(sweep, args.chips.is_some());
                        let text = format!("{spec:?}").replace("sweep_chips: 3", "sweep_chips: 4");
                        assert_eq!(
                            format!("{run:?}").replace("sweep_chips: 3", "sweep_chips: 4"),
                            text
                        );
                        run = spec.clone();
                    }
                    assert!(run == spec, "{more:?}: {run:?}");
                }
            };
        }
        same!(Paper, paper, PRESETS[0].1);
        same!(IrDrop, ir_drop, PRESETS[1].1);
        same!(Pcm, pcm, PRESETS[2].1);
        same!(Openmena, openmena, PRESETS[3].1);
    }

    #[test]
    fn without_options_the_preset_is_as_written() {
        let text = PRESETS[0].1;
        assert_eq!(as_run(Experiment::Paper, text, &arguments(&["--threads", "3"])), text);
    }
}
