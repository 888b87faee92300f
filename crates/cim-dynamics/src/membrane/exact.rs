//! The exact solver, event by event, with the exact gradient.
//!
//! Every event of every neuron is kept for the way back, as a tape of automatic differentiation does:
//! this is the definition that faster solvers are compared with.

use ndarray::{Array2, ArrayView2};

use super::interval::{advance, by_conductance, crossing, phi};
use super::spec::Membrane;
use crate::DynamicsError;
use crate::error::fits;

/// First spikes of a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spikes {
    /// When each neuron fires, in windows; infinite if it does not before the horizon.
    pub time: Vec<f64>,
    /// The membrane of each neuron at the horizon, as if it had not fired, in thresholds.
    pub rest: Vec<f64>,
}

/// What a loss depends on, traced back to the inputs of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    /// By the time of each input, per window; 0 for inputs that come too late to matter.
    pub times: Vec<f64>,
    /// By each weight, inputs × neurons.
    pub weights: Array2<f64>,
}

/// Inputs that spike before the horizon, in the order of their times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Volley {
    /// Which input.
    pub input: Vec<usize>,
    /// When, in windows; one more entry than inputs, the last is the horizon.
    pub time: Vec<f64>,
}

impl Volley {
    /// Sorts spikes; those at or after `horizon` are left out, as is infinity, which means never.
    ///
    /// # Errors
    /// [`DynamicsError::SpikeTime`] for a time that is negative or not a number.
    pub fn new(times: &[f64], horizon: f64) -> Result<Self, DynamicsError> {
        for (input, &time) in times.iter().enumerate() {
            if time.is_nan() || time < 0.0 {
                return Err(DynamicsError::SpikeTime { input, time });
            }
        }
        let mut input: Vec<usize> = (0..times.len()).filter(|&j| times[j] < horizon).collect();
        input.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
        let time = input.iter().map(|&j| times[j]).chain([horizon]).collect();
        Ok(Self { input, time })
    }

    /// Length of the interval after event `k`.
    pub(crate) fn gap(&self, k: usize) -> f64 {
        self.time[k + 1] - self.time[k]
    }
}

/// What [`gradient`] needs: the state of every neuron after every event.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    volley: Volley,
    horizon: f64,
    /// Events × neurons: drive, conductance and membrane when the interval after the event begins.
    drive: Vec<f64>,
    conductance: Vec<f64>,
    membrane: Vec<f64>,
    /// In which interval a neuron fires; the number of events if it does not.
    fired: Vec<usize>,
}

impl Tape {
    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        8 * (self.drive.capacity() + self.conductance.capacity() + self.membrane.capacity())
            + 8 * (self.volley.input.capacity()
                + self.volley.time.capacity()
                + self.fired.capacity())
    }
}

/// First spikes of a layer, and the tape.
///
/// `times` has one entry per input (windows, infinite for never), `weights` is inputs × neurons
/// (thresholds per window), `horizon` is when the run ends (windows).
///
/// # Errors
/// [`DynamicsError`] for times below zero, weights that are not finite, and shapes that do not fit.
pub fn first_spikes(
    membrane: &Membrane,
    times: &[f64],
    weights: ArrayView2<'_, f64>,
    horizon: f64,
) -> Result<(Spikes, Tape), DynamicsError> {
    check(times, weights)?;
    let n = weights.ncols();
    let volley = Volley::new(times, horizon)?;
    let events = volley.input.len();
    let mut tape = Tape {
        drive: Vec::with_capacity(events * n),
        conductance: Vec::with_capacity(events * n),
        membrane: Vec::with_capacity(events * n),
        fired: vec![events; n],
        volley,
        horizon,
    };
    let (mut s, mut g, mut v) = (vec![0.0; n], vec![membrane.leak(); n], vec![0.0; n]);
    for k in 0..events {
        let gap = tape.volley.gap(k);
        for (i, &w) in weights.row(tape.volley.input[k]).iter().enumerate() {
            s[i] += w;
            g[i] += membrane.slope(w) * w;
        }
        tape.drive.extend_from_slice(&s);
        tape.conductance.extend_from_slice(&g);
        tape.membrane.extend_from_slice(&v);
        for i in 0..n {
            v[i] = advance(v[i], s[i], g[i], gap);
            if v[i] >= 1.0 && tape.fired[i] == events {
                tape.fired[i] = k;
            }
        }
    }
    let time = (0..n).map(|i| tape.spike(i).map_or(f64::INFINITY, |(t, _)| t)).collect();
    Ok((Spikes { time, rest: v }, tape))
}

