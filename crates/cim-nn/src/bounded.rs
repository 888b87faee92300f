//! Few parameters within bounds, to the minimum: what a column of cells without a sign can learn.
//!
//! Method: Newton steps on the parameters that no bound holds, projected on the bounds (Bertsekas,
//! "Projected Newton methods for optimization problems with simple constraints", SIAM J. Control
//! Optim. 20, 1982).

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::error::NetworkError;

/// A smooth convex function that is nowhere negative.
pub trait Smooth {
    /// Number of parameters.
    fn parameters(&self) -> usize;

    /// The value at `at`.
    fn value(&self, at: ArrayView1<'_, f64>) -> f64;

    /// Gradient and Hessian at `at`.
    fn derivatives(&self, at: ArrayView1<'_, f64>) -> (Array1<f64>, Array2<f64>);
}

/// Bounds of one parameter; infinite ones are none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Least value.
    pub least: f64,
    /// Largest value.
    pub most: f64,
}

impl Bounds {
    /// No bounds.
    pub const FREE: Self = Self { least: f64::NEG_INFINITY, most: f64::INFINITY };
}

/// Where a function is least.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// The parameters.
    pub at: Array1<f64>,
    /// The value there.
    pub value: f64,
    /// What a Newton step would still gain, as a fraction of the value.
    pub gap: f64,
    /// Steps taken.
    pub steps: usize,
}

/// A step that would gain less than this fraction of the value is the last.
const GAP: f64 = 1e-12;
const MAX_STEPS: usize = 500;

/// Minimises `function` within `bounds`, one for each parameter, from zero (or the bound next to it).
///
/// # Errors
/// [`NetworkError::Diverged`] if there is no minimum: where classes can be separated, logistic loss
/// falls for ever as unbounded weights grow.
///
/// # Panics
/// If the number of bounds is not that of parameters.
pub fn minimise(function: &impl Smooth, bounds: &[Bounds]) -> Result<Minimum, NetworkError> {
    assert_eq!(bounds.len(), function.parameters(), "one pair of bounds per parameter");
    let clip = |at: Array1<f64>| -> Array1<f64> {
        at.iter().zip(bounds).map(|(v, b)| v.clamp(b.least, b.most)).collect()
    };
    let mut at = clip(Array1::zeros(bounds.len()));
    let mut value = function.value(at.view());
    let mut gap = f64::INFINITY;
    for steps in 0..MAX_STEPS {
        let (gradient, hessian) = function.derivatives(at.view());
        let free: Vec<usize> = (0..bounds.len())
            .filter(|&i| {
                let held_low = at[i] <= bounds[i].least && 0.0 <= gradient[i];
                let held_high = bounds[i].most <= at[i] && gradient[i] <= 0.0;
                !(held_low || held_high)
            })
            .collect();
        let step = newton_step(&gradient, &hessian, &free);
        gap = -gradient.dot(&step) / value.max(f64::MIN_POSITIVE);
        // An exact fit has no value to compare with; its steps end at rounding.
        let size = at.iter().fold(1e-300, |m: f64, v| m.max(v.abs()));
        let is_still = step.iter().all(|v| v.abs() <= GAP * size);
        if gap <= GAP || is_still {
            return Ok(Minimum { at, value, gap, steps });
        }
        let mut share = 1.0;
        let next = loop {
            let next = clip(&at + &(share * &step));
            let next_value = function.value(next.view());
            if next_value <= value + 1e-4 * gradient.dot(&(&next - &at)) {
                break Some((next, next_value));
            }
            share *= 0.5;
            if share < 1e-12 {
                break None;
            }
        };
        match next {
            Some((next, next_value)) => (at, value) = (next, next_value),
            // Rounding keeps the value from falling further.
            None if gap <= 1e-9 => return Ok(Minimum { at, value, gap, steps }),
            None => break,
        }
        if !at.iter().all(|v| v.is_finite()) {
            break;
        }
    }
    Err(NetworkError::Diverged { value, gap })
}

/// Minus the inverse Hessian of the free parameters times their gradient; the others stay.
fn newton_step(gradient: &Array1<f64>, hessian: &Array2<f64>, free: &[usize]) -> Array1<f64> {
    let mut step = Array1::zeros(gradient.len());
    if free.is_empty() {
        return step;
    }
    let scale = free.iter().map(|&i| hessian[[i, i]]).fold(f64::MIN_POSITIVE, f64::max);
    // What singular Hessians of redundant parameters need, far below what others notice.
    let ridge = |i: usize, j: usize| if i == j { 1e-12 } else { 0.0 };
    let matrix = Mat::from_fn(free.len(), free.len(), |i, j| {
        hessian[[free[i], free[j]]] / scale + ridge(i, j)
    });
    let right = Mat::from_fn(free.len(), 1, |i, _| -gradient[free[i]] / scale);
    let solution = match matrix.llt(Side::Lower) {
        Ok(factors) => factors.solve(&right),
        // Steepest descent where rounding spoils the factors.
        Err(_) => right,
    };
    free.iter().enumerate().for_each(|(k, &i)| step[i] = solution[(k, 0)]);
    step
}

