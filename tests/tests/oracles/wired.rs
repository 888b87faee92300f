//! Arrays on wires: currents against the nodal solution, noise against its exact first order.

use std::sync::Arc;

use cim_core::{
    BOLTZMANN_J_K, ELEMENTARY_CHARGE_C, Hertz, Kelvin, Ohms, Scratch, Siemens, Stream, Volts,
};
use cim_crossbar::solve::newton;
use cim_crossbar::{
    Ambient, Bias, Circuit, Crossbar, Nodal, Readout, Sensed, Terminals, Wired, Wires,
};
use cim_device::models::{GaussianSpec, NoiseSpec};
use cim_device::{Conduction, Device};
use ndarray::{Array1, Array2};

const ROWS: usize = 24;
const COLS: usize = 16;

fn uniform(count: usize, at: Stream) -> Vec<f64> {
    let mut values = vec![0.0; count];
    at.fill_uniform(0, &mut values);
    values.into_iter().map(f64::from).collect()
}

fn device(current_voltage: Conduction) -> Arc<dyn Device> {
    let device = GaussianSpec {
        g_off: Siemens(1e-6),
        g_on: Siemens(100e-6),
        programming: NoiseSpec::NONE,
        read: NoiseSpec { proportional: 0.02, ..NoiseSpec::NONE },
        current_voltage,
    };
    Arc::new(device.build().expect("a device"))
}

fn array(wires: Wires, ambient: Ambient) -> Crossbar {
    let u = uniform(ROWS * COLS, Stream::root(3));
    let g = Array2::from_shape_fn((ROWS, COLS), |(r, c)| 1e-6 + 99e-6 * u[r * COLS + c]);
    Crossbar::holding(g, device(Conduction::Ohmic), wires, ambient).expect("an array")
}

const NOISY: Ambient = Ambient {
    temperature: Kelvin(300.0),
    bandwidth: Hertz(10e6),
    amplifier_factor: 0.0,
    fano_factor: 1.0,
};

#[test]
fn a_readout_on_wires_gives_the_nodal_currents() {
    let wires = Wires::new(Ohms(2.0), Ohms(5.0));
    let array = array(wires, Ambient::SILENT);
    let sensed: Vec<_> = (0..COLS).map(|plus| Sensed { plus, minus: None }).collect();
    let silent = Crossbar::holding(
        array.conductances().to_owned(),
        Arc::new(cim_device::Ideal { window: array.device().window() }),
        wires,
        Ambient::SILENT,
    )
    .expect("an array");
    let readout = Readout::compile(&silent, &sensed, 0.0).expect("columns exist");
    let row_v: Vec<f64> = uniform(ROWS, Stream::root(4)).iter().map(|u| 0.2 * u).collect();
    let drive: Vec<f32> = row_v.iter().map(|&v| v as f32).collect();
    let mut sensed_a = vec![0.0; COLS];
    readout.currents(&drive, 1, Stream::root(0), &mut sensed_a, &mut Scratch::default());
    let bias = Bias::read(&row_v, COLS);
    let circuit = Circuit::new(array.conductances().to_owned(), wires).expect("a circuit");
    let want = Nodal::new(circuit, &bias).and_then(|n| n.solve(&bias)).expect("solved").column_a();
    let ideal = array.conductances().t().dot(&Array1::from(row_v));
    for (col, &want) in want.iter().enumerate() {
        // Single precision: 24 products of terms rounded to 6e-8.
        assert!((f64::from(sensed_a[col]) - want).abs() < 1e-6 * want);
        assert!(want < 0.99 * ideal[col], "wires must matter here");
    }
}

/// A resistor network's noise is that of every resistor, carried to the ends: `Σ 4kTg t²` with `t`
/// the adjoint voltage across it. Nyquist's theorem must give the same, for a difference too.
#[test]
fn thermal_noise_on_wires_is_the_sum_over_all_resistors() {
    let wires = Wires::new(Ohms(40.0), Ohms(70.0));
    let array = array(wires, NOISY);
    let circuit = Circuit::new(array.conductances().to_owned(), wires).expect("a circuit");
    for sensed in [Sensed { plus: 3, minus: None }, Sensed { plus: 2, minus: Some(11) }] {
        let mut bias = Bias::read(&[0.0; ROWS], COLS);
        bias.bottom[sensed.plus] = Some(1.0);
        if let Some(minus) = sensed.minus {
            bias.bottom[minus] = Some(-1.0);
        }
        // Σ g t² over all resistors is the power of the adjoint field.
        let adjoint = Nodal::new(circuit.clone(), &bias).and_then(|n| n.solve(&bias));
        let power = adjoint.expect("solved").power_w;
        let want = 4.0 * BOLTZMANN_J_K * 300.0 * 10e6 * power;
        let got = array.thermal_variance(sensed);
        assert!((got / want - 1.0).abs() < 1e-9, "{got} for {want}");
    }
}

