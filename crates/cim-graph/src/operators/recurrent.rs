//! Recurrent layers. Their two products go out, everything between them is computed here.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::elementwise::sigmoid;
use super::products::{Carrier, transposed};
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::data_type::DataType;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Constants, Inputs, Operator, Place, Run, values};
use crate::strided::permuted;
use crate::tensor::Tensor;

pub(super) const TABLE: &[Row] = &[
    row("GRU", 6, 2, |a| recurrent(a, Kind::Gru { resets_before: true })),
    row("LSTM", 8, 3, |a| recurrent(a, Kind::Lstm)),
    row("RNN", 6, 2, |a| recurrent(a, Kind::Rnn)),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Rnn,
    Lstm,
    /// Whether the reset gate acts on the state before its product, or on the product.
    Gru {
        resets_before: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Activation {
    Sigmoid,
    Tanh,
    Relu,
}

impl Activation {
    fn at(self, x: f32) -> f32 {
        match self {
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => x.tanh(),
            Self::Relu => x.max(0.0),
        }
    }
}

#[derive(Clone)]
struct Recurrent {
    kind: Kind,
    /// Whether each direction runs from the end.
    directions: Vec<bool>,
    /// As many for each direction as the kind has.
    activations: Vec<Activation>,
    hidden: Option<usize>,
    clip: Option<f32>,
    /// Whether the batch is the first dimension.
    is_batch_first: bool,
    /// First product, and the number of inputs, where they are handed out.
    placed: Option<(usize, usize, usize)>,
}

fn recurrent(attributes: &mut Attributes, kind: Kind) -> Result<Box<dyn Operator>, OpError> {
    let directions = match attributes.text_or("direction", "forward")?.as_str() {
        "forward" => vec![false],
        "reverse" => vec![true],
        "bidirectional" => vec![false, true],
        other => return Err(invalid!("direction {other:?}")),
    };
    let (kind, usual): (_, &[&str]) = match kind {
        Kind::Rnn => (kind, &["Tanh"]),
        Kind::Lstm => {
            if attributes.flag("input_forget", false)? {
                return Err(unsupported!("attribute input_forget"));
            }
            (kind, &["Sigmoid", "Tanh", "Tanh"])
        }
        Kind::Gru { .. } => {
            let resets_after = attributes.flag("linear_before_reset", false)?;
            (Kind::Gru { resets_before: !resets_after }, &["Sigmoid", "Tanh"])
        }
    };
    let names = attributes.texts("activations")?;
    let names = names.unwrap_or_else(|| {
        directions.iter().flat_map(|_| usual.iter().map(|&name| name.to_owned())).collect()
    });
    if names.len() != usual.len() * directions.len() {
        return Err(invalid!("{} activations", names.len()));
    }
    let activation = |name: &String| match name.to_lowercase().as_str() {
        "sigmoid" => Ok(Activation::Sigmoid),
        "tanh" => Ok(Activation::Tanh),
        "relu" => Ok(Activation::Relu),
        _ => Err(unsupported!("activation {name}")),
    };
    let activations = names.iter().map(activation).collect::<Result<_, _>>()?;
    let hidden = attributes.int("hidden_size")?;
    let hidden = hidden.map(|n| usize::try_from(n).map_err(|_| invalid!("hidden_size {n}")));
    if attributes.opset < 7 {
        attributes.ignore("output_sequence");
    }
    Ok(Box::new(Recurrent {
        kind,
        directions,
        activations,
        hidden: hidden.transpose()?,
        clip: attributes.float("clip")?,
        is_batch_first: attributes.flag("layout", false)?,
        placed: None,
    }))
}

/// Sizes of one run.
#[derive(Clone, Copy)]
struct Sizes {
    steps: usize,
    batch: usize,
    inputs: usize,
    hidden: usize,
}

/// What a direction works with.
struct Direction<'a> {
    is_reverse: bool,
    activations: &'a [Activation],
    /// Biases of inputs and of the state, one after the other, for every gate.
    bias: Option<&'a [f32]>,
    peepholes: Option<&'a [f32]>,
    lengths: &'a [usize],
}

/// States of a direction, batch × hidden.
struct State {
    h: Vec<f32>,
    c: Vec<f32>,
}

impl Recurrent {
    fn gates(&self) -> usize {
        match self.kind {
            Kind::Rnn => 1,
            Kind::Lstm => 4,
            Kind::Gru { .. } => 3,
        }
    }

    /// Matrices of a direction: of inputs, of the state, and that of the state that is reset.
    fn per_direction(&self) -> usize {
        if self.kind == (Kind::Gru { resets_before: true }) { 3 } else { 2 }
    }

    /// Number of inputs and of states of weights (directions × gates · hidden × …).
    fn check(&self, w: &Tensor, r: &Tensor) -> Result<(usize, usize), OpError> {
        let (&[dw, gw, inputs], &[dr, gr, hidden]) = (w.shape(), r.shape()) else {
            return Err(invalid!("weights of shapes {:?} and {:?}", w.shape(), r.shape()));
        };
        let (d, g) = (self.directions.len(), self.gates() * hidden);
        let said = self.hidden.unwrap_or(hidden);
        if (dw, dr, gw, gr) != (d, d, g, g) || said != hidden || hidden == 0 {
            return Err(invalid!("weights of shapes {:?} and {:?}", w.shape(), r.shape()));
        }
        Ok((inputs, hidden))
    }

    fn matrices(&self, w: &Tensor, r: &Tensor) -> Result<Vec<(String, Array2<f32>)>, OpError> {
        let (inputs, hidden) = self.check(w, r)?;
        let (w, r) = (values::<f32>(w, "the weights")?, values::<f32>(r, "the weights")?);
        let rows = self.gates() * hidden;
        let mut matrices = Vec::new();
        for (k, is_reverse) in self.directions.iter().enumerate() {
            let way = if *is_reverse { "backward" } else { "forward" };
            let w = &w[k * rows * inputs..][..rows * inputs];
            let r = &r[k * rows * hidden..][..rows * hidden];
            matrices.push((format!("{way} input"), transposed(w, rows, inputs)));
            if self.per_direction() == 3 {
                let (gates, reset) = r.split_at(2 * hidden * hidden);
                matrices.push((format!("{way} state"), transposed(gates, 2 * hidden, hidden)));
                matrices.push((format!("{way} reset state"), transposed(reset, hidden, hidden)));
            } else {
                matrices.push((format!("{way} state"), transposed(r, rows, hidden)));
            }
        }
        Ok(matrices)
    }

    /// Runs one direction; `x` is steps · batch × inputs, `write` gets every state.
    fn direction(
        &self,
        (x, sizes): (&[f32], Sizes),
        (carrier, first): (&Carrier<'_>, usize),
        direction: &Direction<'_>,
        state: &mut State,
        write: &mut dyn FnMut(usize, usize, &[f32]),
        run: &mut Run<'_>,
    ) -> Result<(), OpError> {
        let Sizes { steps, batch, inputs, hidden } = sizes;
        let gates = self.gates() * hidden;
        let mut from_x = vec![0.0; run.elements(&[steps, batch, gates])?];
        carrier.multiply(run, first, x, &mut from_x, (inputs, gates))?;
        let state_gates = if self.per_direction() == 3 { 2 * hidden } else { gates };
        let mut from_h = vec![0.0; run.elements(&[batch, state_gates])?];
        let mut from_reset = vec![0.0; if self.per_direction() == 3 { batch * hidden } else { 0 }];
        let no_bias = vec![0.0; 2 * gates];
        let bias = direction.bias.unwrap_or(&no_bias);
        let (bias_x, bias_h) = bias.split_at(gates);
        for step in 0..steps {
            let part = step as u64;
            multiply(
                carrier,
                run,
                first + 1,
                part,
                &state.h,
                &mut from_h,
                (batch, hidden, state_gates),
            )?;
            if self.per_direction() == 3 {
                // The reset gate is needed before the last product.
                let mut reset = vec![0.0; batch * hidden];
                for b in 0..batch {
                    let Some(t) = direction.time(step, b) else { continue };
                    let x = &from_x[(t * batch + b) * gates..][..gates];
                    for j in 0..hidden {
                        let k = hidden + j;
                        let sum = x[k] + from_h[b * 2 * hidden + k] + bias_x[k] + bias_h[k];
                        let r = direction.activations[0].at(self.clipped(sum));
                        reset[b * hidden + j] = r * state.h[b * hidden + j];
                    }
                }
                multiply(
                    carrier,
                    run,
                    first + 2,
                    part,
                    &reset,
                    &mut from_reset,
                    (batch, hidden, hidden),
                )?;
            }
            for b in 0..batch {
                let Some(t) = direction.time(step, b) else { continue };
                let x = &from_x[(t * batch + b) * gates..][..gates];
                let from_h = &from_h[b * state_gates..][..state_gates];
                let h = &mut state.h[b * hidden..][..hidden];
                let c = &mut state.c[b * hidden..][..hidden];
                for j in 0..hidden {
                    let sum = |gate: usize| {
                        let k = gate * hidden + j;
                        self.clipped(x[k] + from_h[k] + bias_x[k] + bias_h[k])
                    };
                    let act = |k: usize, v: f32| direction.activations[k].at(v);
                    match self.kind {
                        Kind::Rnn => h[j] = act(0, sum(0)),
                        Kind::Lstm => {
                            let hole = |k: usize, c: f32| {
                                direction.peepholes.map_or(0.0, |p| p[k * hidden + j] * c)
                            };
                            let input = act(0, self.clipped(sum(0) + hole(0, c[j])));
                            let forget = act(0, self.clipped(sum(2) + hole(2, c[j])));
                            c[j] = forget * c[j] + input * act(1, sum(3));
                            let output = act(0, self.clipped(sum(1) + hole(1, c[j])));
                            h[j] = output * act(2, c[j]);
                        }
                        Kind::Gru { resets_before } => {
                            let (z, k) = (act(0, sum(0)), 2 * hidden + j);
                            let candidate = if resets_before {
                                from_reset[b * hidden + j] + bias_h[k]
                            } else {
                                act(0, sum(1)) * (from_h[k] + bias_h[k])
                            };
                            let new = act(1, self.clipped(x[k] + bias_x[k] + candidate));
                            h[j] = (1.0 - z) * new + z * h[j];
                        }
                    }
                }
                write(t, b, h);
            }
        }
        Ok(())
    }

    fn clipped(&self, v: f32) -> f32 {
        self.clip.map_or(v, |clip| v.max(-clip).min(clip))
    }
}

impl Direction<'_> {
    /// The time at which sequence `b` is in this step, unless it has ended.
    fn time(&self, step: usize, b: usize) -> Option<usize> {
        let len = self.lengths[b];
        (step < len).then(|| if self.is_reverse { len - 1 - step } else { step })
    }
}

fn multiply(
    carrier: &Carrier<'_>,
    run: &mut Run<'_>,
    k: usize,
    part: u64,
    x: &[f32],
    y: &mut [f32],
    (batch, inputs, outputs): (usize, usize, usize),
) -> Result<(), OpError> {
    let x = ArrayView2::from_shape((batch, inputs), x).expect("batch × inputs");
    let y = ArrayViewMut2::from_shape((batch, outputs), y).expect("batch × outputs");
    carrier.multiply_part(run, k, part, x, y)
}

/// An optional input of this shape.
fn optional<'t>(
    inputs: &'t Inputs<'_>,
    index: usize,
    shape: &[usize],
) -> Result<Option<&'t [f32]>, OpError> {
    let Some(tensor) = inputs.optional(index) else { return Ok(None) };
    if tensor.shape() != shape {
        return Err(invalid!("input {index} of shape {:?} in place of {shape:?}", tensor.shape()));
    }
    values::<f32>(tensor, &format!("input {index}")).map(Some)
}

