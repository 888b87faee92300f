//! Leaky integrate-and-fire neurons in steps of time.

use serde::{Deserialize, Serialize};

use crate::DynamicsError;
use crate::error::within;

/// What a spike does to the membrane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reset {
    /// The threshold is taken off.
    Soft,
    /// The membrane starts again at 0.
    Hard,
}

/// What a neuron sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Firing {
    /// 1 above the threshold, 0 otherwise.
    Spike,
    /// The integral of the surrogate: a smooth step, whose gradient is exact. Not a spike; for tests.
    Smooth,
}

/// A neuron in numbers of the weights; time in steps.
///
/// # Law
/// `u_t = λ r_{t−1} + i_t`, `o_t = [u_t > V]`; `r = u − V o` (soft) or `u (1 − o)` (hard). Where the step has no
/// slope, training takes `max(0, γ − |u − V|) / γ²`.
///
/// # Source
/// Surrogate and values of 0.5 (V), 0.75 (λ) and 1 (γ): the published code of SNN_HAR, Yale.
///
/// # Not modelled
/// Refractory time, adaptation, noise of the membrane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifSpec {
    /// What of the membrane is left after a step, `λ`.
    pub keep: f32,
    /// Threshold `V`.
    pub threshold: f32,
    /// What a spike does to the membrane.
    pub reset: Reset,
    /// Half-width `γ` of the surrogate.
    pub width: f32,
    /// What the neuron sends.
    pub firing: Firing,
}

/// A checked neuron.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lif(LifSpec);

impl LifSpec {
    /// Threshold 0.5, λ = 0.75, soft reset, γ = 1.
    pub const TYPICAL: Self =
        Self { keep: 0.75, threshold: 0.5, reset: Reset::Soft, width: 1.0, firing: Firing::Spike };

    /// Checks everything once.
    ///
    /// # Errors
    /// [`DynamicsError::OutOfRange`] for a leak outside 0 to 1, or a threshold or width that is not above 0.
    pub fn build(self) -> Result<Lif, DynamicsError> {
        let most = f64::from(f32::MAX);
        within("what is left of a membrane", f64::from(self.keep), 0.0, 1.0)?;
        within("the threshold", f64::from(self.threshold), 1e-30, most)?;
        within("the width of the surrogate", f64::from(self.width), 1e-30, most)?;
        Ok(Lif(self))
    }
}

impl Lif {
    /// What it was built from.
    pub const fn spec(&self) -> &LifSpec {
        &self.0
    }

    /// What a membrane of `u` sends.
    #[inline]
    pub fn send(&self, u: f32) -> f32 {
        let LifSpec { threshold, width, firing, .. } = self.0;
        let above = u - threshold;
        match firing {
            Firing::Spike => f32::from(u8::from(above > 0.0)),
            Firing::Smooth => {
                let x = (above / width).clamp(-1.0, 1.0);
                if x < 0.0 { 0.5 * (1.0 + x).powi(2) } else { 1.0 - 0.5 * (1.0 - x).powi(2) }
            }
        }
    }

    /// The slope that training takes for `send`.
    #[inline]
    pub fn slope(&self, u: f32) -> f32 {
        let LifSpec { threshold, width, .. } = self.0;
        (width - (u - threshold).abs()).max(0.0) / (width * width)
    }

    /// The membrane after it sent `o`.
    #[inline]
    pub fn rest(&self, u: f32, o: f32) -> f32 {
        match self.0.reset {
            Reset::Soft => u - self.0.threshold * o,
            Reset::Hard => u * (1.0 - o),
        }
    }

    /// Slope of [`rest`](Self::rest) by the membrane, that of what it sent included.
    #[inline]
    pub fn rest_slope(&self, u: f32, o: f32) -> f32 {
        match self.0.reset {
            Reset::Soft => 1.0 - self.0.threshold * self.slope(u),
            Reset::Hard => 1.0 - o - u * self.slope(u),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surrogate_is_the_slope_of_the_smooth_step() {
        for reset in [Reset::Soft, Reset::Hard] {
            let spec = LifSpec { firing: Firing::Smooth, reset, width: 0.8, ..LifSpec::TYPICAL };
            let lif = spec.build().unwrap();
            for k in -20..40 {
                let (u, h) = (k as f32 * 0.053 + 0.011, 1e-2);
                let numerical = (lif.send(u + h) - lif.send(u - h)) / (2.0 * h);
                // The third derivative jumps at three places: there h times the change of slope.
                assert!((lif.slope(u) - numerical).abs() < 1e-2, "{u}");
                let rest = |u: f32| lif.rest(u, lif.send(u));
                let numerical = (rest(u + h) - rest(u - h)) / (2.0 * h);
                assert!((lif.rest_slope(u, lif.send(u)) - numerical).abs() < 2e-2, "{u}");
            }
        }
    }

    #[test]
    fn impossible_neurons_are_refused() {
        assert!(LifSpec { keep: 1.5, ..LifSpec::TYPICAL }.build().is_err());
        assert!(LifSpec { width: 0.0, ..LifSpec::TYPICAL }.build().is_err());
        assert!(LifSpec { threshold: f32::NAN, ..LifSpec::TYPICAL }.build().is_err());
    }
}
