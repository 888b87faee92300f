//! Whole numbers on arrays of any size: mappings by name, levels and senses array by array.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use cim_adc::Polarity;
use ndarray::{ArrayView2, s};

use super::lone_column::Sign;
use super::split::Split;
use super::{
    Differential, LayerSplits, LowBit, Mapping, MappingError, MappingSpec, Numbers, OffsetColumn,
    Plan, bit_sliced_differential, lone_column, offset_binary, split_differential, two_arrays,
    twos_complement,
};
use crate::rows;

/// A mapping of whole numbers by its name.
#[derive(Clone)]
pub struct Whole {
    /// Its name.
    pub name: &'static str,
    /// How cells carry weights.
    pub mapping: Arc<dyn Mapping>,
    /// How rows carry inputs.
    pub drive: Polarity,
    /// What weights are, of mappings for binary and ternary networks.
    pub numbers: Option<Numbers>,
}

/// How weights are cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Bits of a weight, 1 to 16.
    pub bits: u32,
    /// Bits of its parts, most significant first; left out, one bit each.
    pub split: Option<Vec<u32>>,
    /// Slices of equal bits; left out, one bit each.
    pub slices: Option<u32>,
}

/// One array with its part of a weight matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeArray {
    /// Place among the arrays: row, column.
    pub place: (usize, usize),
    /// Inputs that it takes.
    pub inputs: Range<usize>,
    /// Outputs that it adds to.
    pub outputs: Range<usize>,
    /// Levels and senses.
    pub plan: Plan,
}

impl Whole {
    /// Names of all mappings: those of files, and those of binary and ternary networks.
    pub fn names() -> Vec<&'static str> {
        let mut names: Vec<_> = MappingSpec::registered().iter().map(MappingSpec::kind).collect();
        names.dedup();
        names.extend(super::LOW_BIT.iter().map(|low_bit| low_bit.key));
        names
    }

    /// The mapping called `name`, for weights that are cut as asked.
    ///
    /// # Errors
    /// [`MappingError::Unknown`] for a name that no mapping has, else what the mapping refuses.
    pub fn named(name: &str, cut: &Cut) -> Result<Self, MappingError> {
        if let Some(LowBit { key, mapping, drive, numbers, .. }) = LowBit::named(name) {
            cut.need_taken(key)?;
            let (mapping, numbers) = (mapping.build()?, Some(*numbers));
            return Ok(Self { name: key, mapping, drive: *drive, numbers });
        }
        let known = Self::names();
        let Some(name) = known.iter().copied().find(|own| *own == name) else {
            return Err(MappingError::Unknown { name: name.to_owned(), known });
        };
        cut.need_taken(name)?;
        Ok(Self { name, mapping: cut.mapping(name)?, drive: Polarity::Unipolar, numbers: None })
    }

    /// Smallest to largest weight.
    pub fn weights(&self) -> RangeInclusive<i32> {
        match self.numbers {
            Some(numbers) => {
                let all = numbers.all();
                all[0]..=all[all.len() - 1]
            }
            None => self.mapping.least_weight()..=self.mapping.top_weight(),
        }
    }

    /// Cuts `weights` (inputs × outputs) into arrays of so many cells, rows × columns, rows of arrays
    /// outermost; an array holds whole weights only.
    ///
    /// # Errors
    /// [`MappingError::Array`] for arrays too small for one weight, naming the first,
    /// [`MappingError::Weight`] for one that the mapping does not know.
    pub fn arrays(
        &self,
        weights: ArrayView2<'_, i32>,
        (rows, columns): (usize, usize),
    ) -> Result<Vec<WholeArray>, MappingError> {
        // Refused as a whole, so that places are those of the matrix and not of an array.
        MappingError::check(self.name, weights, self.weights())?;
        if self.numbers == Some(Numbers::Binary)
            && let Some(((row, col), _)) = weights.indexed_iter().find(|(_, weight)| **weight == 0)
        {
            return Err(MappingError::Zero { mapping: self.name, row, col });
        }
        let each = self.drive.rows_per_input();
        let (inputs, outputs) = weights.dim();
        let held = (1..=outputs).take_while(|held| self.mapping.columns(*held) <= columns).last();
        let (tile_inputs, Some(tile_outputs)) = (rows / each, held) else {
            return Err(self.too_small(weights, (rows, columns)));
        };
        if tile_inputs == 0 {
            return Err(self.too_small(weights, (rows, columns)));
        }
        let (n_rows, n_cols) = (inputs.div_ceil(tile_inputs), outputs.div_ceil(tile_outputs));
        let places = (0..n_rows).flat_map(|row| (0..n_cols).map(move |col| (row, col)));
        places
            .map(|place| {
                let inputs = place.0 * tile_inputs..inputs.min((place.0 + 1) * tile_inputs);
                let outputs = place.1 * tile_outputs..outputs.min((place.1 + 1) * tile_outputs);
                let block = weights.slice(s![inputs.clone(), outputs.clone()]);
                let plan = self.mapping.plan(rows::weights(self.drive, block).view())?;
                Ok(WholeArray { place, inputs, outputs, plan })
            })
            .collect()
    }

    fn too_small(
        &self,
        weights: ArrayView2<'_, i32>,
        (rows, columns): (usize, usize),
    ) -> MappingError {
        MappingError::Array {
            mapping: self.name,
            weight: weights.first().copied().unwrap_or(0),
            // Without a limit, what all weights take.
            rows: match rows {
                usize::MAX => weights.nrows() * self.drive.rows_per_input(),
                _ => rows,
            },
            columns: match columns {
                usize::MAX => self.mapping.columns(weights.ncols()),
                _ => columns,
            },
            needed_rows: self.drive.rows_per_input(),
            needed_columns: self.mapping.columns(1),
        }
    }
}

