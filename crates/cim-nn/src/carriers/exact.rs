//! Exact products in any precision, for tests of gradients.

use crate::activation::NoiseAwareRelu;
use crate::operations::{Backward, Call, Carrier};
use crate::real::Real;

/// Weights, biases and their gradients, naively multiplied.
pub(crate) struct ExactProducts<T> {
    /// Inputs × outputs, row-major, and one bias per output.
    pub layers: Vec<(Vec<T>, Vec<T>)>,
    pub gradients: Vec<(Vec<T>, Vec<T>)>,
    pub relu: NoiseAwareRelu,
}

impl<T: Real> ExactProducts<T> {
    fn sum(&self, idx: usize, out: usize, x: impl Iterator<Item = T>) -> T {
        let (weights, bias) = &self.layers[idx];
        let column = weights[out..].iter().step_by(bias.len());
        column.zip(x).fold(bias[out], |sum, (&w, x)| sum + w * x)
    }

    fn back(&mut self, idx: usize, x: &[T], dy: &[T], dx: &mut [T]) {
        let (weights, bias) = &self.layers[idx];
        let (d_weights, d_bias) = &mut self.gradients[idx];
        for (out, &dy) in dy.iter().enumerate() {
            d_bias[out] += dy;
            for (row, &x) in x.iter().enumerate() {
                d_weights[row * bias.len() + out] += x * dy;
                dx[row] += weights[row * bias.len() + out] * dy;
            }
        }
    }
}

impl<T: Real> Carrier<T> for ExactProducts<T> {
    fn rectifier(&self, _before: Option<usize>, _next: Option<usize>) -> NoiseAwareRelu {
        self.relu
    }

    fn rows(&mut self, call: Call, batch: usize, x: &[T], y: &mut [T]) {
        let (inputs, outputs) = (x.len() / batch, y.len() / batch);
        for (x, y) in x.chunks_exact(inputs).zip(y.chunks_exact_mut(outputs)) {
            for (out, y) in y.iter_mut().enumerate() {
                *y = self.sum(call.product, out, x.iter().copied());
            }
        }
    }

    fn columns(&mut self, call: Call, x: &[T], width: usize, y: &mut [T], stride: usize) {
        for out in 0..self.layers[call.product].1.len() {
            for at in 0..width {
                let x = x[at..].iter().step_by(width).copied();
                y[out * stride + at] = self.sum(call.product, out, x);
            }
        }
    }
}

impl<T: Real> Backward<T> for ExactProducts<T> {
    fn rows_back(&mut self, call: Call, batch: usize, x: &[T], dy: &[T], dx: Option<&mut [T]>) {
        let (inputs, outputs) = (x.len() / batch, dy.len() / batch);
        let mut unused = vec![T::default(); x.len()];
        let dx = dx.unwrap_or(&mut unused);
        dx.fill(T::default());
        let rows = x.chunks_exact(inputs).zip(dx.chunks_exact_mut(inputs));
        for ((x, dx), dy) in rows.zip(dy.chunks_exact(outputs)) {
            self.back(call.product, x, dy, dx);
        }
    }

    fn columns_back(
        &mut self,
        call: Call,
        x: &[T],
        width: usize,
        dy: &[T],
        stride: usize,
        mut dx: Option<&mut [T]>,
    ) {
        let (weights, bias) = &self.layers[call.product];
        let (inputs, outputs) = (weights.len() / bias.len(), bias.len());
        for at in 0..width {
            let x: Vec<T> = (0..inputs).map(|k| x[k * width + at]).collect();
            let dy: Vec<T> = (0..outputs).map(|out| dy[out * stride + at]).collect();
            let mut part = vec![T::default(); inputs];
            self.back(call.product, &x, &dy, &mut part);
            if let Some(dx) = &mut dx {
                part.into_iter().enumerate().for_each(|(k, d)| dx[k * width + at] = d);
            }
        }
    }
}
