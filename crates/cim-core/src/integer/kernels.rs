//! Products with pairs of 16-bit integers, for every kind of vectors.
//!
//! Vector machines multiply pairs of 16-bit integers and add both products to a sum of 32 bits: as many products an
//! instruction as of single precision, or twice as many (VNNI).

use pulp::NullaryFnOnce;

/// Columns are padded to a multiple of this.
pub(super) const PANEL: usize = 16;
/// Panels that are multiplied together, as long as there are as many.
pub(super) const WIDE: usize = 4;
/// Vectors that are multiplied together, likewise.
pub(super) const TALL: usize = 4;

/// Words of a line of memory, which is loaded at once where it starts as one.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Line(pub [u32; PANEL]);

/// Integers of a matrix in the order in which products use them.
///
/// A word holds those of two rows, of the even one in its low half. The words of [`WIDE`] panels lie side by side, pair of
/// rows by pair of rows, as long as there are as many panels; then those of the other panels one by one.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    /// Columns, without those that pad them.
    pub cols: usize,
    /// Pairs of rows.
    pub pairs: usize,
    lines: Vec<Line>,
    /// What 1 stands for in each padded column.
    pub unit: Vec<f32>,
}

impl Packed {
    /// Nothing but zeros.
    pub fn zeros(pairs: usize, cols: usize) -> Self {
        let panels = cols.div_ceil(PANEL);
        let lines = vec![Line::default(); panels * pairs];
        Self { cols, pairs, lines, unit: vec![0.0; panels * PANEL] }
    }

    /// Lines of panels that lie side by side.
    fn in_wide(&self) -> usize {
        self.unit.len() / PANEL / WIDE * WIDE * self.pairs
    }

    /// The words of a panel, a line for each pair of rows.
    pub fn lines_of(&mut self, panel: usize) -> impl Iterator<Item = &mut Line> {
        let first = panel * self.pairs;
        let (start, step) = if first < self.in_wide() {
            (panel / WIDE * WIDE * self.pairs + panel % WIDE, WIDE)
        } else {
            (first, 1)
        };
        self.lines[start..].iter_mut().step_by(step).take(self.pairs)
    }
}

/// Vectors of integers of 32 bits, or of pairs of 16.
trait Lanes: Copy {
    type Vector: Copy;

    /// Integers of a vector.
    const LANES: usize;

    /// The same everywhere.
    fn splat(self, value: u32) -> Self::Vector;

    /// The first of a slice.
    fn load(self, values: &[u32]) -> Self::Vector;

    /// Adds both products of every pair to a sum.
    fn multiply_add(self, sums: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// Adds sums.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// Writes sums as single precision times their units, to as many places as a vector has.
    fn scale(self, sums: Self::Vector, unit: &[f32], y: &mut [f32]);
}

/// Runs a product with the widest vectors of the machine; `tall` is room for the integers of all vectors.
pub(super) fn product(matrix: &Packed, x: &[i16], tall: &mut [i16], y: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(lanes) = x86::Vnni::try_new() {
            return lanes.vectorize(Product { lanes, matrix, x, tall, y });
        }
        if let Some(lanes) = pulp::x86::V4::try_new() {
            return lanes.vectorize(Product { lanes, matrix, x, tall, y });
        }
        if let Some(lanes) = pulp::x86::V3::try_new() {
            return lanes.vectorize(Product { lanes, matrix, x, tall, y });
        }
    }
    pulp::Arch::new().dispatch(Product { lanes: Plain, matrix, x, tall, y });
}

struct Product<'a, L> {
    lanes: L,
    matrix: &'a Packed,
    x: &'a [i16],
    /// The vectors that are multiplied together, side by side pair by pair.
    tall: &'a mut [i16],
    y: &'a mut [f32],
}

