//! Figures of membranes with reversal potentials:
//! `cargo run --release -p cim-dynamics --example dstd -- [errors] [circuit] [cost] [mnist FOLDER EPOCHS]`.
//!
//! `cost` runs each solver in a process of its own, so that its peak memory is its own.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example prints and measures"
)]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/ngspice.rs"]
mod ngspice;

use std::io::Read;
use std::time::Instant;

use cim_core::{Ohms, Seconds, Stream, Volts};
use cim_dynamics::Membrane;
use cim_dynamics::membrane::circuit::CircuitSpec;
use cim_dynamics::membrane::compare::{describe, discrepancy};
use cim_dynamics::membrane::dstd::{self, Adjoints, Grid, Layer, Tape};
use cim_dynamics::membrane::netlist::Netlist;
use cim_dynamics::membrane::{exact, scan};
use cim_dynamics::ttfs::{Images, Network, Recipe, Shape, Start, Trainer, score};
use ndarray::Array2;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [] => {
            errors()?;
            circuit()?;
            cost()
        }
        ["errors"] => errors(),
        ["circuit"] => circuit(),
        ["cost"] => cost(),
        ["one", solver, inputs] => one(solver, inputs.parse()?),
        ["mnist", folder, epochs] => mnist(folder, epochs.parse()?),
        ["conv", folder, epochs] => conv(folder, epochs.parse()?),
        _ => Err("errors, circuit, cost, mnist FOLDER EPOCHS, or conv FOLDER EPOCHS".into()),
    }
}

/// Spike-time error of the grid, mean and largest, in windows.
fn errors() -> Outcome {
    println!("spike-time error of the grid, windows: mean (largest); 200 inputs, 400 neurons");
    for (rails, spread) in [(1.5, 0.3), (4.0, 0.3), (1000.0, 0.3), (4.0, 0.6), (4.0, 1.5)] {
        let membrane = Membrane::with_rails(rails)?;
        let (times, weights) = common::spread_layer(200, 400, spread, 5);
        let times: Vec<f32> = times.iter().map(|t| *t as f32).collect();
        let weights = weights.mapv(|w| w as f32);
        let double: Vec<f64> = times.iter().map(|t| f64::from(*t)).collect();
        let (want, _) =
            exact::first_spikes(&membrane, &double, weights.mapv(f64::from).view(), 1.2)?;
        print!("rails at {rails} thresholds, weights spread by {spread} of their mean:");
        for per_window in [5, 10, 20, 40, 80] {
            let mut tape = Tape::default();
            let layer = Layer::new(&membrane, Grid::new(per_window, 1.2)?, weights.view())?;
            dstd::first_spikes(&layer, &times, &mut tape)?;
            let (mut sum, mut most, mut count, mut missed) = (0.0, 0.0_f64, 0, 0);
            for (want, got) in want.time.iter().zip(&tape.time) {
                if *want >= 1.0 && *got >= 1.0 {
                    continue;
                }
                if want.is_finite() && got.is_finite() {
                    let error = (want - f64::from(*got)).abs();
                    (sum, most, count) = (sum + error, most.max(error), count + 1);
                } else if want.is_finite() != got.is_finite() {
                    missed += 1;
                }
            }
            print!("  M={per_window} {:.5} ({most:.4}) missed {missed}", sum / f64::from(count));
        }
        println!();
    }
    Ok(())
}

/// How far the ideal and the physical model are from the circuit.
fn circuit() -> Outcome {
    println!("discrepancy to the circuit, windows (root mean square), rails at 4 thresholds");
    let full = CircuitSpec {
        membrane: *Membrane::with_rails(4.0)?.spec(),
        curvature_per_v2: 0.05,
        switch: Ohms(20e3),
        offset: Volts(1.5e-3),
        delay: Seconds(2e-9),
    };
    let circuit = full.build()?;
    let (times, weights) = common::layer(100, 60, 4);
    let all = describe(&circuit, &times, weights.view(), 1.5, 300.0)?;
    let [ideal, rails, physical] =
        [&all.ideal, &all.rails, &all.physical].map(|m| discrepancy(m, &all.circuit));
    println!("Runge-Kutta: ideal {ideal:?}\n  rails {rails:?}\n  physical {physical:?}");
    println!("  ratio {:.1}, rails alone {:.1}", ideal.rms / physical.rms, ideal.rms / rails.rms);
    let (times, weights) = common::layer(40, 16, 4);
    let netlist = Netlist::new(&circuit, &times, weights.view(), 1.5, 30_000)?;
    if let Some(printed) = ngspice::run(&netlist.to_string()) {
        let spice = netlist.spike_times(&printed)?;
        let all = describe(&circuit, &times, weights.view(), 1.5, 500.0)?;
        let [ideal, rails, physical, solver] =
            [&all.ideal, &all.rails, &all.physical, &all.circuit].map(|m| discrepancy(m, &spice));
        println!("ngspice: ideal {ideal:?}\n  physical {physical:?}\n  Runge-Kutta {solver:?}");
        println!(
            "  ratio {:.1}, rails alone {:.1}",
            ideal.rms / physical.rms,
            ideal.rms / rails.rms
        );
    }
    Ok(())
}

