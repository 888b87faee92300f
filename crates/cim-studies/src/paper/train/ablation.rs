//! What each part of the method does alone, what it does among all others, and what a percentile does in
//! its place, at one short budget.

use cim_chip::ChipDesign;
use cim_nn::{Network, Recipe};

use super::replaced::replaced;
use super::rows::{Choice, Group, REFERENCE, Row};
use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::candidate::Candidate;
use crate::method::choose::design::{compose, programmed, tightened};
use crate::method::choose::finish::with_scales;
use crate::method::digital::{Digital, as_numbers};
use crate::method::part::{Method, Part};
use crate::method::through::{Through, train};
use crate::shared::training::Trained;

/// Every part added to nothing, left out of everything and, of the program, replaced by the best
/// percentile, all by the recipe of the short budget. Returns the design to train the full method through, with the share of the weight clip chosen here.
pub fn ablation(
    bench: &Bench<'_>,
    recipe: &Recipe,
    digital: &Digital,
    rows: &mut Vec<Row>,
    choices: &mut Vec<Choice>,
) -> Result<ChipDesign, StudyError> {
    let further_epochs = recipe.epochs;
    let mut push = |group, name, candidate| {
        rows.push(Row { group, name, further_epochs, candidate, holdout: None });
    };
    // Nothing, and parts that need no training through the design.
    let short = short_control(bench, recipe, digital, false)?.state.network;
    let inputs = bench.inputs_of(&short);
    let found = programmed(bench, &short, &inputs, 1.0)?;
    let mapped = |method, network: &Network| {
        let inputs = bench.inputs_of(network);
        let design = compose(bench, method, &found, network, &inputs)?;
        Ok::<_, StudyError>(Candidate { network: network.clone(), design, inputs })
    };
    push(Group::AddOneIn, REFERENCE, mapped(Method::NAIVE, &short)?);
    let (network, teacher) = (&digital.network, digital.teacher());
    let inputs = &bench.inputs_of(network);
    let through =
        |stage: &str, method: Method, design: &ChipDesign| -> Result<Trained, StudyError> {
            let at = bench.at.child("ablation", 0);
            train(bench, &Through { stage, recipe, method, network, teacher, inputs, design, at })
        };
    let naive = bench.naive(network, inputs, bench.parts.read_voltage)?;
    for part in Part::ALL {
        let method = Method::NAIVE.with(part);
        let candidate = if part == Part::Distillation {
            mapped(method, &short_control(bench, recipe, digital, true)?.state.network)?
        } else if method.trains_through_design() {
            let trained = through(&format!("add-{}", part.name()), method, &naive)?;
            with_scales(bench, method, &naive, trained)?.0
        } else {
            mapped(method, &short)?
        };
        push(Group::AddOneIn, part.name(), candidate);
    }

    // Everything, at the share of the clip that does best, and everything but one part.
    let searched = programmed(bench, network, inputs, 1.0)?;
    let mut best: Option<(f64, f64, ChipDesign, Candidate)> = None;
    for &share in &bench.job.choices.clip_shares {
        let start = tightened(bench, &searched, network, inputs, share)?;
        let trained = through(&format!("short-full-{share}"), Method::FULL, &start)?;
        let (candidate, _) = with_scales(bench, Method::FULL, &start, trained)?;
        let accuracy = bench.holdout(&candidate.design, &candidate.network)?;
        if best.as_ref().is_none_or(|best| best.0 < accuracy) {
            best = Some((accuracy, share, start, candidate));
        }
    }
    let (_, share, start, candidate) = best.expect("the list of the preset is not empty");
    let what = "share of the searched weight clip in training".to_owned();
    choices.push(Choice { what, chosen: share.to_string() });
    push(Group::LeaveOneOut, REFERENCE, candidate);
    for part in Part::ALL {
        let method = Method::FULL.without(part);
        let design = compose(bench, method, &start, network, inputs)?;
        let trained = through(&format!("without-{}", part.name()), method, &design)?;
        push(Group::LeaveOneOut, part.name(), with_scales(bench, method, &design, trained)?.0);
    }
    for (part, candidate) in replaced(bench, network, inputs, &start, through, choices)? {
        push(Group::Replaced, part.name(), candidate);
    }
    Ok(start)
}

/// The digital network after the further epochs of the ablation, by their recipe, with a teacher or
/// without.
fn short_control(
    bench: &Bench<'_>,
    recipe: &Recipe,
    digital: &Digital,
    distilled: bool,
) -> Result<Trained, StudyError> {
    let mut recipe = recipe.clone();
    let stage = if distilled { "add-distillation" } else { "short-control" };
    if !distilled {
        recipe.distillation = 0.0;
    }
    as_numbers(bench, stage, &recipe, digital, "ablation")
}
