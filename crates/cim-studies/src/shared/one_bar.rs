//! Stages that run side by side, shown as one.

use std::sync::Arc;

use crate::context::{Context, Progress, Steps};

/// Progress of stages that run side by side: their steps are steps of one stage.
pub struct OneBar(Arc<dyn Steps>);

impl OneBar {
    /// One stage called `label`, of `steps` steps of all stages together.
    pub fn new(context: &Context<'_>, label: &str, steps: usize) -> Self {
        Self(context.progress.begin(label, steps).into())
    }
}

impl Progress for OneBar {
    fn begin(&self, _label: &str, _steps: usize) -> Box<dyn Steps> {
        Box::new(Shared(Arc::clone(&self.0)))
    }
}

struct Shared(Arc<dyn Steps>);

impl Steps for Shared {
    fn step(&self, steps: usize) {
        self.0.step(steps);
    }

    fn say(&self, words: &str) {
        self.0.say(words);
    }
}
