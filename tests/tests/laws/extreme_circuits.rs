//! Circuits at the end of what can be: near-shorts, nothing that flows, a hundred thousand columns.

use std::slice;

use cim_core::Ohms;
use cim_crossbar::{Bias, Circuit, CircuitError, Ends, Nodal, Solution, Transfer, Vectors, Wires};
use ndarray::{Array1, Array2, Axis, s};
use proptest::prelude::*;

use crate::circuit::{array, close, end, fixed, solve};

prop_compose! {
    /// Cells of which some are close to a short, on wires that all have resistance.
    fn near_shorted()(rows in 1..9usize, cols in 1..9usize)(
        g in prop::collection::vec(prop_oneof![
            1 => Just(0.0),
            8 => (-7.0..-2.0f64).prop_map(|x| 10f64.powf(x)),
            3 => (0.0..12.0f64).prop_map(|x| 10f64.powf(x)),
            1 => Just(f64::INFINITY),
        ], rows * cols),
        row_ohm in prop::collection::vec(end(), rows * (cols + 1)),
        column_ohm in prop::collection::vec(end(), (rows + 1) * cols),
        far in prop::collection::vec(any::<bool>(), rows + cols),
        row_v in prop::collection::vec(-1.0..1.0f64, rows),
        (rows, cols) in Just((rows, cols)),
    ) -> (Circuit, Vec<f64>) {
        let g = Array2::from_shape_vec((rows, cols), g).unwrap();
        let mut row_ohm = Array2::from_shape_vec((rows, cols + 1), row_ohm).unwrap();
        let mut column_ohm = Array2::from_shape_vec((rows + 1, cols), column_ohm).unwrap();
        (0..rows).filter(|row| far[*row]).for_each(|row| row_ohm[[row, cols]] = f64::INFINITY);
        (0..cols).filter(|c| far[rows + c]).for_each(|c| column_ohm[[0, c]] = f64::INFINITY);
        (Circuit::with_segments(g, row_ohm, column_ohm).unwrap(), row_v)
    }
}

proptest! {
    #![proptest_config(fixed(2_000))]

    /// With every voltage and without, as the matrix says, and Kirchhoff's law at every node.
    #[test]
    fn near_shorts_have_one_answer((circuit, row_v) in near_shorted()) {
        let (rows, cols) = circuit.shape();
        let bias = Bias::read(&row_v, cols);
        let nodal = Nodal::new(circuit.clone(), &bias).expect("reduced");
        let solution = nodal.solve(&bias).expect("solved");
        let row_v = Array1::from(row_v);
        let want = Transfer::compile(&circuit).expect("compiled").currents(row_v.view());
        let alone = nodal.column_currents(row_v.view().insert_axis(Axis(0))).expect("solved");
        let largest = solution.cell_a.iter().fold(1e-300_f64, |m, i| m.max(i.abs()));
        for col in 0..cols {
            prop_assert!((solution.column_a()[col] - want[col]).abs() <= 1e-10 * largest);
            prop_assert!((alone[[0, col]] - want[col]).abs() <= 1e-10 * largest);
        }
        for row in 0..rows {
            for col in 0..cols {
                let cell = solution.cell_a[[row, col]];
                let upper = solution.row_wire_a[[row, col]] - solution.row_wire_a[[row, col + 1]];
                let lower = solution.column_wire_a[[row + 1, col]] - solution.column_wire_a[[row, col]];
                prop_assert!((upper - cell).abs() <= 1e-9 * largest);
                prop_assert!((lower - cell).abs() <= 1e-9 * largest);
            }
        }
    }

    /// All ends that are held are at one voltage: nothing flows but rounding, which is no violation of
    /// any law; only a node that nothing joins to an end has no voltage.
    #[test]
    fn circuits_without_current_are_solved(
        (circuit, _) in array(),
        decades in -3.0..1.0f64,
        floats in prop::collection::vec(prop::bool::weighted(0.2), 18),
    ) {
        let (rows, cols) = circuit.shape();
        let volts = 10f64.powf(decades);
        let at = |line: usize| if floats[line] { None } else { Some(volts) };
        let row_v: Vec<_> = (0..rows).map(at).collect();
        let column_v: Vec<_> = (0..cols).map(|col| at(9 + col)).collect();
        let bias = Bias {
            left: row_v.clone(), right: row_v, top: column_v.clone(), bottom: column_v,
        };
        let solution = match Nodal::new(circuit.clone(), &bias).and_then(|n| n.solve(&bias)) {
            Err(CircuitError::Undetermined { .. } | CircuitError::Floating { .. }) => return Ok(()),
            solution => solution.expect("solved"),
        };
        let cells = circuit.conductances().iter().copied().filter(|g| g.is_finite()).sum::<f64>();
        let flows =
            solution.cell_a.iter().chain(&solution.column_a()).fold(0.0_f64, |m, i| m.max(i.abs()));
        prop_assert!(flows <= 1e-12 * volts * cells, "{} A of {} A", flows, volts * cells);
        let largest = solution.row_v.iter().fold(0.0_f64, |m, v| m.max((v - volts).abs()));
        prop_assert!(largest <= 1e-13 * volts, "off by {largest} V");
    }
}

