//! Networks as numbers: the digital one, and controls that train as long as what they are compared with.

use cim_nn::{Answers, Network, Recipe, Teacher};

use crate::error::StudyError;
use crate::paper::bench::Bench;
use crate::paper::spec::Spec;
use crate::shared::epoch::Epoch;
use crate::shared::training::{Run, Trained, digital_paths};

/// The digital network: where everything else starts from, and the teacher of all of it.
pub struct Digital {
    /// The network; batch norms behind products are folded, as they will be mapped.
    pub network: Network,
    /// Its training, on the held-out images.
    pub history: Vec<Epoch>,
    /// What it answers, where that was asked beforehand.
    answers: Option<Answers>,
}

impl Digital {
    /// Trains it, and asks it for its answers where that costs less than asking in every epoch.
    ///
    /// # Errors
    /// Those of training.
    pub fn train(bench: &Bench<'_>) -> Result<Self, StudyError> {
        let start = bench.spec.network.build(bench.at.child("init", 0))?;
        let (recipe, paths) = (&bench.spec.training.digital, digital_paths(&start));
        let at = bench.at.child("train", 0);
        let stage = format!("{}-digital", bench.name);
        let run = Run { stage, recipe, start: &start, paths, teacher: None, at };
        let trained = bench.training.train(run, Some(&bench.learning.holdout))?;
        let network = trained.state.network.folded();
        let data = &bench.learning.data;
        let answers = asked_beforehand(bench.spec).map(|reach| Answers::of(&network, data, reach));
        Ok(Self { answers: answers.transpose()?, history: trained.history, network })
    }

    /// Who answers.
    pub fn teacher(&self) -> Teacher<'_> {
        self.answers.as_ref().map_or(Teacher::Asked(&self.network), Teacher::Known)
    }
}

/// How far images are moved where a teacher answers, if a pass for every shift is less than one for every
/// epoch.
fn asked_beforehand(spec: &Spec) -> Option<u8> {
    let training = &spec.training;
    let recipes = [&training.further, &training.bits, &training.ablation];
    let taught = recipes.into_iter().filter(|recipe| recipe.distillation > 0.0);
    let reach = taught.map(|recipe| recipe.max_shift).max()?;
    let passes = (2 * u64::from(reach) + 1).pow(2);
    let epochs = spec.epochs_of_a_network() - training.digital.epochs;
    u8::try_from(reach).ok().filter(|_| passes <= epochs as u64)
}

/// The digital network after the further epochs of the full method, with its recipe and its teacher.
pub fn control(bench: &Bench<'_>, digital: &Digital) -> Result<Trained, StudyError> {
    let recipe = &bench.spec.training.further;
    as_numbers(bench, "control", recipe, digital, "further")
}

/// The digital network after the further epochs of the ablation, with a teacher or without.
pub fn short_control(
    bench: &Bench<'_>,
    digital: &Digital,
    distilled: bool,
) -> Result<Trained, StudyError> {
    let mut recipe: Recipe = bench.spec.training.ablation.clone();
    let stage = if distilled { "add-distillation" } else { "short-control" };
    if !distilled {
        recipe.distillation = 0.0;
    }
    as_numbers(bench, stage, &recipe, digital, "ablation")
}

fn as_numbers(
    bench: &Bench<'_>,
    stage: &str,
    recipe: &Recipe,
    digital: &Digital,
    at: &'static str,
) -> Result<Trained, StudyError> {
    let (start, paths) = (&digital.network, digital_paths(&digital.network));
    bench.train(stage, recipe, start, paths, Some(digital.teacher()), bench.at.child(at, 0))
}
