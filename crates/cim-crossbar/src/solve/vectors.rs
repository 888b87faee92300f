//! Many vectors on one array: the currents of all, and everything else of those that are asked for.

use cim_device::Conduction;
use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::circuit::{Bias, Circuit};
use crate::error::CircuitError;
use crate::solve::newton;
use crate::solve::nodal::Nodal;
use crate::solve::solution::Solution;

/// What was found for a list of vectors.
#[derive(Debug)]
pub struct Vectors {
    /// Currents that leave the array at the columns, vectors × columns (A).
    pub column_a: Array2<f64>,
    /// Everything else, of all vectors or of the first; an error where shorts in a loop leave it unknown
    /// while the currents of columns are known.
    pub solutions: Result<Vec<Solution>, CircuitError>,
}

impl Vectors {
    /// Ohmic cells by one elimination. `biases` has one entry a vector; where all of them are reads,
    /// `reads` are their row voltages, vectors × rows (V). `all` asks for the solutions of all vectors.
    ///
    /// # Errors
    /// As [`Nodal::new`] and [`Nodal::column_currents`].
    pub fn ohmic(
        circuit: &Circuit,
        biases: &[Bias],
        reads: Option<ArrayView2<'_, f64>>,
        all: bool,
    ) -> Result<Self, CircuitError> {
        let (rows, cols) = circuit.shape();
        let read = Bias::read(&vec![0.0; rows], cols);
        let nodal = Nodal::new(circuit.clone(), biases.first().unwrap_or(&read))?;
        if let (Some(_), [bias]) = (reads, biases)
            && nodal.solves_are_cheaper(1)
        {
            let (amps, solution) = nodal.read(bias)?;
            let column_a = Array1::from(amps).insert_axis(Axis(0));
            return Ok(Self { column_a, solutions: solution.map(|solution| vec![solution]) });
        }
        if let Some(row_v) = reads {
            let column_a = nodal.column_currents(row_v)?;
            let vectors = if all { biases.len() } else { biases.len().min(1) };
            return Ok(Self { column_a, solutions: nodal.solve_all(&biases[..vectors]) });
        }
        let solutions = nodal.solve_all(biases)?;
        let mut column_a = Array2::zeros((biases.len(), cols));
        for (mut column_a, solution) in column_a.rows_mut().into_iter().zip(&solutions) {
            column_a.assign(&Array1::from(solution.column_a()));
        }
        Ok(Self { column_a, solutions: Ok(solutions) })
    }

    /// Cells of any law by Newton's method, vector by vector; `tick` is called after each.
    ///
    /// # Errors
    /// As [`newton::solve`].
    pub fn by_newton(
        circuit: &Circuit,
        law: &Conduction,
        biases: &[Bias],
        all: bool,
        mut tick: impl FnMut(),
    ) -> Result<Self, CircuitError> {
        let mut column_a = Array2::zeros((biases.len(), circuit.shape().1));
        let mut solutions = Vec::new();
        for (vector, bias) in biases.iter().enumerate() {
            let solved = newton::solve(circuit, law, bias)?;
            column_a.row_mut(vector).assign(&Array1::from(solved.solution.column_a()));
            if all || vector == 0 {
                solutions.push(solved.solution);
            }
            tick();
        }
        Ok(Self { column_a, solutions: Ok(solutions) })
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Ohms;

    use super::*;
    use crate::wires::Wires;

    /// One array three ways: as reads, as biases, and by Newton's method with Ohm's law.
    #[test]
    fn every_way_finds_the_same_currents() {
        let g = Array2::from_shape_fn((4, 3), |(r, c)| 1e-5 * (1 + 2 * r + c) as f64);
        let circuit = Circuit::new(g, Wires::new(Ohms(5.0), Ohms(3.0))).expect("an array");
        let volts = Array2::from_shape_fn((2, 4), |(k, r)| 0.1 * (1 + k + r) as f64);
        let biases: Vec<Bias> =
            volts.rows().into_iter().map(|v| Bias::read(&v.to_vec(), 3)).collect();
        let reads = Vectors::ohmic(&circuit, &biases, Some(volts.view()), false).expect("solved");
        let held = Vectors::ohmic(&circuit, &biases, None, true).expect("solved");
        let mut ticks = 0;
        let newton = Vectors::by_newton(&circuit, &Conduction::Ohmic, &biases, true, || ticks += 1)
            .expect("solved");
        for other in [&held, &newton] {
            for (a, b) in reads.column_a.iter().zip(&other.column_a) {
                assert!((a - b).abs() <= 1e-10 * a.abs(), "{a} {b}");
            }
        }
        assert_eq!(ticks, 2);
        let counts = [&reads, &held, &newton]
            .map(|found| found.solutions.as_ref().expect("no shorts").len());
        assert_eq!(counts, [1, 2, 2]);
    }
}
