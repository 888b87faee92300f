//! A linear array with its held ends joined: voltages and end currents for any drive.
//!
//! Nodes are solved about reference voltages ([`About`]): with `v = reference + rise` Kirchhoff's law is
//! that of an array whose ends are all at ground, with a current `g (reference − reference)` put into
//! the two sides of every element. About the voltages of lines without resistance these are the
//! currents that the cells would take, and the rises are what the wires drop: they have all digits
//! also where a wire drops a millionth of a voltage, and so have the currents of the ends. About the
//! voltages of a first solution they are what that solution misses (iterative refinement).

use crate::circuit::{Bias, Circuit};
use crate::error::CircuitError;
use crate::layout::Side;
use crate::solve::dissection::{Factors, HeldEnds, Plan, factorise};
use crate::solve::ends::{About, EndCurrents, Tap, connects, references, taps};

/// Share of what could flow at an end at most from which on currents speak for themselves.
const ENOUGH: f64 = 1e-4;

/// How many times the largest current at the ends an element may put in: rounding of the one is seen
/// in the other.
const FAR: f64 = 4.0;

/// Times that an array is solved about the voltages found before, at most: each takes most of the
/// digits that are missing.
const MOST_REFINEMENTS: usize = 4;

/// Everything of an array that does not depend on its conductances, for one set of held ends.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub held: Vec<bool>,
    pub plan: Plan,
    taps: Vec<Tap>,
}

/// Voltages of all nodes for `N` drives, by node: those that stand for others count.
pub(super) struct Driven<const N: usize> {
    /// Voltages about which was solved (V).
    pub reference_v: Vec<[f64; N]>,
    /// Voltages above them (V).
    pub rise_v: Vec<[f64; N]>,
}

impl Network {
    /// Plans for a circuit of which those ends are held that `bias` gives a voltage.
    pub fn new(circuit: &Circuit, bias: &Bias) -> Result<Self, CircuitError> {
        let held = bias.held(circuit)?;
        let plan = Plan::new(circuit.layout(), &held, circuit.merged(&held), HeldEnds::Joined)?;
        let taps = taps(&plan, &held);
        Ok(Self { held, plan, taps })
    }

    /// Eliminates all nodes; `conductance` (S) is that of every element.
    pub fn factorise(&self, conductance: &[f64]) -> Factors {
        factorise(&self.plan, conductance)
    }

    /// Solves for `N` drives; `offset_a` are the currents (A) of cells (by number) at no voltage, if
    /// any.
    ///
    /// Where the currents put in are far larger than what flows, as shorts, and what is close to one,
    /// join lines that differ, it is solved about the ground, and about the voltages found.
    pub fn drive<const N: usize>(
        &self,
        conductance: &[f64],
        factors: &Factors,
        (biases, about): ([&Bias; N], About),
        offset_a: &[f64],
    ) -> Result<Driven<N>, CircuitError> {
        let reference_v = self.about(biases.map(|bias| (bias, about)))?;
        if about == About::Ground {
            let rise_v = self.rise_above_ground(conductance, factors, &reference_v);
            return Ok(Driven { reference_v, rise_v });
        }
        let (rise_v, mut put_a) = self.rise(conductance, factors, &reference_v, offset_a);
        let mut driven = Driven { reference_v, rise_v };
        for round in 0..MOST_REFINEMENTS {
            let flows_a: [f64; N] = std::array::from_fn(|case| {
                largest(&self.end_currents(conductance, &driven, case, offset_a))
            });
            if put_a.iter().zip(flows_a).all(|(put, flows)| *put <= FAR * flows) {
                break;
            }
            if round == 0 && offset_a.is_empty() {
                driven = self.drive(conductance, factors, (biases, About::Ground), &[])?;
            }
            for (reference, rise) in driven.reference_v.iter_mut().zip(&driven.rise_v) {
                for (reference, rise) in reference.iter_mut().zip(rise) {
                    // What floats has no voltage, now as before.
                    *reference += if rise.is_nan() { 0.0 } else { *rise };
                }
            }
            (driven.rise_v, put_a) = self.rise(conductance, factors, &driven.reference_v, offset_a);
        }
        Ok(driven)
    }

