//! What a study is handed from outside: threads, a clock, progress, a place for checkpoints, a simulator
//! of circuits.

use std::io;

use thiserror::Error;

/// Surroundings of a run. Nothing in it changes what is found, but for figures that are times, and those
/// that need a simulator of circuits.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where checkpoints are kept.
    pub store: &'a dyn Store,
    /// Who is told how far the run is.
    pub progress: &'a dyn Progress,
    /// What stages are timed with.
    pub clock: &'a dyn Clock,
    /// An independent judge of circuits.
    pub simulator: &'a dyn Simulator,
    /// Worker threads, for the timing only.
    pub threads: usize,
}

/// A simulator of circuits outside of this program, such as ngspice. Libraries start no processes.
pub trait Simulator: Sync {
    /// All that it prints for a netlist in the language of SPICE; none where there is no such program.
    fn run(&self, netlist: &str) -> Option<String>;
}

/// No simulator: figures that need one are left out.
pub struct NoSimulator;

impl Simulator for NoSimulator {
    fn run(&self, _netlist: &str) -> Option<String> {
        None
    }
}

/// No place for checkpoints: nothing is kept, nothing taken up.
pub struct NoStore;

impl Store for NoStore {
    fn names(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn load(&self, _name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    fn save(&self, _name: &str, _bytes: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }

    fn place(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// A clock. Libraries have none of their own.
pub trait Clock: Sync {
    /// Seconds since any fixed moment, never falling.
    fn seconds(&self) -> f64;
}

/// Is told how far a run is.
pub trait Progress: Sync {
    /// A stage of `steps` steps begins; it ends when what is returned is dropped.
    fn begin(&self, label: &str, steps: usize) -> Box<dyn Steps>;
}

/// Steps of a stage.
pub trait Steps: Sync + Send {
    /// One or more steps are done.
    fn step(&self, steps: usize);

    /// Something worth reading beside the steps.
    fn say(&self, words: &str);
}

/// Keeps checkpoints by name, as bytes, whole or not at all.
pub trait Store: Sync {
    /// The checkpoints to be taken up, by name in any order; none unless the run is resumed.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be found out.
    fn names(&self) -> Result<Vec<String>, StoreError>;

    /// The checkpoint called `name`, if the run is resumed and there is one.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps a checkpoint, in place of one with this name.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be kept.
    fn save(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// What the checkpoint called `name` is called in messages, such as its path.
    fn place(&self, name: &str) -> String;
}

/// Why a checkpoint was not kept or taken up.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The place cannot be read.
    #[error("cannot read {place}: {reason}")]
    Read {
        /// Which checkpoint or folder.
        place: String,
        /// Why.
        reason: io::Error,
    },
    /// The place cannot be written.
    #[error("cannot write {place}: {reason}")]
    Write {
        /// Which checkpoint or folder.
        place: String,
        /// Why.
        reason: io::Error,
    },
    /// It is no checkpoint for us.
    #[error("{place}: {reason}")]
    Broken {
        /// Which checkpoint.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is of another run.
    #[error("{place} belongs to a run with another seed, preset, data set or version of cim")]
    Other {
        /// Which checkpoint.
        place: String,
    },
}
