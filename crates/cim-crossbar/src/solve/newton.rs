//! Arrays of cells that are not ohmic: Newton's method along the cells' own curves.
//!
//! Every step solves the linear array of the cells' tangents exactly. Where the current of a cell
//! rises a thousandfold within millivolts, the voltage that its tangent is found at says nothing: the
//! cell's next point is where its curve meets the line through the tangent's point whose slope is the
//! resistance of the wires on the way to it. On a lone cell that is the solution, for any law. Where
//! wires hardly matter, that point has the tangent's voltage, which is Newton's method; where they
//! do, its current, so that no step meets an exponential at a voltage that cannot be.
//!
//! Steps along curves may go in circles (about kinks of a table). After [`CURVE_STEPS`] the search
//! begins anew with a line search: cells whose current rises with voltage make the node voltages the
//! minimum of a convex function, the network's co-content (Millar 1951), and every step goes along
//! Newton's direction as far as that falls. It may need more than [`MAX_STEPS`], and then says so.

use cim_device::{Conduction, Operating};
use ndarray::{Array2, ArrayView1, Zip};

use crate::circuit::{Bias, Circuit};
use crate::error::CircuitError;
use crate::layout::Side;
use crate::solve::dissection::Factors;
use crate::solve::ends::{About, references};
use crate::solve::network::{Driven, Network};
use crate::solve::solution::{Given, Solution, check_determined};

/// Steps after which a circuit is given up.
pub const MAX_STEPS: usize = 60;

/// Steps along the cells' curves, before a line search.
pub const CURVE_STEPS: usize = 30;

/// Largest difference between a cell's current and that of its tangent, relative to the largest
/// current of the array, from which one more step ends at rounding.
const CLOSE: f64 = 1e-8;

/// Halvings of an interval of voltages after which no number is left in it.
const MOST_HALVINGS: usize = 200;

/// Largest slope and current of a cell, so that a product of two is a number.
const LARGEST: f64 = 1e150;

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
/// for which the law does not hold, [`CircuitError::Overflow`] for a cell on ideal wires whose
/// current is beyond the largest number, [`CircuitError::NotConverged`] with the residual after
/// [`MAX_STEPS`].
pub fn solve(circuit: &Circuit, law: &Conduction, bias: &Bias) -> Result<Converged, CircuitError> {
    law.check()?;
    for ((row, col), &value) in circuit.conductances().indexed_iter() {
        if value > 0.0 && value.is_finite() && law.least_slope(value) <= 0.0 {
            return Err(CircuitError::Falling { row, col, value });
        }
    }
    let network = Network::new(circuit, bias)?;
    let mut ends_v = vec![0.0; network.plan.layout.nodes()];
    references(&network.plan, bias, &network.held, About::Ground, |node, v| ends_v[node] = v)?;
    let path_ohm = path_resistances(circuit, &network.held);
    let search = Search { circuit, law, bias, network, ends_v, path_ohm };
    let mut state = search.start();
    let mut close = false;
    let mut missed = Mismatch { at: (0, 0), relative: f64::INFINITY };
    let not_converged = |steps: usize, missed: Mismatch| {
        let ((row, col), residual) = (missed.at, missed.relative);
        CircuitError::NotConverged { steps, row, col, residual }
    };
    for steps in 1..=MAX_STEPS {
        let tangent = match search.tangent(&state.across) {
            // A line search that has gone too far has failed; the cell need not be there.
            Err(_) if CURVE_STEPS < steps => return Err(not_converged(steps, missed)),
            tangent => tangent?,
        };
        let (found, step) = search.step(&tangent)?;
        check_determined(circuit.layout(), &found.all_v)?;
        if steps == 1 && *law == Conduction::Ohmic || close {
            let solution = search.finish(&found, &tangent, &step)?;
            return Ok(Converged { solution, steps });
        }
        let points;
        (points, missed) = search.onto_curves(&tangent, &found.across);
        close = missed.relative <= CLOSE;
        state = match steps {
            _ if close => State { across: points, ..found },
            CURVE_STEPS => search.start(),
            1..CURVE_STEPS => State { across: points, solved: false, ..found },
            _ => search.line(state, found, &tangent),
        };
    }
    Err(not_converged(MAX_STEPS, missed))
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
    network: Network,
    /// Voltages of the held ends, by node (V).
    ends_v: Vec<f64>,
    /// Resistance of the wires between each cell and the nearest ends (Ω).
    path_ohm: Array2<f64>,
}

