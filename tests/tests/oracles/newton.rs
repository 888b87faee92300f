//! Non-ohmic arrays: closed forms, and ten thousand random arrays.

use cim_core::{Amps, Stream, Volts};
use cim_crossbar::solve::newton;
use cim_crossbar::{Bias, Circuit, CircuitError, Nodal, Wires};
use cim_device::Conduction;
use ndarray::{Array2, array};

fn uniform(count: usize, at: Stream) -> Vec<f64> {
    let mut values = vec![0.0; count];
    at.fill_uniform(0, &mut values);
    values.into_iter().map(f64::from).collect()
}

/// Between two positive numbers, equally likely in every decade.
fn decades(u: f64, from: f64, to: f64) -> f64 {
    from * (to / from).powf(u)
}

fn law(knobs: &[f64]) -> Conduction {
    match (knobs[0] * 5.0) as usize {
        0 => Conduction::Sinh { scale: Volts(decades(knobs[1], 0.05, 1.0)) },
        1 => {
            let cubic_per_v2 = 3.0 * knobs[1];
            // Rising everywhere: a² < 3 b, with room; both voltages up to 4 V.
            let square_per_v = 1.6 * (knobs[2] - 0.5) * cubic_per_v2.sqrt();
            Conduction::Polynomial { square_per_v, cubic_per_v2, range: Volts(4.0) }
        }
        2 => Conduction::Milo2021,
        3 => {
            let steep = decades(knobs[1], 1.0, 100.0);
            let volts = vec![-2.0, -0.3, 0.0, 0.2 + 0.2 * knobs[2], 2.0];
            let factor = vec![-2.0 * steep, -0.3, 0.0, 0.2, 2.0 * steep];
            Conduction::Table { volts, factor }
        }
        _ => Conduction::Selector {
            current: Amps(decades(knobs[1], 1e-10, 1e-6)),
            scale: Volts(decades(knobs[2], 0.026, 0.2)),
        },
    }
}

fn random(at: Stream) -> (Circuit, Conduction, Bias) {
    let knobs = uniform(12, at.child("knobs", 0));
    let law = law(&knobs[8..]);
    let (rows, cols) = (1 + (knobs[0] * 10.0) as usize, 1 + (knobs[1] * 10.0) as usize);
    let cells = uniform(2 * rows * cols, at.child("cells", 0));
    let milo = law == Conduction::Milo2021;
    let (low, high) = if milo { (50e-6, 225e-6) } else { (1e-7, 1e-3) };
    let g = Array2::from_shape_fn((rows, cols), |(r, c)| {
        let k = 2 * (r * cols + c);
        match cells[k] {
            u if u < 0.05 => 0.0,
            u if u < 0.07 => f64::INFINITY,
            _ => decades(cells[k + 1], low, high),
        }
    });
    let ohm = |u: f64| cim_core::Ohms(decades(u, 1e-3, 1e3));
    let wires = Wires {
        source: Some(ohm(knobs[4])),
        sense: Some(ohm(knobs[5])),
        ..Wires::new(ohm(knobs[2]), ohm(knobs[3]))
    };
    let peak = if milo { 0.25 } else { decades(knobs[6], 0.05, 2.0) };
    let row_v: Vec<f64> = uniform(rows, at.child("volts", 0))
        .into_iter()
        .map(|u| peak * if knobs[7] < 0.5 { u } else { 2.0 * u - 1.0 })
        .collect();
    (Circuit::new(g, wires).expect("a circuit"), law, Bias::read(&row_v, cols))
}

