//! Products with pairs of 16-bit integers, for every kind of vectors.
//!
//! Vector machines multiply pairs of 16-bit integers and add both products to a sum of 32 bits: as many products an
//! instruction as of single precision, or twice as many (VNNI).

use pulp::NullaryFnOnce;

/// Columns are padded to a multiple of this.
pub(super) const PANEL: usize = 16;

/// Words of a line of memory, which is loaded at once where it starts as one.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Line(pub [u32; PANEL]);

/// Integers of a matrix in the order in which products use them.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    /// Columns, without those that pad them.
    pub cols: usize,
    /// Two rows in one word, the even one in its low half: pairs of rows × panels of columns.
    pub pairs: Vec<Line>,
    /// What 1 stands for in each padded column.
    pub unit: Vec<f32>,
}

impl Packed {
    /// Numbers of a vector.
    fn width(&self) -> usize {
        self.pairs.len() / (self.unit.len() / PANEL) * 2
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

    /// Writes sums as single precision times their units, to as many places as a vector has.
    fn scale(self, sums: Self::Vector, unit: &[f32], y: &mut [f32]);
}

/// Runs a product with the widest vectors of the machine.
pub(super) fn product(matrix: &Packed, x: &[i16], y: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(lanes) = x86::Vnni::try_new() {
            return lanes.vectorize(Product { lanes, matrix, x, y });
        }
        if let Some(lanes) = pulp::x86::V4::try_new() {
            return lanes.vectorize(Product { lanes, matrix, x, y });
        }
        if let Some(lanes) = pulp::x86::V3::try_new() {
            return lanes.vectorize(Product { lanes, matrix, x, y });
        }
    }
    pulp::Arch::new().dispatch(Product { lanes: Plain, matrix, x, y });
}

struct Product<'a, L> {
    lanes: L,
    matrix: &'a Packed,
    x: &'a [i16],
    y: &'a mut [f32],
}

impl<L: Lanes> NullaryFnOnce for Product<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let stride = self.matrix.unit.len();
        let few = self.y.len() < 4 * self.matrix.cols;
        let mut first = 0;
        // Sums fill half of the registers of AVX-512, or of half as many half as wide.
        if L::LANES == PANEL {
            while first + 8 * PANEL <= stride {
                panel::<L, 2, 8>(&mut self, first);
                first += 8 * PANEL;
            }
            while first + 4 * PANEL <= stride {
                panel::<L, 4, 4>(&mut self, first);
                first += 4 * PANEL;
            }
        }
        // Few vectors share little of what is loaded.
        while L::LANES < PANEL && few && first + 8 * L::LANES <= stride {
            panel::<L, 1, 8>(&mut self, first);
            first += 8 * L::LANES;
        }
        while first < stride {
            match PANEL / L::LANES {
                1 => panel::<L, 4, 1>(&mut self, first),
                2 => panel::<L, 4, 2>(&mut self, first),
                _ => panel::<L, 1, 4>(&mut self, first),
            }
            first += PANEL;
        }
    }
}

/// Columns from `first` on, `WIDE` vectors of lanes, for all vectors of the batch, `TALL` at a time.
#[inline(always)]
fn panel<L: Lanes, const TALL: usize, const WIDE: usize>(
    product: &mut Product<'_, L>,
    first: usize,
) {
    let Product { lanes, matrix, x, y } = product;
    let (lanes, cols, width) = (*lanes, matrix.cols, matrix.width());
    let whole = y.len() / cols / TALL * TALL;
    let (x, last_x) = x.split_at(whole * width);
    let (y, last_y) = y.split_at_mut(whole * cols);
    for (x, y) in x.chunks_exact(TALL * width).zip(y.chunks_exact_mut(TALL * cols)) {
        block::<L, TALL, WIDE>(lanes, matrix, first, x, y);
    }
    for (x, y) in last_x.chunks_exact(width).zip(last_y.chunks_exact_mut(cols)) {
        block::<L, 1, WIDE>(lanes, matrix, first, x, y);
    }
}

/// The same for `TALL` vectors, whose sums stay in registers.
#[inline(always)]
fn block<L: Lanes, const TALL: usize, const WIDE: usize>(
    lanes: L,
    matrix: &Packed,
    first: usize,
    x: &[i16],
    y: &mut [f32],
) {
    let (cols, width, stride) = (matrix.cols, matrix.width(), matrix.unit.len() / PANEL);
    let (pairs, lines) = (width / 2, WIDE * L::LANES / PANEL);
    let vectors: [&[[i16; 2]]; TALL] =
        std::array::from_fn(|vector| &x[vector * width..][..width].as_chunks::<2>().0[..pairs]);
    let mut sums = [[lanes.splat(0); WIDE]; TALL];
    // One way out of the loop, or the compiler copies all sums at every turn.
    for pair in 0..pairs {
        let line = &matrix.pairs[pair * stride + first / PANEL..][..lines];
        let cells: [L::Vector; WIDE] = std::array::from_fn(|k| {
            let at = k * L::LANES;
            lanes.load(&line[at / PANEL].0[at % PANEL..])
        });
        for (sums, vector) in sums.iter_mut().zip(&vectors) {
            let [even, odd] = vector[pair];
            let driven = lanes.splat(u32::from(even as u16) | u32::from(odd as u16) << 16);
            for (sum, cells) in sums.iter_mut().zip(cells) {
                *sum = lanes.multiply_add(*sum, driven, cells);
            }
        }
    }
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
        Product { lanes, matrix, x, y: &mut y }.call();
        y
    }

    /// By sums of 64 bits, on all vectors that this machine has, for shapes that are no multiples.
    #[test]
    fn every_kind_of_vectors_gives_the_exact_sum() {
        for (vectors, rows, cols) in
            [(1, 2, 1), (5, 4, 10), (9, 128, 128), (3, 66, 201), (4, 16, 32)]
        {
            let cells = integers(rows * cols, Stream::root(1));
            let mut x = integers(vectors * rows, Stream::root(2));
            x.iter_mut().for_each(|x| *x %= 256);
            let stride = cols.next_multiple_of(PANEL);
            let mut pairs = vec![Line::default(); rows / 2 * (stride / PANEL)];
            for (row, cells) in cells.chunks_exact(cols).enumerate() {
                for (col, &cell) in cells.iter().enumerate() {
                    let line = &mut pairs[row / 2 * (stride / PANEL) + col / PANEL];
                    line.0[col % PANEL] +=
                        u32::from(cell as u16) * if row % 2 == 0 { 1 } else { 1 << 16 };
                }
            }
            let unit: Vec<f32> = (0..stride).map(|col| (col % 5) as f32 + 0.5).collect();
            let mut want = vec![0.0; vectors * cols];
            for (x, want) in x.chunks_exact(rows).zip(want.chunks_exact_mut(cols)) {
                for (col, want) in want.iter_mut().enumerate() {
                    let term = |row| i64::from(x[row]) * i64::from(cells[row * cols + col]);
                    *want = (0..rows).map(term).sum::<i64>() as f32 * unit[col];
                }
            }
            let matrix = Packed { cols, pairs, unit };
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
            product(&matrix, &x, &mut y);
            assert_eq!(y, want, "the widest");
        }
    }
}
