//! Circuit laws of an array with ideal wires, on every device.

use std::sync::Arc;

use cim_core::{Scratch, Siemens, Stream, Tally};
use cim_crossbar::{Ambient, Crossbar, Readout, Sensed, Wires};
use cim_device::{Conduction, Device, Ideal, Window};
use cim_tests::chip::uniforms;
use cim_tests::registered::{cases, devices};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use proptest::prelude::*;

fn array(device: Arc<dyn Device>, targets: ArrayView2<'_, f64>, at: Stream) -> Crossbar {
    let (wires, ambient) = (Wires::NONE, Ambient::SILENT);
    Crossbar::program(device, wires, ambient, targets, at, &mut Tally::default()).expect("an array")
}

fn random_array(device: Arc<dyn Device>, rows: usize, cols: usize, at: Stream) -> Crossbar {
    let (low, high) = (device.window().g_min.0, device.window().g_max.0);
    let targets = uniforms(rows, cols, 0.0, 1.0, at.child("targets", 0));
    array(device, targets.mapv(|u| low + (high - low) * f64::from(u)).view(), at)
}

fn voltages(rows: usize, at: Stream) -> Array1<f64> {
    uniforms(1, rows, -0.3, 0.3, at).mapv(f64::from).remove_axis(Axis(0))
}

/// An array with the given cells, exactly.
fn exactly(g_s: ArrayView2<'_, f64>) -> Crossbar {
    let window = Window::new(Siemens::ZERO, Siemens(1.0)).expect("a window");
    array(Arc::new(Ideal { window }), g_s, Stream::root(0))
}

/// What rounding in doubles can do to a sum of `rows` products in any order, per column:
/// `(rows + 4) ε Σ |g v|`, for all products, sums and the addition of two results.
fn rounding(array: &Crossbar, magnitudes_v: &Array1<f64>) -> Array1<f64> {
    let rows = magnitudes_v.len() as f64;
    array.conductances().t().dot(magnitudes_v) * ((rows + 4.0) * f64::EPSILON)
}

