//! The way back from the spikes.

use ndarray::ArrayViewMut2;

use super::Layer;
use super::forward::Tape;
use super::kernel::{open, retreat};
use crate::DynamicsError;
use crate::error::fits;
use crate::membrane::interval::{by_conductance, crossing, phi};

/// Working memory of [`gradient`]; re-used between samples.
#[derive(Clone, Debug, Default)]
pub struct Adjoints {
    /// Grid points × neurons: of drive and conductance added at a grid point.
    drive: Vec<f32>,
    conductance: Vec<f32>,
    /// What both gain from one grid point to the next.
    gain: [Vec<f32>; 2],
    membrane: Vec<f32>,
}

impl Adjoints {
    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        let [s, g] = &self.gain;
        let all = [&self.drive, &self.conductance, s, g, &self.membrane];
        4 * all.iter().map(|buffer| buffer.capacity()).sum::<usize>()
    }
}

/// The gradient of a loss: adds to `by_weight`, inputs × neurons, and writes `by_input`, per input time.
///
/// `by_time` is the loss's slope by each neuron's spike time (of no effect where a neuron is silent),
/// `by_rest` by the membrane of each silent neuron at the end of the grid (of no effect where it fired).
/// Inputs that came too late have slope 0.
///
/// # Errors
/// [`DynamicsError::Shape`] where a number of entries is not that of inputs or neurons.
pub fn gradient(
    layer: &Layer<'_>,
    tape: &Tape,
    by_time: &[f32],
    by_rest: &[f32],
    adjoints: &mut Adjoints,
    mut by_weight: ArrayViewMut2<'_, f32>,
    by_input: &mut [f32],
) -> Result<(), DynamicsError> {
    let (inputs, n) = layer.shape();
    fits("slopes by spike times", by_time.len(), n)?;
    fits("slopes by resting membranes", by_rest.len(), n)?;
    fits("slopes of input times", by_input.len(), inputs)?;
    fits("gradient of weights", by_weight.len(), inputs * n)?;
    fits("rows that follow each other", usize::from(by_weight.is_standard_layout()), 1)?;
    let cells = layer.grid.cells();
    sweep(layer, tape, by_time, by_rest, adjoints);
    by_input.fill(0.0);
    let slopes = layer.membrane.slopes();
    let by_weight = by_weight.as_slice_mut().expect("contiguous by rows, as the weights");
    for cell in (0..cells).rev() {
        let spikes = &tape.inputs[tape.begins[cell]..tape.begins[cell + 1]];
        if spikes.is_empty() {
            continue;
        }
        let Adjoints { drive, conductance, gain: [s_gain, g_gain], .. } = adjoints;
        let (s, g) = (&drive[cell * n..][..2 * n], &conductance[cell * n..][..2 * n]);
        for (gain, ends) in [(&mut *s_gain, s), (&mut *g_gain, g)] {
            gain.clear();
            gain.extend(ends[n..].iter().zip(&ends[..n]).map(|(next, this)| next - this));
        }
        for &(input, fraction) in spikes {
            let ends = [&s[..n], &**s_gain, &g[..n], &**g_gain];
            let to = &mut by_weight[input * n..][..n];
            let by_fraction = open(layer.row(input), fraction, slopes, ends, to);
            by_input[input] = by_fraction / layer.grid.width() as f32;
        }
    }
    Ok(())
}

/// Adjoints of what is added at every grid point: those of the intervals, summed from the end.
fn sweep(
    layer: &Layer<'_>,
    tape: &Tape,
    by_time: &[f32],
    by_rest: &[f32],
    adjoints: &mut Adjoints,
) {
    let (n, cells) = (layer.shape().1, layer.grid.cells());
    let Adjoints { drive, conductance, membrane: a, .. } = adjoints;
    drive.resize((cells + 1) * n, 0.0);
    conductance.resize((cells + 1) * n, 0.0);
    drive[cells * n..].fill(0.0);
    conductance[cells * n..].fill(0.0);
    a.clear();
    a.extend(
        by_rest.iter().zip(&tape.fired).map(
            |(&slope, &fired)| {
                if fired as usize == cells { slope } else { 0.0 }
            },
        ),
    );
    let width = layer.grid.width();
    for cell in (0..cells).rev() {
        let at = cell * n;
        let state = [&tape.drive, &tape.conductance, &tape.membrane].map(|v| &v[at..at + n]);
        let (by_s, s_next) = drive[at..at + 2 * n].split_at_mut(n);
        let (by_g, g_next) = conductance[at..at + 2 * n].split_at_mut(n);
        retreat(width as f32, state, a, by_s, by_g);
        for (i, _) in tape.fired.iter().enumerate().filter(|(_, fired)| **fired as usize == cell) {
            let [s, g, v] = tape.state(at + i);
            let h = crossing(v, s, g).map_or(width, |h| h.min(width));
            let seed = -f64::from(by_time[i]) / (s - g);
            by_s[i] = (seed * phi(g, h)) as f32;
            by_g[i] = (seed * by_conductance(v, s, g, h)) as f32;
            a[i] = (seed * (-g * h).exp()) as f32;
        }
        for ((by_s, s_next), (by_g, g_next)) in
            by_s.iter_mut().zip(&*s_next).zip(by_g.iter_mut().zip(&*g_next))
        {
            *by_s += s_next;
            *by_g += g_next;
        }
    }
}
