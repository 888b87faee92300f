//! Progress on a terminal; silence elsewhere.

use std::time::{Duration, Instant};

use cim_studies::{Clock, Progress, Steps};
use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `len` steps called `label`, with the time left; hidden where stderr is no terminal.
pub fn bar(label: &str, len: usize) -> ProgressBar {
    let bar = ProgressBar::new(len as u64);
    let style = ProgressStyle::with_template("{prefix:24} {bar:28} {pos}/{len}  {eta} left  {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_prefix(label.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Shows every stage of a study as a bar.
pub struct Bars;

/// A bar that goes away when its stage ends.
struct Bar(ProgressBar);

impl Progress for Bars {
    fn begin(&self, label: &str, steps: usize) -> Box<dyn Steps> {
        Box::new(Bar(bar(label, steps)))
    }
}

impl Steps for Bar {
    fn step(&self, steps: usize) {
        self.0.inc(steps as u64);
    }

    fn say(&self, words: &str) {
        self.0.set_message(words.to_owned());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The computer's clock.
pub struct Watch(Instant);

impl Watch {
    /// Counts from now on.
    #[expect(clippy::disallowed_methods, reason = "the command line times its stages")]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Watch {
    fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
