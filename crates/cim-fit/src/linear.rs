//! Small symmetric systems.

/// A symmetric matrix, row by row: what is below its diagonal counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Symmetric {
    n: usize,
    values: Vec<f64>,
}

impl Symmetric {
    pub(crate) fn zeros(n: usize) -> Self {
        Self { n, values: vec![0.0; n * n] }
    }

    pub(crate) fn get(&self, row: usize, col: usize) -> f64 {
        self.values[row * self.n + col]
    }

    pub(crate) fn add(&mut self, row: usize, col: usize, value: f64) {
        self.values[row * self.n + col] += value;
    }

    /// The difference from another of the same size.
    pub(crate) fn less(&self, other: &Self) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(a, b)| a - b).collect();
        Self { n: self.n, values }
    }

    /// Adds another of the same size.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.values.iter_mut().zip(&other.values).for_each(|(sum, value)| *sum += value);
    }

    /// Takes a direction out: nothing depends on it.
    pub(crate) fn hold(&mut self, idx: usize) {
        for other in 0..self.n {
            self.values[idx * self.n + other] = 0.0;
            self.values[other * self.n + idx] = 0.0;
        }
    }

    /// The same with its diagonal raised by a fraction of it; what nothing depends on stays as it is.
    pub(crate) fn damped(&self, fraction: f64) -> Self {
        let mut damped = self.clone();
        for k in 0..self.n {
            let own = self.get(k, k);
            damped.add(k, k, if own == 0.0 { 1.0 } else { fraction * own });
        }
        damped
    }

    /// Its factor `L` with `L Lᵀ` the matrix; nothing if it is not positive definite (Cholesky).
    pub(crate) fn factor(&self) -> Option<Factor> {
        let n = self.n;
        let mut lower = vec![0.0; n * n];
        for row in 0..n {
            for col in 0..=row {
                let inner: f64 = (0..col).map(|k| lower[row * n + k] * lower[col * n + k]).sum();
                let left = self.get(row, col) - inner;
                if row == col {
                    // What rounding leaves of a direction that does not matter is no direction.
                    let is_direction = left > 1e-13 * self.get(row, row);
                    if !is_direction {
                        return None;
                    }
                    lower[row * n + row] = left.sqrt();
                } else {
                    lower[row * n + col] = left / lower[col * n + col];
                }
            }
        }
        Some(Factor { n, lower })
    }
}

/// The lower factor of a symmetric matrix.
pub(crate) struct Factor {
    n: usize,
    lower: Vec<f64>,
}

impl Factor {
    /// Solves for one right-hand side.
    pub(crate) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (n, at) = (self.n, |row: usize, col: usize| self.lower[row * self.n + col]);
        let mut x = right.to_vec();
        for row in 0..n {
            let inner: f64 = (0..row).map(|k| at(row, k) * x[k]).sum();
            x[row] = (x[row] - inner) / at(row, row);
        }
        for row in (0..n).rev() {
            let inner: f64 = (row + 1..n).map(|k| at(k, row) * x[k]).sum();
            x[row] = (x[row] - inner) / at(row, row);
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_solves_and_a_singular_matrix_is_told() {
        let rows = [[4.0, 1.0, -2.0], [1.0, 3.0, 0.5], [-2.0, 0.5, 5.0]];
        let mut matrix = Symmetric::zeros(3);
        for (row, values) in rows.iter().enumerate() {
            for (col, &value) in values.iter().enumerate() {
                matrix.add(row, col, value);
            }
        }
        let x = matrix.factor().expect("positive definite").solve(&[1.0, -2.0, 3.0]);
        for (row, want) in rows.iter().zip([1.0, -2.0, 3.0]) {
            let got: f64 = row.iter().zip(&x).map(|(a, x)| a * x).sum();
            assert!((got - want).abs() < 1e-14, "{got}");
        }
        let mut singular = Symmetric::zeros(2);
        for (row, col) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            singular.add(row, col, 1.0);
        }
        assert!(singular.factor().is_none());
    }
}
