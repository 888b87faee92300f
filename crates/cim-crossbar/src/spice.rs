//! A netlist for ngspice: any array, its wires and what its ends are held at.
//!
//! Nodes of cell (3, 7) are `u_3_7` on the row wire and `w_3_7` on the column wire; ends are
//! `left_3`, `right_3`, `top_7` and `bottom_7`.

use std::fmt;

use cim_device::Conduction;

use crate::circuit::{Bias, Circuit};
use crate::error::CircuitError;
use crate::layout::{Layout, Side};

/// Where a netlist ends ngspice's own Newton iteration: at rounding, not at 0.1 %.
const OPTIONS: &str = "reltol=1e-11 vntol=1e-15 abstol=1e-20 itl1=1000";

/// Lengths of its last piece by which a table is made longer at both ends.
const BEYOND: f64 = 1e3;

/// The netlist of an array; prints itself.
#[derive(Clone, Debug)]
pub struct Netlist<'a> {
    circuit: &'a Circuit,
    law: &'a Conduction,
    bias: &'a Bias,
    held: Vec<bool>,
    /// What is written of each element, in the order of the layout.
    parts: Vec<Part>,
}

/// What is written of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Nothing: no current can flow, or its nodes are one already.
    Nothing,
    /// A source of 0 V.
    Short,
    /// Itself.
    Element,
}

impl<'a> Netlist<'a> {
    /// The netlist of `circuit`, whose cells conduct by `law`, under `bias`.
    ///
    /// Left out are open cells, broken wires, ends that float, and what no conductance joins to a
    /// held end. Shorts and ideal wires are sources of 0 V, but for those that would close a loop of
    /// such sources: what is left joins the same nodes.
    ///
    /// # Errors
    /// [`CircuitError`] for a law that cannot be, a bias that does not fit the array or a voltage that
    /// is not finite, and [`CircuitError::Shorted`] if no resistance lies between two held ends.
    pub fn new(
        circuit: &'a Circuit,
        law: &'a Conduction,
        bias: &'a Bias,
    ) -> Result<Self, CircuitError> {
        law.check()?;
        let held = bias.held(circuit)?;
        let layout = circuit.layout();
        let ends = ends(layout);
        let exists = |node: usize| node < layout.inner() || held[node];
        let (mut one, mut reached) = (Sets::new(layout), Sets::new(layout));
        let mut parts = vec![Part::Nothing; ends.len()];
        for ((part, g), &(a, b)) in parts.iter_mut().zip(circuit.elements()).zip(&ends) {
            if g == 0.0 || !exists(a) || !exists(b) {
                continue;
            }
            reached.join(a, b, &held);
            if g < f64::INFINITY {
                *part = Part::Element;
            } else if one.root(a) != one.root(b) {
                let roots = [one.root(a), one.root(b)];
                if roots.iter().all(|&root| held[root]) {
                    let [(side, line), (other_side, other_line)] =
                        roots.map(|root| layout.end(root - layout.inner()));
                    // Both ends of a line at one voltage: the sources there are that already.
                    let volts = bias.side(side)[line] == bias.side(other_side)[other_line];
                    if volts && line == other_line && side.is_row() == other_side.is_row() {
                        continue;
                    }
                    return Err(CircuitError::Shorted { side, line, other_side, other_line });
                }
                *part = Part::Short;
                one.join(a, b, &held);
            }
        }
        for (part, &(a, _)) in parts.iter_mut().zip(&ends) {
            if !held[reached.root(a)] {
                *part = Part::Nothing;
            }
        }
        Ok(Self { circuit, law, bias, held, parts })
    }

    fn write_cell(
        &self,
        f: &mut fmt::Formatter<'_>,
        (row, col): (usize, usize),
        g_s: f64,
        (a, b): (Node, Node),
    ) -> fmt::Result {
        let ohm = g_s.recip();
        let name = format_args!("cell_{row}_{col}");
        let begin = format_args!("B{name} {a} {b} I =");
        match self.law {
            Conduction::Ohmic => writeln!(f, "R{name} {a} {b} {ohm:e}"),
            Conduction::Sinh { scale } => {
                let (amps, volts) = (g_s * scale.0, scale.0);
                writeln!(f, "{begin} {amps:e}*sinh(v({a},{b})/{volts:e})")
            }
            Conduction::Polynomial { .. } | Conduction::Milo2021 => {
                let (square, cubic, _) = self.law.coefficients(g_s).expect("a polynomial");
                let v = format_args!("v({a},{b})");
                writeln!(f, "{begin} {v}*({g_s:e} + {v}*({square:e} + {v}*({cubic:e})))")
            }
            Conduction::Table { volts, factor } => {
                write!(f, "{begin} {g_s:e}*pwl(v({a},{b})")?;
                let last = volts.len() - 1;
                let beyond = |from: usize, to: usize| {
                    let far = |x: &[f64]| x[to] + BEYOND * (x[to] - x[from]);
                    (far(volts), far(factor))
                };
                let inside = volts.iter().copied().zip(factor.iter().copied());
                let all = [beyond(1, 0)].into_iter().chain(inside).chain([beyond(last - 1, last)]);
                all.into_iter().try_for_each(|(v, y)| write!(f, ", {v:e},{y:e}"))?;
                writeln!(f, ")")
            }
            Conduction::Selector { current, scale } => {
                let (amps, volts) = (current.0, scale.0);
                writeln!(f, "R{name} {a} s_{row}_{col} {ohm:e}")?;
                writeln!(
                    f,
                    "B{name} s_{row}_{col} {b} I = {amps:e}*sinh(v(s_{row}_{col},{b})/{volts:e})"
                )
            }
        }
    }

