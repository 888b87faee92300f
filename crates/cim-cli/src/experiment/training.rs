//! Training runs with progress, checkpoints and resumption.

use std::path::{Path, PathBuf};

use cim_core::Stream;
use cim_nn::{Dataset, LayerPath, Network, Recipe, TrainState, Trainer};
use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::files::{read_checkpoint, write_checkpoint};
use crate::progress;

/// One epoch of training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Mean loss over the training set (nats).
    pub loss: f64,
    /// Fraction classified correctly after the epoch.
    pub accuracy: f64,
}

/// Where checkpoints of a run live and whether they are taken up again.
pub struct Checkpoints {
    folder: PathBuf,
    resume: bool,
    fingerprint: String,
}

/// What a checkpoint holds.
#[derive(Serialize, Deserialize)]
struct Saved {
    /// What the run was asked for: a checkpoint of another question is not taken up.
    fingerprint: String,
    history: Vec<Epoch>,
    state: TrainState,
}

impl Checkpoints {
    /// Checkpoints below `out`; `fingerprint` tells runs of different questions apart.
    pub fn new(out: &Path, resume: bool, fingerprint: String) -> Self {
        Self { folder: out.join("checkpoints"), resume, fingerprint }
    }

    fn path(&self, stage: &str) -> PathBuf {
        self.folder.join(format!("{stage}.ckpt"))
    }

    fn load(&self, stage: &str) -> Result<Option<Saved>, CliError> {
        let path = self.path(stage);
        if !self.resume || !path.exists() {
            return Ok(None);
        }
        let saved: Saved = read_checkpoint(&path)?;
        if saved.fingerprint == self.fingerprint {
            return Ok(Some(saved));
        }
        Err(CliError::Usage {
            what: format!(
                "{} belongs to a run with another seed, preset or data set",
                path.display()
            ),
            help: "run without --resume, or with the options of the earlier run".into(),
        })
    }

    fn save(&self, stage: &str, state: &TrainState, history: &[Epoch]) -> Result<(), CliError> {
        std::fs::create_dir_all(&self.folder).map_err(|error| CliError::Usage {
            what: format!("cannot make the folder {}: {error}", self.folder.display()),
            help: "choose a folder that can be written with --out".into(),
        })?;
        let saved = Saved {
            fingerprint: self.fingerprint.clone(),
            history: history.to_vec(),
            state: state.clone(),
        };
        Ok(write_checkpoint(&self.path(stage), &saved)?)
    }
}

/// One training run.
pub struct Run<'a> {
    pub stage: String,
    pub recipe: &'a Recipe,
    pub start: &'a Network,
    pub paths: Vec<LayerPath>,
    pub teacher: Option<&'a Network>,
    pub at: Stream,
}

/// What a run ended with.
pub struct Trained {
    pub state: TrainState,
    pub history: Vec<Epoch>,
}

/// Trains to the end of the recipe, saving after every epoch. `test` is looked at after each epoch
/// for the history only; nothing is chosen by it.
pub fn train(
    run: Run<'_>,
    data: &Dataset,
    test: Option<&Dataset>,
    checkpoints: &Checkpoints,
) -> Result<Trained, CliError> {
    let Run { stage, recipe, start, paths, teacher, at } = run;
    let (mut trainer, mut history) = match checkpoints.load(&stage)? {
        Some(saved) => (Trainer::resume(recipe, saved.state, paths, teacher, at)?, saved.history),
        None => (Trainer::new(recipe, start.clone(), paths, teacher, at)?, Vec::new()),
    };
    let bar = progress::bar(&format!("train {stage}"), recipe.epochs);
    bar.set_position(trainer.state().epochs_done as u64);
    while !trainer.is_done() {
        let epoch = trainer.epoch(data)?;
        let accuracy = test.map_or(epoch.train_accuracy, |test| trainer.digital_accuracy(test));
        history.push(Epoch { epoch: trainer.state().epochs_done, loss: epoch.loss, accuracy });
        checkpoints.save(&stage, trainer.state(), &history)?;
        bar.inc(1);
        bar.set_message(format!("loss {:.4}  accuracy {:.2} %", epoch.loss, 100.0 * accuracy));
        tracing::info!(stage, epoch = trainer.state().epochs_done, epoch.loss, accuracy);
    }
    bar.finish_and_clear();
    Ok(Trained { state: trainer.into_state(), history })
}

/// Trains a perceptron of `widths` from its start, digitally.
pub fn train_digital(
    widths: &[usize],
    recipe: &Recipe,
    data: &Dataset,
    test: &Dataset,
    checkpoints: &Checkpoints,
    root: Stream,
) -> Result<Trained, CliError> {
    let start = Network::new(widths, root.child("init", 0))?;
    let paths =
        start.layers().iter().map(|l| LayerPath::digital(l.weights.nrows(), l.weights.ncols()));
    let run = Run {
        stage: "digital".into(),
        recipe,
        start: &start,
        paths: paths.collect(),
        teacher: None,
        at: root.child("train", 0),
    };
    train(run, data, Some(test), checkpoints)
}
