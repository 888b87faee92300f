//! Features left out at random in training; nothing in inference.
//!
//! Source: Srivastava et al. 2014; what stays is scaled up in training, so that inference needs
//! no factor.

use serde::{Deserialize, Serialize};

use super::{Backward, Builder, Carrier, Context, Operate, Saved};
use crate::error::{NetworkError, Problem};
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "dropout", share = 0.5 }`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropoutSpec {
    /// Share of features that are left out, below 1.
    pub share: f32,
}

/// Leaves features out, each with the same probability and on its own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dropout {
    shape: Shape,
    share: f32,
    /// Number of this dropout in the network, part of its address.
    number: u64,
}

impl DropoutSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        builder: &mut Builder,
    ) -> Result<Dropout, NetworkError> {
        if !(0.0 <= self.share && self.share < 1.0) {
            return Err(builder.problem(Problem::Share { share: self.share }));
        }
        Ok(Dropout { shape: input, share: self.share, number: builder.dropout() })
    }
}

impl Operate for Dropout {
    fn output(&self) -> Shape {
        self.shape
    }

    fn forward<T: Real, C: Carrier<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        _batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        saved: &mut Saved<T>,
    ) {
        y.resize(x.len(), T::default());
        y.copy_from_slice(x);
        let Some(at) = context.training else { return };
        let mut draws = std::mem::take(&mut saved.draws);
        draws.resize(x.len(), 0.0);
        at.child("dropout", self.number).fill_uniform(0, &mut draws);
        let kept = T::of(1.0 / (1.0 - f64::from(self.share)));
        let factors = &mut saved.values[0];
        factors.resize(x.len(), T::default());
        for ((factor, y), &draw) in factors.iter_mut().zip(y).zip(&draws) {
            *factor = if draw < self.share { T::default() } else { kept };
            *y *= *factor;
        }
        saved.draws = draws;
    }

    fn backward<T: Real, C: Backward<T>>(
        &self,
        _context: &mut Context<'_, T, C>,
        _batch: usize,
        _x: &[T],
        _y: &[T],
        dy: &mut Vec<T>,
        dx: &mut Vec<T>,
        _wanted: bool,
        saved: &mut Saved<T>,
    ) {
        std::mem::swap(dy, dx);
        dx.iter_mut().zip(&saved.values[0]).for_each(|(d, &factor)| *d *= factor);
    }
}

#[cfg(test)]
impl super::gradients::Random for DropoutSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        Some((super::gradients::written("share = 0.4"), draws.image()))
    }
}
