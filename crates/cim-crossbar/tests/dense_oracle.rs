//! The solvers against dense nodal analysis by LAPACK.

use cim_core::{Ohms, Stream};
use cim_crossbar::solve::dense;
use cim_crossbar::{Bias, Circuit, Ends, Nodal, Transfer, Wires};
use ndarray::{Array1, Array2};

fn uniform(count: usize, at: Stream) -> Vec<f64> {
    let mut values = vec![0.0; count];
    at.fill_uniform(0, &mut values);
    values.into_iter().map(f64::from).collect()
}

/// An array of random shape: cells over three decades and one in ten open, wires from 1 mΩ to 1 kΩ.
fn random(at: Stream) -> (Circuit, Array1<f64>) {
    let knobs = uniform(8, at.child("knobs", 0));
    let size = |u: f64| 1 + (u * 16.0) as usize;
    let (rows, cols) = (size(knobs[0]), size(knobs[1]));
    let cells = uniform(2 * rows * cols, at.child("cells", 0));
    let g_s = Array2::from_shape_fn((rows, cols), |(r, c)| {
        let k = 2 * (r * cols + c);
        if cells[k] < 0.1 { 0.0 } else { 1e-6 * 1e3f64.powf(cells[k + 1]) }
    });
    let ohm = |u: f64| Ohms(1e-3 * 1e6f64.powf(u));
    let ends = |u: f64| if u < 0.5 { Ends::One } else { Ends::Both };
    let wires = Wires {
        source: Some(ohm(knobs[4])),
        sense: Some(ohm(knobs[5])),
        driven: ends(knobs[6]),
        sensed: ends(knobs[7]),
        ..Wires::new(ohm(knobs[2]), ohm(knobs[3]))
    };
    let row_v = uniform(rows, at.child("volts", 0)).into_iter().collect();
    (Circuit::new(g_s, wires).expect("a circuit"), row_v)
}

/// OpenBLAS keeps buffers on the stack that do not fit that of a test.
#[test]
fn transfer_and_nodal_solve_equal_lapack() {
    let roomy = std::thread::Builder::new().stack_size(64 << 20);
    roomy.spawn(compare).expect("a thread").join().expect("the comparison holds");
}

fn compare() {
    let mut worst = (0.0_f64, 0.0_f64);
    for k in 0..200 {
        let (circuit, row_v) = random(Stream::root(11).child("array", k));
        let want = dense::column_currents(&circuit, row_v.view()).expect("solved");
        let transfer = Transfer::compile(&circuit).expect("compiled").currents(row_v.view());
        let bias = Bias::read(row_v.as_slice().expect("contiguous"), want.len());
        let nodal = Nodal::new(circuit, &bias).and_then(|n| n.solve(&bias)).expect("solved");
        for (col, &want) in want.iter().enumerate() {
            worst.0 = worst.0.max((transfer[col] - want).abs() / want.abs().max(1e-300));
            worst.1 = worst.1.max((nodal.column_a()[col] - want).abs() / want.abs().max(1e-300));
        }
    }
    assert!(worst.0 <= 1e-11 && worst.1 <= 1e-11, "worst relative errors {worst:?}");
}
