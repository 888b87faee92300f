//! How a change grows with time, cell by cell: shares, paths, cells that change more than others.

use cim_core::{Seconds, Siemens, Stream};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::error::DeviceError;
use crate::models::curve::{Curve, CurveSpec};

/// Share of a change that is over after a time, which is 1 at the last time that is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Growth {
    /// `(t / to)^exponent`.
    Power {
        /// Zero or positive.
        exponent: f64,
    },
    /// `(ln(1 + t / onset) / ln(1 + to / onset))^exponent`.
    Logarithm {
        /// Time from which on the change follows the logarithm of time.
        onset: Seconds,
        /// Zero or positive; 1 where the change is proportional to the logarithm.
        exponent: f64,
    },
}

impl Growth {
    /// The share at a time.
    pub fn share(self, elapsed: Seconds, to: Seconds) -> f64 {
        match self {
            _ if elapsed == Seconds::ZERO => 0.0,
            Self::Power { exponent } => libm::pow(elapsed / to, exponent),
            Self::Logarithm { onset, exponent } => {
                libm::pow(libm::log1p(elapsed / onset) / libm::log1p(to / onset), exponent)
            }
        }
    }

    fn check(self) -> Result<(), DeviceError> {
        let (exponent, onset) = match self {
            Self::Power { exponent } => (exponent, Seconds(1.0)),
            Self::Logarithm { onset, exponent } => (exponent, onset),
        };
        for (name, value, ok) in
            [("exponent", exponent, 0.0 <= exponent), ("onset", onset.0, 0.0 < onset.0)]
        {
            if !(ok && value.is_finite()) {
                let range = "the positive, finite numbers";
                return Err(DeviceError::Parameter { name, value, range });
            }
        }
        Ok(())
    }
}

/// Growth at knots of conductance as written in a file; between them shares lie on straight lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrowthSpec {
    /// Knots, rising; one is the same growth everywhere.
    pub at: Vec<Siemens>,
    /// Growth at each knot.
    pub growth: Vec<Growth>,
}

impl GrowthSpec {
    /// The same growth everywhere.
    pub fn constant(growth: Growth) -> Self {
        Self { at: vec![Siemens::ZERO], growth: vec![growth] }
    }

    /// Checks the specification.
    pub(crate) fn build(self) -> Result<GrowthCurve, DeviceError> {
        for growth in &self.growth {
            growth.check()?;
        }
        // Knots are checked as those of any curve.
        let values = vec![Siemens::ZERO; self.growth.len()];
        CurveSpec { at: self.at.clone(), values }.build()?;
        Ok(GrowthCurve { at: self.at, growth: self.growth })
    }
}

/// Growth at knots.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GrowthCurve {
    at: Vec<Siemens>,
    growth: Vec<Growth>,
}

impl GrowthCurve {
    /// Shares at a time, of any conductance.
    pub(crate) fn shares(&self, elapsed: Seconds, to: Seconds) -> Result<Curve, DeviceError> {
        let values = self.growth.iter().map(|growth| Siemens(growth.share(elapsed, to)));
        CurveSpec { at: self.at.clone(), values: values.collect() }.build()
    }

    /// Mean over knots of the shares at a time.
    pub(crate) fn mean_share(&self, elapsed: Seconds, to: Seconds) -> f64 {
        let sum: f64 = self.growth.iter().map(|growth| growth.share(elapsed, to)).sum();
        sum / self.growth.len() as f64
    }
}

/// Cells that change more than others: a share of them by a factor. Shares of all cells by a factor
/// are none, as what counts is the factor between cells; the mean square over cells is 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tails {
    /// Share of cells that change more.
    pub share: f64,
    /// Their change over that of the others.
    pub factor: f64,
}

impl Tails {
    /// All cells alike.
    pub const NONE: Self = Self { share: 0.0, factor: 1.0 };

    /// Scale of the cells that change less, and of those that change more.
    pub fn scales(self) -> [f64; 2] {
        let mean_square = 1.0 + self.share * (self.factor * self.factor - 1.0);
        [1.0 / mean_square.sqrt(), self.factor / mean_square.sqrt()]
    }

