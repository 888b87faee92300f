//! A cell that holds and conducts exactly what it is asked to.

use cim_core::Siemens;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::card::Registered;
use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::error::DeviceError;
use crate::law::{Posynomial, PosynomialFit};
use crate::window::Window;

/// An [`Ideal`] device as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdealSpec {
    /// Lowest conductance.
    pub g_off: Siemens,
    /// Highest conductance.
    pub g_on: Siemens,
}

impl Registered for IdealSpec {
    fn examples() -> Vec<(&'static str, Self)> {
        vec![("ideal", Self { g_off: Siemens(1e-6), g_on: Siemens(100e-6) })]
    }
}

impl IdealSpec {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] for an empty window.
    pub fn build(self) -> Result<Ideal, DeviceError> {
        Ok(Ideal { window: Window::new(self.g_off, self.g_on)? })
    }
}

/// The ideal device.
///
/// *What it models:* nothing but a window. *Law:* programmed = target, no read noise, `I = G V`.
/// *Parameters:* the window. *Source:* definition. *Not modelled:* any non-ideality.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ideal {
    /// Conductances that the device can hold.
    pub window: Window,
}

const NO_NOISE: PosynomialFit = PosynomialFit { posynomial: Posynomial::ZERO, excess: 0.0 };

impl Device for Ideal {
    fn window(&self) -> Window {
        self.window
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, _life: Life) -> Array2<f64> {
        target_s.to_owned()
    }

    fn programmed(&self, target_s: f64) -> Moments {
        Moments { mean: target_s, variance: 0.0 }
    }

    fn program_variance(&self) -> PosynomialFit {
        NO_NOISE
    }

    fn read_variance(&self, _g_s: f64) -> f64 {
        0.0
    }

    fn read_variance_above(&self) -> PosynomialFit {
        NO_NOISE
    }

    fn current_voltage(&self) -> &Conduction {
        &Conduction::Ohmic
    }
}
