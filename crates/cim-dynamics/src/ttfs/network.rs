//! Layers of membranes, dense or convolutional.

use cim_core::Stream;
use ndarray::Array2;

use crate::error::{fits, within};
use crate::membrane::dstd::Grid;
use crate::{DynamicsError, Membrane};

/// How the neurons of a layer see those before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Every neuron sees every input.
    Dense {
        /// Inputs.
        inputs: usize,
        /// Neurons.
        neurons: usize,
    },
    /// Neurons see patches and share weights: first spikes of `features` at every place.
    Conv {
        /// Rows of the image.
        rows: usize,
        /// Columns of the image.
        cols: usize,
        /// Channels of the image, which vary fastest.
        channels: usize,
        /// Rows and columns of a patch.
        kernel: usize,
        /// Step between patches.
        stride: usize,
        /// Neurons at each place.
        features: usize,
    },
}

impl Shape {
    /// Inputs of the layer.
    pub const fn inputs(&self) -> usize {
        match *self {
            Self::Dense { inputs, .. } => inputs,
            Self::Conv { rows, cols, channels, .. } => rows * cols * channels,
        }
    }

    /// Neurons of the layer.
    pub const fn neurons(&self) -> usize {
        self.places() * self.weights().1
    }

    /// Inputs × neurons of the matrix of weights.
    pub const fn weights(&self) -> (usize, usize) {
        match *self {
            Self::Dense { inputs, neurons } => (inputs, neurons),
            Self::Conv { channels, kernel, features, .. } => (kernel * kernel * channels, features),
        }
    }

    /// How often the matrix is used.
    pub const fn places(&self) -> usize {
        let (rows, cols) = self.grid();
        rows * cols
    }

    const fn grid(&self) -> (usize, usize) {
        match *self {
            Self::Dense { .. } => (1, 1),
            Self::Conv { rows, cols, kernel, stride, .. } => {
                ((rows - kernel) / stride + 1, (cols - kernel) / stride + 1)
            }
        }
    }

    /// Calls `with(number in the patch, input)` for every input of a patch.
    pub(super) fn patch(&self, place: usize, mut with: impl FnMut(usize, usize)) {
        match *self {
            Self::Dense { inputs, .. } => (0..inputs).for_each(|j| with(j, j)),
            Self::Conv { cols, channels, kernel, stride, .. } => {
                let across = self.grid().1;
                let (top, left) = (place / across * stride, place % across * stride);
                let line = kernel * channels;
                for row in 0..kernel {
                    let from = ((top + row) * cols + left) * channels;
                    (0..line).for_each(|k| with(row * line + k, from + k));
                }
            }
        }
    }

    fn check(&self) -> Result<(), DynamicsError> {
        let least = |name, value: usize, max: usize| within(name, value as f64, 1.0, max as f64);
        match *self {
            Self::Dense { inputs, neurons } => {
                least("the number of inputs", inputs, usize::MAX)?;
                least("the number of neurons", neurons, usize::MAX)
            }
            Self::Conv { rows, cols, channels, kernel, stride, features } => {
                least("the kernel", kernel, rows.min(cols))?;
                least("the stride", stride, usize::MAX)?;
                least("the number of channels", channels, usize::MAX)?;
                least("the number of features", features, usize::MAX)
            }
        }
    }
}

/// How the weights of a layer begin: normal, by their fan-in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    /// Mean of the sum of all weights of a neuron, thresholds per window.
    pub sum: f64,
    /// Standard deviation of that sum.
    pub spread: f64,
}

/// A stack of layers with one membrane.
///
/// Layer `l` runs until `1 + (l + 1) / 2` windows: each has half a window more than the one before.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub(super) membrane: Membrane,
    pub(super) shapes: Vec<Shape>,
    /// Weights of each layer, inputs × neurons, thresholds per window.
    pub weights: Vec<Array2<f32>>,
}

impl Network {
    /// A network with drawn weights: one shape and start for each layer.
    ///
    /// # Errors
    /// [`DynamicsError`] if a layer does not fit the one before, or has no neurons.
    pub fn new(
        membrane: Membrane,
        layers: &[(Shape, Start)],
        at: Stream,
    ) -> Result<Self, DynamicsError> {
        crate::error::positive("the number of layers", layers.len() as f64, layers.len())?;
        let mut weights = Vec::new();
        for (l, (shape, start)) in layers.iter().enumerate() {
            shape.check()?;
            if l > 0 {
                fits("inputs of a layer", shape.inputs(), layers[l - 1].0.neurons())?;
            }
            let (inputs, neurons) = shape.weights();
            let mut draws = vec![0.0; inputs * neurons];
            at.child("layer", l as u64).fill_standard_normal(0, &mut draws);
            let mean = start.sum / inputs as f64;
            let sigma = start.spread / (inputs as f64).sqrt();
            weights.push(Array2::from_shape_fn((inputs, neurons), |(j, i)| {
                (mean + sigma * f64::from(draws[j * neurons + i])) as f32
            }));
        }
        let shapes = layers.iter().map(|(shape, _)| *shape).collect();
        Ok(Self { membrane, shapes, weights })
    }

    /// The same weights in another membrane: a network trained for one circuit and run on another.
    #[must_use]
    pub fn in_membrane(&self, membrane: Membrane) -> Self {
        Self { membrane, ..self.clone() }
    }

    /// Shapes of the layers.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// The grid of layer `l` with `per_window` intervals a window.
    ///
    /// # Errors
    /// [`DynamicsError::OutOfRange`] for a grid without intervals.
    pub fn grid(&self, l: usize, per_window: usize) -> Result<Grid, DynamicsError> {
        Grid::new(per_window, 1.0 + 0.5 * (l + 1) as f64)
    }
}