/// Time and peak memory of a training step, each solver in a process of its own.
fn cost() -> Outcome {
    println!(
        "one training step of one sample, 1,000 neurons; memory without weights and their gradient"
    );
    for inputs in [100, 300, 1000, 3000, 6000] {
        for solver in ["naive", "scan", "dstd10", "dstd10x8", "dstd20x8", "dstd40x8"] {
            let child = std::process::Command::new(std::env::current_exe()?)
                .args(["one", solver, &inputs.to_string()])
                .output()?;
            print!("{inputs:5} {solver:7} {}", String::from_utf8_lossy(&child.stdout));
        }
    }
    Ok(())
}

fn one(solver: &str, inputs: usize) -> Outcome {
    const NEURONS: usize = 1000;
    let membrane = Membrane::with_rails(4.0)?;
    let (times, weights) = common::layer(inputs, NEURONS, 5);
    let (by_time, by_rest) = (vec![1.0; NEURONS], vec![0.0; NEURONS]);
    let (mut spent, ticks) = (Vec::new(), cpu_ticks());
    let (mut working, mut samples) = (0, 1);
    let (before, peak);
    if let Some(per_window) = solver.strip_prefix("dstd") {
        // So many samples at once; figures are of one.
        let (per_window, batch) = per_window.split_once('x').unwrap_or((per_window, "1"));
        samples = batch.parse()?;
        let times: Vec<f32> = (0..samples)
            .flat_map(|k| common::layer(inputs, 1, 5 + k as u64).0)
            .map(|t| t as f32)
            .collect();
        let weights = weights.mapv(|w| w as f32);
        let layer = Layer::new(&membrane, Grid::new(per_window.parse()?, 1.0)?, weights.view())?;
        let [by_time, by_rest] = [&by_time, &by_rest].map(|slopes| {
            let one = slopes.iter().map(|g| *g as f32);
            one.cycle().take(samples * NEURONS).collect::<Vec<f32>>()
        });
        let mut by_weight = Array2::from_elem((inputs, NEURONS), 0.0_f32);
        by_weight.fill(1e-30);
        let mut by_input = vec![0.0; samples * inputs];
        before = resident();
        let (mut tape, mut adjoints) = (Tape::default(), Adjoints::default());
        for _ in 0..30 {
            let start = Instant::now();
            dstd::first_spikes(&layer, &times, &mut tape)?;
            dstd::gradient(
                &layer,
                &tape,
                &by_time,
                &by_rest,
                &mut adjoints,
                by_weight.view_mut(),
                &mut by_input,
            )?;
            spent.push(start.elapsed().as_secs_f64());
            working = (tape.bytes() + adjoints.bytes()) / samples;
        }
        peak = resident_peak();
    } else {
        before = resident() + 8 * inputs * NEURONS;
        for _ in 0..5 {
            let start = Instant::now();
            if solver == "naive" {
                let (_, tape) = exact::first_spikes(&membrane, &times, weights.view(), 1.0)?;
                exact::gradient(&membrane, weights.view(), &tape, &by_time, &by_rest)?;
                spent.push(start.elapsed().as_secs_f64());
                working = tape.bytes();
            } else {
                let (_, tape) = scan::first_spikes(&membrane, &times, weights.view(), 1.0)?;
                scan::gradient(&membrane, weights.view(), &tape, &by_time, &by_rest)?;
                spent.push(start.elapsed().as_secs_f64());
                working = tape.bytes();
            }
        }
        peak = resident_peak();
    }
    spent.sort_by(f64::total_cmp);
    spent.iter_mut().for_each(|spent| *spent /= samples as f64);
    println!(
        "median {:9.3} ms  least {:9.3} ms  processor {:9.3} ms  working {:10.1} kB  resident {:10.1} kB",
        1e3 * spent[spent.len() / 2],
        1e3 * spent[0],
        10.0 * (cpu_ticks() - ticks) as f64 / (spent.len() * samples) as f64,
        working as f64 / 1e3,
        peak.saturating_sub(before) as f64 / samples as f64 / 1e3
    );
    Ok(())
}

