//! `cim map` and `cim mappings` as their user meets them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use ndarray::{Array2, array};
use ndarray_npy::WriteNpyExt;
use serde_json::Value;
use tempfile::TempDir;

struct Workshop {
    folder: TempDir,
}

impl Workshop {
    fn new() -> Self {
        let workshop = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let mut bytes = Vec::new();
        weights().write_npy(&mut bytes).expect("an array");
        fs::write(workshop.path("w.npy"), bytes).expect("written");
        workshop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cim"))
            .args(args)
            .current_dir(self.folder.path())
            .output()
            .expect("the binary starts")
    }

    fn done(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Fails with code 2 and says all of `words`.
    fn refused(&self, args: &[&str], words: &[&str]) {
        let output = self.run(args);
        let said = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
        let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{said}");
        for word in words {
            assert!(said.contains(word), "'{word}' is not in: {said}");
        }
    }
}

/// 64-bit integers, as numpy has them.
fn weights() -> Array2<i64> {
    array![[7, -3, 0], [-7, 1, 5], [2, -6, 4], [0, 0, -1]]
}

/// The law, from what is printed alone.
fn product(report: &Value) -> Array2<i64> {
    let mut sums = Array2::zeros(weights().dim());
    let number = |value: &Value| value.as_i64().expect("a whole number");
    let index = |value: &Value| value.as_u64().expect("an index") as usize;
    for of_array in report["arrays"].as_array().expect("arrays") {
        let first = index(&of_array["inputs"][0]);
        for (row, levels) in of_array["levels"].as_array().expect("rows").iter().enumerate() {
            for sense in of_array["senses"].as_array().expect("senses") {
                let level = |key: &str| match sense[key].as_u64() {
                    Some(column) => number(&levels[column as usize]),
                    None => 0,
                };
                let net = level("plus") - level("minus") - number(&sense["zero"]);
                let at = [first + row, index(&sense["output"])];
                sums[at] += number(&sense["weight"]) * net;
            }
        }
    }
    sums / number(&report["unit"])
}

#[test]
fn integers_in_and_levels_out_carry_the_weights() {
    let workshop = Workshop::new();
    for (mapping, more) in [
        ("differential", &["--bits", "3"][..]),
        ("offset-column", &[]),
        ("bit-sliced-differential", &["--bits", "4", "--slices", "2"]),
        ("split-differential", &["--bits", "8", "--split", "1,3,4"]),
        ("two-arrays", &["--bits", "3"]),
        ("twos-complement", &["--bits", "4", "--rows", "3", "--columns", "9"]),
        ("offset-binary", &["--split", "2,2"]),
        ("lone-column", &["--rows", "2", "--columns", "2"]),
    ] {
        let base = ["map", "--weights", "w.npy", "--report", "json", "--mapping", mapping];
        let printed = workshop.done(&[&base, more].concat());
        let report: Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(report["exact"], true, "{mapping}");
        assert_eq!(report["mapping"], mapping);
        assert_eq!(product(&report), weights(), "{mapping}");
    }
    let table = workshop.done(&[
        "map",
        "--weights",
        "w.npy",
        "--mapping",
        "differential",
        "--report",
        "r.json",
    ]);
    assert!(table.contains("4 × 3") && table.contains("exact"), "{table}");
    let written = fs::read(workshop.path("r.json")).expect("written");
    let report: Value = serde_json::from_slice(&written).expect("JSON");
    assert_eq!(product(&report), weights());
}

#[test]
fn what_cannot_be_names_the_weight_and_the_mapping() {
    let workshop = Workshop::new();
    let map = |more: &[&'static str]| [&["map", "--weights", "w.npy", "--mapping"], more].concat();
    workshop.refused(
        &map(&["twos-complement", "--bits", "3"]),
        &["w.npy", "weight 7 at (0, 0)", "-4..=3 of twos-complement"],
    );
    workshop.refused(&map(&["tnn-iv"]), &["weight 7 at (0, 0)", "of tnn-iv"]);
    workshop.refused(&map(&["tnn-iv", "--bits", "9"]), &["tnn-iv takes no bits"]);
    workshop.refused(
        &map(&["two-arrays", "--bits", "8", "--split", "1,3,3"]),
        &["[1, 3, 3] of two-arrays are 7 bits", "weights have 8"],
    );
    workshop.refused(
        &map(&["split-differential", "--bits", "3", "--columns", "5", "--rows", "9"]),
        &["9 × 5", "too small", "weight 7 of split-differential", "1 × 6"],
    );
    workshop.refused(&map(&["differentail"]), &["no mapping differentail", "cim mappings"]);
    workshop.refused(&map(&["differential", "--bits", "17"]), &["17"]);
    fs::write(workshop.path("w.npy"), {
        let mut bytes = Vec::new();
        array![[1.0, 0.5]].write_npy(&mut bytes).expect("an array");
        bytes
    })
    .expect("written");
    workshop.refused(&map(&["differential"]), &["weight 0.5 at (0, 1)", "no whole number"]);
}

#[test]
fn every_effect_works_with_every_mapping() {
    let matrix = Workshop::new().done(&["mappings"]);
    assert!(matrix.contains("bnn-vi") && matrix.contains("twos-complement"), "{matrix}");
    let rows: Vec<&str> = matrix.lines().skip(1).take_while(|line| !line.is_empty()).collect();
    assert_eq!(rows.len(), 8 + 11, "{matrix}");
    assert!(rows.iter().all(|row| row.contains('✓') && !row.contains('✗')), "{matrix}");
}
