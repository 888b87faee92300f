//! Surroundings of studies under test: nothing is kept, shown or timed.

use crate::context::{Clock, Context, NoSimulator, Progress, Steps, Store, StoreError};

/// Keeps nothing, shows nothing, and knows no time.
pub struct Nowhere;

impl Nowhere {
    /// The surroundings of a run.
    pub fn context(&self) -> Context<'_> {
        Context { store: self, progress: self, clock: self, simulator: &NoSimulator, threads: 1 }
    }
}

impl Store for Nowhere {
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

impl Progress for Nowhere {
    fn begin(&self, _label: &str, _steps: usize) -> Box<dyn Steps> {
        Box::new(Self)
    }
}

impl Steps for Nowhere {
    fn step(&self, _steps: usize) {}

    fn say(&self, _words: &str) {}
}

impl Clock for Nowhere {
    fn seconds(&self) -> f64 {
        0.0
    }
}
