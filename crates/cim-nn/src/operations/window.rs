//! Windows that slide over the places of a channel, for convolutions and pools.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Builder;
use crate::error::{NetworkError, Problem};
use crate::real::Real;
use crate::shape::Shape;

/// One number for both sides of a picture, or height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sides {
    /// Both sides alike; along time only where samples are series.
    Both(usize),
    /// Height and width.
    Each(usize, usize),
}

impl Sides {
    /// Height and width for samples of shape `input`; series have `idle` along the height.
    fn on(self, input: Shape, idle: usize) -> [usize; 2] {
        match self {
            Self::Both(side) if input.height == 1 => [idle, side],
            Self::Both(side) => [side, side],
            Self::Each(height, width) => [height, width],
        }
    }

    /// A stride of one.
    pub fn one() -> Self {
        Self::Both(1)
    }

    /// No padding.
    pub fn zero() -> Self {
        Self::Both(0)
    }
}

/// A window of `kernel` places that moves by `stride` over places with `padding` around them.
/// Sides are height, then width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Places before.
    pub input: [usize; 2],
    /// Places of the window.
    pub output: [usize; 2],
    /// Places in the window.
    pub kernel: [usize; 2],
    /// From window to window.
    pub stride: [usize; 2],
    /// Places around the input that hold nothing.
    pub padding: [usize; 2],
}

impl Window {
    /// The window for samples of shape `input`.
    ///
    /// # Errors
    /// [`Problem`] where a kernel or stride is zero, or a kernel does not fit.
    pub(crate) fn new(
        input: Shape,
        [kernel, stride, padding]: [Sides; 3],
        builder: &Builder,
    ) -> Result<Self, NetworkError> {
        let [kernel, stride, padding] =
            [(kernel, 1), (stride, 1), (padding, 0)].map(|(sides, idle)| sides.on(input, idle));
        let input = [input.height, input.width];
        let mut output = [0; 2];
        for side in 0..2 {
            let (places, kernel, padding) = (input[side], kernel[side], padding[side]);
            builder.positive("kernel", kernel)?;
            builder.positive("stride", stride[side])?;
            let padded = padding.checked_mul(2).and_then(|p| p.checked_add(places));
            let steps = padded.and_then(|n| n.checked_sub(kernel));
            output[side] = match steps {
                Some(steps) if padding < kernel => steps / stride[side] + 1,
                _ => return Err(builder.problem(Problem::Window { kernel, padding, places })),
            };
        }
        Ok(Self { input, output, kernel, stride, padding })
    }

