//! Arrays of cells that are not ohmic: Newton's method with a line search.
//!
//! Cells whose current rises with voltage make the node voltages the minimum of a convex function,
//! the network's co-content (Millar 1951). Every step solves the linear array of the cells' slopes
//! exactly, and goes along it as far as the co-content falls: it cannot diverge.

use cim_device::{Conduction, Operating};
use ndarray::{Array2, Zip};

use crate::circuit::{Bias, Circuit};
use crate::error::CircuitError;
use crate::solve::dissection::{Plan, factorise};
use crate::solve::nodal::{end_currents, held_voltages, spread};
use crate::solve::solution::{Solution, check_determined};

/// Steps after which a circuit is given up.
pub const MAX_STEPS: usize = 30;

/// Largest difference between a cell's current and that of its tangent, relative to the largest
/// current of the array, from which one more step ends at rounding.
const CLOSE: f64 = 1e-8;

/// A solved non-linear array.
#[derive(Clone, Debug, PartialEq)]
pub struct Converged {
    /// Its voltages and currents.
    pub solution: Solution,
    /// Newton steps taken; 1 for ohmic cells.
    pub steps: usize,
}

/// Voltages and currents of an array whose cells conduct by `law`.
///
/// # Errors
/// As [`Nodal::solve`](super::nodal::Nodal::solve), [`CircuitError::Falling`] for a cell whose
/// current does not rise with voltage, [`CircuitError::OutsideLaw`] if a cell ends at a voltage
/// for which the law does not hold, [`CircuitError::NotConverged`] with the residual after
/// [`MAX_STEPS`].
pub fn solve(circuit: &Circuit, law: &Conduction, bias: &Bias) -> Result<Converged, CircuitError> {
    law.check()?;
    for ((row, col), &value) in circuit.conductances().indexed_iter() {
        if value > 0.0 && value.is_finite() && law.least_slope(value) <= 0.0 {
            return Err(CircuitError::Falling { row, col, value });
        }
    }
    let held = bias.held(circuit)?;
    let plan = Plan::new(circuit.layout(), &held, circuit.merged(&held))?;
    let search = Search { circuit, law, bias, held, plan };
    let mut state = search.start();
    let mut close = false;
    for steps in 1..=MAX_STEPS {
        let tangent = search.tangent(&state.across);
        let (found, end_a) = search.step(&tangent);
        check_determined(circuit.layout(), &found.all_v)?;
        if steps == 1 && *law == Conduction::Ohmic || close {
            let solution = search.finish(&found, &tangent, &end_a)?;
            return Ok(Converged { solution, steps });
        }
        let full = search.mismatch(&tangent, &found.across);
        close = full.relative <= CLOSE;
        state = if close { found } else { search.line(state, found, &tangent) };
        if steps == MAX_STEPS {
            let (row, col) = full.at;
            return Err(CircuitError::NotConverged { steps, row, col, residual: full.relative });
        }
    }
    unreachable!("the last step returns")
}

/// Voltages of all nodes, and what they put across the cells.
#[derive(Clone, Debug)]
struct State {
    all_v: Vec<f64>,
    across: Array2<f64>,
    /// Whether the wires carry what the cells take: not before the first step.
    solved: bool,
}

/// How far the cells are from their tangents.
#[derive(Clone, Copy, Debug)]
struct Mismatch {
    at: (usize, usize),
    relative: f64,
}

/// The tangent of every cell: `i = slope v + offset`.
struct Tangent {
    slope: Array2<f64>,
    offset: Array2<f64>,
}

struct Search<'a> {
    circuit: &'a Circuit,
    law: &'a Conduction,
    bias: &'a Bias,
    held: Vec<bool>,
    plan: Plan,
}

