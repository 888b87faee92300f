//! The inputs of one sample by the interval in which they spike.

use super::grid::Grid;

/// Inputs in the order of their intervals, and of their numbers within one.
#[derive(Clone, Debug, Default)]
pub(super) struct Volley {
    inputs: Vec<(u32, f32)>,
    /// Where the inputs of each interval begin.
    begins: Vec<usize>,
    /// Inputs that came at or after the end of the grid, or never.
    pub late: usize,
}

impl Volley {
    /// Becomes as many inputs in every one of `cells` intervals as there are fractions, numbered in their order.
    pub fn repeat(&mut self, cells: usize, fractions: &[f32]) {
        let each = fractions.len();
        self.begins.clear();
        self.begins.extend((0..=cells).map(|cell| each * cell));
        self.inputs.clear();
        self.inputs.extend((0..each * cells).map(|at| (at as u32, fractions[at % each])));
        self.late = 0;
    }

    /// Sorts the inputs of a sample into intervals.
    pub fn gather(&mut self, grid: Grid, times: &[f32]) {
        let cells = grid.cells();
        self.begins.clear();
        self.begins.resize(cells + 2, 0);
        self.late = 0;
        for &time in times {
            match grid.place(time) {
                Some((cell, _)) => self.begins[cell + 2] += 1,
                None => self.late += 1,
            }
        }
        for cell in 2..cells + 2 {
            self.begins[cell] += self.begins[cell - 1];
        }
        self.inputs.clear();
        self.inputs.resize(times.len() - self.late, (0, 0.0));
        for (input, &time) in times.iter().enumerate() {
            if let Some((cell, fraction)) = grid.place(time) {
                self.inputs[self.begins[cell + 1]] = (input as u32, fraction);
                self.begins[cell + 1] += 1;
            }
        }
        self.begins.truncate(cells + 1);
    }

    /// The inputs of an interval, each with its fraction of it.
    #[inline]
    pub fn cell(&self, cell: usize) -> &[(u32, f32)] {
        &self.inputs[self.begins[cell]..self.begins[cell + 1]]
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        8 * (self.inputs.capacity() + self.begins.capacity())
    }
}
