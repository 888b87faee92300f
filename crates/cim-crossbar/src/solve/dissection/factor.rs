//! The elimination itself, and what it leaves.

use super::eliminate::{Front, Workspace, eliminate};
use super::plan::Plan;

/// What is left of an array: the conductance of every pair of terminals.
#[derive(Clone, Debug)]
pub(crate) struct Reduced {
    /// Terminals, by node.
    pub nodes: Vec<u32>,
    /// Row by row, the conductances (S) to the terminals after.
    mesh: Vec<f64>,
}

impl Reduced {
    /// Conductance (S) between two terminals, counted as in [`nodes`](Self::nodes).
    pub fn between(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (a.min(b), a.max(b));
        if a == b {
            return 0.0;
        }
        self.mesh[a * self.nodes.len() - a * (a + 1) / 2 + b - a - 1]
    }
}

/// The removed nodes of every front, from which voltages are found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Factors {
    /// Front by front, a row for each removed node: conductances to the nodes after it (S).
    rows: Vec<f64>,
    /// Sum of each row (S).
    sums: Vec<f64>,
}

/// Reduces an array to its terminals. `conductance` (S) is that of every element.
pub(crate) fn reduce(plan: &Plan, conductance: &[f64]) -> Reduced {
    run(plan, conductance, None)
}

/// The same, and keeps what is needed for voltages.
pub(crate) fn factorise(plan: &Plan, conductance: &[f64]) -> (Reduced, Factors) {
    let mut factors = Factors::with_room_for(plan);
    let reduced = run(plan, conductance, Some(&mut factors));
    (reduced, factors)
}

fn run(plan: &Plan, conductance: &[f64], mut factors: Option<&mut Factors>) -> Reduced {
    let mut waiting = Meshes::default();
    let (mut front, mut sums, mut space) = (Front::default(), Vec::new(), Workspace::default());
    for planned in &plan.fronts {
        let order = plan.nodes(planned).len();
        front.reset(order);
        // Children are taken in the order opposite to that in which they came.
        let mut slots = plan.slots(planned);
        for _ in 0..planned.children {
            slots = waiting.pop_onto(&mut front, slots);
        }
        for link in plan.links(planned) {
            let at = link.from as usize * front.stride + link.to as usize;
            front.values[at] += conductance[link.element as usize];
        }
        eliminate(&mut front, planned.removed, &mut sums, &mut space);
        if let Some(factors) = factors.as_deref_mut() {
            for p in 0..planned.removed {
                let row = &front.values[p * front.stride..][..order];
                factors.rows.extend_from_slice(&row[p + 1..]);
            }
            factors.sums.extend_from_slice(&sums);
        }
        waiting.push(&front, planned.removed);
    }
    Reduced { nodes: plan.left().to_vec(), mesh: waiting.values }
}

/// A stack of meshes, each a triangle of rows: the conductances of every node to those after it.
#[derive(Debug, Default)]
struct Meshes {
    orders: Vec<usize>,
    values: Vec<f64>,
}

impl Meshes {
    /// Adds what is left of a front after its first nodes were removed.
    fn push(&mut self, front: &Front, removed: usize) {
        for i in removed..front.order {
            let row = &front.values[i * front.stride..][..front.order];
            self.values.extend_from_slice(&row[i + 1..]);
        }
        self.orders.push(front.order - removed);
    }

    /// Adds the last mesh to a front, its nodes at the last of `slots`, and returns the others.
    fn pop_onto<'a>(&mut self, front: &mut Front, slots: &'a [u32]) -> &'a [u32] {
        let order = self.orders.pop().expect("a front comes after its children");
        let first = self.values.len() - order * order.saturating_sub(1) / 2;
        let (others, slots) = slots.split_at(slots.len() - order);
        let (stride, mut mesh) = (front.stride, &self.values[first..]);
        for (i, &a) in slots.iter().enumerate() {
            let (row, rest) = mesh.split_at(order - 1 - i);
            mesh = rest;
            let a = a as usize;
            for (&g, &b) in row.iter().zip(&slots[i + 1..]) {
                let b = b as usize;
                let at = if a < b { a * stride + b } else { b * stride + a };
                front.values[at] += g;
            }
        }
        self.values.truncate(first);
        others
    }
}

impl Factors {
    fn with_room_for(plan: &Plan) -> Self {
        let mut room = (0, 0);
        for front in &plan.fronts {
            let (order, removed) = (plan.nodes(front).len(), front.removed);
            room.0 += removed * order - removed * (removed + 1) / 2;
            room.1 += removed;
        }
        Self { rows: Vec::with_capacity(room.0), sums: Vec::with_capacity(room.1) }
    }

    /// Voltages of all nodes (V), given those of the terminals and currents (A) put into the
    /// others.
    ///
    /// `node_v` holds the terminals' voltages and is filled; `put_a` is used up: afterwards it
    /// holds at the terminals what of those currents leaves there. Both are by node; of merged
    /// nodes only the one that stands for them counts. A node without any path to a terminal gets
    /// a voltage that is not a number.
    pub fn voltages(&self, plan: &Plan, node_v: &mut [f64], put_a: &mut [f64]) {
        self.forward(plan, put_a);
        let (mut row_end, mut sum_end) = (self.rows.len(), self.sums.len());
        for planned in plan.fronts.iter().rev() {
            let nodes = plan.nodes(planned);
            for p in (0..planned.removed).rev() {
                let after = &nodes[p + 1..];
                let row = &self.rows[row_end - after.len()..row_end];
                row_end -= after.len();
                sum_end -= 1;
                let own = nodes[p] as usize;
                let neighbours =
                    row.iter().zip(after).map(|(&g, &n)| weighted(g, node_v[n as usize]));
                node_v[own] = (put_a[own] + neighbours.sum::<f64>()) / self.sums[sum_end];
            }
        }
    }

    /// Moves currents put into removed nodes to the terminals.
    fn forward(&self, plan: &Plan, put_a: &mut [f64]) {
        if put_a.iter().all(|&i| i == 0.0) {
            return;
        }
        let (mut row_start, mut sum) = (0, 0);
        for planned in &plan.fronts {
            let nodes = plan.nodes(planned);
            for p in 0..planned.removed {
                let after = &nodes[p + 1..];
                let row = &self.rows[row_start..row_start + after.len()];
                row_start += after.len();
                let (put, total) = (put_a[nodes[p] as usize], self.sums[sum]);
                sum += 1;
                if put != 0.0 && total > 0.0 {
                    let share = put / total;
                    for (&g, &n) in row.iter().zip(after) {
                        put_a[n as usize] += g * share;
                    }
                }
            }
        }
    }
}

/// What a neighbour adds: nothing through an open connection, whatever its voltage.
#[inline(always)]
fn weighted(g: f64, v: f64) -> f64 {
    if g == 0.0 { 0.0 } else { g * v }
}
