//! What rows of the first layer tell without a label: ours.
//!
//! Rows of pixels that are always off learn the same, and rows of neighbours much the same. Inversion turns the sign
//! of their inner products and nothing else; swaps and inversions of columns do not even do that.

use cim_nn::{BinaryNetwork, Bits};
use cim_tile::encryption::LayerKey;
use ndarray::{Array1, Array2, ArrayView1};

use super::target::Target;

/// Bits of the first key that were read off.
pub struct Leak {
    /// Which rows.
    pub rows: Vec<usize>,
    /// Whether each of them is inverted, up to all of them at once.
    pub is_inverted: Vec<bool>,
}

impl Leak {
    /// Share of rows told rightly, up to all of them at once.
    pub fn right(&self, truth: &LayerKey) -> f64 {
        let told = self.rows.iter().zip(&self.is_inverted);
        let right = told.filter(|(row, is)| truth.rows[**row] == **is).count() as f64;
        let share = right / self.rows.len().max(1) as f64;
        share.max(1.0 - share)
    }
}

/// Inner products of rows (rows × rows).
fn products(network: &BinaryNetwork) -> Array2<f32> {
    let weights = first(network).numbers();
    let mut products = Array2::zeros((weights.ncols(), weights.ncols()));
    cim_core::matmul::product(weights.t(), weights.view(), products.view_mut());
    products
}

fn first(network: &BinaryNetwork) -> &Bits {
    network.hidden.first().map_or(&network.last.weights, |hidden| &hidden.weights)
}

/// Inputs that have one sign on all images, and whether their rows are inverted: by signs of the main direction of
/// their inner products.
pub fn constant_pixels(target: &Target<'_>) -> Leak {
    const STEPS: usize = 100;
    let x = &target.images.x;
    let (images, inputs) = x.dim();
    let is_constant =
        |input: &usize| (1..images).all(|image| x.get(image, *input) == x.get(0, *input));
    let rows: Vec<usize> = (0..inputs).filter(is_constant).collect();
    let products = products(target.locked);
    let own =
        Array2::from_shape_fn((rows.len(), rows.len()), |(a, b)| products[[rows[a], rows[b]]]);
    let weight = |row: &ArrayView1<'_, f32>| row.iter().map(|p| p.abs()).sum::<f32>();
    let start = own.rows().into_iter().max_by(|a, b| weight(a).total_cmp(&weight(b)));
    let mut direction: Array1<f32> = start.map_or_else(|| Array1::zeros(0), |row| row.to_owned());
    for _ in 0..STEPS {
        let next = own.dot(&direction);
        let size = next.iter().fold(f32::MIN_POSITIVE, |most, v| most.max(v.abs()));
        direction = next / size;
    }
    Leak { is_inverted: direction.iter().map(|v| *v < 0.0).collect(), rows }
}

/// Whether each row of the first layer is inverted, for inputs that are pixels of a picture so many wide: along the
/// tree of strongest inner products between neighbours, taken for alike. All of them at once are turned over where
/// thresholds would lie on the wrong side of mean sums.
pub fn alike_rows(target: &Target<'_>, width: usize) -> Leak {
    let products = products(target.locked);
    let inputs = products.nrows();
    let mut is_inverted = vec![false; inputs];
    // Of every row: the strongest product with a row that is told already, and that row.
    let mut strongest: Vec<Option<(f32, usize)>> = vec![None; inputs];
    let mut is_told = vec![false; inputs];
    let strength = |row: &usize, found: &[Option<(f32, usize)>]| found[*row].map_or(-1.0, |f| f.0);
    for _ in 0..inputs {
        let open = (0..inputs).filter(|row| !is_told[*row]);
        let next = open.max_by(|a, b| strength(a, &strongest).total_cmp(&strength(b, &strongest)));
        let Some(row) = next else { break };
        if let Some((_, from)) = strongest[row] {
            is_inverted[row] = is_inverted[from] ^ (products[[row, from]] < 0.0);
        }
        is_told[row] = true;
        for other in neighbours(row, width, inputs) {
            let found = products[[row, other]].abs();
            if !is_told[other] && strongest[other].is_none_or(|(best, _)| best < found) {
                strongest[other] = Some((found, row));
            }
        }
    }
    if thresholds_agree(target, &is_inverted) < 0.0 {
        is_inverted.iter_mut().for_each(|bit| *bit = !*bit);
    }
    Leak { rows: (0..inputs).collect(), is_inverted }
}

