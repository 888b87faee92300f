//! Any device as written in a file: a model and the effects around it.

use std::sync::Arc;

use cim_core::Siemens;
use serde::{Deserialize, Serialize};

use crate::catalogue::published;
use crate::device::Device;
use crate::error::DeviceError;
use crate::models::{
    CmoHfoxSpec, GaussianSpec, Ideal, LogNormalSpec, PcmSpec, RramWanSpec, StuckSpec,
    TelegraphSpec, TemperatureSpec,
};
use crate::window::Window;

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
/// assert_eq!(device.window().g_max.to_string(), "25 uS");
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

/// A kind of cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ModelSpec {
    /// A device of the catalogue.
    Published {
        /// Its name.
        name: String,
    },
    /// [`Ideal`].
    Ideal {
        /// Lowest conductance.
        g_off: Siemens,
        /// Highest conductance.
        g_on: Siemens,
    },
    /// [`Gaussian`](crate::Gaussian).
    Gaussian(GaussianSpec),
    /// [`LogNormal`](crate::LogNormal).
    LogNormal(LogNormalSpec),
    /// [`Pcm`](crate::Pcm).
    Pcm(PcmSpec),
    /// [`RramWan`](crate::RramWan).
    RramWan(RramWanSpec),
    /// [`CmoHfox`](crate::CmoHfox).
    CmoHfox(CmoHfoxSpec),
}

/// An effect around a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum EffectSpec {
    /// [`Telegraph`](crate::Telegraph).
    Telegraph(TelegraphSpec),
    /// [`Temperature`](crate::Temperature).
    Temperature(TemperatureSpec),
    /// [`Stuck`](crate::Stuck).
    Stuck(StuckSpec),
}

impl DeviceSpec {
    /// Checks the specification and builds the device.
    ///
    /// # Errors
    /// [`DeviceError`] of the part that is wrong.
    pub fn build(self) -> Result<Arc<dyn Device>, DeviceError> {
        self.effects.into_iter().try_fold(self.model.build()?, |inner, effect| effect.build(inner))
    }
}

impl ModelSpec {
    /// Checks the specification and builds the device.
    ///
    /// # Errors
    /// [`DeviceError`] of the model.
    pub fn build(self) -> Result<Arc<dyn Device>, DeviceError> {
        Ok(match self {
            Self::Published { name } => published(&name)?.device,
            Self::Ideal { g_off, g_on } => Arc::new(Ideal { window: Window::new(g_off, g_on)? }),
            Self::Gaussian(spec) => Arc::new(spec.build()?),
            Self::LogNormal(spec) => Arc::new(spec.build()?),
            Self::Pcm(spec) => Arc::new(spec.build()?),
            Self::RramWan(spec) => Arc::new(spec.build()?),
            Self::CmoHfox(spec) => Arc::new(spec.build()?),
        })
    }
}

impl EffectSpec {
    /// Checks the specification and puts the effect around a device.
    ///
    /// # Errors
    /// [`DeviceError`] of the effect.
    pub fn build(self, inner: Arc<dyn Device>) -> Result<Arc<dyn Device>, DeviceError> {
        Ok(match self {
            Self::Telegraph(spec) => Arc::new(spec.build(inner)?),
            Self::Temperature(spec) => Arc::new(spec.build(inner)?),
            Self::Stuck(spec) => Arc::new(spec.build(inner)?),
        })
    }
}
