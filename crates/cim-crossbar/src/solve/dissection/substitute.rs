//! Voltages of the removed nodes, from the last removed to the first.

use super::eliminate::Front;
use super::plan::{FrontPlan, Plan};

/// Terms that are added up side by side.
const LANES: usize = 8;

/// Most nodes removed from a front whose voltages are used where they are: gathering them first would
/// take longer.
const FEW: usize = 4;

/// The removed nodes of every front, from which voltages above the ground are found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Factors {
    /// Front by front, a row for each removed node: conductances to the nodes after it but the
    /// ground (S).
    rows: Vec<f64>,
    /// Sum of each row and of the conductance to the ground (S).
    sums: Vec<f64>,
}

impl Factors {
    pub(super) fn with_room_for(plan: &Plan) -> Self {
        let mut room = (0, 0);
        for front in &plan.fronts {
            room.0 += row_length(front, plan.nodes(front).len());
            room.1 += front.removed();
        }
        Self { rows: Vec::with_capacity(room.0), sums: Vec::with_capacity(room.1) }
    }

    /// Keeps the nodes that were removed from a front, one for each of their `sums`.
    pub(super) fn keep(&mut self, planned: &FrontPlan, front: &Front, sums: &[f64]) {
        for p in 0..sums.len() {
            let row = &front.values[p * front.stride..][..front.order - planned.last()];
            self.rows.extend_from_slice(&row[p + 1..]);
        }
        self.sums.extend_from_slice(sums);
    }

    /// Turns the currents (A) put into all nodes, in `N` cases at once, into the nodes' voltages
    /// above the ground (V).
    ///
    /// Both are by node; of merged nodes only the one that stands for them counts, and what stands at
    /// held ends is left as it is. A node without any path to the ground gets a voltage that is not
    /// a number.
    pub fn voltages<const N: usize>(&self, plan: &Plan, nodes: &mut [[f64; N]]) {
        pulp::Arch::new().dispatch(Substitute { factors: self, plan, nodes });
        plan.alone.iter().for_each(|&node| nodes[node as usize] = [f64::NAN; N]);
    }
}

struct Substitute<'a, const N: usize> {
    factors: &'a Factors,
    plan: &'a Plan,
    nodes: &'a mut [[f64; N]],
}

impl<const N: usize> pulp::NullaryFnOnce for Substitute<'_, N> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { factors, plan, nodes: node_v } = self;
        forward(factors, plan, node_v);
        let (mut row_end, mut sum_end) = (factors.rows.len(), factors.sums.len());
        let mut local: Vec<[f64; N]> = Vec::new();
        for front in plan.fronts.iter().rev() {
            let nodes = plan.nodes(front);
            let length = row_length(front, nodes.len());
            let nodes = &nodes[..nodes.len() - front.last()];
            let rows = &factors.rows[row_end - length..row_end];
            let sums = &factors.sums[sum_end - front.removed()..sum_end];
            (row_end, sum_end) = (row_end - length, sum_end - front.removed());
            if front.removed() <= FEW {
                backward_in_place(rows, sums, nodes, node_v);
                continue;
            }
            local.clear();
            local.extend(nodes.iter().map(|&node| node_v[node as usize]));
            backward(rows, sums, &mut local);
            for (&own, &node) in local.iter().zip(&nodes[..front.removed()]) {
                node_v[node as usize] = own;
            }
        }
    }
}

/// Conductances kept of a front of `order` nodes.
fn row_length(front: &FrontPlan, order: usize) -> usize {
    front.removed() * (order - front.last()) - front.removed() * (front.removed() + 1) / 2
}

/// Turns the currents put into a front's removed nodes, its first, into their voltages.
#[inline(always)]
fn backward<const N: usize>(rows: &[f64], sums: &[f64], local: &mut [[f64; N]]) {
    let mut floating = local.iter().flatten().any(|v| v.is_nan());
    let mut rows = rows;
    for p in (0..sums.len()).rev() {
        let (own, after) = local[p..].split_first_mut().expect("a removed node");
        let row;
        (rows, row) = rows.split_at(rows.len() - after.len());
        // Nothing flows through an open connection, whatever the voltage behind it.
        let sum = if floating || sums[p] == 0.0 {
            let mut sum = [0.0; N];
            for (&g, v) in row.iter().zip(&*after).filter(|(g, _)| **g != 0.0) {
                (0..N).for_each(|k| sum[k] += g * v[k]);
            }
            sum
        } else {
            weighted(row, after)
        };
        (0..N).for_each(|k| own[k] = (own[k] + sum[k]) / sums[p]);
        if sums[p] == 0.0 {
            *own = [f64::NAN; N];
        }
        floating |= own.iter().any(|v| v.is_nan());
    }
}

