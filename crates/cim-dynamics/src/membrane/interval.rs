//! The closed form between two events: `dv/dt = S − G v` with constant `S` and `G`.
//!
//! Everything is written with `φ(G, h) = (1 − e^{−G h}) / G`, which is `h` where `G` is 0, so that the
//! ideal membrane is a value of the same code and nothing cancels.

/// `φ(G, h) = (1 − e^{−G h}) / G`.
#[inline]
pub(crate) fn phi(g: f64, h: f64) -> f64 {
    if g == 0.0 { h } else { -(-g * h).exp_m1() / g }
}

/// The membrane after `h`.
#[inline]
pub(crate) fn advance(v: f64, s: f64, g: f64, h: f64) -> f64 {
    v + (s - g * v) * phi(g, h)
}

/// When the membrane first reaches 1 if nothing else happens; none if it never does.
///
/// `h = −ln(1 − G p) / G` with `p = (1 − v) / (S − G v)`; where `S / G` is below 1, or the slope is not
/// upward, the membrane saturates below the threshold.
#[inline]
pub(crate) fn crossing(v: f64, s: f64, g: f64) -> Option<f64> {
    if v >= 1.0 {
        return Some(0.0);
    }
    let slope = s - g * v;
    if slope <= 0.0 || s <= g {
        return None;
    }
    let p = (1.0 - v) / slope;
    Some(if g == 0.0 { p } else { -(-g * p).ln_1p() / g })
}

/// `∂v(h)/∂G`, which is minus the integral of `e^{−G (h − u)} v(u)` over the interval.
#[inline]
pub(crate) fn by_conductance(v: f64, s: f64, g: f64, h: f64) -> f64 {
    let x = g * h;
    // (x e^{−x} − 1 + e^{−x}) / x², whose terms cancel where x is small: there by its series.
    let psi = if x.abs() < 0.1 {
        const TERMS: [f64; 9] = series();
        TERMS.iter().rev().fold(0.0, |sum, term| sum * x + term)
    } else {
        let gone = (-x).exp_m1();
        (x * (1.0 + gone) + gone) / (x * x)
    };
    -v * phi(g, h) + (s - g * v) * h * h * psi
}

/// `(−1)^{k+1} (k + 1) / (k + 2)!`.
const fn series() -> [f64; 9] {
    let (mut terms, mut factorial, mut k) = ([0.0; 9], 1.0, 0);
    while k < 9 {
        factorial *= (k + 2) as f64;
        let sign = if k % 2 == 0 { -1.0 } else { 1.0 };
        terms[k] = sign * (k + 1) as f64 / factorial;
        k += 1;
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_by_conductance_is_the_numerical_one() {
        for g in [1e-9, 1e-3, 0.09, 0.11, 0.7, 5.0, 40.0] {
            let (v, s, h, eps) = (0.3, 2.0, 0.9, 1e-4 * g);
            let numerical = (advance(v, s, g + eps, h) - advance(v, s, g - eps, h)) / (2.0 * eps);
            let exact = by_conductance(v, s, g, h);
            // Central differences: rounding 1e-16 / eps beside a truncation of eps².
            let allowed = 1e-15 / eps + 1e-7 * exact.abs();
            assert!((exact - numerical).abs() < allowed, "{g}: {exact} {numerical}");
        }
    }

    #[test]
    fn the_crossing_is_where_the_membrane_is_one() {
        for g in [0.0, 1e-12, 0.1, 3.0] {
            let h = crossing(-0.4, 3.5, g).unwrap();
            assert!((advance(-0.4, 3.5, g, h) - 1.0).abs() < 1e-12);
        }
        assert_eq!(crossing(0.0, 3.0, 3.0), None, "it comes near for ever");
        assert_eq!(crossing(0.0, -1.0, 0.0), None);
    }
}
