//! The mapping law, with exact integers and in conductances, of every mapping and drive.

use cim_adc::Polarity;
use cim_core::{Siemens, Stream};
use cim_device::Window;
use cim_laws::draws::integers;
use cim_laws::mapping::{LAWS, POLARITIES, carries, raised_at};
use cim_tests::registered::{cases, mappings};
use proptest::prelude::*;

#[test]
fn every_mapping_obeys_every_law() {
    for (name, mapping) in mappings() {
        for (_, law) in LAWS {
            law(mapping.as_ref()).unwrap_or_else(|broken| panic!("{name}: {broken}"));
        }
    }
}

#[test]
fn a_phase_drives_what_its_converter_can() {
    for polarity in POLARITIES {
        let least = if polarity.is_signed() { -32_767 } else { 0 };
        let x = integers(1, 500, least, 32_767, Stream::root(33));
        let rows = 500 * polarity.rows_per_input();
        let (mut codes, mut drive) = (vec![f32::NAN; rows], vec![f32::NAN; rows]);
        polarity.split(x.as_slice().expect("standard layout"), &mut codes);
        let (least, bits) = match polarity {
            Polarity::Bipolar => (f32::NEG_INFINITY, 16),
            _ => (0.0, 15),
        };
        for phase in polarity.phases(bits) {
            phase.drive(&codes, &mut drive);
            assert!(drive.iter().all(|u| least <= *u), "{polarity:?}");
        }
    }
}

proptest! {
    #![proptest_config(cases(48))]

    /// Products of any size, in conductances of any window, which may reach down to 0 S.
    #[test]
    fn a_plan_carries_the_integer_product(
        inputs in 1usize..40,
        outputs in 1usize..12,
        batch in 1usize..4,
        seed in any::<u64>(),
        micro_siemens in (0.0..50.0f64, 0.1..200.0f64),
    ) {
        let (bottom, span) = micro_siemens;
        let window = Window::new(Siemens(bottom * 1e-6), Siemens((bottom + span) * 1e-6));
        let window = window.expect("a window");
        for (name, mapping) in mappings() {
            for polarity in POLARITIES {
                let shape = (batch, inputs, outputs);
                let obeyed = carries(mapping.as_ref(), polarity, shape, Stream::root(seed), window);
                prop_assert!(obeyed.is_ok(), "{}: {:?}", name, obeyed);
            }
        }
    }

    #[test]
    fn raised_cells_are_those_of_the_plan(
        inputs in 1usize..8,
        outputs in 1usize..6,
        clip in 0.1..3.0f64,
        seed in any::<u64>(),
    ) {
        for (name, mapping) in mappings() {
            let obeyed = raised_at(mapping.as_ref(), (inputs, outputs), clip, Stream::root(seed));
            prop_assert!(obeyed.is_ok(), "{}: {:?}", name, obeyed);
        }
    }
}
