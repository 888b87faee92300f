//! A network as written in a file.

use cim_core::Stream;
use serde::{Deserialize, Serialize};

use crate::error::NetworkError;
use crate::network::Network;
use crate::operations::OperationSpec;
use crate::shape::Shape;

/// A network, either a perceptron by its widths or a list of operations on samples of a shape.
///
/// ```
/// # use cim_core::Stream;
/// let spec: cim_nn::NetworkSpec = toml::from_str(
///     r#"
///     input = [1, 28, 28]
///     operations = [
///         { op = "conv2d", channels = 6, kernel = 5, padding = 2 },
///         { op = "relu" },
///         { op = "max-pool", kernel = 2, stride = 2 },
///         { op = "flatten" },
///         { op = "linear", features = 10 },
///     ]
///     "#,
/// )?;
/// let network = spec.build(Stream::root(1))?;
/// assert_eq!(network.products().map(|p| p.weights.dim()).collect::<Vec<_>>(), [(25, 6), (1176, 10)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// Widths of a perceptron, inputs first: `[784, 256, 128, 10]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widths: Option<Vec<usize>>,
    /// Shape of a sample: features, channels × time, or channels × height × width.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Shape>,
    /// Operations, first to last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<Vec<OperationSpec>>,
}

impl NetworkSpec {
    /// A network with weights drawn at `at`.
    ///
    /// # Errors
    /// [`NetworkError::Description`] unless there are either widths, or input and operations; else as
    /// [`Network::new`] and [`Network::drawn`].
    pub fn build(&self, at: Stream) -> Result<Network, NetworkError> {
        match (&self.widths, self.input, &self.operations) {
            (Some(widths), None, None) => Network::new(widths, at),
            (None, Some(input), Some(operations)) => Network::drawn(input, operations, at),
            _ => Err(NetworkError::Description),
        }
    }
}
