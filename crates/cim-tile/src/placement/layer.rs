//! A layer cut into arrays of bits.

use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::array::{BitArray, MAPPING};
use super::error::PlacementError;

/// Sizes of the arrays of a bit-sliced layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlicesSpec {
    /// Rows of an array.
    pub rows: usize,
    /// Columns of an array; those behind its last whole weight are left empty.
    pub columns: usize,
    /// Bits of a magnitude, one a column, 1 to 15.
    pub bits: u32,
}

/// Integer weights on arrays: those above zero on arrays of their own, as are those below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slices {
    shape: (usize, usize),
    parts: Vec<Part>,
}

/// One array of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its first input.
    pub first_input: usize,
    /// Its first output.
    pub first_output: usize,
    /// What its products count in the layer's: 1 or −1.
    pub sign: i32,
    /// Its bits.
    pub array: BitArray,
}

impl SlicesSpec {
    /// Cuts integer weights (inputs × outputs), rows outermost, positive before negative parts. Arrays
    /// at the ends of a layer are as small as what is left: cells that hold nothing are not there.
    ///
    /// # Errors
    /// [`PlacementError`] for arrays that hold no weight, or weights beyond the bits.
    pub fn cut(&self, weights: ArrayView2<'_, i32>) -> Result<Slices, PlacementError> {
        let Self { rows, columns, bits } = *self;
        let per_array = columns / bits.max(1) as usize;
        if rows == 0 || per_array == 0 || !(1..=15).contains(&bits) {
            let weight = weights.first().copied().unwrap_or(0);
            return Err(PlacementError::Size { mapping: MAPPING, weight, rows, columns, bits });
        }
        let top = (1 << bits) - 1;
        let outside = weights.indexed_iter().find(|(_, w)| top < w.saturating_abs());
        if let Some(((row, col), &weight)) = outside {
            let (mapping, min, max) = (MAPPING, -top, top);
            return Err(PlacementError::Weight { mapping, weight, row, col, min, max });
        }
        let (inputs, outputs) = weights.dim();
        let mut parts = Vec::new();
        for first_input in (0..inputs).step_by(rows) {
            for first_output in (0..outputs).step_by(per_array) {
                let (last_input, last_output) =
                    (inputs.min(first_input + rows), outputs.min(first_output + per_array));
                let own = weights.slice(s![first_input..last_input, first_output..last_output]);
                for sign in [1, -1] {
                    let array = BitArray::of(own.mapv(|w| (sign * w).max(0)).view(), bits)?;
                    parts.push(Part { first_input, first_output, sign, array });
                }
            }
        }
        Ok(Slices { shape: (inputs, outputs), parts })
    }
}

impl Slices {
    /// Its arrays.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The layer's matrix (inputs × outputs) from what each array makes of its own (inputs × outputs).
    ///
    /// # Panics
    /// Unless there is a matrix of the right shape for every array.
    pub fn whole(&self, of_parts: &[Array2<f64>]) -> Array2<f64> {
        assert_eq!(of_parts.len(), self.parts.len(), "one matrix an array");
        let mut whole = Array2::zeros(self.shape);
        for (part, own) in self.parts.iter().zip(of_parts) {
            let (inputs, outputs) = own.dim();
            let Part { first_input, first_output, sign, .. } = *part;
            let mut place = whole.slice_mut(s![
                first_input..first_input + inputs,
                first_output..first_output + outputs
            ]);
            place.scaled_add(f64::from(sign), own);
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_comes_back_from_its_parts() {
        let weights = Array2::from_shape_fn((10, 7), |(r, c)| ((r * 5 + c * 3) % 15) as i32 - 7);
        let spec = SlicesSpec { rows: 4, columns: 7, bits: 3 };
        let slices = spec.cut(weights.view()).expect("3 bits");
        assert_eq!(slices.parts().len(), 3 * 4 * 2);
        let own: Vec<Array2<f64>> = (slices.parts().iter())
            .map(|part| part.array.joined(part.array.active().mapv(f64::from).view()))
            .collect();
        assert_eq!(slices.whole(&own), weights.mapv(f64::from));
    }

    #[test]
    fn arrays_too_small_and_weights_too_large_are_named() {
        let weights = ndarray::array![[4, -9]];
        let cut = |rows, columns, bits| {
            let error =
                SlicesSpec { rows, columns, bits }.cut(weights.view()).expect_err("refused");
            error.to_string()
        };
        assert_eq!(
            cut(2, 3, 4),
            "an array of 2 rows and 3 columns holds no weight of 4 bits, such as weight 4 of \
             bit-sliced-differential"
        );
        assert_eq!(
            cut(2, 8, 3),
            "weight -9 at (0, 1) is outside -7..=7 of bit-sliced-differential"
        );
    }
}
