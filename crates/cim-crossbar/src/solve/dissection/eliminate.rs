//! The star–mesh transform on one dense front.

/// Rows of a register block.
const MR: usize = 4;
/// Columns of a register block.
const NR: usize = 16;
/// Nodes that are removed before the others of a front see them.
const PANEL: usize = 16;
/// Removed nodes of one packed product: 32 KiB of pivot rows.
const DEPTH: usize = 256;

/// Rows that meet every column before the next do: 128 KiB packed.
const ROWS: usize = 64;
/// Columns of a row that are updated at once.
const LANES: usize = 8;
/// Most nodes that are removed one by one from all others: packing them would take longer.
const FEW: usize = 1;

/// A network of `order` nodes: the conductance of every pair `i < j` at `[i · stride + j]`.
///
/// What lies on and below the diagonal, and beyond the last column, has no meaning.
#[derive(Clone, Debug, Default)]
pub(super) struct Front {
    pub order: usize,
    pub stride: usize,
    pub values: Vec<f64>,
}

impl Front {
    /// Becomes an unconnected network.
    pub fn reset(&mut self, order: usize) {
        self.order = order;
        self.stride = stride(order);
        let room = (order + MR) * self.stride;
        if self.values.len() < room {
            self.values.resize(room, 0.0);
        }
        for (i, row) in self.values.chunks_exact_mut(self.stride).take(order).enumerate() {
            row[i + 1..order].fill(0.0);
        }
    }
}

/// Room for register blocks that overhang the last column.
fn stride(order: usize) -> usize {
    (order + NR).next_multiple_of(LANES)
}

/// Memory that an elimination uses.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    inverse: Vec<f64>,
    left: Vec<f64>,
    right: Vec<f64>,
}

/// Removes the first `removed` nodes of `front` and leaves the sum of each one's conductances, at
/// the moment of its removal, in `sums`. A node without any is left out. What comes between two of
/// the nodes from `wanted` on is left undone.
pub(super) fn eliminate(
    front: &mut Front,
    (removed, wanted): (usize, usize),
    sums: &mut Vec<f64>,
    space: &mut Workspace,
) {
    sums.clear();
    sums.resize(removed, 0.0);
    space.inverse.clear();
    space.inverse.resize(removed, 0.0);
    pulp::Arch::new().dispatch(Eliminate { front, removed, wanted, sums, space });
}

struct Eliminate<'a> {
    front: &'a mut Front,
    removed: usize,
    wanted: usize,
    sums: &'a mut [f64],
    space: &'a mut Workspace,
}

impl pulp::NullaryFnOnce for Eliminate<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { front, removed, wanted, sums, space } = self;
        let Workspace { inverse, left, right } = space;
        if removed <= FEW {
            // Loops, not closures: these would be compiled for any processor.
            for p in 0..removed {
                (sums[p], inverse[p]) = remove(front, p, wanted);
            }
            return;
        }
        for first in (0..removed).step_by(PANEL) {
            let end = removed.min(first + PANEL);
            for p in first..end {
                (sums[p], inverse[p]) = remove(front, p, end);
            }
            update(front, inverse, (first, end), (end, removed), left, right);
        }
        for first in (0..removed).step_by(DEPTH) {
            let end = removed.min(first + DEPTH);
            update(front, inverse, (first, end), (removed, wanted), left, right);
        }
    }
}

/// Removes node `p` from those after it up to `end` and returns the sum of its conductances, and
/// its inverse: 0 for a node without any.
///
/// Rows are updated in whole blocks: what lies on and below the diagonal has no meaning.
#[inline(always)]
fn remove(front: &mut Front, p: usize, end: usize) -> (f64, f64) {
    let (order, stride) = (front.order, front.stride);
    let (above, below) = front.values.split_at_mut((p + 1) * stride);
    let pivot = &above[p * stride..];
    let sum = total(&pivot[p + 1..order]);
    let inverse = if sum > 0.0 { 1.0 / sum } else { 0.0 };
    let pivots = pivot.as_chunks::<LANES>().0;
    let blocks = order.div_ceil(LANES);
    for (i, row) in (p + 1..end).zip(below.chunks_exact_mut(stride)) {
        let factor = pivot[i] * inverse;
        let first = (i + 1) / LANES;
        let row = &mut row.as_chunks_mut::<LANES>().0[first..blocks.max(first)];
        for (row, pivot) in row.iter_mut().zip(&pivots[first..]) {
            for l in 0..LANES {
                row[l] = factor.mul_add(pivot[l], row[l]);
            }
        }
    }
    (sum, inverse)
}