impl Operator for Recurrent {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let mut x = Cow::Borrowed(inputs.get(0)?);
        if x.rank() != 3 {
            return Err(invalid!("{} dimensions in place of 3", x.rank()));
        }
        if x.data_type() != DataType::F32 {
            return Err(unsupported!("data of type {}", x.data_type()));
        }
        if self.is_batch_first {
            x = Cow::Owned(permuted(&x, &[1, 0, 2]));
        }
        let &[steps, batch, n_inputs] = x.shape() else {
            return Err(invalid!("{} dimensions in place of 3", x.rank()));
        };
        let (carrier, wanted, hidden) = match self.placed {
            Some((first, wanted, hidden)) => (Carrier::Products(first), wanted, hidden),
            None => {
                let (w, r) = (inputs.get(1)?, inputs.get(2)?);
                let (wanted, hidden) = self.check(w, r)?;
                let matrices = self.matrices(w, r)?.into_iter().map(|(_, w)| w).collect();
                (Carrier::Matrices(Cow::Owned(matrices)), wanted, hidden)
            }
        };
        if wanted != n_inputs {
            return Err(invalid!("{n_inputs} inputs for weights of {wanted}"));
        }
        let (n, gates) = (self.directions.len(), self.gates());
        let bias = optional(&inputs, 3, &[n, 2 * gates * hidden])?;
        let lengths = match inputs.optional(4) {
            None => vec![steps; batch],
            Some(_) => {
                let lengths = inputs.integers(4)?;
                let valid = |&len: &i64| usize::try_from(len).ok().filter(|&len| len <= steps);
                let valid: Option<Vec<usize>> = lengths.iter().map(valid).collect();
                valid.filter(|valid| valid.len() == batch).ok_or_else(|| {
                    invalid!("lengths {lengths:?} of {batch} sequences of {steps} steps")
                })?
            }
        };
        let state_shape = if self.is_batch_first { [batch, n, hidden] } else { [n, batch, hidden] };
        let initial = [optional(&inputs, 5, &state_shape)?, optional(&inputs, 6, &state_shape)?];
        let peepholes = optional(&inputs, 7, &[n, 3 * hidden])?;
        let mut y = vec![0.0f32; run.elements(&[steps, n, batch, hidden])?];
        let mut ends = [vec![0.0f32; n * batch * hidden], vec![0.0f32; n * batch * hidden]];
        let sizes = Sizes { steps, batch, inputs: n_inputs, hidden };
        let x_values = values::<f32>(&x, "input 0")?;
        for (k, &is_reverse) in self.directions.iter().enumerate() {
            let per = self.activations.len() / n;
            let direction = Direction {
                is_reverse,
                activations: &self.activations[k * per..][..per],
                bias: bias.map(|bias| &bias[k * 2 * gates * hidden..][..2 * gates * hidden]),
                peepholes: peepholes.map(|p| &p[k * 3 * hidden..][..3 * hidden]),
                lengths: &lengths,
            };
            // Of all states, those of this direction.
            let place = |b: usize| if self.is_batch_first { b * n + k } else { k * batch + b };
            let start = |values: Option<&[f32]>| match values {
                None => vec![0.0; batch * hidden],
                Some(values) => (0..batch)
                    .flat_map(|b| values[place(b) * hidden..][..hidden].iter().copied())
                    .collect(),
            };
            let mut state = State { h: start(initial[0]), c: start(initial[1]) };
            let mut write = |t: usize, b: usize, h: &[f32]| {
                let at = if self.is_batch_first {
                    (b * steps + t) * n + k
                } else {
                    (t * n + k) * batch + b
                };
                y[at * hidden..][..hidden].copy_from_slice(h);
            };
            let first = k * self.per_direction();
            self.direction(
                (x_values, sizes),
                (&carrier, first),
                &direction,
                &mut state,
                &mut write,
                run,
            )?;
            for (end, state) in ends.iter_mut().zip([&state.h, &state.c]) {
                for b in 0..batch {
                    end[place(b) * hidden..][..hidden]
                        .copy_from_slice(&state[b * hidden..][..hidden]);
                }
            }
        }
        let y_shape = if self.is_batch_first {
            vec![batch, steps, n, hidden]
        } else {
            vec![steps, n, batch, hidden]
        };
        let [h, c] = ends.map(|end| Tensor::of(state_shape.to_vec(), end));
        Ok(vec![Tensor::of(y_shape, y), h, c])
    }

    fn place(&self, constants: &Constants<'_>, first: usize) -> Result<Place, OpError> {
        let (Some(w), Some(r)) = (constants.get(1), constants.get(2)) else {
            return Ok(Place::Digital("the weights are computed".to_owned()));
        };
        let (inputs, hidden) = self.check(w, r)?;
        let weights = self.matrices(w, r)?;
        let operator = Box::new(Self { placed: Some((first, inputs, hidden)), ..self.clone() });
        Ok(Place::Products { operator, weights, consumed: vec![1, 2] })
    }
}
