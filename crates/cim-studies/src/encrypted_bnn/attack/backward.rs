//! The network with keys as numbers, and how much its loss changes with each of them.

use cim_core::matmul::product;
use cim_nn::BinaryNetwork;
use ndarray::{Array1, Array2, ArrayView2, Axis, Zip};

/// Keys of one layer as numbers: ±1 for rows and columns (as they lie), 0 or 1 for swaps. Numbers in between mix.
#[derive(Clone, Debug)]
pub struct Factors {
    /// One a row.
    pub rows: Array1<f32>,
    /// One a column.
    pub columns: Array1<f32>,
    /// One for two outputs.
    pub swaps: Array1<f32>,
}

/// A layer as numbers.
struct Layer {
    /// Inputs × columns.
    weights: Array2<f32>,
    end: End,
}

/// What is behind the sums of a layer.
enum End {
    /// Signs: thresholds, and the width within which slopes are passed on.
    Signs { center: Array1<f32>, width: f32 },
    /// Logits: factors and offsets.
    Logits { scale: Array1<f32>, offset: Array1<f32> },
}

/// A whole network as numbers.
pub struct Numbers(Vec<Layer>);

/// What a pass keeps of one layer.
struct Kept {
    /// What drove it, before the factors of rows.
    x: Array2<f32>,
    sums: Array2<f32>,
    /// What stands behind sums, before the factors of columns.
    ends: Array2<f32>,
}

impl Numbers {
    /// Of what lies on a chip.
    pub fn of(locked: &BinaryNetwork) -> Self {
        let weights = |bits: &cim_nn::Bits| bits.numbers().t().as_standard_layout().into_owned();
        let mut layers: Vec<Layer> = Vec::new();
        for hidden in &locked.hidden {
            // Sums are whole numbers, so that half a one below is no tie.
            let center = hidden.least.iter().map(|least| *least as f32 - 0.5).collect();
            let width = (hidden.weights.dim().1 as f32).sqrt();
            layers.push(Layer {
                weights: weights(&hidden.weights),
                end: End::Signs { center, width },
            });
        }
        let last = &locked.last;
        let (scale, offset) = (last.scale.clone().into(), last.offset.clone().into());
        layers.push(Layer { weights: weights(&last.weights), end: End::Logits { scale, offset } });
        Self(layers)
    }

    /// Mean cross-entropy on inputs (images × inputs, ±1) and its slopes with respect to all factors. Signs pass
    /// slopes on within a width of their threshold.
    pub fn loss(
        &self,
        factors: &[Factors],
        x: ArrayView2<'_, f32>,
        labels: &[u8],
    ) -> (f64, Vec<Factors>) {
        let mut kept: Vec<Kept> = Vec::new();
        let mut x = x.to_owned();
        for (layer, factors) in self.0.iter().zip(factors) {
            let driven = &x * &factors.rows;
            let mut sums = Array2::zeros((x.nrows(), layer.weights.ncols()));
            product(driven.view(), layer.weights.view(), sums.view_mut());
            let (ends, mut y) = layer.end.forward(&sums, &factors.columns);
            swap(&mut y, &factors.swaps);
            kept.push(Kept { x, sums, ends });
            x = y;
        }
        let (loss, mut dy) = cross_entropy(x, labels);
        let mut slopes = Vec::new();
        for ((layer, factors), kept) in self.0.iter().zip(factors).zip(&kept).rev() {
            let mut turned = layer.end.turned(kept, &factors.columns);
            let d_swaps = swap_back(&mut dy, &turned, &factors.swaps);
            let d_columns = layer.end.backward(kept, &factors.columns, &mut dy, &mut turned);
            let mut du = Array2::zeros(kept.x.dim());
            product(dy.view(), layer.weights.t(), du.view_mut());
            let d_rows = (&du * &kept.x).sum_axis(Axis(0));
            dy = du * &factors.rows;
            slopes.push(Factors { rows: d_rows, columns: d_columns, swaps: d_swaps });
        }
        slopes.reverse();
        (loss, slopes)
    }
}

impl End {
    /// Signs, or sums, and what comes of them with the factors of columns.
    fn forward(&self, sums: &Array2<f32>, columns: &Array1<f32>) -> (Array2<f32>, Array2<f32>) {
        let ends = match self {
            Self::Signs { center, .. } => {
                (sums - center).mapv(|above| if above < 0.0 { -1.0 } else { 1.0 })
            }
            Self::Logits { .. } => sums.clone(),
        };
        let y = self.finished(&ends * columns);
        (ends, y)
    }

    fn finished(&self, turned: Array2<f32>) -> Array2<f32> {
        match self {
            Self::Signs { .. } => turned,
            Self::Logits { scale, offset } => turned * scale + offset,
        }
    }

    /// What came of a layer before its swaps.
    fn turned(&self, kept: &Kept, columns: &Array1<f32>) -> Array2<f32> {
        self.finished(&kept.ends * columns)
    }

