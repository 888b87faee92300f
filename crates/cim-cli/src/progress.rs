//! Progress on a terminal; silence elsewhere.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cim_report::duration::{duration, left};
use cim_studies::{Clock, Progress, Steps};
use indicatif::{ProgressBar, ProgressStyle};

/// One row of at most the terminal's width: what comes last is cut off first, as a row that wraps would
/// leave its first part behind when it is drawn again.
const ROW: &str = "{prefix:.22} {bar:12} {pos}/{len} {wide_msg}";

/// A bar of `len` steps called `label`; hidden where stderr is no terminal.
pub fn bar(label: &str, len: usize) -> ProgressBar {
    let bar = ProgressBar::new(len as u64);
    if let Ok(style) = ProgressStyle::with_template(ROW) {
        bar.set_style(style);
    }
    bar.set_prefix(label.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Shows every stage of a study as a bar, one at a time.
pub struct Bars {
    start: Watch,
    /// What the whole run takes on two cores (s), as far as the study says.
    about_s: Option<u32>,
}

impl Bars {
    /// The run begins now; it takes `about_s` seconds if it is as its study says.
    pub fn start(about_s: Option<u32>) -> Self {
        Self { start: Watch::start(), about_s }
    }
}

/// A bar that goes away when its stage ends.
struct Bar {
    bar: ProgressBar,
    stage: Watch,
    /// Seconds of the run at which the stage began.
    before_s: f64,
    about_s: Option<u32>,
    /// Steps that were done before the stage began, of a run that is resumed.
    first: AtomicU64,
    words: Mutex<String>,
}

impl Progress for Bars {
    fn begin(&self, label: &str, steps: usize) -> Box<dyn Steps> {
        let bar = Bar {
            bar: bar(label, steps),
            stage: Watch::start(),
            before_s: self.start.seconds(),
            about_s: self.about_s,
            first: AtomicU64::new(0),
            words: Mutex::default(),
        };
        bar.show();
        Box::new(bar)
    }
}

impl Bar {
    /// Time left in the stage by its steps so far, time of the run, and words. All of it is as of the
    /// last step: a run that is stopped for a night does not count on.
    fn show(&self) {
        let stage_s = self.stage.seconds();
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let left = left(stage_s, self.first.load(Ordering::Relaxed), done, all);
        let of = self
            .about_s
            .map_or_else(String::new, |about| format!(" of about {}", duration(f64::from(about))));
        let run = format!("run {}{of}", duration(self.before_s + stage_s));
        let words = self.words.lock().map_or_else(|_| String::new(), |words| words.clone());
        let parts = [left, run, words];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        self.bar.set_message(parts.join(" · "));
    }
}

impl Steps for Bar {
    fn step(&self, steps: usize) {
        /// Within it nothing is done: such steps were taken up.
        const INSTANT_S: f64 = 0.05;
        if self.stage.seconds() < INSTANT_S {
            self.first.fetch_add(steps as u64, Ordering::Relaxed);
        }
        self.bar.inc(steps as u64);
        self.show();
    }

    fn say(&self, words: &str) {
        if let Ok(mut said) = self.words.lock() {
            words.clone_into(&mut said);
        }
        self.show();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
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

#[cfg(test)]
mod tests {
    /// The fixed parts of a row fit a narrow terminal, so that only the message is ever cut.
    #[test]
    fn a_row_leaves_room_for_the_time_at_sixty_columns() {
        let fixed = 22 + 1 + 12 + 1 + "1000/1000".len() + 1;
        assert!(fixed + "59 min left".len() <= 60);
    }
}
