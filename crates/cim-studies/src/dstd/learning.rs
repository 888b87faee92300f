//! Networks that answer by the first spike: trained with rails, and without.

use cim_core::Stream;
use cim_dynamics::Membrane;
use cim_dynamics::ttfs::{
    Images, Network, Recipe, Score, Shape, Start, TrainState, Trainer, score,
};

use super::data::ImageSets;
use super::measured::{AtRails, Trained};
use super::spec::Spec;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::checkpoints::Checkpoints;
use crate::shared::epoch::Epoch;

/// Trainings of this study, kept epoch by epoch.
pub struct Learning<'a> {
    spec: &'a Spec,
    sets: &'a ImageSets,
    context: &'a Context<'a>,
    checkpoints: Checkpoints<'a, TrainState>,
    root: Stream,
}

/// What one run is of.
struct Run<'a> {
    stage: String,
    membrane: Membrane,
    layers: &'a [(Shape, Start)],
    recipe: Recipe,
    images: Images<'a>,
}

impl<'a> Learning<'a> {
    /// Checkpoints that would be taken up are looked at now.
    pub fn begin(
        spec: &'a Spec,
        sets: &'a ImageSets,
        context: &'a Context<'a>,
        root: Stream,
    ) -> Result<Self, StudyError> {
        let checkpoints = Checkpoints::open(context, sets.sha256(), &spec.trained_by())?;
        Ok(Self { spec, sets, context, checkpoints, root })
    }

    /// The network of the study, in the membrane of the preset with rails of its own.
    pub fn network(&self) -> Result<Trained, StudyError> {
        let layers = self.spec.layers(self.sets.frame);
        let run = Run {
            stage: "network".to_owned(),
            membrane: self.spec.with_rails(self.spec.learning.rails)?,
            layers: &layers,
            recipe: self.spec.learning.recipe,
            images: self.sets.learned(self.spec, usize::MAX)?,
        };
        let (network, history) = self.train(run)?;
        let test = self.sets.tested()?;
        let tested = self.spec.learning.test_per_window.iter();
        let tested =
            tested.map(|&per_window| Ok((per_window, score(&network, &test, per_window)?)));
        Ok(Trained { history, tested: tested.collect::<Result<_, StudyError>>()? })
    }

    /// The test set against the distance of the rails, and by the ideal network without any.
    pub fn rails(&self) -> Result<(Vec<AtRails>, Score), StudyError> {
        let layers = self.spec.rails_layers(self.sets.frame);
        let of = |rails: f64, stage: String| {
            let images = self.sets.learned(self.spec, self.spec.rails.images)?;
            let recipe = self.spec.rails_recipe();
            let membrane = self.spec.with_rails(rails)?;
            let run = Run { stage, membrane, layers: &layers, recipe, images };
            Ok::<_, StudyError>(self.train(run)?.0)
        };
        let test = self.sets.tested()?;
        let per_window = *self.spec.learning.test_per_window.last().expect("checked: not empty");
        let tested = |network: &Network| Ok::<_, StudyError>(score(network, &test, per_window)?);
        let ideal = of(f64::INFINITY, "ideal".to_owned())?;
        let each = self.spec.rails.thresholds.iter().map(|&thresholds| {
            let membrane = self.spec.with_rails(thresholds)?;
            let physical = of(thresholds, format!("rails-{thresholds}"))?;
            Ok(AtRails {
                thresholds,
                ideal: tested(&ideal.in_membrane(membrane))?,
                physical: tested(&physical)?,
            })
        });
        Ok((each.collect::<Result<_, StudyError>>()?, tested(&ideal)?))
    }

    /// Trains to the end of the recipe, saving after every epoch. Images held out are looked at for the
    /// history only.
    fn train(&self, run: Run<'_>) -> Result<(Network, Vec<Epoch>), StudyError> {
        let Run { stage, membrane, layers, recipe, images } = run;
        let start = Network::new(membrane, layers, self.root.child("init", 0))?;
        let at = self.root.child("train", 0);
        let (mut trainer, mut history) = match self.checkpoints.load(&stage)? {
            Some(saved) => {
                let trainer = Trainer::resume(recipe, start, saved.state, at)
                    .map_err(|error| self.checkpoints.misfit(&stage, &error.to_string()))?;
                (trainer, saved.history)
            }
            None => (Trainer::new(recipe, start, at)?, Vec::new()),
        };
        let held_out = self.sets.held_out(self.spec)?;
        let steps = self.context.progress.begin(&format!("train {stage}"), recipe.epochs);
        steps.step(trainer.epochs_done());
        while !trainer.is_done() {
            let found = trainer.epoch(&images)?;
            let accuracy = score(trainer.network(), &held_out, 2 * recipe.per_window)?.accuracy();
            let epoch = Epoch { epoch: trainer.epochs_done(), loss: found.loss, accuracy };
            history.push(epoch);
            self.checkpoints.save(&stage, &trainer.state(), &history)?;
            steps.step(1);
            steps.say(&format!("loss {:.4}  held out {:.2} %", found.loss, 100.0 * accuracy));
            tracing::info!(stage, epoch = epoch.epoch, found.loss, accuracy);
        }
        Ok((trainer.network().clone(), history))
    }
}
