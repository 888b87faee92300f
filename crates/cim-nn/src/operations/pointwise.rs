//! Functions of single numbers.

use serde::{Deserialize, Serialize};

use super::{Backward, Carrier, Context, Operate, Saved};
use crate::real::Real;
use crate::shape::Shape;

/// A function of one number with a slope that its input and output tell.
pub trait Function {
    /// Whether its values are −1, 0 or 1.
    const SIGNS: bool = false;

    /// Its value at `x`.
    fn value<T: Real>(x: T) -> T;

    /// Its slope at `x`, where its value is `y`; for steps that of the function that stands for
    /// them in the backward pass (straight through).
    ///
    /// Source: Bengio et al. 2013, section 4, and Courbariaux et al. 2016, equation 4.
    fn slope<T: Real>(x: T, y: T) -> T;
}

/// A function applied to every number of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointwise<F> {
    shape: Shape,
    function: F,
}

impl<F> Pointwise<F> {
    pub(crate) fn new(shape: Shape, function: F) -> Self {
        Self { shape, function }
    }
}

impl<F: Function> Operate for Pointwise<F> {
    fn output(&self) -> Shape {
        self.shape
    }

    fn gives_signs(&self, _given: bool) -> bool {
        F::SIGNS
    }

    fn forward<T: Real, C: Carrier<T>>(
        &self,
        _context: &mut Context<'_, T, C>,
        _batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        _saved: &mut Saved<T>,
    ) {
        y.resize(x.len(), T::default());
        let function = std::marker::PhantomData::<F>;
        pulp::Arch::new().dispatch(Values { function, x, y });
    }

    fn backward<T: Real, C: Backward<T>>(
        &self,
        _context: &mut Context<'_, T, C>,
        _batch: usize,
        x: &[T],
        y: &[T],
        dy: &mut Vec<T>,
        dx: &mut Vec<T>,
        wanted: bool,
        _saved: &mut Saved<T>,
    ) {
        if wanted {
            std::mem::swap(dy, dx);
            let function = std::marker::PhantomData::<F>;
            pulp::Arch::new().dispatch(Slopes { function, x, y, slopes: dx });
        }
    }
}

/// Compiled for the vectors of the machine.
struct Values<'a, F, T> {
    function: std::marker::PhantomData<F>,
    x: &'a [T],
    y: &'a mut [T],
}

impl<F: Function, T: Real> pulp::NullaryFnOnce for Values<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (y, &x) in self.y.iter_mut().zip(self.x) {
            *y = F::value(x);
        }
    }
}

struct Slopes<'a, F, T> {
    function: std::marker::PhantomData<F>,
    x: &'a [T],
    y: &'a [T],
    slopes: &'a mut [T],
}

impl<F: Function, T: Real> pulp::NullaryFnOnce for Slopes<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for ((d, &x), &y) in self.slopes.iter_mut().zip(self.x).zip(self.y) {
            *d *= F::slope(x, y);
        }
    }
}
