//! Whole weights as levels of cells and currents to sense, as plain data.

use std::fmt;

use cim_adc::Polarity;
use ndarray::{ArrayView2, s};
use serde::Serialize;

use super::{MappingError, Sense, Whole, WholeArray};
use crate::rows;

/// Levels and senses of a matrix, array by array.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mapped {
    /// Name of the mapping.
    pub mapping: &'static str,
    /// How rows are driven.
    pub drive: Polarity,
    /// Rows of the matrix.
    pub inputs: usize,
    /// Columns of the matrix.
    pub outputs: usize,
    /// Smallest and largest weight that the mapping knows.
    pub weights: [i32; 2],
    /// Level at the top of the conductance window.
    pub top_level: i32,
    /// What a weight of 1 counts in the sums of the law.
    pub unit: i64,
    /// Cells of all arrays.
    pub cells: usize,
    /// Whether `Σ weight · (level₊ − level₋ − zero) = unit · w` for every weight.
    pub exact: bool,
    /// The arrays, those of the first inputs first.
    pub arrays: Vec<MappedArray>,
}

/// Levels and senses of one array.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MappedArray {
    /// Which array by inputs and by outputs.
    pub place: [usize; 2],
    /// First input, and the one behind the last.
    pub inputs: [usize; 2],
    /// First output, and the one behind the last.
    pub outputs: [usize; 2],
    /// Levels, rows of columns.
    pub levels: Vec<Vec<i32>>,
    /// The currents, whose outputs are counted over the whole matrix.
    pub senses: Vec<Sense>,
}

impl Mapped {
    /// Maps `weights` (inputs × outputs) onto arrays of at most `size` (rows, columns).
    ///
    /// # Errors
    /// [`MappingError`] for a weight that the mapping does not know, or arrays too small for one.
    pub fn of(
        whole: &Whole,
        weights: ArrayView2<'_, i32>,
        size: (usize, usize),
    ) -> Result<Self, MappingError> {
        let arrays = whole.arrays(weights, size)?;
        let unit = whole.mapping.unit();
        let is_exact = |array: &WholeArray| {
            let block = weights.slice(s![array.inputs.clone(), array.outputs.clone()]);
            let want = rows::weights(whole.drive, block).mapv(|w| i64::from(w) * unit);
            array.plan.carried() == want
        };
        Ok(Self {
            mapping: whole.name,
            drive: whole.drive,
            inputs: weights.nrows(),
            outputs: weights.ncols(),
            weights: whole.weights().into_inner().into(),
            top_level: whole.mapping.top_level(),
            unit,
            cells: arrays.iter().map(|array| array.plan.levels.len()).sum(),
            exact: arrays.iter().all(is_exact),
            arrays: arrays.iter().map(MappedArray::of).collect(),
        })
    }

    /// Rows and columns of the largest array.
    pub fn largest(&self) -> [usize; 2] {
        self.arrays.iter().fold([0, 0], |[rows, columns], array| {
            let width = array.levels.first().map_or(0, Vec::len);
            [rows.max(array.levels.len()), columns.max(width)]
        })
    }
}

/// A summary for a terminal.
impl fmt::Display for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inputs, outputs, mapping, top_level, unit, cells, .. } = self;
        let ([least, most], [rows, columns]) = (self.weights, self.largest());
        let arrays = self.arrays.len();
        let law = if self.exact { "exact" } else { "broken" };
        writeln!(f, "weights   {inputs} × {outputs}, {least} to {most} can be")?;
        writeln!(f, "mapping   {mapping}, levels 0 to {top_level}, a weight of 1 counts {unit}")?;
        writeln!(
            f,
            "arrays    {arrays}, the largest of {rows} × {columns} cells, {cells} cells in all"
        )?;
        writeln!(f, "law       {law}")
    }
}

impl MappedArray {
    fn of(array: &WholeArray) -> Self {
        let of_matrix =
            |sense: &Sense| Sense { output: array.outputs.start + sense.output, ..*sense };
        Self {
            place: [array.place.0, array.place.1],
            inputs: [array.inputs.start, array.inputs.end],
            outputs: [array.outputs.start, array.outputs.end],
            levels: array.plan.levels.rows().into_iter().map(|row| row.to_vec()).collect(),
            senses: array.plan.senses.iter().map(of_matrix).collect(),
        }
    }
}
