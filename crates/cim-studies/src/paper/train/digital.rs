//! Networks as numbers: the digital one, and controls that train as long as what they are compared with.

use cim_nn::{Network, Recipe};

use crate::error::StudyError;
use crate::paper::bench::Bench;
use crate::shared::training::{Trained, digital_paths};

/// The digital network: batch norms behind products are folded, as they will be mapped.
pub fn digital(bench: &Bench<'_>) -> Result<Trained, StudyError> {
    let start = bench.spec.network.build(bench.at.child("init", 0))?;
    let (recipe, paths) = (&bench.spec.training.digital, digital_paths(&start));
    let at = bench.at.child("train", 0);
    let mut trained = bench.train("digital", recipe, &start, paths, None, at)?;
    trained.state.network = trained.state.network.folded();
    Ok(trained)
}

/// The digital network after the further epochs of the full method, with its recipe and its teacher.
pub fn control(bench: &Bench<'_>, digital: &Network) -> Result<Trained, StudyError> {
    let recipe = &bench.spec.training.further;
    let at = bench.at.child("further", 0);
    bench.train("control", recipe, digital, digital_paths(digital), Some(digital), at)
}

/// The digital network after the further epochs of the ablation, with a teacher or without.
pub fn short_control(
    bench: &Bench<'_>,
    digital: &Network,
    distilled: bool,
) -> Result<Trained, StudyError> {
    let mut recipe: Recipe = bench.spec.training.ablation.clone();
    let stage = if distilled { "add-distillation" } else { "short-control" };
    if !distilled {
        recipe.distillation = 0.0;
    }
    let at = bench.at.child("ablation", 0);
    bench.train(stage, &recipe, digital, digital_paths(digital), Some(digital), at)
}
