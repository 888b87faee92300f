//! Windows that slide over feature maps of one to three dimensions.

use crate::attributes::Attributes;
use crate::error::{OpError, invalid, unsupported};

/// How a window is put on its feature maps.
#[derive(Clone, Debug)]
pub(super) struct WindowSpec {
    pub kernel: Option<Vec<usize>>,
    strides: Option<Vec<usize>>,
    dilations: Option<Vec<usize>>,
    padding: Padding,
    /// Whether a window may start inside and end beyond the padding.
    rounds_up: bool,
}

#[derive(Clone, Debug)]
enum Padding {
    /// Before every dimension, then after every dimension.
    Given(Option<Vec<usize>>),
    /// As many positions as strides fit; the odd one of the padding behind or in front.
    Same { odd_behind: bool },
}

/// Sizes along depth, height and width; fewer dimensions have 1 in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub input: [usize; 3],
    pub output: [usize; 3],
    pub kernel: [usize; 3],
    pub stride: [usize; 3],
    pub dilation: [usize; 3],
    pub before: [usize; 3],
    pub after: [usize; 3],
}

impl WindowSpec {
    pub(super) fn of(attributes: &mut Attributes) -> Result<Self, OpError> {
        let pads = attributes.sizes("pads")?;
        let padding = match attributes.text_or("auto_pad", "NOTSET")?.as_str() {
            "NOTSET" => Padding::Given(pads),
            "VALID" => Padding::Given(None),
            "SAME_UPPER" => Padding::Same { odd_behind: true },
            "SAME_LOWER" => Padding::Same { odd_behind: false },
            other => return Err(invalid!("auto_pad {other:?}")),
        };
        Ok(Self {
            kernel: attributes.sizes("kernel_shape")?,
            strides: attributes.sizes("strides")?,
            dilations: attributes.sizes("dilations")?,
            padding,
            rounds_up: false,
        })
    }

    pub(super) fn rounding_up(mut self, rounds_up: bool) -> Self {
        self.rounds_up = rounds_up;
        self
    }

    /// The window of a `kernel` on feature maps with these dimensions in space.
    pub(super) fn on(&self, space: &[usize], kernel: &[usize]) -> Result<Window, OpError> {
        let rank = space.len();
        if !(1..=3).contains(&rank) {
            return Err(unsupported!("a window over {rank} dimensions"));
        }
        let of_rank = |values: &Option<Vec<usize>>, name: &str| match values {
            None => Ok(vec![1; rank]),
            Some(values) if values.len() == rank => Ok(values.clone()),
            Some(values) => Err(invalid!("{name} {values:?} over {rank} dimensions")),
        };
        let strides = of_rank(&self.strides, "strides")?;
        let dilations = of_rank(&self.dilations, "dilations")?;
        let kernel = of_rank(&Some(kernel.to_vec()), "kernel_shape")?;
        if strides.contains(&0) || dilations.contains(&0) || kernel.contains(&0) {
            return Err(invalid!(
                "kernel {kernel:?}, strides {strides:?}, dilations {dilations:?}"
            ));
        }
        let mut window = Window {
            input: [1; 3],
            output: [1; 3],
            kernel: [1; 3],
            stride: [1; 3],
            dilation: [1; 3],
            before: [0; 3],
            after: [0; 3],
        };
        for k in 0..rank {
            let at = k + 3 - rank;
            let span = (kernel[k] - 1).saturating_mul(dilations[k]).saturating_add(1);
            let (before, after) = match &self.padding {
                Padding::Given(None) => (0, 0),
                Padding::Given(Some(pads)) if pads.len() == 2 * rank => (pads[k], pads[k + rank]),
                Padding::Given(Some(pads)) => {
                    return Err(invalid!("pads {pads:?} over {rank} dimensions"));
                }
                Padding::Same { odd_behind } => {
                    let positions = space[k].div_ceil(strides[k]);
                    let reach =
                        positions.saturating_sub(1).saturating_mul(strides[k]).saturating_add(span);
                    let sum = reach.saturating_sub(space[k]);
                    let less = sum / 2;
                    if *odd_behind { (less, sum - less) } else { (sum - less, less) }
                }
            };
            let padded = space[k].saturating_add(before).saturating_add(after);
            let Some(room) = padded.checked_sub(span) else {
                return Err(invalid!("a kernel of {span} on {padded} padded elements"));
            };
            let mut positions = room / strides[k] + 1;
            if self.rounds_up
                && room % strides[k] != 0
                && positions * strides[k] < space[k] + before
            {
                positions += 1;
            }
            window.input[at] = space[k];
            window.output[at] = positions;
            window.kernel[at] = kernel[k];
            window.stride[at] = strides[k];
            window.dilation[at] = dilations[k];
            (window.before[at], window.after[at]) = (before, after);
        }
        Ok(window)
    }
}

