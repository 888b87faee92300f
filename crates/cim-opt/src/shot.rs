//! What shot noise adds to thermal noise, exactly, as a function of the read voltage.
//!
//! A cell of conductance `G` at a voltage `v` has the noise `4kTG + 2qF G s(v)` per hertz with
//! `s = v_c (x coth x − 1)`, `x = v / v_c`, `v_c = 2kT/q`. No sum of monomials lies close above `s`, which
//! turns from `v²` to `|v|`, and over the squared signal it is not convex in `ln v` on its own. Together with
//! the thermal noise of the same cell it is: `(1 + γ − F) + F x coth x` over `x²` is a sum of functions whose
//! logarithms are convex in `ln x` (that of `coth x / x` has the slope `−1 − 2x / sinh 2x`, which rises) as
//! long as `F ≤ 1 + γ`. What a larger Fano factor adds beyond that is counted in full, `s ≤ |v|`.
//!
//! Source: Blanter and Büttiker, Physics Reports 336, 2000, eq. 62.

use cim_core::{BOLTZMANN_J_K, ELEMENTARY_CHARGE_C};

use crate::drives::{Drives, LEVELS};
use crate::window::{CircuitTerms, WindowProblem};

/// The part of the Fano factor that is treated exactly, and the rest.
pub(crate) fn split(circuit: &CircuitTerms) -> (f64, f64) {
    let exact = circuit.fano_factor.min(1.0 + circuit.amplifier_factor);
    let exact = if circuit.temperature.0 > 0.0 { exact } else { 0.0 };
    (exact, circuit.fano_factor - exact)
}

/// Excess noise over the squared signal: `g_min / swing²` times the first and `1 / swing` times the
/// second of two functions of the voltage.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shot {
    rows: [f64; LEVELS],
    raised: [f64; LEVELS],
    crossover_v: f64,
}

impl Shot {
    /// Of all tiles, weighted.
    pub fn of(problem: &WindowProblem) -> Self {
        let circuit = &problem.circuit;
        let mut sum = Self::silent(circuit);
        for tile in &problem.tiles {
            sum.add(&tile.drives, tile.cells, tile.weight * Self::scale(circuit));
        }
        sum
    }

    /// Of one tile, not weighted.
    pub fn of_tile(circuit: &CircuitTerms, drives: &Drives, cells: f64) -> Self {
        let mut own = Self::silent(circuit);
        own.add(drives, cells, Self::scale(circuit));
        own
    }

    fn silent(circuit: &CircuitTerms) -> Self {
        let crossover_v = 2.0 * BOLTZMANN_J_K * circuit.temperature.0 / ELEMENTARY_CHARGE_C;
        Self { rows: [0.0; LEVELS], raised: [0.0; LEVELS], crossover_v }
    }

    fn scale(circuit: &CircuitTerms) -> f64 {
        let crossover_v = 2.0 * BOLTZMANN_J_K * circuit.temperature.0 / ELEMENTARY_CHARGE_C;
        2.0 * ELEMENTARY_CHARGE_C * split(circuit).0 * circuit.bandwidth.0 * crossover_v
    }

    fn add(&mut self, drives: &Drives, cells: f64, scale: f64) {
        for level in 0..LEVELS {
            self.rows[level] += scale * cells * drives.rows[level];
            self.raised[level] += scale * drives.raised[level];
        }
    }

    /// Whether there is none.
    pub fn is_silent(&self) -> bool {
        self.rows.iter().chain(&self.raised).all(|&part| part == 0.0)
    }

    /// Both functions at a voltage (V), each with its first and second derivative in the logarithm
    /// of the voltage.
    pub fn at(&self, v: f64) -> [[f64; 3]; 2] {
        let mut sums = [[0.0; 3]; 2];
        if self.is_silent() {
            return sums;
        }
        let inverse_square = 1.0 / (v * v);
        for level in (0..LEVELS).filter(|&k| self.rows[k] != 0.0 || self.raised[k] != 0.0) {
            let x = v * (level + 1) as f64 / LEVELS as f64 / self.crossover_v;
            let [value, first, second] = excess(x);
            let (rise, bend) = (x * first, x * x * second);
            let over = [value, rise - 2.0 * value, rise + bend - 4.0 * rise + 4.0 * value];
            for (sum, factor) in sums.iter_mut().zip([self.rows[level], self.raised[level]]) {
                for (sum, part) in sum.iter_mut().zip(over) {
                    *sum += factor * inverse_square * part;
                }
            }
        }
        sums
    }

    /// Value, slopes and curvatures in `(ln g_min, ln swing, ln V)`.
    pub fn sample(&self, x: [f64; 3]) -> (f64, [f64; 3], [[f64; 3]; 3]) {
        let (mut value, mut gradient, mut hessian) = (0.0, [0.0; 3], [[0.0; 3]; 3]);
        let pieces = [[1.0, -2.0], [0.0, -1.0]];
        for ([f, first, second], powers) in self.at(x[2].exp()).into_iter().zip(pieces) {
            let scale = (powers[0] * x[0] + powers[1] * x[1]).exp();
            let (f, first, second) = (scale * f, scale * first, scale * second);
            value += f;
            for i in 0..2 {
                gradient[i] += powers[i] * f;
                hessian[2][i] += powers[i] * first;
                hessian[i][2] += powers[i] * first;
                for j in 0..2 {
                    hessian[i][j] += powers[i] * powers[j] * f;
                }
            }
            gradient[2] += first;
            hessian[2][2] += second;
        }
        (value, gradient, hessian)
    }
}

