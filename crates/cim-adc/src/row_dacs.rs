//! Row converters that are not straight.

use cim_core::{Stream, Volts};

use crate::dac::{Dac, DacSpec};
use crate::nonlinearity::Nonlinearity;
use crate::phase::Polarity;

/// Most equal elements of a converter by sigma: one of more levels has its finer ones on straight
/// lines between those that the elements make, as segmented converters do.
pub const MOST_ELEMENTS: usize = 256;

/// The converters of the rows of a tile, each with deviations of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct RowDacs {
    volts_per_code: f32,
    /// Lowest code.
    lowest: f32,
    /// Knots per code: 1 or less.
    knots_per_code: f32,
    /// Knots of a converter.
    knots: usize,
    /// Deviations (LSB), rows × knots, or one row for all.
    deviations: Vec<f32>,
}

impl RowDacs {
    /// Draws the deviations of `rows` converters below `at`, one address each. `dac` is what
    /// `spec` builds, and a table has [the levels of it](DacSpec::levels).
    pub fn drawn(spec: DacSpec, dac: Dac, law: &Nonlinearity, rows: usize, at: Stream) -> Self {
        let (knots, converters) = match law {
            Nonlinearity::SigmaLsb(_) => (knots(spec), rows),
            Nonlinearity::TableLsb(_) => (spec.levels(), 1),
        };
        let of = |row: usize| law.levels(knots, at, row as u64).into_iter().map(|lsb| lsb as f32);
        Self {
            volts_per_code: dac.voltage(1.0).0 as f32,
            lowest: lowest(spec, dac),
            knots_per_code: (knots - 1) as f32 / (spec.levels() - 1) as f32,
            knots,
            deviations: (0..converters).flat_map(of).collect(),
        }
    }

    /// Turns the codes of one phase (vectors × rows) into the volts that they drive, in place.
    pub fn drive(&self, values: &mut [f32], rows: usize) {
        for vector in values.chunks_exact_mut(rows) {
            let converters = self.deviations.chunks_exact(self.knots).cycle();
            for (value, knots) in vector.iter_mut().zip(converters) {
                let at = (*value - self.lowest) * self.knots_per_code;
                let knot = (at as usize).min(self.knots - 2);
                let beyond = at - knot as f32;
                let off = beyond.mul_add(knots[knot + 1] - knots[knot], knots[knot]);
                *value = (*value + off) * self.volts_per_code;
            }
        }
    }

    /// Largest deviation of a row's voltage.
    pub fn largest(&self) -> Volts {
        let lsb = self.deviations.iter().fold(0.0f32, |most, lsb| most.max(lsb.abs()));
        Volts(f64::from(lsb) * f64::from(self.volts_per_code))
    }
}

/// Variance over converters of the voltage of a code, and its deviation by a table, in steps (LSB²
/// and LSB).
pub fn deviation_lsb(spec: DacSpec, dac: Dac, law: &Nonlinearity, code: f64) -> (f64, f64) {
    let level = code - f64::from(lowest(spec, dac));
    match law {
        Nonlinearity::TableLsb(table) => {
            (0.0, table.get(level.round() as usize).copied().unwrap_or(0.0))
        }
        Nonlinearity::SigmaLsb(_) => {
            let Between { x, y, near, beyond } = Between::of(spec, level);
            let variance = near * near * law.variance_lsb2(x)
                + beyond * beyond * law.variance_lsb2(y)
                + 2.0 * near * beyond * law.covariance_lsb2(x, y);
            (variance, 0.0)
        }
    }
}

/// Covariance over converters of the voltages of two codes of the same one, in steps (LSB²).
pub fn covariance_lsb2(spec: DacSpec, dac: Dac, law: &Nonlinearity, codes: (f64, f64)) -> f64 {
    if matches!(law, Nonlinearity::TableLsb(_)) {
        return 0.0;
    }
    let lowest = f64::from(lowest(spec, dac));
    let (a, b) = (Between::of(spec, codes.0 - lowest), Between::of(spec, codes.1 - lowest));
    a.near * b.near * law.covariance_lsb2(a.x, b.x)
        + a.near * b.beyond * law.covariance_lsb2(a.x, b.y)
        + a.beyond * b.near * law.covariance_lsb2(a.y, b.x)
        + a.beyond * b.beyond * law.covariance_lsb2(a.y, b.y)
}

/// A level between two knots: their shares of the range, and its parts of each.
struct Between {
    x: f64,
    y: f64,
    near: f64,
    beyond: f64,
}

impl Between {
    fn of(spec: DacSpec, level: f64) -> Self {
        let elements = (knots(spec) - 1) as f64;
        let at = level * elements / (spec.levels() - 1) as f64;
        let (knot, beyond) = (at.floor(), at - at.floor());
        let (x, y) = (knot / elements, ((knot + 1.0) / elements).min(1.0));
        Self { x, y, near: 1.0 - beyond, beyond }
    }
}

