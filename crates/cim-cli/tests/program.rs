//! `cim program` as its user meets it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use ndarray::Array2;
use ndarray_npy::{ReadNpyExt, WriteNpyExt};
use tempfile::TempDir;

struct Workshop {
    folder: TempDir,
}

impl Workshop {
    /// Targets of 12 × 10 cells, 20 to 400 µS.
    fn new() -> Self {
        let workshop = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        workshop.write(
            "targets.npy",
            &Array2::from_shape_fn((12, 10), |(row, col)| 20e-6 + 3.2e-6 * (10 * row + col) as f64),
        );
        workshop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, values: &Array2<f64>) {
        let mut bytes = Vec::new();
        values.write_npy(&mut bytes).expect("an array");
        fs::write(self.path(name), bytes).expect("written");
    }

    fn program(&self, more: &[&str]) -> Output {
        let base = ["program", "--targets", "targets.npy", "--out", "g.npy", "--report", "r.json"];
        Command::new(env!("CARGO_BIN_EXE_cim"))
            .args(base)
            .args(more)
            .current_dir(self.folder.path())
            .output()
            .expect("the binary starts")
    }

    fn done(&self, more: &[&str]) -> (String, Array2<f64>, serde_json::Value) {
        let output = self.program(more);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        let held = fs::read(self.path("g.npy")).expect("written");
        let report = fs::read(self.path("r.json")).expect("written");
        (
            String::from_utf8(output.stdout).expect("text"),
            Array2::read_npy(&held[..]).expect("an array"),
            serde_json::from_slice(&report).expect("JSON"),
        )
    }

    /// Fails with code 2, says all of `words`, and writes nothing.
    fn refused(&self, more: &[&str], words: &[&str]) {
        let output = self.program(more);
        let said = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
        let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{said}");
        for word in words {
            assert!(said.contains(word), "'{word}' is not in: {said}");
        }
        assert!(!self.path("g.npy").exists() && !self.path("r.json").exists());
    }
}

#[test]
fn targets_are_programmed_reported_and_repeatable() {
    let workshop = Workshop::new();
    for programmer in ["ispva", "vipi", "gdp"] {
        let args = ["--programmer", programmer, "--preset", "openmena", "--seed", "3"];
        let (table, held, report) = workshop.done(&args);
        assert_eq!(held.dim(), (12, 10));
        assert!(table.contains("RMS error") && table.contains("12 × 10 of openmena"), "{table}");
        assert_eq!(report["programmer"]["kind"], programmer);
        assert_eq!(report["seed"], 3);
        let tally = &report["tally"];
        let count = |key: &str| tally[key].as_u64().expect("a count");
        let ends = count("cells_in_band") + count("cells_stuck") + count("cells_given_up");
        assert_eq!((ends, count("cells_programmed")), (120, 120));
        let pulses: u64 = report["per_cell"]["pulses"]
            .as_array()
            .expect("rows")
            .iter()
            .flat_map(|row| row.as_array().expect("columns"))
            .map(|n| n.as_u64().expect("a count"))
            .sum();
        assert_eq!(pulses, count("pulses"));
        assert_eq!(workshop.done(&args), (table, held, report));
    }
}

#[test]
fn wires_reach_products_and_only_products_see_them() {
    let workshop = Workshop::new();
    let run = |programmer: &str, wires: &str| {
        let args = ["--programmer", programmer, "--preset", "openmena", "--band", "5uS"];
        workshop.done(&[&args[..], &["--wires", wires]].concat()).2
    };
    let error = |report: &serde_json::Value| report["product_error"].as_f64().expect("a number");
    let (ideal, wired) = (run("ispva", "0"), run("ispva", "5 Ohm"));
    assert_eq!(ideal["rms_error_s"], wired["rms_error_s"]);
    assert!(3.0 * error(&ideal) < error(&wired), "{} {}", error(&ideal), error(&wired));
    let seen = run("gdp", "5 Ohm");
    assert!(2.0 * error(&seen) < error(&wired), "{} {}", error(&seen), error(&wired));
}

#[test]
fn bad_input_is_refused_with_what_to_do() {
    let workshop = Workshop::new();
    let with = |programmer, preset, more: &[&'static str]| {
        [&["--programmer", programmer, "--preset", preset][..], more].concat()
    };
    workshop.refused(&with("vippi", "openmena", &[]), &["did you mean 'vipi'?", "gdp"]);
    workshop.refused(&with("vipi", "opanmena", &[]), &["did you mean 'openmena'?"]);
    workshop.refused(&with("igvva", "pcm", &[]), &["igvva cannot program", "access transistor"]);
    workshop.refused(
        &with("ispva", "pcm", &[]),
        &["targets.npy: target of", "(0, 2)", "outside the window", "none is clipped"],
    );
    workshop.refused(&with("vipi", "openmena", &["--band", "5"]), &["--band", "5 uS"]);
    workshop.refused(&with("vipi", "openmena", &["--band", "0 S"]), &["--band", "half-width"]);
    workshop.refused(&with("gdp", "openmena", &["--wires", "-1"]), &["--wires", "positive"]);
    workshop.refused(
        &with("vipi", "openmena", &["--targets", "missing.npy"]),
        &["missing.npy", "cannot read"],
    );
    workshop.write("empty.npy", &Array2::zeros((0, 4)));
    workshop.refused(&with("vipi", "openmena", &["--targets", "empty.npy"]), &["no targets"]);
}
