//! Long short-term memory over a series.
//!
//! Two products, each with its bias: input × 4 hidden and hidden × 4 hidden, gates in the order
//! input, forget, cell, output. These are the transposes of PyTorch's `weight_ih_l0` and
//! `weight_hh_l0`, with `bias_ih_l0` and `bias_hh_l0`.
//!
//! Law: `i, f, o = σ(·)`, `g = tanh(·)`, `c = f c₋ + i g`, `h = o tanh c`, both zero at the start.
//!
//! Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Backward, Builder, Call, Carrier, Context, Operate, Saved};
use crate::error::{NetworkError, Problem};
use crate::real::Real;
use crate::shape::Shape;

/// `{ op = "lstm", hidden = 32, sequence = false }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LstmSpec {
    /// Numbers of the state.
    pub hidden: usize,
    /// Whether the whole series of states goes on, or the last alone, as features.
    pub sequence: bool,
}

/// Two products in time; see [`LstmSpec`] for the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrent {
    pub(super) product: usize,
    pub(super) inputs: usize,
    pub(super) hidden: usize,
    pub(super) time: usize,
    pub(super) sequence: bool,
}

/// Long short-term memory for one shape of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lstm(Recurrent);

impl LstmSpec {
    pub(crate) fn build(&self, input: Shape, builder: &mut Builder) -> Result<Lstm, NetworkError> {
        Recurrent::new(input, self.hidden, 4, self.sequence, builder).map(Lstm)
    }
}

impl Recurrent {
    /// Plans the two products of `gates` gates.
    pub(super) fn new(
        input: Shape,
        hidden: usize,
        gates: usize,
        sequence: bool,
        builder: &mut Builder,
    ) -> Result<Self, NetworkError> {
        builder.positive("hidden", hidden)?;
        if input.height != 1 {
            return Err(builder.problem(Problem::NotSeries { shape: input }));
        }
        let (inputs, time) = (input.channels, input.width);
        let outputs = hidden.saturating_mul(gates);
        // The variance of PyTorch's uniform draws within ±1/√hidden.
        let sigma = (1.0 / (3.0 * hidden as f32)).sqrt();
        let product = builder.product(", input", (inputs, outputs), time, sigma)?;
        builder.product(", recurrent", (hidden, outputs), time, sigma)?;
        Ok(Self { product, inputs, hidden, time, sequence })
    }

    pub(super) fn output(&self) -> Shape {
        if self.sequence {
            Shape::series(self.hidden, self.time)
        } else {
            Shape::features(self.hidden)
        }
    }

    pub(super) fn products(&self) -> Range<usize> {
        self.product..self.product + 2
    }

    /// The application of the input product (0) or the recurrent one (1) at point `t`.
    pub(super) fn call(&self, which: usize, t: usize) -> Call {
        Call { product: self.product + which, slot: t, slots: self.time }
    }

    /// Point `t` of every sample, batch × channels.
    pub(super) fn take<T: Real>(&self, series: &[T], channels: usize, t: usize, out: &mut Vec<T>) {
        out.clear();
        out.extend(series.iter().skip(t).step_by(self.time));
        debug_assert_eq!(out.len() % channels, 0);
    }

    /// Writes states (batch × hidden) to point `t` of `y`.
    pub(super) fn put<T: Real>(&self, t: usize, states: &[T], y: &mut [T]) {
        if self.sequence {
            let places = y.iter_mut().skip(t).step_by(self.time);
            places.zip(states).for_each(|(y, &h)| *y = h);
        } else if t + 1 == self.time {
            y.copy_from_slice(states);
        }
    }

    /// Adds the gradient of the output at point `t` to that of the state.
    pub(super) fn gather<T: Real>(&self, t: usize, dy: &[T], dh: &mut [T]) {
        if self.sequence {
            dh.iter_mut().zip(dy.iter().skip(t).step_by(self.time)).for_each(|(d, &y)| *d += y);
        } else if t + 1 == self.time {
            dh.iter_mut().zip(dy).for_each(|(d, &y)| *d += y);
        }
    }