impl Window {
    /// Positions of the window.
    pub(super) fn positions(&self) -> usize {
        self.output.iter().product()
    }

    /// Elements under the window.
    pub(super) fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// Elements of a feature map.
    pub(super) fn pixels(&self) -> usize {
        self.input.iter().product()
    }

    /// Whether every position sees one element, the one at its own place.
    pub(super) fn is_pointwise(&self) -> bool {
        self.kernel == [1; 3] && self.stride == [1; 3] && self.input == self.output
    }

    /// Dimensions in space of the result, of as many as there were.
    pub(super) fn shape(&self, rank: usize) -> &[usize] {
        &self.output[3 - rank..]
    }

    /// Element that tap `tap` along dimension `k` sees at position `at`, unless it is padding.
    fn source(&self, k: usize, at: usize, tap: usize) -> Option<usize> {
        let source = (at * self.stride[k] + tap * self.dilation[k]).checked_sub(self.before[k])?;
        (source < self.input[k]).then_some(source)
    }

    /// Depth, height and width of a position.
    fn place(&self, position: usize) -> [usize; 3] {
        let [_, h, w] = self.output;
        [position / (h * w), position / w % h, position % w]
    }

    /// Calls `visit` for every element under the window at `position`: tap, and pixel unless it is
    /// padding.
    pub(super) fn visit(&self, position: usize, mut visit: impl FnMut(usize, Option<usize>)) {
        let [d, h, w] = self.place(position);
        let mut tap = 0;
        for kd in 0..self.kernel[0] {
            let z = self.source(0, d, kd);
            for kh in 0..self.kernel[1] {
                let row = z.zip(self.source(1, h, kh)).map(|(z, y)| z * self.input[1] + y);
                for kw in 0..self.kernel[2] {
                    let pixel =
                        row.zip(self.source(2, w, kw)).map(|(row, x)| row * self.input[2] + x);
                    visit(tap, pixel);
                    tap += 1;
                }
            }
        }
    }

    /// Writes what the window sees at `position` of a feature map (pixels × channels) for
    /// `count` channels from `first`: taps × count.
    pub(super) fn gather(
        &self,
        map: &[f32],
        channels: usize,
        (first, count): (usize, usize),
        position: usize,
        row: &mut [f32],
    ) {
        let [d, h, w] = self.place(position);
        let taps_w = self.kernel[2];
        let run = taps_w * count;
        // All channels of a row of taps lie side by side, unless the row hangs over an edge.
        let left = (w * self.stride[2]).checked_sub(self.before[2]);
        let whole = left.filter(|left| {
            count == channels && self.dilation[2] == 1 && left + taps_w <= self.input[2]
        });
        let mut rows = row.chunks_exact_mut(run);
        for kd in 0..self.kernel[0] {
            let z = self.source(0, d, kd);
            for kh in 0..self.kernel[1] {
                let Some(out) = rows.next() else { return };
                let Some(line) = z.zip(self.source(1, h, kh)).map(|(z, y)| z * self.input[1] + y)
                else {
                    out.fill(0.0);
                    continue;
                };
                let line = line * self.input[2];
                if let Some(left) = whole {
                    let from = (line + left) * channels;
                    out.copy_from_slice(&map[from..from + run]);
                    continue;
                }
                for (kw, out) in out.chunks_exact_mut(count).enumerate() {
                    match self.source(2, w, kw) {
                        None => out.fill(0.0),
                        Some(x) => {
                            let from = (line + x) * channels + first;
                            out.copy_from_slice(&map[from..from + count]);
                        }
                    }
                }
            }
        }
    }
}

impl Window {
    /// Taps at `position` that lie within the feature map or its padding.
    pub(super) fn padded_taps(&self, position: usize) -> usize {
        let place = self.place(position);
        let along = |k: usize| {
            let end = self.before[k] + self.input[k] + self.after[k];
            let is_inside = |&tap: &usize| place[k] * self.stride[k] + tap * self.dilation[k] < end;
            (0..self.kernel[k]).filter(is_inside).count()
        };
        along(0) * along(1) * along(2)
    }
}
