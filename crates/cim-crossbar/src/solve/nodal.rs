//! Every voltage and current of a linear array.

use ndarray::Array2;

use crate::circuit::{Bias, Circuit};
use crate::error::CircuitError;
use crate::layout::Side;
use crate::solve::dissection::{Factors, Plan, Reduced, factorise};
use crate::solve::solution::Solution;
use crate::solve::transfer::Transfer;

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
    /// [`CircuitError`] for a bias that does not fit the array or a voltage that is not finite, and
    /// [`CircuitError::Shorted`] if no resistance lies between two held ends.
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
    pub fn transfer(&self) -> Transfer {
        Transfer::of(&self.plan, &self.reduced)
    }

    /// Voltages and currents for one bias, which must hold the same ends as that of
    /// [`new`](Self::new).
    ///
    /// # Errors
    /// [`CircuitError`] for a bias that does not fit, a node that floats, and for a solution that
    /// does not satisfy Kirchhoff's and Ohm's laws or the balance of power: never a wrong number.
    pub fn solve(&self, bias: &Bias) -> Result<Solution, CircuitError> {
        if bias.held(&self.circuit)? != self.held {
            return Err(CircuitError::NotModelled(
                "a bias that holds other ends than those for which the array was reduced",
            ));
        }
        let layout = self.circuit.layout();
        let mut node_v = held_voltages(&self.plan, bias, &self.held);
        self.factors.voltages(&self.plan, &mut node_v, &mut vec![0.0; layout.nodes()]);
        let end_a = end_currents(&self.plan, &self.reduced, &node_v, &[]);
        let all_v = spread(&self.plan, &node_v);
        let (rows, cols) = self.circuit.shape();
        let cell_a = Array2::from_shape_fn((rows, cols), |(row, col)| {
            let across = all_v[layout.upper(row, col)] - all_v[layout.lower(row, col)];
            let g = self.circuit.conductances()[[row, col]];
            if g == 0.0 { 0.0 } else { g * across }
        });
        Solution::check(&self.circuit, &self.held, &all_v, cell_a, &end_a)
    }
}

/// Solves a circuit once.
///
/// # Errors
/// As [`Nodal::new`] and [`Nodal::solve`].
pub fn solve(circuit: Circuit, bias: &Bias) -> Result<Solution, CircuitError> {
    Nodal::new(circuit, bias)?.solve(bias)
}

/// Voltages of the held terminals at the nodes that stand for them; others 0.
pub(super) fn held_voltages(plan: &Plan, bias: &Bias, held: &[bool]) -> Vec<f64> {
    let layout = plan.layout;
    let mut node_v = vec![0.0; layout.nodes()];
    for side in Side::ALL {
        for (line, value) in bias.side(side).iter().enumerate() {
            let node = layout.terminal(side, line);
            if let (true, Some(value)) = (held[node], value) {
                node_v[plan.alias[node] as usize] = *value;
            }
        }
    }
    node_v
}

/// Every node with the voltage of the one that stands for it.
pub(super) fn spread(plan: &Plan, node_v: &[f64]) -> Vec<f64> {
    plan.alias.iter().map(|&alias| node_v[alias as usize]).collect()
}

/// Current (A) from each held terminal into the array, by terminal; `put_a` is what currents put
/// into the array leave at the terminals, by node, or nothing.
pub(super) fn end_currents(
    plan: &Plan,
    reduced: &Reduced,
    node_v: &[f64],
    put_a: &[f64],
) -> Vec<f64> {
    let layout = plan.layout;
    let mut end_a = vec![0.0; layout.terminals()];
    for (a, &node) in reduced.nodes.iter().enumerate() {
        let node = node as usize;
        let own = node_v[node];
        let others = reduced.nodes.iter().enumerate();
        let current: f64 =
            others.map(|(b, &other)| reduced.between(a, b) * (own - node_v[other as usize])).sum();
        end_a[node - layout.inner()] = current - put_a.get(node).copied().unwrap_or(0.0);
    }
    end_a
}