fn close(got: &Array1<f64>, want: &Array1<f64>, allowed: &Array1<f64>) -> bool {
    got.len() == want.len()
        && got.iter().zip(want).zip(allowed).all(|((a, b), allowed)| (a - b).abs() <= *allowed)
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn currents_obey_the_circuit_laws(
        rows in 1usize..70,
        cols in 1usize..40,
        seed in any::<u64>(),
    ) {
        let at = Stream::root(seed);
        let (a, b) = (voltages(rows, at.child("a", 0)), voltages(rows, at.child("b", 0)));
        for (name, device) in devices() {
            let ohmic = *device.current_voltage() == Conduction::Ohmic;
            let array = random_array(device, rows, cols, at);
            let (of_a, of_b) = (array.currents(a.view()), array.currents(b.view()));
            let silence = array.currents(Array1::zeros(rows).view());
            prop_assert!(silence.iter().all(|i| *i == 0.0), "{}: no input, no output", name);
            prop_assert_eq!(array.currents((-&a).view()), -&of_a, "{}: both signs", name);
            let forward = array.currents(a.mapv(f64::abs).view());
            prop_assert!(forward.iter().all(|i| *i >= 0.0), "{}: positive in, positive out", name);
            if ohmic {
                let allowed = rounding(&array, &(a.mapv(f64::abs) + b.mapv(f64::abs)));
                let both = array.currents((&a + &b).view());
                prop_assert!(close(&both, &(&of_a + &of_b), &allowed), "{}: superposition", name);
                let scaled = array.currents((&a * -3.7).view());
                prop_assert!(close(&scaled, &(&of_a * -3.7), &(&allowed * 3.7)), "{}: scale", name);
            }
        }
    }

    /// Rows and columns have no place: shuffling them shuffles voltages and currents.
    #[test]
    fn rows_and_columns_can_be_permuted(
        rows in 1usize..70,
        cols in 1usize..40,
        seed in any::<u64>(),
        turn in 0usize..70,
    ) {
        let at = Stream::root(seed);
        let v = voltages(rows, at.child("v", 0));
        let row_order: Vec<usize> = (0..rows).map(|k| (k + turn) % rows).rev().collect();
        let col_order: Vec<usize> = (0..cols).map(|k| (k + turn) % cols).rev().collect();
        for (name, device) in devices() {
            let array = random_array(device, rows, cols, at);
            let i = array.currents(v.view());
            let g_s = array.conductances();
            let law = array.device().current_voltage();
            let effective = v.mapv(|v| law.effective_v(v));
            let allowed = rounding(&array, &effective.mapv(f64::abs));
            let shuffled = exactly(g_s.select(Axis(0), &row_order).view());
            let got = shuffled.currents(effective.select(Axis(0), &row_order).view());
            prop_assert!(close(&got, &i, &allowed), "{}: rows", name);
            let shuffled = exactly(g_s.select(Axis(1), &col_order).view());
            let got = shuffled.currents(effective.view());
            let (want, allowed) = (i.select(Axis(0), &col_order), allowed.select(Axis(0), &col_order));
            prop_assert!(close(&got, &want, &allowed), "{}: columns", name);
        }
    }

    /// The batched path in `f32` carries the currents of the solver, if cells have no read noise:
    /// `(rows + 12) 2⁻²⁴ Σ (g₊ + g₋) |v|` for a product of `rows` terms in any order, rounded
    /// conductances and differences and, for sinh cells, the eight roundings and the 1e-10 of the
    /// series below the scale.
    #[test]
    fn the_batched_path_carries_the_currents_of_the_solver(
        rows in 1usize..130,
        pairs in 1usize..20,
        batch in 1usize..5,
        seed in any::<u64>(),
    ) {
        let at = Stream::root(seed);
        let row_v = uniforms(batch, rows, -0.3, 0.3, at.child("v", 0));
        for (name, device) in devices() {
            if device.read_variance(device.window().g_max.0) > 0.0 {
                continue;
            }
            let array = random_array(device, rows, 2 * pairs, at);
            let differences = (0..pairs).map(|k| Sensed { plus: 2 * k, minus: Some(2 * k + 1) });
            let singles = (0..2 * pairs).map(|k| Sensed { plus: k, minus: None });
            let sensed: Vec<Sensed> = differences.chain(singles).collect();
            let readout = Readout::compile(&array, &sensed, 0.0).expect("columns exist");
            let mut got = vec![f32::NAN; batch * sensed.len()];
            let volts = row_v.as_slice().expect("standard layout");
            readout.currents(volts, batch, at, &mut got, &mut Scratch::default());
            let law = array.device().current_voltage();
            for (row_v, got) in row_v.rows().into_iter().zip(got.chunks_exact(sensed.len())) {
                let row_v = row_v.mapv(f64::from);
                let i = array.currents(row_v.view());
                let magnitude = row_v.mapv(|v| law.effective_v(v.abs()));
                let sums = array.conductances().t().dot(&magnitude);
                let relative = (rows as f64 + 12.0) * 2f64.powi(-24);
                for (sense, &got) in sensed.iter().zip(got) {
                    let minus = |values: &Array1<f64>| sense.minus.map_or(0.0, |m| values[m]);
                    let want = i[sense.plus] - minus(&i);
                    let allowed = relative * (sums[sense.plus] + minus(&sums));
                    let off = (f64::from(got) - want).abs();
                    prop_assert!(off <= allowed, "{}: {} A off, {} A allowed", name, off, allowed);
                }
            }
        }
    }
}

/// Columns of distinct cells: the sum of the rows that are driven, and no transposed array.
#[test]
fn a_single_driven_row_reads_out_that_row() {
    let g_s = Array2::from_shape_fn((5, 3), |(row, col)| 1e-6 * (1 + row * 10 + col) as f64);
    let array = exactly(g_s.view());
    for row in 0..5 {
        let mut v = Array1::zeros(5);
        v[row] = 1.0;
        // One product by one and sums with zeros: exact.
        assert_eq!(array.currents(v.view()), g_s.row(row));
    }
}
