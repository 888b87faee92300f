//! Weights in sections, sorted or as they are.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::error::ReprogramError;

/// What weights are sorted by, rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The weight with its sign: the cells of signs then hardly change.
    Signed,
    /// The magnitude.
    Magnitude,
}

/// Which weights are sorted together.
///
/// A section of one column is a product of its own: its currents add up on wires. Where columns are
/// mixed, every product of a weight and its input has to find its output: [`Sections::readings`]
/// counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sorting {
    /// None: inputs in order, output after output.
    #[serde(deserialize_with = "cim_core::no_keys")]
    Unsorted,
    /// Those of one output, in the order of its inputs.
    Column {
        /// By what.
        by: By,
    },
    /// Those of several outputs.
    Columns {
        /// How many outputs, 1 or more.
        columns: usize,
        /// By what.
        by: By,
    },
    /// Those of a whole layer.
    Layer {
        /// By what.
        by: By,
    },
}

/// Sections of one layer in the order in which they are scheduled: similar ones one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sections {
    /// Inputs × outputs of the layer.
    shape: (usize, usize),
    /// Number `input · outputs + output` of every weight, section after section.
    entries: Vec<u32>,
    /// Where sections end.
    ends: Vec<usize>,
    index_bits: u32,
}

impl Sorting {
    /// Checks the number of columns.
    ///
    /// # Errors
    /// [`ReprogramError::Columns`].
    pub fn check(self) -> Result<(), ReprogramError> {
        match self {
            Self::Columns { columns: 0, .. } => Err(ReprogramError::Columns),
            _ => Ok(()),
        }
    }

    /// Outputs sorted together, of `outputs`, and by what.
    fn group(self, outputs: usize) -> (usize, Option<By>) {
        match self {
            Self::Unsorted => (1, None),
            Self::Column { by } => (1, Some(by)),
            Self::Columns { columns, by } => (columns.clamp(1, outputs.max(1)), Some(by)),
            Self::Layer { by } => (outputs.max(1), Some(by)),
        }
    }

    /// Cuts integer weights (inputs × outputs) into sections of up to `rows`.
    pub fn sections(self, weights: ArrayView2<'_, i32>, rows: usize) -> Sections {
        let (inputs, outputs) = weights.dim();
        let (group, by) = self.group(outputs);
        let rows = rows.max(1);
        let key = |entry: u32| {
            let weight = weights[(entry as usize / outputs, entry as usize % outputs)];
            match by {
                None => 0,
                Some(By::Signed) => weight,
                Some(By::Magnitude) => weight.abs(),
            }
        };
        let mut sections: Vec<Vec<u32>> = Vec::new();
        for first in (0..outputs).step_by(group) {
            let columns = first..(first + group).min(outputs);
            let mut pool: Vec<u32> = columns
                .flat_map(|column| (0..inputs).map(move |row| (row * outputs + column) as u32))
                .collect();
            pool.sort_by_key(|&entry| key(entry));
            sections.extend(pool.chunks(rows).map(<[u32]>::to_vec));
        }
        sections.sort_by_key(|section| key(section[section.len() / 2]));
        let mut ends = Vec::with_capacity(sections.len());
        let mut entries = Vec::with_capacity(inputs * outputs);
        for section in sections {
            entries.extend(section);
            ends.push(entries.len());
        }
        let index_bits = match by {
            None => 0,
            Some(_) => bits_of(inputs * group.min(outputs)),
        };
        Sections { shape: (inputs, outputs), entries, ends, index_bits }
    }
}

/// Bits that tell so many things apart.
fn bits_of(things: usize) -> u32 {
    usize::BITS - things.saturating_sub(1).leading_zeros()
}

impl Sections {
    /// Inputs × outputs of the layer.
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// How many sections there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the layer has no weights.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Numbers `input · outputs + output` of the weights of a section, row by row.
    pub fn section(&self, idx: usize) -> &[u32] {
        let first = if idx == 0 { 0 } else { self.ends[idx - 1] };
        &self.entries[first..self.ends[idx]]
    }

    /// Bits of the list that says which weight lies where: for every weight its place among those
    /// sorted together. Nothing for weights as they are.
    pub fn index_bits(&self) -> u64 {
        self.entries.len() as u64 * u64::from(self.index_bits)
    }

    /// How often sections have to be read for one vector of inputs: once for each output that a
    /// section has weights of, all its columns at a time.
    pub fn readings(&self) -> u64 {
        let outputs = self.shape.1 as u32;
        let mut seen = Vec::new();
        let of = |idx: usize| {
            seen.clear();
            seen.extend(self.section(idx).iter().map(|entry| entry % outputs));
            seen.sort_unstable();
            seen.dedup();
            seen.len() as u64
        };
        (0..self.len()).map(of).sum()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    const ALL: [Sorting; 5] = [
        Sorting::Unsorted,
        Sorting::Column { by: By::Signed },
        Sorting::Columns { columns: 2, by: By::Magnitude },
        Sorting::Columns { columns: 100, by: By::Signed },
        Sorting::Layer { by: By::Signed },
    ];

    #[test]
    fn every_weight_is_in_one_section() {
        let weights = Array2::from_shape_fn((7, 5), |(r, c)| ((r * 31 + c * 17) % 13) as i32 - 6);
        for sorting in ALL {
            let sections = sorting.sections(weights.view(), 3);
            let mut all: Vec<u32> =
                (0..sections.len()).flat_map(|s| sections.section(s).to_vec()).collect();
            all.sort_unstable();
            assert_eq!(all, (0..35).collect::<Vec<u32>>(), "{sorting:?}");
            assert!((0..sections.len()).all(|s| (1..=3).contains(&sections.section(s).len())));
        }
    }

    #[test]
    fn the_list_and_the_readings_are_counted() {
        let weights = array![[3, -1], [1, 2], [-3, 0], [2, 2]];
        let of = |sorting: Sorting| {
            let sections = sorting.sections(weights.view(), 2);
            (sections.index_bits(), sections.readings())
        };
        assert_eq!(of(Sorting::Unsorted), (0, 4));
        assert_eq!(of(Sorting::Column { by: By::Signed }), (8 * 2, 4));
        // −3 −1 | 0 1 | 2 2 | 2 3, of outputs 0 1 | 1 0 | 1 0 | 1 0.
        assert_eq!(of(Sorting::Layer { by: By::Signed }), (8 * 3, 8));
        let layer = Sorting::Layer { by: By::Magnitude }.sections(weights.view(), 8);
        // By magnitude, of equal ones in the order of columns.
        assert_eq!(layer.section(0), [5, 2, 1, 6, 3, 7, 0, 4]);
        assert!(Sorting::Columns { columns: 0, by: By::Signed }.check().is_err());
    }
}
