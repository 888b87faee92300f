//! Small circuits against ngspice: netlist and numbers lie side by side in `data/golden/ngspice/`,
//! and `cargo xtask golden` makes them again.

use std::collections::BTreeMap;
use std::path::Path;

use cim_crossbar::Nodal;
use cim_crossbar::solve::newton;
use cim_device::Conduction;
use cim_tests::golden::{Golden, circuits};

fn stored(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/golden/ngspice");
    std::fs::read_to_string(folder.join(name))
        .unwrap_or_else(|error| panic!("{name}: {error}: run `cargo xtask golden`"))
}

fn numbers(golden: &Golden) -> BTreeMap<usize, f64> {
    stored(&format!("{}.txt", golden.name))
        .lines()
        .map(|line| line.split_once(' ').expect("column and current"))
        .map(|(column, amps)| (column.parse().expect("a column"), amps.parse().expect("a number")))
        .collect()
}

#[test]
fn the_stored_netlists_are_those_of_the_circuits() {
    for golden in circuits() {
        assert_eq!(stored(&format!("{}.cir", golden.name)), golden.netlist(), "{}", golden.name);
    }
}

#[test]
fn currents_are_those_of_ngspice() {
    for golden in circuits() {
        let Golden { name, circuit, law, bias } = &golden;
        let want = numbers(&golden);
        let mut answers = vec![newton::solve(circuit, law, bias).expect(name).solution];
        if *law == Conduction::Ohmic {
            let nodal = Nodal::new(circuit.clone(), bias).expect(name);
            answers.push(nodal.solve(bias).expect(name));
        }
        for (column, want) in want {
            for got in answers.iter().map(|solution| solution.column_a()[column]) {
                let off = (got - want).abs();
                assert!(off <= 1e-9 * want.abs(), "{name}, column {column}: {got:e} for {want:e}");
            }
        }
    }
}