/// Hundredths of a second that this process has run, all threads together.
fn cpu_ticks() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = text.rsplit(')').next().unwrap_or("");
    after.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<u64>().ok()).sum()
}

/// Bytes in memory now, and at most so far.
fn resident() -> usize {
    status("VmRSS:")
}

fn resident_peak() -> usize {
    status("VmHWM:")
}

fn status(key: &str) -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("0 kB");
    1024 * line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or(0)
}

fn idx(folder: &str, name: &str, head: usize) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let file = std::fs::File::open(format!("{folder}/{name}.gz"))?;
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes)?;
    Ok(bytes.split_off(head))
}

/// A dense network on images of 28 × 28 pixels in a folder of four IDX files.
fn mnist(folder: &str, epochs: usize) -> Outcome {
    let first = Shape::Dense { inputs: 784, neurons: 400 };
    let second = Shape::Dense { inputs: 400, neurons: 10 };
    let layers =
        [(first, Start { sum: 40.0, spread: 2.0 }), (second, Start { sum: 16.0, spread: 1.2 })];
    learn(folder, &layers, Recipe { epochs, ..RECIPE })
}

/// Two convolutions and a dense layer.
fn conv(folder: &str, epochs: usize) -> Outcome {
    let first = Shape::Conv { rows: 28, cols: 28, channels: 1, kernel: 5, stride: 2, features: 16 };
    let second =
        Shape::Conv { rows: 12, cols: 12, channels: 16, kernel: 5, stride: 2, features: 32 };
    let third = Shape::Dense { inputs: second.neurons(), neurons: 10 };
    let layers = [
        (first, Start { sum: 12.0, spread: 3.6 }),
        (second, Start { sum: 16.0, spread: 1.2 }),
        (third, Start { sum: 16.0, spread: 0.9 }),
    ];
    learn(folder, &layers, Recipe { epochs, ..RECIPE })
}

const RECIPE: Recipe = Recipe {
    per_window: 10,
    sharpness: 12.0,
    silent: 1.0,
    silent_hidden: 0.05,
    rate: 2e-2,
    decay: 1e-3,
    batch: 64,
    epochs: 1,
};

fn learn(folder: &str, layers: &[(Shape, Start)], recipe: Recipe) -> Outcome {
    let pixels = idx(folder, "train-images-idx3-ubyte", 16)?;
    let labels = idx(folder, "train-labels-idx1-ubyte", 8)?;
    let test_pixels = idx(folder, "t10k-images-idx3-ubyte", 16)?;
    let test_labels = idx(folder, "t10k-labels-idx1-ubyte", 8)?;
    // The last 5,000 images of the training set are held out.
    let cut = labels.len() - 5000;
    let images = Images::new(&pixels[..784 * cut], &labels[..cut], 784)?;
    let held = Images::new(&pixels[784 * cut..], &labels[cut..], 784)?;
    let test = Images::new(&test_pixels, &test_labels, 784)?;
    let network = Network::new(Membrane::with_rails(4.0)?, layers, Stream::root(1))?;
    let mut trainer = Trainer::new(recipe, network, Stream::root(2))?;
    let start = Instant::now();
    while !trainer.is_done() {
        let found = trainer.epoch(&images)?;
        let held = score(trainer.network(), &held, 20)?;
        println!(
            "{:6.1} s  loss {:.4}  training {:.2} %  held out {:.2} %  silent {}  hidden fired {:.2}",
            start.elapsed().as_secs_f64(),
            found.loss,
            100.0 * found.accuracy(),
            100.0 * held.accuracy(),
            found.silent,
            found.hidden_fired
        );
    }
    for per_window in [10, 20, 40] {
        let found = score(trainer.network(), &test, per_window)?;
        println!(
            "test, M = {per_window}: {:.2} %, no answer {}",
            100.0 * found.accuracy(),
            found.silent
        );
    }
    for rails in [2.0, 4.0, 8.0, f64::INFINITY] {
        let network = trainer.network().in_membrane(Membrane::with_rails(rails)?);
        let found = score(&network, &test, 40)?;
        println!("test, rails at {rails} thresholds: {:.2} %", 100.0 * found.accuracy());
    }
    Ok(())
}
