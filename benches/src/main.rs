//! End-to-end speed as ratios within one run: `cargo xtask bench`.
//!
//! Prints the ratios and writes them to `benches/ratios.json`. Every case is timed in turn, again
//! and again, in one process; a ratio is the median over the rounds.

#![expect(clippy::print_stdout, reason = "a command-line tool talks")]

mod digital;
mod fixture;
mod inference;
mod normals;
mod programming;
mod training;
mod wires;

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

/// What is committed. Times are absolute only where the name says so.
#[derive(Serialize)]
struct Ratios {
    /// Time of noisy analog inference per time of plain products, on one thread and on two.
    inference: [inference::Ratios; 2],
    normals: normals::Ratios,
    programming: programming::Ratios,
    training: training::Ratios,
    wires: wires::Ratios,
}

fn main() -> ExitCode {
    let ratios = Ratios {
        inference: [inference::measure(1), inference::measure(2)],
        normals: normals::measure(),
        programming: programming::measure(),
        training: training::measure(),
        wires: wires::measure(),
    };
    let text = serde_json::to_string_pretty(&ratios).expect("plain numbers") + "\n";
    print!("{text}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ratios.json");
    match std::fs::write(&path, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("cannot write {}: {reason}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// Rounds over all cases: enough for a median that a busy neighbour does not move.
const ROUNDS: usize = 15;

/// Seconds of every case in every round, after one round of warming up.
fn rounds(cases: &mut [Box<dyn FnMut() + '_>]) -> Vec<Vec<f64>> {
    cases.iter_mut().for_each(|case| case());
    let mut seconds = vec![Vec::with_capacity(ROUNDS); cases.len()];
    for _ in 0..ROUNDS {
        for (case, seconds) in cases.iter_mut().zip(&mut seconds) {
            seconds.push(time(case));
        }
    }
    seconds
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn time(case: &mut dyn FnMut()) -> f64 {
    let start = std::time::Instant::now();
    case();
    start.elapsed().as_secs_f64()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Median over the rounds of `a` per `b`, to three digits.
fn ratio(a: &[f64], b: &[f64]) -> f64 {
    rounded(median(&a.iter().zip(b).map(|(a, b)| a / b).collect::<Vec<_>>()))
}

fn rounded(x: f64) -> f64 {
    (x * 1e3).round() / 1e3
}

/// Runs `work` on a pool of its own.
fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("a pool of threads").install(work)
}
