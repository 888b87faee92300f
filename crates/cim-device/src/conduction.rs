//! Current of one cell against voltage: the one law of cells, read-outs, solvers and netlists.

use std::fmt;

use cim_core::{Amps, Volts};
use serde::{Deserialize, Serialize};

use crate::error::DeviceError;

/// Current of a cell of conductance `G` against the voltage `V` across it.
///
/// All laws rise with voltage: a circuit of such cells has exactly one solution. An open cell
/// (0 S) carries nothing and a short (∞ S) has no voltage, whatever the law.
///
/// Where the current is the product of conductance and a function of voltage alone
/// ([`is_separable`](Self::is_separable)), an array is read in one matrix product of
/// [`effective_v`](Self::effective_v); others are solved cell by cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "law", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Conduction {
    /// `I = G V`.
    #[default]
    #[serde(deserialize_with = "cim_core::no_keys")]
    Ohmic,
    /// `I = G v₀ sinh(V / v₀)`: trap-assisted conduction.
    Sinh {
        /// Voltage scale `v₀`.
        scale: Volts,
    },
    /// `I = G (V + a V² + b V³)` for voltages up to `range`.
    Polynomial {
        /// `a` (1/V).
        square_per_v: f64,
        /// `b` (1/V²).
        cubic_per_v2: f64,
        /// Largest voltage, of either sign, for which the law holds.
        range: Volts,
    },
    /// HfO₂ cells of Milo et al. 2021: `I = G V + c₂ V² + c₃ V³` with `c₂`, `c₃` polynomials of
    /// `log₁₀ G`, for voltages up to 0.5 V; fitted from 50 to 225 µS. Coefficients as in CrossSim.
    #[serde(deserialize_with = "cim_core::no_keys")]
    Milo2021,
    /// `I = G f(V)`, `f` straight between given points and beyond the last of them.
    Table {
        /// Voltages, rising (V).
        volts: Vec<f64>,
        /// `f` at each of them, rising (V).
        factor: Vec<f64>,
    },
    /// A selector in series with an ohmic cell (1S1R): `V = I/G + v₀ asinh(I / i₀)`.
    Selector {
        /// Current scale `i₀`.
        current: Amps,
        /// Voltage scale `v₀`.
        scale: Volts,
    },
}

/// As a reader writes it: the name of the law with its parameters.
impl fmt::Display for Conduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ohmic => f.write_str("ohmic"),
            Self::Sinh { scale } => write!(f, "sinh with a scale of {scale}"),
            Self::Polynomial { square_per_v, cubic_per_v2, range } => write!(
                f,
                "polynomial of {square_per_v} per V and {cubic_per_v2} per V² up to {range}"
            ),
            Self::Milo2021 => f.write_str("that of Milo et al. 2021"),
            Self::Table { volts, .. } => write!(f, "table of {} points", volts.len()),
            Self::Selector { current, scale } => {
                write!(f, "selector of {current} with a scale of {scale}")
            }
        }
    }
}

/// A current and how it changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operating {
    /// Current (A).
    pub amps: f64,
    /// Its slope against voltage (S).
    pub slope: f64,
}

/// Largest voltage of the fit of Milo et al. 2021 (V).
const MILO_RANGE_V: f64 = 0.5;

