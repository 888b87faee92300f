//! Progress on a terminal; silence elsewhere.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

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

/// What is left of a stage at the pace so far; nothing before its first step.
fn left(stage_s: f64, first: u64, done: u64, all: u64) -> String {
    let (since, to_do) = (done.saturating_sub(first), all.saturating_sub(done));
    if since == 0 || to_do == 0 {
        return String::new();
    }
    format!("{} left", duration(stage_s * to_do as f64 / since as f64))
}

/// Seconds in two units at most.
fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..600 => format!("{} min {} s", seconds / 60, seconds % 60),
        600..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
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
    use super::*;

    #[test]
    fn what_is_left_goes_by_the_steps_that_were_done_in_this_run() {
        assert_eq!(left(100.0, 0, 2, 10), "6 min 40 s left");
        // Eight of ten were taken up from a checkpoint.
        assert_eq!(left(100.0, 8, 9, 10), "1 min 40 s left");
        assert_eq!(left(0.0, 8, 8, 10), "");
        assert_eq!(left(100.0, 0, 10, 10), "");
    }

    #[test]
    fn times_are_said_in_two_units_at_most() {
        for (seconds, said) in [
            (0.4, "0 s"),
            (59.0, "59 s"),
            (61.0, "1 min 1 s"),
            (3000.0, "50 min"),
            (9000.0, "2 h 30 min"),
        ] {
            assert_eq!(duration(seconds), said);
        }
    }

    /// The fixed parts of a row fit a narrow terminal, so that only the message is ever cut.
    #[test]
    fn a_row_leaves_room_for_the_time_at_sixty_columns() {
        let fixed = 22 + 1 + 12 + 1 + "1000/1000".len() + 1;
        assert!(fixed + "59 min left".len() <= 60);
    }
}
