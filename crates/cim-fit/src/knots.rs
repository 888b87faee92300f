//! Curves of conductance as sums of hats on knots.

use cim_core::Siemens;
use cim_device::models::CurveSpec;

/// Where straight lines meet, rising; one knot is a constant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Knots(Vec<f64>);

impl Knots {
    /// `count` knots at values of `levels` (rising), evenly by their number; the outer ones are its
    /// ends.
    pub(crate) fn among(levels: &[f64], count: usize) -> Self {
        let last = (levels.len() - 1) as f64;
        let at = |k: usize| levels[(k as f64 * last / (count - 1) as f64).round() as usize];
        if count == 1 { Self(vec![levels[0]]) } else { Self((0..count).map(at).collect()) }
    }

    /// Knots at the first, second, third, fifth, ninth... of `levels` and the last: dense where
    /// conductances end at zero and laws bend.
    pub(crate) fn doubling(levels: &[f64]) -> Self {
        let mut at = vec![levels[0]];
        let doubled = std::iter::successors(Some(1), |idx| Some(2 * idx));
        // The last gap is no shorter than the one before.
        at.extend(
            doubled.take_while(|idx| 3 * idx <= 2 * (levels.len() - 1)).map(|idx| levels[idx]),
        );
        at.push(levels[levels.len() - 1]);
        Self(at)
    }

    /// Number of knots.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The two knots around `x`, each with its share of the value there.
    pub(crate) fn around(&self, x: f64) -> [(usize, f64); 2] {
        let after = self.0.partition_point(|&knot| knot <= x);
        let last = self.0.len() - 1;
        if after == 0 || last < after {
            let idx = after.min(last);
            return [(idx, 1.0), (idx, 0.0)];
        }
        let share = (x - self.0[after - 1]) / (self.0[after] - self.0[after - 1]);
        [(after - 1, 1.0 - share), (after, share)]
    }

    /// Value at `x` of the curve through `values`, which may go on behind those of the knots.
    pub(crate) fn value(&self, values: &[f64], x: f64) -> f64 {
        self.around(x).into_iter().map(|(idx, weight)| values[idx] * weight).sum()
    }

    /// The curve through `values`, both in `unit`.
    pub(crate) fn curve(&self, values: &[f64], unit: f64) -> CurveSpec {
        let siemens = |x: &f64| Siemens(x * unit);
        CurveSpec {
            at: (0..self.len()).map(|idx| self.siemens(idx, unit)).collect(),
            values: values.iter().map(siemens).collect(),
        }
    }

    /// Position of a knot in SI, as the decimal number that the target was: 5 µS, which a product with `unit`
    /// may miss by a bit.
    pub(crate) fn siemens(&self, idx: usize, unit: f64) -> Siemens {
        let value = self.0[idx] * unit;
        Siemens(format!("{value:.14e}").parse().unwrap_or(value))
    }

    /// Position of a knot.
    pub(crate) fn at(&self, idx: usize) -> f64 {
        self.0[idx]
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        match self.0.len() {
            1 => "constant".to_owned(),
            2 => "a straight line".to_owned(),
            knots => format!("{knots} knots"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_the_decimal_numbers_of_targets() {
        for highest in (2..100).map(|k| f64::from(k) / 1e6) {
            let knots = Knots(vec![1e-6 / highest, 5e-6 / highest]);
            let found = [knots.siemens(0, highest), knots.siemens(1, highest)];
            assert_eq!(found, [Siemens(1e-6), Siemens(5e-6)], "{highest}");
        }
    }
}
