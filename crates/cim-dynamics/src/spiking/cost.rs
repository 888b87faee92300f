//! What adaptation costs: counts first, then prices; latency from what waits for what.
//!
//! A *read* is one product of one vector with one 64 × 64 part of an array. Counts are of one sequence; arrays are
//! written once for a batch, and energy and time of that are shared among its sequences alike.

use cim_core::{Joules, Seconds};
use ndarray::{ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::network::Network;
use super::run::Record;

/// Rows and columns of one part.
pub const PART: usize = 64;

/// Parts of a tile.
const PARTS_OF_A_TILE: u64 = 8;

/// How a network learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Backpropagation through time.
    Backpropagation,
    /// Direct feedback alignment.
    FeedbackAlignment,
}

/// What writing took, counted over all of it, and for how many sequences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Pulses that raise a cell (SET).
    pub sets: u64,
    /// Pulses that lower a cell (RESET).
    pub resets: u64,
    /// Rows that were written one after the other, by [`rows_in_sequence`] of every write.
    pub rows: u64,
    /// Sequences that all this was for.
    pub sequences: u64,
}

impl Written {
    /// All pairs of cells of a network once, one cell up and one down, for so many sequences.
    pub fn all_of(network: &Network, sequences: u64) -> Self {
        let mut all = Self { sequences, ..Self::default() };
        for w in network.weights() {
            all.sets += w.len() as u64;
            all.resets += w.len() as u64;
            all.rows = all.rows.max(w.nrows().min(PART) as u64);
        }
        all
    }

    /// Pulses that raise, pulses that lower, and rows, of one sequence.
    pub fn of_a_sequence(&self) -> [f64; 3] {
        let sequences = self.sequences.max(1) as f64;
        [self.sets, self.resets, self.rows].map(|count| count as f64 / sequences)
    }
}

/// Rows that are written one after the other where the parts of an array are written side by side: those of the part
/// that has most. `changed` says which weights, rows × columns, are written.
pub fn rows_in_sequence(changed: ArrayView2<'_, bool>) -> u64 {
    let of_part = |part: ArrayView2<'_, bool>| {
        part.outer_iter().filter(|row| row.iter().any(|changed| *changed)).count() as u64
    };
    let of_rows = |rows: ArrayView2<'_, bool>| {
        rows.axis_chunks_iter(Axis(1), PART).map(of_part).max().unwrap_or(0)
    };
    changed.axis_chunks_iter(Axis(0), PART).map(of_rows).max().unwrap_or(0)
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
    /// Pulses and rows written.
    pub written: Written,
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

/// Counts the work of one sequence of `record`: its events are means over the batch, and all pairs are written once
/// for the batch.
pub fn count(network: &Network, record: &Record, rule: Rule) -> Work {
    let batch = record.logits.nrows().max(1);
    let mut work = Work { written: Written::all_of(network, batch as u64), ..Work::default() };
    let batch = batch as f64;
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
/// SpikeSim's published code (`ela_spikesim.py`, energies of a "PE cycle", areas of a tile of eight PEs), a PE
/// being a part here; what it has not is ours. The fields say which.
///
/// # Not priced
/// Computing the error, the outer products' digital sums, the memory of wanted weights, moving gradients,
/// controllers, verifying writes, leakage. In [`Work::area_um2`] also what the parts of a tile share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// A read of a part whatever its rows: 64 × (2.031 + 0.0942) pJ of converters and multiplexers, 157.1 of the
    /// H-tree, 4.64 of a fetch, 398.6 of buffers (SpikeSim).
    pub read: Joules,
    /// A driven row of a part: a 64th of 8 × 1.764 pJ (SpikeSim).
    pub row: Joules,
    /// An update of a membrane: a 64th of 5.10 pJ (SpikeSim).
    pub neuron: Joules,
    /// A pulse that raises a cell, with its driver (ours).
    pub set: Joules,
    /// A pulse that lowers a cell, with its driver (ours).
    pub reset: Joules,
    /// How long a read takes: 26 clocks of 250 MHz (SpikeSim).
    pub read_time: Seconds,
    /// How long a row takes to be written: one pulse up and one down, 50 ns each (ours).
    pub write_time: Seconds,
    /// Area of a part (µm²): two arrays of 26.2, 8 converters with multiplexers of 693.6 + 45.9, an eighth of a
    /// tile's buffers of 6,055 + 484.6 (SpikeSim).
    pub part_um2: f64,
    /// Area (µm²) that the eight parts of a tile share and `part_um2` leaves out: an H-tree of 433,660, 8 times
    /// shift and subtract of 13,411 (SpikeSim).
    pub tile_um2: f64,
    /// Area of drivers on the columns of a part (µm²): 3.3 for each of 128 (ours).
    pub drivers_um2: f64,
    /// Area of a stored membrane (µm²): 22 bits of 0.7391 (SpikeSim).
    pub membrane_um2: f64,
}

