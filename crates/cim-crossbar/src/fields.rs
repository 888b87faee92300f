//! Voltages across the cells of an array on wires, driven and adjoint.

use ndarray::Array2;

use crate::circuit::{Bias, Circuit};
use crate::error::CircuitError;
use crate::sensed::Sensed;
use crate::solve::nodal::Nodal;
use crate::wires::Wires;

/// Fields that are solved at once.
const TOGETHER: usize = 8;

/// An array of ohmic cells on wires, solved for what drives it and what is sensed of it.
///
/// A change of a cell's conductance changes a sensed current by `dI/dG = (u − w)(w* − u*)`: the
/// voltage across the cell, times that across it when the plus column's end is held at 1 V, the
/// minus column's at −1 V and the rows at ground.
#[derive(Clone, Debug)]
pub struct Fields {
    nodal: Nodal,
}

impl Fields {
    /// Reduces an array of cells `g_s` (rows × columns, S).
    ///
    /// # Errors
    /// [`CircuitError`] for conductances or wires that cannot be.
    pub fn new(g_s: Array2<f64>, wires: Wires) -> Result<Self, CircuitError> {
        let (rows, cols) = g_s.dim();
        let circuit = Circuit::new(g_s, wires)?;
        Ok(Self { nodal: Nodal::new(circuit, &Bias::read(&vec![0.0; rows], cols))? })
    }

    /// Voltage across every cell (rows × columns, V) for row voltages (V).
    ///
    /// # Errors
    /// [`CircuitError`] for voltages that do not fit or a solution that fails its checks.
    pub fn driven(&self, row_v: &[f64]) -> Result<Array2<f64>, CircuitError> {
        let cols = self.nodal.circuit().shape().1;
        let solution = self.nodal.solve(&Bias::read(row_v, cols))?;
        Ok(solution.row_v - solution.column_v)
    }

    /// Voltage across every cell per volt on one row, the others at ground: a matrix for every row, in
    /// less time than one by one. Only their sum, all rows at 1 V, is checked as a solution.
    ///
    /// # Errors
    /// [`CircuitError`] for an array that floats, or a solution that fails its checks.
    pub fn driven_each(&self) -> Result<Vec<Array2<f64>>, CircuitError> {
        let (rows, cols) = self.nodal.circuit().shape();
        self.driven(&vec![1.0; rows])?;
        let alone = |row: usize| {
            let mut row_v = vec![0.0; rows];
            row_v[row] = 1.0;
            Bias::read(&row_v, cols)
        };
        self.across_all(&(0..rows).map(alone).collect::<Vec<_>>())
    }

    /// [`sensed`](Self::sensed) for many, in less time than one by one; the first is checked as a
    /// solution.
    ///
    /// # Errors
    /// As [`sensed`](Self::sensed).
    pub fn sensed_each(&self, sensed: &[Sensed]) -> Result<Vec<Array2<f64>>, CircuitError> {
        if let Some(first) = sensed.first() {
            self.sensed(*first)?;
        }
        let biases =
            sensed.iter().map(|sensed| self.sensing(*sensed)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.across_all(&biases)?.into_iter().map(|across| -across).collect())
    }

    fn across_all(&self, biases: &[Bias]) -> Result<Vec<Array2<f64>>, CircuitError> {
        let mut fields = Vec::with_capacity(biases.len());
        for first in (0..biases.len()).step_by(TOGETHER) {
            // The last few are filled up with the last one.
            let group: [&Bias; TOGETHER] =
                std::array::from_fn(|k| &biases[(first + k).min(biases.len() - 1)]);
            fields.extend(self.nodal.across(group)?);
        }
        fields.truncate(biases.len());
        Ok(fields)
    }

    /// How much of a current through each cell a sensed current sees, rows × columns.
    ///
    /// # Errors
    /// [`CircuitError::Column`] for a column that does not exist, or a solution that fails its
    /// checks.
    pub fn sensed(&self, sensed: Sensed) -> Result<Array2<f64>, CircuitError> {
        let solution = self.nodal.solve(&self.sensing(sensed)?)?;
        Ok(solution.column_v - solution.row_v)
    }