impl<L: Lanes> NullaryFnOnce for Product<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { lanes, matrix, x, tall, y } = self;
        let (pairs, cols) = (matrix.pairs, matrix.cols);
        let vectors = x.len() / (2 * pairs);
        let together = vectors / TALL * TALL;
        let (x, last_x) = x.split_at(2 * pairs * together);
        let (y, last_y) = y.split_at_mut(cols * together);
        let tall = &mut tall[..x.len()];
        side_by_side(x, tall, pairs);
        let (tall, last_x) = (driven::<TALL>(tall), driven::<1>(last_x));
        let (wide, narrow) = matrix.lines.split_at(matrix.in_wide());
        let mut first = 0;
        for lines in wide.as_chunks::<WIDE>().0.chunks_exact(pairs) {
            // Sums of all vectors and panels fill half of the registers of AVX-512, or of half as many half as wide.
            match PANEL / L::LANES {
                1 => {
                    panel::<L, TALL, WIDE, 1, WIDE>(lanes, matrix, (lines, tall), first, y);
                    panel::<L, 1, WIDE, 2, WIDE>(lanes, matrix, (lines, last_x), first, last_y);
                }
                2 => {
                    panel::<L, TALL, 2, 1, WIDE>(lanes, matrix, (lines, tall), first, y);
                    panel::<L, 1, 8, 1, WIDE>(lanes, matrix, (lines, last_x), first, last_y);
                }
                _ => {
                    panel::<L, TALL, 1, 1, WIDE>(lanes, matrix, (lines, tall), first, y);
                    panel::<L, 1, 4, 1, WIDE>(lanes, matrix, (lines, last_x), first, last_y);
                }
            }
            first += WIDE * PANEL;
        }
        for lines in narrow.as_chunks::<1>().0.chunks_exact(pairs) {
            match PANEL / L::LANES {
                1 => {
                    panel::<L, TALL, 1, 2, 1>(lanes, matrix, (lines, tall), first, y);
                    panel::<L, 1, 1, 2, 1>(lanes, matrix, (lines, last_x), first, last_y);
                }
                2 => {
                    panel::<L, TALL, 2, 1, 1>(lanes, matrix, (lines, tall), first, y);
                    panel::<L, 1, 2, 2, 1>(lanes, matrix, (lines, last_x), first, last_y);
                }
                _ => {
                    panel::<L, TALL, 1, 1, 1>(lanes, matrix, (lines, tall), first, y);
                    panel::<L, 1, 4, 1, 1>(lanes, matrix, (lines, last_x), first, last_y);
                }
            }
            first += PANEL;
        }
    }
}

/// Pairs of numbers, of so many vectors side by side.
fn driven<const T: usize>(x: &[i16]) -> &[[[i16; 2]; T]] {
    x.as_chunks::<2>().0.as_chunks::<T>().0
}

/// Brings pairs of numbers of [`TALL`] vectors side by side.
#[inline(always)]
fn side_by_side(x: &[i16], tall: &mut [i16], pairs: usize) {
    let vectors = x.as_chunks::<2>().0.chunks_exact(TALL * pairs);
    let all = tall.as_chunks_mut::<2>().0.as_chunks_mut::<TALL>().0.chunks_exact_mut(pairs);
    for (vectors, all) in vectors.zip(all) {
        let mut each = vectors.chunks_exact(pairs);
        let [a, b, c, d]: [_; TALL] =
            std::array::from_fn(|_| each.next().expect("as many vectors"));
        for ((((to, a), b), c), d) in all.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *to = [*a, *b, *c, *d];
        }
    }
}

/// Columns from `first` on, those of `lines`, for all vectors, `T` at a time; `W` vectors of lanes at a time, of rows in `S`
/// parts.
#[inline(always)]
fn panel<L: Lanes, const T: usize, const W: usize, const S: usize, const P: usize>(
    lanes: L,
    matrix: &Packed,
    (lines, driven): (&[[Line; P]], &[[[i16; 2]; T]]),
    first: usize,
    y: &mut [f32],
) {
    let (pairs, cols) = (matrix.pairs, matrix.cols);
    for (driven, y) in driven.chunks_exact(pairs).zip(y.chunks_exact_mut(T * cols)) {
        for part in 0..P * PANEL / (W * L::LANES) {
            let at = part * W * L::LANES;
            let sums = block::<L, T, W, S, P>(lanes, lines, at, driven);
            let first = first + at;
            for (sums, y) in sums.iter().zip(y.chunks_exact_mut(cols)) {
                for (k, sum) in sums.iter().enumerate() {
                    let from = first + k * L::LANES;
                    let unit = &matrix.unit[from..][..L::LANES];
                    if from + L::LANES <= cols {
                        lanes.scale(*sum, unit, &mut y[from..][..L::LANES]);
                    } else if from < cols {
                        let mut last = [0.0; PANEL];
                        lanes.scale(*sum, unit, &mut last[..L::LANES]);
                        y[from..].copy_from_slice(&last[..cols - from]);
                    }
                }
            }
        }
    }
}

