//! Inference on one [`MatMul`] per product.

use cim_core::matmul::product;
use cim_core::{MatMul, Scratch, Tally};
use ndarray::{ArrayView2, ArrayViewMut2};

use crate::network::Layer;
use crate::operations::{Call, Carrier};

/// Told of every product, with the vectors that drive it (rows × inputs) and what comes of them
/// with the bias (rows × outputs).
pub(crate) type Observer<'a> = dyn FnMut(usize, ArrayView2<'_, f32>, ArrayView2<'_, f32>) + 'a;

/// Products of block `block`.
pub(crate) struct OnProducts<'a, M> {
    pub products: &'a [M],
    pub layers: &'a [Layer],
    pub block: u64,
    pub scratch: &'a mut Scratch,
    pub tally: &'a mut Tally,
    pub observer: Option<&'a mut Observer<'a>>,
}

impl<M: MatMul> OnProducts<'_, M> {
    /// No two applications of a product have the same number.
    fn number(&self, call: Call) -> u64 {
        self.block * call.slots as u64 + call.slot as u64
    }
}

impl<M: MatMul> Carrier<f32> for OnProducts<'_, M> {
    fn rows(&mut self, call: Call, batch: usize, x: &[f32], y: &mut [f32]) {
        let layer = &self.layers[call.product];
        let (inputs, outputs) = layer.weights.dim();
        let x = ArrayView2::from_shape((batch, inputs), x).expect("batch × inputs");
        let view = ArrayViewMut2::from_shape((batch, outputs), &mut *y);
        let number = self.number(call);
        let product = &self.products[call.product];
        product.apply(x, number, view.expect("batch × outputs"), self.scratch, self.tally);
        let bias = layer.bias.as_slice().expect("standard layout");
        pulp::Arch::new().dispatch(Bias { bias, y });
        if let Some(observer) = &mut self.observer {
            let y = ArrayView2::from_shape((batch, outputs), &*y).expect("batch × outputs");
            observer(call.product, x, y);
        }
    }

    fn columns(&mut self, call: Call, x: &[f32], width: usize, y: &mut [f32], stride: usize) {
        let layer = &self.layers[call.product];
        let (inputs, outputs) = layer.weights.dim();
        let x = ArrayView2::from_shape((inputs, width), &x[..inputs * width]);
        let x = x.expect("inputs × positions").reversed_axes();
        let mut rows = self.scratch.take(width * outputs);
        let view = ArrayViewMut2::from_shape((width, outputs), &mut rows[..]);
        let view = view.expect("positions × outputs");
        let number = self.number(call);
        self.products[call.product].apply(x, number, view, self.scratch, self.tally);
        let bias = layer.bias.as_slice().expect("standard layout");
        pulp::Arch::new().dispatch(Bias { bias, y: &mut rows });
        for (position, row) in rows.chunks_exact(outputs).enumerate() {
            let places = y[position..].iter_mut().step_by(stride);
            places.zip(row).for_each(|(y, &sum)| *y = sum);
        }
        if let Some(observer) = &mut self.observer {
            let y = ArrayView2::from_shape((width, outputs), &rows[..]);
            observer(call.product, x, y.expect("positions × outputs"));
        }
        self.scratch.give(rows);
    }
}

/// Adds the bias to every row, compiled for the vectors of the machine.
pub(crate) struct Bias<'a> {
    pub bias: &'a [f32],
    pub y: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Bias<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.y.chunks_exact_mut(self.bias.len()) {
            for (y, &bias) in row.iter_mut().zip(self.bias) {
                *y += bias;
            }
        }
    }
}

/// The digital product on weights that belong to someone else.
pub(crate) struct Borrowed<'a>(pub ArrayView2<'a, f32>);

impl MatMul for Borrowed<'_> {
    fn shape(&self) -> (usize, usize) {
        self.0.dim()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        _call: u64,
        y: ArrayViewMut2<'_, f32>,
        _scratch: &mut Scratch,
        _tally: &mut Tally,
    ) {
        product(x, self.0, y);
    }
}
