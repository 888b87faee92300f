//! The recipe of a training run, as written in a file.

use serde::{Deserialize, Serialize};

use crate::error::NetworkError;

/// How weights follow their gradient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Optimiser {
    /// Adam with decoupled weight decay.
    ///
    /// Source: Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019 for the decay.
    Adam {
        /// Decay of the mean of the gradient.
        beta1: f32,
        /// Decay of the mean of the squared gradient.
        beta2: f32,
    },
    /// Stochastic gradient descent with momentum.
    Sgd {
        /// Decay of the velocity.
        momentum: f32,
    },
}

/// Recipe of a training run; the schedule is a cosine from `learning_rate` to zero after a linear
/// warm-up over the first 2 % of steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Passes over the training set.
    pub epochs: usize,
    /// Images per step.
    pub batch: usize,
    /// Largest learning rate.
    pub learning_rate: f32,
    /// Decoupled weight decay, per unit of learning rate.
    pub weight_decay: f32,
    /// Update rule.
    pub optimiser: Optimiser,
    /// Images are moved by up to this many pixels in each direction.
    pub max_shift: u32,
    /// Weight of the teacher's answer in the target, 0 to 1.
    pub distillation: f32,
    /// Temperature of the teacher's answer.
    pub teacher_temperature: f32,
    /// Learning rate of the logarithm of each full scale; 0 keeps them.
    pub full_scale_rate: f32,
}

impl Recipe {
    /// Checks that every number is usable.
    ///
    /// # Errors
    /// [`NetworkError::Recipe`] naming the first key that is not.
    pub fn check(&self) -> Result<(), NetworkError> {
        let fail = |name, value: f64, expected| Err(NetworkError::Recipe { name, value, expected });
        let fraction = |x: f32| (0.0..1.0).contains(&x);
        if self.batch == 0 {
            return fail("batch", 0.0, "at least 1");
        }
        if !(0.0 < self.learning_rate && self.learning_rate.is_finite()) {
            return fail("learning_rate", self.learning_rate.into(), "a positive number");
        }
        if !(0.0 <= self.weight_decay && self.weight_decay.is_finite()) {
            return fail("weight_decay", self.weight_decay.into(), "zero or a positive number");
        }
        if !(0.0 <= self.distillation && self.distillation <= 1.0) {
            return fail("distillation", self.distillation.into(), "0 to 1");
        }
        if !(0.0 < self.teacher_temperature && self.teacher_temperature.is_finite()) {
            return fail("teacher_temperature", self.teacher_temperature.into(), "positive");
        }
        if !(0.0 <= self.full_scale_rate && self.full_scale_rate.is_finite()) {
            return fail("full_scale_rate", self.full_scale_rate.into(), "zero or positive");
        }
        match self.optimiser {
            Optimiser::Adam { beta1, .. } if !fraction(beta1) => {
                fail("beta1", beta1.into(), "0 to below 1")
            }
            Optimiser::Adam { beta2, .. } if !fraction(beta2) => {
                fail("beta2", beta2.into(), "0 to below 1")
            }
            Optimiser::Sgd { momentum } if !fraction(momentum) => {
                fail("momentum", momentum.into(), "0 to below 1")
            }
            _ => Ok(()),
        }
    }
}
