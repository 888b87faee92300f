//! Circuit laws, on arrays of random shape with opens, shorts, ideal and broken wires.

use cim_core::{Ohms, Stream};
use cim_crossbar::{Bias, Circuit, CircuitError, Ends, Nodal, Scheme, Solution, Transfer, Wires};
use ndarray::{Array1, Array2, s};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// A conductance: open, ordinary or a short.
fn cell() -> impl Strategy<Value = f64> {
    prop_oneof![
        1 => Just(0.0),
        12 => (-7.0..-2.0f64).prop_map(|x| 10f64.powf(x)),
        1 => Just(f64::INFINITY),
    ]
}

/// A wire segment: ideal or ordinary.
fn segment() -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 8 => (-3.0..3.0f64).prop_map(|x| 10f64.powf(x))]
}

/// The end of a line: never ideal, so that no two ends are shorted.
fn end() -> impl Strategy<Value = f64> {
    (-3.0..3.0f64).prop_map(|x| 10f64.powf(x))
}

fn far_end() -> impl Strategy<Value = f64> {
    prop_oneof![Just(f64::INFINITY), end()]
}

prop_compose! {
    fn array()(rows in 1..9usize, cols in 1..9usize)(
        g in prop::collection::vec(cell(), rows * cols),
        row_ohm in prop::collection::vec(segment(), rows * (cols + 1)),
        column_ohm in prop::collection::vec(segment(), (rows + 1) * cols),
        near in prop::collection::vec(end(), rows + cols),
        far in prop::collection::vec(far_end(), rows + cols),
        row_v in prop::collection::vec(-1.0..1.0f64, rows),
        (rows, cols) in Just((rows, cols)),
    ) -> (Circuit, Vec<f64>) {
        let g = Array2::from_shape_vec((rows, cols), g).unwrap();
        let mut row_ohm = Array2::from_shape_vec((rows, cols + 1), row_ohm).unwrap();
        let mut column_ohm = Array2::from_shape_vec((rows + 1, cols), column_ohm).unwrap();
        for row in 0..rows {
            row_ohm[[row, 0]] = near[row];
            row_ohm[[row, cols]] = far[row];
        }
        for col in 0..cols {
            column_ohm[[0, col]] = far[rows + col];
            column_ohm[[rows, col]] = near[rows + col];
        }
        (Circuit::with_segments(g, row_ohm, column_ohm).unwrap(), row_v)
    }
}

fn solve(circuit: &Circuit, bias: &Bias) -> Solution {
    Nodal::new(circuit.clone(), bias).and_then(|nodal| nodal.solve(bias)).expect("solved")
}

/// The same cases in every run; as many as `PROPTEST_CASES` says, or `cases`. `PROPTEST_RNG_SEED`
/// gives others.
fn fixed(cases: u32) -> ProptestConfig {
    let (asked, plain) = (ProptestConfig::default(), 256);
    let rng_seed = match asked.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        seed => seed,
    };
    // What is not asked for is the library's own number.
    let cases = if asked.cases == plain { cases } else { asked.cases };
    ProptestConfig { cases, rng_seed, ..asked }
}

