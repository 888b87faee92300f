//! Every voltage and current of a linear array.

use ndarray::Array2;

use crate::circuit::{Bias, Circuit};
use crate::error::CircuitError;
use crate::solve::dissection::{Factors, Plan, Reduced, factorise};
use crate::solve::ends::{end_currents, held_voltages, spread};
use crate::solve::solution::{Given, Solution};
use crate::solve::transfer::Transfer;

/// Vectors that are solved at once: the factors are read from memory for all of them.
const TOGETHER: usize = 8;

/// A linear array with its ends held, reduced once and solved for any voltages.
#[derive(Clone, Debug)]
pub struct Nodal {
    circuit: Circuit,
    held: Vec<bool>,
    plan: Plan,
    reduced: Reduced,
    factors: Factors,
}

impl Nodal {
    /// Reduces a circuit of which those ends are held that `bias` gives a voltage.
    ///
    /// # Errors
    /// [`CircuitError`] for a bias that does not fit the array or a voltage that is not finite,
    /// [`CircuitError::Shorted`] if no resistance lies between held ends of two lines, and
    /// [`CircuitError::TooLarge`] for an array beyond the stated limit.
    pub fn new(circuit: Circuit, bias: &Bias) -> Result<Self, CircuitError> {
        let held = bias.held(&circuit)?;
        let plan = Plan::new(circuit.layout(), &held, circuit.merged(&held))?;
        let (reduced, factors) = factorise(&plan, &circuit.elements());
        Ok(Self { circuit, held, plan, reduced, factors })
    }

    /// The circuit.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// The transfer matrix, which needs no more work.
    ///
    /// It belongs to a read: rows and columns are held at all their connected ends.
    ///
    /// # Errors
    /// [`CircuitError::Overflow`] if a conductance of it is beyond the largest number.
    pub fn transfer(&self) -> Result<Transfer, CircuitError> {
        Transfer::of(&self.plan, &self.reduced)
    }

    /// Voltages and currents for one bias, which must hold the same ends as that of
    /// [`new`](Self::new).
    ///
    /// # Errors
    /// [`CircuitError`] for a bias that does not fit, a node that floats, and for a solution that
    /// does not satisfy Kirchhoff's and Ohm's laws or the balance of power within rounding.
    pub fn solve(&self, bias: &Bias) -> Result<Solution, CircuitError> {
        self.check_held(bias)?;
        let mut node_v = held_voltages(&self.plan, bias, &self.held)?;
        self.factors.voltages::<1>(&self.plan, node_v.as_chunks_mut().0, &mut []);
        self.complete(&node_v)
    }

    /// The same for many biases, in less time than one by one.
    ///
    /// # Errors
    /// As [`solve`](Self::solve), for the first that has any.
    pub fn solve_all(&self, biases: &[Bias]) -> Result<Vec<Solution>, CircuitError> {
        let mut solutions = Vec::with_capacity(biases.len());
        let mut node_v = vec![[0.0; TOGETHER]; self.plan.layout.nodes()];
        for group in biases.chunks(TOGETHER) {
            for (case, bias) in group.iter().enumerate() {
                self.check_held(bias)?;
                let held_v = held_voltages(&self.plan, bias, &self.held)?;
                node_v.iter_mut().zip(held_v).for_each(|(to, v)| to[case] = v);
            }
            self.factors.voltages(&self.plan, &mut node_v, &mut []);
            for case in 0..group.len() {
                let one: Vec<f64> = node_v.iter().map(|v| v[case]).collect();
                solutions.push(self.complete(&one)?);
            }
        }
        Ok(solutions)
    }

    /// Voltages of all nodes alone, for `N` biases at once: what cells see in a read.
    pub(crate) fn across<const N: usize>(
        &self,
        biases: [&Bias; N],
    ) -> Result<[Array2<f64>; N], CircuitError> {
        let mut node_v = vec![[0.0; N]; self.plan.layout.nodes()];
        for (case, bias) in biases.iter().enumerate() {
            let held_v = held_voltages(&self.plan, bias, &self.held)?;
            node_v.iter_mut().zip(held_v).for_each(|(to, v)| to[case] = v);
        }
        self.factors.voltages(&self.plan, &mut node_v, &mut []);
        let layout = self.plan.layout;
        let at = |node: usize, case: usize| node_v[self.plan.alias[node] as usize][case];
        Ok(std::array::from_fn(|case| {
            Array2::from_shape_fn(self.circuit.shape(), |(row, col)| {
                at(layout.upper(row, col), case) - at(layout.lower(row, col), case)
            })
        }))
    }

    fn check_held(&self, bias: &Bias) -> Result<(), CircuitError> {
        if bias.held(&self.circuit)? == self.held {
            return Ok(());
        }
        Err(CircuitError::NotModelled(
            "a bias that holds other ends than those for which the array was reduced",
        ))
    }

    /// Currents from voltages, checked.
    fn complete(&self, node_v: &[f64]) -> Result<Solution, CircuitError> {
        let layout = self.circuit.layout();
        let ends = end_currents(&self.plan, &self.reduced, node_v, &[]);
        let all_v = spread(&self.plan, node_v);
        let slope = self.circuit.conductances();
        let cell_a = Array2::from_shape_fn(self.circuit.shape(), |(row, col)| {
            let across = all_v[layout.upper(row, col)] - all_v[layout.lower(row, col)];
            let g = slope[[row, col]];
            if g == 0.0 { 0.0 } else { g * across }
        });
        let (circuit, held, alias) = (&self.circuit, &self.held[..], &self.plan.alias[..]);
        Given { circuit, held, alias, all_v: &all_v, slope, ends }.complete(cell_a)
    }
}

/// Solves a circuit once.
///
/// # Errors
/// As [`Nodal::new`] and [`Nodal::solve`].
pub fn solve(circuit: Circuit, bias: &Bias) -> Result<Solution, CircuitError> {
    Nodal::new(circuit, bias)?.solve(bias)
}
