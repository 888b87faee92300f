//! Digital products that add up what the outputs of each would do to whatever is asked.

use cim_core::matmul::product;
use ndarray::{Array1, ArrayView2, ArrayViewMut2, Axis, ShapeBuilder};

use super::on_products::{Borrowed, OnProducts};
use crate::operations::{Backward, Call, Carrier};

/// Inference whose backward pass keeps squared gradients instead of gradients of weights.
pub(crate) struct Probe<'a, 'w> {
    pub forward: OnProducts<'a, Borrowed<'w>>,
    /// Of each product, the sums of the squared gradients with respect to each of its outputs.
    pub squares: &'a mut [Array1<f64>],
}

/// Adds the squares of `dy`, whose lanes along `along` belong to one output each.
fn add_squares(sums: &mut Array1<f64>, dy: ArrayView2<'_, f32>, along: Axis) {
    for (sum, dy) in sums.iter_mut().zip(dy.lanes(along)) {
        *sum += dy.iter().map(|d| f64::from(d * d)).sum::<f64>();
    }
}

impl Carrier<f32> for Probe<'_, '_> {
    fn rows(&mut self, call: Call, batch: usize, x: &[f32], y: &mut [f32]) {
        self.forward.rows(call, batch, x, y);
    }

    fn columns(&mut self, call: Call, x: &[f32], width: usize, y: &mut [f32], stride: usize) {
        self.forward.columns(call, x, width, y, stride);
    }
}

impl Backward<f32> for Probe<'_, '_> {
    fn rows_back(
        &mut self,
        call: Call,
        batch: usize,
        _: &[f32],
        dy: &[f32],
        dx: Option<&mut [f32]>,
    ) {
        let weights = &self.forward.layers[call.product].weights;
        let (inputs, outputs) = weights.dim();
        let dy = ArrayView2::from_shape((batch, outputs), dy).expect("batch × outputs");
        add_squares(&mut self.squares[call.product], dy, Axis(0));
        let Some(dx) = dx else { return };
        let dx = ArrayViewMut2::from_shape((batch, inputs), dx);
        dx.expect("batch × inputs").assign(&dy.dot(&weights.t()));
    }

    fn columns_back(
        &mut self,
        call: Call,
        _: &[f32],
        width: usize,
        dy: &[f32],
        stride: usize,
        dx: Option<&mut [f32]>,
    ) {
        let weights = &self.forward.layers[call.product].weights;
        let (inputs, outputs) = weights.dim();
        let places = (outputs - 1) * stride + width;
        let dy = ArrayView2::from_shape((outputs, width).strides((stride, 1)), &dy[..places]);
        let dy = dy.expect("outputs × positions");
        add_squares(&mut self.squares[call.product], dy, Axis(1));
        if let Some(dx) = dx {
            let dx = ArrayViewMut2::from_shape((inputs, width), dx).expect("inputs × positions");
            product(weights.view(), dy, dx);
        }
    }
}