/// The gradient of a loss by input times and weights.
///
/// `by_time` is the loss's slope by each neuron's spike time (of no effect where a neuron is silent),
/// `by_rest` by the membrane of each silent neuron at the horizon (of no effect where it fired).
///
/// Method: the adjoint of the linear equation, `a' = G a` backwards from the crossing, where the implicit
/// function theorem gives `dt = −dv / v'`.
///
/// # Errors
/// [`DynamicsError::Shape`] if the slopes are not one per neuron.
pub fn gradient(
    membrane: &Membrane,
    weights: ArrayView2<'_, f64>,
    tape: &Tape,
    by_time: &[f64],
    by_rest: &[f64],
) -> Result<Gradient, DynamicsError> {
    let (inputs, n) = weights.dim();
    fits("slopes by spike times", by_time.len(), n)?;
    fits("slopes by resting membranes", by_rest.len(), n)?;
    let mut out = Gradient { times: vec![0.0; inputs], weights: Array2::zeros((inputs, n)) };
    let events = tape.volley.input.len();
    // The adjoint of the membrane, its integral, and its integral times the membrane.
    let mut a: Vec<f64> = by_rest.to_vec();
    let (mut area, mut moment) = (vec![0.0; n], vec![0.0; n]);
    for k in (0..events).rev() {
        let (row, gap) = (k * n, tape.volley.gap(k));
        let input = tape.volley.input[k];
        let (mut by_weight, weight) = (out.weights.row_mut(input), weights.row(input));
        let mut sum = 0.0;
        for i in 0..n {
            if tape.fired[i] < k {
                continue;
            }
            let [s, g, v] = tape.state(row + i);
            let mut h = gap;
            if tape.fired[i] == k {
                h = crossing(v, s, g).map_or(gap, |h| h.min(gap));
                a[i] = -by_time[i] / (s - g);
            }
            area[i] += a[i] * phi(g, h);
            moment[i] -= a[i] * by_conductance(v, s, g, h);
            a[i] *= (-g * h).exp();
            let slope = membrane.slope(weight[i]);
            by_weight[i] = area[i] - slope * moment[i];
            sum -= a[i] * weight[i] * (1.0 - slope * v);
        }
        out.times[input] = sum;
    }
    Ok(out)
}

impl Tape {
    /// When neuron `i` fires, and in which interval.
    fn spike(&self, i: usize) -> Option<(f64, usize)> {
        let k = self.fired[i];
        if k == self.volley.input.len() {
            return None;
        }
        let [s, g, v] = self.state(k * self.fired.len() + i);
        let end = self.volley.time[k + 1].min(self.horizon);
        Some((crossing(v, s, g).map_or(end, |h| (self.volley.time[k] + h).min(end)), k))
    }

    fn state(&self, at: usize) -> [f64; 3] {
        [self.drive[at], self.conductance[at], self.membrane[at]]
    }
}

/// The first spike of one neuron with synapses of `(time, weight)` in the order of time, in windows.
///
/// Stops at the first crossing and keeps nothing: the fastest way to one exact time.
pub fn first_spike(membrane: &Membrane, events: &[(f64, f64)], horizon: f64) -> Option<f64> {
    let (mut s, mut g, mut v) = (0.0, membrane.leak(), 0.0);
    for (k, &(time, w)) in events.iter().enumerate().take_while(|(_, (time, _))| *time < horizon) {
        s += w;
        g += membrane.slope(w) * w;
        let end = events.get(k + 1).map_or(horizon, |next| next.0.min(horizon));
        match crossing(v, s, g) {
            Some(h) if time + h <= end => return Some(time + h),
            _ => v = advance(v, s, g, end - time),
        }
    }
    None
}

/// The membrane of one neuron at `moments` in the order of time, as if it never fired, in thresholds.
///
/// `events` are `(time, weight)` in the order of time; all times in windows.
pub fn trace(membrane: &Membrane, events: &[(f64, f64)], moments: &[f64]) -> Vec<f64> {
    let (mut s, mut g, mut v, mut now) = (0.0, membrane.leak(), 0.0, 0.0);
    let mut next = events.iter().peekable();
    let mut out = Vec::with_capacity(moments.len());
    for &moment in moments {
        while let Some(&(time, w)) = next.next_if(|event| event.0 <= moment) {
            v = advance(v, s, g, time - now);
            now = time;
            s += w;
            g += membrane.slope(w) * w;
        }
        v = advance(v, s, g, moment - now);
        now = moment;
        out.push(v);
    }
    out
}

pub(crate) fn check(times: &[f64], weights: ArrayView2<'_, f64>) -> Result<(), DynamicsError> {
    fits("spike times", times.len(), weights.nrows())?;
    match weights.indexed_iter().find(|(_, w)| !w.is_finite()) {
        Some(((input, neuron), &weight)) => Err(DynamicsError::Weight { input, neuron, weight }),
        None => Ok(()),
    }
}
