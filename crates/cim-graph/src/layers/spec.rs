//! The description of layers, as it stands in a file.

use serde::Deserialize;

use crate::error::GraphError;

/// A network: the shape of a sample, and layers in order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetworkSpec {
    /// Dimensions of one sample, without the batch.
    pub input: Vec<usize>,
    pub layer: Vec<LayerSpec>,
    /// Tensors of the file that no layer needs; others that are left over are refused.
    #[serde(default)]
    pub unused: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Linear,
    Conv,
    LayerNorm,
    MaxPool,
    AveragePool,
    GlobalAveragePool,
    Flatten,
    /// Every `stride`-th pixel, with channels of zeros in front and behind.
    Shortcut,
    /// Nothing but what `add` and `activation` say.
    Identity,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Activation {
    Relu,
    LeakyRelu,
    Gelu,
    GeluTanh,
    Sigmoid,
    Silu,
    Tanh,
    Softmax,
    LogSoftmax,
}

/// One layer. Keys that its kind does not have are refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayerSpec {
    /// Name, and what the names of its tensors start with: `name.weight`, `name.bias`.
    pub name: String,
    pub kind: Kind,
    /// Layer whose output it takes, `"input"` for the network's; the one before it if nothing is
    /// said.
    pub from: Option<String>,
    /// Batch normalisation to fold into the weights, by the name of its tensors.
    pub norm: Option<String>,
    /// Layer whose output is added, before the activation.
    pub add: Option<String>,
    pub activation: Option<Activation>,
    pub size: Option<usize>,
    pub stride: Option<usize>,
    pub padding: Option<usize>,
    pub dilation: Option<usize>,
    pub groups: Option<usize>,
    /// What is added to variances.
    pub epsilon: Option<f32>,
    /// Channels of zeros in front and behind.
    pub channels: Option<[usize; 2]>,
}

impl NetworkSpec {
    pub(super) fn parse(text: &str) -> Result<Self, GraphError> {
        let spec: Self =
            toml::from_str(text).map_err(|e| GraphError::Toml { what: e.to_string() })?;
        if spec.layer.is_empty() {
            return Err(GraphError::Toml { what: "no [[layer]]".to_owned() });
        }
        spec.layer.iter().try_for_each(LayerSpec::check)?;
        Ok(spec)
    }
}

impl LayerSpec {
    pub(super) fn error(&self, what: impl Into<String>) -> GraphError {
        GraphError::Layer { layer: self.name.clone(), what: what.into() }
    }

    fn check(&self) -> Result<(), GraphError> {
        let has = |known: &[Kind]| known.contains(&self.kind);
        let windows = has(&[Kind::Conv, Kind::MaxPool, Kind::AveragePool]);
        let keys = [
            ("norm", self.norm.is_some(), has(&[Kind::Conv, Kind::Linear])),
            ("size", self.size.is_some(), has(&[Kind::MaxPool, Kind::AveragePool])),
            ("stride", self.stride.is_some(), windows || has(&[Kind::Shortcut])),
            ("padding", self.padding.is_some(), windows),
            ("dilation", self.dilation.is_some(), has(&[Kind::Conv])),
            ("groups", self.groups.is_some(), has(&[Kind::Conv])),
            ("channels", self.channels.is_some(), has(&[Kind::Shortcut])),
            ("epsilon", self.epsilon.is_some(), self.norm.is_some() || has(&[Kind::LayerNorm])),
        ];
        for (key, is_given, is_known) in keys {
            if is_given && !is_known {
                return Err(self.error(format!("key {key} has no meaning for this kind of layer")));
            }
        }
        Ok(())
    }
}