/// Exact to first order in the cells' fluctuations: `Σ s (u − w)² (u* − w*)²` over *all* cells.
#[test]
fn read_and_shot_noise_on_wires_keep_their_stated_error() {
    for (row_ohm, column_ohm) in [(0.1, 0.1), (1.0, 1.0), (5.0, 2.0), (1.0, 10.0)] {
        let wires = Wires::new(Ohms(row_ohm), Ohms(column_ohm));
        let array = array(wires, NOISY);
        let circuit = Circuit::new(array.conductances().to_owned(), wires).expect("a circuit");
        let nodal = Nodal::new(circuit, &Bias::read(&[0.0; ROWS], COLS)).expect("reduced");
        let across = |bias: &Bias| {
            let solution = nodal.solve(bias).expect("solved");
            solution.row_v - solution.column_v
        };
        let bound = Wired::new(&array.conductances().to_owned(), wires).expect("solved");
        let bound = bound.largest_noise_error();
        let (read, shot) = (array.read_variance(), array.shot_variance_per_volt());
        let cells_read = array.conductances().mapv(|g| array.device().read_variance(g));
        let cells_shot = array.conductances().mapv(|g| 2.0 * ELEMENTARY_CHARGE_C * g * 10e6);
        let (mut worst, mut worst_shot) = (0.0_f64, 0.0_f64);
        for (k, activity) in [0.05, 0.2, 0.5, 0.8, 1.0].into_iter().enumerate() {
            let u = uniform(2 * ROWS, Stream::root(9).child("drive", k as u64));
            let row_v: Vec<f64> =
                (0..ROWS).map(|r| if u[r] < activity { 0.2 * u[ROWS + r] } else { 0.0 }).collect();
            let drive = across(&Bias::read(&row_v, COLS));
            for col in 0..COLS {
                let mut one =
                    Terminals { bottom: vec![Some(0.0); COLS], ..Bias::read(&[0.0; ROWS], COLS) };
                one.bottom[col] = Some(1.0);
                let effect = across(&one);
                let exact: f64 =
                    (&cells_read * &drive.mapv(|v| v * v) * &effect.mapv(|v| v * v)).sum();
                let exact_shot: f64 =
                    (&cells_shot * &drive.mapv(f64::abs) * &effect.mapv(|v| v * v)).sum();
                let sum = |cells: &Array2<f64>, f: fn(f64) -> f64| -> f64 {
                    cells.column(col).iter().zip(&row_v).map(|(s, &v)| s * f(v)).sum()
                };
                if row_v.iter().all(|&v| v == 0.0) {
                    continue;
                }
                worst = worst.max(((sum(&read, |v| v * v) / exact).sqrt() - 1.0).abs());
                worst_shot =
                    worst_shot.max(((sum(&shot, f64::abs) / exact_shot).sqrt() - 1.0).abs());
            }
        }
        assert!(worst <= bound && worst_shot <= bound, "{worst} {worst_shot} above {bound}");
    }
}

/// Against Newton's method on the same array, drives chosen to be as far off as can be found.
#[test]
fn a_law_taken_at_the_row_keeps_its_stated_error() {
    for (scale, peak_v) in [(0.25, 0.2), (0.2, 0.5), (0.1, 0.4), (0.05, 0.3)] {
        let law = Conduction::Sinh { scale: Volts(scale) };
        for ohm in [0.05, 0.5, 2.0, 8.0] {
            let wires = Wires::new(Ohms(ohm), Ohms(ohm));
            let g = array(wires, Ambient::SILENT).conductances().to_owned();
            let array = Crossbar::holding(g.clone(), device(law.clone()), wires, Ambient::SILENT);
            let array = array.expect("an array");
            let wired = Wired::new(&g, wires).expect("solved");
            let bound = wired.largest_law_error(&law, peak_v).expect("solved");
            let circuit = Circuit::new(g, wires).expect("a circuit");
            let exact = |row_v: &[f64]| {
                let solved = newton::solve(&circuit, &law, &Bias::read(row_v, COLS));
                solved.expect("solved").solution.column_a()
            };
            let full = exact(&[peak_v; ROWS]);
            let error = |row_v: &[f64]| -> f64 {
                let got = array.currents(Array1::from(row_v.to_vec()).view());
                let both = got.iter().zip(exact(row_v)).zip(&full);
                both.map(|((got, want), full)| ((got - want) / full).abs()).fold(0.0, f64::max)
            };
            let mut worst = error(&[peak_v; ROWS]);
            for k in 0..8 {
                let u = uniform(2 * ROWS, Stream::root(12).child("drive", k));
                // Of all densities, and rows that are at rest or at the peak.
                let row_v: Vec<f64> = (0..ROWS)
                    .map(
                        |row| {
                            if u[ROWS + row] < k as f64 / 8.0 { peak_v } else { peak_v * u[row] }
                        },
                    )
                    .collect();
                worst = worst.max(error(&row_v));
                let extreme: Vec<f64> =
                    (0..ROWS).map(|row| if u[row] < 0.5 { 0.0 } else { peak_v }).collect();
                worst = worst.max(error(&extreme));
            }
            let case = format!("{scale} V, up to {peak_v} V, {ohm} Ohm");
            assert!(worst <= bound, "{case}: {worst} above {bound}");
            assert!(bound <= 20.0 * worst, "{case}: {bound} says nothing of {worst}");
        }
    }
}

