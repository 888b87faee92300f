//! Arrays on wires against the sparse Cholesky factorisation of faer (supernodal, ordered by approximate
//! minimum degree) of the same nodal equations.

use std::hint::black_box;

use cim_core::Ohms;
use cim_crossbar::solve::{iterative, nodal};
use cim_crossbar::{Bias, Circuit, Nodal, Transfer, Wires};
use faer::linalg::solvers::Solve;
use faer::sparse::linalg::solvers::Llt;
use faer::sparse::{SparseColMat, Triplet};
use faer::{Mat, Side};
use ndarray::Array2;
use serde::Serialize;

use crate::{on_threads, ratio, rounds};

/// Time of faer per time of ours, on one thread. Its equations are set up before the clock starts; our
/// solutions are checked while it runs.
#[derive(Serialize)]
pub struct Ratios {
    /// One vector from the circuit on: its node voltages from faer, all voltages and currents from us.
    one_vector_64: f64,
    one_vector_128: f64,
    one_vector_256: f64,
    /// The same, and column currents within 1e-3 of the largest from us.
    within_1e3_64: f64,
    within_1e3_128: f64,
    /// The same, and the currents of any vector from us.
    compile_256: f64,
    /// Eight vectors of an array that is factorised already.
    further_vectors_256: f64,
    /// One vector of 1 × 100,000 cells.
    one_vector_long: f64,
}

/// Voltage of all rows (V).
const READ_V: f64 = 0.2;

const TOGETHER: usize = 8;

pub fn measure() -> Ratios {
    faer::set_global_parallelism(faer::Par::Seq);
    let shapes = [(64, 64), (128, 128), (256, 256), (1, 100_000)];
    let arrays = shapes.map(|(rows, cols)| Equations::new(rows, cols));
    let [small, middle, large, _] = &arrays;
    let factors = large.factors();
    let (right, biases) = (large.right(TOGETHER), vec![large.bias(); TOGETHER]);
    let reduced = Nodal::new(large.circuit.clone(), &biases[0]).expect("reduced");
    on_threads(1, || {
        let mut cases: Vec<Box<dyn FnMut()>> = Vec::new();
        for array in &arrays {
            let right = array.right(1);
            cases.push(Box::new(move || drop(black_box(array.factors().solve(&right)))));
            let bias = array.bias();
            cases.push(Box::new(move || {
                drop(black_box(nodal::solve(array.circuit.clone(), &bias).expect("solved")));
            }));
        }
        for array in [small, middle] {
            let row_v = Array2::from_elem((1, array.circuit.shape().0), READ_V);
            cases.push(Box::new(move || {
                let found = iterative::column_currents(&array.circuit, row_v.view(), 1e-3);
                drop(black_box(found.expect("found")));
            }));
        }
        cases.push(Box::new(|| {
            drop(black_box(Transfer::compile(&large.circuit).expect("compiled")));
        }));
        cases.push(Box::new(|| drop(black_box(factors.solve(&right)))));
        cases.push(Box::new(|| drop(black_box(reduced.solve_all(&biases).expect("solved")))));
        let seconds = rounds(&mut cases);
        let per = |faer: usize, ours: usize| ratio(&seconds[faer], &seconds[ours]);
        Ratios {
            one_vector_64: per(0, 1),
            one_vector_128: per(2, 3),
            one_vector_256: per(4, 5),
            within_1e3_64: per(0, 8),
            within_1e3_128: per(2, 9),
            compile_256: per(4, 10),
            further_vectors_256: per(11, 12),
            one_vector_long: per(6, 7),
        }
    })
}

/// An array on wires of 1 Ω, rows driven on the left and columns at ground at the bottom, and its nodal
/// equations: unknown are all nodes that are not held, row wires first.
struct Equations {
    circuit: Circuit,
    matrix: SparseColMat<usize, f64>,
}

impl Equations {
    fn new(rows: usize, cols: usize) -> Self {
        let g = Array2::from_shape_fn((rows, cols), |(row, col)| {
            1e-6 * (1 + (row * 37 + col * 11) % 100) as f64
        });
        let circuit = Circuit::new(g, Wires::new(Ohms(1.0), Ohms(1.0))).expect("a circuit");
        let matrix = nodal_matrix(&circuit);
        Self { circuit, matrix }
    }

    fn factors(&self) -> Llt<usize, f64> {
        self.matrix.sp_cholesky(Side::Lower).expect("positive definite")
    }

    fn bias(&self) -> Bias {
        let (rows, cols) = self.circuit.shape();
        Bias::read(&vec![READ_V; rows], cols)
    }

    /// The same currents put into the nodes (A), a column a vector.
    fn right(&self, vectors: usize) -> Mat<f64> {
        let (rows, cols) = self.circuit.shape();
        Mat::from_fn(2 * rows * cols, vectors, |node, _| {
            if node < rows * cols && node % cols == 0 {
                READ_V / self.circuit.row_ohm()[[node / cols, 0]]
            } else {
                0.0
            }
        })
    }
}

fn nodal_matrix(circuit: &Circuit) -> SparseColMat<usize, f64> {
    let (rows, cols) = circuit.shape();
    let (upper, lower) =
        (|r: usize, c: usize| r * cols + c, |r: usize, c: usize| rows * cols + r * cols + c);
    let mut entries = Vec::new();
    let mut add = |a: usize, b: Option<usize>, g: f64| {
        entries.push(Triplet::new(a, a, g));
        if let Some(b) = b {
            entries.push(Triplet::new(b, b, g));
            entries.push(Triplet::new(a.max(b), a.min(b), -g));
        }
    };
    for r in 0..rows {
        for c in 0..cols {
            add(upper(r, c), Some(lower(r, c)), circuit.conductances()[[r, c]]);
            let left = (c > 0).then(|| upper(r, c - 1));
            add(upper(r, c), left, circuit.row_ohm()[[r, c]].recip());
            let below = (r + 1 < rows).then(|| lower(r + 1, c));
            add(lower(r, c), below, circuit.column_ohm()[[r + 1, c]].recip());
        }
    }
    SparseColMat::try_new_from_triplets(2 * rows * cols, 2 * rows * cols, &entries)
        .expect("a matrix")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is timed solves one circuit: faer's voltages are ours.
    #[test]
    fn both_find_the_same_voltages() {
        let equations = Equations::new(16, 24);
        let volts = equations.factors().solve(&equations.right(1));
        let ours = nodal::solve(equations.circuit.clone(), &equations.bias()).expect("solved");
        for (node, ours) in ours.row_v.iter().chain(&ours.column_v).enumerate() {
            // The nodal matrix loses a cell beside its wires: 1 µS beside 1 S is six digits.
            assert!((volts[(node, 0)] - ours).abs() <= 1e-9 * READ_V, "{node}: {ours}");
        }
    }
}
