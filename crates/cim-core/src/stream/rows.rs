//! Normal numbers for a matrix, one address a row.

use super::Stream;

/// Standard normal numbers of a matrix, row by row: see [`Stream::normal_rows`].
#[derive(Clone, Debug)]
pub struct NormalRows {
    at: Stream,
    numbers: Vec<f32>,
}

impl Stream {
    /// Standard normal numbers for a matrix of `cols` columns. Each row has an address of its own
    /// below this one, so that rows may be skipped or come in any order.
    pub fn normal_rows(self, cols: usize) -> NormalRows {
        NormalRows { at: self, numbers: vec![0.0; cols] }
    }
}

impl NormalRows {
    /// The numbers of a row, one per column: those of
    /// [`fill_standard_normal`](Stream::fill_standard_normal).
    pub fn row(&mut self, row: usize) -> &[f32] {
        self.at.fill_standard_normal(row as u64, &mut self.numbers);
        &self.numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_their_addresses_in_any_order() {
        let at = Stream::root(3);
        let mut rows = at.normal_rows(5);
        for row in [2, 0, 1, 2] {
            let mut alone = [0.0; 5];
            at.fill_standard_normal(row as u64, &mut alone);
            assert_eq!(rows.row(row), alone);
        }
    }
}
