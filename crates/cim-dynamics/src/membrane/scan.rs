//! The exact solver as a parallel scan over events.
//!
//! Between events the membrane follows an affine map, `v → A v + B`; affine maps compose, so chunks of
//! events are reduced side by side, joined in order, and only a chunk in which a neuron may fire is walked
//! again. Kept are the states between chunks; the way back walks each chunk once more.
//!
//! Method: Blelloch 1990, prefix sums of an associative operation; for spiking neurons arXiv 2603.13283.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::exact::{Gradient, Spikes, Volley, check};
use super::interval::{advance, by_conductance, crossing, phi};
use super::spec::Membrane;
use crate::DynamicsError;
use crate::error::fits;

/// Events of one chunk: fixed, so that the bytes do not depend on the number of threads.
const CHUNK: usize = 64;

/// What [`gradient`] needs: the state of every neuron between chunks of events.
#[derive(Clone, Debug, Default)]
pub struct Checkpoints {
    volley: Volley,
    /// Chunks × neurons, when a chunk begins.
    starts: Vec<State>,
    /// Neurons: in which chunk and event each fires; beyond the last if it does not.
    fired: Vec<(usize, usize)>,
    /// Most bytes that were in use at once.
    peak: usize,
}

impl Checkpoints {
    /// Most bytes that were in use at once while they were made.
    pub const fn bytes(&self) -> usize {
        self.peak
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    s: f64,
    g: f64,
    v: f64,
}

/// A chunk reduced to one map: `v → gain v + shift`, and what `shift` reaches on the way.
#[derive(Clone, Copy, Debug)]
struct Map {
    gain: f64,
    shift: f64,
    peak: f64,
}

/// First spikes of a layer, and what the way back needs.
///
/// As [`exact::first_spikes`](super::exact::first_spikes), to rounding.
///
/// # Errors
/// [`DynamicsError`] for times below zero, weights that are not finite, and shapes that do not fit.
pub fn first_spikes(
    membrane: &Membrane,
    times: &[f64],
    weights: ArrayView2<'_, f64>,
    horizon: f64,
) -> Result<(Spikes, Checkpoints), DynamicsError> {
    check(times, weights)?;
    let n = weights.ncols();
    let volley = Volley::new(times, horizon)?;
    let events = volley.input.len();
    let chunks = events.div_ceil(CHUNK);
    let mut starts = vec![State::default(); (chunks + 1) * n];
    starts.iter_mut().take(n).for_each(|start| start.g = membrane.leak());
    // What each chunk adds to drive and conductance, then their running sums.
    starts[n..].par_chunks_mut(n.max(1)).enumerate().for_each(|(chunk, sums)| {
        for k in range(chunk, events) {
            for (sum, &w) in sums.iter_mut().zip(weights.row(volley.input[k])) {
                sum.s += w;
                sum.g += membrane.slope(w) * w;
            }
        }
    });
    for at in n..starts.len() {
        let before = starts[at - n];
        starts[at].s += before.s;
        starts[at].g += before.g;
    }
    let mut maps = vec![Map { gain: 1.0, shift: 0.0, peak: f64::NEG_INFINITY }; chunks * n];
    maps.par_chunks_mut(n.max(1)).enumerate().for_each(|(chunk, maps)| {
        let mut now = starts[chunk * n..][..n].to_vec();
        for k in range(chunk, events) {
            let gap = volley.gap(k);
            let row = weights.row(volley.input[k]);
            for ((map, now), &w) in maps.iter_mut().zip(&mut now).zip(row) {
                now.s += w;
                now.g += membrane.slope(w) * w;
                let reach = phi(now.g, gap);
                map.gain *= 1.0 - now.g * reach;
                map.shift += (now.s - now.g * map.shift) * reach;
                map.peak = map.peak.max(map.shift);
            }
        }
    });
    let mut fired = vec![(chunks, events); n];
    let mut time = vec![f64::INFINITY; n];
    for chunk in 0..chunks {
        for i in 0..n {
            let (at, map) = (chunk * n + i, maps[chunk * n + i]);
            let v = starts[at].v;
            starts[at + n].v = map.gain * v + map.shift;
            // A gain is at most 1, so that this is an upper bound of the membrane in the chunk; the
            // margin is for the order of rounding.
            if fired[i].0 == chunks && v.max(0.0) + map.peak >= 1.0 - 1e-9 {
                let column = |k: usize| weights[(volley.input[k], i)];
                if let Some((k, t)) =
                    walk(membrane, &volley, range(chunk, events), column, starts[at])
                {
                    (fired[i], time[i]) = ((chunk, k), t);
                }
            }
        }
    }
    let rest = starts[chunks * n..].iter().map(|state| state.v).collect();
    let peak = size_of_val(&*starts) + size_of_val(&*maps) + size_of_val(&*fired) + 16 * events;
    Ok((Spikes { time, rest }, Checkpoints { volley, starts, fired, peak }))
}

/// The gradient of a loss by input times and weights; as [`exact::gradient`](super::exact::gradient).
///
/// # Errors
/// [`DynamicsError::Shape`] if the slopes are not one per neuron.
pub fn gradient(
    membrane: &Membrane,
    weights: ArrayView2<'_, f64>,
    checkpoints: &Checkpoints,
    by_time: &[f64],
    by_rest: &[f64],
) -> Result<Gradient, DynamicsError> {
    let (inputs, n) = weights.dim();
    fits("slopes by spike times", by_time.len(), n)?;
    fits("slopes by resting membranes", by_rest.len(), n)?;
    let Checkpoints { volley, starts, fired, .. } = checkpoints;
    let events = volley.input.len();
    let chunks = events.div_ceil(CHUNK);
    let mut out = Gradient { times: vec![0.0; inputs], weights: Array2::zeros((inputs, n)) };
    let mut carry: Vec<Adjoint> =
        by_rest.iter().map(|&a| Adjoint { a, area: 0.0, moment: 0.0 }).collect();
    // Neurons do not meet on the way back: columns side by side, chunks from the last to the first.
    let Gradient { times: by_input, weights: by_weight } = &mut out;
    let columns: Vec<_> = by_weight
        .axis_chunks_iter_mut(Axis(1), CHUNK)
        .zip(carry.chunks_mut(CHUNK))
        .enumerate()
        .collect();
    let parts: Vec<Vec<f64>> = columns
        .into_par_iter()
        .map(|(column, (mut by_weight, carry))| {
            let (first, width) = (column * CHUNK, carry.len());
            let mut by_time_part = vec![0.0; events];
            let mut tape = vec![State::default(); CHUNK * width];
            for chunk in (0..chunks).rev() {
                let mut now = starts[chunk * n + first..][..width].to_vec();
                for (local, k) in range(chunk, events).enumerate() {
                    let gap = volley.gap(k);
                    for (i, now) in now.iter_mut().enumerate() {
                        let w = weights[(volley.input[k], first + i)];
                        now.s += w;
                        now.g += membrane.slope(w) * w;
                        tape[local * width + i] = *now;
                        now.v = advance(now.v, now.s, now.g, gap);
                    }
                }
                for (local, k) in range(chunk, events).enumerate().rev() {
                    let gap = volley.gap(k);
                    for (i, adjoint) in carry.iter_mut().enumerate() {
                        let (_, spike) = fired[first + i];
                        if spike < k {
                            continue;
                        }
                        let State { s, g, v } = tape[local * width + i];
                        let mut h = gap;
                        if spike == k {
                            h = crossing(v, s, g).map_or(gap, |h| h.min(gap));
                            adjoint.a = -by_time[first + i] / (s - g);
                        }
                        adjoint.area += adjoint.a * phi(g, h);
                        adjoint.moment -= adjoint.a * by_conductance(v, s, g, h);
                        adjoint.a *= (-g * h).exp();
                        let w = weights[(volley.input[k], first + i)];
                        let slope = membrane.slope(w);
                        by_weight[(volley.input[k], i)] = adjoint.area - slope * adjoint.moment;
                        by_time_part[k] -= adjoint.a * w * (1.0 - slope * v);
                    }
                }
            }
            by_time_part
        })
        .collect();
    for part in parts {
        volley.input.iter().zip(part).for_each(|(&input, part)| by_input[input] += part);
    }
    Ok(out)
}

struct Adjoint {
    a: f64,
    area: f64,
    moment: f64,
}

fn range(chunk: usize, events: usize) -> std::ops::Range<usize> {
    chunk * CHUNK..((chunk + 1) * CHUNK).min(events)
}

/// Event and time at which a neuron fires within some events, if it does.
fn walk(
    membrane: &Membrane,
    volley: &Volley,
    events: std::ops::Range<usize>,
    weight: impl Fn(usize) -> f64,
    mut now: State,
) -> Option<(usize, f64)> {
    for k in events {
        let w = weight(k);
        now.s += w;
        now.g += membrane.slope(w) * w;
        let end = advance(now.v, now.s, now.g, volley.gap(k));
        if end >= 1.0 {
            let h = crossing(now.v, now.s, now.g).map_or(volley.gap(k), |h| h.min(volley.gap(k)));
            return Some((k, volley.time[k] + h));
        }
        now.v = end;
    }
    None
}