/// Laws in which voltages are up to six of their scales, on arrays, wires and drives of all kinds: the
/// drive of each is the worst that flipping rows between rest and the peak finds, one by one.
#[test]
fn no_drive_exceeds_the_stated_error_of_a_law_and_some_come_close() {
    let mut closest = 0.0_f64;
    for k in 0..208 {
        let u = uniform(200, Stream::root(13).child("array", k));
        let decade = |u: f64, from: f64, to: f64| from * (to / from).powf(u);
        let (rows, cols) = (1 + (8.0 * u[0]) as usize, 1 + (5.0 * u[1]) as usize);
        let g = Array2::from_shape_fn((rows, cols), |(r, c)| {
            if u[10 + r * cols + c] < 0.1 { 0.0 } else { decade(u[60 + r * cols + c], 1e-6, 3e-4) }
        });
        let peak_v = decade(u[2], 0.05, 1.0);
        let scale = peak_v / decade(u[3], 0.5, 6.0);
        let law = match k % 4 {
            0 | 1 => Conduction::Sinh { scale: Volts(scale) },
            2 => Conduction::Polynomial {
                square_per_v: (u[4] - 0.5) / scale,
                cubic_per_v2: (0.5 + u[5]) / (scale * scale),
                range: Volts(2.0 * peak_v),
            },
            // Steeper at rest, flat, and steep again.
            _ => Conduction::Table {
                volts: vec![-peak_v, 0.0, 0.3 * peak_v, 0.8 * peak_v, peak_v],
                factor: vec![-2.0 * peak_v, 0.0, 0.6 * peak_v, 0.7 * peak_v, (1.0 + u[4]) * peak_v],
            },
        };
        let (row_ohm, column_ohm) = (decade(u[6], 0.01, 1e3), decade(u[7], 0.01, 1e3));
        let wires = Wires::new(Ohms(row_ohm), Ohms(column_ohm));
        let wired = Wired::new(&g, wires).expect("solved");
        let bound = wired.largest_law_error(&law, peak_v).expect("solved");
        let circuit = Circuit::new(g.clone(), wires).expect("a circuit");
        let exact = |row_v: &[f64]| {
            let solved = newton::solve(&circuit, &law, &Bias::read(row_v, cols));
            solved.expect("solved").solution.column_a()
        };
        let full = exact(&vec![peak_v; rows]);
        let transfer = wired.transfer_s(&g);
        let error = |row_v: &[f64]| -> f64 {
            let effective: Array1<f64> = row_v.iter().map(|&v| law.effective_v(v)).collect();
            let got = transfer.t().dot(&effective);
            let all = got.iter().zip(exact(row_v)).zip(&full).filter(|(_, full)| **full > 0.0);
            all.map(|((got, want), full)| ((got - want) / full).abs()).fold(0.0, f64::max)
        };
        let mut row_v = vec![peak_v; rows];
        let mut worst = error(&row_v);
        for row in (0..rows).chain(0..rows) {
            let mut flipped = row_v.clone();
            flipped[row] = peak_v - flipped[row];
            let found = error(&flipped);
            if worst < found {
                (worst, row_v) = (found, flipped);
            }
            let mut between = row_v.clone();
            between[row] = peak_v * u[150 + row];
            worst = worst.max(error(&between));
        }
        // Of a difference of currents that are each exact to 1e-10.
        assert!(worst <= bound + 1e-9, "array {k}, {law:?}: {worst} above {bound}");
        if worst > 1e-6 {
            closest = closest.max(worst / bound);
        }
    }
    assert!(0.9 < closest, "the bound says little: at most {closest} of it is reached");
}
