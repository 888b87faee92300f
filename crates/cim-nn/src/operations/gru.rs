//! Gated recurrent unit over a series.
//!
//! Two products, each with its bias: input × 3 hidden and hidden × 3 hidden, gates in the order
//! reset, update, new. These are the transposes of PyTorch's `weight_ih_l0` and `weight_hh_l0`, with
//! `bias_ih_l0` and `bias_hh_l0`.
//!
//! Law: `r, z = σ(·)`, `n = tanh(x Wₙ + bₙ + r (h₋ Uₙ + cₙ))`, `h = (1 − z) n + z h₋`, zero at the
//! start. The reset gate acts behind the recurrent product, so that the product is driven by the
//! state itself.
//!
//! Source: Cho et al. 2014, with the reset gate as in cuDNN and PyTorch.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::lstm::Recurrent;
use super::{Backward, Builder, Carrier, Context, Operate, Saved};
use crate::error::NetworkError;
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "gru", hidden = 32, sequence = false }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GruSpec {
    /// Numbers of the state.
    pub hidden: usize,
    /// Whether the whole series of states goes on, or the last alone, as features.
    pub sequence: bool,
}

/// Gated recurrent unit for one shape of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gru(Recurrent);

impl GruSpec {
    pub(crate) fn build(&self, input: Shape, builder: &mut Builder) -> Result<Gru, NetworkError> {
        Recurrent::new(input, self.hidden, 3, self.sequence, builder).map(Gru)
    }
}

impl Operate for Gru {
    fn output(&self) -> Shape {
        self.0.output()
    }

    fn products(&self) -> Range<usize> {
        self.0.products()
    }

    fn forward<T: Real, C: Carrier<T>>(
        &self,
        context: &mut Context<'_, T, C>,
        batch: usize,
        x: &[T],
        y: &mut Vec<T>,
        saved: &mut Saved<T>,
    ) {
        let Self(layer) = self;
        let &Recurrent { inputs, hidden, time, .. } = layer;
        let (size, one) = (batch * hidden, T::of(1.0));
        // States from before the first point on; gates, and what the reset gate acts on.
        let [states, gates, held, part, ..] = &mut saved.values;
        states.resize((time + 1) * size, T::default());
        gates.resize(time * 3 * size, T::default());
        held.resize(time * size, T::default());
        states[..size].fill(T::default());
        y.resize(batch * self.output().len(), T::default());
        let mut recurrent = std::mem::take(&mut saved.spare);
        recurrent.resize(3 * size, T::default());
        for t in 0..time {
            let gates = &mut gates[t * 3 * size..][..3 * size];
            let held = &mut held[t * size..][..size];
            layer.take(x, inputs, t, part);
            context.carrier.rows(layer.call(0, t), batch, part, gates);
            let (before, states) = states.split_at_mut((t + 1) * size);
            let before = &before[t * size..];
            context.carrier.rows(layer.call(1, t), batch, before, &mut recurrent);
            for sample in 0..batch {
                let gates = &mut gates[sample * 3 * hidden..][..3 * hidden];
                let recurrent = &recurrent[sample * 3 * hidden..][..3 * hidden];
                for k in 0..hidden {
                    let at = sample * hidden + k;
                    let [r, z] = [k, hidden + k].map(|k| (gates[k] + recurrent[k]).logistic());
                    held[at] = recurrent[2 * hidden + k];
                    let n = (gates[2 * hidden + k] + r * held[at]).hyperbolic_tangent();
                    states[at] = (one - z) * n + z * before[at];
                    (gates[k], gates[hidden + k], gates[2 * hidden + k]) = (r, z, n);
                }
            }
            layer.put(t, &states[..size], y);
        }
        saved.spare = recurrent;
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
        let Self(layer) = self;
        let &Recurrent { inputs, hidden, time, .. } = layer;
        let (size, one) = (batch * hidden, T::of(1.0));
        let [states, gates, held, part, dh, through, d_part, _] = &mut saved.values;
        dx.resize(x.len(), T::default());
        dh.clear();
        dh.resize(size, T::default());
        through.resize(size, T::default());
        d_part.resize(batch * inputs, T::default());
        saved.spare.resize(3 * size, T::default());
        let recurrent = &mut saved.spare;
        for t in (0..time).rev() {
            let gates = &mut gates[t * 3 * size..][..3 * size];
            let (before, held) = (&states[t * size..][..size], &held[t * size..][..size]);
            layer.gather(t, dy, dh);
            // Gates become the gradients of the input product, `recurrent` those of the other.
            for sample in 0..batch {
                let gates = &mut gates[sample * 3 * hidden..][..3 * hidden];
                let recurrent = &mut recurrent[sample * 3 * hidden..][..3 * hidden];
                for k in 0..hidden {
                    let at = sample * hidden + k;
                    let [r, z, n] = [0, 1, 2].map(|gate| gates[gate * hidden + k]);
                    let dn = dh[at] * (one - z) * (one - n * n);
                    let dz = dh[at] * (before[at] - n) * z * (one - z);
                    let dr = dn * held[at] * r * (one - r);
                    through[at] = dh[at] * z;
                    for (gate, (input, state)) in
                        [(dr, dr), (dz, dz), (dn, dn * r)].into_iter().enumerate()
                    {
                        gates[gate * hidden + k] = input;
                        recurrent[gate * hidden + k] = state;
                    }
                }
            }
            context.carrier.rows_back(layer.call(1, t), batch, before, recurrent, Some(dh));
            dh.iter_mut().zip(&*through).for_each(|(d, &t)| *d += t);
            layer.take(x, inputs, t, part);
            let want = wanted.then_some(&mut d_part[..]);
            context.carrier.rows_back(layer.call(0, t), batch, part, gates, want);
            if wanted {
                layer.scatter(t, d_part, dx);
            }
        }
    }
}

#[cfg(test)]
impl super::gradients::Random for GruSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        let (hidden, sequence) = (draws.whole(1, 4), draws.whole(0, 1) == 1);
        let keys = format!("hidden = {hidden}\nsequence = {sequence}");
        Some((super::gradients::written(&keys), draws.series()))
    }
}
