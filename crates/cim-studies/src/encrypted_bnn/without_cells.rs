//! What the attacker's images tell without any cell, by simple learners of them: an attack earns what it gets beyond.

use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;

use super::learned::Signs;

/// Accuracies of learners that know some images and their labels alone.
pub struct WithoutCells {
    /// How many images.
    pub images: usize,
    /// By the label of the nearest of them.
    pub nearest: f64,
    /// By ridge regression on their labels with a Gaussian kernel.
    pub ridge: f64,
}

impl WithoutCells {
    /// Share of `others` that learners of `known` get right.
    pub fn of(known: &Signs, others: &Signs) -> Self {
        let apart = distances(known, others);
        let nearest = share(others, |other| {
            // Of equally near ones the first.
            let row = (0..known.labels.len()).min_by_key(|row| apart[[other, *row]]);
            row.map(|row| known.labels[row])
        });
        Self { images: known.labels.len(), nearest, ridge: ridge(known, others, &apart) }
    }

    /// That of the better one.
    pub fn best(&self) -> f64 {
        self.nearest.max(self.ridge)
    }
}

/// Signs that differ, others × known.
fn distances(known: &Signs, others: &Signs) -> Array2<u32> {
    let mut apart = Array2::zeros((others.labels.len(), known.labels.len()));
    let rows = apart.axis_iter_mut(Axis(0)).into_par_iter().enumerate();
    rows.for_each(|(other, mut row)| {
        let other = others.x.row(other);
        for (at, apart) in row.iter_mut().enumerate() {
            *apart = known.x.row(at).iter().zip(other).map(|(a, b)| (a ^ b).count_ones()).sum();
        }
    });
    apart
}

/// Share of images that get their own label.
fn share(images: &Signs, label: impl Fn(usize) -> Option<u8> + Sync) -> f64 {
    let right = (0..images.labels.len())
        .into_par_iter()
        .filter(|image| label(*image) == Some(images.labels[*image]))
        .count();
    right as f64 / images.labels.len().max(1) as f64
}

/// Widths of the kernel that are tried, in mean distances of known images.
const WIDTHS: [f64; 4] = [0.5, 0.25, 0.125, 0.0625];
/// What is added to the kernel's diagonal of ones.
const RIDGE: f64 = 0.01;

/// Of the width that gets most of every fifth known image right from the others.
fn ridge(known: &Signs, others: &Signs, apart: &Array2<u32>) -> f64 {
    let (held, rest): (Vec<usize>, Vec<usize>) =
        (0..known.labels.len()).partition(|image| image % 5 == 4);
    let (held, rest) = (known.of_rows(&held), known.of_rows(&rest));
    let mean = distances(known, known).mapv(f64::from).mean().unwrap_or(0.0).max(1.0);
    let tried = WIDTHS.map(|width| regressed(&rest, &held, &distances(&rest, &held), mean * width));
    let most = (0..WIDTHS.len()).max_by(|a, b| tried[*a].total_cmp(&tried[*b])).unwrap_or(0);
    regressed(known, others, apart, mean * WIDTHS[most])
}

/// Share of `others` with the label whose regression on `known`, 1 for it and 0 for others, is greatest.
fn regressed(known: &Signs, others: &Signs, apart: &Array2<u32>, width: f64) -> f64 {
    let kernel = |apart: &Array2<u32>| apart.mapv(|apart| (-f64::from(apart) / width).exp());
    let mut own = kernel(&distances(known, known));
    own.diag_mut().mapv_inplace(|one| one + RIDGE);
    let classes = known.labels.iter().max().map_or(0, |label| usize::from(*label) + 1);
    let of_class = |class: usize| {
        let is = |label: &u8| f64::from(u8::from(usize::from(*label) == class));
        solved(&own, &known.labels.iter().map(is).collect())
    };
    let weights: Vec<Array1<f64>> = (0..classes).into_par_iter().map(of_class).collect();
    let to_others = kernel(apart);
    let scores: Vec<Array1<f64>> = weights.iter().map(|w| to_others.dot(w)).collect();
    share(others, |other| {
        let score = |class: &usize| scores[*class][other];
        (0..classes).max_by(|a, b| score(a).total_cmp(&score(b))).map(|class| class as u8)
    })
}

/// `x` with `a x = b` for a positive definite matrix, by conjugate gradients to a millionth of `b`.
fn solved(a: &Array2<f64>, b: &Array1<f64>) -> Array1<f64> {
    let mut x = Array1::zeros(b.len());
    let (mut left, mut along) = (b.clone(), b.clone());
    let (mut square, least) = (b.dot(b), 1e-12 * b.dot(b));
    for _ in 0..2 * b.len() {
        if square <= least {
            break;
        }
        let step = a.dot(&along);
        let by = square / along.dot(&step);
        x.scaled_add(by, &along);
        left.scaled_add(-by, &step);
        let next = left.dot(&left);
        along = &left + &(along * (next / square));
        square = next;
    }
    x
}

#[cfg(test)]
mod tests {
    use cim_nn::Bits;
    use ndarray::array;

    use super::*;

    fn signs(rows: &[(&[f32], u8)]) -> Signs {
        let width = rows[0].0.len();
        let flat: Vec<f32> = rows.iter().flat_map(|(row, _)| row.to_vec()).collect();
        let x = Array2::from_shape_vec((rows.len(), width), flat).expect("equal rows");
        Signs { x: Bits::of(x.view()), labels: rows.iter().map(|(_, label)| *label).collect() }
    }

    #[test]
    fn the_nearest_image_lends_its_label() {
        let known = signs(&[(&[1.0, 1.0, 1.0], 3), (&[-1.0, -1.0, -1.0], 5)]);
        let others =
            signs(&[(&[1.0, -1.0, 1.0], 3), (&[-1.0, 1.0, -1.0], 5), (&[-1.0, -1.0, -1.0], 3)]);
        assert_eq!(WithoutCells::of(&known, &others).nearest, 2.0 / 3.0);
    }

    /// Two of three near images say 1, the nearest says 0.
    #[test]
    fn regression_hears_all_images() {
        let known = signs(&[
            (&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 0),
            (&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0], 1),
            (&[1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 1.0, 1.0], 1),
        ]);
        let other = signs(&[(&[1.0, 1.0, 1.0, 1.0, 1.0, -1.0, 1.0, 1.0], 1)]);
        let apart = distances(&known, &other);
        assert_eq!(apart, array![[1, 3, 1]]);
        // With w = 100 kernels are near 1, so that two images outweigh one.
        assert_eq!(regressed(&known, &other, &apart, 100.0), 1.0);
        assert_eq!(WithoutCells::of(&known, &other).nearest, 0.0);
    }

    #[test]
    fn equations_are_solved() {
        let (a, b) = (array![[4.0, 1.0], [1.0, 3.0]], array![1.0, 2.0]);
        let x = solved(&a, &b);
        assert!((x[0] - 1.0 / 11.0).abs() < 1e-9 && (x[1] - 7.0 / 11.0).abs() < 1e-9, "{x}");
    }
}
