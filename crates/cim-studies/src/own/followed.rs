//! A search, shown and timed as stages of a run.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cim_chip::Follow;
use cim_report::Timing;

use crate::context::{Context, Steps};
use crate::shared::stages::Stages;

/// Shows every stage of a search and times it.
pub struct Followed<'c> {
    context: &'c Context<'c>,
    now: Mutex<Now<'c>>,
}

struct Now<'c> {
    stages: Stages<'c>,
    /// The stage that is not over, and its steps.
    open: Option<(&'static str, Box<dyn Steps>)>,
}

impl Now<'_> {
    fn ends(&mut self) {
        if let Some((stage, steps)) = self.open.take() {
            drop(steps);
            self.stages.lap(stage);
        }
    }
}

impl<'c> Followed<'c> {
    /// Nothing has begun.
    pub fn new(context: &'c Context<'c>) -> Self {
        Self { context, now: Mutex::new(Now { stages: Stages::new(context), open: None }) }
    }

    /// How long each stage took.
    pub fn into_timing(self) -> Timing {
        let mut now = self.now.into_inner().unwrap_or_else(PoisonError::into_inner);
        now.ends();
        now.stages.into_timing(Timing::default())
    }

    /// Who shows steps may end the search there: what it leaves is whole.
    fn now(&self) -> MutexGuard<'_, Now<'c>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follow for Followed<'_> {
    fn begins(&self, stage: &'static str, steps: usize) {
        let mut now = self.now();
        now.ends();
        now.open = Some((stage, self.context.progress.begin(stage, steps)));
    }

    fn step(&self) {
        if let Some((_, steps)) = &self.now().open {
            steps.step(1);
        }
    }
}
