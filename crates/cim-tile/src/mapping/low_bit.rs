//! Published ways to carry products of binary and ternary numbers: a mapping and a drive each.
//!
//! To add one: a line below; the law suite in `tests/` then runs over it.
//!
//! Source: Pelke et al., *CIM-Explorer*, arXiv 2505.14303, mappings of binary and of ternary networks.

use cim_adc::{DacSpec, Polarity, SlicedCode};

use super::lone_column::{self, Sign};
use super::split::Split;
use super::{LayerSplits, MappingSpec, offset_binary, split_differential, twos_complement};

/// A way to carry products of binary or ternary inputs and weights.
///
/// Law: that of its mapping under its drive; the codes of inputs and weights are those of the source.
/// What cells draw in their state of high resistance cancels in pairs, and is subtracted digitally
/// after the conversion elsewhere, so that no current in front of a converter becomes negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowBit {
    /// Name in files and on the command line.
    pub key: &'static str,
    /// Name in the source.
    pub name: &'static str,
    /// What inputs and weights are.
    pub numbers: Numbers,
    /// How cells carry weights.
    pub mapping: MappingSpec,
    /// How rows carry inputs.
    pub drive: Polarity,
}

/// What inputs and weights of a network are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// −1 or 1.
    Binary,
    /// −1, 0 or 1.
    Ternary,
}

const PAIR: MappingSpec = MappingSpec::SplitDifferential(split_differential::Spec {
    bits: 1,
    split: Split::cut(&[1]),
    layers: LayerSplits::NONE,
});
const RAISED_BY_POSITIVE: MappingSpec =
    MappingSpec::LoneColumn(lone_column::Spec { shift: 1, raised_by: Sign::Positive });
const RAISED_BY_NEGATIVE: MappingSpec =
    MappingSpec::LoneColumn(lone_column::Spec { shift: 1, raised_by: Sign::Negative });
const TWOS_COMPLEMENT: MappingSpec = MappingSpec::TwosComplement(twos_complement::Spec {
    bits: 2,
    split: Split::cut(&[1, 1]),
    layers: LayerSplits::NONE,
});
const OFFSET: MappingSpec = MappingSpec::OffsetBinary(offset_binary::Spec {
    bits: 2,
    split: Split::cut(&[1, 1]),
    layers: LayerSplits::NONE,
});

const fn digits(code: SlicedCode) -> Polarity {
    Polarity::Sliced { code, bits: 1 }
}

const fn binary(
    key: &'static str,
    name: &'static str,
    mapping: MappingSpec,
    drive: Polarity,
) -> LowBit {
    LowBit { key, name, numbers: Numbers::Binary, mapping, drive }
}

const fn ternary(
    key: &'static str,
    name: &'static str,
    mapping: MappingSpec,
    drive: Polarity,
) -> LowBit {
    LowBit { key, name, numbers: Numbers::Ternary, mapping, drive }
}

/// All of them, in the order of the source.
pub const LOW_BIT: [LowBit; 11] = [
    binary("bnn-i", "BNN I", PAIR, Polarity::Offset),
    binary("bnn-ii", "BNN II", PAIR, Polarity::InvertedOffset),
    binary("bnn-iii", "BNN III", RAISED_BY_POSITIVE, Polarity::TwoPhase),
    binary("bnn-iv", "BNN IV", RAISED_BY_NEGATIVE, Polarity::TwoPhase),
    binary("bnn-v", "BNN V", RAISED_BY_POSITIVE, Polarity::TwoRows),
    binary("bnn-vi", "BNN VI", PAIR, Polarity::TwoRows),
    ternary("tnn-i", "TNN I", PAIR, Polarity::TwoRows),
    ternary("tnn-ii", "TNN II", PAIR, digits(SlicedCode::TwosComplement)),
    ternary("tnn-iii", "TNN III", PAIR, digits(SlicedCode::Offset)),
    ternary("tnn-iv", "TNN IV", TWOS_COMPLEMENT, Polarity::TwoPhase),
    ternary("tnn-v", "TNN V", OFFSET, Polarity::TwoPhase),
];

impl LowBit {
    /// The one with a key.
    pub fn named(key: &str) -> Option<&'static Self> {
        LOW_BIT.iter().find(|low_bit| low_bit.key == key)
    }

    /// Input converters: magnitudes of one bit.
    pub const fn dac(&self) -> DacSpec {
        DacSpec { bits: 1, polarity: self.drive }
    }

    /// Cells of one weight: rows × columns.
    pub fn cells(&self) -> (usize, usize) {
        let mapping = self.mapping.build().expect("a mapping that is listed can be built");
        (self.drive.rows_per_input(), mapping.columns(1))
    }

    /// Reads of an array for one product.
    pub fn cycles(&self) -> usize {
        self.dac().phases().len()
    }
}

impl Numbers {
    /// Whether a number is one of them.
    pub const fn holds(self, number: i32) -> bool {
        match self {
            Self::Binary => number == -1 || number == 1,
            Self::Ternary => -1 <= number && number <= 1,
        }
    }

    /// All of them, rising.
    pub const fn all(self) -> &'static [i32] {
        match self {
            Self::Binary => &[-1, 1],
            Self::Ternary => &[-1, 0, 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells and cycles of the source's table.
    #[test]
    fn cells_and_cycles_are_those_of_the_source() {
        let want = [
            (1, 2, 1),
            (1, 2, 1),
            (1, 1, 2),
            (1, 1, 2),
            (2, 1, 1),
            (2, 2, 1),
            (2, 2, 1),
            (1, 2, 2),
            (1, 2, 2),
            (1, 2, 2),
            (1, 2, 2),
        ];
        for (low_bit, (rows, columns, cycles)) in LOW_BIT.iter().zip(want) {
            assert_eq!(low_bit.cells(), (rows, columns), "{}", low_bit.name);
            assert_eq!(low_bit.cycles(), cycles, "{}", low_bit.name);
            assert_eq!(LowBit::named(low_bit.key), Some(low_bit));
        }
        assert_eq!(LowBit::named("bnn"), None);
    }
}
