//! Gradient descent with decay: its steps, and the equation that they approach.

use cim_core::Seconds;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::task::{Task, Trajectory, Unit};
use crate::DynamicsError;
use crate::error::{not_negative, positive};
use crate::runge_kutta::{Steps, Tolerance, integrate};

/// `w ← w − η (∇ + λ w)` once for each presentation of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sgdr {
    /// Learning rate `η`.
    pub rate: f64,
    /// Decay `λ` of L2.
    pub decay: f64,
    /// How long a sample is presented.
    pub presentation: Seconds,
}

impl Sgdr {
    pub(crate) fn check(&self) -> Result<(), DynamicsError> {
        positive("the learning rate", self.rate, self.rate)?;
        not_negative("the decay", self.decay, self.decay)?;
        positive("the presentation", self.presentation.0, self.presentation)
    }
}

/// The steps themselves, from zero weights: what a processor does.
///
/// # Errors
/// [`DynamicsError`] for a rate or a presentation that is not above zero, or a negative decay.
pub fn discrete(
    rule: &Sgdr,
    task: &Task,
    presentations: usize,
) -> Result<Trajectory, DynamicsError> {
    rule.check()?;
    let n = task.weights();
    let mut w = vec![0.0; n];
    let mut weights = Array2::<f64>::zeros((presentations + 1, n));
    for step in 0..presentations {
        let (x, y) = task.sample(step);
        let sum = x.iter().zip(&w).map(|(x, w)| x * w).sum();
        let error = task.unit().output(sum) - y;
        w.iter_mut().zip(x).for_each(|(w, x)| *w -= rule.rate * (error * x + rule.decay * *w));
        weights.row_mut(step + 1).assign(&ndarray::ArrayView1::from(&w));
    }
    Ok(Trajectory { weights })
}

/// The equation `dw/dt = −(η / T) (∇ + λ w)` with each sample held for `T`, from zero weights.
///
/// A linear unit has a closed form: across the sample the weights decay at the rate `η λ / T`, along it
/// they relax at `η (λ + |x|²) / T`. A logistic unit moves along its sample as one number, which the
/// integrator follows.
///
/// # Errors
/// As [`discrete`], and [`DynamicsError::Stiff`] for a logistic unit at extreme rates.
pub fn continuous(
    rule: &Sgdr,
    task: &Task,
    presentations: usize,
) -> Result<Trajectory, DynamicsError> {
    rule.check()?;
    let n = task.weights();
    let mut w = vec![0.0; n];
    let mut weights = Array2::<f64>::zeros((presentations + 1, n));
    for step in 0..presentations {
        let (x, y) = task.sample(step);
        let square: f64 = x.iter().map(|x| x * x).sum();
        let sum: f64 = x.iter().zip(&w).map(|(x, w)| x * w).sum();
        let across = (-rule.rate * rule.decay).exp();
        let after = match task.unit() {
            Unit::Linear => {
                let along = rule.decay + square;
                let rest = if along == 0.0 { 0.0 } else { square * y / along };
                rest + (sum - rest) * (-rule.rate * along).exp()
            }
            Unit::Logistic => {
                let slope = |_: f64, u: &[f64], out: &mut [f64]| {
                    let error = task.unit().output(u[0]) - y;
                    out[0] = -rule.rate * (square * error + rule.decay * u[0]);
                };
                let mut u = [sum];
                integrate(slope, 0.0, 1.0, Tolerance::FINE, &mut u, &mut Steps::default())?;
                u[0]
            }
        };
        let shift = if square == 0.0 { 0.0 } else { (after - sum * across) / square };
        w.iter_mut().zip(x).for_each(|(w, x)| *w = *w * across + shift * x);
        weights.row_mut(step + 1).assign(&ndarray::ArrayView1::from(&w));
    }
    Ok(Trajectory { weights })
}
