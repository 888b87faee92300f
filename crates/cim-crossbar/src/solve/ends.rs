//! Ends of an array: the voltages at which they are held, and the currents that flow at them.

use crate::circuit::Bias;
use crate::error::CircuitError;
use crate::layout::Side;
use crate::solve::dissection::{Plan, Reduced};

/// Voltages of the held terminals at the nodes that stand for them; others 0.
///
/// # Errors
/// [`CircuitError::Shorted`] for a line without resistance whose ends are held at two voltages.
pub(super) fn held_voltages(
    plan: &Plan,
    bias: &Bias,
    held: &[bool],
) -> Result<Vec<f64>, CircuitError> {
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
    for side in [Side::Right, Side::Bottom] {
        for (line, value) in bias.side(side).iter().enumerate() {
            let other_side = if side == Side::Right { Side::Left } else { Side::Top };
            let [node, other] = [side, other_side].map(|side| layout.terminal(side, line));
            let one = held[node] && held[other] && plan.alias[node] == plan.alias[other];
            if one && *value != bias.side(other_side)[line] {
                let other_line = line;
                return Err(CircuitError::Shorted {
                    side: other_side,
                    line,
                    other_side: side,
                    other_line,
                });
            }
        }
    }
    Ok(node_v)
}

/// Every node with the voltage of the one that stands for it.
pub(super) fn spread(plan: &Plan, node_v: &[f64]) -> Vec<f64> {
    plan.alias.iter().map(|&alias| node_v[alias as usize]).collect()
}

/// What flows at the ends of an array.
#[derive(Clone, Debug)]
pub(super) struct EndCurrents {
    /// Current (A) from each held terminal into the array, by terminal. Where two ends of a line
    /// are one node, all is counted at one of them.
    pub amps: Vec<f64>,
    /// What could flow (A) from one terminal with the largest voltage on it and none on the others.
    pub could_a: f64,
}

/// Currents of the held terminals; `put_a` is what currents put into the array leave at the
/// terminals, by node, or nothing.
pub(super) fn end_currents(
    plan: &Plan,
    reduced: &Reduced,
    node_v: &[f64],
    put_a: &[f64],
) -> EndCurrents {
    let layout = plan.layout;
    let mut amps = vec![0.0; layout.terminals()];
    let held_v: Vec<f64> = reduced.nodes.iter().map(|&node| node_v[node as usize]).collect();
    let largest_v = held_v.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let mut total_s = vec![0.0; held_v.len()];
    let mut current_a = vec![0.0; held_v.len()];
    for a in 0..held_v.len() {
        for (k, &g) in reduced.after(a).iter().enumerate() {
            let b = a + 1 + k;
            let flow = g * (held_v[a] - held_v[b]);
            (total_s[a], total_s[b]) = (total_s[a] + g, total_s[b] + g);
            (current_a[a], current_a[b]) = (current_a[a] + flow, current_a[b] - flow);
        }
    }
    for (&node, current) in reduced.nodes.iter().zip(current_a) {
        let node = node as usize;
        amps[node - layout.inner()] = current - put_a.get(node).copied().unwrap_or(0.0);
    }
    let could_a = largest_v * total_s.iter().fold(0.0_f64, |most, g| most.max(*g));
    EndCurrents { amps, could_a }
}
