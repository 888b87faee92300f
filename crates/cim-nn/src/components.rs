//! Principal components: few inputs out of many pixels.

use faer::{Mat, Side};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// The directions in which samples vary most, and their mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Components {
    mean: Array1<f64>,
    /// Components × features, orthonormal rows, largest variance first.
    directions: Array2<f64>,
}

impl Components {
    /// The first `count` principal components of `samples` (samples × features), or as many as
    /// there are features.
    ///
    /// A direction is known up to its sign: the entry of largest magnitude is made positive, so
    /// that the projection does not depend on the machine.
    ///
    /// # Panics
    /// If there is no sample, or a feature is NaN or infinite.
    pub fn of(samples: ArrayView2<'_, f64>, count: usize) -> Self {
        let mean = samples.mean_axis(Axis(0)).expect("at least one sample");
        let centred = &samples - &mean;
        let scatter = centred.t().dot(&centred);
        let features = scatter.nrows();
        let scatter = Mat::from_fn(features, features, |i, j| scatter[[i, j]]);
        let eigen = scatter.self_adjoint_eigen(Side::Lower).expect("finite features");
        let count = count.min(features);
        // Eigenvalues rise.
        let mut directions =
            Array2::from_shape_fn((count, features), |(k, i)| eigen.U()[(i, features - 1 - k)]);
        for mut direction in directions.rows_mut() {
            let largest =
                direction.iter().fold(0.0_f64, |a, &b| if a.abs() < b.abs() { b } else { a });
            if largest < 0.0 {
                direction.mapv_inplace(|v| -v);
            }
        }
        Self { mean, directions }
    }

    /// Samples × components.
    ///
    /// # Panics
    /// If the number of features is another.
    pub fn project(&self, samples: ArrayView2<'_, f64>) -> Array2<f64> {
        (&samples - &self.mean).dot(&self.directions.t())
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    #[test]
    fn projections_are_uncorrelated_and_their_variance_falls() {
        let mut draws = vec![0.0; 200 * 6];
        Stream::root(3).fill_standard_normal(0, &mut draws);
        let draws = draws.iter().map(|&v| f64::from(v)).collect();
        let mut samples = Array2::from_shape_vec((200, 6), draws).expect("200 × 6");
        let first = samples.column(0).to_owned();
        samples.column_mut(3).scaled_add(2.0, &first);
        let all = Components::of(samples.view(), 6).project(samples.view());
        let scatter = all.t().dot(&all);
        for ((i, j), &v) in scatter.indexed_iter() {
            let scale = (scatter[[i, i]] * scatter[[j, j]]).sqrt();
            assert!(i == j || v.abs() < 1e-10 * scale, "{i} {j} {v}");
        }
        assert!(scatter.diag().windows(2).into_iter().all(|w| w[1] <= w[0]));
        // Nothing is lost by all components, and fewer are the first of them.
        let centred = &samples - &samples.mean_axis(Axis(0)).expect("samples");
        let [kept, there] = [&all, &centred].map(|m| m.iter().map(|v| v * v).sum::<f64>());
        assert!((kept / there - 1.0).abs() < 1e-12);
        let two = Components::of(samples.view(), 2).project(samples.view());
        assert_eq!(two, all.slice(ndarray::s![.., ..2]));
    }
}
