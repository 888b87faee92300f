//! Prints the table in `src/models/synaptogen/ladder.rs`: mean and standard deviation of four million
//! cells that were set and then reset once, at one voltage after the other.
//!
//! A partial reset ends where its voltage says, whatever smaller ones came before, so that one ladder
//! of voltages does for all of them. Takes about half a minute:
//! `cargo run --release -p cim-device --example synaptogen_ladder`.

#![expect(clippy::print_stdout, reason = "this is what it is for")]

use cim_core::Stream;
use cim_device::SynaptogenSpec;

const ARRAYS: u64 = 4;

fn main() {
    let model = SynaptogenSpec::PUBLISHED.build().expect("the published model");
    let voltages: Vec<f64> = (60..=146).map(|k| f64::from(k) / 100.0).collect();
    let mut sums = vec![[0.0; 2]; voltages.len()];
    for array in 0..ARRAYS {
        let mut cells = model.cells(1000, 1000, Stream::root(1).child("array", array));
        cells.pulse_all(-2.0);
        for (&volt, sums) in voltages.iter().zip(&mut sums) {
            cells.pulse_all(volt);
            for g_s in &cells.conductances() {
                let g_us = 1e6 * g_s;
                sums[0] += g_us;
                sums[1] += g_us * g_us;
            }
        }
    }
    let n = 1e6 * ARRAYS as f64;
    for (volt, [sum, square]) in voltages.iter().zip(sums) {
        let mean = sum / n;
        println!("    ({volt:.2}, {mean:.3}, {:.3}),", (square / n - mean * mean).sqrt());
    }
}
