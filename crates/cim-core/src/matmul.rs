//! The matrix product, which is all that a network knows of the hardware that carries it.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, CowArray, Ix2};

use crate::Tally;

/// Working memory of one worker. Grows on first use and is re-used afterwards.
#[derive(Default)]
pub struct Scratch {
    values: Vec<Vec<f32>>,
    codes: Vec<Vec<i32>>,
    driven: Vec<Vec<i16>>,
}

impl Scratch {
    /// Takes out a buffer of `len` values. What it holds is left over from earlier use.
    pub fn take(&mut self, len: usize) -> Vec<f32> {
        let mut buffer = best_fit(&mut self.values, len);
        buffer.resize(len, 0.0);
        buffer
    }

    /// Gives a buffer back for re-use.
    pub fn give(&mut self, buffer: Vec<f32>) {
        give(&mut self.values, buffer);
    }

    /// Takes out a buffer of `len` codes. What it holds is left over from earlier use.
    pub fn take_codes(&mut self, len: usize) -> Vec<i32> {
        let mut buffer = best_fit(&mut self.codes, len);
        buffer.resize(len, 0);
        buffer
    }

    /// Gives a buffer of codes back for re-use.
    pub fn give_codes(&mut self, buffer: Vec<i32>) {
        give(&mut self.codes, buffer);
    }

    /// Takes out a buffer of `len` small integers. What it holds is left over from earlier use.
    pub fn take_driven(&mut self, len: usize) -> Vec<i16> {
        let mut buffer = best_fit(&mut self.driven, len);
        buffer.resize(len, 0);
        buffer
    }

    /// Gives a buffer of small integers back for re-use.
    pub fn give_driven(&mut self, buffer: Vec<i16>) {
        give(&mut self.driven, buffer);
    }
}

/// Keeps a buffer, unless nothing was taken.
fn give<T>(buffers: &mut Vec<Vec<T>>, buffer: Vec<T>) {
    if buffer.capacity() > 0 {
        buffers.push(buffer);
    }
}

/// The smallest buffer that holds `len`, or else the largest: repeated work then finds every buffer
/// at the length at which it left it, and nothing is allocated, copied or cleared.
fn best_fit<T>(buffers: &mut Vec<Vec<T>>, len: usize) -> Vec<T> {
    if len == 0 {
        return Vec::new();
    }
    let order = |buffer: &Vec<T>| {
        let capacity = buffer.capacity();
        if capacity < len { (1, usize::MAX - capacity) } else { (0, capacity) }
    };
    let best = (0..buffers.len()).min_by_key(|&i| order(&buffers[i]));
    best.map(|i| buffers.swap_remove(i)).unwrap_or_default()
}

/// `y = x · W` for a batch, however it is carried.
pub trait MatMul: Send + Sync {
    /// Inputs × outputs of `W`.
    fn shape(&self) -> (usize, usize);

    /// Computes `y = x · W`. `x` is batch × inputs, `y` is batch × outputs.
    ///
    /// `call` numbers the product: the same call repeats the same noise, another call draws anew.
    /// The conversions and clips on the way are added to `tally`.
    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    );
}

/// The digital product: the oracle is an implementation too.
#[derive(Clone, Debug)]
pub struct Exact(pub Array2<f32>);

impl MatMul for Exact {
    fn shape(&self) -> (usize, usize) {
        self.0.dim()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        _call: u64,
        y: ArrayViewMut2<'_, f32>,
        _scratch: &mut Scratch,
        _tally: &mut Tally,
    ) {
        product(x, self.0.view(), y);
    }
}

/// Dense product `y = x · w` on the calling thread.
///
/// A single row `x` leaves out the rows of `w` that it multiplies by zero, so `w` has to be finite.
///
/// Fastest where every view is contiguous, by rows or by columns (a transposed matrix is
/// contiguous by columns); other layouts are copied first.
///
/// # Panics
/// If the shapes do not match.
pub fn product(x: ArrayView2<'_, f32>, w: ArrayView2<'_, f32>, y: ArrayViewMut2<'_, f32>) {
    product_onto(x, w, y, Accum::Replace);
}

/// Dense product with accumulation, `y += x · w`; otherwise as [`product`].
///
/// # Panics
/// If the shapes do not match.
pub fn product_add(x: ArrayView2<'_, f32>, w: ArrayView2<'_, f32>, y: ArrayViewMut2<'_, f32>) {
    product_onto(x, w, y, Accum::Add);
}

fn product_onto(
    x: ArrayView2<'_, f32>,
    w: ArrayView2<'_, f32>,
    mut y: ArrayViewMut2<'_, f32>,
    accumulate: Accum,
) {
    assert_eq!((x.nrows(), x.ncols(), w.ncols()), (y.nrows(), w.nrows(), y.ncols()), "shapes");
    if let (1, Some(x), Some(w), Some(y)) =
        (x.nrows(), x.to_slice(), w.to_slice(), y.as_slice_mut())
    {
        if matches!(accumulate, Accum::Replace) {
            y.fill(0.0);
        }
        pulp::Arch::new().dispatch(OneRow { x, w, y });
        return;
    }
    let (x, w) = (contiguous(x), contiguous(w));
    let (rows, cols) = y.dim();
    if let Some(slice) = y.as_slice_mut() {
        let y = MatMut::from_row_major_slice_mut(slice, rows, cols);
        matmul(y, accumulate, by_layout(&x), by_layout(&w), 1.0, Par::Seq);
    } else if let Some(slice) = y.view_mut().reversed_axes().into_slice() {
        let y = MatMut::from_column_major_slice_mut(slice, rows, cols);
        matmul(y, accumulate, by_layout(&x), by_layout(&w), 1.0, Par::Seq);
    } else {
        let mut copy = y.to_owned();
        product_onto(x.view(), w.view(), copy.view_mut(), accumulate);
        y.assign(&copy);
    }
}