impl Search<'_> {
    /// Every cell at half of the largest voltage between two ends, from which exponential laws are
    /// approached from below.
    fn start(&self) -> State {
        let ends = held_voltages(&self.plan, self.bias, &self.held);
        let held = || ends.iter().zip(&self.held).filter(|(_, held)| **held).map(|(v, _)| *v);
        let most = held().fold(f64::NEG_INFINITY, f64::max);
        let least = held().fold(f64::INFINITY, f64::min);
        let spread = if most > least { 0.5 * (most - least) } else { 0.0 };
        let limit = self.law.range().map_or(f64::INFINITY, |range| range.0);
        let across = Array2::from_elem(self.circuit.shape(), spread.min(limit));
        State { all_v: vec![0.0; self.circuit.layout().nodes()], across, solved: false }
    }

    /// Conducting cells: neither open nor shorted.
    fn at(&self, g_s: f64, v_v: f64) -> Operating {
        if g_s == f64::INFINITY {
            return Operating { amps: 0.0, slope: 0.0 };
        }
        self.law.at(g_s, v_v)
    }

    fn tangent(&self, across: &Array2<f64>) -> Tangent {
        let shape = self.circuit.shape();
        let (mut slope, mut offset) = (Array2::zeros(shape), Array2::zeros(shape));
        let cells = self.circuit.conductances();
        Zip::from(&mut slope).and(&mut offset).and(&cells).and(across).for_each(
            |slope, offset, &g, &v| {
                let at = self.at(g, v);
                *slope = at.slope;
                *offset = at.amps - at.slope * v;
            },
        );
        Tangent { slope, offset }
    }

    /// Solves the array of tangents; also the currents of its ends.
    fn step(&self, tangent: &Tangent) -> (State, Vec<f64>) {
        let layout = self.circuit.layout();
        let mut elements = self.circuit.elements();
        elements[..layout.cells()].iter_mut().zip(&tangent.slope).for_each(|(e, &s)| *e = s);
        let (reduced, factors) = factorise(&self.plan, &elements);
        let mut put_a = vec![0.0; layout.nodes()];
        for ((row, col), &offset) in tangent.offset.indexed_iter() {
            let ends = [layout.upper(row, col), layout.lower(row, col)];
            let [upper, lower] = ends.map(|node| self.plan.alias[node] as usize);
            put_a[upper] -= offset;
            put_a[lower] += offset;
        }
        let mut node_v = held_voltages(&self.plan, self.bias, &self.held);
        factors.voltages(&self.plan, &mut node_v, &mut put_a);
        let end_a = end_currents(&self.plan, &reduced, &node_v, &put_a);
        let all_v = spread(&self.plan, &node_v);
        let across = Array2::from_shape_fn(self.circuit.shape(), |(row, col)| {
            all_v[layout.upper(row, col)] - all_v[layout.lower(row, col)]
        });
        (State { all_v, across, solved: true }, end_a)
    }

    /// The largest difference between cells and tangents, relative to the largest current.
    fn mismatch(&self, tangent: &Tangent, across: &Array2<f64>) -> Mismatch {
        let (mut worst, mut largest, mut at) = (0.0_f64, f64::MIN_POSITIVE, (0, 0));
        for ((place, &g), &v) in self.circuit.conductances().indexed_iter().zip(across) {
            let amps = self.at(g, v).amps;
            let off = (amps - tangent.slope[place] * v - tangent.offset[place]).abs();
            largest = largest.max(amps.abs());
            if off.is_nan() || worst < off {
                (worst, at) = (off, place);
            }
        }
        Mismatch { at, relative: worst / largest }
    }

    /// Goes from `state` towards `found` until the co-content's slope has fallen to half or less.
    fn line(&self, state: State, found: State, tangent: &Tangent) -> State {
        if !state.solved {
            return found;
        }
        let way = &found.across - &state.across;
        // Along the way the tangents' co-content has the slope −(1 − α) Q.
        let q = self.stiffness(&state, &found, tangent, &way);
        let slope_at = |alpha: f64| -> f64 {
            let cells = self.circuit.conductances();
            let mut extra = 0.0;
            for ((place, &g), &d) in cells.indexed_iter().zip(&way) {
                let v = state.across[place] + alpha * d;
                let line = tangent.slope[place] * v + tangent.offset[place];
                extra += (self.at(g, v).amps - line) * d;
            }
            extra - (1.0 - alpha) * q
        };
        let full = slope_at(1.0);
        if full <= 0.5 * q {
            return found;
        }
        // The slope rises from −Q at 0: its root is bracketed, and found well enough by halving
        // towards the secant.
        let (mut low, mut low_slope, mut high, mut high_slope) = (0.0, -q, 1.0, full);
        let mut alpha = 1.0;
        for _ in 0..60 {
            let secant = low - low_slope * (high - low) / (high_slope - low_slope);
            alpha = secant.clamp(low + 0.1 * (high - low), high - 0.1 * (high - low));
            let slope = slope_at(alpha);
            if slope.abs() <= 0.5 * q {
                break;
            }
            if slope > 0.0 {
                (high, high_slope) = (alpha, slope)
            } else {
                (low, low_slope) = (alpha, slope)
            }
        }
        let mix = |from: f64, to: f64| from + alpha * (to - from);
        let all_v = state.all_v.iter().zip(&found.all_v).map(|(&a, &b)| mix(a, b)).collect();
        State { all_v, across: &state.across + &(way * alpha), solved: true }
    }

    /// `Σ g d²` over all elements, `d` their voltages along the way.
    fn stiffness(&self, state: &State, found: &State, tangent: &Tangent, way: &Array2<f64>) -> f64 {
        let layout = self.circuit.layout();
        let d = |node: usize| found.all_v[node] - state.all_v[node];
        let mut sum: f64 = tangent.slope.iter().zip(way).map(|(g, d)| g * d * d).sum();
        let mut add = |(a, b): (usize, usize), ohm: f64| {
            let held = |node: usize| node < layout.inner() || self.held[node];
            if ohm > 0.0 && ohm.is_finite() && held(a) && held(b) {
                sum += (d(a) - d(b)).powi(2) / ohm;
            }
        };
        for ((row, segment), &ohm) in self.circuit.row_ohm().indexed_iter() {
            add(layout.row_segment_ends(row, segment), ohm);
        }
        for ((segment, col), &ohm) in self.circuit.column_ohm().indexed_iter() {
            add(layout.column_segment_ends(segment, col), ohm);
        }
        sum
    }

    fn finish(
        &self,
        found: &State,
        tangent: &Tangent,
        end_a: &[f64],
    ) -> Result<Solution, CircuitError> {
        let cell_a = &tangent.slope * &found.across + &tangent.offset;
        let solution = Solution::check(self.circuit, &self.held, &found.all_v, cell_a, end_a)?;
        if let Some(range) = self.law.range() {
            let conducting = self.circuit.conductances();
            for (((row, col), &volts), &g) in found.across.indexed_iter().zip(&conducting) {
                // A rounding more than the range is the range.
                if g > 0.0 && range.0 * (1.0 + 1e-12) < volts.abs() {
                    return Err(CircuitError::OutsideLaw { row, col, volts, range: range.0 });
                }
            }
        }
        Ok(solution)
    }
}