/// `x coth x − 1` with its first and second derivative.
fn excess(x: f64) -> [f64; 3] {
    if x < 0.05 {
        // The next terms are below 1e-9 of the first.
        let y = x * x;
        return [
            y * (1.0 / 3.0 - y * (1.0 / 45.0 - y * 2.0 / 945.0)),
            x * (2.0 / 3.0 - y * (4.0 / 45.0 - y * 12.0 / 945.0)),
            2.0 / 3.0 - y * (12.0 / 45.0 - y * 60.0 / 945.0),
        ];
    }
    let fade = (-2.0 * x).exp();
    let coth = (1.0 + fade) / (1.0 - fade);
    // 1 / sinh².
    let inverse = 4.0 * fade / ((1.0 - fade) * (1.0 - fade));
    let value = x * coth - 1.0;
    [value, coth - x * inverse, 2.0 * value * inverse]
}

#[cfg(test)]
mod tests {
    use cim_core::{Amps, Hertz, Kelvin, Seconds, Volts};

    use super::*;
    use crate::window::FrontEndTerms;

    fn circuit(fano_factor: f64) -> CircuitTerms {
        CircuitTerms {
            temperature: Kelvin(300.0),
            bandwidth: Hertz(1e7),
            amplifier_factor: 0.0,
            fano_factor,
            input_noise: Amps(0.0),
            supply: Volts(0.9),
            read_time: Seconds(1e-7),
            front_end: FrontEndTerms::IDEAL,
        }
    }

    /// Central differences of width 1e-4: 1e-8 of the third derivative, 1e-12 of rounding over it.
    #[test]
    fn derivatives_are_difference_quotients() {
        let drives = Drives::of_sums(40.0, 20.0, 5.0);
        let shot = Shot::of_tile(&circuit(1.0), &drives, 2.0);
        for v in [1e-4, 2e-3, 0.01, 0.05, 0.2, 1.0] {
            let x = [f64::ln(2e-6), f64::ln(8e-5), f64::ln(v)];
            let (value, gradient, hessian) = shot.sample(x);
            let h = 1e-4;
            for axis in 0..3 {
                let moved = |by: f64| {
                    let mut x = x;
                    x[axis] += by;
                    shot.sample(x)
                };
                let (up, down) = (moved(h), moved(-h));
                let slope = (up.0 - down.0) / (2.0 * h);
                assert!((slope - gradient[axis]).abs() < 1e-6 * value, "{v} {axis}");
                for ((up, down), want) in up.1.iter().zip(down.1).zip(hessian[axis]) {
                    let bend = (up - down) / (2.0 * h);
                    assert!((bend - want).abs() < 1e-6 * value, "{v} {axis}");
                }
            }
        }
    }

    /// Drives spread evenly over all sizes, by a fine sum: from above, by less than 2 %, at every
    /// voltage; a single size of the same first two moments is within 8 %.
    #[test]
    fn levels_lie_tightly_above_the_law() {
        let n = 4000;
        let (mut drives, mut sums) = (Drives::default(), [0.0; 2]);
        for k in 0..n {
            let u = (f64::from(k) + 0.5) / f64::from(n);
            drives.add(u, 1.0 / f64::from(n), 1.0);
            sums[0] += u / f64::from(n);
            sums[1] += u * u / f64::from(n);
        }
        let one = Drives::of_sums(sums[0], sums[1], sums[0]);
        let at = |drives: &Drives, v: f64| Shot::of_tile(&circuit(1.0), drives, 1.0).at(v)[0][0];
        let crossover_v = 2.0 * BOLTZMANN_J_K * 300.0 / ELEMENTARY_CHARGE_C;
        for v in [1e-3, 0.01, 0.03, 0.1, 0.4] {
            let exact: f64 = (0..n)
                .map(|k| {
                    let x = v * (f64::from(k) + 0.5) / f64::from(n) / crossover_v;
                    (x / x.tanh() - 1.0) / f64::from(n)
                })
                .sum();
            let exact = exact * Shot::scale(&circuit(1.0)) / (v * v);
            let ratio = at(&drives, v) / exact;
            assert!((1.0 - 1e-9..1.02).contains(&ratio), "{v}: {ratio}");
            let ratio = at(&one, v) / exact;
            assert!((0.99..1.08).contains(&ratio), "one size, {v}: {ratio}");
        }
    }

    /// Second differences of thermal and shot noise together in the logarithm of the voltage.
    #[test]
    fn both_noises_together_are_convex() {
        for fano_factor in [0.3, 0.8, 1.0, 2.5] {
            let circuit = circuit(fano_factor);
            let (exact, rest) = split(&circuit);
            let total = |t: f64| {
                let v = t.exp();
                let x = v * ELEMENTARY_CHARGE_C / (2.0 * BOLTZMANN_J_K * 300.0);
                (1.0 + exact * excess(x)[0] + rest * x) / (x * x)
            };
            for k in 0..200 {
                let t = f64::ln(1e-4) + 0.05 * f64::from(k);
                let bend = total(t + 0.02) + total(t - 0.02) - 2.0 * total(t);
                assert!(bend > 0.0, "{fano_factor} at {} V", t.exp());
            }
        }
    }
}
