//! What one block of neurons does on one sample: its state stays in registers while inputs pass by.
#![allow(clippy::needless_range_loop, reason = "the lanes of several arrays side by side")]

use pulp::{Arch, Simd, WithSimd};

use super::volley::Volley;
use crate::membrane::interval::{by_conductance, crossing, phi};

/// Neurons side by side: fixed, so that sums have one order on every machine.
pub(super) const LANES: usize = 16;

/// One number for each neuron of a block.
pub(super) type Block = [f32; LANES];

/// What does not change with neurons, samples or intervals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constants {
    /// Length of an interval in windows.
    pub width: f64,
    /// Leak per window.
    pub leak: f32,
    /// Slopes of conductance by excitatory and inhibitory weights, the second negative.
    pub slopes: [f32; 2],
}

/// Drive, conductance and membrane of a block at every point of the grid.
pub(super) struct States<'a> {
    pub drive: &'a mut [Block],
    pub conductance: &'a mut [Block],
    pub membrane: &'a mut [Block],
}

/// Relaxation over one interval: `φ / h = (1 − e^{−x}) / x` and `ψ(x) = (x e^{−x} − 1 + e^{−x}) / x²`, for
/// `x = G h ≥ 0`; to 3e-7.
#[inline(always)]
fn relax(x: f32) -> (f32, f32) {
    let x = x.max(1e-20);
    // e^{−x} = 2^{−k} e^{−r} with |r| ≤ ln 2 / 2.
    let k = (x * std::f32::consts::LOG2_E).min(120.0).round_ties_even();
    let r = x.min(90.0) - k * std::f32::consts::LN_2;
    let scale = f32::from_bits(((127 - k as i32) as u32) << 23);
    let gone = -r
        * (1.0
            - r * (0.5
                - r * (1.0 / 6.0
                    - r * (1.0 / 24.0 - r * (1.0 / 120.0 - r * (1.0 / 720.0 - r / 5040.0))))));
    let gone = scale * gone + (scale - 1.0);
    let ratio = -gone / x;
    let by_series = -0.5
        + x * (1.0 / 3.0
            - x * (1.0 / 8.0
                - x * (1.0 / 30.0
                    - x * (1.0 / 144.0 - x * (1.0 / 840.0 - x * (1.0 / 5760.0 - x / 45360.0))))));
    let by_closed_form = (1.0 + gone - ratio) / x;
    (ratio, if x < 0.5 { by_series } else { by_closed_form })
}

/// One sample forward: fills the states, and writes in which interval each neuron fires, the number of
/// intervals if it does not.
///
/// This and [`Back`] are structures and not closures: what runs below the dispatch must be inlined into it to be
/// compiled for the vectors it found, and only functions can be marked so.
pub(super) struct Forth<'a> {
    pub constants: &'a Constants,
    /// Weights of the block, one row an input.
    pub weights: &'a [Block],
    pub volley: &'a Volley,
    pub states: States<'a>,
    pub fired: &'a mut [u16; LANES],
}

impl Forth<'_> {
    /// Runs with the widest vectors of the machine.
    pub fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl WithSimd for Forth<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { constants, weights, volley, states, fired } = self;
        let &Constants { width, leak, slopes } = constants;
        let width = width as f32;
        let cells = states.drive.len() - 1;
        *fired = [cells as u16; LANES];
        let (mut s, mut g, mut v) = ([0.0; LANES], [leak; LANES], [0.0_f32; LANES]);
        for cell in 0..cells {
            let [closed, later, closed_g, later_g] = closing(weights, volley.cell(cell), slopes);
            for i in 0..LANES {
                s[i] += closed[i] - later[i];
                g[i] += closed_g[i] - later_g[i];
            }
            (states.drive[cell], states.conductance[cell]) = (s, g);
            states.membrane[cell] = v;
            for i in 0..LANES {
                let (ratio, _) = relax(g[i] * width);
                v[i] += (s[i] - g[i] * v[i]) * width * ratio;
                let first = v[i] >= 1.0 && fired[i] == cells as u16;
                fired[i] = if first { cell as u16 } else { fired[i] };
                s[i] += later[i];
                g[i] += later_g[i];
            }
        }
        (states.drive[cells], states.conductance[cells]) = (s, g);
        states.membrane[cells] = v;
    }
}

/// Weights and conductances that close in an interval, whole and by their fractions.
#[inline(always)]
fn closing(
    weights: &[Block],
    inputs: &[(u32, f32)],
    [excitatory, inhibitory]: [f32; 2],
) -> [Block; 4] {
    let mut sums = [[0.0_f32; LANES]; 4];
    for &(input, fraction) in inputs {
        let w = &weights[input as usize];
        let [closed, later, closed_g, later_g] = &mut sums;
        for i in 0..LANES {
            let q = (w[i] * excitatory).max(w[i] * inhibitory);
            closed[i] += w[i];
            later[i] = fraction.mul_add(w[i], later[i]);
            closed_g[i] += q;
            later_g[i] = fraction.mul_add(q, later_g[i]);
        }
    }
    sums
}