impl Cut {
    /// The registered mapping called `name`.
    fn mapping(&self, name: &str) -> Result<Arc<dyn Mapping>, MappingError> {
        let (bits, layers) = (self.bits, LayerSplits::NONE);
        if !(1..=16).contains(&bits) {
            let parts = self.split.clone().unwrap_or_else(|| vec![bits]);
            return Err(MappingError::Split { parts });
        }
        let ones = || vec![1; bits as usize];
        let split = || Split::new(&self.split.clone().unwrap_or_else(ones));
        let top = ((1u32 << bits) - 1) as u16;
        // Of numbers with a sign among their bits.
        let shift = (top >> 1).max(1);
        let spec = match name {
            "differential" => return Ok(Arc::new(Differential::new(top))),
            "offset-column" => return Ok(Arc::new(OffsetColumn::new(shift))),
            "bit-sliced-differential" => {
                let slices = self.slices.unwrap_or(bits);
                if !(1..=16).contains(&slices) {
                    return Err(MappingError::Slices { slices, bits: 1, most: 16 });
                }
                if !bits.is_multiple_of(slices) {
                    let each = bits / slices;
                    let parts = vec![each; slices as usize];
                    let (mapping, sum) = (bit_sliced_differential::KIND, each * slices);
                    return Err(MappingError::Sum { mapping, parts, sum, bits });
                }
                let bits = bits / slices;
                MappingSpec::BitSlicedDifferential(bit_sliced_differential::Spec {
                    slices,
                    bits,
                    layers,
                })
            }
            "split-differential" => {
                let split = split()?;
                MappingSpec::SplitDifferential(split_differential::Spec { bits, split, layers })
            }
            "two-arrays" => {
                MappingSpec::TwoArrays(two_arrays::Spec { bits, split: split()?, layers })
            }
            "twos-complement" => {
                MappingSpec::TwosComplement(twos_complement::Spec { bits, split: split()?, layers })
            }
            "offset-binary" => {
                MappingSpec::OffsetBinary(offset_binary::Spec { bits, split: split()?, layers })
            }
            "lone-column" => {
                MappingSpec::LoneColumn(lone_column::Spec { shift, raised_by: Sign::Positive })
            }
            other => {
                let known = Whole::names();
                return Err(MappingError::Unknown { name: other.to_owned(), known });
            }
        };
        spec.build()
    }

    /// Refuses parts and slices where the mapping called `name` has none.
    fn need_taken(&self, name: &'static str) -> Result<(), MappingError> {
        let has_parts = ["split-differential", "two-arrays", "twos-complement", "offset-binary"];
        let what = match () {
            () if self.split.is_some() && !has_parts.contains(&name) => "parts",
            () if self.slices.is_some() && name != "bit-sliced-differential" => "slices",
            () => return Ok(()),
        };
        Err(MappingError::NotTaken { mapping: name, what })
    }

