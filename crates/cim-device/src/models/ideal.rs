//! A cell that holds and conducts exactly what it is asked to.

use ndarray::{Array2, ArrayView2};

use crate::conduction::Conduction;
use crate::device::{Device, Life, Moments};
use crate::law::{Posynomial, PosynomialFit};
use crate::window::Window;

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
