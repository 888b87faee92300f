//! A list of operations beside a shortcut; both are added.
//!
//! Source: He et al., *Deep residual learning for image recognition*, 2016, equations 1 and 2.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Backward, Builder, Carrier, Context, Operate, Saved, Specify, Tape};
use crate::error::{NetworkError, Problem};
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "residual", body = [..], shortcut = [..] }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidualSpec<S> {
    /// The list that learns the difference.
    pub body: Vec<S>,
    /// What the input goes through on the other side; nothing unless given.
    #[serde(default = "Vec::new")]
    pub shortcut: Vec<S>,
}

/// `body(x) + shortcut(x)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Residual<O> {
    pub(crate) body: Vec<O>,
    pub(crate) shortcut: Vec<O>,
    output: Shape,
    products: Range<usize>,
}

impl<S: Specify> ResidualSpec<S> {
    pub(crate) fn build(
        &self,
        input: Shape,
        builder: &mut Builder,
    ) -> Result<Residual<S::Operation>, NetworkError> {
        let first = builder.next_product();
        let (body, output) = builder.list(&self.body, input, Some("body"))?;
        let (shortcut, other) = builder.list(&self.shortcut, input, Some("shortcut"))?;
        if output != other {
            return Err(builder.problem(Problem::Differ { body: output, shortcut: other }));
        }
        Ok(Residual { body, shortcut, output, products: first..builder.next_product() })
    }
}

impl<O: Operate> Operate for Residual<O> {
    fn output(&self) -> Shape {
        self.output
    }

    fn has_places(&self) -> bool {
        self.body.iter().chain(&self.shortcut).any(Operate::has_places)
    }

    fn products(&self) -> Range<usize> {
        self.products.clone()
    }

    fn forward<T: Real, C: Carrier<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        saved: &mut Saved<T>,
    ) {
        saved.tapes.resize_with(2, Tape::default);
        let [body, shortcut] = &mut saved.tapes[..] else { return };
        body.forward(&self.body, context, batch, x);
        shortcut.forward(&self.shortcut, context, batch, x);
        y.resize(batch * self.output.len(), T::default());
        pulp::Arch::new().dispatch(Add { a: body.output(x), b: shortcut.output(x), sum: y });
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
        saved: &mut Saved<T>,
    ) {
        let Saved { tapes, values: [slopes, other, ..], .. } = saved;
        let [body, shortcut] = &mut tapes[..] else { return };
        slopes.clone_from(dy);
        body.backward(&self.body, context, batch, x, slopes, dx, wanted);
        if self.shortcut.is_empty() {
            std::mem::swap(other, dy);
        } else {
            shortcut.backward(&self.shortcut, context, batch, x, dy, other, wanted);
        }
        if wanted {
            pulp::Arch::new().dispatch(AddTo { sum: dx, b: other });
        }
    }
}

/// Compiled for the vectors of the machine.
struct Add<'a, T> {
    a: &'a [T],
    b: &'a [T],
    sum: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for Add<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for ((sum, &a), &b) in self.sum.iter_mut().zip(self.a).zip(self.b) {
            *sum = a + b;
        }
    }
}

struct AddTo<'a, T> {
    sum: &'a mut [T],
    b: &'a [T],
}

impl<T: Real> pulp::NullaryFnOnce for AddTo<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (sum, &b) in self.sum.iter_mut().zip(self.b) {
            *sum += b;
        }
    }
}

#[cfg(test)]
impl<S: serde::de::DeserializeOwned> super::gradients::Random for ResidualSpec<S> {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        let body = "{ op = \"conv2d\", channels = 3, kernel = 3, padding = 1, stride = 2 }, \
                    { op = \"batch-norm\" }, { op = \"tanh\" }, \
                    { op = \"conv2d\", channels = 3, kernel = 3, padding = 1 }";
        let shortcut = match draws.whole(0, 1) {
            0 => "{ op = \"conv2d\", channels = 3, kernel = 1, stride = 2 }",
            _ => "{ op = \"strided-identity\", channels = 3, stride = 2 }",
        };
        let keys = format!("body = [{body}]\nshortcut = [{shortcut}]");
        Some((super::gradients::written(&keys), draws.image()))
    }
}
