//! What can be wrong with a network or its training.

use thiserror::Error;

/// Errors of networks and their training.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum NetworkError {
    /// Too few layers, or an empty one.
    #[error("a network needs at least two non-zero widths, got {widths:?}")]
    Widths {
        /// The widths as given.
        widths: Vec<usize>,
    },
    /// A layer does not fit its bias or the layer before it.
    #[error("layer {layer} ({inputs} × {outputs}) does not fit its bias or the layer before it")]
    Chain {
        /// Index of the layer.
        layer: usize,
        /// Rows of its weights.
        inputs: usize,
        /// Columns of its weights.
        outputs: usize,
    },
    /// A weight is NaN or infinite.
    #[error("weight {value} at ({row}, {col}) of layer {layer} is not a finite number")]
    NotFinite {
        /// Index of the layer.
        layer: usize,
        /// Row of the weight.
        row: usize,
        /// Column of the weight.
        col: usize,
        /// The weight.
        value: f32,
    },
    /// A bias is NaN or infinite.
    #[error("bias {value} at {col} of layer {layer} is not a finite number")]
    BiasNotFinite {
        /// Index of the layer.
        layer: usize,
        /// Index of the output.
        col: usize,
        /// The bias.
        value: f32,
    },
    /// A number of the training recipe is out of range.
    #[error("training: {name} is {value}, expected {expected}")]
    Recipe {
        /// Key of the recipe.
        name: &'static str,
        /// The value as given.
        value: f64,
        /// What is accepted.
        expected: &'static str,
    },
    /// The data do not fit the network.
    #[error(
        "data with {pixels} pixels and {classes} classes do not fit a network of {inputs} inputs and {outputs} outputs"
    )]
    Data {
        /// Pixels of an image.
        pixels: usize,
        /// Number of classes.
        classes: usize,
        /// Inputs of the network.
        inputs: usize,
        /// Outputs of the network.
        outputs: usize,
    },
    /// A bounded fit has no minimum.
    #[error(
        "no minimum: a step would still gain {gap:e} of the value {value:e}; bound the weights"
    )]
    Diverged {
        /// Value when it was given up.
        value: f64,
        /// What a step would still gain, as a fraction of it.
        gap: f64,
    },
    /// Inputs, targets or carriers do not fit the network.
    #[error(
        "{samples} samples of {inputs} inputs and {targets} × {outputs} targets on {carriers}          carriers do not fit a network of {layers} layers"
    )]
    Loop {
        /// Samples given.
        samples: usize,
        /// Inputs of each.
        inputs: usize,
        /// Targets given.
        targets: usize,
        /// Outputs of each.
        outputs: usize,
        /// Carriers given.
        carriers: usize,
        /// Layers of the network.
        layers: usize,
    },
}
