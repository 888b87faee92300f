//! How long the stages of a study take.

use cim_report::{Stage, Timing};

use crate::context::{Clock, Context};

/// A clock of stages.
pub struct Stages<'a> {
    clock: &'a dyn Clock,
    threads: usize,
    start_s: f64,
    last_s: f64,
    stages: Vec<Stage>,
}

impl<'a> Stages<'a> {
    /// The first stage begins.
    pub fn new(context: &Context<'a>) -> Self {
        let now_s = context.clock.seconds();
        let (clock, threads) = (context.clock, context.threads);
        Self { clock, threads, start_s: now_s, last_s: now_s, stages: Vec::new() }
    }

    /// Ends a stage.
    pub fn lap(&mut self, name: &str) {
        let now_s = self.clock.seconds();
        self.stages.push(Stage { name: name.to_owned(), seconds: now_s - self.last_s });
        self.last_s = now_s;
    }

    /// The stages in order, those whose names begin with "train" also as one sum; `more` holds what
    /// else was timed.
    pub fn into_timing(self, more: Timing) -> Timing {
        let training = self.stages.iter().filter(|stage| stage.name.starts_with("train"));
        Timing {
            total_s: self.last_s - self.start_s,
            train_s: training.fold(0.0, |sum, stage| sum + stage.seconds),
            threads: self.threads,
            stages: self.stages,
            ..more
        }
    }
}
