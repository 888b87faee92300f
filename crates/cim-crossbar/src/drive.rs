//! From volts on rows to what drives currents, a batch at a time.

use cim_device::Conduction;

use crate::ambient::Ambient;

/// Effective voltages (V, see [`Conduction::effective_v`]) of row voltages (V): those that would
/// drive the same currents through ohmic cells.
///
/// Those of a separable law, within a few roundings of single precision for all voltages at which
/// the law's own value is a single-precision number.
pub(crate) fn effective(law: &Conduction, row_v: &[f32], drive_v: &mut [f32]) {
    match law {
        Conduction::Ohmic => drive_v.copy_from_slice(row_v),
        Conduction::Sinh { scale } => {
            let scale_v = scale.0 as f32;
            pulp::Arch::new().dispatch(Sinh { scale_v, row_v, drive_v });
        }
        _ => {
            for (out, &v) in drive_v.iter_mut().zip(row_v) {
                *out = law.effective_v(f64::from(v)) as f32;
            }
        }
    }
}

/// Slopes `f'(v)` of a separable law at row voltages (V), whose effective voltages (V) are given.
pub(crate) fn slopes(law: &Conduction, row_v: &[f32], drive_v: &[f32], out: &mut [f32]) {
    match law {
        Conduction::Ohmic => out.fill(1.0),
        // cosh² = 1 + sinh²
        Conduction::Sinh { scale } => {
            let inverse = (1.0 / scale.0) as f32;
            for (slope, drive) in out.iter_mut().zip(drive_v) {
                let sinh = drive * inverse;
                *slope = sinh.mul_add(sinh, 1.0).sqrt();
            }
        }
        _ => {
            for (slope, &v) in out.iter_mut().zip(row_v) {
                *slope = law.at(1.0, f64::from(v)).slope as f32;
            }
        }
    }
}

/// Effective voltages of shot noise (V, see [`Ambient::shot_v`]) of row voltages and their effective
/// voltages (V).
pub(crate) fn shot(
    ambient: &Ambient,
    law: &Conduction,
    row_v: &[f32],
    drive_v: &[f32],
    shot_v: &mut [f32],
) {
    let crossover_v = ambient.crossover().0 as f32;
    if crossover_v < f32::MIN_POSITIVE {
        shot_v.iter_mut().zip(drive_v).for_each(|(out, v)| *out = v.abs());
        return;
    }
    let at_rest = law.slope_at_rest() as f32;
    pulp::Arch::new().dispatch(Shot { crossover_v, at_rest, row_v, drive_v, shot_v });
}

/// `|f| coth x − f'(0) V_c` with `x = |v| / V_c`, compiled for the vectors of the machine.
struct Shot<'a> {
    crossover_v: f32,
    at_rest: f32,
    row_v: &'a [f32],
    drive_v: &'a [f32],
    shot_v: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Shot<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let inverse = 1.0 / self.crossover_v;
        for ((out, &v), &drive) in self.shot_v.iter_mut().zip(self.row_v).zip(self.drive_v) {
            let x = v.abs() * inverse;
            let y = x * x;
            // Series of x coth x − 1; the next term is below 1e-8 of it for x <= 1/2.
            let series = y.mul_add(2.0 / 93_555.0, -1.0 / 4_725.0);
            let series = y.mul_add(series, 2.0 / 945.0);
            let series = y.mul_add(series, -1.0 / 45.0);
            let series = y * y.mul_add(series, 1.0 / 3.0);
            let decay = 2.0 * half_exp((-2.0 * x).max(-80.0));
            let far = x * (1.0 + decay) / (1.0 - decay) - 1.0;
            let excess = if x <= 0.5 { series } else { far };
            let ratio = if v == 0.0 { self.at_rest } else { drive / v };
            *out = (self.crossover_v * ratio.mul_add(excess, ratio - self.at_rest)).max(0.0);
        }
    }
}

