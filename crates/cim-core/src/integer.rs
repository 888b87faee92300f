//! Matrices of 16-bit integers, and their products with vectors of integers.
//!
//! What drives an array is a whole number of steps of its converters, so that a product needs no
//! floating point but for the unit of each column. Sums of 32 bits are exact in any order: a product has
//! the same bytes on every machine, whatever the number of vectors that are multiplied together.

use ndarray::ArrayView2;

use kernels::{Line, PANEL, Packed};

use crate::matmul::Scratch;

mod kernels;

/// A matrix (rows × columns) whose columns are integers times a unit of their own.
///
/// ```
/// use cim_core::{IntegerMatrix, Scratch};
/// use ndarray::array;
///
/// let matrix = IntegerMatrix::rounded(array![[0.5, -6.0], [1.0, 2.0], [-0.25, 3.0]].view(), 12);
/// let mut y = [0.0; 2];
/// // A vector of three, padded to an even number.
/// matrix.product(&[2, 0, 4, 0], &mut y, &mut Scratch::default());
/// assert_eq!(y, [0.0, 0.0]);
/// ```
#[derive(Clone, Debug)]
pub struct IntegerMatrix {
    rows: usize,
    packed: Packed,
    left_out: Vec<LeftOut>,
}

/// What rounding took from a column, summed over its rows: no vector of numbers from 0 to 1 moves the sum of the column by
/// more than the larger of both.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LeftOut {
    /// Where values became less.
    pub taken: f32,
    /// Where values became more.
    pub added: f32,
}

impl IntegerMatrix {
    /// Rounds `matrix` to integers, ties to even, so that the largest magnitude of every column is `top`.
    ///
    /// # Panics
    /// If `top` is not in `1..=32767`.
    pub fn rounded(matrix: ArrayView2<'_, f32>, top: i16) -> Self {
        assert!(0 < top, "no integers up to {top}");
        let (rows, cols) = matrix.dim();
        let matrix = matrix.as_standard_layout();
        let cells = matrix.as_slice().expect("standard layout");
        let packed = Packed::zeros(rows.div_ceil(2), cols);
        let mut rounded = Self { rows, packed, left_out: vec![LeftOut::default(); cols] };
        let (top, into) = (f32::from(top), &mut rounded);
        pulp::Arch::new().dispatch(Round { cells, top, into });
        rounded
    }

    /// The largest integers with which a product with vectors of magnitudes up to `most` cannot leave 32 bits.
    pub fn largest(rows: usize, most: u32) -> i16 {
        let terms = i64::from(most).saturating_mul(rows.max(1) as i64).max(1);
        (i64::from(i32::MAX) / terms).min(i64::from(i16::MAX)) as i16
    }

    /// The same with a product of another size, `factor` times as large.
    #[must_use]
    pub fn scaled(mut self, factor: f32) -> Self {
        self.packed.unit.iter_mut().for_each(|unit| *unit *= factor);
        let left_out = self.left_out.iter_mut();
        left_out.for_each(|LeftOut { taken, added }| {
            (*taken, *added) = (factor.abs() * *taken, factor.abs() * *added)
        });
        self
    }

    /// Rows × columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.packed.cols)
    }

    /// Numbers of a vector: the rows, made even.
    pub const fn padded(rows: usize) -> usize {
        rows.next_multiple_of(2)
    }

    /// What rounding took from each column, in the size of products.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Replaces `y` (vectors × columns) by the products with `x` (vectors × [padded](Self::padded) rows; what pads them
    /// counts nothing): sums of integers, exact unless they leave 32 bits, times the unit of their column.
    ///
    /// # Panics
    /// If shapes do not match.
    pub fn product(&self, x: &[i16], y: &mut [f32], scratch: &mut Scratch) {
        let (width, cols) = (Self::padded(self.rows), self.packed.cols);
        if cols == 0 || width == 0 {
            y.fill(0.0);
            return;
        }
        assert_eq!((x.len() % width, y.len()), (0, x.len() / width * cols), "shapes");
        let mut tall = scratch.take_driven(x.len());
        kernels::product(&self.packed, x, &mut tall, y);
        scratch.give_driven(tall);
    }
}

/// Rounds a matrix, compiled for the vectors of the machine.
struct Round<'a> {
    /// Rows × columns.
    cells: &'a [f32],
    top: f32,
    into: &'a mut IntegerMatrix,
}

impl pulp::NullaryFnOnce for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { cells, top, into } = self;
        let Packed { cols, unit, .. } = &mut into.packed;
        let (cols, stride) = (*cols, unit.len());
        if cols == 0 {
            return;
        }
        let mut inverse = vec![0.0_f32; stride];
        for row in cells.chunks_exact(cols) {
            for (most, cell) in inverse.iter_mut().zip(row) {
                let size = cell.abs();
                *most = if size > *most { size } else { *most };
            }
        }
        for (unit, most) in unit.iter_mut().zip(&mut inverse) {
            *unit = *most / top;
            *most = if *most > 0.0 { top / *most } else { 0.0 };
        }
        // Panel by panel, whose columns stay in registers.
        for panel in 0..stride / PANEL {
            let units = [&into.packed.unit, &inverse];
            let [unit, inverse] = units.map(|values| values.as_chunks::<PANEL>().0[panel]);
            let mut column = Column { unit, inverse, ..Column::default() };
            let own = panel * PANEL..cols.min((panel + 1) * PANEL);
            for (line, rows) in into.packed.lines_of(panel).zip(cells.chunks(2 * cols)) {
                for (cells, shift) in rows.chunks_exact(cols).zip([0, 16]) {
                    if let Some(cells) = cells[own.start..].first_chunk() {
                        column.round(cells, top, shift, line);
                    } else {
                        let mut last = [0.0; PANEL];
                        last[..own.len()].copy_from_slice(&cells[own.clone()]);
                        column.round(&last, top, shift, line);
                    }
                }
            }
            let left_out = into.left_out[own].iter_mut().zip(column.taken).zip(column.added);
            left_out.for_each(|((to, taken), added)| *to = LeftOut { taken, added });
        }
    }
}

