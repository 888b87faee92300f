//! What is compared.

use cim_tile::reprogram::{By, Schedule, Skipping, Sorting};

use super::spec::Spec;

/// A way to write a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Method {
    /// Name in figures.
    pub key: &'static str,
    /// Name for readers.
    pub name: &'static str,
    /// Which weights are sorted together.
    pub sorting: Sorting,
    /// Which writes are left out.
    pub skipping: Skipping,
}

/// Numbers of methods in [`Spec::methods`].
pub const UNSORTED: usize = 0;
/// Sorted layers, nothing left out.
pub const SORTED: usize = 5;
/// Sorted layers and bit stucking, as published.
pub const PUBLISHED: usize = 6;
/// Sorted layers and cheaper weights.
pub const CHEAPEST: usize = 7;
/// Sorted columns and cheaper weights.
pub const COLUMN_CHEAPEST: usize = 8;

/// How many times fewer writes are asked for, by network.
pub const ASKED: [(&str, f64); 2] = [("resnet20", 3.7), ("transformer", 21.0)];

/// Sorted layers.
pub const LAYER: Sorting = Sorting::Layer { by: By::Signed };
/// Sorted columns: sums stay on wires.
pub const COLUMN: Sorting = Sorting::Column { by: By::Signed };

impl Spec {
    /// All that are compared, in this order.
    pub fn methods(&self) -> [Method; 9] {
        let stuck = self.stuck(self.stucking.share);
        let cheapest = Skipping::Cheapest { steps: self.cheapest.steps };
        let columns = Sorting::Columns { columns: self.sweep.columns, by: By::Signed };
        let magnitude = Sorting::Layer { by: By::Magnitude };
        let nothing = Skipping::Nothing;
        let method = |key, name, sorting, skipping| Method { key, name, sorting, skipping };
        [
            method("unsorted", "unsorted", Sorting::Unsorted, nothing),
            method("stuck", "unsorted, stucking", Sorting::Unsorted, stuck),
            method("column", "sorted in columns", COLUMN, nothing),
            method("columns", "sorted in groups of columns", columns, nothing),
            method("magnitude", "layer sorted by magnitude", magnitude, nothing),
            method("layer", "sorted layer", LAYER, nothing),
            method("layer_stuck", "sorted layer, stucking", LAYER, stuck),
            method("layer_cheapest", "sorted layer, cheapest weights", LAYER, cheapest),
            method("column_cheapest", "sorted in columns, cheapest weights", COLUMN, cheapest),
        ]
    }

    /// Rules that are swept: shares of bit stucking, then steps of cheaper weights.
    pub fn rules(&self) -> Vec<(String, Skipping)> {
        let share = |&share: &f64| (format!("stucking, share {share}"), self.stuck(share));
        let steps = |&steps: &u32| {
            (format!("cheapest weights, up to {steps} off"), Skipping::Cheapest { steps })
        };
        self.sweep.shares.iter().map(share).chain(self.sweep.steps.iter().map(steps)).collect()
    }

    /// All rules on sorted layers, and on sorted columns, whose sums stay on wires.
    pub fn ways(&self) -> Vec<(String, Sorting, Skipping)> {
        let sorted = [("sorted layer", LAYER), ("sorted in columns", COLUMN)];
        let of = |(words, sorting): (&str, Sorting)| {
            let rules = self.rules().into_iter();
            let own = rules.map(|(name, rule)| (format!("{words}, {name}"), sorting, rule));
            own.collect::<Vec<_>>()
        };
        sorted.into_iter().flat_map(of).collect()
    }

    /// The crossbars as written.
    pub fn schedule(&self) -> Schedule {
        self.stride(self.bank.stride)
    }
}
