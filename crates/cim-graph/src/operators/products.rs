//! Matrix products of an operator, handed out or computed here.

use std::borrow::Cow;

use cim_core::matmul::product;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::error::OpError;
use crate::operator::{ROWS, Run};

/// Who carries the products of an operator.
pub(super) enum Carrier<'a> {
    /// Products of the network, counted from this index.
    Products(usize),
    /// These matrices (inputs × outputs), in floating point.
    Matrices(Cow<'a, [Array2<f32>]>),
}

impl Carrier<'_> {
    /// `y = x · W` of matrix `k` for at most [`ROWS`] rows.
    pub(super) fn multiply_part(
        &self,
        run: &mut Run<'_>,
        k: usize,
        part: u64,
        x: ArrayView2<'_, f32>,
        mut y: ArrayViewMut2<'_, f32>,
    ) -> Result<(), OpError> {
        if x.ncols() == 0 || y.is_empty() {
            y.fill(0.0);
            return Ok(());
        }
        match self {
            Self::Products(first) => run.multiply_part(first + k, part, x, y),
            Self::Matrices(matrices) => {
                run.spend(&[x.nrows(), x.ncols(), y.ncols()])?;
                product(x, matrices[k].view(), y);
                Ok(())
            }
        }
    }

    /// `y = x · W` of matrix `k` for any number of rows (rows × inputs, rows × outputs).
    pub(super) fn multiply(
        &self,
        run: &mut Run<'_>,
        k: usize,
        x: &[f32],
        y: &mut [f32],
        (inputs, outputs): (usize, usize),
    ) -> Result<(), OpError> {
        if inputs == 0 || outputs == 0 {
            y.fill(0.0);
            return Ok(());
        }
        let parts = x.chunks(ROWS * inputs).zip(y.chunks_mut(ROWS * outputs));
        for (part, (x, y)) in (0..).zip(parts) {
            let rows = x.len() / inputs;
            let x = ArrayView2::from_shape((rows, inputs), x).expect("rows × inputs");
            let y = ArrayViewMut2::from_shape((rows, outputs), y).expect("rows × outputs");
            self.multiply_part(run, k, part, x, y)?;
        }
        Ok(())
    }
}

/// A matrix stored as outputs × inputs, as one of inputs × outputs.
pub(super) fn transposed(values: &[f32], outputs: usize, inputs: usize) -> Array2<f32> {
    let mut w = vec![0.0; values.len()];
    crate::tensor::transpose(values, outputs, inputs, &mut w);
    Array2::from_shape_vec((inputs, outputs), w).expect("outputs × inputs values")
}
