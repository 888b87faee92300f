//! A list of operations run forward and backward.

use super::context::{Backward, Carrier, Context, Operate};
use super::saved::{Saved, Tape};
use crate::real::Real;

impl<T: Real> Tape<T> {
    /// Runs `operations` on `x`, a batch of samples.
    pub fn forward<O: Operate, C: Carrier<T>>(
        &mut self,
        operations: &[O],
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
    ) {
        self.values.resize_with(operations.len(), Vec::new);
        self.saved.resize_with(operations.len(), Saved::default);
        for (idx, operation) in operations.iter().enumerate() {
            let (before, here) = self.values.split_at_mut(idx);
            let x = before.last().map_or(x, |x| &x[..]);
            operation.forward(context, batch, x, &mut here[0], &mut self.saved[idx]);
        }
    }

    /// What the last operation of [`forward`](Self::forward) put out; `x` if there was none.
    pub fn output<'a>(&'a self, x: &'a [T]) -> &'a [T] {
        self.values.last().map_or(x, |y| &y[..])
    }

    /// What the last operation put out; nothing if there was none.
    pub fn last(&self) -> &[T] {
        self.output(&[])
    }

    /// Backward pass of the last forward pass. `dy` is the gradient with respect to the output and
    /// is left as anything; that with respect to `x` replaces `dx` if `wanted`.
    #[expect(clippy::too_many_arguments, reason = "list, context, values and gradients")]
    pub fn backward<O: Operate, C: Backward<T>>(
        &mut self,
        operations: &[O],
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        dy: &mut Vec<T>,
        dx: &mut Vec<T>,
        wanted: bool,
    ) {
        if operations.is_empty() {
            dx.clone_from(dy);
            return;
        }
        self.slopes.resize_with(operations.len(), Vec::new);
        for (idx, operation) in operations.iter().enumerate().rev() {
            let before = if idx == 0 { x } else { &self.values[idx - 1] };
            let (to_here, behind) = self.slopes.split_at_mut(idx + 1);
            let dy = behind.first_mut().unwrap_or(&mut *dy);
            let (dx, wanted) =
                if idx == 0 { (&mut *dx, wanted) } else { (&mut to_here[idx], true) };
            let (y, saved) = (&self.values[idx], &mut self.saved[idx]);
            operation.backward(context, batch, before, y, dy, dx, wanted, saved);
        }
    }
}
