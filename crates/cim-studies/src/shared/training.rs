//! Training runs with progress, checkpoints and resumption.

use cim_chip::sections::NetworkSpec;
use cim_core::Stream;
use cim_nn::{
    Dataset, LayerPath, Network, Recipe, Teacher, TrainState, Trainer, WeightNoise, accuracy,
};
use serde::{Deserialize, Serialize};

use super::checkpoints::Checkpoints;
use super::epoch::Epoch;
use super::images::Images;
use crate::context::Context;
use crate::error::StudyError;

/// What all runs of a study share.
pub struct Training<'a> {
    /// Who is told.
    pub context: &'a Context<'a>,
    /// Where runs are kept.
    pub checkpoints: Checkpoints<'a>,
    /// What is learned from.
    pub data: &'a Dataset,
}

/// One training run.
pub struct Run<'a> {
    /// Name of its checkpoint.
    pub stage: String,
    /// How.
    pub recipe: &'a Recipe,
    /// From where.
    pub start: &'a Network,
    /// Through what, one for each product.
    pub paths: Vec<LayerPath>,
    /// Who answers where the recipe asks for distillation.
    pub teacher: Option<Teacher<'a>>,
    /// Address of all draws.
    pub at: Stream,
}

/// What a run ended with.
pub struct Trained {
    /// Network and learned full scales.
    pub state: TrainState,
    /// Loss and accuracy by epoch.
    pub history: Vec<Epoch>,
}

/// Recipes of a study whose only network is trained as numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsNumbersSpec {
    /// The digital network.
    pub digital: Recipe,
}

impl AsNumbersSpec {
    /// Trains the network to the end; `watched` is looked at for the history only.
    pub fn train(
        &self,
        training: &Training<'_>,
        network: &NetworkSpec,
        watched: &Dataset,
        root: Stream,
    ) -> Result<Network, StudyError> {
        Ok(training.digital(network, &self.digital, watched, root)?.state.network)
    }
}

impl<'a> Training<'a> {
    /// Training on the first set of `images`; `trained_by` is all of the specification that it depends
    /// on. Checkpoints that would be taken up are looked at now.
    pub fn begin(
        context: &'a Context<'a>,
        images: &'a Images,
        trained_by: &impl std::fmt::Debug,
    ) -> Result<Self, StudyError> {
        Self::on(context, &images.train, &images.sha256, trained_by)
    }

    /// Training on `data`, which are of the data set that `sha256` is of.
    pub fn on(
        context: &'a Context<'a>,
        data: &'a Dataset,
        sha256: &str,
        trained_by: &impl std::fmt::Debug,
    ) -> Result<Self, StudyError> {
        let checkpoints = Checkpoints::open(context, sha256, trained_by)?;
        Ok(Self { context, checkpoints, data })
    }

    /// Trains to the end of the recipe, saving after every epoch. `watched` is looked at after each
    /// epoch for the history only; nothing is chosen by it here.
    pub fn train(&self, run: Run<'_>, watched: Option<&Dataset>) -> Result<Trained, StudyError> {
        let Run { stage, recipe, start, paths, teacher, at } = run;
        let saved = self.checkpoints.load(&stage)?;
        if saved.as_ref().is_some_and(|saved| !fits(&saved.state, start, &paths)) {
            let reason = "its network is not of this run's shape";
            return Err(self.checkpoints.misfit(&stage, reason).into());
        }
        let (mut trainer, mut history) = match saved {
            Some(saved) => {
                (Trainer::resume(recipe, saved.state, paths, teacher, at)?, saved.history)
            }
            None => (Trainer::new(recipe, start.clone(), paths, teacher, at)?, Vec::new()),
        };
        let steps = self.context.progress.begin(&format!("train {stage}"), recipe.epochs);
        steps.step(trainer.state().epochs_done);
        while !trainer.is_done() {
            let epoch = trainer.epoch(self.data)?;
            let accuracy =
                watched.map_or(epoch.train_accuracy, |images| trainer.digital_accuracy(images));
            history.push(Epoch { epoch: trainer.state().epochs_done, loss: epoch.loss, accuracy });
            self.checkpoints.save(&stage, trainer.state(), &history)?;
            steps.step(1);
            steps.say(&format!("loss {:.4}  accuracy {:.2} %", epoch.loss, 100.0 * accuracy));
            tracing::info!(stage, epoch = trainer.state().epochs_done, epoch.loss, accuracy);
        }
        Ok(Trained { state: trainer.into_state(), history })
    }

    /// Trains a network from its start, digitally; batch norms behind products are folded into them
    /// in the end, as they will be mapped.
    pub fn digital(
        &self,
        network: &NetworkSpec,
        recipe: &Recipe,
        test: &Dataset,
        root: Stream,
    ) -> Result<Trained, StudyError> {
        let start = network.build(root.child("init", 0))?;
        let paths = digital_paths(&start);
        let (stage, at) = ("digital".to_owned(), root.child("train", 0));
        let run = Run { stage, recipe, start: &start, paths, teacher: None, at };
        let mut trained = self.train(run, Some(test))?;
        trained.state.network = trained.state.network.folded();
        Ok(trained)
    }

    /// Trains `start` on through `paths`, itself the teacher.
    pub fn fine_tune(
        &self,
        stage: &str,
        recipe: &Recipe,
        start: &Network,
        paths: Vec<LayerPath>,
        root: Stream,
    ) -> Result<Trained, StudyError> {
        let (stage, at) = (stage.to_owned(), root.child("fine-tune", 0));
        let teacher = Some(Teacher::Asked(start));
        self.train(Run { stage, recipe, start, paths, teacher, at }, None)
    }
}

/// The datapath of a network as numbers.
pub fn digital_paths(network: &Network) -> Vec<LayerPath> {
    let layers = network.layers().iter();
    layers.map(|l| LayerPath::digital(l.weights.nrows(), l.weights.ncols())).collect()
}

/// Gaussian noise on the weights of a path, `share` of its clip, and no other.
pub fn gaussian_weights(path: &mut LayerPath, share: f64) {
    let sigma = share as f32 * path.weight_clip;
    path.weight_noise = WeightNoise { c0: sigma * sigma, ..WeightNoise::NONE };
}

/// Accuracy of a network as numbers.
pub fn digital_accuracy(network: &Network, test: &Dataset) -> f64 {
    let (logits, _) = network.logits(&network.exact(), test);
    accuracy(logits.view(), test.labels())
}

/// Whether a saved state is of a run from `start` through `paths`.
fn fits(state: &TrainState, start: &Network, paths: &[LayerPath]) -> bool {
    let layers = state.network.layers();
    let same = |(a, b): (&cim_nn::Layer, &cim_nn::Layer)| {
        a.weights.dim() == b.weights.dim() && a.bias.len() == b.bias.len()
    };
    state.network.operations() == start.operations()
        && layers.len() == start.layers().len()
        && layers.iter().zip(start.layers()).all(same)
        && state.full_scale.len() == paths.len()
        && state.full_scale.iter().zip(paths).all(|(a, b)| a.dim() == b.full_scale.dim())
}
