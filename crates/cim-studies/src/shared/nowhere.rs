//! Surroundings of studies under test: nothing is kept, shown or timed.

use crate::context::{Clock, Context, NoSimulator, NoStore, Progress, Steps};

/// Keeps nothing, shows nothing, and knows no time.
pub struct Nowhere;

impl Nowhere {
    /// The surroundings of a run.
    pub fn context(&self) -> Context<'_> {
        let simulator = &NoSimulator;
        Context { store: &NoStore, progress: self, clock: self, simulator, threads: 1 }
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
