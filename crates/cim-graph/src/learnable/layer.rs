//! Layers whose gradients are known, as plain data.

/// One layer, and the node that it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Name of the node.
    pub node: String,
    /// Its operator.
    pub operator: String,
    /// What it does.
    pub layer: Layer,
}

/// What a layer does with a sample: features, channels × time or channels × height × width.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A product of features.
    Linear {
        /// Which [`Parameters`].
        parameters: usize,
    },
    /// A convolution over one or two dimensions.
    Conv {
        /// Which [`Parameters`].
        parameters: usize,
        /// How its window slides; the kernel is that of the parameters.
        sliding: Sliding,
        /// Groups of channels that do not mix.
        groups: usize,
    },
    /// Scale and shift of every channel by moments that were learned.
    BatchNorm {
        /// Which [`Norm`].
        norm: usize,
    },
    /// The largest of a window; padding never wins.
    MaxPool(Sliding),
    /// The mean of a window; padding counts as zeros.
    AveragePool(Sliding),
    /// The mean of each channel: features.
    GlobalPool,
    /// `max(0, x)`.
    Relu,
    /// The logistic function.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// Clipped to −1 to 1.
    HardTanh,
    /// `x / 6 + 1 / 2`, clipped to 0 to 1.
    HardSigmoid,
    /// Channels and places as features, channels outermost.
    Flatten,
    /// Every `stride`-th place along both sides, with channels of zeros in front and behind.
    Shortcut {
        /// From place to place.
        stride: usize,
        /// Channels of zeros in front.
        before: usize,
        /// Channels of zeros behind.
        behind: usize,
    },
    /// The sum of what two lists of layers make of the same value; one of them may be empty.
    Residual {
        /// One side.
        body: Vec<Step>,
        /// The other.
        shortcut: Vec<Step>,
    },
}

/// How a window slides, one number for each dimension in space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sliding {
    /// Places of the window.
    pub kernel: Vec<usize>,
    /// From window to window.
    pub stride: Vec<usize>,
    /// Places around, on both sides alike.
    pub padding: Vec<usize>,
}

/// Weights and biases of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// Name of the node that they belong to.
    pub node: String,
    /// Outputs, inputs (of a group), then the kernel: PyTorch's order.
    pub shape: Vec<usize>,
    /// Weights in this shape, as hardware gets them.
    pub weight: Vec<f32>,
    /// One for each output; zeros where there are none.
    pub bias: Vec<f32>,
    /// Whether the file has a place for biases.
    pub learns_bias: bool,
}

/// Moments, scale and shift of one batch normalisation, channel by channel:
/// `y = scale (x − mean) / √(variance + epsilon) + shift`.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    /// Name of the node that it belongs to.
    pub node: String,
    /// What is added to variances.
    pub epsilon: f32,
    /// Scales.
    pub scale: Vec<f32>,
    /// Shifts.
    pub shift: Vec<f32>,
    /// Means.
    pub mean: Vec<f32>,
    /// Variances.
    pub variance: Vec<f32>,
}
