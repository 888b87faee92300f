//! Every voltage and current of a linear array.

use ndarray::{Array2, ArrayView2};

use crate::circuit::{Bias, Circuit};
use crate::error::CircuitError;
use crate::solve::dissection::Factors;
use crate::solve::ends::About;
use crate::solve::network::{Driven, Network, Volts};
use crate::solve::solution::{Given, Solution};
use crate::solve::transfer::{MOST_LINES, Transfer};

/// Vectors that are solved at once: the factors are read from memory for all of them.
const TOGETHER: usize = 8;

/// Time of one of many drives per cell, in that of reducing an array to its transfer matrix per
/// `(rows + columns)² · min(rows, columns)`: measured at 128 × 128 to 512 × 512, and no more than a
/// choice between two ways to one result.
const DRIVE_PER_CELL: f64 = 90.0;

/// A linear array with its ends held, eliminated once and solved for any voltages.
///
/// Of an array of few rows or few columns, time and memory are in proportion to the other side.
#[derive(Clone, Debug)]
pub struct Nodal {
    circuit: Circuit,
    network: Network,
    /// Conductance of every element (S).
    conductance: Vec<f64>,
    factors: Factors,
}

impl Nodal {
    /// Eliminates the nodes of a circuit of which those ends are held that `bias` gives a voltage.
    ///
    /// # Errors
    /// [`CircuitError`] for a bias that does not fit the array or a voltage that is not finite,
    /// [`CircuitError::Shorted`] if no resistance lies between held ends of two lines.
    pub fn new(circuit: Circuit, bias: &Bias) -> Result<Self, CircuitError> {
        let network = Network::new(&circuit, bias)?;
        let conductance = circuit.elements();
        let factors = network.factorise(&conductance);
        Ok(Self { circuit, network, conductance, factors })
    }

    /// The circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Voltages and currents for one bias, which must hold the same ends as that of
    /// [`new`](Self::new).
    ///
    /// # Errors
    /// [`CircuitError`] for a bias that does not fit, a node that floats, and for a solution that
    /// does not satisfy Kirchhoff's and Ohm's laws or the balance of power within rounding.
    pub fn solve(&self, bias: &Bias) -> Result<Solution, CircuitError> {
        self.check_held(bias)?;
        let driven = self.drive([bias], About::Lines)?;
        let [volts] = driven.volts(&self.network.plan);
        self.complete(bias, &driven, 0, volts)
    }

    /// The same for many biases, in less time than one by one.
    ///
    /// # Errors
    /// As [`solve`](Self::solve), for the first that has any.
    pub fn solve_all(&self, biases: &[Bias]) -> Result<Vec<Solution>, CircuitError> {
        let mut solutions = Vec::with_capacity(biases.len());
        for group in biases.chunks(TOGETHER) {
            group.iter().try_for_each(|bias| self.check_held(bias))?;
            if let [bias] = group {
                solutions.push(self.solve(bias)?);
                continue;
            }
            let driven = self.drive(filled(group), About::Lines)?;
            let volts = driven.volts(&self.network.plan);
            for (case, (bias, volts)) in group.iter().zip(volts).enumerate() {
                solutions.push(self.complete(bias, &driven, case, volts)?);
            }
        }
        Ok(solutions)
    }

    /// Column currents (A) of reads: `row_v` is vectors × rows (V), the result vectors × columns. All
    /// columns are at ground; the array must have been reduced for reads, with rows and columns held
    /// at all their connected ends.
    ///
    /// Every entry is exact to rounding relative to the sum of its terms' magnitudes. Whichever is the
    /// least work: a solution for each vector, the transfer matrix from a solution for each row or
    /// column, or [`Transfer::compile`].
    ///
    /// # Errors
    /// [`CircuitError`] for voltages that do not fit or are not finite, or an array that was reduced
    /// for other ends; [`CircuitError::Overflow`] for a conductance or current beyond the largest
    /// number.
    pub fn column_currents(&self, row_v: ArrayView2<'_, f64>) -> Result<Array2<f64>, CircuitError> {
        let (rows, cols) = self.circuit.shape();
        let biases: Vec<Bias> =
            row_v.rows().into_iter().map(|row_v| Bias::read(&row_v.to_vec(), cols)).collect();
        biases.iter().try_for_each(|bias| self.check_held(bias))?;
        let fewest = biases.len().min(rows).min(cols);
        let column_a = if !self.solves_are_cheaper(fewest) {
            row_v.dot(&Transfer::compile(&self.circuit)?.matrix())
        } else if fewest == biases.len() {
            self.sensed(&biases)?
        } else if fewest == rows {
            let unit = |row: usize| {
                let mut row_v = vec![0.0; rows];
                row_v[row] = 1.0;
                Bias::read(&row_v, cols)
            };
            row_v.dot(&self.sensed(&(0..rows).map(unit).collect::<Vec<_>>())?)
        } else {
            let unit = |col: usize| Bias::sense_one(rows, cols, col);
            row_v.dot(&self.sensed_at_rows(&(0..cols).map(unit).collect::<Vec<_>>())?.t())
        };
        match column_a.indexed_iter().find(|(_, a)| !a.is_finite()) {
            None => Ok(column_a),
            Some(((_, col), _)) => Err(CircuitError::Overflow { row: rows - 1, col }),
        }
    }

