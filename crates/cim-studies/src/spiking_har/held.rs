//! Cells that hold what they hold: a device that is read but not programmed.

use std::sync::Arc;

use cim_device::{Conduction, Device, Life, Moments, Posynomial, PosynomialFit, Window};
use ndarray::{Array2, ArrayView2};

/// The cells of another device once pulses have written them: its reads and its current-voltage law, and
/// exactly the conductances that are given.
pub struct Held(pub Arc<dyn Device>);

impl Device for Held {
    fn window(&self) -> Window {
        self.0.window()
    }

    fn drawn(&self, target_s: ArrayView2<'_, f64>, _life: Life) -> Array2<f64> {
        target_s.to_owned()
    }

    fn programmed(&self, target_s: f64) -> Moments {
        Moments { mean: target_s, variance: 0.0 }
    }

    fn program_variance(&self) -> PosynomialFit {
        PosynomialFit { posynomial: Posynomial::ZERO, excess: 0.0 }
    }

    fn read_variance(&self, g_s: f64) -> f64 {
        self.0.read_variance(g_s)
    }

    fn read_variance_above(&self) -> PosynomialFit {
        self.0.read_variance_above()
    }

    fn current_voltage(&self) -> &Conduction {
        self.0.current_voltage()
    }
}
