//! What comes from outside: options, files and folders that cannot be meant, and what is said of them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const DIGITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/digits");

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn cim(at: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cim"))
        .args(args)
        .current_dir(at)
        .output()
        .expect("the binary starts")
}

/// What a command says on stderr, on one line.
fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).replace(['\n', '│'], " ");
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The command must fail with code 2, print nothing, and say all of `words`.
fn refused(at: &Path, args: &[&str], words: &[&str]) {
    let output = cim(at, args);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    assert!(output.stdout.is_empty(), "{args:?} printed something");
    for word in words {
        assert!(said.contains(word), "{args:?}: '{word}' is not in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

/// A one-dimensional or two-dimensional .npy file of f64.
fn npy(path: &Path, shape: &str, values: &[f64]) {
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    fs::write(path, bytes).expect("written");
}

/// The built-in preset of a study with one change, in a file.
fn changed(at: &Path, study: &str, from: &str, to: &str) -> PathBuf {
    let output = cim(at, &["preset", study]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains(from), "{from}");
    let path = at.join("mine.toml");
    fs::write(&path, text.replacen(from, to, 1)).expect("written");
    path
}

#[test]
fn values_are_refused_with_file_line_column_and_key_wherever_the_check_is() {
    let at = folder();
    for (study, from, to, words) in [
        // By the parser, inside a table that knows its kind first.
        (
            "paper",
            "g_on = \"100 uS\"",
            "g_on = 100",
            ["mine.toml:", "device.model.g_on", "bare number"],
        ),
        // By a section.
        ("paper", "adc_bits = 6", "adc_bits = 0", ["converters.adc_bits is 0", ":1:", "2 to 16"]),
        (
            "pcm",
            "read_voltage = \"0.2 V\"",
            "read_voltage = \"1e300 V\"",
            ["circuit.read_voltage", ":1:", "give 1 µV to 100 V"],
        ),
        // By a device, which knows no path.
        (
            "paper",
            "g_off = \"10 uS\"",
            "g_off = \"-10 uS\"",
            ["device.model.g_off: conductance window", ":1:", "µS"],
        ),
        (
            "paper",
            "g_on = \"100 uS\"",
            "g_on = \"100 S\"",
            ["device.model", "no cell conducts", "meant in uS?"],
        ),
        (
            "openmena",
            "most_steps = 400",
            "most_steps = 400000000",
            ["robot.arena.most_steps", ":1:", "1 to 100000"],
        ),
        // A slip in a name.
        (
            "pcm",
            "kind = \"differential\"",
            "kind = \"diferential\"",
            ["mapping", ":1:", "did you mean `differential`?"],
        ),
        (
            "pcm",
            "experiment = \"pcm\"",
            "experiment = \"pmc\"",
            ["mine.toml:", "experiment", "there is no study"],
        ),
    ] {
        let path = changed(at.path(), study, from, to);
        let name = path.to_str().expect("UTF-8");
        let words = words.map(|word| if word == ":1:" { "mine.toml:" } else { word });
        refused(at.path(), &["reproduce", "--preset", name, "--data", DIGITS], &words);
    }
    // The line and the column are those of the key.
    let path = changed(at.path(), "openmena", "most_steps = 400", "most_steps = 0");
    let text = fs::read_to_string(&path).expect("written");
    let line = 1 + text.lines().position(|line| line == "most_steps = 0").expect("there");
    let place = format!("mine.toml:{line}:1: robot.arena.most_steps is 0");
    refused(at.path(), &["reproduce", "--preset", "mine.toml"], &[&place]);
}

#[test]
fn only_presets_are_printed() {
    let at = folder();
    fs::write(at.path().join("secret"), "root:x:0:0\nmore\n").expect("written");
    refused(at.path(), &["preset", "secret"], &["secret:1:"]);
    changed(at.path(), "pcm", "chips = 20", "chips = 1");
    refused(at.path(), &["preset", "mine.toml"], &["evaluation.chips is 1"]);
    refused(at.path(), &["preset", "papr"], &["did you mean `paper`?"]);
    changed(at.path(), "pcm", "chips = 20", "chips = 21");
    assert!(cim(at.path(), &["preset", "mine.toml"]).status.success());
}

#[test]
fn optimise_says_which_presets_it_takes() {
    let at = folder();
    npy(&at.path().join("w.npy"), "(2, 1)", &[0.5, -0.5]);
    npy(&at.path().join("x.npy"), "(2, 2)", &[1.0, 0.5, 0.2, 0.1]);
    for preset in ["pcm", "ir-drop", "openmena"] {
        let args = ["optimise", "--weights", "w.npy", "--inputs", "x.npy", "--preset", preset];
        refused(
            at.path(),
            &args,
            &[&format!("the study {preset}"), "beside `--weights` those of the study paper only"],
        );
    }
}

#[test]
fn negative_values_reach_the_check_of_their_option() {
    let at = folder();
    npy(&at.path().join("t.npy"), "(1, 2)", &[5e-5, 6e-5]);
    let sample =
        ["device", "sample", "--preset", "pcm", "--count", "5", "--seed", "1", "--out", "g"];
    let with = |more: &[&'static str]| [&sample[..], more].concat();
    refused(at.path(), &with(&["--target", "-5uS"]), &["-5 µS lies outside", "--target"]);
    let late = with(&["--target", "5uS", "--after", "1e300 s"]);
    refused(at.path(), &late, &["--after 1e300 s", "3000 years"]);
    let program =
        ["program", "--targets", "t.npy", "--programmer", "ispva", "--preset", "synaptogen"];
    let band = [&program[..], &["--out", "g.npy", "--band", "-5uS"]].concat();
    refused(at.path(), &band, &["--band: -5uS is no half-width"]);
    refused(at.path(), &["reproduce", "--chips", "-3"], &["give 2 to 100000 chips"]);
    refused(at.path(), &["reproduce", "--threads", "100000"], &["up to 1024"]);
}

#[test]
fn a_programmer_that_cannot_be_says_why() {
    let at = folder();
    npy(&at.path().join("t.npy"), "(1, 2)", &[9e-5, 1e-4]);
    let args = ["program", "--targets", "t.npy", "--programmer", "igvva", "--preset", "hfo2-milo"];
    let args = [&args[..], &["--out", "g.npy"]].concat();
    refused(at.path(), &args, &["igvva cannot program", "a law of programming only"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_without_a_writer_is_refused_and_not_waited_for() {
    let at = folder();
    let pipe = at.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    npy(&at.path().join("v.npy"), "(2,)", &[0.1, 0.2]);
    let solve =
        ["solve", "--conductances", "pipe", "--volts", "v.npy", "--r-row", "1", "--r-col", "1"];
    let solve = [&solve[..], &["--out", "i.npy"]].concat();
    refused(at.path(), &solve, &["pipe", "not a file"]);
    refused(at.path(), &["reproduce", "--preset", "pipe"], &["pipe", "not a file"]);
    let mlp = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/networks/mlp.onnx");
    for command in [&["eval", mlp, "--data"][..], &["optimise", mlp, "--calibration"]] {
        refused(at.path(), &[command, &["pipe"]].concat(), &["pipe"]);
    }
    refused(at.path(), &["reproduce", "--preset", "/dev/zero"], &["/dev/zero", "a device"]);
}

#[test]
fn a_file_of_segments_is_blamed_for_what_it_holds() {
    let at = folder();
    npy(&at.path().join("g.npy"), "(1, 2)", &[1e-4, 1e-4]);
    npy(&at.path().join("v.npy"), "(1,)", &[0.1]);
    let solve =
        ["solve", "--conductances", "g.npy", "--volts", "v.npy", "--r-col", "1", "--out", "i"];
    let solve = [&solve[..], &["--row-segments", "rows.npy"]].concat();
    npy(&at.path().join("rows.npy"), "(1, 3)", &[1.0, -1.0, 1.0]);
    refused(at.path(), &solve, &["rows.npy: row wire at (0, 1) has -1", "in ohms"]);
    npy(&at.path().join("rows.npy"), "(1, 2)", &[1.0, 1.0]);
    refused(at.path(), &solve, &["rows.npy: row wire resistances"]);
}

#[test]
fn conductances_that_no_cell_has_are_told_and_taken() {
    let at = folder();
    npy(&at.path().join("v.npy"), "(1,)", &[0.1]);
    let solve =
        ["solve", "--conductances", "g.npy", "--volts", "v.npy", "--r-row", "1", "--r-col", "1"];
    for (g, told) in [(25.0, true), (25e-6, false), (f64::INFINITY, false)] {
        npy(&at.path().join("g.npy"), "(1, 1)", &[g]);
        let output = cim(at.path(), &[&solve[..], &["--out", "i.npy"]].concat());
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(said(&output).contains("g.npy: a cell of 25 S"), told, "{g}: {}", said(&output));
    }
}

#[test]
fn a_folder_is_one_runs_and_never_that_of_the_data() {
    let at = folder();
    let run = ["reproduce", "--preset", "openmena", "--quick", "--chips", "2", "--data", DIGITS];
    let run = [&run[..], &["--out", "out"]].concat();
    fs::create_dir(at.path().join("out")).expect("a folder");
    let lock = at.path().join("out/.cim-lock");
    fs::write(&lock, "process 1 since 2026-01-01 00:00:00 UTC\n").expect("written");
    let held = File::open(&lock).expect("there");
    held.lock().expect("locks are known here");
    refused(at.path(), &run, &["out is in use: process 1 since 2026-01-01", "--out"]);
    assert!(!at.path().join("out/report.json").exists());
    // The holder is gone: its lock is taken over and nothing of it stays.
    // By name, as a process that another test starts may hold a copy of the file for a moment.
    held.unlock().expect("it was locked");
    let output = cim(at.path(), &run);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!lock.exists());
    // The folder of the preset's own data.
    fs::create_dir_all(at.path().join("data/digits")).expect("a folder");
    for file in ["digits.csv", "SHA256SUMS"] {
        let from = Path::new(DIGITS).join(file);
        fs::copy(from, at.path().join("data/digits").join(file)).expect("checked in");
    }
    let own = ["reproduce", "--preset", "openmena", "--out", "data/digits"];
    refused(at.path(), &own, &["--out data/digits is also an input"]);
}

#[test]
fn what_a_killed_write_left_is_swept_by_the_next_of_any_kind_and_living_writers_keep_theirs() {
    let at = folder();
    npy(&at.path().join("g.npy"), "(1, 1)", &[1e-4]);
    npy(&at.path().join("v.npy"), "(1,)", &[0.1]);
    let living = at.path().join(".cim-living.part");
    fs::write(&living, "half").expect("written");
    let held = File::open(&living).expect("there");
    held.lock().expect("locks are known here");
    let solve =
        ["solve", "--conductances", "g.npy", "--volts", "v.npy", "--r-row", "1", "--r-col", "1"];
    let sample =
        ["device", "sample", "--preset", "pcm", "--target", "5 uS", "--count", "3", "--seed", "1"];
    for command in [&solve[..], &sample] {
        for left in [".cim-report-aB3x.part", ".cim-x.part", ".cim-y.tmp"] {
            fs::write(at.path().join(left), "half").expect("written");
        }
        let output = cim(at.path(), &[command, &["--out", "i.npy"]].concat());
        assert!(output.status.success(), "{}", said(&output));
        let names = fs::read_dir(at.path()).expect("a folder").flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let left: Vec<_> = names.filter(|name| name.starts_with(".cim-")).collect();
        assert_eq!(left, [".cim-living.part"], "{command:?}");
    }
}

#[test]
fn the_recipe_of_a_report_has_every_option_and_can_be_pasted() {
    let at = folder();
    let here = at.path().join("my presets");
    fs::create_dir(&here).expect("a folder");
    let path = changed(at.path(), "openmena", "chips = 100", "chips = 101");
    fs::rename(path, here.join("it's mine.toml")).expect("moved");
    let run = ["reproduce", "--preset", "my presets/it's mine.toml", "--quick", "--chips", "2"];
    let output = cim(at.path(), &[&run[..], &["--data", DIGITS, "--out", "out"]].concat());
    assert!(output.status.success(), "{}", said(&output));
    let report = fs::read_to_string(at.path().join("out/report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let recipe = format!(
        "cim reproduce --preset 'my presets/it'\\''s mine.toml' --chips 2 --quick --data {DIGITS}"
    );
    assert_eq!(report["run"]["command"], recipe);
}

#[test]
fn more_calibration_images_than_there_are_and_a_missing_folder_are_told_early() {
    let at = folder();
    refused(at.path(), &["reproduce"], &["no data folder data/mnist here", "ships", "--data"]);
    assert!(!at.path().join("target").exists(), "nothing was made");
}

/// Whatever is repeated of a file, an option or a name: no mark that controls a terminal, and not all of it.
#[test]
fn what_a_user_gave_is_shown_short_and_without_controls_wherever_it_is_repeated() {
    let at = folder();
    let odd = "a\x1b[31m\x07b";
    let long = "k".repeat(100_000);
    fs::write(at.path().join("odd.toml"), format!("seed = 1\n[tile]\n{odd} = 3\n"))
        .expect("written");
    let known = "experiment = \"pcm\"\nseed = 1\n";
    fs::write(at.path().join("long.toml"), format!("{known}{long} = 3\n")).expect("written");
    fs::write(at.path().join("name.toml"), format!("experiment = \"{}\"\n", "a\\u001bb"))
        .expect("written");
    for args in [
        vec!["explain", odd],
        vec!["explain", &long],
        vec!["preset", odd],
        vec!["preset", &long],
        vec!["preset", "odd.toml"],
        vec!["preset", "long.toml"],
        vec!["preset", "name.toml"],
        vec!["reproduce", "--preset", odd],
        vec!["eval", odd, "--data", "x.npz"],
        vec!["eval", "x.onnx", "--data", "x.npz", "--metric", odd],
        vec!["eval", "x.onnx", "--data", "x.npz", "--metric", &long],
        vec!["device", "sample", odd],
        vec![odd],
        vec![&long],
    ] {
        let output = cim(at.path(), &args);
        let said = String::from_utf8(output.stderr).expect("text");
        let name = args.iter().map(|arg| &arg[..arg.len().min(20)]).collect::<Vec<_>>();
        assert_eq!(output.status.code(), Some(2), "{name:?}: {said}");
        assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{name:?}: {said:?}");
        // A name of 300 letters may be said twice, on lines with an indent, beside a help.
        assert!(said.len() < 3000, "{name:?}: {} bytes", said.len());
    }
    refused(at.path(), &["explain", odd], &["no preset has the key `a\\u{1b}[31m\\u{7}b`"]);
    refused(at.path(), &["explain", ""], &["no preset has the key ``", "`cim explain` lists"]);
    refused(at.path(), &["preset", "odd.toml"], &["odd.toml:3:3", "a?[31m?b = 3"]);
}

/// What only studies read of a preset is not of a chip, but its keys are known.
#[test]
fn a_slip_in_a_section_of_studies_is_told_where_only_the_chip_is_read() {
    let at = folder();
    changed(at.path(), "paper", "\nbits = [2,", "\nbist = [2,");
    for args in
        [["eval", "x.onnx", "--data", "x.npz"], ["optimise", "x.onnx", "--calibration", "x.npz"]]
    {
        let args = [&args[..], &["--preset", "mine.toml"]].concat();
        refused(
            at.path(),
            &args,
            &["sweeps.bist: no study has this key; did you mean `sweeps.bits`?"],
        );
    }
    let output = cim(at.path(), &["preset", "paper"]);
    let mut text = String::from_utf8(output.stdout).expect("UTF-8");
    text += "\n[clips]\nweight_percentile = 99.0\ninput_percentile = 99.0\n";
    fs::write(at.path().join("clips.toml"), text).expect("written");
    let said = ["clips: nothing in the study paper reads this section", "`cim eval`"];
    refused(at.path(), &["preset", "clips.toml"], &said);
}