    /// [`column_currents`](Self::column_currents) of one read and its [solution](Self::solve), which are
    /// solved about different voltages, in one pass. The currents may be known where the solution is not.
    ///
    /// # Errors
    /// As [`column_currents`](Self::column_currents).
    pub(crate) fn read(
        &self,
        bias: &Bias,
    ) -> Result<(Vec<f64>, Result<Solution, CircuitError>), CircuitError> {
        self.check_held(bias)?;
        let driven = self.network.drive_about_both(&self.conductance, &self.factors, bias)?;
        let rows = self.circuit.shape().0;
        let ends = self.network.end_currents(&self.conductance, &driven, 0, &[]);
        let column_a: Vec<f64> = self.at_columns(&ends).collect();
        if let Some(col) = column_a.iter().position(|a| !a.is_finite()) {
            return Err(CircuitError::Overflow { row: rows - 1, col });
        }
        let volts = driven.volts_of(&self.network.plan, 1);
        Ok((column_a, self.complete(bias, &driven, 1, volts)))
    }

    /// Whether so many solutions take less time than reducing the array to its transfer matrix.
    pub(crate) fn solves_are_cheaper(&self, count: usize) -> bool {
        let (rows, cols) = self.circuit.shape();
        let solves = DRIVE_PER_CELL * (count * rows * cols) as f64;
        MOST_LINES < rows + cols || solves <= ((rows + cols).pow(2) * rows.min(cols)) as f64
    }

    /// Currents (A) that leave at the columns, biases × columns.
    fn sensed(&self, biases: &[Bias]) -> Result<Array2<f64>, CircuitError> {
        let cols = self.circuit.shape().1;
        let mut amps = Array2::zeros((biases.len(), cols));
        self.at_ends(biases, |vector, ends| {
            amps.row_mut(vector).iter_mut().zip(self.at_columns(ends)).for_each(|(to, a)| *to = a);
        })?;
        Ok(amps)
    }

    /// Currents (A) that leave at the columns, of those into all ends.
    fn at_columns<'a>(&self, ends: &'a [f64]) -> impl Iterator<Item = f64> + use<'a> {
        let (rows, cols) = self.circuit.shape();
        let (top, bottom) = ends[2 * rows..].split_at(cols);
        top.iter().zip(bottom).map(|(top, bottom)| -(top + bottom))
    }

    /// Currents (A) that leave at the rows, biases × rows.
    fn sensed_at_rows(&self, biases: &[Bias]) -> Result<Array2<f64>, CircuitError> {
        let rows = self.circuit.shape().0;
        let mut amps = Array2::zeros((biases.len(), rows));
        self.at_ends(biases, |vector, ends| {
            let (left, right) = ends[..2 * rows].split_at(rows);
            let both = left.iter().zip(right).map(|(left, right)| -(left + right));
            amps.row_mut(vector).iter_mut().zip(both).for_each(|(to, a)| *to = a);
        })?;
        Ok(amps)
    }

    /// Shows the currents into all ends (A), bias by bias.
    fn at_ends(
        &self,
        biases: &[Bias],
        mut see: impl FnMut(usize, &[f64]),
    ) -> Result<(), CircuitError> {
        for (first, group) in (0..).step_by(TOGETHER).zip(biases.chunks(TOGETHER)) {
            if let [bias] = group {
                let driven = self.drive([bias], About::Ground)?;
                see(first, &self.network.end_currents(&self.conductance, &driven, 0, &[]));
                continue;
            }
            let driven = self.drive(filled(group), About::Ground)?;
            for case in 0..group.len() {
                let ends = self.network.end_currents(&self.conductance, &driven, case, &[]);
                see(first + case, &ends);
            }
        }
        Ok(())
    }

    /// Voltages across all cells alone, for `N` biases at once: what cells see in a read.
    pub(crate) fn across<const N: usize>(
        &self,
        biases: [&Bias; N],
    ) -> Result<[Array2<f64>; N], CircuitError> {
        let volts = self.drive(biases, About::Lines)?.volts(&self.network.plan);
        Ok(volts.map(|volts| self.by_cell(volts.cells)))
    }

    fn by_cell(&self, values: Vec<f64>) -> Array2<f64> {
        Array2::from_shape_vec(self.circuit.shape(), values).expect("a value for every cell")
    }

    fn drive<const N: usize>(
        &self,
        biases: [&Bias; N],
        about: About,
    ) -> Result<Driven<N>, CircuitError> {
        self.network.drive(&self.conductance, &self.factors, (biases, about), &[])
    }

    fn check_held(&self, bias: &Bias) -> Result<(), CircuitError> {
        if bias.held(&self.circuit)? == self.network.held {
            return Ok(());
        }
        Err(CircuitError::NotModelled(
            "a bias that holds other ends than those for which the array was reduced",
        ))
    }

    /// Currents from voltages, checked.
    fn complete<const N: usize>(
        &self,
        bias: &Bias,
        driven: &Driven<N>,
        case: usize,
        volts: Volts,
    ) -> Result<Solution, CircuitError> {
        let (network, circuit) = (&self.network, &self.circuit);
        let amps = network.end_currents(&self.conductance, driven, case, &[]);
        let factored = (&self.conductance[..], &self.factors);
        let ends = network.with_what_could_flow(circuit, factored, bias, amps)?;
        let slope = circuit.conductances();
        let mut cell_a = self.by_cell(volts.cells);
        cell_a.zip_mut_with(&slope, |a, &g| *a = if g == 0.0 { 0.0 } else { g * *a });
        let (held, alias) = (&network.held[..], &network.plan.alias[..]);
        Given { circuit, held, alias, all_v: &volts.nodes, slope, ends }.complete(cell_a)
    }
}

/// A group of biases, with the last in the places that are left.
fn filled(group: &[Bias]) -> [&Bias; TOGETHER] {
    std::array::from_fn(|case| &group[case.min(group.len() - 1)])
}

/// Solves a circuit once.
///
/// # Errors
/// As [`Nodal::new`] and [`Nodal::solve`].
pub fn solve(circuit: Circuit, bias: &Bias) -> Result<Solution, CircuitError> {
    Nodal::new(circuit, bias)?.solve(bias)
}