    /// The ends as they are held for the adjoint field of a sensed current.
    fn sensing(&self, sensed: Sensed) -> Result<Bias, CircuitError> {
        let (rows, cols) = self.nodal.circuit().shape();
        let mut bias = Bias::read(&vec![0.0; rows], cols);
        for (column, volts) in [(Some(sensed.plus), 1.0), (sensed.minus, -1.0)] {
            let Some(column) = column else { continue };
            if cols <= column {
                return Err(CircuitError::Column { column, cols });
            }
            for end in [&mut bias.top[column], &mut bias.bottom[column]] {
                *end = Some(end.unwrap_or(0.0) + volts);
            }
        }
        Ok(bias)
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Ohms;
    use ndarray::Array1;

    use super::*;
    use crate::solve::transfer::Transfer;

    /// One by one against all at once, for numbers of rows and columns that are no multiples of eight.
    #[test]
    fn many_fields_at_once_are_those_of_each() {
        let g = Array2::from_shape_fn((11, 5), |(r, c)| 1e-6 * (5 + (3 * r + 7 * c) % 90) as f64);
        let fields = Fields::new(g, Wires::new(Ohms(70.0), Ohms(110.0))).expect("an array");
        let sensed: Vec<_> = (0..5).map(|c| Sensed { plus: c, minus: Some((c + 1) % 5) }).collect();
        let near = |a: &Array2<f64>, b: &Array2<f64>| (a - b).iter().all(|d| d.abs() < 1e-12);
        for (row, field) in fields.driven_each().expect("solved").iter().enumerate() {
            let mut row_v = [0.0; 11];
            row_v[row] = 1.0;
            assert!(near(field, &fields.driven(&row_v).expect("solved")), "row {row}");
        }
        let each = fields.sensed_each(&sensed).expect("solved");
        assert_eq!(each.len(), 5);
        for (field, sensed) in each.iter().zip(sensed) {
            assert!(near(field, &fields.sensed(sensed).expect("solved")), "{sensed:?}");
        }
    }

    /// Against central differences of the transfer: each cell moved by 1e-4 of itself.
    #[test]
    fn the_product_of_both_fields_is_the_slope_of_a_current() {
        let (rows, cols) = (7, 5);
        let g =
            Array2::from_shape_fn((rows, cols), |(r, c)| 1e-6 * (5 + (3 * r + 7 * c) % 90) as f64);
        let wires = Wires::new(Ohms(70.0), Ohms(110.0));
        let row_v: Vec<f64> = (0..rows).map(|r| 0.2 - 0.07 * r as f64).collect();
        let sensed = Sensed { plus: 3, minus: Some(1) };
        let current = |g: &Array2<f64>| {
            let circuit = Circuit::new(g.clone(), wires).expect("an array");
            let all = Transfer::compile(&circuit).expect("a transfer");
            let all = all.currents(Array1::from(row_v.clone()).view());
            all[3] - all[1]
        };
        let fields = Fields::new(g.clone(), wires).expect("an array");
        let (driven, seen) =
            (fields.driven(&row_v).expect("solved"), fields.sensed(sensed).expect("solved"));
        let scale = driven.iter().zip(&seen).fold(0.0f64, |m, (d, s)| m.max((d * s).abs()));
        for ((row, col), &g_s) in g.indexed_iter() {
            let (mut up, mut down) = (g.clone(), g.clone());
            up[[row, col]] = 1.0001 * g_s;
            down[[row, col]] = 0.9999 * g_s;
            let slope = (current(&up) - current(&down)) / (2e-4 * g_s);
            let got = driven[[row, col]] * seen[[row, col]];
            assert!((got - slope).abs() < 1e-6 * scale, "({row}, {col}): {got} for {slope}");
        }
        assert!(fields.sensed(Sensed { plus: 5, minus: None }).is_err());
    }
}
