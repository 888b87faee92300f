//! All inputs of an interval as four events, for samples that are too few to pay for a copy of the weights.
//!
//! Of the inputs of an interval a neuron feels four sums: those of `(1 − f) w` and of `f w`, of excitatory and of
//! inhibitory weights. They are four inputs, two at either end of the interval. They are summed row by row, as the
//! weights lie in memory, for some samples at a time, and the slopes of all weights follow from theirs in the same
//! order.
#![allow(clippy::needless_range_loop, reason = "the lanes of several arrays side by side")]

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::grid::Grid;
use super::kernel::{Block, LANES};
use super::volley::Volley;

/// Excitatory at the start of the interval and at its end, then inhibitory.
pub(super) const EVENTS: usize = 4;
type Quartet = [Block; EVENTS];

/// Blocks of neurons whose events are held at once, over all samples.
const HELD: usize = 64;

/// The events of all intervals, as a solver takes inputs.
pub(super) fn volley(cells: usize, to: &mut Volley) {
    to.repeat(cells, &[0.0, 1.0, 0.0, 1.0]);
}

/// Weights of the events that have the sign of each: all that the way back asks of them.
pub(super) fn signs(cells: usize, to: &mut Vec<Block>) {
    to.clear();
    (0..cells).for_each(|_| to.extend([[1.0; LANES], [1.0; LANES], [-1.0; LANES], [-1.0; LANES]]));
}

/// Whether events pay: where an interval has many inputs.
pub(super) const fn pay(inputs: usize, cells: usize) -> bool {
    32 * cells <= inputs
}

/// Some blocks of neurons, and samples that they see.
#[derive(Clone)]
pub(super) struct Tile<'a> {
    pub grid: Grid,
    /// Samples × inputs.
    pub times: &'a [f32],
    /// Inputs × neurons.
    pub weights: &'a [f32],
    pub inputs: usize,
    pub neurons: usize,
    pub blocks: Range<usize>,
}

impl<'a> Tile<'a> {
    /// All neurons, cut into as many as are held at once.
    pub fn cut(self) -> impl Iterator<Item = Tile<'a>> {
        let samples = self.times.len() / self.inputs.max(1);
        let (each, blocks) = ((HELD / samples.max(1)).max(1), self.blocks.clone());
        blocks.clone().step_by(each).map(move |first| {
            let blocks = first..blocks.end.min(first + each);
            Self { blocks, ..self.clone() }
        })
    }

    /// Events of a block.
    pub const fn events(&self) -> usize {
        EVENTS * self.grid.cells()
    }

    /// Events of all blocks.
    pub fn all(&self) -> usize {
        self.blocks.len() * self.events()
    }

    fn samples(&self) -> usize {
        self.times.len() / self.inputs
    }

    /// Where the weights of an input lie.
    fn row(&self, input: usize) -> Range<usize> {
        let (start, end) = (self.blocks.start * LANES, self.blocks.end * LANES);
        input * self.neurons + start..input * self.neurons + end.min(self.neurons)
    }

    /// Interval in which an input of a sample spikes, and how far in it.
    fn place(&self, sample: usize, input: usize) -> Option<(usize, f32)> {
        self.grid.place(self.times[sample * self.inputs + input])
    }
}

/// Sums inputs: writes samples × blocks × intervals × [`EVENTS`].
pub(super) struct Gather<'a> {
    pub tile: &'a Tile<'a>,
    pub to: &'a mut Vec<Block>,
}

impl Gather<'_> {
    /// Runs with the widest vectors of the machine.
    pub fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { tile, to } = self;
        to.clear();
        to.resize(tile.samples() * tile.all(), [0.0; LANES]);
        for input in 0..tile.inputs {
            let (whole, rest) = tile.weights[tile.row(input)].as_chunks::<LANES>();
            for (sample, to) in to.chunks_exact_mut(tile.all()).enumerate() {
                let Some((cell, fraction)) = tile.place(sample, input) else { continue };
                let mut blocks = to.chunks_exact_mut(tile.events());
                for (w, block) in whole.iter().zip(&mut blocks) {
                    add(w, fraction, quartet(block, cell));
                }
                if let Some(block) = blocks.next() {
                    add(&padded(rest), fraction, quartet(block, cell));
                }
            }
        }
    }
}

#[inline(always)]
fn quartet(block: &mut [Block], cell: usize) -> &mut Quartet {
    let (quartets, _) = block.as_chunks_mut();
    &mut quartets[cell]
}

#[inline(always)]
fn padded(rest: &[f32]) -> Block {
    let mut block = [0.0; LANES];
    block[..rest.len()].copy_from_slice(rest);
    block
}

#[inline(always)]
fn add(w: &Block, fraction: f32, to: &mut Quartet) {
    for i in 0..LANES {
        let [up, down] = [w[i].max(0.0), w[i].min(0.0)];
        to[0][i] = (1.0 - fraction).mul_add(up, to[0][i]);
        to[1][i] = fraction.mul_add(up, to[1][i]);
        to[2][i] = (1.0 - fraction).mul_add(down, to[2][i]);
        to[3][i] = fraction.mul_add(down, to[3][i]);
    }
}

/// Slopes: adds to those of weights and of inputs, per interval's length, from those of events.
pub(super) struct Scatter<'a> {
    pub tile: &'a Tile<'a>,
    /// Samples × blocks × intervals × [`EVENTS`].
    pub from: &'a [Block],
    /// Inputs × neurons.
    pub by_weight: &'a mut [f32],
    /// Samples × inputs.
    pub by_input: &'a mut [f32],
}

impl Scatter<'_> {
    /// Runs with the widest vectors of the machine.
    pub fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl WithSimd for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { tile, from, by_weight, by_input } = self;
        let events = tile.events();
        for input in 0..tile.inputs {
            let row = tile.row(input);
            let (whole, rest) = tile.weights[row.clone()].as_chunks::<LANES>();
            let (to, to_rest) = by_weight[row].as_chunks_mut::<LANES>();
            for (sample, from) in from.chunks_exact(tile.all()).enumerate() {
                let Some((cell, fraction)) = tile.place(sample, input) else { continue };
                let mut blocks = from.chunks_exact(events).map(|block| &block.as_chunks().0[cell]);
                let mut by_time = [0.0; LANES];
                for ((w, to), slopes) in whole.iter().zip(&mut *to).zip(&mut blocks) {
                    spread(w, fraction, slopes, to, &mut by_time);
                }
                if let Some(slopes) = blocks.next() {
                    let mut to = padded(to_rest);
                    spread(&padded(rest), fraction, slopes, &mut to, &mut by_time);
                    to_rest.copy_from_slice(&to[..to_rest.len()]);
                }
                by_input[sample * tile.inputs + input] += sum(by_time);
            }
        }
    }
}

/// Adds to the slopes of an input's weights, and to that of its time.
#[inline(always)]
fn spread(w: &Block, fraction: f32, slopes: &Quartet, to: &mut Block, by_time: &mut Block) {
    for i in 0..LANES {
        // Factors of 0 and 1 in place of a choice between loads, which is not compiled for vectors.
        let down = if w[i] < 0.0 { 1.0 } else { 0.0 };
        let up = 1.0 - down;
        let start = up * slopes[0][i] + down * slopes[2][i];
        let gain = up * slopes[1][i] + down * slopes[3][i] - start;
        to[i] += fraction.mul_add(gain, start);
        by_time[i] = w[i].mul_add(gain, by_time[i]);
    }
}

/// The sum of a block, halves first.
#[inline(always)]
fn sum(mut lanes: Block) -> f32 {
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
    }
    lanes[0]
}