/// Sum with partial sums side by side, in a fixed order.
#[inline(always)]
fn total(values: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (blocks, rest) = values.as_chunks::<8>();
    for block in blocks {
        for l in 0..8 {
            lanes[l] += block[l];
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().sum::<f64>()
}

/// Adds what the removed nodes `pivots` put between the nodes `rows` and those after them.
#[inline(always)]
fn update(
    front: &mut Front,
    inverse: &[f64],
    (first, end): (usize, usize),
    (row_start, row_end): (usize, usize),
    left: &mut Vec<f64>,
    right: &mut Vec<f64>,
) {
    let depth = end - first;
    if depth == 0 || row_end <= row_start {
        return;
    }
    let (order, stride) = (front.order, front.stride);
    let blocks = (row_end - row_start).div_ceil(MR);
    let left = room(left, blocks * depth * MR);
    let right = room(right, depth * NR);
    for (block, packed) in left.chunks_exact_mut(depth * MR).enumerate() {
        let i = row_start + block * MR;
        for (p, to) in (first..end).zip(packed.as_chunks_mut::<MR>().0) {
            let from = &front.values[p * stride + i..][..MR];
            // Rows after the last overhang: they are not to be touched.
            for r in 0..MR {
                to[r] = if i + r < row_end { from[r] * inverse[p] } else { 0.0 };
            }
        }
    }
    // A few rows stay in the second-level cache and a block of columns in the first.
    for (group, packed_rows) in left.chunks(ROWS / MR * depth * MR).enumerate() {
        let first_row = row_start + group * ROWS;
        for column in (first_row..order).step_by(NR) {
            for (p, to) in (first..end).zip(right.as_chunks_mut::<NR>().0) {
                to.copy_from_slice(&front.values[p * stride + column..][..NR]);
            }
            for (block, packed) in packed_rows.chunks_exact(depth * MR).enumerate() {
                let i = first_row + block * MR;
                if column + NR <= i {
                    break;
                }
                let product = multiply(packed, right);
                for (r, product) in product.iter().enumerate() {
                    let row = &mut front.values[(i + r) * stride + column..][..NR];
                    for l in 0..NR {
                        row[l] += product[l];
                    }
                }
            }
        }
    }
}

/// So much of a buffer, whatever is in it.
#[inline(always)]
fn room(buffer: &mut Vec<f64>, count: usize) -> &mut [f64] {
    if buffer.len() < count {
        buffer.resize(count, 0.0);
    }
    &mut buffer[..count]
}

/// The product of a packed block of rows with a packed block of columns.
#[inline(always)]
fn multiply(left: &[f64], right: &[f64]) -> [[f64; NR]; MR] {
    let mut sum = [[0.0; NR]; MR];
    for (a, b) in left.as_chunks::<MR>().0.iter().zip(right.as_chunks::<NR>().0) {
        for r in 0..MR {
            for l in 0..NR {
                sum[r][l] = a[r].mul_add(b[l], sum[r][l]);
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(order: usize, g: impl Fn(usize, usize) -> f64) -> Front {
        let mut front = Front::default();
        front.reset(order);
        for i in 0..order {
            for j in i + 1..order {
                front.values[i * front.stride + j] = g(i, j);
            }
        }
        front
    }

    /// The textbook transform, one node at a time.
    fn one_by_one(order: usize, removed: usize, g: impl Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
        let mut m: Vec<Vec<f64>> = (0..order)
            .map(|i| (0..order).map(|j| if i == j { 0.0 } else { g(i.min(j), i.max(j)) }).collect())
            .collect();
        for p in 0..removed {
            let sum: f64 = m[p][p + 1..].iter().sum();
            for i in p + 1..order {
                for j in p + 1..order {
                    if i != j && sum > 0.0 {
                        m[i][j] += m[p][i] * m[p][j] / sum;
                    }
                }
            }
        }
        m
    }

    #[test]
    fn a_star_becomes_its_mesh() {
        let mut front = network(4, |i, _| if i == 0 { 2.0 } else { 0.0 });
        let mut sums = Vec::new();
        eliminate(&mut front, (1, 4), &mut sums, &mut Workspace::default());
        assert_eq!(sums, [6.0]);
        // Three arms of 2 S: a triangle of 2 · 2 / 6 S.
        for (i, j) in [(1, 2), (1, 3), (2, 3)] {
            assert!((front.values[i * front.stride + j] - 2.0 / 3.0).abs() < 1e-15);
        }
    }

    #[test]
    fn blocks_and_panels_equal_one_node_at_a_time() {
        for (order, removed) in [(2, 1), (5, 5), (17, 16), (40, 23), (90, 61), (330, 300)] {
            let g = |i: usize, j: usize| match (i * 31 + j * 17) % 5 {
                0 => 0.0,
                k => 10f64.powi(4 - 3 * k as i32),
            };
            let mut front = network(order, g);
            eliminate(&mut front, (removed, order), &mut Vec::new(), &mut Workspace::default());
            let want = one_by_one(order, removed, g);
            for (i, want) in want.iter().enumerate().skip(removed) {
                for (j, &want) in want.iter().enumerate().skip(i + 1) {
                    let got = front.values[i * front.stride + j];
                    // Positive terms only: a few roundings for each removed node, in every entry.
                    let tolerance = 4.0 * f64::EPSILON * (order + removed) as f64 * want;
                    assert!((got - want).abs() <= tolerance, "{got} for {want}");
                }
            }
        }
    }

    #[test]
    fn a_node_without_conductance_changes_nothing() {
        let mut front = network(3, |i, _| if i == 0 { 0.0 } else { 5.0 });
        let mut sums = Vec::new();
        eliminate(&mut front, (1, 3), &mut sums, &mut Workspace::default());
        assert_eq!((sums[0], front.values[front.stride + 2]), (0.0, 5.0));
    }
}