/// Columns of a product that stay in registers.
const COLUMNS: usize = 128;

/// `y += x · w` for one row: every row of `w` that counts is read once.
struct OneRow<'a> {
    x: &'a [f32],
    /// Row-major.
    w: &'a [f32],
    y: &'a mut [f32],
}

impl pulp::NullaryFnOnce for OneRow<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { x, w, y } = self;
        let cols = y.len();
        if cols == 0 {
            return;
        }
        let (blocks, rest) = y.as_chunks_mut::<COLUMNS>();
        let first_of_rest = blocks.len() * COLUMNS;
        for (block_idx, y) in blocks.iter_mut().enumerate() {
            let first = block_idx * COLUMNS;
            let mut sums = *y;
            for (&x, w) in x.iter().zip(w.chunks_exact(cols)) {
                if x != 0.0 {
                    let (w, _) = w[first..].as_chunks::<COLUMNS>();
                    for i in 0..COLUMNS {
                        sums[i] = x.mul_add(w[0][i], sums[i]);
                    }
                }
            }
            *y = sums;
        }
        if !rest.is_empty() {
            for (&x, w) in x.iter().zip(w.chunks_exact(cols)) {
                if x != 0.0 {
                    for (y, &w) in rest.iter_mut().zip(&w[first_of_rest..]) {
                        *y = x.mul_add(w, *y);
                    }
                }
            }
        }
    }
}

fn contiguous(m: ArrayView2<'_, f32>) -> CowArray<'_, f32, Ix2> {
    let by_columns = m.t().is_standard_layout();
    if m.is_standard_layout() || by_columns { m.into() } else { m.to_owned().into() }
}

fn by_layout<'a>(m: &'a CowArray<'_, f32, Ix2>) -> MatRef<'a, f32> {
    let (rows, cols) = m.dim();
    if let Some(slice) = m.as_slice() {
        MatRef::from_row_major_slice(slice, rows, cols)
    } else {
        let slice = m.view().reversed_axes().to_slice().expect("contiguous by columns");
        MatRef::from_column_major_slice(slice, rows, cols)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::*;

    fn counting(rows: usize, cols: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, cols), |(r, c)| ((r * 7 + c * 3) % 11) as f32 - 5.0)
    }

    #[test]
    fn product_equals_ndarray_for_every_layout() {
        // Small integers: both products are exact, so equality is exact.
        let (x, w) = (counting(5, 4), counting(4, 6));
        let want = x.dot(&w);
        let (xt, wt) = (x.t().to_owned(), w.t().to_owned());
        for x in [x.view(), xt.t()] {
            for w in [w.view(), wt.t()] {
                let mut y = Array2::zeros((5, 6));
                product(x, w, y.view_mut());
                assert_eq!(y, want);
                let mut y_by_columns = Array2::zeros((6, 5)).reversed_axes();
                product(x, w, y_by_columns.view_mut());
                assert_eq!(y_by_columns, want);
                product_add(x, w, y.view_mut());
                assert_eq!(y, &want * 2.0);
            }
        }
    }

    #[test]
    fn one_row_is_a_row_of_the_product() {
        for (inputs, outputs) in [(1, 1), (5, 10), (128, 128), (40, 300)] {
            let w = counting(inputs, outputs);
            // With zeros, and integers: exact.
            let x = counting(3, inputs).mapv(|x| if x < 0.0 { 0.0 } else { x });
            let want = x.dot(&w);
            for row in 0..3 {
                let mut y = Array2::ones((1, outputs));
                product(x.slice(s![row..=row, ..]), w.view(), y.view_mut());
                assert_eq!(y.row(0), want.row(row));
                product_add(x.slice(s![row..=row, ..]), w.view(), y.view_mut());
                assert_eq!(y.row(0), &want.row(row) * 2.0);
            }
        }
    }

    #[test]
    fn strided_views_are_copied_not_misread() {
        let (x, w) = (counting(6, 8), counting(4, 6));
        let (x, w) = (x.slice(s![..;2, ..;2]), w.slice(s![.., ..;2]));
        let mut y = Array2::ones((3, 6));
        product_add(x, w, y.slice_mut(s![.., ..;2]));
        assert_eq!(y.slice(s![.., ..;2]), x.dot(&w) + 1.0);
        assert!(y.slice(s![.., 1..;2]).iter().all(|&v| v == 1.0));
    }

    #[test]
    fn scratch_gives_every_use_the_buffer_that_fits() {
        let mut scratch = Scratch::default();
        let lengths = [0, 7, 1000, 30, 1000];
        let mut addresses = |lengths: &[usize]| -> Vec<(usize, usize)> {
            let taken: Vec<Vec<f32>> = lengths.iter().map(|&len| scratch.take(len)).collect();
            let places = taken.iter().map(|b| (b.len(), b.as_ptr() as usize)).collect();
            taken.into_iter().for_each(|buffer| scratch.give(buffer));
            places
        };
        let first = addresses(&lengths);
        assert!(first.iter().map(|(len, _)| len).eq(&lengths));
        let mut again = [first, addresses(&lengths)];
        again.iter_mut().for_each(|places| places.sort_unstable());
        assert_eq!(again[0], again[1], "the same buffers, whatever the order");
    }

    #[test]
    fn exact_is_the_digital_product() {
        let (x, w) = (counting(3, 4), counting(4, 2));
        let mut y = Array2::zeros((3, 2));
        let exact = Exact(w.clone());
        exact.apply(x.view(), 0, y.view_mut(), &mut Scratch::default(), &mut Tally::default());
        assert_eq!((y, exact.shape()), (x.dot(&w), (4, 2)));
    }
}