    /// From slopes of what came of it to slopes of sums, in place; gives slopes of the factors of columns.
    fn backward(
        &self,
        kept: &Kept,
        columns: &Array1<f32>,
        dy: &mut Array2<f32>,
        work: &mut Array2<f32>,
    ) -> Array1<f32> {
        if let Self::Logits { scale, .. } = self {
            *dy *= scale;
        }
        Zip::from(&mut *work).and(&*dy).and(&kept.ends).for_each(|to, dy, end| *to = dy * end);
        let d_columns = work.sum_axis(Axis(0));
        *dy *= columns;
        if let Self::Signs { center, width } = self {
            for (mut slopes, sums) in dy.rows_mut().into_iter().zip(kept.sums.rows()) {
                Zip::from(&mut slopes).and(sums).and(center).for_each(|slope, sum, center| {
                    *slope = if (sum - center).abs() <= *width { *slope / width } else { 0.0 };
                });
            }
        }
        d_columns
    }
}

/// Mixes every two outputs: `(1 − q) a + q b` and `(1 − q) b + q a`.
fn swap(y: &mut Array2<f32>, swaps: &Array1<f32>) {
    for mut row in y.rows_mut() {
        for (k, q) in swaps.iter().enumerate() {
            let (a, b) = (row[2 * k], row[2 * k + 1]);
            (row[2 * k], row[2 * k + 1]) = (a + q * (b - a), b + q * (a - b));
        }
    }
}

/// Slopes behind swaps to those before them, in place; gives slopes of the factors of swaps.
fn swap_back(dy: &mut Array2<f32>, before: &Array2<f32>, swaps: &Array1<f32>) -> Array1<f32> {
    let mut slopes = Array1::zeros(swaps.len());
    for (row, y) in dy.rows().into_iter().zip(before.rows()) {
        for (k, slope) in slopes.iter_mut().enumerate() {
            *slope += (row[2 * k] - row[2 * k + 1]) * (y[2 * k + 1] - y[2 * k]);
        }
    }
    swap(dy, swaps);
    slopes
}

/// Mean over rows, and its slopes.
fn cross_entropy(logits: Array2<f32>, labels: &[u8]) -> (f64, Array2<f32>) {
    let count = labels.len().max(1) as f32;
    let mut slopes = logits;
    let mut loss = 0.0;
    for (mut row, &label) in slopes.rows_mut().into_iter().zip(labels) {
        let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let own = row[usize::from(label)] - top;
        row.mapv_inplace(|v| (v - top).exp());
        let sum = row.sum();
        loss += f64::from(sum.ln() - own);
        row /= sum;
        row[usize::from(label)] -= 1.0;
        row /= count;
    }
    (loss / f64::from(count), slopes)
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;
    use crate::encrypted_bnn::locked::{drawn, shapes};

    fn factors(widths: (usize, usize), at: Stream) -> Factors {
        let draw = |row: u64, len: usize| {
            let mut values = vec![0.0; len];
            at.fill_uniform(row, &mut values);
            Array1::from(values)
        };
        Factors {
            rows: draw(0, widths.0) * 2.0 - 1.0,
            columns: draw(1, widths.1) * 2.0 - 1.0,
            swaps: draw(2, widths.1 / 2),
        }
    }

    /// A single layer has no signs, so its slopes are those of the loss: difference quotients for all factors.
    #[test]
    fn slopes_of_the_last_layer_are_difference_quotients() {
        let network = drawn::network(&[13, 5], Stream::root(71));
        let numbers = Numbers::of(&network);
        let x = drawn::bits(Stream::root(72), 9, 13).numbers();
        let labels: Vec<u8> = (0..9).map(|k| k % 5).collect();
        let own = vec![factors(shapes(&network)[0], Stream::root(73))];
        let (_, slopes) = numbers.loss(&own, x.view(), &labels);
        let part = |own: &mut Factors, part: usize, idx: usize, by: f32| match part {
            0 => own.rows[idx] += by,
            1 => own.columns[idx] += by,
            _ => own.swaps[idx] += by,
        };
        const STEP: f32 = 1e-2;
        for (kind, count) in [(0, 13), (1, 5), (2, 2)] {
            for idx in 0..count {
                let at = |by: f32| {
                    let mut moved = own.clone();
                    part(&mut moved[0], kind, idx, by);
                    numbers.loss(&moved, x.view(), &labels).0
                };
                let want = (at(STEP) - at(-STEP)) / f64::from(2.0 * STEP);
                let slope = match kind {
                    0 => slopes[0].rows[idx],
                    1 => slopes[0].columns[idx],
                    _ => slopes[0].swaps[idx],
                };
                // Errors of second order in the step, and of single precision.
                let gap = (want - f64::from(slope)).abs();
                assert!(gap < 2e-3 * (1.0 + want.abs()), "{kind} {idx}: {slope}, {want}");
            }
        }
    }
}
