//! A product on encrypted weights, with the key around it.

use cim_core::{MatMul, Scratch, Tally};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::key::LayerKey;

/// Products of plain inputs with the plain weights, carried by `inner`, which holds encrypted ones: drives of
/// inverted rows are turned, sums of swapped columns exchanged, those of inverted columns turned back. Drives
/// have both signs.
///
/// Here sums are exchanged and turned, where a chip with comparators exchanges and turns their outputs: with
/// thresholds by [`LayerKey::thresholds`] that is the same.
#[derive(Clone, Debug)]
pub struct Keyed<M> {
    inner: M,
    key: LayerKey,
}

impl<M: MatMul> Keyed<M> {
    /// `inner` with a key around it.
    ///
    /// # Panics
    /// If the key is of another shape.
    pub fn new(inner: M, key: LayerKey) -> Self {
        assert_eq!(inner.shape(), key.shape(), "a key of the layer");
        Self { inner, key }
    }
}

impl<M: MatMul> MatMul for Keyed<M> {
    fn shape(&self) -> (usize, usize) {
        self.inner.shape()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        mut y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        let (batch, inputs) = x.dim();
        let outputs = self.key.columns.len();
        let mut driven = scratch.take(batch * inputs);
        let rows = driven.chunks_exact_mut(inputs.max(1)).zip(x.rows());
        for (to, from) in rows {
            for ((to, &x), &is_inverted) in to.iter_mut().zip(from).zip(&self.key.rows) {
                *to = if is_inverted { -x } else { x };
            }
        }
        let mut sums = scratch.take(batch * outputs);
        let view = ArrayView2::from_shape((batch, inputs), &driven[..]).expect("batch × inputs");
        let out = ArrayViewMut2::from_shape((batch, outputs), &mut sums[..]);
        self.inner.apply(view, call, out.expect("batch × outputs"), scratch, tally);
        for (mut to, from) in y.rows_mut().into_iter().zip(sums.chunks_exact(outputs.max(1))) {
            for (output, to) in to.iter_mut().enumerate() {
                let sum = from[self.key.place(output)];
                *to = if self.key.columns[output] { -sum } else { sum };
            }
        }
        scratch.give(driven);
        scratch.give(sums);
    }
}

#[cfg(test)]
mod tests {
    use cim_core::{Exact, Stream};
    use ndarray::Array2;

    use super::*;
    use crate::encryption::Methods;

    /// With whole numbers, products with the key are the plain ones to the bit; without it they are not.
    #[test]
    fn products_with_the_key_are_the_plain_ones() {
        for case in 0..30_usize {
            let shape = (3 + case * 7 % 40, 2 + case * 11 % 31);
            let at = Stream::root(31).child("case", case as u64);
            let whole = |row: u64, shape: (usize, usize)| {
                let mut values = vec![0.0; shape.0 * shape.1];
                at.fill_uniform(row, &mut values);
                values.iter_mut().for_each(|v| *v = (*v * 15.0).floor() - 7.0);
                Array2::from_shape_vec(shape, values).expect("a matrix")
            };
            let methods = Methods { rows: true, swaps: true, columns: true };
            let mut draws = vec![0.0; methods.bits(shape)];
            at.fill_uniform(9, &mut draws);
            let key = LayerKey::of(methods, shape, draws.iter().map(|u| *u < 0.5));
            let (weights, x) = (whole(0, shape), whole(1, (5, shape.0)));
            let stored = Exact(key.encrypted(weights.view()));
            let through = |product: &dyn MatMul| {
                let mut y = Array2::zeros((5, shape.1));
                let (scratch, tally) = (&mut Scratch::default(), &mut Tally::default());
                product.apply(x.view(), 0, y.view_mut(), scratch, tally);
                y
            };
            let plain = through(&Exact(weights));
            assert_eq!(through(&Keyed::new(stored.clone(), key.clone())), plain);
            let mut wrong = key.clone();
            wrong.flip(methods, case % shape.0);
            assert_ne!(through(&Keyed::new(stored, wrong)), plain);
        }
    }
}
