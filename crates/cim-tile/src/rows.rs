//! A layer as the rows of arrays see it: on one row an input, or on two.
//!
//! Two rows carry the positive part of an input and the magnitude of its negative part, and hold its
//! weights and their negatives: `w x = w x₊ + (−w) x₋`.

use std::ops::{Neg, Range};

use cim_adc::Polarity;
use ndarray::{Array2, ArrayView2, CowArray, Ix2};

/// Weights (inputs × outputs) as rows hold them, rows × outputs.
pub fn weights<T: Copy + Neg<Output = T>>(
    polarity: Polarity,
    weights: ArrayView2<'_, T>,
) -> CowArray<'_, T, Ix2> {
    if polarity.rows_per_input() == 1 {
        return weights.into();
    }
    let (inputs, outputs) = weights.dim();
    let of = |(row, output): (usize, usize)| {
        let weight = weights[[row / 2, output]];
        if row % 2 == 0 { weight } else { -weight }
    };
    Array2::from_shape_fn((2 * inputs, outputs), of).into()
}

/// Inputs (samples × inputs) as rows are driven with them, samples × rows.
pub fn inputs(polarity: Polarity, x: ArrayView2<'_, f32>) -> Array2<f32> {
    let (samples, inputs) = x.dim();
    let x = x.as_standard_layout();
    let mut rows = Array2::zeros((samples, inputs * polarity.rows_per_input()));
    let to = rows.as_slice_mut().expect("standard layout");
    polarity.split(x.as_slice().expect("standard layout"), to);
    rows
}

/// Rows of a range of inputs.
pub fn of_inputs(polarity: Polarity, inputs: Range<usize>) -> Range<usize> {
    let each = polarity.rows_per_input();
    each * inputs.start..each * inputs.end
}
