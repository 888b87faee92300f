//! The key of one layer, and what it does to weights and thresholds.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// One way to encrypt a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Rows are multiplied by a sign: the two complementary lines of an input are exchanged.
    RowInversion,
    /// Columns `2k` and `2k + 1` change places, with their thresholds.
    ColumnSwap,
    /// Columns are multiplied by a sign, with their thresholds; outputs are turned back.
    ColumnInversion,
}

/// Ways to encrypt a layer that are used together; none is a network as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Methods {
    /// Whether rows are inverted.
    pub rows: bool,
    /// Whether columns are swapped.
    pub swaps: bool,
    /// Whether columns are inverted.
    pub columns: bool,
}

impl Methods {
    /// Those of a list.
    pub fn of(list: &[Method]) -> Self {
        Self {
            rows: list.contains(&Method::RowInversion),
            swaps: list.contains(&Method::ColumnSwap),
            columns: list.contains(&Method::ColumnInversion),
        }
    }

    /// In words.
    pub fn name(self) -> String {
        let named = [
            (self.rows, "row inversion"),
            (self.swaps, "column swap"),
            (self.columns, "column inversion"),
        ];
        let used: Vec<&str> =
            named.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect();
        if used.is_empty() { "nothing".to_owned() } else { used.join(" + ") }
    }

    /// Key bits of a layer (inputs × outputs).
    pub fn bits(self, (inputs, outputs): (usize, usize)) -> usize {
        let count = |is: bool, bits: usize| if is { bits } else { 0 };
        count(self.rows, inputs) + count(self.swaps, outputs / 2) + count(self.columns, outputs)
    }
}

/// Key of one layer. What a method that is not used would turn stays as it is: an empty key is all `false`.
///
/// Law: `E[i, p(j)] = s(i) t(j) W[i, j]`, with `p` exchanging `2k` and `2k + 1` where swap `k` is set, and
/// `s`, `t` = −1 where a row, a column is inverted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerKey {
    /// One bit an input: whether its row is inverted.
    pub rows: Vec<bool>,
    /// One bit for two outputs: whether they change places. The last of an odd number stays.
    pub swaps: Vec<bool>,
    /// One bit an output: whether its column is inverted, wherever it lies.
    pub columns: Vec<bool>,
}

impl LayerKey {
    /// The key that leaves a layer (inputs × outputs) as it is.
    pub fn none((inputs, outputs): (usize, usize)) -> Self {
        Self {
            rows: vec![false; inputs],
            swaps: vec![false; outputs / 2],
            columns: vec![false; outputs],
        }
    }

    /// A key of `methods` for a layer (inputs × outputs), its bits in the order rows, swaps, columns.
    pub fn of(
        methods: Methods,
        shape: (usize, usize),
        bits: impl IntoIterator<Item = bool>,
    ) -> Self {
        let mut key = Self::none(shape);
        key.places(methods).zip(bits).for_each(|(place, bit)| *place = bit);
        key
    }

    /// The bits that `methods` use.
    pub fn bits(&self, methods: Methods) -> Vec<bool> {
        self.clone().places(methods).map(|bit| *bit).collect()
    }

    /// Turns the bit with a number among those that `methods` use.
    pub fn flip(&mut self, methods: Methods, bit: usize) {
        if let Some(place) = self.places(methods).nth(bit) {
            *place = !*place;
        }
    }

    fn places(&mut self, methods: Methods) -> impl Iterator<Item = &mut bool> {
        fn used(is: bool, bits: &mut [bool]) -> &mut [bool] {
            if is { bits } else { &mut [] }
        }
        let Self { rows, swaps, columns } = self;
        let rows = used(methods.rows, rows).iter_mut();
        let swaps = used(methods.swaps, swaps).iter_mut();
        rows.chain(swaps).chain(used(methods.columns, columns))
    }

