//! What a designer sets by hand: clips, ranges and full scales by percentiles, and a window.

use cim_chip::{ChipDesign, FullScale, LayerInputs};
use cim_core::{Siemens, Volts};
use cim_device::Window;
use cim_nn::Network;

use crate::error::StudyError;
use crate::method::bench::Bench;

/// What a heuristic sets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Percentile of the weights of a layer that is its clip.
    pub weights: f64,
    /// Percentile of the inputs of a layer that is its range.
    pub inputs: f64,
    /// Full scales.
    pub policy: FullScale,
    /// Bottom and top of the window, as shares of what the device has above its own bottom.
    pub window: [f64; 2],
}

/// All of the device's window.
const WHOLE: [f64; 2] = [0.0, 1.0];

impl Setting {
    /// Everything at its largest, full scales by `policy`.
    pub fn of(policy: FullScale) -> Self {
        Self { weights: 100.0, inputs: 100.0, policy, window: WHOLE }
    }

    /// The design with these settings at a read voltage; full scales are fitted last.
    pub fn design(
        self,
        bench: &Bench<'_>,
        network: &Network,
        inputs: &LayerInputs,
        volts: Volts,
    ) -> Result<ChipDesign, StudyError> {
        let design = bench.naive(network, inputs, volts)?;
        let design = design.clipped_at(network, inputs, self.weights, self.inputs);
        let mut design = design.at_read_voltage(inputs, volts)?;
        if self.window != WHOLE {
            let whole = design.parts.device.window();
            let [g_min, g_max] =
                self.window.map(|share| Siemens(whole.g_min.0 + share * whole.span().0));
            design = design.within(Window::new(g_min, g_max)?);
        }
        Ok(design.with_policy(network, inputs, self.policy)?)
    }

    /// What differs from everything at its largest.
    pub fn words(self) -> String {
        let mut words = match self.policy {
            FullScale::Percentile { percentile } => format!("full scale {percentile} %"),
            _ => "full scale of least squared error".to_owned(),
        };
        for (what, at) in [("weights", self.weights), ("inputs", self.inputs)] {
            if at < 100.0 {
                words += &format!(", {what} {at} %");
            }
        }
        if self.window != WHOLE {
            let [bottom, top] = self.window.map(|share| 100.0 * share);
            words += &format!(", window {bottom} to {top} %");
        }
        words
    }
}