/// A row wire with a cell and an end at every node is a ladder: its voltages follow one another from
/// the far end, up to one factor. Nothing here grows faster than its length.
#[test]
fn long_arrays_are_ladders() {
    let cols = 100_000;
    let g = Array2::from_shape_fn((1, cols), |(_, c)| 1e-9 * (1 + (37 * c) % 100) as f64);
    let (row_ohm, sense_ohm, source_ohm) = (0.02, 30.0, 5.0);
    let wires = Wires {
        source: Some(Ohms(source_ohm)),
        sense: Some(Ohms(sense_ohm)),
        ..Wires::new(Ohms(row_ohm), Ohms(7.0))
    };
    let branch: Vec<f64> = g.iter().map(|g| 1.0 / (1.0 / g + sense_ohm)).collect();
    let (mut volts, mut flows) = (1.0, 0.0);
    let mut from_far = vec![0.0; cols];
    for col in (0..cols).rev() {
        from_far[col] = volts * branch[col];
        flows += from_far[col];
        volts += flows * if col == 0 { source_ohm } else { row_ohm };
    }
    let want = |col: usize| 0.2 * from_far[col] / volts;
    let circuit = Circuit::new(g.clone(), wires).unwrap();
    let bias = Bias::read(&[0.2], cols);
    let nodal = Nodal::new(circuit, &bias).unwrap();
    let by_nodes = nodal.solve(&bias).unwrap();
    let alone = nodal.column_currents(Array2::from_elem((1, 1), 0.2).view()).unwrap();
    for (col, got) in by_nodes.column_a().into_iter().enumerate() {
        assert!((got / want(col) - 1.0).abs() < 1e-10, "{col}: {got} for {}", want(col));
        assert!((alone[[0, col]] / want(col) - 1.0).abs() < 1e-10, "{col}");
    }
    // On its side: one column, sensed at one end.
    let wires = Wires {
        source: Some(Ohms(sense_ohm)),
        sense: Some(Ohms(source_ohm)),
        ..Wires::new(Ohms(7.0), Ohms(row_ohm))
    };
    let side = Circuit::new(g.t().slice(s![..;-1, ..]).to_owned(), wires).unwrap();
    let bias = Bias::read(&vec![0.2; cols], 1);
    let side = Nodal::new(side, &bias).unwrap();
    let total: f64 = (0..cols).map(want).sum();
    let got = side.solve(&bias).unwrap().column_a()[0];
    assert!((got / total - 1.0).abs() < 1e-10, "{got} for {total}");
    let too_many = Transfer::compile(nodal.circuit());
    assert!(matches!(too_many, Err(CircuitError::TooLarge { .. })));
}

/// Few vectors are solved one by one, many by a matrix, from its rows or from its columns: the same.
#[test]
fn column_currents_do_not_depend_on_the_way_to_them() {
    for (rows, cols) in [(1, 1), (2, 400), (300, 3), (40, 60)] {
        let u = |r: usize, c: usize| ((37 * r + 11 * c) % 100 + 1) as f64;
        let g = Array2::from_shape_fn((rows, cols), |(r, c)| 1e-6 * u(r, c));
        let wires = Wires { driven: Ends::Both, ..Wires::new(Ohms(2.0), Ohms(3.0)) };
        let circuit = Circuit::new(g, wires).unwrap();
        let transfer = Transfer::compile(&circuit).unwrap();
        for vectors in [1, 7, 200] {
            let volts = Array2::from_shape_fn((vectors, rows), |(v, r)| 0.002 * u(v, 3 * r));
            let nodal = Nodal::new(circuit.clone(), &Bias::read(&vec![0.0; rows], cols)).unwrap();
            let got = nodal.column_currents(volts.view()).unwrap();
            for (got, want) in got.iter().zip(&volts.dot(&transfer.matrix())) {
                assert!((got / want - 1.0).abs() < 1e-12, "{got} for {want}");
            }
        }
    }
}

