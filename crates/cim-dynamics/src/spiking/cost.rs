//! What adaptation costs: counts first, then prices; latency from what waits for what.
//!
//! A *read* is one product of one vector with one 64 × 64 part of an array. Counts are of one sequence.

use cim_core::{Joules, Seconds};
use serde::{Deserialize, Serialize};

use super::network::Network;
use super::run::Record;

/// Rows and columns of one part.
const PART: usize = 64;

/// How a network learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Backpropagation through time.
    Backpropagation,
    /// Direct feedback alignment.
    FeedbackAlignment,
}

/// Counts of one sequence: forward, backward and update apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Reads forward.
    pub reads: u64,
    /// Rows driven forward if every row is: rows × column parts, over all steps.
    pub dense_rows: u64,
    /// Rows driven forward if only those are that carry an event.
    pub event_rows: f64,
    /// Updates of membranes.
    pub neuron_updates: u64,
    /// Reads of transposed arrays.
    pub transposed_reads: u64,
    /// Reads of random matrices.
    pub projections: u64,
    /// Weights written, each once for a sequence.
    pub writes: u64,
    /// Parts of arrays, those of random matrices included.
    pub parts: u64,
    /// Parts that need drivers on their columns, to be read transposed.
    pub two_sided_parts: u64,
    /// Membranes that are kept until the error is known.
    pub stored_membranes: u64,
    /// Products in sequence until the error is known, layers working side by side.
    pub forward_depth: u64,
    /// Products in sequence from the error to the last gradient.
    pub backward_depth: u64,
}

/// Counts the work of one sequence of `steps` steps; events are the means of `record`.
pub fn count(network: &Network, record: &Record, rule: Rule) -> Work {
    let batch = record.logits.nrows().max(1) as f64;
    let mut work = Work::default();
    let classes = network.readout.ncols();
    let steps: Vec<usize> =
        record.seen.iter().map(Vec::len).chain([record.sent.last().map_or(0, Vec::len)]).collect();
    let depth = network.layers.len();
    for (l, w) in network.weights().enumerate() {
        let (rows, cols) = w.dim();
        let parts = parts(rows, cols);
        let columns = cols.div_ceil(PART) as u64;
        work.parts += parts;
        work.reads += parts * steps[l] as u64;
        work.dense_rows += (rows * steps[l]) as u64 * columns;
        work.event_rows += record.events[l] as f64 / batch * columns as f64;
        work.writes += (rows * cols) as u64;
        if l < depth {
            work.neuron_updates += (cols * steps[l]) as u64;
            work.stored_membranes += (cols * steps[l]) as u64;
        }
        match rule {
            // The first layer's inputs need no slope; the readout's error is the same at every step.
            Rule::Backpropagation if l > 0 => {
                work.two_sided_parts += parts;
                work.transposed_reads += parts * if l == depth { 1 } else { steps[l] as u64 };
            }
            Rule::FeedbackAlignment if l < depth => {
                let random = self::parts(classes, cols);
                work.projections += random;
                work.parts += random;
            }
            _ => {}
        }
    }
    // Layers follow each other by one step; the first layer's steps are the most.
    work.forward_depth = (steps[0] + depth) as u64;
    work.backward_depth = match rule {
        Rule::Backpropagation => {
            1 + (steps[1..depth].iter().max().copied().unwrap_or(0) + depth - 1) as u64
        }
        Rule::FeedbackAlignment => 1,
    };
    work
}

fn parts(rows: usize, cols: usize) -> u64 {
    (rows.div_ceil(PART) * cols.div_ceil(PART)) as u64
}

/// Prices of what is counted.
///
/// # Source
/// Per part and read: SpikeSim's table (array 8 × 1.764 pJ, 64 conversions and multiplexers of 2.031 and
/// 0.0942 pJ, H-tree 157.1, fetch 4.64, buffers 397 + 1.6 pJ, 104 ns); neuron 5.10 pJ a part, here by its
/// 64 columns. Writing: 1.5 pJ a weight, between 1 pJ to set and 2 pJ to reset; ours, as are times of
/// writing and the share of area for column drivers.
///
/// # Not priced
/// Computing the error, the outer products' digital sums, moving gradients, controllers, leakage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// A read whatever its rows: conversion, wiring, buffers.
    pub read: Joules,
    /// A driven row of a part.
    pub row: Joules,
    /// An update of a membrane.
    pub neuron: Joules,
    /// A weight written.
    pub write: Joules,
    /// How long a read takes.
    pub read_time: Seconds,
    /// How long a row of weights takes to be written.
    pub write_time: Seconds,
    /// Area of a part (µm²).
    pub part_um2: f64,
    /// Area of drivers on the columns of a part (µm²).
    pub drivers_um2: f64,
    /// Area of a stored membrane (µm²).
    pub membrane_um2: f64,
}

impl Prices {
    /// SpikeSim's, and ours where it has none.
    pub const TYPICAL: Self = Self {
        read: Joules(1e-12 * (64.0 * (2.031 + 0.0942) + 157.1 + 4.64 + 397.0 + 1.6)),
        row: Joules(1e-12 * 8.0 * 1.764 / 64.0),
        neuron: Joules(1e-12 * 5.10 / 64.0),
        write: Joules(1.5e-12),
        read_time: Seconds(104e-9),
        write_time: Seconds(100e-9),
        part_um2: 8.0 * (26.2 * 8.0 + 693.6 + 45.9) + 6055.0,
        drivers_um2: 0.25 * 8.0 * 26.2 * 8.0,
        membrane_um2: 16.3,
    };
}

/// Time of one sequence: forward, backward, update.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Until the error is known.
    pub forward: Seconds,
    /// From the error to the last gradient.
    pub backward: Seconds,
    /// Writing all arrays side by side, row by row.
    pub update: Seconds,
}

impl Work {
    /// Energy of forward, backward and update; `rows` is [`event_rows`](Self::event_rows) or `dense_rows`.
    pub fn energy(&self, prices: &Prices, rows: f64) -> [Joules; 3] {
        let forward = self.reads as f64 * prices.read
            + rows * prices.row
            + self.neuron_updates as f64 * prices.neuron;
        let dense_read = prices.read + PART as f64 * prices.row;
        let backward = (self.transposed_reads + self.projections) as f64 * dense_read;
        [forward, backward, self.writes as f64 * prices.write]
    }

    /// Time of one sequence.
    pub fn latency(&self, prices: &Prices) -> Latency {
        Latency {
            forward: self.forward_depth as f64 * prices.read_time,
            backward: self.backward_depth as f64 * prices.read_time,
            update: PART as f64 * prices.write_time,
        }
    }

    /// Area of arrays, column drivers and stored membranes (µm²).
    pub fn area_um2(&self, prices: &Prices) -> f64 {
        self.parts as f64 * prices.part_um2
            + self.two_sided_parts as f64 * prices.drivers_um2
            + self.stored_membranes as f64 * prices.membrane_um2
    }
}
