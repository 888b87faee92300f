//! Which column carries which bit.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::greedy::farthest_first;

/// Columns from the driven end on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnOrder {
    /// The bits of one weight side by side, most significant nearest the drivers; weight after weight.
    Interleaved,
    /// All most significant bits nearest the drivers, then all of the next: the usual order.
    Grouped,
    /// All least significant bits nearest the drivers: grouped and reversed.
    Reversed,
    /// Column by column as row wires lose least, to first order.
    LeastLoss,
    /// Column by column as products lose least, to first order: losses count by significance.
    LeastError,
}

impl ColumnOrder {
    /// Logical columns (`output · bits + bit`, bit 0 the least significant) from the driven end on, for
    /// conductances `g_s` (inputs × logical columns, S).
    pub(super) fn order(self, g_s: ArrayView2<'_, f64>, bits: usize) -> Vec<usize> {
        let (inputs, columns) = g_s.dim();
        let outputs = columns / bits;
        let column = |output: usize, bit: usize| output * bits + bit;
        let by_output = |output: usize| (0..bits).rev().map(move |bit| column(output, bit));
        let by_bit = |bit: usize| (0..outputs).map(move |output| column(output, bit));
        match self {
            Self::Interleaved => (0..outputs).flat_map(by_output).collect(),
            Self::Grouped => (0..bits).rev().flat_map(by_bit).collect(),
            Self::Reversed => {
                let mut order = Self::Grouped.order(g_s, bits);
                order.reverse();
                order
            }
            Self::LeastLoss => farthest_first(
                columns,
                vec![0.0; inputs],
                |beyond, column| {
                    let own = g_s.column(column);
                    own.iter().zip(beyond).map(|(g, sum)| g * (2.0 * sum + g)).sum()
                },
                |beyond, column| {
                    beyond.iter_mut().zip(g_s.column(column)).for_each(|(sum, g)| *sum += g);
                },
            ),
            Self::LeastError => farthest_first(
                columns,
                // What lies beyond, as it is and by significance.
                vec![(0.0, 0.0); inputs],
                |beyond, column| {
                    let weight = significance(column, bits);
                    let own = g_s.column(column);
                    let of = |(g, (sum, by)): (&f64, &(f64, f64))| g * (by + weight * (sum + g));
                    own.iter().zip(beyond).map(of).sum()
                },
                |beyond, column| {
                    let weight = significance(column, bits);
                    for ((sum, by), g) in beyond.iter_mut().zip(g_s.column(column)) {
                        *sum += g;
                        *by += weight * g;
                    }
                },
            ),
        }
    }
}

/// What a logical column counts in a product.
pub(super) fn significance(column: usize, bits: usize) -> f64 {
    f64::from(1_u32 << (column % bits))
}
