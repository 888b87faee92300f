//! What every command has in common: JSON, versions, completions, manual pages, and which of many outputs was
//! written.

mod desk;

use std::fs;
use std::path::Path;
use std::process::Command;

use ndarray::{Array2, array};
use ndarray_npy::WriteNpyExt;
use serde_json::Value;

use crate::desk::Desk;

/// With conductances, voltages and weights of a small array.
fn desk() -> Desk {
    let desk = Desk::new();
    let save = |name: &str, values: Array2<f64>| {
        let mut bytes = Vec::new();
        values.write_npy(&mut bytes).expect("an array");
        fs::write(desk.path(name), bytes).expect("written");
    };
    save("g.npy", array![[50e-6, 60e-6], [70e-6, 80e-6]]);
    save("v.npy", array![[0.1, 0.2], [0.2, 0.1]]);
    save("w.npy", array![[1.0, -3.0], [2.0, 0.0]]);
    desk
}

impl Desk {
    fn done(&self, args: &[&str]) -> String {
        let output = self.cim(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Fails with code 2; returns what is said, on one line.
    fn refused(&self, args: &[&str]) -> String {
        let output = self.cim(args);
        let said = String::from_utf8_lossy(&output.stderr).replace(['\n', '│'], " ");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

const SOLVE: [&str; 11] = [
    "solve",
    "--conductances",
    "g.npy",
    "--volts",
    "v.npy",
    "--r-row",
    "1",
    "--r-col",
    "1",
    "--out",
    "i.npy",
];

#[test]
fn every_result_is_printed_as_json_where_it_is_asked_for() {
    let desk = desk();
    let netlist = ["netlist", "--conductances", "g.npy", "--volts", "v.npy", "--r-row", "1"];
    let program = ["program", "--targets", "g.npy", "--programmer", "ispva", "--out", "p.npy"];
    let sample = ["device", "sample", "--preset", "pcm", "--target", "5 uS", "--count", "9"];
    let cases: [(&[&[&str]], &str, &str); 13] = [
        (&[&SOLVE], "solve", "/largest_current_a"),
        (&[&netlist, &["--r-col", "1"]], "netlist", "/netlist"),
        (&[&netlist, &["--r-col", "1", "--out", "n.cir"]], "netlist", "/out"),
        (&[&program, &["--preset", "synaptogen"]], "program", "/per_cell/pulses/1/1"),
        (&[&sample, &["--seed", "1", "--out", "s.npy"]], "device sample", "/spreads/0/mean_s"),
        (&[&["device", "list"]], "device list", "/devices/0/g_max_s"),
        (&[&["device", "describe", "pcm"]], "device describe", "/programmed/2/sigma_s"),
        (&[&["map", "--weights", "w.npy", "--mapping", "split-differential"]], "map", "/exact"),
        (&[&["explain", "adc_bits"]], "explain", "/keys/0/built_in/0/value"),
        (&[&["explain"]], "explain", "/keys/9/meaning"),
        (&[&["preset", "pcm"]], "preset", "/preset/converters/adc_bits"),
        (&[&["reproduce", "--list"]], "reproduce", "/studies/0/name"),
        (&[&["doctor"]], "doctor", "/checks/0/detail"),
    ];
    for (args, command, pointer) in cases {
        let args = args.concat();
        // Before the command and behind it.
        for args in [[&["--json"], &args[..]].concat(), [&args[..], &["--json"]].concat()] {
            let json: Value = serde_json::from_str(&desk.done(&args)).expect("JSON");
            assert_eq!(json["command"], command, "{args:?}");
            let found = json.pointer(pointer);
            assert!(found.is_some_and(|value| !value.is_null()), "{args:?}: {pointer} in {json}");
        }
    }
}

/// What is printed is what the files say.
#[test]
fn numbers_of_the_summary_are_those_of_the_files() {
    let desk = desk();
    let json: Value =
        serde_json::from_str(&desk.done(&[&SOLVE[..], &["--json"]].concat())).expect("JSON");
    let bytes = fs::read(desk.path("i.npy")).expect("written");
    let currents: Array2<f64> = ndarray_npy::ReadNpyExt::read_npy(&bytes[..]).expect("an array");
    let largest = currents.iter().fold(0.0_f64, |most, a| most.max(a.abs()));
    assert_eq!(json["largest_current_a"].as_f64(), Some(largest));
    // The first vector loses what wires of 1 Ω and cells of some 15 kΩ make of 0.2 V: about one part in 10⁴.
    let lost = json["nonideality"].as_f64().expect("reads of ohmic cells");
    assert!((1e-5..1e-3).contains(&lost), "{lost}");
    assert_eq!((json["rows"].as_u64(), json["vectors"].as_u64()), (Some(2), Some(2)));
}

#[test]
fn an_output_that_fails_after_another_says_which_was_written() {
    let desk = desk();
    let said =
        desk.refused(&[&SOLVE[..], &["--nodes", "nowhere/n.npz", "--plot", "p.svg"]].concat());
    for words in
        ["--nodes failed after --out i.npy was written", "nowhere/n.npz, which is as it was"]
    {
        assert!(said.contains(words), "{said}");
    }
    assert!(!said.contains("nothing was changed"), "{said}");
    assert!(desk.path("i.npy").exists() && !desk.path("p.svg").exists());

    let program =
        ["program", "--targets", "g.npy", "--programmer", "ispva", "--preset", "synaptogen"];
    let said =
        desk.refused(&[&program[..], &["--out", "p.npy", "--report", "nowhere/r.json"]].concat());
    assert!(said.contains("--report failed after --out p.npy was written"), "{said}");
    let said =
        desk.refused(&[&program[..], &["--out", "nowhere/p.npy", "--report", "r.json"]].concat());
    assert!(said.contains("nowhere/p.npy, which is as it was"), "{said}");
    assert!(desk.path("p.npy").exists() && !desk.path("r.json").exists());
}

#[test]
fn every_shell_completes_every_command() {
    let desk = desk();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.done(&["completions", shell]);
        for word in ["reproduce", "eval", "sample", "doctor", "programmer", "json"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert!(desk.refused(&["completions", "tcsh"]).contains("bash"));
    let said: Value =
        serde_json::from_str(&desk.done(&["completions", "bash", "--json"])).expect("JSON");
    assert_eq!(said["script"].as_str(), Some(&*desk.done(&["completions", "bash"])));
    assert!(said["command"] == "completions" && said["shell"] == "bash");
}

/// Bash itself takes the script.
#[test]
fn bash_completes_a_command() {
    let desk = desk();
    let script = desk.path("cim.bash");
    fs::write(&script, desk.done(&["completions", "bash"])).expect("written");
    let try_it = "source \"$0\"; COMP_WORDS=(cim rep); COMP_CWORD=1; _cim cim rep cim; echo \"${COMPREPLY[*]}\"";
    match Command::new("bash").args(["--norc", "-c", try_it]).arg(&script).output() {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "reproduce"),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "there is no bash"),
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let desk = desk();
    let said = desk.done(&["man", "pages"]);
    let mut names: Vec<String> = fs::read_dir(desk.path("pages"))
        .expect("made")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(said.starts_with(&format!("{} pages in pages", names.len())), "{said}");
    for page in ["cim.1", "cim-eval.1", "cim-device.1", "cim-device-sample.1", "cim-man.1"] {
        assert!(names.contains(&page.to_owned()), "{page} is not in {names:?}");
    }
    let eval = fs::read_to_string(desk.path("pages/cim-eval.1")).expect("a page");
    assert!(eval.contains(".TH cim-eval 1") && eval.contains("\\-\\-until"), "{eval}");
}

/// The version, and in a checkout the commit that it is of.
#[test]
fn the_version_names_the_revision() {
    let desk = desk();
    let version = desk.done(&["--version"]);
    let plain = concat!("cim ", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(plain), "{version}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if root.join(".git").exists() {
        let revision = version.trim().strip_prefix(plain).expect("begins so").trim();
        let revision = revision.trim_matches(['(', ')']);
        assert!(
            7 <= revision.len() && revision.chars().all(|c| c.is_ascii_hexdigit()),
            "{version}"
        );
    } else {
        assert_eq!(version.trim(), plain);
    }
}

#[test]
fn the_doctor_says_what_is_missing_and_where_it_ships() {
    let desk = desk();
    let text = desk.done(&["doctor"]);
    for word in
        ["threads", "vectors", "ngspice", "target/reproduce", "RAYON_NUM_THREADS", "NO_COLOR"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    let line =
        |text: &str| text.lines().find(|line| line.contains("data/mnist")).map(str::to_owned);
    let missing = line(&text).expect("told");
    assert!(missing.starts_with('–') && missing.contains("ships in the repository"), "{missing}");
    assert!(fs::read_dir(desk.path(".")).expect("there").count() == 3, "nothing is left behind");

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let there = Command::new(env!("CARGO_BIN_EXE_cim")).arg("doctor").current_dir(root).output();
    let text = String::from_utf8(there.expect("starts").stdout).expect("UTF-8");
    let found = line(&text).expect("told");
    assert!(found.starts_with('✓') && found.contains("paper"), "{found}");
}

/// One spelling in all help: what is typed has u and Ohm.
#[test]
fn help_spells_units_one_way() {
    let desk = desk();
    let commands: [&[&str]; 12] = [
        &["reproduce"],
        &["eval"],
        &["program"],
        &["map"],
        &["mappings"],
        &["optimise"],
        &["solve"],
        &["netlist"],
        &["device", "sample"],
        &["explain"],
        &["preset"],
        &["doctor"],
    ];
    for command in commands {
        let help = desk.done(&[command, &["--help"]].concat());
        assert!(!help.contains('µ') && !help.contains('Ω') && !help.contains(" ohm\""), "{help}");
        assert!(help.contains("--json"), "{help}");
    }
}