/// One sample back: adds to the gradient of the block's weights and to that of the inputs, per interval's length.
pub(super) struct Back<'a> {
    pub constants: &'a Constants,
    /// Weights of the block, one row an input.
    pub weights: &'a [Block],
    pub volley: &'a Volley,
    /// Drive, conductance and membrane.
    pub states: [&'a [Block]; 3],
    pub fired: &'a [u16; LANES],
    pub by_time: &'a Block,
    /// Of silent neurons, 0 elsewhere.
    pub by_rest: &'a Block,
    pub by_weight: &'a mut [Block],
    pub by_input: &'a mut [f32],
}

impl Back<'_> {
    /// Runs with the widest vectors of the machine.
    pub fn run(self) {
        Arch::new().dispatch(self);
    }

    /// Intervals in which anything has a slope: none does behind the last spike, nor of a silent neuron whose
    /// rest has none.
    #[inline(always)]
    fn reach(&self, cells: usize) -> usize {
        let of = |i: usize| match usize::from(self.fired[i]) {
            cell if cell < cells => cell + 1,
            _ if self.by_rest[i] == 0.0 => 0,
            _ => cells,
        };
        (0..LANES).map(of).max().unwrap_or(0)
    }
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let &Constants { width: width_f64, slopes, .. } = self.constants;
        let width = width_f64 as f32;
        let [drive, conductance, membrane] = self.states;
        let reach = self.reach(drive.len() - 1);
        let Self { weights, volley, fired, by_time, by_weight, by_input, .. } = self;
        let mut a = *self.by_rest;
        // Adjoints of what is added to drive and conductance at the end of the interval.
        let (mut s_next, mut g_next) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        for cell in (0..reach).rev() {
            let (s, g, v) = (&drive[cell], &conductance[cell], &membrane[cell]);
            let (mut by_s, mut by_g) = ([0.0_f32; LANES], [0.0_f32; LANES]);
            for i in 0..LANES {
                let (ratio, psi) = relax(g[i] * width);
                let phi = width * ratio;
                by_s[i] = a[i] * phi;
                by_g[i] = a[i] * ((s[i] - g[i] * v[i]) * width * width * psi - v[i] * phi);
                a[i] *= 1.0 - g[i] * phi;
            }
            for i in 0..LANES {
                if usize::from(fired[i]) == cell {
                    let [s, g, v] = [s[i], g[i], v[i]].map(f64::from);
                    let h = crossing(v, s, g).map_or(width_f64, |h| h.min(width_f64));
                    let seed = -f64::from(by_time[i]) / (s - g);
                    by_s[i] = (seed * phi(g, h)) as f32;
                    by_g[i] = (seed * by_conductance(v, s, g, h)) as f32;
                    a[i] = (seed * (-g * h).exp()) as f32;
                }
            }
            // A weight's slope at the start of the interval and what it gains to its end, for both signs.
            let mut at_start = [[0.0_f32; LANES]; 2];
            let mut gain = [[0.0_f32; LANES]; 2];
            for i in 0..LANES {
                by_s[i] += s_next[i];
                by_g[i] += g_next[i];
                let (s_gain, g_gain) = (s_next[i] - by_s[i], g_next[i] - by_g[i]);
                for (sign, slope) in slopes.into_iter().enumerate() {
                    at_start[sign][i] = by_s[i] + slope * by_g[i];
                    gain[sign][i] = s_gain + slope * g_gain;
                }
            }
            for &(input, fraction) in volley.cell(cell) {
                let input = input as usize;
                let to = &mut by_weight[input];
                by_input[input] += spread(&weights[input], fraction, &at_start, &gain, to);
            }
            (s_next, g_next) = (by_s, by_g);
        }
    }
}

/// Adds to the slopes of an input's weights, and gives that of its time.
#[inline(always)]
fn spread(
    w: &Block,
    fraction: f32,
    at_start: &[Block; 2],
    gain: &[Block; 2],
    to: &mut Block,
) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    for i in 0..LANES {
        let below = w[i] < 0.0;
        let start = if below { at_start[1][i] } else { at_start[0][i] };
        let gain = if below { gain[1][i] } else { gain[0][i] };
        to[i] += fraction.mul_add(gain, start);
        lanes[i] = w[i] * gain;
    }
    sum(lanes)
}

/// The sum of a block, halves first.
#[inline(always)]
fn sum(lanes: Block) -> f32 {
    let mut eight = [0.0; 8];
    (0..8).for_each(|i| eight[i] = lanes[i] + lanes[i + 8]);
    let mut four = [0.0; 4];
    (0..4).for_each(|i| four[i] = eight[i] + eight[i + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relaxation_is_that_of_double_precision() {
        for step in 0..4000 {
            let x = 1e-6 * 1.005_f64.powi(step);
            let gone = (-x).exp_m1();
            let (ratio, psi) = relax(x as f32);
            let (ratio_want, psi_want) = (-gone / x, (x * (1.0 + gone) + gone) / (x * x));
            assert!((f64::from(ratio) / ratio_want - 1.0).abs() < 1e-6, "{x} {ratio}");
            if 1e-4 < x {
                assert!((f64::from(psi) - psi_want).abs() < 3e-6 * psi_want.abs() + 1e-7, "{x}");
            }
        }
        assert_eq!(relax(0.0), (1.0, -0.5));
    }
}
