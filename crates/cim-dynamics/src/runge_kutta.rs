//! The independent integrator: classical Runge–Kutta of fourth order with step doubling.
//!
//! It knows nothing of the closed forms of this crate, so it can judge them.
//!
//! Source: Kutta 1901; error control by step doubling as in Hairer, Nørsett and Wanner, *Solving
//! Ordinary Differential Equations I*, section II.4.

use crate::DynamicsError;

/// How exactly, and in how many steps at most, an equation is integrated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Greatest error of a step, in the unit of the state.
    pub error: f64,
    /// Steps after which an equation is called stiff.
    pub max_steps: usize,
}

impl Tolerance {
    /// A billionth of a unit and a million steps.
    pub const FINE: Self = Self { error: 1e-9, max_steps: 1_000_000 };
}

/// Working memory of the integrator; re-used between calls.
#[derive(Debug, Default)]
pub struct Steps {
    stages: [Vec<f64>; 3],
    whole: Vec<f64>,
    halves: Vec<f64>,
    /// The last step that was accurate enough, from which the next call starts.
    last: f64,
}

/// Integrates `slope` from `start` to `end`, in place.
///
/// `slope(t, state, out)` writes the derivative of `state` into `out`.
///
/// # Errors
/// [`DynamicsError::Stiff`] if `tolerance` allows too few steps.
pub fn integrate(
    mut slope: impl FnMut(f64, &[f64], &mut [f64]),
    start: f64,
    end: f64,
    tolerance: Tolerance,
    state: &mut [f64],
    steps: &mut Steps,
) -> Result<(), DynamicsError> {
    let (mut t, mut taken) = (start, 0);
    let mut h = if steps.last > 0.0 { steps.last.min(end - start) } else { (end - start) / 4.0 };
    while t < end {
        if taken == tolerance.max_steps {
            return Err(DynamicsError::Stiff { steps: taken, reached: t, end });
        }
        taken += 1;
        h = h.min(end - t);
        let Steps { stages, whole, halves, .. } = &mut *steps;
        copy(state, whole);
        copy(state, halves);
        step(&mut slope, t, h, whole, stages);
        step(&mut slope, t, h / 2.0, halves, stages);
        step(&mut slope, t + h / 2.0, h / 2.0, halves, stages);
        let error =
            whole.iter().zip(&*halves).map(|(w, f)| (w - f).abs()).fold(0.0, nan_max) / 15.0;
        if error <= tolerance.error {
            t = if h == end - t { end } else { t + h };
            for ((state, fine), coarse) in state.iter_mut().zip(&*halves).zip(&*whole) {
                *state = fine + (fine - coarse) / 15.0;
            }
            steps.last = h;
        }
        let grow = 0.9 * (tolerance.error / error.max(1e-300)).powf(0.2);
        h *= if grow.is_nan() { 0.1 } else { grow.clamp(0.1, 4.0) };
    }
    Ok(())
}

/// One step without control of its error, in place.
pub fn step(
    slope: &mut impl FnMut(f64, &[f64], &mut [f64]),
    t: f64,
    h: f64,
    state: &mut [f64],
    [sum, k, at]: &mut [Vec<f64>; 3],
) {
    for buffer in [&mut *sum, &mut *k, &mut *at] {
        buffer.resize(state.len(), 0.0);
    }
    slope(t, state, k);
    sum.copy_from_slice(k);
    for (part, weight) in [(0.5, 2.0), (0.5, 2.0), (1.0, 1.0)] {
        for ((at, state), k) in at.iter_mut().zip(&*state).zip(&*k) {
            *at = state + part * h * k;
        }
        slope(t + part * h, at, k);
        sum.iter_mut().zip(&*k).for_each(|(sum, k)| *sum += weight * k);
    }
    state.iter_mut().zip(&*sum).for_each(|(state, sum)| *state += h / 6.0 * sum);
}

fn copy(from: &[f64], to: &mut Vec<f64>) {
    to.clear();
    to.extend_from_slice(from);
}

/// The larger of two, NaN if one is: an overflow must not look like no error.
fn nan_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oscillator_keeps_its_phase() {
        let mut state = [1.0, 0.0];
        let slope = |_: f64, y: &[f64], out: &mut [f64]| (out[0], out[1]) = (y[1], -y[0]);
        let tolerance = Tolerance { error: 1e-12, ..Tolerance::FINE };
        integrate(slope, 0.0, 10.0, tolerance, &mut state, &mut Steps::default()).unwrap();
        assert!((state[0] - 10f64.cos()).abs() < 1e-9 && (state[1] + 10f64.sin()).abs() < 1e-9);
    }

    #[test]
    fn a_stiff_equation_is_an_error_not_a_hang() {
        let tolerance = Tolerance { error: 1e-9, max_steps: 1000 };
        let slope = |_: f64, y: &[f64], out: &mut [f64]| out[0] = -1e9 * y[0];
        let run = integrate(slope, 0.0, 1.0, tolerance, &mut [1.0], &mut Steps::default());
        assert!(matches!(run, Err(DynamicsError::Stiff { steps: 1000, .. })), "{run:?}");
    }
}
