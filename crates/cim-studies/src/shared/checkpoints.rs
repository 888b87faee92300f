//! Checkpoints of training runs: taken up only by the run that would have made them.

use std::marker::PhantomData;

use cim_nn::{TrainState, checkpoint};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::epoch::Epoch;
use crate::context::{Context, Store, StoreError};

/// Raised whenever the same specification and data would train to other numbers.
const MODEL_VERSION: u32 = 3;

/// Checkpoints of one run of a study, whose trainings have a state of type `S`.
pub struct Checkpoints<'a, S = TrainState> {
    store: &'a dyn Store,
    fingerprint: String,
    state: PhantomData<fn() -> S>,
}

/// What a checkpoint holds.
#[derive(Serialize, Deserialize)]
pub struct Saved<S = TrainState> {
    fingerprint: String,
    /// Epochs so far.
    pub history: Vec<Epoch>,
    /// Where training stopped.
    pub state: S,
}

impl<'a, S: Serialize + DeserializeOwned + Clone> Checkpoints<'a, S> {
    /// Checkpoints of a run whose training depends on `data_sha256` and `trained_by` alone. Those that
    /// would be taken up are looked at now, so that none of another run is met later.
    ///
    /// # Errors
    /// [`StoreError`] for a checkpoint that is broken or of another run.
    pub fn open(
        context: &Context<'a>,
        data_sha256: &str,
        trained_by: &impl std::fmt::Debug,
    ) -> Result<Self, StoreError> {
        Self::of_those(context, data_sha256, trained_by, |_| true)
    }

    /// As [`open`](Self::open) where a run has checkpoints of several types: only those whose names are
    /// `own` are looked at.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn of_those(
        context: &Context<'a>,
        data_sha256: &str,
        trained_by: &impl std::fmt::Debug,
        own: impl Fn(&str) -> bool,
    ) -> Result<Self, StoreError> {
        let fingerprint = format!("model {MODEL_VERSION}\ndata {data_sha256}\n{trained_by:?}");
        let checkpoints = Self { store: context.store, fingerprint, state: PhantomData };
        for name in context.store.names()? {
            if own(&name) {
                checkpoints.load(&name)?;
            }
        }
        Ok(checkpoints)
    }

    /// The checkpoint of a stage, if it is to be taken up.
    pub fn load(&self, stage: &str) -> Result<Option<Saved<S>>, StoreError> {
        let Some(bytes) = self.store.load(stage)? else { return Ok(None) };
        let place = || self.store.place(stage);
        let saved: Saved<S> = checkpoint::decode(&bytes)
            .map_err(|error| StoreError::Broken { place: place(), reason: error.to_string() })?;
        if saved.fingerprint == self.fingerprint {
            return Ok(Some(saved));
        }
        Err(StoreError::Other { place: place() })
    }

    /// Keeps where a stage is.
    pub fn save(&self, stage: &str, state: &S, history: &[Epoch]) -> Result<(), StoreError> {
        let saved = Saved {
            fingerprint: self.fingerprint.clone(),
            history: history.to_vec(),
            state: state.clone(),
        };
        let bytes = checkpoint::encode(&saved).map_err(|error| StoreError::Broken {
            place: self.store.place(stage),
            reason: error.to_string(),
        })?;
        self.store.save(stage, &bytes)
    }

    /// The error for a checkpoint that does not fit its run.
    pub fn misfit(&self, stage: &str, reason: &str) -> StoreError {
        StoreError::Broken { place: self.store.place(stage), reason: reason.to_owned() }
    }
}
