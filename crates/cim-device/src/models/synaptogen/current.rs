//! Current of one cell against voltage, and along a reset.

use cim_core::{Siemens, Volts, elementary};

use super::parameters::{HIGH_RESISTANCE, LOW_RESISTANCE, RESET_EXPONENT, U_DEFINED, U_MAX};

/// Conductance of the most conducting limit at the voltage that defines resistance.
pub const G_LOW_RESISTANCE: Siemens = Siemens(polynomial(&LOW_RESISTANCE, U_DEFINED) / U_DEFINED);

/// Conductance of the least conducting limit at the same voltage: negative, an extrapolation that
/// is no state of a cell.
pub const G_HIGH_RESISTANCE: Siemens = Siemens(polynomial(&HIGH_RESISTANCE, U_DEFINED) / U_DEFINED);

/// State of conduction of a cell: the share `r` of the least conducting limit in its current,
/// `I(U) = (1 − r) P_L(U) + r P_H(U)`.
///
/// From about 0 to below 0.89, where the conductance at small voltages would be negative. It is not
/// clamped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellState(pub f64);

impl CellState {
    /// The state with a conductance at the voltage that defines it, 0.2 V.
    #[inline]
    pub fn of_conductance(conductance: Siemens) -> Self {
        let (low, high) = (G_LOW_RESISTANCE.0, G_HIGH_RESISTANCE.0);
        Self((low - conductance.0) / (low - high))
    }

    /// Conductance at 0.2 V.
    #[inline]
    pub fn conductance(self) -> Siemens {
        G_LOW_RESISTANCE * (1.0 - self.0) + G_HIGH_RESISTANCE * self.0
    }

    /// Current (A) at a voltage (V).
    #[inline(always)]
    pub fn current_a(self, u_v: f64) -> f64 {
        self.conductance_s(u_v) * u_v
    }

    /// Current per volt (S) at a voltage (V), and its limit at none.
    #[inline(always)]
    pub(super) fn conductance_s(self, u_v: f64) -> f64 {
        // No limit conducts without a voltage: its last coefficient is 0.
        let ([low @ .., _], [high @ .., _]) = (&LOW_RESISTANCE, &HIGH_RESISTANCE);
        (1.0 - self.0) * polynomial(low, u_v) + self.0 * polynomial(high, u_v)
    }
}

/// Voltage at which a reset is complete.
pub(super) const FULL_RESET: Volts = Volts(U_MAX);

/// The current `a |U_max − U|^η + c` that a cell follows while it resets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct ResetCurve {
    a: f64,
    c: f64,
}

impl ResetCurve {
    /// The curve from the onset of a reset (V) in one state to its end in another; `power` is that of
    /// the onset ([`powers`]).
    #[inline(always)]
    pub fn between(onset_v: f64, power: f64, from: CellState, to: CellState) -> Self {
        let c = to.current_a(U_MAX);
        let a = (from.current_a(onset_v) - c) / power;
        Self { a, c }
    }

    /// The state of a cell that has followed the curve up to a voltage (V) of this [power](powers).
    #[inline(always)]
    pub fn state_at(self, u_v: f64, power: f64) -> CellState {
        let current = self.a * power + self.c;
        let low = polynomial(&LOW_RESISTANCE, u_v);
        CellState((current - low) / (polynomial(&HIGH_RESISTANCE, u_v) - low))
    }
}

/// `|U_max − U|^η` in place of voltages `U` (V).
pub(super) fn powers(volts: &mut [f64]) {
    pulp::Arch::new().dispatch(Powers { volts });
}

/// Compiled for the vectors of the machine.
struct Powers<'a> {
    volts: &'a mut [f64],
}

impl pulp::NullaryFnOnce for Powers<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for volt in self.volts {
            *volt = elementary::pow((U_MAX - *volt).abs(), RESET_EXPONENT);
        }
    }
}

/// Highest power first.
#[inline(always)]
const fn polynomial(coefficients: &[f64], u: f64) -> f64 {
    let (mut sum, mut k) = (0.0, 0);
    while k < coefficients.len() {
        sum = sum * u + coefficients[k];
        k += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_conduct_as_published() {
        assert!((G_LOW_RESISTANCE.0 - 269.05e-6).abs() < 0.005e-6);
        assert!((G_HIGH_RESISTANCE.0 + 33.23e-6).abs() < 0.005e-6);
    }

    #[test]
    fn a_state_is_its_conductance() {
        for g_s in [5e-6, 13e-6, 220e-6] {
            let state = CellState::of_conductance(Siemens(g_s));
            assert!((state.conductance().0 / g_s - 1.0).abs() < 1e-13);
            assert!((state.current_a(0.2) / (0.2 * g_s) - 1.0).abs() < 1e-13);
            assert_eq!(state.current_a(0.0), 0.0);
        }
    }

    #[test]
    fn a_reset_starts_at_its_onset_and_ends_at_its_end() {
        let from = CellState::of_conductance(Siemens(220e-6));
        let to = CellState::of_conductance(Siemens(13e-6));
        let mut power = [0.73, U_MAX];
        powers(&mut power);
        let curve = ResetCurve::between(0.73, power[0], from, to);
        assert!((curve.state_at(0.73, power[0]).0 - from.0).abs() < 1e-12);
        assert!((curve.state_at(U_MAX, power[1]).0 - to.0).abs() < 1e-12);
    }
}