impl Conduction {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`DeviceError::Coefficient`] naming the first that is not finite or not positive, and errors
    /// for a table that does not rise, has fewer than two points or a value at 0 V.
    pub fn check(&self) -> Result<(), DeviceError> {
        let positive = |name: &'static str, value: f64| {
            if 0.0 < value && value.is_finite() {
                Ok(())
            } else {
                Err(DeviceError::Coefficient { name, value })
            }
        };
        match self {
            Self::Ohmic | Self::Milo2021 => Ok(()),
            Self::Sinh { scale } => positive("scale of the sinh law", scale.0),
            Self::Polynomial { square_per_v, cubic_per_v2, range } => {
                positive("range of the polynomial law", range.0)?;
                let slope = self.least_slope(1.0);
                if slope > 0.0 && square_per_v.is_finite() && cubic_per_v2.is_finite() {
                    return Ok(());
                }
                Err(DeviceError::Falling { law: "polynomial", range: *range })
            }
            Self::Table { volts, factor } => {
                let rises = |values: &[f64]| {
                    values.iter().all(|v| v.is_finite()) && values.windows(2).all(|w| w[0] < w[1])
                };
                let (points, values) = (volts.len(), factor.len());
                if points < 2 || points != values || !rises(volts) || !rises(factor) {
                    return Err(DeviceError::Table { points, values });
                }
                // A cell that drives a current of its own would be a source of power.
                let (at_rest, largest) = (self.at(1.0, 0.0).amps, factor[0].abs());
                let rounding = 1e-12 * largest.max(factor[points - 1].abs());
                if rounding < at_rest.abs() {
                    let name = "the table's value at 0 V";
                    return Err(DeviceError::Parameter { name, value: at_rest, range: "0 V only" });
                }
                Ok(())
            }
            Self::Selector { current, scale } => {
                positive("current of the selector", current.0)?;
                positive("scale of the selector", scale.0)
            }
        }
    }

    /// Largest voltage, of either sign, for which the law holds.
    pub fn range(&self) -> Option<Volts> {
        match self {
            Self::Polynomial { range, .. } => Some(*range),
            Self::Milo2021 => Some(Volts(MILO_RANGE_V)),
            _ => None,
        }
    }

    /// Smallest slope (S) of a cell over the law's range; not positive where the law has left the
    /// conductances for which it was fitted.
    pub fn least_slope(&self, g_s: f64) -> f64 {
        let Some((square, cubic, range)) = self.coefficients(g_s) else { return g_s };
        let slope = |v: f64| g_s + v * (2.0 * square + 3.0 * cubic * v);
        let turn = if cubic == 0.0 { 0.0 } else { -square / (3.0 * cubic) };
        slope(range).min(slope(-range)).min(slope(turn.clamp(-range, range)))
    }

    /// Whether `I = G f(V)` with an `f` that does not depend on the conductance.
    pub fn is_separable(&self) -> bool {
        !matches!(self, Self::Milo2021 | Self::Selector { .. })
    }

    /// Checks that [`effective_v`](Self::effective_v) means something.
    ///
    /// # Errors
    /// [`DeviceError::NotSeparable`] if the law is not separable.
    pub fn check_separable(&self) -> Result<(), DeviceError> {
        match self {
            Self::Milo2021 => Err(DeviceError::NotSeparable { law: "milo2021" }),
            Self::Selector { .. } => Err(DeviceError::NotSeparable { law: "selector" }),
            _ => Ok(()),
        }
    }

    /// Voltage (V) that would drive the same current through an ohmic cell of the same
    /// conductance, `f(V)` of `I = G f(V)`.
    ///
    /// NaN for a law that is not separable: there it differs from cell to cell.
    #[inline]
    pub fn effective_v(&self, v_v: f64) -> f64 {
        match self {
            Self::Ohmic => v_v,
            Self::Sinh { scale } => scale.0 * (v_v / scale.0).sinh(),
            Self::Polynomial { .. } | Self::Table { .. } => self.at(1.0, v_v).amps,
            Self::Milo2021 | Self::Selector { .. } => f64::NAN,
        }
    }

    /// Conductance at rest over the conductance `G` of the law, `f'(0)`: 1 for all but a table.
    pub fn slope_at_rest(&self) -> f64 {
        match self {
            Self::Table { .. } => self.at(1.0, 0.0).slope,
            _ => 1.0,
        }
    }

    /// Cubic coefficient (1/V²) of `I = G (V + … + c₃ V³ + …)`: that of the series where there is
    /// one, of a cubic polynomial through four points of a table, `±peak` and `±peak / 2`.
    ///
    /// NaN for a law that is not separable.
    pub fn cubic_per_v2(&self, peak: Volts) -> f64 {
        match self {
            Self::Ohmic => 0.0,
            Self::Sinh { scale } => 1.0 / (6.0 * scale.0 * scale.0),
            Self::Polynomial { cubic_per_v2, .. } => *cubic_per_v2,
            Self::Table { .. } => {
                let odd = |v: f64| 0.5 * (self.effective_v(v) - self.effective_v(-v)) / v;
                (odd(peak.0) - odd(0.5 * peak.0)) / (0.75 * peak.0 * peak.0)
            }
            Self::Milo2021 | Self::Selector { .. } => f64::NAN,
        }
    }

    /// Current and slope of a cell of conductance `g_s` (S) at `v_v` (V).
    ///
    /// Beyond its range a law goes on straight, so that a solver can pass there.
    pub fn at(&self, g_s: f64, v_v: f64) -> Operating {
        if g_s == 0.0 {
            return Operating { amps: 0.0, slope: 0.0 };
        }
        match self {
            Self::Ohmic => Operating { amps: g_s * v_v, slope: g_s },
            Self::Sinh { scale } => {
                let x = v_v / scale.0;
                Operating { amps: g_s * scale.0 * x.sinh(), slope: g_s * x.cosh() }
            }
            Self::Polynomial { .. } | Self::Milo2021 => {
                let (square, cubic, range) = self.coefficients(g_s).expect("a polynomial");
                let inside = v_v.clamp(-range, range);
                let amps = inside * (g_s + inside * (square + inside * cubic));
                let slope = g_s + inside * (2.0 * square + 3.0 * inside * cubic);
                Operating { amps: amps + slope * (v_v - inside), slope }
            }
            Self::Table { volts, factor } => {
                let after = volts.partition_point(|&v| v <= v_v).clamp(1, volts.len() - 1);
                let (v0, f0) = (volts[after - 1], factor[after - 1]);
                let slope = g_s * (factor[after] - f0) / (volts[after] - v0);
                Operating { amps: g_s * f0 + slope * (v_v - v0), slope }
            }
            Self::Selector { current, scale } => selector(g_s, v_v, current.0, scale.0),
        }
    }

    /// `(c₂, c₃, range)` of `I = G V + c₂ V² + c₃ V³` (A/V², A/V³, V) of a cell of conductance `g_s`
    /// (S), if that is the law.
    pub fn coefficients(&self, g_s: f64) -> Option<(f64, f64, f64)> {
        match self {
            Self::Polynomial { square_per_v, cubic_per_v2, range } => {
                Some((g_s * square_per_v, g_s * cubic_per_v2, range.0))
            }
            Self::Milo2021 => {
                let l = g_s.log10();
                let square = ((1.388e-4 * l + 1.541e-3) * l + 5.711e-3) * l + 7.063e-3;
                let cubic = (8.871e-5 * l + 6.7919e-4) * l + 1.2968e-3;
                Some((square, cubic, MILO_RANGE_V))
            }
            _ => None,
        }
    }
}