#[test]
fn ten_thousand_random_arrays_converge() {
    let (mut failures, mut most) = (0, 0);
    for k in 0..10_000 {
        let (circuit, law, bias) = random(Stream::root(21).child("array", k));
        match newton::solve(&circuit, &law, &bias) {
            Ok(converged) => {
                most = most.max(converged.steps);
                let solution = converged.solution;
                let largest = solution.cell_a.iter().fold(1e-30_f64, |m, i| m.max(i.abs()));
                // Kirchhoff's laws were checked by the solver: here, that cells obey their law.
                for ((at, &g), &amps) in circuit.conductances().indexed_iter().zip(&solution.cell_a)
                {
                    let across = solution.row_v[at] - solution.column_v[at];
                    let want = if g.is_finite() { law.at(g, across).amps } else { amps };
                    let off = (amps - want).abs();
                    assert!(
                        off <= 1e-9 * largest,
                        "array {k} {law:?} at {at:?}: {amps} for {want}"
                    );
                }
            }
            Err(CircuitError::NotConverged { .. }) => failures += 1,
            Err(error) => panic!("array {k}: {error}"),
        }
    }
    // 99.99 % within the most steps; the rest are typed errors.
    assert!(most <= newton::MAX_STEPS && failures <= 1, "{failures} did not converge");
}

#[test]
fn one_cell_of_every_law_is_its_scalar_equation() {
    // v = r i + V_cell(i) + r i, here by bisection.
    for (k, knobs) in [0.1, 0.3, 0.5, 0.7, 0.9].into_iter().enumerate() {
        let law = law(&[knobs, 0.4, 0.6]);
        let g = 100e-6;
        let wires = Wires::new(cim_core::Ohms(2e3), cim_core::Ohms(5e3));
        let circuit = Circuit::new(array![[g]], wires).expect("a circuit");
        let solution = newton::solve(&circuit, &law, &Bias::read(&[0.45], 1)).expect("solved");
        let (mut low, mut high) = (0.0, 0.45);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            let over = middle + 7e3 * law.at(g, middle).amps > 0.45;
            if over { high = middle } else { low = middle }
        }
        let want = law.at(g, low).amps;
        let got = solution.solution.column_a()[0];
        assert!((got / want - 1.0).abs() < 1e-11, "law {k}: {got} for {want}");
    }
}

#[test]
fn ohmic_cells_are_the_linear_solution() {
    let (circuit, _, bias) = random(Stream::root(21).child("array", 5));
    let newton = newton::solve(&circuit, &Conduction::Ohmic, &bias).expect("solved");
    let nodal = Nodal::new(circuit, &bias).and_then(|n| n.solve(&bias)).expect("solved");
    assert_eq!(newton.steps, 1);
    for (a, b) in newton.solution.column_a().iter().zip(nodal.column_a()) {
        assert!((a - b).abs() <= 1e-13 * b.abs());
    }
}

#[test]
fn laws_outside_their_range_or_fit_name_the_cell() {
    let solve = |g: Array2<f64>, volts: f64| {
        let circuit = Circuit::new(g, Wires::new(cim_core::Ohms(1.0), cim_core::Ohms(1.0)));
        newton::solve(
            &circuit.expect("a circuit"),
            &Conduction::Milo2021,
            &Bias::read(&[0.1, volts], 2),
        )
    };
    let g = array![[1e-4, 2e-4], [1e-4, 5e-5]];
    assert!(solve(g.clone(), 0.3).is_ok());
    assert!(matches!(solve(g, 0.8), Err(CircuitError::OutsideLaw { row: 1, .. })));
    let fallen = solve(array![[1e-4, 1e-4], [1e-4, 1e-6]], 0.3);
    assert!(matches!(fallen, Err(CircuitError::Falling { row: 1, col: 1, .. })));
}

