//! Makes the golden numbers of ngspice, or asks it about random arrays: `cargo xtask golden`.
//!
//! Needs `ngspice` on the path. Without arguments it writes `data/golden/ngspice/`; with `--check`
//! it compares 500 random arrays and fails where a column current is off by more than 1e-9.
#![expect(clippy::print_stdout, reason = "a tool talks")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use cim_crossbar::spice::Netlist;
use cim_crossbar::{Bias, Nodal, Transfer};
use cim_device::Conduction;
use cim_tests::golden::{circuits, random_read};
use ndarray::Array1;
use rayon::prelude::*;

const ARRAYS: u64 = 500;
const ALLOWED: f64 = 1e-9;
/// How often ngspice is asked for what its answer misses.
const CORRECTIONS: usize = 2;

type Failed = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    match std::env::args().nth(1).as_deref() {
        None => make(),
        Some("--check") => check(),
        Some(other) => Err(format!("unknown argument {other}: --check or nothing").into()),
    }
}

/// Netlists and numbers, side by side.
fn make() -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/golden/ngspice");
    std::fs::create_dir_all(&folder)?;
    let all = circuits();
    for golden in &all {
        let netlist = golden.netlist();
        let answer = ngspice(&netlist)?;
        let mut numbers = String::new();
        for (name, value) in &answer {
            if let Some(column) = name.strip_prefix("i_column_") {
                writeln!(numbers, "{column} {value:e}")?;
            }
        }
        std::fs::write(folder.join(format!("{}.cir", golden.name)), &netlist)?;
        std::fs::write(folder.join(format!("{}.txt", golden.name)), numbers)?;
    }
    println!("{} circuits in data/golden/ngspice", all.len());
    Ok(())
}

/// How far ngspice and we are apart on one array.
struct Apart {
    index: u64,
    /// Largest difference of a column current, relative to that current, from ngspice's answer
    /// with corrections.
    corrected: f64,
    /// The same from its first answer.
    plain: f64,
}

fn check() -> Result<(), Failed> {
    let all = (0..ARRAYS).into_par_iter().map(apart).collect::<Result<Vec<_>, Failed>>()?;
    let worst = |of: fn(&Apart) -> f64| {
        all.iter().map(|a| (a.index, of(a))).max_by(|a, b| a.1.total_cmp(&b.1)).expect("many")
    };
    let (plain, corrected) = (worst(|a| a.plain), worst(|a| a.corrected));
    let above = all.iter().filter(|a| a.plain > ALLOWED).count();
    println!(
        "{ARRAYS} arrays, all solved; worst relative difference of a column current:\n\
         {:.1e} (array {}) from ngspice, asked {CORRECTIONS} times more for what its answer misses,\n\
         {:.1e} (array {}) from its first answer, above {ALLOWED:e} in {above} arrays",
        corrected.1, corrected.0, plain.1, plain.0
    );
    if corrected.1 <= ALLOWED {
        Ok(())
    } else {
        Err(format!("array {} is off by {:.1e}", corrected.0, corrected.1).into())
    }
}

fn apart(index: u64) -> Result<Apart, Failed> {
    let (circuit, row_v) = random_read(index);
    let cols = circuit.shape().1;
    let bias = Bias::read(&row_v, cols);
    let nodal = Nodal::new(circuit.clone(), &bias)?;
    let by_matrix = Transfer::compile(&circuit)?.currents(Array1::from(row_v).view());
    let by_nodes = nodal.solve(&bias)?.column_a();
    let netlist = Netlist::new(&circuit, &Conduction::Ohmic, &bias)?.to_string();
    let netlist = netlist.replace("\nquit\n", "\nprint all\nquit\n");
    let first = ngspice(&netlist)?;
    let mut answer = first.clone();
    for _ in 0..CORRECTIONS {
        for (name, missed) in ngspice(&correction(&netlist, &answer)?)? {
            *answer.entry(name).or_default() += missed;
        }
    }
    let (mut plain, mut corrected) = (0.0_f64, 0.0_f64);
    for col in 0..cols {
        let name = format!("i_column_{col}");
        let (first, answer) = (value(&first, &name)?, value(&answer, &name)?);
        for ours in [by_matrix[col], by_nodes[col]] {
            let off =
                |theirs: f64| if ours == theirs { 0.0 } else { ((ours - theirs) / theirs).abs() };
            plain = plain.max(off(first));
            corrected = corrected.max(off(answer));
        }
    }
    Ok(Apart { index, corrected, plain })
}

/// The same circuit, its sources replaced by what the voltages and currents of an `answer` miss.
///
/// ngspice assembles `1/R` of all that meets at a node into one number: 1 mΩ beside 1 MΩ costs nine
/// digits. Ohm's and Kirchhoff's law taken resistor by resistor tell what is missing, and a linear
/// circuit solved for that is the rest of the answer.
fn correction(netlist: &str, answer: &BTreeMap<String, f64>) -> Result<String, Failed> {
    let mut missing_a: BTreeMap<&str, f64> = BTreeMap::new();
    let mut text = String::new();
    let node_v = |node: &str| if node == "0" { Ok(0.0) } else { value(answer, node) };
    for line in netlist.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (&[name, a, b, number], true) = (fields.as_slice(), line.starts_with(['R', 'V']))
        else {
            if line == ".control" {
                for (count, (node, amps)) in
                    missing_a.iter().filter(|(n, _)| **n != "0").enumerate()
                {
                    writeln!(text, "Imissing_{count} 0 {node} {amps:e}")?;
                }
            }
            writeln!(text, "{line}")?;
            continue;
        };
        let across = node_v(a)? - node_v(b)?;
        let amps = if name.starts_with('R') {
            writeln!(text, "{line}")?;
            across / number.parse::<f64>()?
        } else {
            writeln!(text, "{name} {a} {b} {:e}", number.parse::<f64>()? - across)?;
            value(answer, &format!("{}#branch", name.to_lowercase()))?
        };
        *missing_a.entry(a).or_default() -= amps;
        *missing_a.entry(b).or_default() += amps;
    }
    Ok(text)
}

fn value(answer: &BTreeMap<String, f64>, name: &str) -> Result<f64, Failed> {
    answer.get(name).copied().ok_or_else(|| format!("ngspice gave no {name}").into())
}

/// Everything that ngspice prints as `name = value`.
fn ngspice(netlist: &str) -> Result<BTreeMap<String, f64>, Failed> {
    let mut child = Command::new("ngspice")
        .args(["-b", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run ngspice (Debian package ngspice): {error}"))?;
    child.stdin.take().expect("piped").write_all(netlist.as_bytes())?;
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let answer: BTreeMap<String, f64> = text
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(" = ")?;
            Some((name.trim().to_owned(), value.trim().parse().ok()?))
        })
        .collect();
    let said = String::from_utf8_lossy(&output.stderr);
    if answer.is_empty() || said.contains("singular") {
        return Err(format!("ngspice could not solve: {said}").into());
    }
    Ok(answer)
}
