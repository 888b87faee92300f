//! The course of all neurons over the grid.

use super::kernel::{Block, Constants, Forth, LANES, States};
use super::volley::Volley;
use crate::membrane::interval::crossing;

/// Samples × blocks × grid points, sample by sample.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    /// Intervals of the grid.
    cells: usize,
    /// Drive, conductance and membrane when an interval begins.
    drive: Vec<Block>,
    conductance: Vec<Block>,
    membrane: Vec<Block>,
    /// Samples × blocks: interval in which a neuron fires; the number of intervals if it does not.
    fired: Vec<[u16; LANES]>,
}

impl Course {
    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let states = [&self.drive, &self.conductance, &self.membrane];
        let blocks: usize = states.iter().map(|states| states.capacity()).sum();
        4 * LANES * blocks + 2 * LANES * self.fired.capacity()
    }

    /// Makes room for blocks of neurons, those of all samples.
    pub fn prepare(&mut self, blocks: usize, cells: usize) {
        self.cells = cells;
        for states in [&mut self.drive, &mut self.conductance, &mut self.membrane] {
            states.resize(blocks * (cells + 1), [0.0; LANES]);
        }
        self.fired.resize(blocks, [0; LANES]);
    }

    /// Runs the block `at` on a sample.
    pub fn forth(&mut self, at: usize, constants: &Constants, weights: &[Block], volley: &Volley) {
        let mine = at * (self.cells + 1)..(at + 1) * (self.cells + 1);
        let states = States {
            drive: &mut self.drive[mine.clone()],
            conductance: &mut self.conductance[mine.clone()],
            membrane: &mut self.membrane[mine],
        };
        Forth { constants, weights, volley, states, fired: &mut self.fired[at] }.run();
    }

    /// Drive, conductance and membrane of the block `at`, and when its neurons fire.
    pub fn states(&self, at: usize) -> ([&[Block]; 3], &[u16; LANES]) {
        let mine = at * (self.cells + 1)..(at + 1) * (self.cells + 1);
        let states = [&self.drive, &self.conductance, &self.membrane];
        (states.map(|states| &states[mine.clone()]), &self.fired[at])
    }

    /// The membrane of a neuron of the block `at` at a point of the grid.
    pub fn membrane(&self, at: usize, point: usize, lane: usize) -> f32 {
        self.membrane[at * (self.cells + 1) + point][lane]
    }

    /// When a neuron of the block `at` fires, in windows, on a grid of such intervals.
    pub fn spike(&self, at: usize, lane: usize, width: f64) -> f32 {
        let ([drive, conductance, membrane], fired) = self.states(at);
        let cell = usize::from(fired[lane]);
        if cell == self.cells {
            return f32::INFINITY;
        }
        let [s, g, v] = [drive, conductance, membrane].map(|states| f64::from(states[cell][lane]));
        let h = crossing(v, s, g).map_or(width, |h| h.min(width));
        (cell as f64 * width + h) as f32
    }
}