/// The up to eight pixels around one.
fn neighbours(pixel: usize, width: usize, pixels: usize) -> impl Iterator<Item = usize> {
    let width = width.clamp(1, pixels.max(1));
    let (row, column) = (pixel / width, pixel % width);
    let rows = row.saturating_sub(1)..=row + 1;
    let around =
        rows.flat_map(move |r| (column.saturating_sub(1)..=column + 1).map(move |c| (r, c)));
    around
        .filter(move |&(r, c)| c < width && r * width + c < pixels && (r, c) != (row, column))
        .map(move |(r, c)| r * width + c)
}

/// Inner product of thresholds and of mean sums: batch norms put thresholds where means are.
fn thresholds_agree(target: &Target<'_>, is_inverted: &[bool]) -> f64 {
    let Some(hidden) = target.locked.hidden.first() else { return 0.0 };
    let x = &target.images.x;
    let mean = |input: usize| {
        let on = (0..x.dim().0).filter(|image| x.get(*image, input)).count() as f64;
        2.0 * on / x.dim().0.max(1) as f64 - 1.0
    };
    let drives: Vec<f64> = is_inverted
        .iter()
        .enumerate()
        .map(|(input, is)| if *is { -mean(input) } else { mean(input) })
        .collect();
    let sum = |column: usize| -> f64 {
        let sign = |input: usize| if hidden.weights.get(column, input) { 1.0 } else { -1.0 };
        drives.iter().enumerate().map(|(input, drive)| sign(input) * drive).sum()
    };
    hidden.least.iter().enumerate().map(|(column, least)| f64::from(*least) * sum(column)).sum()
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;
    use cim_tile::encryption::Methods;

    use super::*;
    use crate::encrypted_bnn::learned::Signs;
    use crate::encrypted_bnn::locked::{self, drawn};

    const ALL: Methods = Methods { rows: true, swaps: true, columns: true };

    /// Weights that change slowly over a picture of 6 × 6, and nothing constant but its first row of pixels.
    #[test]
    fn rows_of_neighbours_that_are_alike_are_told_apart_from_inverted_ones() {
        let mut network = drawn::network(&[36, 200, 5], Stream::root(61));
        let at = Stream::root(62);
        for column in 0..200 {
            let mut draws = [0.0; 3];
            at.fill_standard_normal(column as u64, &mut draws);
            for pixel in 0..36 {
                let (r, c) = ((pixel / 6) as f32, (pixel % 6) as f32);
                let value = draws[0] + draws[1] * (r - 2.5) / 4.0 + draws[2] * (c - 2.5) / 4.0;
                network.hidden[0].weights.set(column, pixel, 0.0 <= value);
            }
        }
        let keys = drawn::keys(&network, &[ALL; 2], Stream::root(63));
        let stored = locked::locked(&network, &keys);
        let mut x = drawn::bits(Stream::root(64), 50, 36);
        for image in 0..50 {
            (0..6).for_each(|pixel| x.set(image, pixel, false));
        }
        let images = Signs { x, labels: vec![0; 50] };
        let target = Target { locked: &stored, methods: &[ALL; 2], images: &images };
        assert_eq!(alike_rows(&target, 6).right(&keys[0]), 1.0);
        let constant = constant_pixels(&target);
        assert_eq!(constant.rows, (0..6).collect::<Vec<_>>());
        assert_eq!(constant.right(&keys[0]), 1.0);
        assert!(neighbours(0, 6, 36).eq([1, 6, 7]) && neighbours(35, 6, 36).eq([28, 29, 34]));
    }
}
