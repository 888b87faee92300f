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
pub(crate) fn end() -> impl Strategy<Value = f64> {
    (-3.0..3.0f64).prop_map(|x| 10f64.powf(x))
}

fn far_end() -> impl Strategy<Value = f64> {
    prop_oneof![Just(f64::INFINITY), end()]
}

prop_compose! {
    pub(crate) fn array()(rows in 1..9usize, cols in 1..9usize)(
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

pub(crate) fn solve(circuit: &Circuit, bias: &Bias) -> Solution {
    Nodal::new(circuit.clone(), bias).and_then(|nodal| nodal.solve(bias)).expect("solved")
}

/// The same cases in every run; as many as `PROPTEST_CASES` says, or `cases`. `PROPTEST_RNG_SEED`
/// gives others.
pub(crate) fn fixed(cases: u32) -> ProptestConfig {
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
pub(crate) fn close(a: &[f64], b: &[f64], share: f64) -> Result<(), TestCaseError> {
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

#[test]
fn arrays_beyond_the_limit_are_refused() {
    let g = Array2::<f64>::zeros((4097, 4096));
    let refused = Circuit::new(g, Wires::new(Ohms(1.0), Ohms(1.0)));
    assert!(matches!(refused, Err(CircuitError::TooLarge { rows: 4097, cols: 4096, .. })));
}
