//! The mapping law, with exact integers.

use cim_core::Stream;
use cim_tests::chip::integers;
use cim_tests::registered::{cases, mappings};
use cim_tile::MappingError;
use ndarray::Array2;
use proptest::prelude::*;

/// Largest magnitude of an input: 16 bits and a sign, as the widest DAC.
const TOP_INPUT: i32 = 32_767;

proptest! {
    #![proptest_config(cases(96))]

    /// `Σ phase · weight · Σ drive · (level₊ − level₋) = wᵀ x`, exactly.
    #[test]
    fn a_plan_carries_the_integer_product(
        inputs in 1usize..40,
        outputs in 1usize..12,
        batch in 1usize..4,
        seed in any::<u64>(),
    ) {
        for (name, mapping) in mappings() {
            let at = Stream::root(seed);
            let top = mapping.top_weight();
            let weights = integers(inputs, outputs, -top, top, at.child("w", 0)).mapv(|w| w as i32);
            let x = integers(batch, inputs, -TOP_INPUT, TOP_INPUT, at.child("x", 0));
            let plan = mapping.plan(weights.view()).expect("weights within the range");
            prop_assert_eq!(plan.levels.ncols(), mapping.columns(outputs), "{}", &name);
            prop_assert!(plan.levels.iter().all(|l| (0..=plan.top_level).contains(l)), "{}", &name);
            let rows = plan.levels.nrows();
            let mut got = Array2::<i64>::zeros((batch, outputs));
            let mut drive = vec![f32::NAN; batch * rows];
            for (phase, factor) in plan.phases.iter().enumerate() {
                mapping.drive(phase, x.as_slice().expect("standard layout"), &mut drive);
                for sense in &plan.senses {
                    for sample in 0..batch {
                        let sum: i64 = (0..rows)
                            .map(|row| {
                                let minus = sense.minus.map_or(0, |m| plan.levels[[row, m]]);
                                let level = plan.levels[[row, sense.plus]] - minus;
                                drive[sample * rows + row] as i64 * i64::from(level)
                            })
                            .sum();
                        got[[sample, sense.output]] += factor * sense.weight * sum;
                    }
                }
            }
            let want = x.mapv(|x| x as i64).dot(&weights.mapv(i64::from));
            prop_assert_eq!(&got, &want, "{}", &name);
        }
    }
}

#[test]
fn a_weight_that_does_not_fit_is_refused_with_its_place() {
    for (name, mapping) in mappings() {
        let top = mapping.top_weight();
        for beyond in [top + 1, -top - 1] {
            let mut weights = Array2::zeros((3, 4));
            weights[[1, 2]] = beyond;
            match mapping.plan(weights.view()) {
                Err(MappingError::Weight { weight, row, col, min, max }) => {
                    assert_eq!((weight, row, col), (beyond, 1, 2), "{name}");
                    assert!(min <= -top && top <= max, "{name}");
                }
                Ok(_) => panic!("{name} took {beyond}"),
            }
        }
    }
}
