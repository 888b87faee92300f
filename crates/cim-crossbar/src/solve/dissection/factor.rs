//! The elimination itself, and what it leaves.

use super::eliminate::{Front, Workspace, eliminate};
use super::plan::{FrontPlan, Plan};
use super::substitute::Factors;

/// What is left of an array: the conductance of every pair of terminals.
#[derive(Clone, Debug)]
pub(crate) struct Reduced {
    /// Terminals, by node; ends of rows are the last.
    pub nodes: Vec<u32>,
    /// Terminals whose conductances to those after them are known.
    known: usize,
    /// Row by row, the conductances (S) to the terminals after.
    mesh: Vec<f64>,
}

impl Reduced {
    /// Conductances (S) between a terminal and those after it.
    pub fn after(&self, a: usize) -> &[f64] {
        debug_assert!(a < self.known, "what lies between two rows was left out");
        let count = self.nodes.len() - 1 - a;
        &self.mesh[a * self.nodes.len() - a * (a + 1) / 2..][..count]
    }

    /// Conductance (S) between two terminals, counted as in [`nodes`](Self::nodes).
    pub fn between(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (a.min(b), a.max(b));
        if a == b {
            return 0.0;
        }
        self.after(a)[b - a - 1]
    }
}

/// Reduces an array to its terminals, but for what lies between the ends of two rows.
/// `conductance` (S) is that of every element; the plan keeps the ends apart.
pub(crate) fn reduce(plan: &Plan, conductance: &[f64]) -> Reduced {
    let mesh = run(plan, conductance, |_, _, _| {});
    let root = plan.fronts.last().expect("an array has cells");
    let known = plan.nodes(root).len() - root.removed() - root.last();
    Reduced { nodes: plan.left().to_vec(), known, mesh }
}

/// Reduces an array to nothing but the ground, and keeps what is needed for voltages; the plan joins
/// the ends.
pub(crate) fn factorise(plan: &Plan, conductance: &[f64]) -> Factors {
    let mut factors = Factors::with_room_for(plan);
    run(plan, conductance, |planned, front, sums| factors.keep(planned, front, sums));
    factors
}

/// Eliminates front by front, shows each to `keep`, and returns the mesh that is left.
fn run(
    plan: &Plan,
    conductance: &[f64],
    mut keep: impl FnMut(&FrontPlan, &Front, &[f64]),
) -> Vec<f64> {
    let mut waiting = Meshes::default();
    let (mut front, mut sums, mut space) = (Front::default(), Vec::new(), Workspace::default());
    for planned in &plan.fronts {
        let order = plan.nodes(planned).len();
        front.reset(order);
        // Children are taken in the order opposite to that in which they came.
        let mut slots = plan.slots(planned);
        for _ in 0..planned.children() {
            slots = waiting.pop_onto(&mut front, slots);
        }
        for link in plan.links(planned) {
            let at = link.from as usize * front.stride + link.to as usize;
            front.values[at] += conductance[link.element as usize];
        }
        let wanted = order - planned.last();
        eliminate(&mut front, (planned.removed(), wanted), &mut sums, &mut space);
        keep(planned, &front, &sums);
        waiting.push(&front, (planned.removed(), wanted));
    }
    waiting.values
}

/// A stack of meshes, each a trapezoid of rows: the conductances of the first nodes to those after
/// them.
#[derive(Debug, Default)]
struct Meshes {
    /// Nodes and rows of each.
    sizes: Vec<(usize, usize)>,
    values: Vec<f64>,
    runs: Vec<Run>,
}

/// Nodes of a mesh that follow one another in a front as they do in the mesh.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: usize,
    end: usize,
    slot: usize,
}

impl Meshes {
    /// Adds what is left of a front after its first nodes were removed, for nodes before `wanted`.
    fn push(&mut self, front: &Front, (removed, wanted): (usize, usize)) {
        for i in removed..wanted {
            let row = &front.values[i * front.stride..][..front.order];
            self.values.extend_from_slice(&row[i + 1..]);
        }
        self.sizes.push((front.order - removed, wanted - removed));
    }

    /// Adds the last mesh to a front, its nodes at the last of `slots`, and returns the others.
    fn pop_onto<'a>(&mut self, front: &mut Front, slots: &'a [u32]) -> &'a [u32] {
        let (order, rows) = self.sizes.pop().expect("a front comes after its children");
        let below = order - rows;
        let count = order * order.saturating_sub(1) / 2 - below * below.saturating_sub(1) / 2;
        let first = self.values.len() - count;
        let (others, slots) = slots.split_at(slots.len() - order);
        self.runs.clear();
        for (node, &slot) in slots.iter().enumerate() {
            let slot = slot as usize;
            match self.runs.last_mut() {
                Some(run) if run.slot + (run.end - run.first) == slot => run.end += 1,
                _ => self.runs.push(Run { first: node, end: node + 1, slot }),
            }
        }
        let (stride, mut mesh) = (front.stride, &self.values[first..]);
        let mut at_run = 0;
        for (i, &a) in slots[..rows].iter().enumerate() {
            let (row, rest) = mesh.split_at(order - 1 - i);
            mesh = rest;
            let a = a as usize;
            while self.runs.get(at_run).is_some_and(|run| run.end <= i + 1) {
                at_run += 1;
            }
            for run in &self.runs[at_run..] {
                let start = run.first.max(i + 1);
                let slot = run.slot + start - run.first;
                let from = &row[start - i - 1..run.end - i - 1];
                if a < slot {
                    let to = &mut front.values[a * stride + slot..][..from.len()];
                    to.iter_mut().zip(from).for_each(|(to, g)| *to += g);
                } else {
                    let to = front.values[slot * stride + a..].iter_mut().step_by(stride);
                    to.zip(from).for_each(|(to, g)| *to += g);
                }
            }
        }
        self.values.truncate(first);
        others
    }
}