/// Equal up to `share` of the largest magnitude.
fn close(a: &[f64], b: &[f64], share: f64) -> Result<(), TestCaseError> {
    let scale = a.iter().chain(b).fold(0.0_f64, |m, x| m.max(x.abs()));
    for (a, b) in a.iter().zip(b) {
        prop_assert!((a - b).abs() <= share * scale, "{a} and {b} at scale {scale}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(fixed(400))]

    /// Recomputed here from the voltages and currents of the solution alone.
    #[test]
    fn kirchhoff_and_ohm_hold_at_every_node((circuit, row_v) in array()) {
        let (rows, cols) = circuit.shape();
        let solution = match Nodal::new(circuit.clone(), &Bias::read(&row_v, cols))
            .and_then(|nodal| nodal.solve(&Bias::read(&row_v, cols)))
        {
            // Two shorts in a loop of ideal wires: their share of the current is anyone's guess.
            Err(CircuitError::Undetermined { .. }) => return Ok(()),
            solution => solution.expect("solved"),
        };
        let largest = solution.cell_a.iter().fold(1e-30_f64, |m, i| m.max(i.abs()));
        for row in 0..rows {
            for col in 0..cols {
                let cell = solution.cell_a[[row, col]];
                let upper = solution.row_wire_a[[row, col]] - solution.row_wire_a[[row, col + 1]];
                let lower = solution.column_wire_a[[row + 1, col]] - solution.column_wire_a[[row, col]];
                prop_assert!((upper - cell).abs() <= 1e-10 * largest);
                prop_assert!((lower - cell).abs() <= 1e-10 * largest);
                let across = solution.row_v[[row, col]] - solution.column_v[[row, col]];
                let g = circuit.conductances()[[row, col]];
                if g.is_finite() {
                    prop_assert!((g * across - cell).abs() <= 1e-12 * largest);
                } else {
                    prop_assert_eq!(across, 0.0);
                }
            }
        }
    }

    #[test]
    fn the_transfer_matrix_gives_the_currents_of_the_nodal_solution((circuit, row_v) in array()) {
        let bias = Bias::read(&row_v, circuit.shape().1);
        let nodal = match Nodal::new(circuit.clone(), &bias).and_then(|nodal| nodal.solve(&bias)) {
            Err(CircuitError::Undetermined { .. }) => return Ok(()),
            nodal => nodal.expect("solved"),
        };
        let transfer = Transfer::compile(&circuit).expect("compiled");
        let currents = transfer.currents(Array1::from(row_v).view());
        close(&nodal.column_a(), currents.as_slice().unwrap(), 1e-11)?;
    }

    #[test]
    fn currents_superpose_and_nothing_in_is_nothing_out((circuit, row_v) in array(), cut in 0..9usize) {
        let cols = circuit.shape().1;
        let nodal = Nodal::new(circuit, &Bias::read(&row_v, cols)).expect("reduced");
        let part = |keep: &dyn Fn(usize) -> bool| -> Option<Vec<f64>> {
            let v: Vec<f64> =
                row_v.iter().enumerate().map(|(r, &v)| if keep(r) { v } else { 0.0 }).collect();
            match nodal.solve(&Bias::read(&v, cols)) {
                Err(CircuitError::Undetermined { .. }) => None,
                solution => Some(solution.expect("solved").column_a()),
            }
        };
        let (Some(first), Some(second), Some(both), Some(none)) =
            (part(&|r| r < cut), part(&|r| cut <= r), part(&|_| true), part(&|_| false))
        else {
            return Ok(());
        };
        let sum: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a + b).collect();
        let scale = first.iter().chain(&second).fold(0.0_f64, |m, x| m.max(x.abs()));
        for (a, b) in sum.iter().zip(&both) {
            prop_assert!((a - b).abs() <= 1e-11 * scale);
        }
        prop_assert!(none.iter().all(|&i| i == 0.0));
    }

    /// Driving the columns and sensing the rows of the transposed array is the same circuit; so is
    /// an array seen in a mirror.
    #[test]
    fn transposed_and_mirrored_arrays_conduct_the_same((circuit, _) in array()) {
        let (g, row, column) = (circuit.conductances(), circuit.row_ohm(), circuit.column_ohm());
        let here = Transfer::compile(&circuit).expect("compiled");
        let there = Circuit::with_segments(
            g.t().slice(s![..;-1, ..;-1]).to_owned(),
            column.t().slice(s![..;-1, ..;-1]).to_owned(),
            row.t().slice(s![..;-1, ..;-1]).to_owned(),
        ).unwrap();
        let there = Transfer::compile(&there).expect("compiled");
        let there = there.matrix().t().slice(s![..;-1, ..;-1]).to_owned();
        let flat = |m: &Array2<f64>| m.iter().copied().collect::<Vec<_>>();
        close(&flat(&here.matrix().to_owned()), &flat(&there), 1e-12)?;
        let mirrored = Circuit::with_segments(
            g.slice(s![.., ..;-1]).to_owned(),
            row.slice(s![.., ..;-1]).to_owned(),
            column.slice(s![.., ..;-1]).to_owned(),
        ).unwrap();
        let mirrored = Transfer::compile(&mirrored).expect("compiled");
        let mirrored = mirrored.matrix().slice(s![.., ..;-1]).to_owned();
        close(&flat(&here.matrix().to_owned()), &flat(&mirrored), 1e-12)?;
    }

    #[test]
    fn ideal_wires_give_the_conductances_bit_for_bit(
        (rows, cols) in (1..20usize, 1..20usize), seed in any::<u64>(),
    ) {
        let mut values = vec![0.0; rows * cols];
        Stream::root(seed).fill_uniform(0, &mut values);
        let g = Array2::from_shape_fn((rows, cols), |(r, c)| 1e-4 * f64::from(values[r * cols + c]));
        let circuit = Circuit::new(g.clone(), Wires::NONE).unwrap();
        let transfer = Transfer::compile(&circuit).unwrap();
        prop_assert_eq!(transfer.matrix(), g.view());
    }

    /// Rayleigh's monotonicity law: with voltages held, no resistance that grows draws more power.
    #[test]
    fn power_never_rises_as_a_resistance_grows(
        (circuit, row_v) in array(), which in any::<prop::sample::Index>(), factor in 1.0..100.0f64,
    ) {
        let (rows, cols) = circuit.shape();
        let bias = Bias::read(&row_v, cols);
        let Ok(before) = Nodal::new(circuit.clone(), &bias).and_then(|n| n.solve(&bias)) else {
            return Ok(());
        };
        let mut g = circuit.conductances().to_owned();
        let mut row = circuit.row_ohm().to_owned();
        let mut column = circuit.column_ohm().to_owned();
        match which.index(3) {
            0 => { let k = which.index(rows * cols); g[[k / cols, k % cols]] /= factor; }
            1 => { let k = which.index(rows * (cols + 1)); row[[k / (cols + 1), k % (cols + 1)]] *= factor; }
            _ => { let k = which.index((rows + 1) * cols); column[[k / cols, k % cols]] *= factor; }
        }
        let after = Circuit::with_segments(g, row, column).unwrap();
        let Ok(after) = Nodal::new(after, &bias).and_then(|n| n.solve(&bias)) else {
            return Ok(());
        };
        prop_assert!(after.power_w <= before.power_w * (1.0 + 1e-9), "{} W after {} W", after.power_w, before.power_w);
    }

    /// Every voltage of a passive array lies between those of its ends.
    #[test]
    fn voltages_stay_between_those_of_the_ends((circuit, row_v) in array(), row in 0..9usize, col in 0..9usize) {
        let (rows, cols) = circuit.shape();
        let cell = (row % rows, col % cols);
        for scheme in [Scheme::Half, Scheme::Third] {
            let bias = Bias::select((rows, cols), cell, row_v[0].abs(), scheme).unwrap();
            match Nodal::new(circuit.clone(), &bias).and_then(|n| n.solve(&bias)) {
                Err(CircuitError::Undetermined { .. }) => {}
                solution => {
                    let solution = solution.expect("solved");
                    let top = row_v[0].abs() * (1.0 + 1e-12);
                    prop_assert!(solution.row_v.iter().chain(&solution.column_v).all(|&v| -1e-15 <= v && v <= top));
                }
            }
        }
    }
}

/// Half of the voltage on what is not selected keeps half of it off every other cell.
#[test]
fn schemes_of_selection_put_their_voltages_on_ideal_wires() {
    let g = Array2::from_elem((3, 4), 1e-5);
    let across = |scheme: Scheme, at: (usize, usize)| {
        let bias = Bias::select((3, 4), (1, 2), 1.2, scheme).unwrap();
        let wires = Wires { source: Some(Ohms(1e-9)), sense: Some(Ohms(1e-9)), ..Wires::NONE };
        let solution = solve(&Circuit::new(g.clone(), wires).unwrap(), &bias);
        solution.row_v[at] - solution.column_v[at]
    };
    for (scheme, chosen, same_row, same_col, other) in
        [(Scheme::Half, 1.2, 0.6, 0.6, 0.0), (Scheme::Third, 1.2, 0.4, 0.4, -0.4)]
    {
        for (at, want) in
            [((1, 2), chosen), ((1, 0), same_row), ((0, 2), same_col), ((0, 0), other)]
        {
            assert!((across(scheme, at) - want).abs() < 1e-9, "{scheme:?} {at:?}");
        }
    }
    // Floating lines: three resistances in series, of 3 cells, 6 cells and 2 cells in parallel,
    // beside the selected cell. (Sneak path of a passive array.)
    let sneak = 1.2 / (1.0 / 3.0 + 1.0 / 6.0 + 1.0 / 2.0);
    assert!((across(Scheme::Floating, (1, 0)) - sneak / 3.0).abs() < 1e-9);
    assert!((across(Scheme::Floating, (0, 2)) - sneak / 2.0).abs() < 1e-9);
}

#[test]
fn one_active_cell_has_the_closed_form() {
    // NF = r d / (R_on + r d), d = segments of wire on the way (Manhattan distance).
    for (cell, want) in [((0, 0), 1.6666e-5), ((10, 5), 1.4164e-4), ((63, 63), 1.06553e-3)] {
        let mut g = Array2::zeros((64, 64));
        // The output is at the bottom here, at row 0 in the source.
        g[[63 - cell.0, cell.1]] = 1.0 / 300e3;
        let circuit = Circuit::new(g, Wires::new(Ohms(2.5), Ohms(2.5))).unwrap();
        let total: f64 = Transfer::compile(&circuit).unwrap().matrix().sum();
        let factor = 1.0 - total * 300e3;
        assert!((factor - want).abs() < 1e-4 * want, "{factor} at {cell:?}");
    }
}

#[test]
fn impossible_circuits_are_named() {
    let g = |bad: f64| {
        let mut g = Array2::from_elem((2, 3), 1e-6);
        g[[1, 2]] = bad;
        Circuit::new(g, Wires::new(Ohms(1.0), Ohms(1.0)))
    };
    for bad in [-1e-6, f64::NAN] {
        assert!(matches!(g(bad), Err(CircuitError::Conductance { row: 1, col: 2, .. })));
    }
    let shorted = {
        let mut g = Array2::from_elem((2, 3), 1e-6);
        g[[1, 2]] = f64::INFINITY;
        Transfer::compile(&Circuit::new(g, Wires::NONE).unwrap())
    };
    let message = shorted.expect_err("no resistance on the way").to_string();
    assert!(message.contains("row 1") && message.contains("column 2"), "{message}");
    let mut open = Array2::from_elem((3, 3), 1e-6);
    open.row_mut(1).fill(0.0);
    let mut bias = Bias::read(&[0.1; 3], 3);
    (bias.left[1], bias.right[1]) = (None, None);
    let circuit = Circuit::new(open, Wires::new(Ohms(1.0), Ohms(1.0))).unwrap();
    let floating = Nodal::new(circuit.clone(), &bias).and_then(|nodal| nodal.solve(&bias));
    assert!(
        matches!(floating, Err(CircuitError::Floating { line: "row", row: 1, .. })),
        "{floating:?}"
    );
    let short = Bias::read(&[0.1; 2], 3);
    assert!(matches!(
        Nodal::new(circuit, &short),
        Err(CircuitError::Voltages { got: 2, want: 3, .. })
    ));
}

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
        let alone = nodal.column_currents(row_v.view().insert_axis(ndarray::Axis(0))).expect("solved");
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

/// A minus sign before nothing is nothing; numbers beyond all bounds are named.
#[test]
fn no_result_is_without_a_number() {
    let g = Array2::from_shape_fn((3, 2), |(r, c)| 1e-5 * (1 + r + c) as f64);
    let zero = |zero: f64| {
        let mut g = g.clone();
        g[[1, 1]] = zero;
        let circuit = Circuit::new(g, Wires::new(Ohms(zero), Ohms(1.0))).unwrap();
        solve(&circuit, &Bias::read(&[0.1, 0.2, 0.3], 2))
    };
    assert_eq!(zero(-0.0), zero(0.0));
    let huge = Circuit::new(g.mapv(|_| 1e308), Wires::new(Ohms(1e-308), Ohms(1e-308))).unwrap();
    for result in [Transfer::compile(&huge).map(|t| t.matrix().to_owned()), {
        let bias = Bias::read(&[0.1, 0.2, 0.3], 2);
        Nodal::new(huge.clone(), &bias).and_then(|n| n.solve(&bias)).map(|s| s.cell_a)
    }] {
        match result {
            Ok(values) => assert!(values.iter().all(|v| v.is_finite()), "{values}"),
            Err(error) => assert!(!error.to_string().contains("NaN"), "{error}"),
        }
    }
}

/// A row without resistance between its two ends, both held at its voltage: as held at one.
#[test]
fn an_ideal_line_may_be_held_at_both_ends() {
    let g = Array2::from_shape_fn((4, 3), |(r, c)| 1e-5 * (1 + r + 3 * c) as f64);
    let row_v = [0.1, 0.2, 0.3, 0.15];
    let one = Wires { source: Some(Ohms(0.0)), ..Wires::new(Ohms(0.0), Ohms(5.0)) };
    let both = Wires { driven: Ends::Both, ..one };
    let bias = Bias::read(&row_v, 3);
    let [one, both] = [one, both].map(|wires| Circuit::new(g.clone(), wires).unwrap());
    let (at_one, at_both) = (solve(&one, &bias), solve(&both, &bias));
    assert_eq!(at_one.column_a(), at_both.column_a());
    assert_eq!(
        Transfer::compile(&one).unwrap().matrix(),
        Transfer::compile(&both).unwrap().matrix()
    );
    // Four equal segments: the first cell's current comes by three quarters from the left.
    let cells = at_both.cell_a.row(0);
    let left = 0.75 * cells[0] + 0.5 * cells[1] + 0.25 * cells[2];
    assert!((at_both.end_a.left[0] - left).abs() < 1e-12 * left);
    let mut apart = bias.clone();
    apart.right[2] = Some(0.1);
    let shorted = Nodal::new(both.clone(), &apart).and_then(|n| n.solve(&apart));
    assert!(matches!(shorted, Err(CircuitError::Shorted { line: 2, other_line: 2, .. })));
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

#[test]
fn arrays_beyond_the_limit_are_refused() {
    let g = Array2::<f64>::zeros((4097, 4096));
    let refused = Circuit::new(g, Wires::new(Ohms(1.0), Ohms(1.0)));
    assert!(matches!(refused, Err(CircuitError::TooLarge { rows: 4097, cols: 4096, .. })));
}