/// As many columns as a vector has lanes.
#[derive(Clone, Copy, Default)]
struct Column {
    unit: [f32; PANEL],
    /// One per unit, 0 where all values are.
    inverse: [f32; PANEL],
    taken: [f32; PANEL],
    added: [f32; PANEL],
}

impl Column {
    /// Rounds a row and adds it to the words of its pair.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "five arrays, one loop to vectorise")]
    fn round(&mut self, cells: &[f32; PANEL], top: f32, shift: u32, line: &mut Line) {
        for i in 0..PANEL {
            let steps = cells[i] * self.inverse[i];
            let below = if steps < top { steps } else { top };
            let whole = nearest(if below > -top { below } else { -top });
            line.0[i] |= (whole as u32 & 0xffff) << shift;
            let left = (-(whole as f32)).mul_add(self.unit[i], cells[i]);
            self.taken[i] += if left > 0.0 { left } else { 0.0 };
            self.added[i] += if left < 0.0 { -left } else { 0.0 };
        }
    }
}

/// Nearest integer of a value of magnitude below 2²², ties to even.
#[inline(always)]
fn nearest(x: f32) -> i32 {
    /// 1.5 · 2²³: adding it leaves the nearest whole number in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    (x + ROUND).to_bits() as i32 - ROUND.to_bits() as i32
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::Stream;

    fn normal(rows: usize, cols: usize) -> Array2<f32> {
        let mut values = vec![0.0; rows * cols];
        Stream::root(7).fill_standard_normal(0, &mut values);
        Array2::from_shape_vec((rows, cols), values).expect("rows × cols values")
    }

    /// Against the product of the values themselves in double precision, for drives of all signs, and where what was left
    /// out has one sign: there the bound is met and touched.
    #[test]
    fn a_product_is_off_by_no_more_than_rounding_left_out() {
        for (rows, cols, most) in [(1, 1, 255), (7, 10, 15), (128, 128, 255), (61, 37, 4095)] {
            let matrix = normal(rows, cols);
            let rounded =
                IntegerMatrix::rounded(matrix.view(), IntegerMatrix::largest(rows, most as u32));
            let width = IntegerMatrix::padded(rows);
            for col in 0..cols {
                let mut alone = vec![0_i16; width * rows];
                (0..rows).for_each(|row| alone[row * width + row] = 1);
                let mut held = vec![0.0; rows * cols];
                rounded.product(&alone, &mut held, &mut Scratch::default());
                let off =
                    |row: usize| f64::from(matrix[[row, col]]) - f64::from(held[row * cols + col]);
                let LeftOut { taken, added } = rounded.left_out()[col];
                for (sign, bound) in [(1.0, taken), (-1.0, added)] {
                    let mut x = vec![0_i16; width];
                    (0..rows).for_each(|row| x[row] = if sign * off(row) > 0.0 { most } else { 0 });
                    let mut y = vec![0.0; cols];
                    rounded.product(&x, &mut y, &mut Scratch::default());
                    let exact: f64 = (0..rows)
                        .map(|row| f64::from(matrix[[row, col]]) * f64::from(x[row]))
                        .sum();
                    let error = sign * (exact - f64::from(y[col]));
                    let bound = f64::from(bound) * f64::from(most);
                    // A few roundings of single precision: of units, cells and the sum.
                    let size =
                        matrix.column(col).iter().map(|cell| f64::from(cell.abs())).sum::<f64>();
                    let slack = 4.0 * f64::from(f32::EPSILON) * size * f64::from(most);
                    assert!((error - bound).abs() <= slack, "{rows} × {cols}: {error} for {bound}");
                }
            }
        }
    }

    #[test]
    fn the_largest_integers_fill_32_bits_and_no_more() {
        assert_eq!(IntegerMatrix::largest(128, 255), i16::MAX);
        assert_eq!(IntegerMatrix::largest(1024, 255), 8224);
        for (rows, most) in [(256, 255), (1024, 255), (128, 4095), (1, 32767)] {
            let top = IntegerMatrix::largest(rows, most);
            let matrix =
                IntegerMatrix::rounded(Array2::ones((rows, 3)).view(), top).scaled(f32::from(top));
            let mut y = [0.0; 3];
            matrix.product(
                &vec![most as i16; IntegerMatrix::padded(rows)],
                &mut y,
                &mut Scratch::default(),
            );
            let exact = rows as f64 * f64::from(most) * f64::from(top);
            assert!(exact <= f64::from(i32::MAX));
            assert!(y.iter().all(|&y| (f64::from(y) / exact - 1.0).abs() < 1e-6), "{y:?}");
        }
    }

    #[test]
    fn columns_of_zeros_stay_zero() {
        let matrix = IntegerMatrix::rounded(Array2::zeros((5, 2)).view(), 100);
        let mut y = [1.0; 4];
        matrix.product(&[3; 12], &mut y, &mut Scratch::default());
        assert_eq!(y, [0.0; 4]);
        assert_eq!(matrix.left_out(), [LeftOut::default(); 2]);
    }
}
