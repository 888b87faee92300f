//! What the ends of an array are held at, and what flows there.

use crate::circuit::Bias;
use crate::error::CircuitError;
use crate::layout::{Layout, Side};
use crate::solve::dissection::Plan;

/// About which voltages an array is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// 0 V. All currents into the array come from its ends: with ends at ground and above, nodes and
    /// currents into the ground are sums of positive numbers.
    Ground,
    /// What each line would have without any resistance. What is solved for is the little that wires
    /// drop, driven by what the cells would take, so that it keeps its digits however little it is.
    Lines,
}

/// Shows the voltages (V) about which nodes are solved that differ from 0, by node, some more than once: the last
/// counts, and for held ends is their own. Only those of nodes that stand for themselves have a meaning.
///
/// # Errors
/// [`CircuitError::Shorted`] for a line without resistance whose ends are held at two voltages.
pub(super) fn references(
    plan: &Plan,
    bias: &Bias,
    held: &[bool],
    about: About,
    mut see: impl FnMut(usize, f64),
) -> Result<(), CircuitError> {
    let layout = plan.layout;
    let held_v = |side: Side, line: usize| {
        bias.side(side)[line].filter(|_| held[layout.terminal(side, line)])
    };
    for (side, other_side) in [(Side::Left, Side::Right), (Side::Top, Side::Bottom)] {
        for line in 0..layout.lines(side) {
            let (Some(volts), Some(other)) = (held_v(side, line), held_v(other_side, line)) else {
                continue;
            };
            let [one, two] = [side, other_side].map(|s| plan.alias[layout.terminal(s, line)]);
            if one == two && volts != other {
                let other_line = line;
                return Err(CircuitError::Shorted { side, line, other_side, other_line });
            }
        }
    }
    if about == About::Lines {
        let ends = |side: Side| (0..layout.lines(side)).map(move |line| held_v(side, line));
        // A line that floats is as likely here as anywhere; where all ends are at one voltage, there.
        let any_v = Side::ALL.into_iter().find_map(|side| ends(side).flatten().next());
        let line_v = |sides: [Side; 2], line: usize| -> f64 {
            sides.into_iter().find_map(|side| held_v(side, line)).or(any_v).unwrap_or(0.0)
        };
        let columns_v: Vec<f64> =
            (0..layout.cols).map(|col| line_v([Side::Top, Side::Bottom], col)).collect();
        for row in 0..layout.rows {
            let row_v = line_v([Side::Left, Side::Right], row);
            (0..layout.cols).for_each(|col| see(layout.upper(row, col), row_v));
        }
        for row in 0..layout.rows {
            columns_v.iter().enumerate().for_each(|(col, v)| see(layout.lower(row, col), *v));
        }
    }
    for side in Side::ALL {
        for line in 0..layout.lines(side) {
            if let Some(volts) = held_v(side, line) {
                see(plan.alias[layout.terminal(side, line)] as usize, volts);
            }
        }
    }
    Ok(())
}

/// An element at a held end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    /// The node that stands for the end.
    pub end: u32,
    /// The node that stands for its other side.
    pub other: u32,
    pub element: u32,
    /// Whether the end is the first of its two nodes.
    pub is_first: bool,
}

/// All elements at the held ends, with those between two of them twice.
pub(super) fn taps(plan: &Plan, held: &[bool]) -> Vec<Tap> {
    let layout = plan.layout;
    let mut is_end = vec![false; layout.nodes()];
    for (node, _) in held.iter().enumerate().filter(|(_, held)| **held) {
        is_end[plan.alias[node] as usize] = true;
    }
    let mut taps = Vec::new();
    layout.each_element(|element, (a, b)| {
        let (nodes, [a, b]) = ((a, b), [a, b].map(|node| plan.alias[node]));
        let ends = is_end[a as usize] | is_end[b as usize];
        // Of most elements neither node is an end.
        if !ends || a == b || !connects(layout, held, nodes) {
            return;
        }
        let element = element as u32;
        if is_end[a as usize] {
            taps.push(Tap { end: a, other: b, element, is_first: true });
        }
        if is_end[b as usize] {
            taps.push(Tap { end: b, other: a, element, is_first: false });
        }
    });
    taps
}

/// Whether an element joins nodes that are part of the circuit: ends that are not held are none.
pub(super) fn connects(layout: Layout, held: &[bool], (a, b): (usize, usize)) -> bool {
    [a, b].into_iter().all(|node| node < layout.inner() || held[node])
}

/// What flows at the ends of an array.
#[derive(Clone, Debug)]
pub(super) struct EndCurrents {
    /// Current (A) from each held terminal into the array, by terminal. Where two ends of a line
    /// are one node, all is counted at one of them.
    pub amps: Vec<f64>,
    /// What could flow (A) at one end, if much more than flows could.
    pub could_a: f64,
}