fn knots(spec: DacSpec) -> usize {
    spec.levels().min(MOST_ELEMENTS + 1)
}

/// Lowest code of a phase.
fn lowest(spec: DacSpec, dac: Dac) -> f32 {
    match spec.polarity {
        Polarity::Bipolar => -dac.top_driven() as f32,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(bits: u32, polarity: Polarity) -> (DacSpec, Dac) {
        let spec = DacSpec { bits, polarity };
        (spec, spec.build(Volts(0.5)).expect("a converter"))
    }

    /// Over 20,000 converters: a sample variance is within 5 √(2/20,000) = 5 % of its own.
    #[test]
    fn the_variance_of_every_code_is_that_of_sampled_converters() {
        let rows = 20_000;
        for (bits, polarity) in
            [(4, Polarity::Unipolar), (4, Polarity::Bipolar), (10, Polarity::TwoPhase)]
        {
            let (spec, dac) = spec(bits, polarity);
            let law = Nonlinearity::SigmaLsb(0.7);
            let dacs = RowDacs::drawn(spec, dac, &law, rows, Stream::root(4));
            let top = dac.top_code();
            for code in [0, 1, top / 3, top / 2, top - 1, top] {
                let mut volts = vec![code as f32; rows];
                dacs.drive(&mut volts, rows);
                let lsb = dac.voltage(1.0).0;
                let off = |v: &f32| f64::from(*v) / lsb - f64::from(code);
                let square = volts.iter().map(|v| off(v).powi(2)).sum::<f64>() / rows as f64;
                let (want, mean) = deviation_lsb(spec, dac, &law, f64::from(code));
                assert_eq!(mean, 0.0);
                assert!(
                    (square - want).abs() <= 0.05 * want + 1e-6,
                    "{bits} {code}: {square} {want}"
                );
            }
        }
    }

    #[test]
    fn a_table_is_what_every_row_has() {
        let (spec, dac) = spec(2, Polarity::Bipolar);
        let law = Nonlinearity::TableLsb(vec![0.25, -0.5, 0.125]);
        let dacs = RowDacs::drawn(spec, dac, &law, 2, Stream::root(1));
        let mut volts = [-1.0, 1.0, 0.0, 0.0];
        dacs.drive(&mut volts, 2);
        assert_eq!(volts, [-0.375, 0.5625, -0.25, -0.25]);
        assert_eq!(deviation_lsb(spec, dac, &law, 1.0), (0.0, 0.125));
        assert_eq!(dacs.largest(), Volts(0.25));
    }

    /// Of 4 bits and of 16, whose codes are 4,681 times as many: what the former drives the latter drives, and between
    /// its codes what lies on the line. Of a bridge through fewer knots the variance is less by up to that of a bridge
    /// from knot to knot, `σ²/256`.
    #[test]
    fn a_refined_converter_is_as_far_from_straight_in_volts() {
        let ((coarse, dac), (fine, fine_dac)) =
            (spec(4, Polarity::Bipolar), spec(16, Polarity::Bipolar));
        let refined = |law: &Nonlinearity| law.refined(coarse.levels(), fine.levels());
        let codes = || (-7..=7).map(|code| code as f32);
        let table =
            Nonlinearity::TableLsb((0..15).map(|k| f64::from(k * k % 7) / 8.0 - 0.3).collect());
        let driven = |spec, dac, law: &Nonlinearity, factor: f32| -> Vec<f32> {
            let dacs = RowDacs::drawn(spec, dac, law, 1, Stream::root(1));
            let mut volts: Vec<f32> = codes().map(|code| factor * code).collect();
            dacs.drive(&mut volts, 1);
            volts
        };
        let volts = driven(coarse, dac, &table, 1.0);
        for (fine, coarse) in driven(fine, fine_dac, &refined(&table), 4681.0).iter().zip(&volts) {
            assert!((fine - coarse).abs() < 1e-6, "{fine} V, {coarse} V");
        }
        // Half of 4,681 · 7 lies between codes 3 and 4.
        let half = driven(fine, fine_dac, &refined(&table), 4681.0 / 2.0)[14];
        assert!((half - 0.5 * (volts[10] + volts[11])).abs() < 1e-6, "{half} V");
        let sigma = Nonlinearity::SigmaLsb(0.7);
        let lsb_v = |dac: Dac| dac.voltage(1.0).0;
        let variance = |spec, dac, law: &Nonlinearity, code: f64| {
            deviation_lsb(spec, dac, law, code).0 * lsb_v(dac).powi(2)
        };
        let knot = (0.7 * lsb_v(dac)).powi(2) / 256.0;
        for code in -7..=7 {
            let code = f64::from(code);
            let wanted = variance(coarse, dac, &sigma, code);
            let got = variance(fine, fine_dac, &refined(&sigma), 4681.0 * code);
            assert!((got - wanted).abs() <= knot, "{code}: {got} V², {wanted} V²");
        }
    }
}
