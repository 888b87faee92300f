//! Adam with decoupled decay, for the small trainers of this crate.
//!
//! Source: Kingma and Ba 2015; decay as in Loshchilov and Hutter 2019.

use serde::{Deserialize, Serialize};

/// State of the rule for one group of parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adam {
    mean: Vec<f32>,
    square: Vec<f32>,
    step: i32,
}

impl Adam {
    /// At rest, for `len` parameters.
    pub fn new(len: usize) -> Self {
        Self { mean: vec![0.0; len], square: vec![0.0; len], step: 0 }
    }

    /// Number of parameters, if both moments are of as many.
    pub fn parameters(&self) -> Option<usize> {
        (self.mean.len() == self.square.len()).then_some(self.mean.len())
    }

    /// Moves `values` against `gradient` by steps of about `rate`; `decay` is per unit of rate.
    pub fn update(&mut self, rate: f32, decay: f32, gradient: &[f32], values: &mut [f32]) {
        const BETA: [f32; 2] = [0.9, 0.999];
        self.step = self.step.saturating_add(1);
        let unbias = BETA.map(|beta| 1.0 - beta.powi(self.step));
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((value, &g), (mean, square)) in values.iter_mut().zip(gradient).zip(moments) {
            *mean = BETA[0] * *mean + (1.0 - BETA[0]) * g;
            *square = BETA[1] * *square + (1.0 - BETA[1]) * g * g;
            let scale = (*square / unbias[1]).sqrt() + 1e-8;
            *value -= rate * (*mean / unbias[0] / scale + decay * *value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parabola_is_minimised() {
        let (mut adam, mut x) = (Adam::new(2), vec![3.0, -2.0]);
        for _ in 0..3000 {
            let gradient: Vec<f32> = x.iter().map(|x| 2.0 * (x - 1.0)).collect();
            adam.update(0.01, 0.0, &gradient, &mut x);
        }
        assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-3), "{x:?}");
    }
}