    /// Solves for one drive about the ground, the first of both, and about its lines, as
    /// [`drive`](Self::drive) does for either, in one pass over the factors.
    pub fn drive_about_both(
        &self,
        conductance: &[f64],
        factors: &Factors,
        bias: &Bias,
    ) -> Result<Driven<2>, CircuitError> {
        let reference_v = self.about([(bias, About::Ground), (bias, About::Lines)])?;
        let (mut rise_v, [_, put_a]) = self.put_by_elements(conductance, &reference_v, &[]);
        rise_v.iter_mut().for_each(|[ground, _]| *ground = 0.0);
        self.put_by_ends(conductance, &reference_v, [true, false], &mut rise_v);
        factors.voltages(&self.plan, &mut rise_v);
        let mut driven = Driven { reference_v, rise_v };
        let flows_a = largest(&self.end_currents(conductance, &driven, 1, &[]));
        let digits_are_kept = put_a <= FAR * flows_a;
        if !digits_are_kept {
            let lines = self.drive(conductance, factors, ([bias], About::Lines), &[])?;
            let alone = lines.reference_v.iter().zip(&lines.rise_v);
            let both = driven.reference_v.iter_mut().zip(&mut driven.rise_v);
            for ((reference, rise), (alone, rise_alone)) in both.zip(alone) {
                (reference[1], rise[1]) = (alone[0], rise_alone[0]);
            }
        }
        Ok(driven)
    }

    /// The voltages about which `N` drives are solved (V), by node.
    fn about<const N: usize>(
        &self,
        drives: [(&Bias, About); N],
    ) -> Result<Vec<[f64; N]>, CircuitError> {
        let mut reference_v = vec![[0.0; N]; self.plan.layout.nodes()];
        for (case, (bias, about)) in drives.into_iter().enumerate() {
            references(&self.plan, bias, &self.held, about, |node, v| reference_v[node][case] = v)?;
        }
        Ok(reference_v)
    }

    /// Voltages above those of lines (V), and the largest current that an element puts in (A).
    fn rise<const N: usize>(
        &self,
        conductance: &[f64],
        factors: &Factors,
        reference_v: &[[f64; N]],
        offset_a: &[f64],
    ) -> (Vec<[f64; N]>, [f64; N]) {
        let (mut rise_v, largest_a) = self.put_by_elements(conductance, reference_v, offset_a);
        factors.voltages(&self.plan, &mut rise_v);
        (rise_v, largest_a)
    }

    /// Currents that elements at the voltages `reference_v` put into the nodes (A), and the largest.
    fn put_by_elements<const N: usize>(
        &self,
        conductance: &[f64],
        reference_v: &[[f64; N]],
        offset_a: &[f64],
    ) -> (Vec<[f64; N]>, [f64; N]) {
        let layout = self.plan.layout;
        let mut put_a = vec![[0.0; N]; layout.nodes()];
        let mut largest_a = [0.0_f64; N];
        layout.each_element(|element, (a, b)| {
            let g = conductance[element];
            let [one, two] = [a, b].map(|node| self.plan.alias[node] as usize);
            if g == 0.0 || one == two || !connects(layout, &self.held, (a, b)) {
                return;
            }
            let offset = offset_a.get(element).copied().unwrap_or(0.0);
            for case in 0..N {
                let amps = g * (reference_v[one][case] - reference_v[two][case]) + offset;
                largest_a[case] = largest_a[case].max(amps.abs());
                put_a[one][case] -= amps;
                put_a[two][case] += amps;
            }
        });
        self.taps.iter().for_each(|tap| put_a[tap.end as usize] = [0.0; N]);
        (put_a, largest_a)
    }

    /// Voltages above ground (V): nothing but the ends puts currents in.
    fn rise_above_ground<const N: usize>(
        &self,
        conductance: &[f64],
        factors: &Factors,
        reference_v: &[[f64; N]],
    ) -> Vec<[f64; N]> {
        let mut rise_v = vec![[0.0; N]; self.plan.layout.nodes()];
        self.put_by_ends(conductance, reference_v, [true; N], &mut rise_v);
        factors.voltages(&self.plan, &mut rise_v);
        rise_v
    }

    /// Adds the currents that the ends at the voltages `reference_v` put into the nodes beside them
    /// (A), in the drives of which `ends_put` says so.
    fn put_by_ends<const N: usize>(
        &self,
        conductance: &[f64],
        reference_v: &[[f64; N]],
        ends_put: [bool; N],
        put_a: &mut [[f64; N]],
    ) {
        for tap in &self.taps {
            let g = conductance[tap.element as usize];
            for case in (0..N).filter(|case| ends_put[*case]) {
                put_a[tap.other as usize][case] += g * reference_v[tap.end as usize][case];
            }
        }
        self.taps.iter().for_each(|tap| put_a[tap.end as usize] = [0.0; N]);
    }

