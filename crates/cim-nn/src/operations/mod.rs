//! The operations that a network is a list of: one file each, and one line in the list below.

#[macro_use]
mod registry;

pub mod build;
pub mod context;
pub mod pointwise;
mod saved;
mod tape;
pub mod window;

pub mod average_pool;
pub mod batch_norm;
pub mod conv;
pub mod dropout;
pub mod flatten;
pub mod global_pool;
pub mod gru;
pub mod hard_sigmoid;
pub mod hard_tanh;
pub mod linear;
pub mod lstm;
pub mod max_pool;
pub mod relu;
pub mod residual;
pub mod sigmoid;
pub mod sign;
pub mod strided_identity;
pub mod tanh;
pub mod ternary;
pub mod threshold;

#[cfg(test)]
mod gradients;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod recurrent;

pub use build::{Builder, ProductPlan, Specify};
pub use context::{Call, Carrier, Context, Norm, NormWork, Operate};
pub use saved::{Saved, Tape};

operations! {
    /// Every output from every feature.
    Linear = "linear": linear::LinearSpec => linear::Linear;
    /// Convolution over time.
    Conv1d = "conv1d": conv::Conv1dSpec => conv::Conv;
    /// Convolution over pictures.
    Conv2d = "conv2d": conv::Conv2dSpec => conv::Conv;
    /// Mean of a window.
    AveragePool = "average-pool": average_pool::AveragePoolSpec => average_pool::AveragePool;
    /// Largest of a window.
    MaxPool = "max-pool": max_pool::MaxPoolSpec => max_pool::MaxPool;
    /// Mean of every channel.
    GlobalPool = "global-pool": global_pool::GlobalPoolSpec => global_pool::GlobalPool;
    /// Standardised channels with a learned scale and offset.
    BatchNorm = "batch-norm": batch_norm::BatchNormSpec => batch_norm::BatchNorm;
    /// Rectifier, noise-aware where the path of training says so.
    Relu = "relu": relu::ReluSpec => relu::Relu;
    /// −1 or 1.
    Sign = "sign": sign::SignSpec => pointwise::Pointwise<sign::Sign>;
    /// −1, 0 or 1.
    Ternary = "ternary": ternary::TernarySpec => pointwise::Pointwise<ternary::Ternary>;
    /// Hyperbolic tangent.
    Tanh = "tanh": tanh::TanhSpec => pointwise::Pointwise<tanh::Tanh>;
    /// Logistic function.
    Sigmoid = "sigmoid": sigmoid::SigmoidSpec => pointwise::Pointwise<sigmoid::Sigmoid>;
    /// Clipped to −1 to 1.
    HardTanh = "hard-tanh": hard_tanh::HardTanhSpec => pointwise::Pointwise<hard_tanh::HardTanh>;
    /// A sixth of the way up, clipped to 0 to 1.
    HardSigmoid = "hard-sigmoid": hard_sigmoid::HardSigmoidSpec
        => pointwise::Pointwise<hard_sigmoid::HardSigmoid>;
    /// Sign against one threshold per channel: batch norm and sign, folded.
    Threshold = "threshold": threshold::ThresholdSpec => threshold::Threshold;
    /// A list of operations beside a shortcut.
    Residual = "residual": residual::ResidualSpec<OperationSpec> => residual::Residual<Operation>;
    /// Every n-th place, with channels of zeros behind: the shortcut without weights.
    StridedIdentity = "strided-identity": strided_identity::StridedIdentitySpec
        => strided_identity::StridedIdentity;
    /// Channels and places as plain features.
    Flatten = "flatten": flatten::FlattenSpec => flatten::Flatten;
    /// Features left out at random in training.
    Dropout = "dropout": dropout::DropoutSpec => dropout::Dropout;
    /// Long short-term memory.
    Lstm = "lstm": lstm::LstmSpec => lstm::Lstm;
    /// Gated recurrent unit.
    Gru = "gru": gru::GruSpec => gru::Gru;
}