    pub(crate) fn check(self) -> Result<Self, DeviceError> {
        if !(0.0..=1.0).contains(&self.share) {
            let (name, value) = ("tails.share", self.share);
            return Err(DeviceError::Parameter { name, value, range: "[0, 1]" });
        }
        if !(1.0 <= self.factor && self.factor.is_finite()) {
            let (name, value) = ("tails.factor", self.factor);
            return Err(DeviceError::Parameter { name, value, range: "[1, ∞)" });
        }
        Ok(self)
    }

    /// Scales every cell's change by its own number.
    pub(crate) fn apply(self, change: &mut Array2<f64>, at: Stream) {
        if self == Self::NONE {
            return;
        }
        let [less, more] = self.scales();
        let mut uniform = vec![0.0_f32; change.ncols()];
        for (row_idx, mut row) in change.rows_mut().into_iter().enumerate() {
            at.fill_uniform(row_idx as u64, &mut uniform);
            for (change, &u) in row.iter_mut().zip(&uniform) {
                *change *= if f64::from(u) < self.share { more } else { less };
            }
        }
    }
}

/// Halvings of the unit interval: what is missing of the variance at any point is below a quarter of
/// the last interval.
const HALVINGS: u32 = 16;

/// A Wiener process of every cell at `u`, from 0 (where it is 0) to 1: one path, whatever points of it
/// are looked at.
///
/// Method: Lévy's, a normal number for the end and one for the middle of every interval around `u`
/// that halving leads to (Lévy, Processus stochastiques et mouvement brownien, 1948).
pub(crate) fn walk(shape: (usize, usize), u: f64, at: Stream) -> Array2<f64> {
    let mut path = Array2::zeros(shape);
    let mut add = |weight: f64, at: Stream| {
        if weight == 0.0 {
            return;
        }
        let mut normals = at.normal_rows(shape.1);
        for (row_idx, mut row) in path.rows_mut().into_iter().enumerate() {
            for (value, &n) in row.iter_mut().zip(normals.row(row_idx)) {
                *value += weight * f64::from(n);
            }
        }
    };
    add(u, at.child("end", 0));
    for halving in 0..HALVINGS {
        let intervals = f64::from(1_u32 << halving);
        let place = u * intervals;
        let idx = place.floor();
        // Half the standard deviation of an interval in its middle, falling to nothing at its ends.
        let height = 0.5 / intervals.sqrt();
        let inside = place - idx;
        add(
            height * (1.0 - (2.0 * inside - 1.0).abs()),
            at.child("middle", u64::from(1_u32 << halving) + idx as u64),
        );
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_the_covariance_of_a_wiener_process() {
        let at = Stream::root(5);
        let points = [0.03, 0.1, 0.37, 0.5, 0.8, 1.0];
        let paths: Vec<Array2<f64>> = points.iter().map(|&u| walk((200, 300), u, at)).collect();
        let n = paths[0].len() as f64;
        for (a, &u) in paths.iter().zip(&points) {
            for (b, &v) in paths.iter().zip(&points) {
                let covariance = (a * b).sum() / n;
                // Five standard errors of a product of normal numbers.
                let error = ((u * v + u.min(v).powi(2)) / n).sqrt();
                assert!((covariance - u.min(v)).abs() < 5.0 * error, "{u}, {v}: {covariance}");
            }
        }
        assert!(walk((2, 2), 0.0, at).iter().all(|x| *x == 0.0));
    }

    #[test]
    fn shares_grow_to_one() {
        let to = Seconds(1e5);
        for growth in [
            Growth::Power { exponent: 0.3 },
            Growth::Logarithm { onset: Seconds(0.01), exponent: 0.7 },
        ] {
            let shares = [0.0, 0.01, 1.0, 1e3, 1e5].map(|t| growth.share(Seconds(t), to));
            assert!(shares.windows(2).all(|pair| pair[0] < pair[1]), "{shares:?}");
            assert_eq!((shares[0], shares[4]), (0.0, 1.0));
        }
    }
}