/// Mean binary cross-entropy of `x · w + b`; the parameters are `w` and then `b`.
#[derive(Clone, Copy, Debug)]
pub struct Logistic<'a> {
    /// Samples × inputs.
    pub x: ArrayView2<'a, f64>,
    /// 0 or 1 for each sample.
    pub labels: ArrayView1<'a, f64>,
}

impl Smooth for Logistic<'_> {
    fn parameters(&self) -> usize {
        self.x.ncols() + 1
    }

    fn value(&self, at: ArrayView1<'_, f64>) -> f64 {
        let logits = affine(self.x, at);
        let loss = |(z, &label): (&f64, &f64)| {
            // ln(1 + e^z) − label·z, without cancellation where the answer is sure and right.
            let wrong = if label > 0.5 { -z } else { *z };
            let soft = wrong.max(0.0) + (-wrong.abs()).exp().ln_1p();
            soft + if label > 0.5 { (1.0 - label) * z } else { -label * z }
        };
        logits.iter().zip(self.labels).map(loss).sum::<f64>() / self.x.nrows() as f64
    }

    fn derivatives(&self, at: ArrayView1<'_, f64>) -> (Array1<f64>, Array2<f64>) {
        let logits = affine(self.x, at);
        let n = self.x.nrows() as f64;
        let slope = |z: f64, label: f64| {
            // p − label, written so that both tails keep their digits.
            if label > 0.5 {
                (1.0 - label) - 1.0 / (1.0 + z.exp())
            } else {
                1.0 / (1.0 + (-z).exp()) - label
            }
        };
        let slopes: Array1<f64> =
            logits.iter().zip(self.labels).map(|(&z, &label)| slope(z, label) / n).collect();
        let curvatures = logits.mapv(|z| (1.0 / (1.0 + z.exp())) * (1.0 / (1.0 + (-z).exp())) / n);
        (with_bias(self.x, &slopes), weighted_scatter(self.x, &curvatures))
    }
}

/// Half the mean square of `x · w + b − targets`, and `ridge / 2 · |w|²`; the parameters are `w`
/// and then `b`.
#[derive(Clone, Copy, Debug)]
pub struct LeastSquares<'a> {
    /// Samples × inputs.
    pub x: ArrayView2<'a, f64>,
    /// One for each sample.
    pub targets: ArrayView1<'a, f64>,
    /// Chooses the smallest weights where many fit as well.
    pub ridge: f64,
}

impl Smooth for LeastSquares<'_> {
    fn parameters(&self) -> usize {
        self.x.ncols() + 1
    }

    fn value(&self, at: ArrayView1<'_, f64>) -> f64 {
        let errors = affine(self.x, at) - self.targets;
        let weights = at.slice(ndarray::s![..self.x.ncols()]);
        let n = self.x.nrows() as f64;
        0.5 * (errors.dot(&errors) / n + self.ridge * weights.dot(&weights))
    }

    fn derivatives(&self, at: ArrayView1<'_, f64>) -> (Array1<f64>, Array2<f64>) {
        let n = self.x.nrows() as f64;
        let errors = (affine(self.x, at) - self.targets) / n;
        let mut gradient = with_bias(self.x, &errors);
        let mut hessian = weighted_scatter(self.x, &Array1::from_elem(self.x.nrows(), 1.0 / n));
        for i in 0..self.x.ncols() {
            gradient[i] += self.ridge * at[i];
            hessian[[i, i]] += self.ridge;
        }
        (gradient, hessian)
    }
}

fn affine(x: ArrayView2<'_, f64>, at: ArrayView1<'_, f64>) -> Array1<f64> {
    let inputs = x.ncols();
    x.dot(&at.slice(ndarray::s![..inputs])) + at[inputs]
}

fn with_bias(x: ArrayView2<'_, f64>, slopes: &Array1<f64>) -> Array1<f64> {
    let mut gradient = x.t().dot(slopes).to_vec();
    gradient.push(slopes.sum());
    gradient.into()
}

