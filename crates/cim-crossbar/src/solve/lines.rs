//! Wires of one direction, each a ladder on its own: what is solved exactly in one pass out and back.

use ndarray::{Array1, Array2, ArrayView2, Axis, Zip, s};

/// Parallel chains of wire with a shunt at every node, nodes × lines.
///
/// With `Y_k` the admittance of all that lies up to node `k` and `J_k` what it would drive into a
/// short behind it (see [`Ladder`](crate::Ladder)), a node has the voltage
///
/// ```text
/// V_k = r_k pass_k J_k + pass_k V_{k+1}        pass_k = 1 / (1 + r_k Y_k)        V_last = J / Y
/// ```
///
/// Nothing is subtracted, so that voltages have the relative accuracy of what drives them: within
/// some roundings for each node of the chain, whatever the conductances.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    /// Part of a current that goes on to the next node.
    pass: Array2<f64>,
    /// Voltage of a node for a current into it, all behind it at ground (Ω).
    own_ohm: Array2<f64>,
}

impl Lines {
    /// Chains of `shunt_s` (S, nodes × lines) and `ohm` (Ω, (nodes + 1) × lines, of which those at the
    /// ends are `ends_s` (S) instead); nothing if a node has no way to any ground.
    pub fn new(
        shunt_s: ArrayView2<'_, f64>,
        ohm: ArrayView2<'_, f64>,
        ends_s: &[Array1<f64>; 2],
    ) -> Option<Self> {
        let (nodes, lines) = shunt_s.dim();
        let mut pass = Array2::zeros((nodes, lines));
        let mut own_ohm = Array2::zeros((nodes, lines));
        for line in 0..lines {
            let mut admittance = ends_s[0][line];
            for node in 0..nodes {
                admittance += shunt_s[[node, line]];
                let (forward, own) = if node + 1 == nodes {
                    (0.0, (admittance + ends_s[1][line]).recip())
                } else {
                    let ohm = ohm[[node + 1, line]];
                    ((1.0 + ohm * admittance).recip(), (ohm.recip() + admittance).recip())
                };
                if !(own.is_finite() && 0.0 < own) {
                    return None;
                }
                (pass[[node, line]], own_ohm[[node, line]]) = (forward, own);
                admittance *= forward;
            }
        }
        Some(Self { pass, own_ohm })
    }

    /// Turns currents into the nodes (A, nodes × lines) into their voltages (V).
    pub fn solve(&self, values: &mut Array2<f64>) {
        let nodes = values.nrows();
        for node in 1..nodes {
            let (before, mut here) = values.multi_slice_mut((s![node - 1, ..], s![node, ..]));
            Zip::from(&mut here)
                .and(&before)
                .and(self.pass.row(node - 1))
                .for_each(|here, before, pass| *here += before * pass);
        }
        let mut last = values.row_mut(nodes - 1);
        last *= &self.own_ohm.row(nodes - 1);
        for node in (0..nodes - 1).rev() {
            let (mut here, behind) = values.multi_slice_mut((s![node, ..], s![node + 1, ..]));
            Zip::from(&mut here)
                .and(&behind)
                .and(self.pass.row(node))
                .and(self.own_ohm.row(node))
                .for_each(|here, behind, pass, own| *here = *here * own + pass * behind);
        }
    }
}

/// `values` with rows and columns exchanged, into memory that is there; in blocks that stay in cache.
pub(super) fn transpose(from: &Array2<f64>, to: &mut Array2<f64>) {
    const BLOCK: usize = 16;
    for (mut to, from) in
        to.axis_chunks_iter_mut(Axis(1), BLOCK).zip(from.axis_chunks_iter(Axis(0), BLOCK))
    {
        for (mut to, from) in
            to.axis_chunks_iter_mut(Axis(0), BLOCK).zip(from.axis_chunks_iter(Axis(1), BLOCK))
        {
            to.assign(&from.t());
        }
    }
}