    fn write_wire(&self, f: &mut fmt::Formatter<'_>, name: Wire, ohm: f64) -> fmt::Result {
        let layout = self.circuit.layout();
        let (element, (a, b)) = match name {
            Wire::Row(row, segment) => {
                (layout.row_segment(row, segment), layout.row_segment_ends(row, segment))
            }
            Wire::Column(segment, col) => {
                (layout.column_segment(segment, col), layout.column_segment_ends(segment, col))
            }
        };
        let (a, b) = (Node(layout, a), Node(layout, b));
        match self.parts[element] {
            Part::Nothing => Ok(()),
            Part::Short => writeln!(f, "V{name} {a} {b} 0"),
            Part::Element => writeln!(f, "R{name} {a} {b} {ohm:e}"),
        }
    }
}

impl fmt::Display for Netlist<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = self.circuit.layout();
        let Layout { rows, cols } = layout;
        writeln!(
            f,
            "* Array of {rows} rows and {cols} columns: column currents, in ngspice\n\
             * Ohm, V, A. Node u_3_7 is on row wire 3 at its cell of column 7, w_3_7 on column wire\n\
             * 7; left_3, right_3, top_7 and bottom_7 are ends that are held. Row 0 is the first.\n\
             * A source of 0 V is a short or an ideal wire. Open cells, broken wires, ends that float\n\
             * and what no conductance joins to a held end are left out.\n\
             * i_column_7 is the current that leaves the array at the ends of column 7."
        )?;
        writeln!(f, "\n* Cells")?;
        for ((row, col), &g) in self.circuit.conductances().indexed_iter() {
            let (a, b) =
                (Node(layout, layout.upper(row, col)), Node(layout, layout.lower(row, col)));
            match self.parts[layout.cell(row, col)] {
                Part::Nothing => {}
                Part::Short => writeln!(f, "Vcell_{row}_{col} {a} {b} 0")?,
                Part::Element => self.write_cell(f, (row, col), g, (a, b))?,
            }
        }
        writeln!(f, "\n* Row wires, from left to right")?;
        for ((row, segment), &ohm) in self.circuit.row_ohm().indexed_iter() {
            self.write_wire(f, Wire::Row(row, segment), ohm)?;
        }
        writeln!(f, "\n* Column wires, from top to bottom")?;
        for ((segment, col), &ohm) in self.circuit.column_ohm().indexed_iter() {
            self.write_wire(f, Wire::Column(segment, col), ohm)?;
        }
        writeln!(f, "\n* What the ends are held at")?;
        for side in Side::ALL {
            for (line, value) in self.bias.side(side).iter().enumerate() {
                let node = layout.terminal(side, line);
                if let (true, Some(volts)) = (self.held[node], value) {
                    let node = Node(layout, node);
                    writeln!(f, "V{node} {node} 0 {volts:e}")?;
                }
            }
        }
        if *self.law != Conduction::Ohmic {
            writeln!(f, "\n.options {OPTIONS}")?;
        }
        writeln!(f, "\n.control\nset numdgt=17\nop")?;
        for col in 0..cols {
            let ends = [Side::Top, Side::Bottom].map(|side| layout.terminal(side, col));
            let held: Vec<String> = ends
                .into_iter()
                .filter(|&node| self.held[node])
                .map(|node| format!("i(V{})", Node(layout, node)))
                .collect();
            if !held.is_empty() {
                writeln!(f, "let i_column_{col} = {}\nprint i_column_{col}", held.join(" + "))?;
            }
        }
        writeln!(f, "quit\n.endc\n.end")
    }
}

/// A segment of wire, by its name.
#[derive(Clone, Copy)]
enum Wire {
    Row(usize, usize),
    Column(usize, usize),
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(row, segment) => write!(f, "row_{row}_{segment}"),
            Self::Column(segment, col) => write!(f, "column_{segment}_{col}"),
        }
    }
}

