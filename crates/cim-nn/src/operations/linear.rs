//! Dense layer: every output from every feature.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Backward, Builder, Call, Carrier, Context, Operate, Saved};
use crate::error::{NetworkError, Problem};
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "linear", features = 10 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearSpec {
    /// Outputs.
    pub features: usize,
}

/// `y = x · W + b`; one product, driven once per sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linear {
    product: usize,
    outputs: usize,
}

impl LinearSpec {
    pub(crate) fn build(
        &self,
        input: Shape,
        builder: &mut Builder,
    ) -> Result<Linear, NetworkError> {
        builder.positive("features", self.features)?;
        if input.positions() != 1 {
            return Err(builder.problem(Problem::NotFlat { shape: input }));
        }
        let sigma = (2.0 / input.channels as f32).sqrt();
        let product = builder.product("", (input.channels, self.features), 1, sigma)?;
        Ok(Linear { product, outputs: self.features })
    }
}

impl Linear {
    fn call(&self) -> Call {
        Call { product: self.product, slot: 0, slots: 1 }
    }
}

impl Operate for Linear {
    fn output(&self) -> Shape {
        Shape::features(self.outputs)
    }

    fn products(&self) -> Range<usize> {
        self.product..self.product + 1
    }

    fn weighted(&self) -> Range<usize> {
        self.products()
    }

    fn forward<T: Real, C: Carrier<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        _saved: &mut Saved<T>,
    ) {
        y.resize(batch * self.outputs, T::default());
        context.carrier.rows(self.call(), batch, x, y);
    }

    fn backward<T: Real, C: Backward<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        _y: &[T],
        dy: &mut Vec<T>,
        dx: &mut Vec<T>,
        wanted: bool,
        _saved: &mut Saved<T>,
    ) {
        dx.resize(if wanted { x.len() } else { 0 }, T::default());
        context.carrier.rows_back(self.call(), batch, x, dy, wanted.then_some(&mut dx[..]));
    }
}

#[cfg(test)]
impl super::gradients::Random for LinearSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        let spec = Self { features: draws.whole(1, 4) };
        Some((spec, Shape::features(draws.whole(1, 6))))
    }
}
