//! How long the stages of an experiment take.

use std::time::Instant;

use cim_report::Stage;

/// A clock of stages.
pub struct Clock {
    start: Instant,
    last: Instant,
    stages: Vec<Stage>,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the command line times its stages")]
    pub fn now() -> Instant {
        Instant::now()
    }

    pub fn new() -> Self {
        Self { start: Self::now(), last: Self::now(), stages: Vec::new() }
    }

    /// Ends a stage.
    pub fn lap(&mut self, name: &str) {
        let now = Self::now();
        let seconds = (now - self.last).as_secs_f64();
        self.stages.push(Stage { name: name.to_owned(), seconds });
        self.last = now;
    }

    /// Time of the stages whose names begin with `prefix` (s).
    pub fn seconds_of(&self, prefix: &str) -> f64 {
        self.stages.iter().filter(|s| s.name.starts_with(prefix)).map(|s| s.seconds).sum()
    }

    /// Time from the start to the end of the last stage (s).
    pub fn total(&self) -> f64 {
        (self.last - self.start).as_secs_f64()
    }

    /// The stages in order.
    pub fn into_stages(self) -> Vec<Stage> {
        self.stages
    }
}
