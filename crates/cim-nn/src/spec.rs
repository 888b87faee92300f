//! A network as written in a file.

use cim_core::Stream;
use serde::{Deserialize, Serialize};

use crate::error::NetworkError;
use crate::network::{Network, perceptron_of, planned};
use crate::operations::{Operate, OperationSpec};
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

/// What a network takes and gives, before any weight is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Shape of a sample.
    pub input: Shape,
    /// Number of outputs.
    pub outputs: usize,
    /// Weights of all products, biases aside.
    pub weights: usize,
    /// Products: what lies on cells, one after the other.
    pub products: usize,
}

impl NetworkSpec {
    /// A perceptron of these widths, inputs first, with ReLU between its layers.
    pub fn of_widths(widths: impl Into<Vec<usize>>) -> Self {
        Self { widths: Some(widths.into()), ..Self::default() }
    }

    /// What the network takes and gives; nothing is allocated for weights.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn outline(&self) -> Result<Outline, NetworkError> {
        let (input, operations) = match (&self.widths, self.input, &self.operations) {
            (Some(widths), None, None) => perceptron_of(widths)?,
            (None, Some(input), Some(operations)) => (input, operations.clone()),
            _ => return Err(NetworkError::Description),
        };
        let (operations, builder) = planned(input, &operations)?;
        Ok(Outline {
            input,
            outputs: operations.last().map_or(input, Operate::output).len(),
            weights: builder.products.iter().map(|plan| plan.inputs * plan.outputs).sum(),
            products: builder.products.len(),
        })
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let spec: NetworkSpec = toml::from_str(text).expect("well-formed");
        spec.build(Stream::root(1)).expect_err("it does not fit").to_string()
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_place() {
        let image =
            |operations: &str| error(&format!("input = [2, 5, 5]\noperations = [{operations}]"));
        let conv = "{ op = \"conv2d\", channels = 4, kernel = 3 }";
        for (operations, want) in [
            (
                format!("{conv}, {{ op = \"linear\", features = 3 }}"),
                "operation 1 (linear): needs plain features, but samples are 4 × 3 × 3: flatten or \
                 pool first",
            ),
            (
                format!("{conv}, {conv}, {{ op = \"residual\", body = [{conv}] }}"),
                "operation 2.body.0 (conv2d): a window of 3 does not fit 1 places with 0 around \
                 them; padding is below the window",
            ),
            (
                format!("{{ op = \"residual\", body = [{conv}] }}"),
                "operation 0 (residual): the body ends in 4 × 3 × 3, the shortcut in 2 × 5 × 5",
            ),
            (
                "{ op = \"conv2d\", channels = 4, kernel = 1, groups = 4 }".into(),
                "operation 0 (conv2d): 2 channels cannot be cut into 4 groups",
            ),
            (
                "{ op = \"lstm\", hidden = 4, sequence = true }".into(),
                "operation 0 (lstm): needs channels × time, but samples are 2 × 5 × 5",
            ),
            (
                "{ op = \"flatten\" }, { op = \"linear\", features = 1000000000000 }".into(),
                "operation 1 (linear): with its weights the network has more than 268435456",
            ),
            (
                "{ op = \"conv2d\", channels = 0, kernel = 3 }".into(),
                "operation 0 (conv2d): channels is 0, expected at least 1",
            ),
            (
                conv.into(),
                "the network ends in samples of 4 × 3 × 3: plain features are needed, flatten or \
                 pool first",
            ),
            ("{ op = \"flatten\" }".into(), "a network needs at least one operation with weights"),
        ] {
            assert_eq!(image(&operations), want);
        }
        let both = error("widths = [2, 3]\ninput = [2]");
        assert_eq!(
            both,
            "a network is described either by `widths` or by `input` and `operations`"
        );
    }

    #[test]
    fn unknown_keys_and_impossible_shapes_are_refused() {
        for text in [
            "width = [2, 3]",
            "input = [2, 3]\noperations = [{ op = \"relu\", slope = 1.0 }]",
            "input = [2, 3]\noperations = [{ op = \"attention\" }]",
            "input = [2, 0]\noperations = []",
            "input = [100000000, 1]\noperations = []",
            "input = [1, 2, 3, 4]\noperations = []",
        ] {
            assert!(toml::from_str::<NetworkSpec>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn widths_are_the_perceptron_of_before() {
        let spec: NetworkSpec = toml::from_str("widths = [6, 5, 4]").expect("well-formed");
        let at = Stream::root(3);
        assert_eq!(spec.build(at), Network::new(&[6, 5, 4], at));
    }
}