    /// Writes the gradient of the inputs at point `t` (batch × inputs).
    pub(super) fn scatter<T: Real>(&self, t: usize, part: &[T], dx: &mut [T]) {
        dx.iter_mut().skip(t).step_by(self.time).zip(part).for_each(|(d, &p)| *d = p);
    }
}

impl Operate for Lstm {
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
        let size = batch * hidden;
        // States and cells from before the first point on; gates of every point.
        let [states, cells, gates, part, ..] = &mut saved.values;
        states.resize((time + 1) * size, T::default());
        cells.resize((time + 1) * size, T::default());
        gates.resize(time * 4 * size, T::default());
        states[..size].fill(T::default());
        cells[..size].fill(T::default());
        y.resize(batch * self.output().len(), T::default());
        let mut recurrent = std::mem::take(&mut saved.spare);
        recurrent.resize(4 * size, T::default());
        for t in 0..time {
            let gates = &mut gates[t * 4 * size..][..4 * size];
            layer.take(x, inputs, t, part);
            context.carrier.rows(layer.call(0, t), batch, part, gates);
            let (before, states) = states.split_at_mut((t + 1) * size);
            let before = &before[t * size..];
            context.carrier.rows(layer.call(1, t), batch, before, &mut recurrent);
            gates.iter_mut().zip(&recurrent).for_each(|(g, &r)| *g += r);
            let (old, new) = cells.split_at_mut((t + 1) * size);
            for sample in 0..batch {
                let gates = &mut gates[sample * 4 * hidden..][..4 * hidden];
                for k in 0..hidden {
                    let [i, f, o] = [0, 1, 3].map(|gate| gates[gate * hidden + k].logistic());
                    let g = gates[2 * hidden + k].hyperbolic_tangent();
                    let at = sample * hidden + k;
                    let cell = f * old[t * size + at] + i * g;
                    new[at] = cell;
                    states[at] = o * cell.hyperbolic_tangent();
                    [0, 1, 2, 3].into_iter().zip([i, f, g, o]).for_each(|(gate, value)| {
                        gates[gate * hidden + k] = value;
                    });
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
        let [states, cells, gates, part, dh, dc, d_part, _] = &mut saved.values;
        dx.resize(x.len(), T::default());
        for slopes in [&mut *dh, &mut *dc] {
            slopes.clear();
            slopes.resize(size, T::default());
        }
        d_part.resize(batch * inputs, T::default());
        for t in (0..time).rev() {
            let gates = &mut gates[t * 4 * size..][..4 * size];
            layer.gather(t, dy, dh);
            // Gates become their gradients.
            for sample in 0..batch {
                let gates = &mut gates[sample * 4 * hidden..][..4 * hidden];
                for k in 0..hidden {
                    let at = sample * hidden + k;
                    let [i, f, g, o] = [0, 1, 2, 3].map(|gate| gates[gate * hidden + k]);
                    let squashed = cells[(t + 1) * size + at].hyperbolic_tangent();
                    dc[at] += dh[at] * o * (one - squashed * squashed);
                    let slopes = [
                        dc[at] * g * i * (one - i),
                        dc[at] * cells[t * size + at] * f * (one - f),
                        dc[at] * i * (one - g * g),
                        dh[at] * squashed * o * (one - o),
                    ];
                    for (gate, slope) in slopes.into_iter().enumerate() {
                        gates[gate * hidden + k] = slope;
                    }
                    dc[at] *= f;
                }
            }
            let before = &states[t * size..][..size];
            context.carrier.rows_back(layer.call(1, t), batch, before, gates, Some(dh));
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
impl super::gradients::Random for LstmSpec {
    fn random(draws: &mut super::gradients::Draws) -> Option<(Self, Shape)> {
        let (hidden, sequence) = (draws.whole(1, 4), draws.whole(0, 1) == 1);
        let keys = format!("hidden = {hidden}\nsequence = {sequence}");
        Some((super::gradients::written(&keys), draws.series()))
    }
}
