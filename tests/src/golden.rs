//! Small circuits whose currents ngspice has computed, and random ones that it is asked about.

use cim_core::{Amps, Ohms, Stream, Volts};
use cim_crossbar::spice::Netlist;
use cim_crossbar::{Bias, Circuit, Ends, Scheme, Wires};
use cim_device::Conduction;
use ndarray::Array2;

/// A circuit with its name.
pub struct Golden {
    /// Name of its files.
    pub name: &'static str,
    /// Cells and wires.
    pub circuit: Circuit,
    /// How its cells conduct.
    pub law: Conduction,
    /// What its ends are held at.
    pub bias: Bias,
}

impl Golden {
    /// Its netlist.
    pub fn netlist(&self) -> String {
        Netlist::new(&self.circuit, &self.law, &self.bias).expect("a netlist").to_string()
    }
}

/// Conductances of 1 to 100 µS in no order.
fn cells(rows: usize, cols: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, cols), |(r, c)| {
        1e-6 * (1.0 + 9.9 * ((7 * r + 5 * c + r * c) % 11) as f64)
    })
}

fn volts(rows: usize) -> Vec<f64> {
    (0..rows).map(|row| 0.1 * ((row * 3) % 4) as f64 - 0.05).collect()
}

/// The circuits in `data/golden/ngspice/`.
pub fn circuits() -> Vec<Golden> {
    let plain = Wires::new(Ohms(2.5), Ohms(1.5));
    let read = |name, g: Array2<f64>, wires| {
        let bias = Bias::read(&volts(g.nrows()), g.ncols());
        let circuit = Circuit::new(g, wires).expect("a circuit");
        Golden { name, circuit, law: Conduction::Ohmic, bias }
    };
    let lawful = |name, law, g: Array2<f64>| Golden { law, ..read(name, g, plain) };
    let select = |name, scheme| {
        let bias = Bias::select((4, 4), (2, 1), 0.6, scheme).expect("a cell of the array");
        Golden { bias, ..read(name, cells(4, 4), plain) }
    };
    let mut opens = cells(4, 4);
    [(0, 0), (1, 3), (3, 1), (3, 2)].into_iter().for_each(|at| opens[at] = 0.0);
    let mut shorts = cells(4, 4);
    [(0, 0), (1, 3), (2, 3), (3, 1)].into_iter().for_each(|at| shorts[at] = f64::INFINITY);
    let both = Wires {
        driven: Ends::Both,
        sensed: Ends::Both,
        source: Some(Ohms(40.0)),
        sense: Some(Ohms(15.0)),
        ..plain
    };
    let broken = {
        let mut row_ohm = Array2::from_elem((3, 5), 2.0);
        let mut column_ohm = Array2::from_elem((4, 4), 3.0);
        row_ohm[[1, 2]] = f64::INFINITY;
        row_ohm.column_mut(4).fill(f64::INFINITY);
        column_ohm[[2, 3]] = f64::INFINITY;
        column_ohm.row_mut(0).fill(f64::INFINITY);
        let circuit = Circuit::with_segments(cells(3, 4), row_ohm, column_ohm).expect("a circuit");
        Golden { circuit, ..read("broken_wires", cells(3, 4), plain) }
    };
    let ideal_rows = Wires { source: Some(Ohms(0.0)), ..Wires::new(Ohms(0.0), Ohms(5.0)) };
    vec![
        read("one_ended", cells(4, 4), plain),
        read("two_ended", cells(4, 4), both),
        read("wide", cells(2, 9), plain),
        read("tall", cells(9, 2), Wires::new(Ohms(100.0), Ohms(50.0))),
        read("opens", opens, plain),
        read("shorts", shorts, plain),
        read("ideal_wires", cells(4, 4), Wires::NONE),
        read("ideal_rows", cells(4, 4), ideal_rows),
        broken,
        select("half_select", Scheme::Half),
        select("third_select", Scheme::Third),
        select("floating_lines", Scheme::Floating),
        lawful("sinh", Conduction::Sinh { scale: Volts(0.1) }, cells(4, 4)),
        lawful(
            "polynomial",
            Conduction::Polynomial { square_per_v: 0.3, cubic_per_v2: 2.0, range: Volts(1.0) },
            cells(4, 4),
        ),
        lawful("milo2021", Conduction::Milo2021, cells(4, 4).mapv(|g| 5e-5 + 1.5 * g)),
        lawful(
            "table",
            Conduction::Table {
                volts: vec![-0.2, -0.1, 0.0, 0.1, 0.2],
                factor: vec![-0.3, -0.12, 0.0, 0.08, 0.25],
            },
            cells(4, 4),
        ),
        lawful(
            "selector",
            Conduction::Selector { current: Amps(1e-8), scale: Volts(0.03) },
            cells(4, 4),
        ),
    ]
}

/// A random read: up to 32 × 32 cells of 1 µS to 1 mS, 5 % of them open and 2 % shorts, wires of
/// 1 mΩ to 1 kΩ, all alike or each its own, every third array with both ends connected.
pub fn random_read(index: u64) -> (Circuit, Vec<f64>) {
    let at = Stream::root(1).child("array", index);
    let draw = |label: &'static str, n: usize| -> Vec<f64> {
        let mut values = vec![0.0_f32; n];
        at.child(label, 0).fill_uniform(0, &mut values);
        values.into_iter().map(f64::from).collect()
    };
    let size = draw("size", 2);
    let [rows, cols] = [0, 1].map(|k| 1 + ((size[k] * 32.0) as usize).min(31));
    let kind = draw("kind", rows * cols);
    let g = draw("conductance", rows * cols).into_iter().zip(kind).map(|(x, kind)| match kind {
        k if k < 0.05 => 0.0,
        k if k < 0.07 => f64::INFINITY,
        _ => 10_f64.powf(-6.0 + 3.0 * x),
    });
    let g = Array2::from_shape_vec((rows, cols), g.collect()).expect("a value a cell");
    let wire = |x: f64| 10_f64.powf(-3.0 + 6.0 * x);
    let wires = |label, shape: (usize, usize)| {
        let values = draw(label, shape.0 * shape.1);
        let alike = index.is_multiple_of(2);
        let values = values.iter().map(|&x| wire(if alike { values[0] } else { x })).collect();
        Array2::from_shape_vec(shape, values).expect("a value a segment")
    };
    let mut row_ohm = wires("row wires", (rows, cols + 1));
    let mut column_ohm = wires("column wires", (rows + 1, cols));
    if !index.is_multiple_of(3) {
        row_ohm.column_mut(cols).fill(f64::INFINITY);
        column_ohm.row_mut(0).fill(f64::INFINITY);
    }
    let row_v = draw("volts", rows).into_iter().map(|x| 2.0 * x - 1.0).collect();
    (Circuit::with_segments(g, row_ohm, column_ohm).expect("a circuit"), row_v)
}
