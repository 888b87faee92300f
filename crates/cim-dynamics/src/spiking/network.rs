//! Layers of spiking neurons, dense or convolutional in time, and the arrays that carry their products.

use cim_core::{Exact, MatMul, Stream};
use ndarray::Array2;

use super::lif::{Lif, LifSpec};
use crate::DynamicsError;
use crate::error::{fits, positive};

/// One layer: neurons that see the last `taps` steps of all channels before them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Steps of time that a neuron sees: 1 for a dense layer, the kernel of a convolution otherwise.
    pub taps: usize,
    /// Steps before the layer for each of its own.
    pub stride: usize,
    /// Neurons.
    pub neurons: usize,
    /// Their law.
    pub lif: LifSpec,
}

/// A layer with its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub(super) taps: usize,
    pub(super) stride: usize,
    pub(super) channels: usize,
    pub(super) lif: Lif,
    /// Taps · channels × neurons; the oldest step first.
    pub weights: Array2<f32>,
}

/// Layers of spiking neurons, and a readout that averages over time without spiking.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The spiking layers.
    pub layers: Vec<Layer>,
    /// Neurons of the last layer × classes.
    pub readout: Array2<f32>,
}

impl Layer {
    /// Number of steps after so many before.
    pub const fn steps(&self, before: usize) -> usize {
        before.div_ceil(self.stride)
    }

    /// What its neurons see at each of its steps, batch × taps · channels; nothing came before the start.
    pub(super) fn windows(&self, before: &[Array2<f32>]) -> Vec<Array2<f32>> {
        let batch = before.first().map_or(0, Array2::nrows);
        let window = |step: usize| {
            let mut seen = Array2::zeros((batch, self.taps * self.channels));
            for (tap, from) in self.seen(step) {
                let at = tap * self.channels;
                seen.slice_mut(ndarray::s![.., at..at + self.channels]).assign(&before[from]);
            }
            seen
        };
        (0..self.steps(before.len())).map(window).collect()
    }

    /// Which steps before a step of the layer sees, with their taps.
    pub(super) fn seen(&self, step: usize) -> impl Iterator<Item = (usize, usize)> {
        let last = step * self.stride;
        let taps = self.taps;
        (0..taps).filter_map(move |tap| (last + tap + 1).checked_sub(taps).map(|from| (tap, from)))
    }
}

impl Network {
    /// A network with drawn weights: normal, of variance `gain² / fan-in`.
    ///
    /// # Errors
    /// [`DynamicsError`] for layers without neurons, taps or stride, and impossible neurons.
    pub fn new(
        channels: usize,
        shapes: &[Shape],
        classes: usize,
        gain: f32,
        at: Stream,
    ) -> Result<Self, DynamicsError> {
        positive("the number of channels", channels as f64, channels)?;
        positive("the number of classes", classes as f64, classes)?;
        positive("the number of layers", shapes.len() as f64, shapes.len())?;
        let draw = |index: usize, rows: usize, cols: usize| {
            let mut z = vec![0.0; rows * cols];
            at.child("layer", index as u64).fill_standard_normal(0, &mut z);
            let sigma = gain / (rows as f32).sqrt();
            Array2::from_shape_fn((rows, cols), |(r, c)| sigma * z[r * cols + c])
        };
        let mut before = channels;
        let mut layers = Vec::new();
        for (l, shape) in shapes.iter().enumerate() {
            for (name, size) in
                [("taps", shape.taps), ("the stride", shape.stride), ("neurons", shape.neurons)]
            {
                positive(name, size as f64, size)?;
            }
            layers.push(Layer {
                taps: shape.taps,
                stride: shape.stride,
                channels: before,
                lif: shape.lif.build()?,
                weights: draw(l, shape.taps * before, shape.neurons),
            });
            before = shape.neurons;
        }
        let readout = draw(layers.len(), before, classes);
        Ok(Self { layers, readout })
    }

    /// All matrices: those of the layers, then the readout.
    pub fn weights(&self) -> impl Iterator<Item = &Array2<f32>> {
        self.layers.iter().map(|layer| &layer.weights).chain([&self.readout])
    }

    /// All matrices, to be changed.
    pub fn weights_mut(&mut self) -> impl Iterator<Item = &mut Array2<f32>> {
        self.layers.iter_mut().map(|layer| &mut layer.weights).chain([&mut self.readout])
    }
}

/// What carries the products: for every layer, then the readout, a product forward and one transposed.
///
/// Only backpropagation reads the transposed ones. On a chip both are reads of the same cells.
pub struct Arrays {
    /// `y = x W`.
    pub forward: Vec<Box<dyn MatMul>>,
    /// `y = x Wᵀ`.
    pub transposed: Vec<Box<dyn MatMul>>,
}

impl Arrays {
    /// Digital products of a network's own weights.
    pub fn exact(network: &Network) -> Self {
        let boxed = |w: Array2<f32>| Box::new(Exact(w)) as Box<dyn MatMul>;
        Self {
            forward: network.weights().map(|w| boxed(w.clone())).collect(),
            transposed: network
                .weights()
                .map(|w| boxed(w.t().as_standard_layout().into_owned()))
                .collect(),
        }
    }

    /// Checks that the arrays are those of a network.
    ///
    /// # Errors
    /// [`DynamicsError::Shape`] if one is missing or of another shape.
    pub fn check(&self, network: &Network) -> Result<(), DynamicsError> {
        let count = network.layers.len() + 1;
        fits("arrays forward", self.forward.len(), count)?;
        fits("arrays transposed", self.transposed.len(), count)?;
        for ((w, forward), transposed) in network.weights().zip(&self.forward).zip(&self.transposed)
        {
            let (rows, cols) = w.dim();
            fits("rows of an array", forward.shape().0, rows)?;
            fits("columns of an array", forward.shape().1, cols)?;
            fits("rows of a transposed array", transposed.shape().0, cols)?;
            fits("columns of a transposed array", transposed.shape().1, rows)?;
        }
        Ok(())
    }
}
