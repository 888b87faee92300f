//! Mappings that the library does not have: what a user of it can write.

use cim_tile::{Mapping, MappingError, Plan, Sense};
use ndarray::{Array2, ArrayView2};

/// A column for every bit of the two's complement of a weight; nothing is subtracted in the array.
#[derive(Clone, Copy, Debug)]
pub struct TwosComplement {
    /// Bits of a weight, its sign included.
    pub bits: usize,
}

impl Mapping for TwosComplement {
    fn top_weight(&self) -> i32 {
        (1 << (self.bits - 1)) - 1
    }

    fn top_level(&self) -> i32 {
        1
    }

    fn columns(&self, outputs: usize) -> usize {
        self.bits * outputs
    }

    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        check(weights, self.top_weight())?;
        let (rows, outputs) = weights.dim();
        let levels = Array2::from_shape_fn((rows, self.columns(outputs)), |(row, column)| {
            (weights[[row, column / self.bits]] >> (column % self.bits)) & 1
        });
        let senses = (0..self.columns(outputs)).map(|column| {
            let bit = column % self.bits;
            let weight = if bit == self.bits - 1 { -(1 << bit) } else { 1 << bit };
            let output = column / self.bits;
            Sense { plus: column, minus: None, output, weight, zero: 0, full_scale_group: 0 }
        });
        Ok(Plan { levels, top_level: 1, senses: senses.collect() })
    }
}

/// One cell a weight, whose middle stands for zero and is subtracted digitally.
#[derive(Clone, Copy, Debug)]
pub struct LoneColumn {
    /// Largest weight.
    pub shift: i32,
}

impl Mapping for LoneColumn {
    fn top_weight(&self) -> i32 {
        self.shift
    }

    fn top_level(&self) -> i32 {
        2 * self.shift
    }

    fn columns(&self, outputs: usize) -> usize {
        outputs
    }

    fn plan(&self, weights: ArrayView2<'_, i32>) -> Result<Plan, MappingError> {
        check(weights, self.shift)?;
        let senses = (0..weights.ncols()).map(|k| Sense {
            plus: k,
            minus: None,
            output: k,
            weight: 1,
            zero: self.shift,
            full_scale_group: 0,
        });
        let levels = weights.mapv(|w| w + self.shift);
        Ok(Plan { levels, top_level: 2 * self.shift, senses: senses.collect() })
    }
}

fn check(weights: ArrayView2<'_, i32>, max: i32) -> Result<(), MappingError> {
    match weights.indexed_iter().find(|(_, w)| max < w.abs()) {
        None => Ok(()),
        Some(((row, col), &weight)) => {
            let mapping = "a mapping of one's own";
            Err(MappingError::Weight { mapping, weight, row, col, min: -max, max })
        }
    }
}
