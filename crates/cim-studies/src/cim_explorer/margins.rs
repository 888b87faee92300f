//! How far sums are from where something is decided otherwise.

use cim_nn::operations::Operate;
use cim_nn::{Network, Operation};
use ndarray::Array2;

/// For every product of a network, and each vector that drives it (`drives`, vectors × inputs): how far each sum
/// is from the nearest threshold behind it; of the last product, from where another class would win or win no
/// longer; 0 where what is behind a product is neither (vectors × outputs).
pub fn margins(network: &Network, drives: &[Array2<f32>]) -> Vec<Array2<f32>> {
    let operations = network.operations();
    let of = |(product, (drives, layer)): (usize, (&Array2<f32>, &cim_nn::Layer))| {
        let sums = drives.dot(&layer.weights) + &layer.bias;
        let own = |operation: &Operation| operation.weighted() == (product..product + 1);
        let behind = operations.iter().position(own).and_then(|at| operations.get(at + 1));
        match behind {
            Some(Operation::Threshold(thresholds)) => {
                let all: Vec<f32> = thresholds.thresholds().map(|(least, _)| least).collect();
                by_column(&sums, |column, sum| (sum - all[column]).abs())
            }
            Some(Operation::TernaryThreshold(thresholds)) => {
                let all: Vec<(f32, f32)> =
                    thresholds.thresholds().map(|(high, low, _)| (high, low)).collect();
                by_column(&sums, |column, sum| {
                    let (high, low) = all[column];
                    (sum - high).abs().min((sum - low).abs())
                })
            }
            Some(Operation::BatchNorm(_)) if product + 1 == network.layers().len() => {
                of_classes(network, &sums)
            }
            _ => Array2::zeros(sums.dim()),
        }
    };
    drives.iter().zip(network.layers()).enumerate().map(of).collect()
}

fn by_column(sums: &Array2<f32>, margin: impl Fn(usize, f32) -> f32) -> Array2<f32> {
    Array2::from_shape_fn(sums.dim(), |(row, column)| margin(column, sums[[row, column]]))
}

/// In sums, how far each class is from the best of the others.
fn of_classes(network: &Network, sums: &Array2<f32>) -> Array2<f32> {
    let norm = network.norms().last().expect("the last product has a batch norm behind it");
    let affine: Vec<(f32, f32)> = (0..sums.ncols()).map(|class| norm.affine(class)).collect();
    let mut margins = Array2::zeros(sums.dim());
    for (mut margins, sums) in margins.rows_mut().into_iter().zip(sums.rows()) {
        let logits: Vec<f32> = sums.iter().zip(&affine).map(|(sum, (a, b))| a * sum + b).collect();
        for (class, margin) in margins.iter_mut().enumerate() {
            let others = logits.iter().enumerate().filter(|(other, _)| *other != class);
            let best = others.fold(f32::NEG_INFINITY, |best, (_, logit)| best.max(*logit));
            // No sum changes a class whose batch norm multiplies by nothing.
            *margin = match affine[class].0.abs() {
                0.0 => f32::INFINITY,
                slope => (logits[class] - best).abs() / slope,
            };
        }
    }
    margins
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;
    use cim_nn::NetworkSpec;

    use super::*;

    /// A sum that is moved by less than its margin decides as before; by a little more, otherwise.
    #[test]
    fn decisions_change_at_the_margin_and_not_before() {
        let spec: NetworkSpec = toml::from_str(
            r#"
            input = [12]
            operations = [{ op = "sign" }, { op = "linear", features = 9 }, { op = "batch-norm" },
                { op = "ternary" }, { op = "linear", features = 8 }, { op = "batch-norm" }, { op = "sign" },
                { op = "linear", features = 4 }, { op = "batch-norm" }]
            "#,
        )
        .expect("well-formed");
        let network = spec.build(Stream::root(5)).expect("a network").with_thresholds();
        let mut x = Array2::zeros((30, 12));
        Stream::root(7).fill_standard_normal(0, x.as_slice_mut().expect("standard layout"));
        let drives = network.product_inputs(x.view(), 30);
        let margins = margins(&network, &drives);
        for (product, margins) in margins.iter().enumerate() {
            let layer = &network.layers()[product];
            let sums = drives[product].dot(&layer.weights) + &layer.bias;
            let last = product + 1 == network.layers().len();
            // What is decided of one sum: the step behind it, or the class that wins.
            let decided = |row: usize, column: usize, moved: f32| -> i32 {
                let mut own = sums.row(row).to_vec();
                own[column] += moved;
                if last {
                    let norm = &network.norms()[0];
                    let logit = |k: usize| norm.affine(k).0 * own[k] + norm.affine(k).1;
                    return (0..4).max_by(|a, b| logit(*a).total_cmp(&logit(*b))).expect("4")
                        as i32;
                }
                let behind = network.operations().iter().filter_map(|operation| match operation {
                    Operation::Threshold(t) => {
                        t.thresholds().nth(column).map(|(least, _)| i32::from(own[column] >= least))
                    }
                    Operation::TernaryThreshold(t) => {
                        t.thresholds().nth(column).map(|(high, low, _)| {
                            i32::from(own[column] >= high) - i32::from(own[column] <= low)
                        })
                    }
                    _ => None,
                });
                behind.collect::<Vec<_>>()[product]
            };
            for ((row, column), margin) in margins.indexed_iter() {
                let now = decided(row, column, 0.0);
                for sign in [-1.0, 1.0] {
                    assert_eq!(decided(row, column, sign * 0.99 * margin), now);
                }
                let beyond = 1.01 * margin + 1e-5;
                let other = [-beyond, beyond].map(|moved| decided(row, column, moved) != now);
                assert!(other[0] || other[1], "{product}: {margin}");
            }
        }
    }
}
