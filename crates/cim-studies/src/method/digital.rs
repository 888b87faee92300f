//! Networks as numbers: the digital one, and controls that train as long as what they are compared with.

use cim_nn::{Answers, Network, Recipe, Teacher};

use crate::error::StudyError;
use crate::method::bench::Bench;
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
        let start = bench.job.network.build(bench.at.child("init", 0))?;
        let (recipe, paths) = (&bench.job.digital, digital_paths(&start));
        let at = bench.at.child("train", 0);
        let stage = format!("{}-digital", bench.name);
        let run = Run { stage, recipe, start: &start, paths, teacher: None, at };
        let trained = bench.training.train(run, Some(&bench.learning.holdout))?;
        let network = trained.state.network.folded();
        let data = &bench.learning.data;
        let answers = bench.job.asking.beforehand().map(|reach| Answers::of(&network, data, reach));
        Ok(Self { answers: answers.transpose()?, history: trained.history, network })
    }

    /// Who answers.
    pub fn teacher(&self) -> Teacher<'_> {
        self.answers.as_ref().map_or(Teacher::Asked(&self.network), Teacher::Known)
    }
}

/// The digital network after the further epochs of the full method, with its recipe and its teacher.
pub fn control(bench: &Bench<'_>, digital: &Digital) -> Result<Trained, StudyError> {
    as_numbers(bench, "control", &bench.job.further, digital, "further")
}

/// The digital network after further epochs as numbers, with its answers as far as the recipe wants them;
/// draws are at `at` below the bench.
pub fn as_numbers(
    bench: &Bench<'_>,
    stage: &str,
    recipe: &Recipe,
    digital: &Digital,
    at: &'static str,
) -> Result<Trained, StudyError> {
    let (start, paths) = (&digital.network, digital_paths(&digital.network));
    bench.train(stage, recipe, start, paths, Some(digital.teacher()), bench.at.child(at, 0))
}
