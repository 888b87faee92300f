//! What can be wrong with a network or its training.

use std::fmt;

use thiserror::Error;

use crate::shape::Shape;

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
    /// An operation cannot be where it is.
    #[error("operation {place} ({name}): {problem}")]
    Operation {
        /// Index in the list, with those of the lists around it, as in `4.body.0`.
        place: String,
        /// Name of the operation.
        name: &'static str,
        /// What is wrong.
        problem: Problem,
    },
    /// A network is not one of signs.
    #[error("layer {layer} is not binary: {what}")]
    NotBinary {
        /// Index of the layer.
        layer: usize,
        /// What is not.
        what: &'static str,
    },
    /// A network has no operation with weights.
    #[error("a network needs at least one operation with weights")]
    NoProducts,
    /// The operations end in something else than plain features.
    #[error(
        "the network ends in samples of {shape}: plain features are needed, flatten or pool first"
    )]
    NotFeatures {
        /// What comes out.
        shape: Shape,
    },
    /// Given weights are not those of the operations.
    #[error(
        "{given} layers and {norms} batch norms do not fit operations of {expected} products and {expected_norms} batch norms"
    )]
    Parts {
        /// Layers given.
        given: usize,
        /// Products of the operations.
        expected: usize,
        /// Batch norms given.
        norms: usize,
        /// Batch norms of the operations.
        expected_norms: usize,
    },
    /// The update rule has too many or too few states.
    #[error(
        "the update rule has states {states:?} (mean, square) of {what} of {parameters:?} parameters"
    )]
    Moments {
        /// Which parameters.
        what: &'static str,
        /// Means and mean squares that there are, group by group.
        states: Vec<(usize, usize)>,
        /// Parameters of every group.
        parameters: Vec<usize>,
    },
    /// A network description names both widths and operations, or neither.
    #[error("a network is described either by `widths` or by `input` and `operations`")]
    Description,
    /// Training needs labels.
    #[error("the data have no labels: they can be classified, not learned from")]
    Unlabelled,
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
    /// A teacher was asked before, but about something else.
    #[error("a teacher that was asked about {asked} cannot answer to {wanted}")]
    Answers {
        /// What it was asked.
        asked: AskedAbout,
        /// What training wants to know.
        wanted: AskedAbout,
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

/// What a teacher is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedAbout {
    /// Samples of the data set.
    pub samples: usize,
    /// Places that they are moved by at most.
    pub reach: u32,
    /// Outputs of the network.
    pub outputs: usize,
}

impl From<(usize, u32, usize)> for AskedAbout {
    fn from((samples, reach, outputs): (usize, u32, usize)) -> Self {
        Self { samples, reach, outputs }
    }
}

impl fmt::Display for AskedAbout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { samples, reach, outputs } = self;
        write!(f, "{samples} samples at shifts of up to {reach}, for {outputs} outputs")
    }
}

/// What is wrong with an operation.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Problem {
    /// A key is zero.
    #[error("{key} is 0, expected at least 1")]
    Zero {
        /// The key.
        key: &'static str,
    },
    /// Samples have places where plain features are needed.
    #[error("needs plain features, but samples are {shape}: flatten or pool first")]
    NotFlat {
        /// Samples before the operation.
        shape: Shape,
    },
    /// Samples are pictures where series are needed.
    #[error("needs channels × time, but samples are {shape}")]
    NotSeries {
        /// Samples before the operation.
        shape: Shape,
    },
    /// A window does not fit.
    #[error(
        "a window of {kernel} does not fit {places} places with {padding} around them; padding is below the window"
    )]
    Window {
        /// Places of the window along the side.
        kernel: usize,
        /// Padding on either end.
        padding: usize,
        /// Places of the sample along the side.
        places: usize,
    },
    /// Channels cannot be cut into groups.
    #[error("{channels} channels cannot be cut into {groups} groups")]
    Groups {
        /// Groups asked for.
        groups: usize,
        /// Channels there are.
        channels: usize,
    },
    /// Body and shortcut cannot be added.
    #[error("the body ends in {body}, the shortcut in {shortcut}")]
    Differ {
        /// Samples behind the body.
        body: Shape,
        /// Samples behind the shortcut.
        shortcut: Shape,
    },
    /// Entries do not fit channels.
    #[error("{entries} entries do not fit {channels} channels")]
    Entries {
        /// Entries given.
        entries: usize,
        /// Channels there are.
        channels: usize,
    },
    /// A share is not a probability below one.
    #[error("share is {share}, expected 0 to below 1")]
    Share {
        /// As given.
        share: f32,
    },
    /// A number is NaN.
    #[error("{key} holds what is not a number")]
    NotANumber {
        /// The key.
        key: &'static str,
    },
    /// A sample behind the operation is too large.
    #[error(
        "samples of {shape} behind it are empty, or larger than {} numbers",
        crate::shape::MAX_SAMPLE
    )]
    Size {
        /// Samples behind the operation.
        shape: Shape,
    },
    /// The network has too many weights.
    #[error("with its weights the network has more than {limit}")]
    Weights {
        /// Largest number of weights of a network.
        limit: usize,
    },
}