    /// Places of the output.
    pub fn outputs(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Places of the input.
    pub fn inputs(&self) -> usize {
        self.input[0] * self.input[1]
    }

    /// Places in the window.
    pub fn kernel_len(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Whether the window is a single place, at every place.
    pub fn is_identity(&self) -> bool {
        (self.kernel, self.stride, self.padding) == ([1; 2], [1; 2], [0; 2])
    }

    /// Outputs along `side` whose input at `offset` of the window is inside.
    #[inline(always)]
    pub fn inside(&self, side: usize, offset: usize) -> Range<usize> {
        let (stride, padding) = (self.stride[side], self.padding[side]);
        let steps = |places: usize| if stride == 1 { places } else { places.div_ceil(stride) };
        let first = steps(padding.saturating_sub(offset));
        let end = steps((self.input[side] + padding).saturating_sub(offset));
        let end = end.min(self.output[side]);
        first.min(end)..end
    }

    /// Whether lines of the output are as long as those of the input, place by place: one place in the
    /// window then sees the input shifted, whole rows at a time.
    fn is_shift(&self) -> bool {
        self.stride == [1; 2] && self.input[1] == self.output[1]
    }

    /// What the place `[down, right]` in a window that [is a shift](Self::is_shift) sees in output rows
    /// `rows`.
    #[inline(always)]
    fn shifted(&self, rows: &Range<usize>, [down, right]: [usize; 2]) -> Shifted {
        let line = self.output[1];
        let (high, wide) = (self.inside(0, down), self.inside(1, right));
        let first = high.start.clamp(rows.start, rows.end);
        let end = high.end.clamp(first, rows.end);
        if wide.is_empty() || first == end {
            return Shifted { entries: 0..0, place: 0, wide };
        }
        // From the first entry inside to the last: what lies between, beyond the ends of lines, is
        // taken along.
        let entries =
            (first - rows.start) * line + wide.start..(end - 1 - rows.start) * line + wide.end;
        let row = first + down - self.padding[0];
        Shifted { entries, place: row * line + wide.start + right - self.padding[1], wide }
    }

    /// Copies the windows of output rows `rows` of one sample (channels × places) into `columns`:
    /// one row for each channel and place in the window, one entry for each window.
    ///
    /// This is the transpose of im2col: entry `(k, r)` is what input `k` of the product sees at
    /// position `r`.
    pub fn unfold<T: Real>(&self, x: &[T], rows: Range<usize>, columns: &mut [T]) {
        pulp::Arch::new().dispatch(Unfold { window: *self, x, rows, columns });
    }

    /// Adds `columns` to the places of `x` that [`unfold`](Self::unfold) took them from; what they hold
    /// where there is no place may be changed.
    pub fn fold<T: Real>(&self, columns: &mut [T], rows: Range<usize>, x: &mut [T]) {
        pulp::Arch::new().dispatch(Fold { window: *self, columns, rows, x });
    }
}

/// Entries of a column that are a piece of the input as it lies there.
struct Shifted {
    /// From the first entry inside to the last.
    entries: Range<usize>,
    /// Place of the input that the first of them sees.
    place: usize,
    /// Entries of each line that are inside.
    wide: Range<usize>,
}

impl Shifted {
    /// Clears the entries of a column that see no place of the input.
    #[inline(always)]
    fn clear<T: Real>(&self, column: &mut [T], line: usize) {
        column[..self.entries.start].fill(T::default());
        column[self.entries.end..].fill(T::default());
        for place in (0..self.wide.start).chain(self.wide.end..line) {
            for entry in column[place..].iter_mut().step_by(line) {
                *entry = T::default();
            }
        }
    }
}

struct Unfold<'a, T> {
    window: Window,
    x: &'a [T],
    rows: Range<usize>,
    columns: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for Unfold<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { window, x, rows, columns } = self;
        let ([_, out_width], [in_height, in_width]) = (window.output, window.input);
        let width = rows.len() * out_width;
        let stride = window.stride[1];
        for (k, column) in columns.chunks_exact_mut(width).enumerate() {
            let (channel, place) = (k / window.kernel_len(), k % window.kernel_len());
            let [down, right] = [place / window.kernel[1], place % window.kernel[1]];
            let plane = &x[channel * in_height * in_width..][..in_height * in_width];
            if window.is_shift() {
                let shifted = window.shifted(&rows, [down, right]);
                let seen = shifted.entries.clone();
                column[seen.clone()].copy_from_slice(&plane[shifted.place..][..seen.len()]);
                shifted.clear(column, out_width);
                continue;
            }
            let (high, wide) = (window.inside(0, down), window.inside(1, right));
            for (out_row, line) in rows.clone().zip(column.chunks_exact_mut(out_width)) {
                if !high.contains(&out_row) || wide.is_empty() {
                    line.fill(T::default());
                    continue;
                }
                let row = out_row * window.stride[0] + down - window.padding[0];
                let first = wide.start * stride + right - window.padding[1];
                let from = &plane[row * in_width + first..(row + 1) * in_width];
                line[..wide.start].fill(T::default());
                line[wide.end..].fill(T::default());
                let to = &mut line[wide.clone()];
                if stride == 1 {
                    for (to, &from) in to.iter_mut().zip(from) {
                        *to = from;
                    }
                } else {
                    for (to, from) in to.iter_mut().zip(from.chunks(stride)) {
                        *to = from[0];
                    }
                }
            }
        }
    }
}

struct Fold<'a, T> {
    window: Window,
    columns: &'a mut [T],
    rows: Range<usize>,
    x: &'a mut [T],
}

impl<T: Real> pulp::NullaryFnOnce for Fold<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { window, columns, rows, x } = self;
        let ([_, out_width], [in_height, in_width]) = (window.output, window.input);
        let width = rows.len() * out_width;
        let stride = window.stride[1];
        for (k, column) in columns.chunks_exact_mut(width).enumerate() {
            let (channel, place) = (k / window.kernel_len(), k % window.kernel_len());
            let [down, right] = [place / window.kernel[1], place % window.kernel[1]];
            let plane = &mut x[channel * in_height * in_width..][..in_height * in_width];
            if window.is_shift() {
                let shifted = window.shifted(&rows, [down, right]);
                shifted.clear(column, out_width);
                let column = &column[shifted.entries.clone()];
                let places = &mut plane[shifted.place..][..column.len()];
                for (place, &slope) in places.iter_mut().zip(column) {
                    *place += slope;
                }
                continue;
            }
            let (high, wide) = (window.inside(0, down), window.inside(1, right));
            for (out_row, line) in rows.clone().zip(column.chunks_exact(out_width)) {
                if !high.contains(&out_row) || wide.is_empty() {
                    continue;
                }
                let row = out_row * window.stride[0] + down - window.padding[0];
                let first = wide.start * stride + right - window.padding[1];
                let to = &mut plane[row * in_width + first..(row + 1) * in_width];
                let from = &line[wide.clone()];
                if stride == 1 {
                    for (to, &from) in to.iter_mut().zip(from) {
                        *to += from;
                    }
                } else {
                    for (to, &from) in to.chunks_mut(stride).zip(from) {
                        to[0] += from;
                    }
                }
            }
        }
    }
}

impl Window {
    /// Calls `visit` with every pair of an output and a place of the input inside its window, place
    /// in the window by place in the window.
    #[inline(always)]
    pub fn for_each(&self, mut visit: impl FnMut(usize, usize)) {
        for down in 0..self.kernel[0] {
            for right in 0..self.kernel[1] {
                let wide = self.inside(1, right);
                for out_row in self.inside(0, down) {
                    let row = out_row * self.stride[0] + down - self.padding[0];
                    for out_col in wide.clone() {
                        let col = out_col * self.stride[1] + right - self.padding[1];
                        visit(out_row * self.output[1] + out_col, row * self.input[1] + col);
                    }
                }
            }
        }
    }
}
