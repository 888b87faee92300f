//! What can be wrong with a design, a section of a specification, or a measurement.

use cim_adc::AdcError;
use cim_crossbar::CircuitError;
use cim_device::DeviceError;
use cim_graph::{DataType, GraphError};
use cim_nn::NetworkError;
use cim_opt::OptError;
use cim_tile::TileError;
use thiserror::Error;

use crate::held::HeldError;

/// Errors of putting networks on simulated chips.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ChipError {
    /// A key of a specification has a value that cannot be.
    #[error("{key} is {value}")]
    Section {
        /// Section and key, such as `converters.adc_bits`.
        key: String,
        /// The value as given.
        value: String,
        /// What can be.
        help: String,
    },
    /// A product has negative inputs, and nothing to drive rows with them.
    #[error("operation {product} is driven with negative inputs, down to {least}")]
    Sign {
        /// Place and name of its operation.
        product: String,
        /// The least input.
        least: f32,
    },
    /// The closed form has nothing to be compared with.
    #[error("the error model cannot be checked: no output code changed over {chips} chips")]
    Silent {
        /// Chips that were made.
        chips: usize,
    },
    /// A network takes or gives another number of samples at a time than it should.
    #[error("{what} has a first dimension of {count} where {wanted} samples are")]
    Batch {
        /// Which input or output.
        what: String,
        /// Its first dimension.
        count: usize,
        /// Samples.
        wanted: usize,
    },
    /// Samples of another size than the network takes.
    #[error("samples of {given} numbers for a network that takes {wanted}")]
    SampleSize {
        /// Numbers of a sample.
        given: usize,
        /// Numbers that the network takes.
        wanted: usize,
    },
    /// An output that changes its size from sample to sample.
    #[error("the outputs of a block are {given} numbers where {wanted} were expected")]
    OutputSize {
        /// Numbers that came.
        given: usize,
        /// Numbers that the first sample promised.
        wanted: usize,
    },
    /// An output that is no floating-point number.
    #[error("{name} holds {data_type}, not float32")]
    Output {
        /// Which output.
        name: String,
        /// Type of its elements.
        data_type: DataType,
    },
    /// A network without anything to put on tiles.
    #[error(
        "no node of the network multiplies with constant weights: there is nothing to put on tiles"
    )]
    NoProducts,
    /// Answers that fit neither the samples nor the network.
    #[error("{what}")]
    Truth {
        /// What is wrong.
        what: String,
    },
    /// A network that has no finite answer to a sample, digitally.
    #[error(
        "the network itself puts out {value} for sample {sample}: look for weights that are no numbers, or too large"
    )]
    NotFinite {
        /// Which sample, from 0.
        sample: usize,
        /// What it puts out.
        value: f32,
    },
    /// What was measured on a chip is not of this one, or cannot be.
    #[error(transparent)]
    Held(#[from] HeldError),
    /// A network from a file cannot be, or cannot take what it is given.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The device cannot be.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A converter cannot be.
    #[error(transparent)]
    Converter(#[from] AdcError),
    /// The array or its wires cannot be.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// A tile cannot be.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// The network or its training cannot be.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The convex program has no answer.
    #[error(transparent)]
    Optimiser(#[from] OptError),
}

impl ChipError {
    /// What the user can do, where it is not said already.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Section { help, .. } => Some(help),
            Self::Silent { .. } => {
                Some("raise error_model.chips or images, or the converters' resolution")
            }
            Self::Sign { .. } => Some("set converters.dac_polarity to bipolar or two-phase"),
            Self::Held(error) => Some(error.help()),
            Self::Graph(error) => error.help(),
            Self::Batch { .. } => Some(
                "export it for any number of samples: dynamic_axes={\"x\": {0: \"n\"}, \"y\": {0: \"n\"}} \
                 of torch.onnx.export, or for one sample",
            ),
            Self::Output { .. } => Some("the first output must be what the metric judges"),
            Self::Truth { .. } => Some(
                "y holds one whole label a sample (top1, top5) or as many numbers as there are outputs \
                 (mse, cosine, nearest)",
            ),
            _ => None,
        }
    }
}
