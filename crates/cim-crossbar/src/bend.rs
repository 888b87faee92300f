//! How shot noise grows with the drive of a row, as a polynomial.

use cim_core::Volts;
use cim_device::Conduction;

use crate::ambient::Ambient;

/// Coefficients of a [`Bend`].
pub(crate) const TERMS: usize = 6;

/// Voltages of each sign that are looked at.
const POINTS: i32 = 256;

/// The largest drive of a row, and how noise grows up to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peak {
    /// Effective voltage (V).
    pub drive_v: f64,
    /// Effective voltage of shot noise (V).
    pub shot_v: f64,
    /// None where shot noise grows faster than the square of the drive, or nothing is driven.
    pub bend: Option<Bend>,
}

/// By how much shot noise `w` lies above the square of the drive `u`, both as fractions of those at
/// the peak: `w − u² = u (1 − u) Σ terms[k] uᵏ`.
///
/// Without thermal noise `w = u` and the sum is 1; with it `w` starts as a parabola and ends as a
/// line, smoothly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bend {
    /// Least squares over drives of both signs.
    pub terms: [f64; TERMS],
    /// Largest distance of the polynomial from the law.
    pub error: f64,
    /// Largest `w − u²`; the least is zero.
    pub most: f64,
}

impl Peak {
    /// Drives of magnitude up to `peak`, of either sign.
    pub fn of(ambient: &Ambient, law: &Conduction, peak: Volts) -> Self {
        // Twice as many points as are fitted: the error is also that between them.
        let points: Vec<_> = (-2 * POINTS..=2 * POINTS)
            .map(|k| {
                let v = peak.0 * f64::from(k) / f64::from(2 * POINTS);
                (law.effective_v(v).abs(), ambient.shot_v(law, v))
            })
            .collect();
        let largest = points
            .iter()
            .fold((0.0_f64, 0.0_f64), |(drive, shot), &(d, s)| (drive.max(d), shot.max(s)));
        let (drive_v, shot_v) = largest;
        let driven = 0.0 < shot_v && shot_v.is_finite() && 0.0 < drive_v && drive_v.is_finite();
        let bends: Vec<_> = points
            .into_iter()
            .map(|(drive, shot)| {
                let u = drive / drive_v;
                (u, shot / shot_v - u * u)
            })
            .collect();
        let bend = if driven { Bend::fit(&bends) } else { None };
        Self { drive_v, shot_v, bend }
    }
}

impl Bend {
    /// Through points `(u, w − u²)`, every other of which is fitted.
    fn fit(points: &[(f64, f64)]) -> Option<Self> {
        let least = points.iter().map(|p| p.1).fold(0.0, f64::min);
        if least < -1e-12 {
            return None;
        }
        let terms = least_squares(points.iter().step_by(2).copied())?;
        let distance = |&(u, bend): &(f64, f64)| (value(&terms, u) - bend).abs();
        // Between the points smooth curves rise above them by less than a thousandth.
        let error = 1.001 * points.iter().map(distance).fold(0.0, f64::max);
        let most = 1.001 * points.iter().map(|p| p.1).fold(0.0, f64::max);
        Some(Self { terms, error, most })
    }
}

fn value(terms: &[f64; TERMS], u: f64) -> f64 {
    u * (1.0 - u) * terms.iter().rev().fold(0.0_f64, |sum, term| sum.mul_add(u, *term))
}

/// By normal equations and elimination: for six terms on `[0, 1]` they lose some seven digits of
/// sixteen. None where they cannot be solved.
fn least_squares(points: impl Iterator<Item = (f64, f64)>) -> Option<[f64; TERMS]> {
    let mut rows = [[0.0; TERMS + 1]; TERMS];
    for (u, bend) in points {
        let mut basis = [u * (1.0 - u); TERMS];
        (1..TERMS).for_each(|k| basis[k] = basis[k - 1] * u);
        for (row, b) in rows.iter_mut().zip(basis) {
            row.iter_mut().zip(basis.iter().chain([&bend])).for_each(|(to, c)| *to += b * c);
        }
    }
    for pivot in 0..TERMS {
        let own = rows[pivot];
        if !(own[pivot] > 0.0) {
            return None;
        }
        for other in (0..TERMS).filter(|other| *other != pivot) {
            let factor = rows[other][pivot] / own[pivot];
            rows[other].iter_mut().zip(own).for_each(|(to, from)| *to -= factor * from);
        }
    }
    Some(std::array::from_fn(|k| rows[k][TERMS] / rows[k][k]))
}

#[cfg(test)]
mod tests {
    use cim_core::Kelvin;

    use super::*;

    fn peak(kelvin: f64, law: &Conduction, peak_v: f64) -> Peak {
        let ambient = Ambient { temperature: Kelvin(kelvin), ..Ambient::SILENT };
        Peak::of(&ambient, law, Volts(peak_v))
    }

    #[test]
    fn without_thermal_noise_the_bend_of_an_ohmic_cell_is_exact() {
        let bend = peak(0.0, &Conduction::Ohmic, 0.3).bend.expect("smooth");
        assert!(bend.error < 1e-9 && (bend.most - 0.25).abs() < 1e-3, "{bend:?}");
    }

    /// Voltages between those of the fit, of both signs, far fewer and other ones.
    #[test]
    fn the_polynomial_follows_the_law_as_closely_as_it_says() {
        let laws = [Conduction::Ohmic, Conduction::Sinh { scale: Volts(0.3) }];
        // Read voltages at room temperature: below a thousandth. Cold arrays bend sharply.
        for (kelvin, peak_v, within) in
            [(300.0, 0.1, 1e-3), (300.0, 0.2, 1e-3), (400.0, 0.5, 1e-3), (77.0, 0.3, 5e-3)]
        {
            for law in &laws {
                let ambient = Ambient { temperature: Kelvin(kelvin), ..Ambient::SILENT };
                let Peak { drive_v, shot_v, bend } = Peak::of(&ambient, law, Volts(peak_v));
                let bend = bend.expect("smooth");
                assert!(bend.error < within, "{law:?} {kelvin} K {peak_v} V: {bend:?}");
                for k in -777..=777 {
                    let v = peak_v * f64::from(k) / 777.0;
                    let u = law.effective_v(v).abs() / drive_v;
                    let want = ambient.shot_v(law, v) / shot_v - u * u;
                    let off = (value(&bend.terms, u) - want).abs();
                    assert!(off <= bend.error && want <= bend.most, "{v} V: {off} of {bend:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_driven_has_no_bend() {
        assert!(peak(300.0, &Conduction::Ohmic, 0.0).bend.is_none());
    }
}
