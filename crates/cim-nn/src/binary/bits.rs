//! Rows of signs, 64 a word.

use ndarray::{Array2, ArrayView2};

/// Signs of a word.
const WORD: usize = u64::BITS as usize;

/// A matrix of signs, row by row: a bit is set where the sign is 1. Bits behind the last column are clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    rows: usize,
    columns: usize,
    words: Vec<u64>,
}

impl Bits {
    /// All −1.
    pub fn all_minus(rows: usize, columns: usize) -> Self {
        Self { rows, columns, words: vec![0; rows * columns.div_ceil(WORD)] }
    }

    /// Signs of numbers, those of zero are 1.
    pub fn of(numbers: ArrayView2<'_, f32>) -> Self {
        let (rows, columns) = numbers.dim();
        let mut bits = Self::all_minus(rows, columns);
        for ((row, column), &number) in numbers.indexed_iter() {
            bits.set(row, column, number >= 0.0);
        }
        bits
    }

    /// As numbers, −1 or 1.
    pub fn numbers(&self) -> Array2<f32> {
        let one = |(row, column)| if self.get(row, column) { 1.0 } else { -1.0 };
        Array2::from_shape_fn((self.rows, self.columns), one)
    }

    /// Rows × columns.
    pub fn dim(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Words of a row.
    pub fn words(&self) -> usize {
        self.columns.div_ceil(WORD)
    }

    /// A row, its first sign in the lowest bit of the first word.
    pub fn row(&self, row: usize) -> &[u64] {
        &self.words[row * self.words()..][..self.words()]
    }

    /// A row to be written; bits behind the last column stay clear.
    pub fn row_mut(&mut self, row: usize) -> &mut [u64] {
        let words = self.words();
        &mut self.words[row * words..][..words]
    }

    /// Whether a sign is 1.
    pub fn get(&self, row: usize, column: usize) -> bool {
        self.row(row)[column / WORD] >> (column % WORD) & 1 == 1
    }

    /// Sets a sign to 1, or to −1.
    pub fn set(&mut self, row: usize, column: usize, is_plus: bool) {
        assert!(column < self.columns, "a column of the matrix");
        let word = &mut self.row_mut(row)[column / WORD];
        let bit = 1 << (column % WORD);
        *word = if is_plus { *word | bit } else { *word & !bit };
    }

    /// Inner products of one row of signs `x` with every row: `columns − 2 · (signs that differ)`.
    pub fn sums(&self, x: &[u64], sums: &mut [i32]) {
        assert_eq!((x.len(), sums.len()), (self.words(), self.rows), "shapes");
        pulp::Arch::new().dispatch(Sums { bits: self, x, sums });
    }
}

struct Sums<'a> {
    bits: &'a Bits,
    x: &'a [u64],
    sums: &'a mut [i32],
}

impl pulp::NullaryFnOnce for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { bits, x, sums } = self;
        let columns = bits.columns as i32;
        for (sum, row) in sums.iter_mut().zip(bits.words.chunks_exact(x.len().max(1))) {
            let differing: u32 = row.iter().zip(x).map(|(a, b)| (a ^ b).count_ones()).sum();
            *sum = columns - 2 * differing as i32;
        }
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    /// Against sums written out, at widths below, at and beyond a word.
    #[test]
    fn sums_are_those_of_plain_numbers() {
        for (case, (rows, columns)) in
            [(3, 1), (5, 63), (4, 64), (7, 65), (2, 200)].into_iter().enumerate()
        {
            let at = Stream::root(5).child("case", case as u64);
            let mut drawn = Array2::zeros((rows + 1, columns));
            at.fill_standard_normal(0, drawn.as_slice_mut().expect("standard layout"));
            let bits = Bits::of(drawn.view());
            let plain = bits.numbers();
            assert_eq!(Bits::of(plain.view()), bits);
            let mut sums = vec![0; rows + 1];
            bits.sums(bits.row(rows), &mut sums);
            for (row, sum) in sums.iter().enumerate() {
                let want: f32 =
                    (0..columns).map(|col| plain[[row, col]] * plain[[rows, col]]).sum();
                assert_eq!(*sum as f32, want);
            }
        }
    }
}