/// Sums of `T` vectors in `W` vectors of lanes from column `at` of `lines` on; both halves of the rows at once, with sums of
/// their own, where `S` is 2.
#[inline(always)]
fn block<L: Lanes, const T: usize, const W: usize, const S: usize, const P: usize>(
    lanes: L,
    lines: &[[Line; P]],
    at: usize,
    driven: &[[[i16; 2]; T]],
) -> [[L::Vector; W]; T] {
    let mut sums = [[lanes.splat(0); W]; T];
    let half = lines.len() / S;
    let (lines, other_lines) = lines.split_at(half);
    let (driven, other_driven) = driven.split_at(half);
    // No way out of a loop but its end, or the compiler copies all sums at every turn.
    if S == 2 {
        let mut others = sums;
        let (last_line, last_driven) = (&other_lines[half..], &other_driven[half..]);
        let both = lines.iter().zip(driven).zip(other_lines.iter().zip(other_driven));
        for ((line, driven), (other_line, other_driven)) in both {
            add(lanes, line, at, driven, &mut sums);
            add(lanes, other_line, at, other_driven, &mut others);
        }
        for (line, driven) in last_line.iter().zip(last_driven) {
            add(lanes, line, at, driven, &mut sums);
        }
        for (sums, others) in sums.iter_mut().zip(others) {
            for (sum, other) in sums.iter_mut().zip(others) {
                *sum = lanes.add(*sum, other);
            }
        }
    } else {
        for (line, driven) in lines.iter().zip(driven) {
            add(lanes, line, at, driven, &mut sums);
        }
    }
    sums
}

/// Adds the products of a pair of rows.
#[inline(always)]
fn add<L: Lanes, const T: usize, const W: usize, const P: usize>(
    lanes: L,
    line: &[Line; P],
    at: usize,
    driven: &[[i16; 2]; T],
    sums: &mut [[L::Vector; W]; T],
) {
    let cells: [L::Vector; W] = std::array::from_fn(|k| {
        let at = at + k * L::LANES;
        lanes.load(&line[at / PANEL].0[at % PANEL..])
    });
    for (sums, [even, odd]) in sums.iter_mut().zip(driven) {
        let driven = lanes.splat(u32::from(*even as u16) | u32::from(*odd as u16) << 16);
        for (sum, cells) in sums.iter_mut().zip(cells) {
            *sum = lanes.multiply_add(*sum, driven, cells);
        }
    }
}

/// Without vectors of their own, for what the compiler makes of it.
#[derive(Clone, Copy)]
struct Plain;

impl Lanes for Plain {
    type Vector = [u32; 4];

    const LANES: usize = 4;

    #[inline(always)]
    fn splat(self, value: u32) -> [u32; 4] {
        [value; 4]
    }

    #[inline(always)]
    fn load(self, values: &[u32]) -> [u32; 4] {
        values.as_chunks::<4>().0[0]
    }

    #[inline(always)]
    fn multiply_add(self, sums: [u32; 4], a: [u32; 4], b: [u32; 4]) -> [u32; 4] {
        let [low, high] = [|pair: u32| i32::from(pair as i16), |pair: u32| pair as i32 >> 16];
        std::array::from_fn(|i| {
            let products = low(a[i]) * low(b[i]) + high(a[i]) * high(b[i]);
            sums[i].wrapping_add(products as u32)
        })
    }

    #[inline(always)]
    fn add(self, a: [u32; 4], b: [u32; 4]) -> [u32; 4] {
        std::array::from_fn(|i| a[i].wrapping_add(b[i]))
    }

