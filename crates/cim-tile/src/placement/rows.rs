//! Which row carries which input.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::columns::significance;
use super::greedy::farthest_first;

/// Rows from the sensed end on. The vector of inputs is permuted likewise, which costs nothing but the
/// list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowOrder {
    /// As inputs come.
    AsGiven,
    /// Those with most active cells nearest: least Manhattan distance of active cells.
    Densest,
    /// As column wires lose least, to first order.
    LeastLoss,
    /// As products lose least, to first order: losses count by significance.
    LeastError,
}

impl RowOrder {
    /// Inputs from the sensed end on, for active cells and conductances `g_s` (inputs × logical columns).
    pub(super) fn order(
        self,
        active: ArrayView2<'_, bool>,
        g_s: ArrayView2<'_, f64>,
        bits: usize,
    ) -> Vec<usize> {
        let (inputs, columns) = g_s.dim();
        let weights: Vec<f64> = match self {
            Self::AsGiven => return (0..inputs).collect(),
            Self::Densest => {
                let count =
                    |input: usize| active.row(input).iter().filter(|active| **active).count();
                let counts: Vec<usize> = (0..inputs).map(count).collect();
                let mut order: Vec<usize> = (0..inputs).collect();
                order.sort_by_key(|&input| std::cmp::Reverse(counts[input]));
                return order;
            }
            Self::LeastLoss => vec![1.0; columns],
            Self::LeastError => (0..columns).map(|column| significance(column, bits)).collect(),
        };
        farthest_first(
            inputs,
            vec![0.0; columns],
            |beyond, input| {
                let own = g_s.row(input);
                let of = |((g, sum), weight): ((&f64, &f64), &f64)| weight * g * (2.0 * sum + g);
                own.iter().zip(beyond).zip(&weights).map(of).sum()
            },
            |beyond, input| {
                beyond.iter_mut().zip(g_s.row(input)).for_each(|(sum, g)| *sum += g);
            },
        )
    }
}
