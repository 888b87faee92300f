//! End-to-end speed as ratios within one run: `cargo xtask bench`.
//!
//! Prints the ratios and writes them to `benches/ratios.json`. Every case is timed in turn, again
//! and again, in one process; a ratio is the median over the rounds. `cargo xtask bench PART …` measures the
//! named parts alone and writes nothing.

#![expect(clippy::print_stdout, reason = "a command-line tool talks")]

mod alone;
mod cholesky;
mod devices;
mod digital;
mod fixture;
mod foreign;
mod inference;
mod normals;
mod programming;
mod sliced;
mod training;
mod wires;

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

/// What is committed. Times are absolute only where the name says so.
#[derive(Serialize)]
struct Ratios {
    /// Time of noisy analog inference per time of plain products, on one thread and on two.
    #[serde(skip_serializing_if = "Option::is_none")]
    inference: Option<[inference::Ratios; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sliced: Option<sliced::Ratios>,
    /// Time of a perceptron as `cim eval` runs it per time of the main job's, on one thread and on two.
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign: Option<[foreign::Ratios; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    normals: Option<normals::Ratios>,
    #[serde(skip_serializing_if = "Option::is_none")]
    devices: Option<devices::Ratios>,
    #[serde(skip_serializing_if = "Option::is_none")]
    programming: Option<programming::Ratios>,
    #[serde(skip_serializing_if = "Option::is_none")]
    training: Option<training::Ratios>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wires: Option<wires::Ratios>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cholesky: Option<cholesky::Ratios>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alone: Option<alone::Alone>,
}

const PARTS: [&str; 10] = [
    "inference",
    "sliced",
    "foreign",
    "normals",
    "devices",
    "programming",
    "training",
    "wires",
    "cholesky",
    "alone",
];

fn main() -> ExitCode {
    let named: Vec<String> = std::env::args().skip(1).collect();
    if named == [alone::ARGUMENT] {
        print!("{}", serde_json::to_string(&alone::run()).expect("plain numbers"));
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = named.iter().find(|name| !PARTS.contains(&name.as_str())) {
        println!("no part {unknown} among {}", PARTS.join(", "));
        return ExitCode::FAILURE;
    }
    let asked = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    let ratios = Ratios {
        inference: asked("inference").then(|| [1, 2].map(inference::measure)),
        sliced: asked("sliced").then(sliced::measure),
        foreign: asked("foreign").then(|| [1, 2].map(foreign::measure)),
        normals: asked("normals").then(normals::measure),
        devices: asked("devices").then(devices::measure),
        programming: asked("programming").then(programming::measure),
        training: asked("training").then(training::measure),
        wires: asked("wires").then(wires::measure),
        cholesky: asked("cholesky").then(cholesky::measure),
        alone: asked("alone").then(alone::measure),
    };
    let text = serde_json::to_string_pretty(&ratios).expect("plain numbers") + "\n";
    print!("{text}");
    if !named.is_empty() {
        return ExitCode::SUCCESS;
    }
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