/// Scales down to a thousandth of the voltages: millivolts, or volts that were meant as millivolts.
#[test]
fn steep_cells_are_their_scalar_equation() {
    for scale in [0.1, 0.025, 2.5e-3, 1e-3, 1e-4] {
        for ohm in [0.5, 1.0, 30.0, 100.0, 1e4] {
            for g in [1e-6, 1e-4, 1e-2] {
                let law = Conduction::Sinh { scale: Volts(scale) };
                let wires = Wires::new(cim_core::Ohms(ohm), cim_core::Ohms(ohm));
                let circuit = Circuit::new(array![[g]], wires).expect("a circuit");
                let solved = newton::solve(&circuit, &law, &Bias::read(&[1.0], 1)).expect("solved");
                // By bisection of the logarithm's argument: v + 2 R i = 1 with v = v₀ asinh(i / G v₀).
                let (mut low, mut high) = (0.0, 0.5 / ohm);
                for _ in 0..200 {
                    let middle: f64 = 0.5 * (low + high);
                    let v = scale * (middle / (g * scale)).asinh() + 2.0 * ohm * middle;
                    if v > 1.0 { high = middle } else { low = middle }
                }
                let got = solved.solution.column_a()[0];
                assert!((got / low - 1.0).abs() < 1e-9, "{scale} V, {ohm} Ohm: {got} for {low}");
            }
        }
    }
}

/// Every array of steep cells has its answer, or says that it was not found.
#[test]
fn steep_arrays_converge_or_say_so() {
    let (mut failures, mut most) = (0, 0);
    for k in 0..1_500 {
        let at = Stream::root(33).child("steep", k);
        let knobs = uniform(8, at);
        let (rows, cols) = (1 + (knobs[0] * 8.0) as usize, 1 + (knobs[1] * 8.0) as usize);
        let scale = decades(knobs[2], 1e-4, 0.1);
        let law = Conduction::Sinh { scale: Volts(scale) };
        let cells = uniform(2 * rows * cols, at.child("cells", 0));
        let g = Array2::from_shape_fn((rows, cols), |(r, c)| {
            let k = 2 * (r * cols + c);
            if cells[k] < 0.05 { 0.0 } else { decades(cells[k + 1], 1e-7, 1e-3) }
        });
        let ohm = |u: f64| cim_core::Ohms(decades(u, 1.0, 100.0));
        let circuit = Circuit::new(g, Wires::new(ohm(knobs[3]), ohm(knobs[4]))).expect("a circuit");
        let row_v: Vec<f64> = uniform(rows, at.child("volts", 0))
            .into_iter()
            .map(|u| if knobs[5] < 0.5 { u } else { 2.0 * u - 1.0 })
            .collect();
        match newton::solve(&circuit, &law, &Bias::read(&row_v, cols)) {
            Ok(converged) => {
                most = most.max(converged.steps);
                let solution = converged.solution;
                let largest = solution.cell_a.iter().fold(1e-30_f64, |m, i| m.max(i.abs()));
                for ((at, &g), &amps) in circuit.conductances().indexed_iter().zip(&solution.cell_a)
                {
                    // The law, asked for the voltage: a rounding of that is many of the current.
                    let across = solution.row_v[at] - solution.column_v[at];
                    let want = law.at(g, across);
                    let rounding = 1e-13 * want.slope * solution.row_v[at].abs().max(1e-3);
                    assert!(
                        (amps - want.amps).abs() <= 1e-9 * largest + rounding,
                        "array {k} {law:?} at {at:?}: {amps} for {}",
                        want.amps
                    );
                }
            }
            Err(CircuitError::NotConverged { .. }) => failures += 1,
            Err(error) => panic!("array {k}, {rows} × {cols}, {law:?}: {error}"),
        }
    }
    assert!(failures <= 2, "{failures} of 1500 did not converge, the others in {most} steps");
}

#[test]
fn a_current_beyond_all_numbers_is_named() {
    let law = Conduction::Sinh { scale: Volts(1e-3) };
    let circuit = Circuit::new(array![[1e-4]], Wires::NONE).expect("a circuit");
    let solved = newton::solve(&circuit, &law, &Bias::read(&[1.0], 1));
    assert!(matches!(solved, Err(CircuitError::Overflow { row: 0, col: 0 })), "{solved:?}");
}