/// The solved array of tangents.
struct Step {
    /// Conductance of every element (S).
    conductance: Vec<f64>,
    factors: Factors,
    driven: Driven<1>,
    /// Current of every cell at no voltage (A).
    offset_a: Vec<f64>,
}

impl Search<'_> {
    /// Every cell where the wires to it and half of the largest voltage between two ends put it.
    fn start(&self) -> State {
        let ends = || self.ends_v.iter().zip(&self.network.held).filter(|(_, held)| **held);
        let most = ends().fold(f64::NEG_INFINITY, |most, (v, _)| most.max(*v));
        let least = ends().fold(f64::INFINITY, |least, (v, _)| least.min(*v));
        let spread = if most > least { 0.5 * (most - least) } else { 0.0 };
        let limit = self.law.range().map_or(f64::INFINITY, |range| range.0);
        let cells = self.circuit.conductances();
        let mut across = Array2::zeros(self.circuit.shape());
        Zip::from(&mut across).and(&cells).and(&self.path_ohm).for_each(|v, &g, &ohm| {
            *v = self.on_curve(g, ohm, spread.min(limit), spread.min(limit));
        });
        State { all_v: vec![0.0; self.circuit.layout().nodes()], across, solved: false }
    }

    /// The voltage `v` (V) of a cell with `v + ohm · i(v) = goal`, near `guess`.
    fn on_curve(&self, g_s: f64, ohm: f64, goal: f64, guess: f64) -> f64 {
        if ohm == 0.0 || g_s == 0.0 || g_s == f64::INFINITY {
            return guess;
        }
        // A rising law without current at rest: the root lies between 0 and the goal.
        let (mut low, mut high) = (goal.min(0.0), goal.max(0.0));
        let mut v = guess.clamp(low, high);
        let mut before = f64::INFINITY;
        for _ in 0..MOST_HALVINGS {
            let at = self.law.at(g_s, v);
            let over = v + ohm * at.amps - goal;
            if over.abs() <= 1e-12 * goal.abs() {
                break;
            }
            if over > 0.0 {
                high = v
            } else {
                low = v
            }
            let newton = v - over / (1.0 + ohm * at.slope);
            // Down an exponential Newton's method goes by one of its scales a step.
            let fast = 8.0 * over.abs() <= before && newton.is_finite();
            let next = if fast && low < newton && newton < high {
                newton
            } else {
                low + 0.5 * (high - low)
            };
            before = over.abs();
            if next == v {
                break;
            }
            v = next;
        }
        v
    }

    /// Where the cells' curves meet the lines through their tangents' points, and the largest
    /// current by which a tangent missed its curve.
    fn onto_curves(&self, tangent: &Tangent, across: &Array2<f64>) -> (Array2<f64>, Mismatch) {
        let cells = self.circuit.conductances();
        let mut points = across.clone();
        let (mut largest, mut missed) = (f64::MIN_POSITIVE, Array2::zeros(across.dim()));
        for (at, point) in points.indexed_iter_mut() {
            let (g, v) = (cells[at], across[at]);
            let amps = tangent.slope[at] * v + tangent.offset[at];
            *point = self.on_curve(g, self.path_ohm[at], v + self.path_ohm[at] * amps, v);
            let on_curve = self.at(g, *point).amps;
            largest = largest.max(on_curve.abs().min(f64::MAX));
            missed[at] = (on_curve - amps).abs();
        }
        let mut worst = Mismatch { at: (0, 0), relative: 0.0 };
        for (at, missed) in missed.indexed_iter() {
            let relative = missed / largest;
            if relative.is_nan() || worst.relative < relative {
                worst = Mismatch { at, relative };
            }
        }
        (points, worst)
    }

    /// Conducting cells: neither open nor shorted.
    fn at(&self, g_s: f64, v_v: f64) -> Operating {
        if g_s == f64::INFINITY {
            return Operating { amps: 0.0, slope: 0.0 };
        }
        self.law.at(g_s, v_v)
    }

    fn tangent(&self, across: &Array2<f64>) -> Result<Tangent, CircuitError> {
        let shape = self.circuit.shape();
        let (mut slope, mut offset) = (Array2::<f64>::zeros(shape), Array2::<f64>::zeros(shape));
        let cells = self.circuit.conductances();
        Zip::from(&mut slope).and(&mut offset).and(&cells).and(across).for_each(
            |slope, offset, &g, &v| {
                let at = self.at(g, v);
                *slope = at.slope;
                *offset = at.amps - at.slope * v;
            },
        );
        let all = || slope.indexed_iter().chain(offset.indexed_iter());
        if let Some(((row, col), _)) =
            all().find(|(_, x): &(_, &f64)| x.is_nan() || LARGEST < x.abs())
        {
            return Err(CircuitError::Overflow { row, col });
        }
        Ok(Tangent { slope, offset })
    }

    /// Solves the array of tangents.
    fn step(&self, tangent: &Tangent) -> Result<(State, Step), CircuitError> {
        let layout = self.circuit.layout();
        let mut conductance = self.circuit.elements();
        conductance[..layout.cells()].iter_mut().zip(&tangent.slope).for_each(|(e, &s)| *e = s);
        let factors = self.network.factorise(&conductance);
        let offset_a: Vec<f64> = tangent.offset.iter().copied().collect();
        let drives = ([self.bias], About::Lines);
        let driven = self.network.drive(&conductance, &factors, drives, &offset_a)?;
        let [volts] = driven.volts(&self.network.plan);
        let across = Array2::from_shape_vec(self.circuit.shape(), volts.cells);
        let across = across.expect("a voltage for every cell");
        let state = State { all_v: volts.nodes, across, solved: true };
        Ok((state, Step { conductance, factors, driven, offset_a }))
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
            let slope = extra - (1.0 - alpha) * q;
            if slope.is_nan() { f64::INFINITY } else { slope }
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
            let margin = 0.1 * (high - low);
            alpha = secant.max(low + margin).min(high - margin);
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
            let held = |node: usize| node < layout.inner() || self.network.held[node];
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
        step: &Step,
    ) -> Result<Solution, CircuitError> {
        let network = &self.network;
        let amps = network.end_currents(&step.conductance, &step.driven, 0, &step.offset_a);
        let factored = (&step.conductance[..], &step.factors);
        let ends = network.with_what_could_flow(self.circuit, factored, self.bias, amps)?;
        let cell_a = &tangent.slope * &found.across + &tangent.offset;
        let mut slope = tangent.slope.clone();
        Zip::from(&mut slope).and(&self.circuit.conductances()).for_each(|slope, &g| {
            if g == f64::INFINITY {
                *slope = g;
            }
        });
        let (circuit, held, alias) = (self.circuit, &network.held[..], &network.plan.alias[..]);
        let given = Given { circuit, held, alias, all_v: &found.all_v, slope: slope.view(), ends };
        let solution = given.complete(cell_a)?;
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

/// Resistance (Ω) of the wires between every cell and the nearest held end of its row, and that of
/// its column: of a line without any, the resistance of the cell itself.
fn path_resistances(circuit: &Circuit, held: &[bool]) -> Array2<f64> {
    let (layout, cells) = (circuit.layout(), circuit.conductances());
    let (row_ohm, column_ohm) = (circuit.row_ohm(), circuit.column_ohm());
    let way = |ohms: ArrayView1<'_, f64>, ends: [Side; 2], line: usize| -> Vec<f64> {
        let [first, last] = ends.map(|side| held[layout.terminal(side, line)]);
        let from = |open: bool, ohm: f64| if open { ohm } else { f64::INFINITY };
        let (mut before, mut after) = (from(first, 0.0), from(last, 0.0));
        let segments = ohms.len();
        let mut nearest = vec![0.0; segments - 1];
        for (cell, ohm) in nearest.iter_mut().enumerate() {
            before += ohms[cell];
            *ohm = before;
        }
        for (cell, ohm) in nearest.iter_mut().enumerate().rev() {
            after += ohms[cell + 1];
            *ohm = after.min(*ohm);
        }
        nearest
    };
    let mut path_ohm = Array2::zeros(cells.dim());
    let mut add = |at: (usize, usize), ohm: f64| {
        path_ohm[at] += if ohm.is_finite() { ohm } else { cells[at].recip().min(f64::MAX) };
    };
    for (row, ohms) in row_ohm.rows().into_iter().enumerate() {
        let ohms = way(ohms, [Side::Left, Side::Right], row);
        ohms.into_iter().enumerate().for_each(|(col, ohm)| add((row, col), ohm));
    }
    for (col, ohms) in column_ohm.columns().into_iter().enumerate() {
        let ohms = way(ohms, [Side::Top, Side::Bottom], col);
        ohms.into_iter().enumerate().for_each(|(row, ohm)| add((row, col), ohm));
    }
    path_ohm
}