/// `v₀ sinh(v / v₀)`, compiled for the vectors of the machine.
struct Sinh<'a> {
    scale_v: f32,
    row_v: &'a [f32],
    drive_v: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Sinh<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let inverse = 1.0 / self.scale_v;
        for (out, &v) in self.drive_v.iter_mut().zip(self.row_v) {
            let x = v * inverse;
            let y = x * x;
            // Series of sinh(x)/x; the next term is below 1e-10 for |x| <= 1.
            let series = y.mul_add(1.0 / 6_227_020_800.0, 1.0 / 39_916_800.0);
            let series = y.mul_add(series, 1.0 / 362_880.0);
            let series = y.mul_add(series, 1.0 / 5_040.0);
            let series = y.mul_add(series, 1.0 / 120.0);
            let series = y.mul_add(y.mul_add(series, 1.0 / 6.0), 1.0);
            let half = half_exp(x.abs());
            let beyond = (self.scale_v * (half - 0.25 / half)).copysign(v);
            *out = if y <= 1.0 { v * series } else { beyond };
        }
    }
}

/// `eˣ / 2` for `−87 <= x <= 88`, within two roundings; infinite above.
#[inline(always)]
pub(crate) fn half_exp(x: f32) -> f32 {
    /// 1.5 · 2²³: adding it leaves the nearest whole number in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    // ln 2 in two parts, the first with zeros at its end.
    let rest = whole.mul_add(-0.693_359_4, x);
    let rest = whole.mul_add(2.121_944_4e-4, rest);
    // Taylor, whose next term is 1.2e-8 at ln(2)/2.
    let series = rest.mul_add(1.0 / 5_040.0, 1.0 / 720.0);
    let series = rest.mul_add(series, 1.0 / 120.0);
    let series = rest.mul_add(series, 1.0 / 24.0);
    let series = rest.mul_add(series, 1.0 / 6.0);
    let series = rest.mul_add(series, 0.5);
    let series = rest.mul_add(rest.mul_add(series, 1.0), 1.0);
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(126 << 23));
    if x <= 88.0 { series * power } else { f32::INFINITY }
}

#[cfg(test)]
mod tests {
    use cim_core::{Kelvin, Volts};

    use super::*;

    /// From the smallest voltages to as many scales as single precision has numbers for.
    #[test]
    fn the_fast_path_has_the_law_itself_at_any_number_of_scales() {
        let scale = 0.025;
        let scales = (-600..=600).map(|k| f64::from(k) * 0.13);
        let row_v: Vec<f32> = scales.map(|x| (scale * x) as f32).collect();
        let laws = [
            Conduction::Ohmic,
            Conduction::Sinh { scale: Volts(scale) },
            Conduction::Polynomial { square_per_v: 0.1, cubic_per_v2: 0.4, range: Volts(0.5) },
            Conduction::Table { volts: vec![-1.0, 0.0, 2.0], factor: vec![-2.0, 0.0, 3.0] },
        ];
        for law in laws {
            let mut drive_v = vec![0.0; row_v.len()];
            effective(&law, &row_v, &mut drive_v);
            for (&v, &got) in row_v.iter().zip(&drive_v) {
                let want = law.effective_v(f64::from(v));
                // The argument is rounded once: up to 78 scales, each worth half a rounding.
                let slack = (4.0 + (f64::from(v) / scale).abs()) * f64::from(f32::EPSILON);
                let error = (f64::from(got) - want).abs();
                assert!(error <= slack * want.abs(), "{law:?} at {v} V: {got} for {want}");
            }
        }
    }

    #[test]
    fn shot_noise_follows_its_law_in_single_precision() {
        let row_v: Vec<f32> = (-300..=300).map(|k| 0.003 * k as f32).collect();
        for kelvin in [0.0, 77.0, 300.0, 400.0] {
            let ambient = Ambient { temperature: Kelvin(kelvin), ..Ambient::SILENT };
            for law in [Conduction::Ohmic, Conduction::Sinh { scale: Volts(0.2) }] {
                let (mut drive_v, mut shot_v) = (row_v.clone(), row_v.clone());
                effective(&law, &row_v, &mut drive_v);
                shot(&ambient, &law, &row_v, &drive_v, &mut shot_v);
                for (&v, &got) in row_v.iter().zip(&shot_v) {
                    let want = ambient.shot_v(&law, f64::from(v));
                    // A few roundings of the value, and of the crossover where terms cancel.
                    let slack = 1e-6 * (want + ambient.crossover().0);
                    assert!((f64::from(got) - want).abs() <= slack, "{law:?} {kelvin} K {v} V");
                }
            }
        }
    }
}
