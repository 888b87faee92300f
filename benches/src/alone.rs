//! What a process takes that reduces an array of 1024 × 1024 and does nothing else.

use std::hint::black_box;
use std::process::Command;

use cim_crossbar::Transfer;
use serde::{Deserialize, Serialize};

use crate::wires::circuit;
use crate::{median, on_threads, rounded, time};

/// On one thread.
#[derive(Deserialize, Serialize)]
pub struct Alone {
    compile_1024_ms: f64,
    /// Most memory that was ever in use (MiB); nothing where the system does not say.
    compile_1024_mib: Option<f64>,
}

/// The argument that makes this program the process.
pub const ARGUMENT: &str = "compile-1024";

/// Runs the process.
pub fn measure() -> Alone {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).arg(ARGUMENT).output().expect("it starts");
    serde_json::from_slice(&output.stdout).expect("what it prints")
}

/// Is the process.
pub fn run() -> Alone {
    let circuit = circuit(1024, 1.0);
    let seconds = on_threads(1, || {
        let compile = || drop(black_box(Transfer::compile(&circuit).expect("compiled")));
        [(); 5].map(|()| time(&mut { compile }))
    });
    Alone { compile_1024_ms: rounded(1e3 * median(&seconds)), compile_1024_mib: most_memory_mib() }
}

fn most_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(rounded(kib / 1024.0))
}
