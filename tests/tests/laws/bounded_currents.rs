//! Currents within a tolerance: the bound holds, the tolerance is met, and what cannot be iterated
//! is eliminated.

use cim_core::Ohms;
use cim_crossbar::solve::iterative::column_currents;
use cim_crossbar::{Circuit, CircuitError, Ends, Transfer, Wires};
use ndarray::{Array1, Array2, Axis};
use proptest::prelude::*;

use crate::circuit::{array, end, fixed};

prop_compose! {
    /// Arrays whose wires all have resistance, some of them broken or not connected at an end.
    fn resistive()(rows in 1..24usize, cols in 1..24usize)(
        g in prop::collection::vec(prop_oneof![
            1 => Just(0.0), 12 => (-9.0..-1.0f64).prop_map(|x| 10f64.powf(x))
        ], rows * cols),
        row_ohm in prop::collection::vec(end(), rows * (cols + 1)),
        column_ohm in prop::collection::vec(end(), (rows + 1) * cols),
        unconnected in prop::collection::vec(prop::bool::weighted(0.3), 2 * (rows + cols)),
        row_v in prop::collection::vec(-1.0..1.0f64, rows),
        (rows, cols) in Just((rows, cols)),
    ) -> (Circuit, Vec<f64>) {
        let g = Array2::from_shape_vec((rows, cols), g).unwrap();
        let mut row_ohm = Array2::from_shape_vec((rows, cols + 1), row_ohm).unwrap();
        let mut column_ohm = Array2::from_shape_vec((rows + 1, cols), column_ohm).unwrap();
        for row in 0..rows {
            if unconnected[row] { row_ohm[[row, 0]] = f64::INFINITY; }
            if unconnected[rows + row] { row_ohm[[row, cols]] = f64::INFINITY; }
        }
        for col in 0..cols {
            if unconnected[2 * rows + col] { column_ohm[[0, col]] = f64::INFINITY; }
            if unconnected[2 * rows + cols + col] { column_ohm[[rows, col]] = f64::INFINITY; }
        }
        (Circuit::with_segments(g, row_ohm, column_ohm).unwrap(), row_v)
    }
}

/// Errors against the transfer matrix are within their bound, and the bound within the tolerance.
fn check(circuit: &Circuit, row_v: Vec<f64>, tolerance: f64) -> Result<bool, TestCaseError> {
    let row_v = Array1::from(row_v);
    let exact = match Transfer::compile(circuit) {
        Ok(transfer) => transfer.currents(row_v.view()),
        // No line of columns is held: no current to be wrong about.
        Err(_) => return Ok(false),
    };
    let found = match column_currents(circuit, row_v.view().insert_axis(Axis(0)), tolerance) {
        Ok(found) => found,
        Err(CircuitError::Floating { .. }) => return Ok(false),
        Err(error) => panic!("{error}"),
    };
    let largest = found.column_a.iter().fold(0.0_f64, |most, a| most.max(a.abs()));
    for col in 0..exact.len() {
        let (got, bound) = (found.column_a[[0, col]], found.error_a[[0, col]]);
        prop_assert!(bound <= tolerance * largest, "bound {bound} of {largest}");
        // The transfer matrix itself is exact to rounding of its terms.
        let rounding = 1e-13 * exact.iter().fold(0.0_f64, |most, a| most.max(a.abs()));
        prop_assert!(
            (got - exact[col]).abs() <= bound + rounding,
            "{got}, {}: {bound}",
            exact[col]
        );
    }
    Ok(found.steps.is_some())
}

proptest! {
    #![proptest_config(fixed(1_000))]

    #[test]
    fn no_current_is_off_by_more_than_its_bound(
        (circuit, row_v) in resistive(),
        exponent in -9.0..-0.5f64,
    ) {
        check(&circuit, row_v, 10f64.powf(exponent))?;
    }

    #[test]
    fn shorts_and_ideal_wires_are_eliminated((circuit, row_v) in array()) {
        check(&circuit, row_v, 1e-6)?;
    }
}

/// Cells of 10 to 1000 kΩ on wires of 1 Ω: what is asked for in a few steps.
#[test]
fn weak_wires_are_iterated_to_many_digits() {
    for (size, ends) in [(64, Ends::One), (128, Ends::One), (128, Ends::Both)] {
        let g = Array2::from_shape_fn((size, size), |(row, col)| {
            1e-6 * (1 + (row * 37 + col * 11) % 100) as f64
        });
        let wires = Wires { driven: ends, sensed: ends, ..Wires::new(Ohms(1.0), Ohms(1.0)) };
        let circuit = Circuit::new(g, wires).unwrap();
        let row_v: Vec<f64> = (0..size).map(|row| 0.2 * ((row % 7) as f64 - 2.0)).collect();
        for tolerance in [1e-1, 1e-3, 1e-6, 1e-9] {
            assert!(check(&circuit, row_v.clone(), tolerance).unwrap(), "{size}, {tolerance}");
        }
    }
}

#[test]
fn a_tolerance_that_says_nothing_is_refused() {
    let circuit =
        Circuit::new(Array2::from_elem((2, 2), 1e-6), Wires::new(Ohms(1.0), Ohms(1.0))).unwrap();
    for got in [0.0, 1e-13, 1.0, f64::INFINITY, -1e-3] {
        let row_v = Array2::zeros((1, 2));
        let error = column_currents(&circuit, row_v.view(), got).unwrap_err();
        assert_eq!(error, CircuitError::Tolerance { got });
    }
    let error = column_currents(&circuit, Array2::zeros((1, 3)).view(), 1e-3).unwrap_err();
    assert!(matches!(error, CircuitError::Voltages { got: 3, want: 2, .. }), "{error}");
}