    /// Inputs × outputs.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows.len(), self.columns.len())
    }

    /// Where the column of an output lies, and which output lies at a column: it is its own inverse.
    pub fn place(&self, output: usize) -> usize {
        output ^ usize::from(self.swaps.get(output / 2).copied().unwrap_or(false))
    }

    /// What lies on cells for `weights` (inputs × outputs).
    ///
    /// # Panics
    /// If shapes differ.
    pub fn encrypted(&self, weights: ArrayView2<'_, f32>) -> Array2<f32> {
        assert_eq!(weights.dim(), self.shape(), "weights of the layer");
        Array2::from_shape_fn(self.shape(), |(row, column)| {
            let output = self.place(column);
            let turned = self.rows[row] ^ self.columns[output];
            if turned { -weights[[row, output]] } else { weights[[row, output]] }
        })
    }

    /// What `encrypted` (inputs × outputs) is of.
    ///
    /// # Panics
    /// If shapes differ.
    pub fn decrypted(&self, encrypted: ArrayView2<'_, f32>) -> Array2<f32> {
        assert_eq!(encrypted.dim(), self.shape(), "weights of the layer");
        Array2::from_shape_fn(self.shape(), |(row, output)| {
            let found = encrypted[[row, self.place(output)]];
            if self.rows[row] ^ self.columns[output] { -found } else { found }
        })
    }

    /// Thresholds that comparators hold, column by column: an output is 1 where its sum is at *least* that.
    ///
    /// The rule for ties: an inverted column's sum is `−x`, and its output, turned back, must be 1 where
    /// `x ≥ B`, a tie included. So its comparator has to say 0 at `−x = −B`: its threshold is `1 − B`, not `−B`.
    ///
    /// # Panics
    /// If there is not one threshold an output.
    pub fn thresholds(&self, least: &[i32]) -> Vec<i32> {
        let is_inverted = self.placed(&self.columns);
        let thresholds = self.placed(least).zip(is_inverted);
        thresholds.map(|(least, is_inverted)| if is_inverted { 1 - least } else { least }).collect()
    }

    /// What belongs to outputs, such as factors of batch norms, in the order in which columns lie.
    ///
    /// # Panics
    /// If there is not one an output.
    pub fn placed<'a, T: Copy>(&'a self, of_outputs: &'a [T]) -> impl Iterator<Item = T> + 'a {
        assert_eq!(of_outputs.len(), self.columns.len(), "one an output");
        (0..of_outputs.len()).map(|column| of_outputs[self.place(column)])
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    const ALL: Methods = Methods { rows: true, swaps: true, columns: true };

    fn bits(at: Stream, row: u64, len: usize) -> Vec<bool> {
        let mut draws = vec![0.0; len];
        at.fill_uniform(row, &mut draws);
        draws.iter().map(|u| *u < 0.5).collect()
    }

    fn signs(at: Stream, row: u64, shape: (usize, usize)) -> Array2<f32> {
        let drawn = bits(at, row, shape.0 * shape.1);
        let sign = |plus: bool| if plus { 1.0 } else { -1.0 };
        Array2::from_shape_vec(shape, drawn.into_iter().map(sign).collect()).expect("a matrix")
    }

    fn every() -> impl Iterator<Item = (Methods, (usize, usize), Stream)> {
        (0..60).map(|case| {
            let methods =
                Methods { rows: case & 1 == 1, swaps: case & 2 == 2, columns: case & 4 == 4 };
            let shape = (1 + case * 7 % 23, 1 + case * 5 % 17);
            (methods, shape, Stream::root(21).child("case", case as u64))
        })
    }

    #[test]
    fn decryption_undoes_encryption_and_each_method_undoes_itself() {
        for (methods, shape, at) in every() {
            let key = LayerKey::of(methods, shape, bits(at, 0, methods.bits(shape)));
            assert_eq!(key.bits(methods).len(), methods.bits(shape));
            let weights = signs(at, 1, shape);
            let stored = key.encrypted(weights.view());
            assert_eq!(key.decrypted(stored.view()), weights);
            assert_eq!(key.encrypted(key.decrypted(weights.view()).view()), weights);
            let one = [methods.rows, methods.swaps, methods.columns].iter().filter(|m| **m).count();
            if one == 1 {
                assert_eq!(key.encrypted(stored.view()), weights);
            }
            if one == 0 {
                assert_eq!(stored, weights);
            }
        }
    }

    /// Outputs of comparators on cells, turned and put back, against those of the plain layer, in whole
    /// numbers. Thresholds are among the sums, so that ties are common: without their rule some would differ.
    #[test]
    fn outputs_with_the_key_are_those_of_the_plain_layer() {
        let (mut ties_turned, mut wrong_without_rule) = (0, 0);
        for (methods, shape, at) in every() {
            let key = LayerKey::of(methods, shape, bits(at, 0, methods.bits(shape)));
            let weights = signs(at, 1, shape);
            let (stored, x) = (key.encrypted(weights.view()), signs(at, 2, (40, shape.0)));
            let plain = x.dot(&weights).mapv(|sum| sum as i32);
            // Thresholds at a sum that occurs.
            let least: Vec<i32> = plain.row(0).to_vec();
            let held = key.thresholds(&least);
            for (row, plain) in x.rows().into_iter().zip(plain.rows()) {
                let drives: Vec<f32> =
                    row.iter().zip(&key.rows).map(|(x, inv)| if *inv { -x } else { *x }).collect();
                let sums = ndarray::ArrayView1::from(&drives[..]).dot(&stored);
                for output in 0..shape.1 {
                    let want = least[output] <= plain[output];
                    let column = key.place(output);
                    let raw = held[column] <= sums[column] as i32;
                    assert_eq!(raw ^ key.columns[output], want);
                    if key.columns[output] {
                        let without_rule = -least[output] <= sums[column] as i32;
                        wrong_without_rule += usize::from(without_rule == want);
                        ties_turned += usize::from(plain[output] == least[output]);
                    }
                }
            }
        }
        assert!(0 < ties_turned);
        assert_eq!(
            wrong_without_rule, ties_turned,
            "a forgotten rule is wrong at ties, all of them"
        );
    }

    #[test]
    fn one_wrong_bit_changes_what_is_read() {
        for (_, shape, at) in every() {
            let key = LayerKey::of(ALL, shape, bits(at, 0, ALL.bits(shape)));
            let weights = signs(at, 1, shape);
            let stored = key.encrypted(weights.view());
            for bit in 0..ALL.bits(shape) {
                let mut wrong = key.clone();
                wrong.flip(ALL, bit);
                let is_swap = (shape.0..shape.0 + shape.1 / 2).contains(&bit);
                let got = wrong.decrypted(stored.view());
                let off = got.iter().zip(&weights).filter(|(a, b)| a != b).count();
                if is_swap {
                    let first = 2 * (bit - shape.0);
                    // Those in which the two columns of the pair differ.
                    let [a, b] = [first, first + 1].map(|column| {
                        let sign = if key.columns[column] { -1.0 } else { 1.0 };
                        weights.column(column).mapv(|w| sign * w)
                    });
                    let want = 2 * a.iter().zip(&b).filter(|(a, b)| a != b).count();
                    assert_eq!(off, want);
                } else {
                    assert_eq!(off, if bit < shape.0 { shape.1 } else { shape.0 });
                }
            }
        }
    }
}
