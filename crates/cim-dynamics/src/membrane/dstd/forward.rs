//! The way to the spikes.

use super::kernel::{GROUP, advance, close};
use super::{Layer, check_times};
use crate::DynamicsError;
use crate::membrane::interval::crossing;

/// A run of one layer on one sample: what the way back needs. Re-used between samples.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// Inputs by the interval in which they spike, with their fraction of it.
    pub(super) inputs: Vec<(usize, f32)>,
    /// Where the inputs of each interval begin.
    pub(super) begins: Vec<usize>,
    /// Grid points × neurons: drive, conductance and membrane when an interval begins.
    pub(super) drive: Vec<f32>,
    pub(super) conductance: Vec<f32>,
    pub(super) membrane: Vec<f32>,
    /// Interval in which a neuron fires; the number of intervals if it does not.
    pub(super) fired: Vec<u16>,
    /// When each neuron fires, in windows; infinite if it does not.
    pub time: Vec<f32>,
    /// Inputs that came at or after the end of the grid, or never.
    pub late: usize,
}

impl Tape {
    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let floats = self.drive.capacity() + self.conductance.capacity() + self.membrane.capacity();
        4 * (floats + self.time.capacity())
            + 2 * self.fired.capacity()
            + 16 * self.inputs.capacity()
            + 8 * self.begins.capacity()
    }

    /// The membrane of each neuron at the end of the grid, as if it had not fired, in thresholds.
    pub fn rest(&self) -> &[f32] {
        let n = self.time.len();
        &self.membrane[self.membrane.len() - n..]
    }

    /// Sorts the inputs into intervals, in the order of their numbers.
    fn gather(&mut self, layer: &Layer<'_>, times: &[f32]) {
        let cells = layer.grid.cells();
        self.begins.clear();
        self.begins.resize(cells + 2, 0);
        self.late = 0;
        for &time in times {
            match layer.grid.place(time) {
                Some((cell, _)) => self.begins[cell + 2] += 1,
                None => self.late += 1,
            }
        }
        for cell in 2..cells + 2 {
            self.begins[cell] += self.begins[cell - 1];
        }
        self.inputs.clear();
        self.inputs.resize(times.len() - self.late, (0, 0.0));
        for (input, &time) in times.iter().enumerate() {
            if let Some((cell, fraction)) = layer.grid.place(time) {
                self.inputs[self.begins[cell + 1]] = (input, fraction);
                self.begins[cell + 1] += 1;
            }
        }
    }
}

/// First spikes of a layer for one sample, into `tape`.
///
/// `times` has one entry per input, in windows, infinite for never.
///
/// # Errors
/// [`DynamicsError`] for a number of times that is not that of the inputs, and a time below zero or NaN.
pub fn first_spikes(
    layer: &Layer<'_>,
    times: &[f32],
    tape: &mut Tape,
) -> Result<(), DynamicsError> {
    check_times(layer, times)?;
    let (n, cells) = (layer.shape().1, layer.grid.cells());
    tape.gather(layer, times);
    for buffer in [&mut tape.drive, &mut tape.conductance] {
        buffer.clear();
        buffer.resize((cells + 1) * n, 0.0);
    }
    tape.membrane.resize((cells + 1) * n, 0.0);
    tape.membrane[..n].fill(0.0);
    tape.conductance[..n].fill(layer.membrane.leak() as f32);
    tape.fired.clear();
    tape.fired.resize(n, cells as u16);
    for cell in 0..cells {
        add(layer, tape, cell);
        let (from, to) = (cell * n, (cell + 1) * n);
        let (v, next) = tape.membrane[from..to + n].split_at_mut(n);
        let (s, s_next) = tape.drive[from..to + n].split_at_mut(n);
        let (g, g_next) = tape.conductance[from..to + n].split_at_mut(n);
        advance(layer.grid.width() as f32, s, g, v, next);
        let sums = s_next.iter_mut().zip(&*s).zip(g_next.iter_mut().zip(&*g));
        for ((fired, &v), ((s_next, s), (g_next, g))) in tape.fired.iter_mut().zip(&*next).zip(sums)
        {
            // What this interval's inputs add at its end is there already.
            *s_next += s;
            *g_next += g;
            if v >= 1.0 && *fired as usize == cells {
                *fired = cell as u16;
            }
        }
    }
    tape.time.clear();
    let width = layer.grid.width();
    for (i, &fired) in tape.fired.iter().enumerate() {
        let cell = fired as usize;
        tape.time.push(if cell == cells {
            f32::INFINITY
        } else {
            let [s, g, v] = tape.state(cell * n + i);
            let h = crossing(v, s, g).map_or(width, |h| h.min(width));
            (cell as f64 * width + h) as f32
        });
    }
    Ok(())
}

impl Tape {
    pub(super) fn state(&self, at: usize) -> [f64; 3] {
        [&self.drive, &self.conductance, &self.membrane].map(|values| f64::from(values[at]))
    }
}

/// Adds the inputs of one interval at its two ends.
fn add(layer: &Layer<'_>, tape: &mut Tape, cell: usize) {
    let n = layer.shape().1;
    let at = cell * n;
    let (s0, s1) = tape.drive[at..at + 2 * n].split_at_mut(n);
    let (g0, g1) = tape.conductance[at..at + 2 * n].split_at_mut(n);
    for group in tape.inputs[tape.begins[cell]..tape.begins[cell + 1]].chunks(GROUP) {
        let slot = |j: usize| group.get(j).copied();
        let rows = [0, 1, 2, 3].map(|j| layer.row(slot(j).unwrap_or(group[0]).0));
        let fraction = [0, 1, 2, 3].map(|j| slot(j).map_or(0.0, |(_, fraction)| fraction));
        let counts = [0, 1, 2, 3].map(|j| f32::from(u8::from(j < group.len())));
        let ends = [&mut *s0, &mut *s1, &mut *g0, &mut *g1];
        close(rows, fraction, counts, layer.membrane.slopes(), ends);
    }
}
