//! Laws of every device.

use cim_laws::device::LAWS;
use cim_tests::registered::devices;

/// Checks all devices against one law, by name.
fn every_device_obeys(name: &str) {
    let (_, law) = LAWS.iter().find(|(own, _)| *own == name).expect("a law");
    for (device_name, device) in devices() {
        law(device.as_ref()).unwrap_or_else(|broken| panic!("{device_name}: {broken}"));
    }
}

/// One test for each law, and that none is left out.
macro_rules! laws {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            every_device_obeys(stringify!($name));
        })*

        #[test]
        fn every_law_of_devices_has_its_test() {
            assert_eq!(LAWS.map(|(name, _)| name), [$(stringify!($name)),*]);
        }
    };
}

laws!(
    no_conductance_is_negative_and_every_cell_is_counted,
    programmed_cells_have_the_moments_that_the_device_states,
    posynomials_bound_the_variances_from_above,
    posynomials_exceed_by_no_more_than_they_say,
    an_address_repeats_its_cells_and_another_draws_others,
    a_cell_does_not_depend_on_the_size_of_its_array,
    current_is_odd_and_rises_with_voltage,
    ageing_by_nothing_changes_nothing_and_no_age_makes_a_conductance_impossible,
    a_chip_has_one_trajectory_which_no_look_at_it_changes,
    times_that_cannot_be_are_typed_errors,
);