/// One read for currents and voltages at once is what either is alone, also where near-shorts put far
/// more in than flows.
#[test]
fn currents_and_voltages_of_one_read_are_those_of_two() {
    for (k, short) in [1e-5, 1e9].into_iter().enumerate() {
        for (rows, cols) in [(1, 1), (3, 40), (40, 60)] {
            let u = |r: usize, c: usize| ((37 * r + 11 * c + 5 * k) % 100 + 1) as f64;
            let g = Array2::from_shape_fn((rows, cols), |(r, c)| {
                if (r + c) % 7 == 3 { short } else { 1e-6 * u(r, c) }
            });
            let circuit = Circuit::new(g, Wires::new(Ohms(2.0), Ohms(3.0))).unwrap();
            let row_v = Array2::from_shape_fn((1, rows), |(_, r)| 0.002 * u(7, 3 * r));
            let bias = Bias::read(row_v.as_slice().unwrap(), cols);
            let nodal = Nodal::new(circuit.clone(), &bias).unwrap();
            let one = Vectors::ohmic(&circuit, slice::from_ref(&bias), Some(row_v.view()), false);
            let one = one.unwrap();
            assert_eq!(one.column_a, nodal.column_currents(row_v.view()).unwrap());
            let (both, alone) = (&one.solutions.unwrap()[0], nodal.solve(&bias).unwrap());
            assert_eq!(both.cell_a, alone.cell_a);
            assert_eq!(both.column_a(), alone.column_a());
            assert_eq!(both.power_w, alone.power_w);
        }
    }
}

/// 1 GS beside wires of 3 Ohm, alone, in rows and everywhere: the answer of shorts, to 1e-9.
#[test]
fn near_shorts_are_solved_like_shorts() {
    for (k, near) in [1e6, 1e9, 1e12].into_iter().enumerate() {
        for which in 0..4 {
            let place = |(r, c): (usize, usize)| match which {
                0 => (r, c) == (2, 1),
                1 => r == 3,
                2 => (r + c) % 2 == 0,
                _ => true,
            };
            let with = |g_short: f64| {
                let g = Array2::from_shape_fn((6, 5), |at| {
                    if place(at) { g_short } else { 1e-6 * (1 + at.0 + 7 * at.1) as f64 }
                });
                Circuit::new(g, Wires::new(Ohms(3.0), Ohms(3.0))).unwrap()
            };
            let bias = Bias::read(&[0.2, 0.1, 0.3, 0.25, 0.05, 0.15], 5);
            let (near_a, short_a) = (solve(&with(near), &bias), solve(&with(f64::INFINITY), &bias));
            // A near-short of G drops by V G R less than the short does.
            let share = 1e-9 + 10.0 / (near * 3.0);
            close(&near_a.column_a(), &short_a.column_a(), share).unwrap();
            let cells = |s: &Solution| s.cell_a.iter().copied().collect::<Vec<_>>();
            close(&cells(&near_a), &cells(&short_a), share + 1e-9).unwrap();
            let power = (near_a.power_w / short_a.power_w - 1.0).abs();
            assert!(power < share, "{k} {which}: {power}");
        }
    }
}

/// Half of the cells shorted: each costs a walk along its line, not a look at all others.
#[test]
fn many_shorts_have_their_currents() {
    let g = Array2::from_shape_fn((100, 100), |(r, c)| {
        if (r * 7 + c * 13 + r * c) % 2 == 0 { f64::INFINITY } else { 1e-5 }
    });
    let circuit = Circuit::new(g, Wires::new(Ohms(1.0), Ohms(1.0))).unwrap();
    let solution = solve(&circuit, &Bias::read(&[0.2; 100], 100));
    let taken: f64 = solution.cell_a.sum();
    let out: f64 = solution.column_a().iter().sum();
    assert!((taken - out).abs() < 1e-9 * out, "{taken} of {out}");
}