/// The same for a front of few removed nodes, whose voltages are all in `node_v`.
#[inline(always)]
fn backward_in_place<const N: usize>(
    rows: &[f64],
    sums: &[f64],
    nodes: &[u32],
    node_v: &mut [[f64; N]],
) {
    let mut rows = rows;
    for p in (0..sums.len()).rev() {
        let after = &nodes[p + 1..];
        let row;
        (rows, row) = rows.split_at(rows.len() - after.len());
        let mut own = node_v[nodes[p] as usize];
        for (&g, &node) in row.iter().zip(after) {
            // Nothing flows through an open connection, whatever the voltage behind it.
            if g != 0.0 {
                let v = &node_v[node as usize];
                for k in 0..N {
                    own[k] = g.mul_add(v[k], own[k]);
                }
            }
        }
        for v in &mut own {
            *v = if sums[p] == 0.0 { f64::NAN } else { *v / sums[p] };
        }
        node_v[nodes[p] as usize] = own;
    }
}

/// `Σ g v` for every case, with partial sums side by side.
#[inline(always)]
fn weighted<const N: usize>(row: &[f64], volts: &[[f64; N]]) -> [f64; N] {
    let mut lanes = [[0.0; N]; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    let (volts, last) = volts.split_at(blocks.len() * LANES);
    for (g, v) in blocks.iter().zip(volts.as_chunks::<LANES>().0) {
        for l in 0..LANES {
            for k in 0..N {
                lanes[l][k] = g[l].mul_add(v[l][k], lanes[l][k]);
            }
        }
    }
    let mut sum = [0.0; N];
    for (k, sum) in sum.iter_mut().enumerate() {
        let tail: f64 = rest.iter().zip(last).map(|(g, v)| g * v[k]).sum();
        *sum = lanes.iter().map(|lane| lane[k]).sum::<f64>() + tail;
    }
    sum
}

/// Moves currents put into removed nodes to those after them.
#[inline(always)]
fn forward<const N: usize>(factors: &Factors, plan: &Plan, put_a: &mut [[f64; N]]) {
    let (mut rows, mut sums) = (&factors.rows[..], &factors.sums[..]);
    let mut local: Vec<[f64; N]> = Vec::new();
    for front in &plan.fronts {
        let nodes = plan.nodes(front);
        let (own_rows, own_sums);
        (own_rows, rows) = rows.split_at(row_length(front, nodes.len()));
        (own_sums, sums) = sums.split_at(front.removed());
        let nodes = &nodes[..nodes.len() - front.last()];
        if nodes[..front.removed()].iter().all(|&node| put_a[node as usize] == [0.0; N]) {
            continue;
        }
        if front.removed() <= FEW {
            forward_in_place(own_rows, own_sums, nodes, put_a);
            continue;
        }
        local.clear();
        local.extend(nodes.iter().map(|&node| put_a[node as usize]));
        let mut own_rows = own_rows;
        for (p, &sum) in own_sums.iter().enumerate() {
            let (own, after) = local[p..].split_first_mut().expect("a removed node");
            let row;
            (row, own_rows) = own_rows.split_at(after.len());
            if sum > 0.0 && *own != [0.0; N] {
                let mut share = *own;
                for put in &mut share {
                    *put /= sum;
                }
                for (&g, to) in row.iter().zip(after) {
                    for k in 0..N {
                        to[k] = g.mul_add(share[k], to[k]);
                    }
                }
            }
        }
        for (&put, &node) in local.iter().zip(nodes) {
            put_a[node as usize] = put;
        }
    }
}

/// Moves currents put into the few removed nodes of a front to those after them, all in `put_a`.
#[inline(always)]
fn forward_in_place<const N: usize>(
    rows: &[f64],
    sums: &[f64],
    nodes: &[u32],
    put_a: &mut [[f64; N]],
) {
    let mut rows = rows;
    for (p, &sum) in sums.iter().enumerate() {
        let after = &nodes[p + 1..];
        let row;
        (row, rows) = rows.split_at(after.len());
        if sum > 0.0 {
            let mut share = put_a[nodes[p] as usize];
            for put in &mut share {
                *put /= sum;
            }
            for (&g, &node) in row.iter().zip(after) {
                let to = &mut put_a[node as usize];
                for k in 0..N {
                    to[k] = g.mul_add(share[k], to[k]);
                }
            }
        }
    }
}
