//! Mappings: integers carried by cells and sums. Plain data plus a law.
//!
//! To add one: a file here and its line below; the law suite in `tests/` then runs over it.

mod layer_splits;
mod low_bit;
mod mapped;
mod plan;
mod registry;
mod scheme;
mod split;
mod whole;

pub use layer_splits::LayerSplits;
pub use low_bit::{LOW_BIT, LowBit, Numbers};
pub use mapped::{Mapped, MappedArray};
pub use plan::{Plan, Sense};
pub use scheme::{Mapping, MappingError};
pub use split::Split;
pub use whole::{Cut, Whole, WholeArray};

registry::mappings! {
    /// Pairs of cells, one of which stays at the bottom of the window.
    mod differential => Differential;
    /// Weights shifted to be positive; one column of the tile holds the shift alone.
    mod offset_column => OffsetColumn;
    /// Pairs that hold a few bits of the weight's magnitude each.
    mod bit_sliced_differential => BitSlicedDifferential;
    /// Pairs that hold parts of any size of the weight's magnitude.
    mod split_differential => SplitDifferential;
    /// The same pairs, the two columns of which are converted each on its own.
    mod two_arrays => TwoArrays;
    /// Parts of the two's complement on lone columns.
    mod twos_complement => TwosComplement;
    /// Parts of the offset code on lone columns.
    mod offset_binary => OffsetBinary;
    /// One cell a weight, its middle subtracted digitally.
    mod lone_column => LoneColumn;
}

impl MappingSpec {
    /// Differential pairs with continuous weights.
    pub const PAIRS: Self = Self::Differential(differential::Spec {});
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Result<MappingSpec, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_section_names_its_mapping_and_knows_its_keys() {
        assert!(matches!(spec(r#"{"kind": "differential"}"#), Ok(MappingSpec::Differential(_))));
        assert!(matches!(spec(r#"{"kind": "offset-column"}"#), Ok(MappingSpec::OffsetColumn(_))));
        let sliced = spec(r#"{"kind": "bit-sliced-differential", "slices": 4, "bits": 2}"#);
        let sliced = sliced.expect("all keys").build().expect("8 bits");
        assert_eq!((sliced.top_weight(), sliced.top_level(), sliced.columns(3)), (255, 3, 24));
        assert_eq!((sliced.full_scale_groups(), sliced.reach()), (4, 85.0));
        for wrong in [
            r#"{}"#,
            r#"{"kind": "pairs"}"#,
            r#"{"kind": "differential", "bits": 2}"#,
            r#"{"kind": "bit-sliced-differential", "slices": 4}"#,
        ] {
            assert!(spec(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_registered_mapping_builds_and_has_a_name_of_its_own() {
        let all = MappingSpec::registered();
        for spec in &all {
            assert!(spec.build().is_ok(), "{spec:?}");
            let text = serde_json::to_value(spec).expect("plain data");
            assert_eq!(text["kind"], spec.kind());
            for other in &all {
                let same = std::mem::discriminant(spec) == std::mem::discriminant(other);
                assert_eq!(same, spec.kind() == other.kind(), "{spec:?} and {other:?}");
            }
        }
    }
}
