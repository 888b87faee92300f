//! Any device as written in a file: a model and the effects around it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::device::Device;
use crate::error::DeviceError;
use crate::models::{EffectSpec, ModelSpec};

/// A device as written in a file.
///
/// ```
/// use cim_device::{Device, DeviceSpec};
///
/// let file = r#"
///     model = { kind = "published", name = "pcm" }
///     [[effects]]
///     kind = "stuck"
///     cells = "random"
///     share_low = 0.01
///     share_high = 0.0
///     low = "0 S"
///     high = "25 uS"
/// "#;
/// let device = toml::from_str::<DeviceSpec>(file)?.build()?;
/// assert_eq!(device.window().g_max.to_string(), "25 µS");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceSpec {
    /// The cell itself.
    pub model: ModelSpec,
    /// What comes on top, from the inside out. None is an empty list.
    pub effects: Vec<EffectSpec>,
}

impl DeviceSpec {
    /// A published device without effects; [`build`](Self::build) refuses a name that nobody published.
    pub fn published(name: &str) -> Self {
        Self { model: ModelSpec::Published { name: name.to_owned() }, effects: Vec::new() }
    }

    /// Checks the specification and builds the device.
    ///
    /// # Errors
    /// [`DeviceError`] of the part that is wrong.
    pub fn build(self) -> Result<Arc<dyn Device>, DeviceError> {
        self.effects.into_iter().try_fold(self.model.build()?, |inner, effect| effect.build(inner))
    }
}