    #[inline(always)]
    fn scale(self, sums: [u32; 4], unit: &[f32], y: &mut [f32]) {
        for ((y, sum), unit) in y.iter_mut().zip(sums).zip(unit) {
            *y = sum as i32 as f32 * unit;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m256i, __m512i};

    use crate::integer::kernels::Lanes;

    pulp::simd_type!({
        /// AVX-512 with sums of products of integers in one instruction, to which the compiler joins the two of
        /// AVX-512 without.
        pub(super) struct Vnni {
            sse: ident!("sse"),
            avx2: ident!("avx2"),
            fma: ident!("fma"),
            avx512f: ident!("avx512f"),
            avx512bw: ident!("avx512bw"),
            avx512dq: ident!("avx512dq"),
            avx512vl: ident!("avx512vl"),
            avx512vnni: ident!("avx512vnni"),
        }
    });

    macro_rules! avx512 {
        ($lanes:ty) => {
            impl Lanes for $lanes {
                type Vector = __m512i;

                const LANES: usize = 16;

                #[inline(always)]
                fn splat(self, value: u32) -> __m512i {
                    pulp::cast([value; 16])
                }

                #[inline(always)]
                fn load(self, values: &[u32]) -> __m512i {
                    pulp::cast(values.as_chunks::<16>().0[0])
                }

                #[inline(always)]
                fn multiply_add(self, sums: __m512i, a: __m512i, b: __m512i) -> __m512i {
                    self.avx512f._mm512_add_epi32(sums, self.avx512bw._mm512_madd_epi16(a, b))
                }

                #[inline(always)]
                fn add(self, a: __m512i, b: __m512i) -> __m512i {
                    self.avx512f._mm512_add_epi32(a, b)
                }

                #[inline(always)]
                fn scale(self, sums: __m512i, unit: &[f32], y: &mut [f32]) {
                    let unit = pulp::cast(unit.as_chunks::<16>().0[0]);
                    let sums = self.avx512f._mm512_cvtepi32_ps(sums);
                    y.as_chunks_mut::<16>().0[0] =
                        pulp::cast(self.avx512f._mm512_mul_ps(sums, unit));
                }
            }
        };
    }

    avx512!(Vnni);
    avx512!(pulp::x86::V4);

    impl Lanes for pulp::x86::V3 {
        type Vector = __m256i;

        const LANES: usize = 8;

        #[inline(always)]
        fn splat(self, value: u32) -> __m256i {
            pulp::cast([value; 8])
        }

        #[inline(always)]
        fn load(self, values: &[u32]) -> __m256i {
            pulp::cast(values.as_chunks::<8>().0[0])
        }

        #[inline(always)]
        fn multiply_add(self, sums: __m256i, a: __m256i, b: __m256i) -> __m256i {
            self.avx2._mm256_add_epi32(sums, self.avx2._mm256_madd_epi16(a, b))
        }

        #[inline(always)]
        fn add(self, a: __m256i, b: __m256i) -> __m256i {
            self.avx2._mm256_add_epi32(a, b)
        }

        #[inline(always)]
        fn scale(self, sums: __m256i, unit: &[f32], y: &mut [f32]) {
            let unit = pulp::cast(unit.as_chunks::<8>().0[0]);
            let sums = self.avx._mm256_cvtepi32_ps(sums);
            y.as_chunks_mut::<8>().0[0] = pulp::cast(self.avx._mm256_mul_ps(sums, unit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stream;

    fn integers(count: usize, at: Stream) -> Vec<i16> {
        let mut uniform = vec![0.0; count];
        at.fill_uniform(0, &mut uniform);
        uniform.iter().map(|u| (65_534.0 * (u - 0.5)) as i16).collect()
    }

    fn run(lanes: impl Lanes, matrix: &Packed, x: &[i16], vectors: usize) -> Vec<f32> {
        let mut y = vec![f32::NAN; vectors * matrix.cols];
        let tall = &mut vec![0; x.len()];
        Product { lanes, matrix, x, tall, y: &mut y }.call();
        y
    }

    /// By sums of 64 bits, on all vectors that this machine has, for shapes that are no multiples.
    #[test]
    fn every_kind_of_vectors_gives_the_exact_sum() {
        for (vectors, rows, cols) in
            [(1, 2, 1), (5, 4, 10), (9, 128, 128), (3, 66, 201), (4, 16, 32), (6, 10, 260)]
        {
            let cells = integers(rows * cols, Stream::root(1));
            let mut x = integers(vectors * rows, Stream::root(2));
            x.iter_mut().for_each(|x| *x %= 256);
            let mut matrix = Packed::zeros(rows / 2, cols);
            for (row, cells) in cells.chunks_exact(cols).enumerate() {
                for (col, &cell) in cells.iter().enumerate() {
                    let line = matrix.lines_of(col / PANEL).nth(row / 2).expect("a pair of rows");
                    line.0[col % PANEL] +=
                        u32::from(cell as u16) * if row % 2 == 0 { 1 } else { 1 << 16 };
                }
            }
            matrix
                .unit
                .iter_mut()
                .enumerate()
                .for_each(|(col, unit)| *unit = (col % 5) as f32 + 0.5);
            let mut want = vec![0.0; vectors * cols];
            for (x, want) in x.chunks_exact(rows).zip(want.chunks_exact_mut(cols)) {
                for (col, want) in want.iter_mut().enumerate() {
                    let term = |row| i64::from(x[row]) * i64::from(cells[row * cols + col]);
                    *want = (0..rows).map(term).sum::<i64>() as f32 * matrix.unit[col];
                }
            }
            assert_eq!(run(Plain, &matrix, &x, vectors), want, "plain");
            #[cfg(target_arch = "x86_64")]
            {
                if let Some(lanes) = pulp::x86::V3::try_new() {
                    assert_eq!(run(lanes, &matrix, &x, vectors), want, "AVX2");
                }
                if let Some(lanes) = pulp::x86::V4::try_new() {
                    assert_eq!(run(lanes, &matrix, &x, vectors), want, "AVX-512");
                }
                if let Some(lanes) = x86::Vnni::try_new() {
                    assert_eq!(run(lanes, &matrix, &x, vectors), want, "VNNI");
                }
            }
            let mut y = vec![f32::NAN; want.len()];
            product(&matrix, &x, &mut vec![0; x.len()], &mut y);
            assert_eq!(y, want, "the widest");
        }
    }
}
