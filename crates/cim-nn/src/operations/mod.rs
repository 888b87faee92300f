//! The operations that a network is a list of: one file each, and one line in the list below.

#[macro_use]
mod registry;

pub mod build;
pub mod context;
pub mod pointwise;
mod saved;
mod tape;
pub mod window;

#[cfg(test)]
mod gradients;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod recurrent;

pub use build::{Builder, ProductPlan, Specify};
pub use context::{Backward, Call, Carrier, Context, Norm, NormWork, Operate};
pub use saved::{Saved, Tape};

operations! {
    /// Every output from every feature.
    Linear = "linear": linear::LinearSpec => linear::Linear, mod linear;
    /// Convolution over time.
    Conv1d = "conv1d": conv::Conv1dSpec => conv::Conv, mod conv;
    /// Convolution over pictures.
    Conv2d = "conv2d": conv::Conv2dSpec => conv::Conv;
    /// Mean of a window.
    AveragePool = "average-pool": average_pool::AveragePoolSpec
        => average_pool::AveragePool, mod average_pool;
    /// Largest of a window.
    MaxPool = "max-pool": max_pool::MaxPoolSpec => max_pool::MaxPool, mod max_pool;
    /// Mean of every channel.
    GlobalPool = "global-pool": global_pool::GlobalPoolSpec
        => global_pool::GlobalPool, mod global_pool;
    /// Standardised channels with a learned scale and offset.
    BatchNorm = "batch-norm": batch_norm::BatchNormSpec => batch_norm::BatchNorm, mod batch_norm;
    /// Rectifier, noise-aware where the path of training says so.
    Relu = "relu": relu::ReluSpec => relu::Relu, mod relu;
    /// −1 or 1.
    Sign = "sign": sign::SignSpec => pointwise::Pointwise<sign::Sign>, mod sign;
    /// −1, 0 or 1.
    Ternary = "ternary": ternary::TernarySpec
        => pointwise::Pointwise<ternary::Ternary>, mod ternary;
    /// Hyperbolic tangent.
    Tanh = "tanh": tanh::TanhSpec => pointwise::Pointwise<tanh::Tanh>, mod tanh;
    /// Logistic function.
    Sigmoid = "sigmoid": sigmoid::SigmoidSpec
        => pointwise::Pointwise<sigmoid::Sigmoid>, mod sigmoid;
    /// Clipped to −1 to 1.
    HardTanh = "hard-tanh": hard_tanh::HardTanhSpec
        => pointwise::Pointwise<hard_tanh::HardTanh>, mod hard_tanh;
    /// A sixth of the way up, clipped to 0 to 1.
    HardSigmoid = "hard-sigmoid": hard_sigmoid::HardSigmoidSpec
        => pointwise::Pointwise<hard_sigmoid::HardSigmoid>, mod hard_sigmoid;
    /// Sign against one threshold per channel: batch norm and sign, folded.
    Threshold = "threshold": threshold::ThresholdSpec => threshold::Threshold, mod threshold;
    /// A list of operations beside a shortcut.
    Residual = "residual": residual::ResidualSpec<OperationSpec>
        => residual::Residual<Operation>, mod residual;
    /// Every n-th place, with channels of zeros behind: the shortcut without weights.
    StridedIdentity = "strided-identity": strided_identity::StridedIdentitySpec
        => strided_identity::StridedIdentity, mod strided_identity;
    /// Channels and places as plain features.
    Flatten = "flatten": flatten::FlattenSpec => flatten::Flatten, mod flatten;
    /// Features left out at random in training.
    Dropout = "dropout": dropout::DropoutSpec => dropout::Dropout, mod dropout;
    /// Long short-term memory.
    Lstm = "lstm": lstm::LstmSpec => lstm::Lstm, mod lstm;
    /// Gated recurrent unit.
    Gru = "gru": gru::GruSpec => gru::Gru, mod gru;
    /// Ternary by two thresholds per channel: batch norm and ternary, folded.
    TernaryThreshold = "ternary-threshold": ternary_threshold::TernaryThresholdSpec
        => ternary_threshold::TernaryThreshold, mod ternary_threshold;
}