fn weighted_scatter(x: ArrayView2<'_, f64>, weights: &Array1<f64>) -> Array2<f64> {
    let inputs = x.ncols();
    let mut extended = Array2::ones((x.nrows(), inputs + 1));
    extended.slice_mut(ndarray::s![.., ..inputs]).assign(&x);
    let weighted = &extended * &weights.view().insert_axis(ndarray::Axis(1));
    extended.t().dot(&weighted)
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;
    use ndarray::s;

    use super::*;

    fn samples(n: usize, inputs: usize) -> Array2<f64> {
        let mut draws = vec![0.0; n * inputs];
        Stream::root(11).fill_uniform(0, &mut draws);
        let draws = draws.iter().map(|&v| f64::from(v)).collect();
        Array2::from_shape_vec((n, inputs), draws).expect("n × inputs")
    }

    /// Karush-Kuhn-Tucker: no slope along free parameters, slopes outwards at bounds.
    fn assert_is_minimum(f: &impl Smooth, bounds: &[Bounds], minimum: &Minimum) {
        let (gradient, hessian) = f.derivatives(minimum.at.view());
        for (i, (&v, b)) in minimum.at.iter().zip(bounds).enumerate() {
            assert!((b.least..=b.most).contains(&v));
            // By how much the value could still fall along this parameter alone.
            let gain = gradient[i] * gradient[i] / hessian[[i, i]];
            let held = (v == b.least && 0.0 <= gradient[i]) || (v == b.most && gradient[i] <= 0.0);
            assert!(held || gain < 1e-10 * minimum.value, "{i}: {v}, slope {}", gradient[i]);
        }
    }

    #[test]
    fn derivatives_are_those_of_the_value() {
        let x = samples(40, 3);
        let labels: Array1<f64> = (0..40).map(|i| [0.0, 1.0, 0.3][i % 3]).collect();
        let (at, step) = (ndarray::array![0.7, -1.2, 0.4, 0.1], 1e-5);
        let check = |f: &dyn Fn(ArrayView1<'_, f64>) -> f64, g: Array1<f64>| {
            for i in 0..4 {
                let [mut up, mut down] = [at.clone(), at.clone()];
                up[i] += step;
                down[i] -= step;
                let slope = (f(up.view()) - f(down.view())) / (2.0 * step);
                assert!((slope - g[i]).abs() < 1e-8, "{i}: {slope} {}", g[i]);
            }
        };
        let logistic = Logistic { x: x.view(), labels: labels.view() };
        check(&|at| logistic.value(at), logistic.derivatives(at.view()).0);
        let squares = LeastSquares { x: x.view(), targets: labels.view(), ridge: 0.1 };
        check(&|at| squares.value(at), squares.derivatives(at.view()).0);
        for i in 0..4 {
            let [mut up, mut down] = [at.clone(), at.clone()];
            up[i] += step;
            down[i] -= step;
            let slope = (logistic.derivatives(up.view()).0 - logistic.derivatives(down.view()).0)
                / (2.0 * step);
            let hessian = logistic.derivatives(at.view()).1;
            assert!((&slope - &hessian.row(i)).iter().all(|d| d.abs() < 1e-8));
        }
    }

    #[test]
    fn bounded_fits_are_minima() {
        let x = samples(80, 5);
        let want = ndarray::array![2.0, -1.0, 0.0, 0.5, 3.0];
        let targets = x.dot(&want) + 0.25;
        let mut bounds = vec![Bounds { least: 0.0, most: 2.5 }; 5];
        bounds.push(Bounds::FREE);
        let squares = LeastSquares { x: x.view(), targets: targets.view(), ridge: 0.0 };
        let minimum = minimise(&squares, &bounds).expect("a minimum");
        assert_is_minimum(&squares, &bounds, &minimum);
        assert_eq!((minimum.at[1], minimum.at[4]), (0.0, 2.5));
        // Without bounds it is the exact fit.
        let exact = minimise(&squares, &[Bounds::FREE; 6]).expect("a minimum");
        assert!((&exact.at.slice(s![..5]) - &want).iter().all(|d| d.abs() < 1e-9));

        let labels = targets.mapv(|t| f64::from(u8::from(t > 2.4)));
        let logistic = Logistic { x: x.view(), labels: labels.view() };
        let minimum = minimise(&logistic, &bounds).expect("a minimum");
        assert_is_minimum(&logistic, &bounds, &minimum);
    }

    #[test]
    fn separable_classes_have_a_minimum_only_within_bounds() {
        let x = ndarray::array![[0.0], [0.2], [0.8], [1.0]];
        let labels = ndarray::array![0.0, 0.0, 1.0, 1.0];
        let logistic = Logistic { x: x.view(), labels: labels.view() };
        let bounds = [Bounds { least: 0.0, most: 50.0 }, Bounds::FREE];
        let minimum = minimise(&logistic, &bounds).expect("a minimum");
        // By symmetry the boundary is halfway.
        assert!((minimum.at[0] - 50.0).abs() < 1e-12 && (minimum.at[1] + 25.0).abs() < 1e-6);
        let endless = minimise(&logistic, &[Bounds::FREE; 2]);
        assert!(matches!(endless, Err(NetworkError::Diverged { .. })), "{endless:?}");
    }
}