impl Prices {
    /// SpikeSim's, and ours where it has none.
    pub const TYPICAL: Self = Self {
        read: Joules(1e-12 * (64.0 * (2.031 + 0.0942) + 157.1 + 4.64 + 397.0 + 1.6)),
        row: Joules(1e-12 * 8.0 * 1.764 / 64.0),
        neuron: Joules(1e-12 * 5.10 / 64.0),
        set: Joules(1e-12),
        reset: Joules(2e-12),
        read_time: Seconds(104e-9),
        write_time: Seconds(100e-9),
        part_um2: 2.0 * 26.2 + 8.0 * (693.6 + 45.9) + (6055.0 + 484.6) / 8.0,
        tile_um2: 433_660.0 + 8.0 * 13_411.0,
        drivers_um2: 419.2,
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
    /// Writing all arrays side by side, row by row, shared among the sequences that a write is for.
    pub update: Seconds,
}

impl Latency {
    /// From the first input to the last row written.
    pub fn whole(&self) -> Seconds {
        self.forward + self.backward + self.update
    }
}

impl Work {
    /// Energy of forward, backward and update; `rows` is [`event_rows`](Self::event_rows) or `dense_rows`.
    pub fn energy(&self, prices: &Prices, rows: f64) -> [Joules; 3] {
        let forward = self.reads as f64 * prices.read
            + rows * prices.row
            + self.neuron_updates as f64 * prices.neuron;
        let dense_read = prices.read + PART as f64 * prices.row;
        let backward = (self.transposed_reads + self.projections) as f64 * dense_read;
        let [sets, resets, _] = self.written.of_a_sequence();
        [forward, backward, sets * prices.set + resets * prices.reset]
    }

    /// Time of one sequence.
    pub fn latency(&self, prices: &Prices) -> Latency {
        let [.., rows] = self.written.of_a_sequence();
        Latency {
            forward: self.forward_depth as f64 * prices.read_time,
            backward: self.backward_depth as f64 * prices.read_time,
            update: rows * prices.write_time,
        }
    }

    /// Area of parts, column drivers and stored membranes (µm²).
    pub fn area_um2(&self, prices: &Prices) -> f64 {
        self.parts as f64 * prices.part_um2
            + self.two_sided_parts as f64 * prices.drivers_um2
            + self.stored_membranes as f64 * prices.membrane_um2
    }

    /// The same with what the parts of a tile share (µm²): by the part, and where only whole tiles of eight parts are
    /// built.
    pub fn tiled_area_um2(&self, prices: &Prices) -> [f64; 2] {
        let bare = self.area_um2(prices);
        let tiles = self.parts.div_ceil(PARTS_OF_A_TILE);
        let unused = tiles * PARTS_OF_A_TILE - self.parts;
        let by_part = self.parts as f64 / PARTS_OF_A_TILE as f64 * prices.tile_um2;
        let whole = tiles as f64 * prices.tile_um2 + unused as f64 * prices.part_um2;
        [bare + by_part, bare + whole]
    }
}
