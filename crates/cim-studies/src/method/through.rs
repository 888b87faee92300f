//! Training through a design, with the parts of a method.

use cim_chip::{ChipDesign, LayerInputs};
use cim_core::Stream;
use cim_nn::{LayerPath, Levels, Network, Recipe, Teacher, WeightNoise};

use super::digital::Digital;
use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::part::{Method, Part};
use crate::shared::training::Trained;

/// A training run through a design.
pub struct Through<'a> {
    /// Name of its checkpoint.
    pub stage: &'a str,
    /// How.
    pub recipe: &'a Recipe,
    /// Which parts take part in training.
    pub method: Method,
    /// From where.
    pub network: &'a Network,
    /// Who answers where the method has distillation.
    pub teacher: Teacher<'a>,
    /// What drives its layers.
    pub inputs: &'a LayerInputs,
    /// Through what.
    pub design: &'a ChipDesign,
    /// Address of all draws.
    pub at: Stream,
}

impl<'a> Through<'a> {
    /// The full method for the further epochs, from the digital network on.
    pub fn further(
        bench: &'a Bench<'_>,
        digital: &'a Digital,
        inputs: &'a LayerInputs,
        design: &'a ChipDesign,
    ) -> Self {
        Self {
            stage: "full",
            recipe: &bench.job.further,
            method: Method::FULL,
            network: &digital.network,
            teacher: digital.teacher(),
            inputs,
            design,
            at: bench.at.child("further", 0),
        }
    }
}

/// Trains through the design as it is, with the parts of the method that concern training.
pub fn train(bench: &Bench<'_>, run: &Through<'_>) -> Result<Trained, StudyError> {
    let Through { stage, method, network, teacher, .. } = *run;
    let mut recipe = run.recipe.clone();
    if !method.has(Part::Distillation) {
        recipe.distillation = 0.0;
    }
    if !method.has(Part::LearnedFullScale) {
        recipe.full_scale_rate = 0.0;
    }
    let mut paths = run.design.paths(network, run.inputs)?;
    paths.iter_mut().for_each(|path| without_other_parts(path, method));
    bench.train(stage, &recipe, network, paths, Some(teacher), run.at)
}

/// Takes out of a path what the method does not have.
fn without_other_parts(path: &mut LayerPath, method: Method) {
    if !method.has(Part::Relu) {
        path.relu_sigma = 0.0;
    }
    if !method.has(Part::Noise) {
        path.weight_noise = WeightNoise::NONE;
        path.output_sigma.fill(0.0);
    }
    if !method.trains_on_codes() {
        path.output_levels = Levels::CONTINUOUS;
    }
}