/// Solves `V = i₀ sinh(y) / G + v₀ y` for `y`, from above, where Newton's method only falls.
fn selector(g_s: f64, v_v: f64, current_a: f64, scale_v: f64) -> Operating {
    let size = v_v.abs();
    let mut y = (size / scale_v).min((g_s * size / current_a).asinh());
    for _ in 0..60 {
        let over = current_a * y.sinh() / g_s + scale_v * y - size;
        let next = y - over / (current_a * y.cosh() / g_s + scale_v);
        if y <= next || next.is_nan() {
            break;
        }
        y = next;
    }
    let amps = (current_a * y.sinh()).copysign(v_v);
    Operating { amps, slope: 1.0 / (1.0 / g_s + scale_v / (current_a * y.cosh())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laws() -> Vec<Conduction> {
        vec![
            Conduction::Ohmic,
            Conduction::Sinh { scale: Volts(0.2) },
            Conduction::Polynomial { square_per_v: 0.1, cubic_per_v2: 0.4, range: Volts(1.0) },
            Conduction::Milo2021,
            Conduction::Table {
                volts: vec![-1.0, 0.0, 0.3, 1.0],
                factor: vec![-2.0, 0.0, 0.2, 3.0],
            },
            Conduction::Selector { current: Amps(1e-7), scale: Volts(0.05) },
        ]
    }

    #[test]
    fn a_law_is_said_in_words_and_units() {
        let sinh = Conduction::Sinh { scale: Volts(0.5) };
        assert_eq!(sinh.to_string(), "sinh with a scale of 500 mV");
        let selector = Conduction::Selector { current: Amps(1e-8), scale: Volts(0.05) };
        assert_eq!(selector.to_string(), "selector of 10 nA with a scale of 50 mV");
    }

    #[test]
    fn slopes_are_the_derivatives_and_nothing_flows_at_rest() {
        for law in laws() {
            law.check().expect("a law");
            for g in [60e-6, 200e-6] {
                assert!(law.at(g, 0.0).amps.abs() < 1e-20, "{law:?}");
                assert_eq!(law.at(0.0, 0.3), Operating { amps: 0.0, slope: 0.0 });
                for v in [-0.45, -0.2, 0.1, 0.2, 0.45] {
                    // Central difference; its own error is step² times the third derivative.
                    let step = 1e-5;
                    let rise = (law.at(g, v + step).amps - law.at(g, v - step).amps) / (2.0 * step);
                    let slope = law.at(g, v).slope;
                    assert!(
                        (rise / slope - 1.0).abs() < 1e-6,
                        "{law:?} at {v}: {rise} for {slope}"
                    );
                    assert!(slope >= law.least_slope(g) * (1.0 - 1e-12) || law.range().is_none());
                }
            }
        }
    }

    #[test]
    fn an_effective_voltage_is_the_current_of_any_cell_over_its_conductance() {
        for law in laws() {
            for v in [-0.45, 0.0, 0.02, 0.2, 0.45] {
                let effective_v = law.effective_v(v);
                assert_eq!(effective_v.is_nan(), !law.is_separable());
                assert_eq!(law.check_separable().is_ok(), law.is_separable());
                for g in [60e-6, 200e-6] {
                    let alone = law.at(g, v).amps / g;
                    let same = (effective_v - alone).abs() <= 1e-14 * alone.abs();
                    assert!(same || !law.is_separable(), "{law:?}: {effective_v} {alone}");
                }
            }
        }
    }

    #[test]
    fn cubic_coefficients_are_those_of_the_currents() {
        let law = Conduction::Sinh { scale: Volts(0.5) };
        assert_eq!(law.effective_v(-0.2), -law.effective_v(0.2));
        let v: f64 = 0.02;
        let cubic = (law.effective_v(v) - v) / v.powi(3);
        // Next term of the series is c₃ · 0.3 · (v/v₀)²/… below 1e-3 of c₃ at v = v₀/25.
        assert!((cubic / law.cubic_per_v2(Volts(v)) - 1.0).abs() < 1e-3);
        // A table on a cubic, with a point at each of the four that are looked at.
        let volts: Vec<f64> = (-4..=4).map(|k| 0.05 * f64::from(k)).collect();
        let factor = volts.iter().map(|v| v + 3.0 * v * v * v).collect();
        let table = Conduction::Table { volts, factor };
        assert!((table.cubic_per_v2(Volts(0.2)) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_selector_and_its_cell_share_the_voltage() {
        let law = Conduction::Selector { current: Amps(1e-9), scale: Volts(0.03) };
        for g in [1e-9, 1e-6, 1e-3, 1.0] {
            for v in [1e-6, 0.01, 0.3, 1.0, 5.0] {
                let i = law.at(g, v).amps;
                let sum = i / g + 0.03 * (i / 1e-9).asinh();
                assert!((sum / v - 1.0).abs() < 1e-12, "{sum} for {v} at {g}");
                assert_eq!(law.at(g, -v).amps, -i);
            }
        }
    }

    /// `c₂ = −8.2e-6 A/V²` and `c₃ = −6.0e-7 A/V³` at 100 µS, worked out by hand.
    #[test]
    fn the_law_of_milo_has_its_coefficients() {
        let (square, cubic, range) = Conduction::Milo2021.coefficients(1e-4).expect("a polynomial");
        assert!((square + 8.2e-6).abs() < 1e-9, "{square:e}");
        assert!((cubic + 6.0e-7).abs() < 1e-9, "{cubic:e}");
        assert_eq!(range, 0.5);
        assert!(Conduction::Milo2021.least_slope(1e-6) < 0.0, "far outside of its fit");
    }

    #[test]
    fn laws_that_fall_are_refused() {
        let falling =
            Conduction::Polynomial { square_per_v: -1.0, cubic_per_v2: 0.0, range: Volts(0.6) };
        assert!(matches!(falling.check(), Err(DeviceError::Falling { .. })));
        let table = Conduction::Table { volts: vec![0.0, 1.0], factor: vec![0.0, -1.0] };
        assert!(matches!(table.check(), Err(DeviceError::Table { .. })));
        let source = Conduction::Table { volts: vec![0.1, 1.0], factor: vec![0.5, 1.0] };
        assert!(matches!(source.check(), Err(DeviceError::Parameter { .. })));
        assert!(Conduction::Sinh { scale: Volts(0.0) }.check().is_err());
    }
}