/// A node, by its name.
#[derive(Clone, Copy)]
struct Node(Layout, usize);

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(layout, node) = *self;
        if node < layout.inner() {
            let (row, col) = layout.cell_of(node);
            let plane = if node < layout.cells() { 'u' } else { 'w' };
            return write!(f, "{plane}_{row}_{col}");
        }
        let (side, line) = layout.end(node - layout.inner());
        let side = match side {
            Side::Left => "left",
            Side::Right => "right",
            Side::Top => "top",
            Side::Bottom => "bottom",
        };
        write!(f, "{side}_{line}")
    }
}

/// The two nodes of every element, in the order of the layout.
fn ends(layout: Layout) -> Vec<(usize, usize)> {
    let Layout { rows, cols } = layout;
    let mut all = Vec::with_capacity(layout.elements());
    for row in 0..rows {
        all.extend((0..cols).map(|col| (layout.upper(row, col), layout.lower(row, col))));
    }
    for row in 0..rows {
        all.extend((0..=cols).map(|segment| layout.row_segment_ends(row, segment)));
    }
    for segment in 0..=rows {
        all.extend((0..cols).map(|col| layout.column_segment_ends(segment, col)));
    }
    all
}

/// Sets of nodes. A held end stands for its set.
struct Sets(Vec<usize>);

impl Sets {
    fn new(layout: Layout) -> Self {
        Self((0..layout.nodes()).collect())
    }

    fn root(&mut self, mut node: usize) -> usize {
        while self.0[node] != node {
            self.0[node] = self.0[self.0[node]];
            node = self.0[node];
        }
        node
    }

    fn join(&mut self, a: usize, b: usize, held: &[bool]) {
        let (a, b) = (self.root(a), self.root(b));
        if held[a] { self.0[b] = a } else { self.0[a] = b }
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Ohms;
    use ndarray::array;

    use super::*;
    use crate::wires::Wires;

    fn text(g_s: ndarray::Array2<f64>, wires: Wires, row_v: &[f64]) -> String {
        let bias = Bias::read(row_v, g_s.ncols());
        let circuit = Circuit::new(g_s, wires).expect("a circuit");
        Netlist::new(&circuit, &Conduction::Ohmic, &bias).expect("a netlist").to_string()
    }

    #[test]
    fn every_part_has_one_line() {
        let wires = Wires { sense: Some(Ohms(0.0)), ..Wires::new(Ohms(1.5), Ohms(2.0)) };
        let text = text(array![[0.5, 0.0], [f64::INFINITY, 2e-6]], wires, &[0.1, -0.2]);
        let has = |line: &str| {
            assert_eq!(text.lines().filter(|l| *l == line).count(), 1, "{line}\n{text}")
        };
        has("Rcell_0_0 u_0_0 w_0_0 2e0");
        has("Vcell_1_0 u_1_0 w_1_0 0");
        has("Rrow_0_0 left_0 u_0_0 1.5e0");
        has("Rrow_0_1 u_0_0 u_0_1 1.5e0");
        has("Rcolumn_1_1 w_0_1 w_1_1 2e0");
        has("Vcolumn_2_1 w_1_1 bottom_1 0");
        has("Vleft_1 left_1 0 -2e-1");
        has("print i_column_1");
        for absent in ["cell_0_1 ", "right_0 ", "top_0 ", "inf", "NaN"] {
            assert!(!text.contains(absent), "{absent}\n{text}");
        }
    }

    #[test]
    fn shorts_close_no_loop_and_what_floats_is_left_out() {
        let wires = Wires { source: Some(Ohms(1.0)), sense: Some(Ohms(1.0)), ..Wires::NONE };
        let all_short = text(ndarray::Array2::from_elem((2, 2), f64::INFINITY), wires, &[0.1, 0.1]);
        // Eight inner nodes in one piece: seven sources.
        let shorts = |l: &&str| ["Vcell", "Vrow", "Vcolumn"].iter().any(|name| l.starts_with(name));
        assert_eq!(all_short.lines().filter(shorts).count(), 7, "{all_short}");

        let circuit =
            Circuit::new(array![[0.0, 0.0], [1e-6, 1e-6]], Wires::new(Ohms(1.0), Ohms(1.0)));
        let circuit = circuit.expect("a circuit");
        let mut bias = Bias::read(&[0.1, 0.1], 2);
        (bias.left[0], bias.right[0]) = (None, None);
        let text =
            Netlist::new(&circuit, &Conduction::Ohmic, &bias).expect("a netlist").to_string();
        assert!(!text.lines().any(|l| l.contains("row_0")), "{text}");
    }

    #[test]
    fn two_held_ends_without_resistance_between_them_are_named() {
        let circuit = Circuit::new(array![[1e-6, f64::INFINITY]], Wires::NONE).expect("a circuit");
        let error = Netlist::new(&circuit, &Conduction::Ohmic, &Bias::read(&[0.1], 2))
            .expect_err("shorted");
        assert!(matches!(error, CircuitError::Shorted { .. }), "{error}");
    }
}