    /// The fewest bits for weights of the mapping called `name`.
    pub fn fewest(name: &str, weights: ArrayView2<'_, i32>) -> Self {
        // Two's complement has one more below 0.
        let of = |w: &i32| {
            if name == "twos-complement" { (w ^ (w >> 31)) as u32 } else { w.unsigned_abs() }
        };
        let most = weights.iter().map(of).fold(1, u32::max);
        let magnitude = u32::BITS - most.leading_zeros();
        let signed = ["offset-column", "twos-complement", "offset-binary", "lone-column"];
        let bits = magnitude + u32::from(signed.contains(&name));
        Self { bits: bits.min(16), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn every_name_carries_whole_weights_on_arrays_of_any_size() {
        let weights = array![[1, -1, 1], [-1, 1, 1], [1, 1, -1], [-1, -1, -1], [1, 1, 1]];
        for name in Whole::names() {
            let whole = Whole::named(name, &Cut::fewest(name, weights.view())).expect(name);
            for (rows, columns) in [(4, 4), (2, 7), (100, 100)] {
                let arrays = whole.arrays(weights.view(), (rows, columns)).expect(name);
                let mut seen = 0;
                for WholeArray { inputs, outputs, plan, .. } in &arrays {
                    assert!(
                        plan.levels.nrows() <= rows && plan.levels.ncols() <= columns,
                        "{name}"
                    );
                    let block = weights.slice(s![inputs.clone(), outputs.clone()]);
                    let want = rows::weights(whole.drive, block).mapv(i64::from);
                    assert_eq!(plan.carried(), want * whole.mapping.unit(), "{name}");
                    seen += block.len();
                }
                assert_eq!(seen, weights.len(), "{name}");
            }
        }
    }

    /// All bytes, signed: −128 has a code, 128 has none.
    #[test]
    fn twos_complement_takes_all_of_its_code() {
        let weights = ndarray::Array2::from_shape_fn((16, 16), |(row, col)| {
            16 * row as i32 + col as i32 - 128
        });
        let cut = Cut::fewest("twos-complement", weights.view());
        assert_eq!(cut.bits, 8);
        let whole = Whole::named("twos-complement", &cut).expect("8 bits");
        assert_eq!(whole.weights(), -128..=127);
        for array in whole.arrays(weights.view(), (5, 30)).expect("bytes") {
            let block = weights.slice(s![array.inputs.clone(), array.outputs.clone()]);
            assert_eq!(array.plan.carried(), block.mapv(i64::from));
        }
        for beyond in [128, -129] {
            let said =
                whole.arrays(array![[beyond]].view(), (9, 9)).expect_err("9 bits").to_string();
            assert_eq!(
                said,
                format!("weight {beyond} at (0, 0) is outside -128..=127 of twos-complement")
            );
        }
    }

    #[test]
    fn what_cannot_be_names_the_weight_and_the_mapping() {
        let weights = array![[1, 0], [-3, 1]];
        let cut = Cut { bits: 4, split: Some(vec![1, 1]), slices: None };
        let error = |name: &str, cut: &Cut, size| {
            let arrays = Whole::named(name, cut).and_then(|w| w.arrays(weights.view(), size));
            arrays.expect_err(name).to_string()
        };
        let said = error("twos-complement", &cut, (9, 9));
        assert_eq!(said, "parts [1, 1] of twos-complement are 2 bits in all, and weights have 4");
        assert_eq!(error("tnn-iv", &cut, (9, 9)), "tnn-iv takes no parts");
        let plain = Cut { bits: 4, ..Cut::default() };
        let said = error("tnn-iv", &plain, (9, 9));
        assert_eq!(said, "weight -3 at (1, 0) is outside -1..=1 of tnn-iv");
        let whole = Whole::named("tnn-iv", &Cut::default()).expect("a mapping");
        let said = whole.arrays(array![[1, -2]].view(), (9, 9)).expect_err("two").to_string();
        assert_eq!(said, "weight -2 at (0, 1) is outside -1..=1 of tnn-iv");
        assert_eq!(
            Whole::named("bnn-i", &plain)
                .and_then(|whole| { whole.arrays(array![[1, -1], [1, 0]].view(), (9, 9)) }),
            Err(MappingError::Zero { mapping: "bnn-i", row: 1, col: 1 })
        );
        let many = Cut { slices: Some(u32::MAX), ..plain.clone() };
        assert!(error("bit-sliced-differential", &many, (9, 9)).contains("1 to 16"));
        assert_eq!(error("differential", &many, (9, 9)), "differential takes no slices");
        let cut = Cut { bits: 4, ..Cut::default() };
        let said = error("twos-complement", &cut, (9, 3));
        assert!(said.contains("9 × 3") && said.contains("weight 1 of twos-complement"), "{said}");
        assert!(error("two-complement", &cut, (9, 9)).contains("two-complement"));
        let cut = Cut { bits: 4, slices: Some(3), ..Cut::default() };
        assert!(error("bit-sliced-differential", &cut, (9, 9)).contains("4"));
    }
}