    /// Currents of the ends in one of `N` drives (A), by terminal; `offset_a` are those of cells
    /// (by number) at no voltage, if any.
    pub fn end_currents<const N: usize>(
        &self,
        conductance: &[f64],
        driven: &Driven<N>,
        case: usize,
        offset_a: &[f64],
    ) -> Vec<f64> {
        let layout = self.plan.layout;
        let mut amps = vec![0.0; layout.terminals()];
        let conducts = |tap: &&Tap| conductance[tap.element as usize] != 0.0;
        for tap in self.taps.iter().filter(conducts) {
            let across_v = driven.across(tap.end as usize, tap.other as usize, case);
            let offset = offset_a.get(tap.element as usize).copied().unwrap_or(0.0);
            let offset = if tap.is_first { offset } else { -offset };
            amps[tap.end as usize - layout.inner()] +=
                conductance[tap.element as usize] * across_v + offset;
        }
        amps
    }

    /// The end currents `amps` (A), with what could flow beside them if that is much more: with the
    /// line that cells and wires let draw the most at the largest voltage of `bias`, and all else at
    /// ground.
    pub fn with_what_could_flow(
        &self,
        circuit: &Circuit,
        (conductance, factors): (&[f64], &Factors),
        bias: &Bias,
        amps: Vec<f64>,
    ) -> Result<EndCurrents, CircuitError> {
        let layout = self.plan.layout;
        let is_held = |side: Side, line: usize| self.held[layout.terminal(side, line)];
        let mut row_s = vec![0.0; layout.rows];
        let mut column_s = vec![0.0; layout.cols];
        for (cell, g) in conductance[..layout.cells()].iter().enumerate() {
            row_s[cell / layout.cols] += g;
            column_s[cell % layout.cols] += g;
        }
        let (mut largest_v, mut most) = (0.0_f64, (-1.0, [Side::Left; 2], 0));
        for (sides, cells_s) in
            [([Side::Left, Side::Right], row_s), ([Side::Top, Side::Bottom], column_s)]
        {
            for (line, cells_s) in cells_s.into_iter().enumerate() {
                let held = sides.into_iter().filter(|side| is_held(*side, line));
                let ends_s: f64 = held.clone().map(|s| circuit.end_ohm(s, line).recip()).sum();
                let volts = held.filter_map(|side| bias.side(side)[line]);
                largest_v = volts.fold(largest_v, |most, v| most.max(v.abs()));
                let draws_s = ends_s.min(cells_s);
                if most.0 < draws_s {
                    most = (draws_s, sides, line);
                }
            }
        }
        let flows_a = largest(&amps);
        if largest_v == 0.0 || ENOUGH * largest_v * most.0 <= flows_a {
            return Ok(EndCurrents { amps, could_a: 0.0 });
        }
        let mut one = Bias::read(&vec![0.0; layout.rows], layout.cols);
        for side in most.1 {
            one.side_mut(side)[most.2] = Some(largest_v);
        }
        let driven = self.drive::<1>(conductance, factors, ([&one], About::Lines), &[])?;
        let could_a = largest(&self.end_currents(conductance, &driven, 0, &[]));
        Ok(EndCurrents { amps, could_a })
    }
}

/// The largest magnitude.
fn largest(amps: &[f64]) -> f64 {
    amps.iter().fold(0.0_f64, |most, a| most.max(a.abs()))
}

impl<const N: usize> Driven<N> {
    /// Voltage (V) from one node to another, both standing for themselves.
    pub fn across(&self, a: usize, b: usize, case: usize) -> f64 {
        (self.reference_v[a][case] - self.reference_v[b][case])
            + (self.rise_v[a][case] - self.rise_v[b][case])
    }

    /// Voltages of all nodes, and across all cells, for every drive (V).
    pub fn volts(&self, plan: &Plan) -> [Volts; N] {
        std::array::from_fn(|case| self.volts_of(plan, case))
    }

    /// The same for one of the drives.
    pub fn volts_of(&self, plan: &Plan, case: usize) -> Volts {
        let at =
            |node: &u32| self.reference_v[*node as usize][case] + self.rise_v[*node as usize][case];
        let (upper, lower) = plan.alias[..2 * plan.layout.cells()].split_at(plan.layout.cells());
        let pairs = upper.iter().zip(lower);
        let across =
            |(upper, lower): (&u32, &u32)| self.across(*upper as usize, *lower as usize, case);
        Volts { nodes: plan.alias.iter().map(at).collect(), cells: pairs.map(across).collect() }
    }
}

/// Voltages of one drive (V).
pub(super) struct Volts {
    /// Of all nodes.
    pub nodes: Vec<f64>,
    /// From row to column across every cell, with the digits that the difference of two nodes has
    /// lost.
    pub cells: Vec<f64>,
}
