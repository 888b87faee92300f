//! The binary as its user meets it: what it writes, what it says of bad input, how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a small data set and a preset that runs in seconds.
struct Workshop {
    folder: TempDir,
}

impl Workshop {
    fn new() -> Self {
        let workshop = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(workshop.path("data")).expect("a folder");
        workshop.write_set("train", 256);
        workshop.write_set("t10k", 64);
        fs::write(workshop.path("tiny.toml"), tiny_preset()).expect("written");
        workshop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Ten kinds of picture: a bright row whose place is the label, on a little texture.
    fn write_set(&self, set: &str, images: usize) {
        let header = |magic: u32, dims: &[u32]| -> Vec<u8> {
            [&[magic], dims].concat().iter().flat_map(|v| v.to_be_bytes()).collect()
        };
        let mut pixels = header(0x803, &[images as u32, 28, 28]);
        let mut labels = header(0x801, &[images as u32]);
        for image in 0..images {
            let label = image % 10;
            labels.push(label as u8);
            for pixel in 0..784 {
                let bright = pixel / 28 == 2 * label + 4;
                pixels.push(if bright { 255 } else { ((image * 31 + pixel * 7) % 32) as u8 });
            }
        }
        fs::write(self.path(&format!("data/{set}-images-idx3-ubyte")), pixels).expect("written");
        fs::write(self.path(&format!("data/{set}-labels-idx1-ubyte")), labels).expect("written");
    }

    fn cim(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cim"))
            .args(args)
            .current_dir(self.folder.path())
            .output()
            .expect("the binary starts")
    }

    fn reproduce(&self, more: &[&str]) -> Output {
        let base = ["reproduce", "--preset", "tiny.toml", "--data", "data", "--out", "out"];
        self.cim(&[&base, more].concat())
    }

    /// The command must fail with code 2, say all of `words`, and write no report.
    fn must_refuse(&self, output: &Output, words: &[&str]) {
        let said = String::from_utf8_lossy(&output.stderr).replace(['\n', '│'], " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{said}");
        for word in words {
            assert!(said.contains(word), "'{word}' is not in: {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
        assert!(!self.path("out/report.json").exists(), "a report was written");
    }

    fn change_preset(&self, from: &str, to: &str) {
        let text = tiny_preset();
        assert!(text.contains(from), "{from}");
        fs::write(self.path("tiny.toml"), text.replace(from, to)).expect("written");
    }
}

/// The built-in preset with everything that takes time made small.
fn tiny_preset() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cim")).arg("preset").output().expect("starts");
    let mut text = String::from_utf8(output.stdout).expect("UTF-8");
    for (from, to) in [
        ("widths = [784, 256, 128, 10]", "widths = [784, 32, 16, 10]"),
        ("images = 5000", "images = 50"),
        ("count = 5", "count = 2"),
        ("clip_shares = [0.5, 0.7]", "clip_shares = [0.5]"),
        ("percentiles = [99.9, 99.0, 99.99]", "percentiles = [99.9]"),
        ("chips = 4", "chips = 2"),
        ("chips = 1000", "chips = 20"),
        ("images = 48", "images = 8"),
        ("designs = 200", "designs = 4"),
        ("images = 256", "images = 32"),
        ("bits = [2, 3, 4, 6]", "bits = [4, 6]"),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let shorter =
        |line: &str| if line.starts_with("epochs = ") { "epochs = 2" } else { line }.to_owned();
    text.lines().map(shorter).collect::<Vec<_>>().join("\n")
}

fn write_npy(path: &Path, shape: (usize, usize), values: &[f32]) {
    let mut header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}",
        shape.0, shape.1
    );
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

#[test]
fn reproduce_writes_the_same_report_at_any_thread_count_and_when_resumed() {
    let workshop = Workshop::new();
    let report = |out: &str, more: &[&str]| {
        let output = workshop.reproduce(&[&["--out", out], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert_eq!(said, "", "nothing is said where stderr is no terminal");
        fs::read(workshop.path(out).join("report.json")).expect("a report")
    };
    let one = report("one", &["--threads", "1"]);
    assert_eq!(one, report("two", &["--threads", "2"]), "two threads");
    assert_eq!(one, report("one", &["--resume"]), "resumed");
    assert_ne!(one, report("other", &["--seed", "2"]), "another seed");
    let json: serde_json::Value = serde_json::from_slice(&one).expect("JSON");
    for key in ["schema", "seed", "preset", "recovered_loss", "mse_reduction", "energy_vs_naive"] {
        assert!(!json[key].is_null(), "{key}");
    }
    let names: Vec<&str> = json["variants"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|v| v["name"].as_str())
        .collect();
    assert_eq!(
        names,
        ["naive", "window", "full_scale", "window_full_scale", "relu", "noise", "full"]
    );
    for file in ["report.md", "report.html", "timing.json", "summary.svg"] {
        assert!(workshop.path("one").join(file).exists(), "{file}");
    }
}

/// The built-in preset of phase-change memory with everything that takes time made small.
fn tiny_pcm_preset() -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_cim")).args(["preset", "pcm"]).output().expect("starts");
    let mut text = String::from_utf8(output.stdout).expect("UTF-8");
    for (from, to) in [
        ("widths = [784, 256, 128, 10]", "widths = [784, 16, 10]"),
        ("images = 256", "images = 32"),
        ("repeats = 256", "repeats = 4"),
        ("epochs = 16", "epochs = 2"),
        ("epochs = 8", "epochs = 1"),
        ("chips = 20", "chips = 3"),
        ("\"1 h\", \"1 day\", \"1 month\", ", ""),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

#[test]
fn chips_age_to_the_same_report_at_any_thread_count() {
    let workshop = Workshop::new();
    fs::write(workshop.path("tiny.toml"), tiny_pcm_preset()).expect("written");
    let report = |out: &str, more: &[&str]| {
        let output = workshop.reproduce(&[&["--out", out], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read(workshop.path(out).join("report.json")).expect("a report")
    };
    let one = report("one", &["--threads", "1"]);
    assert_eq!(one, report("two", &["--threads", "2"]), "two threads");
    assert_eq!(one, report("one", &["--resume"]), "resumed");
    assert_ne!(one, report("other", &["--seed", "2"]), "another seed");
    let json: serde_json::Value = serde_json::from_slice(&one).expect("JSON");
    for network in ["plain", "tuned"] {
        for method in ["none", "global", "columns"] {
            for time in ["1s", "1year"] {
                let figure = &json["figures"][format!("{network}_{method}_{time}")];
                assert_eq!(figure["chips"], 3, "{network}, {method}, {time}");
            }
            assert!(json["figures"][format!("loss_{network}_{method}")]["mean"].is_f64());
        }
    }
    assert!(json["notes"][0].as_str().is_some_and(|note| note.contains("Asked for")));
}

#[test]
fn openmena_is_the_same_at_any_thread_count_and_draws_the_ways_of_the_robot() {
    let workshop = Workshop::new();
    let digits = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/digits");
    let base = ["reproduce", "--preset", "openmena", "--quick", "--chips", "3", "--data", digits];
    let report = |out: &str, threads: &str| {
        let output = workshop.cim(&[&base[..], &["--out", out, "--threads", threads]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = |file: &str| fs::read(workshop.path(out).join(file)).expect("written");
        (read("report.json"), read("trajectories.svg"))
    };
    let one = report("one", "1");
    assert!(one == report("two", "2"), "two threads");
    let json: serde_json::Value = serde_json::from_slice(&one.0).expect("JSON");
    assert_eq!(json["schema"], "cim-report/1");
    assert_eq!(json["run"]["quick"], true);
    let command = format!("cim reproduce --preset openmena --chips 3 --quick --data {digits}");
    assert_eq!(json["run"]["command"], command);
    assert_eq!(json["run"]["data_sha256"].as_str().map(str::len), Some(64));
    // The preset as run, not as written: 20 chips there.
    assert!(json["spec"].as_str().is_some_and(|spec| spec.contains("chips = 3")));
    assert_eq!(json["charts"][1]["kind"], "ways");
    assert_eq!(json["figures"]["digits_software_test"]["mean"], 71.0 / 72.0);
    let none = workshop.cim(&["reproduce", "--preset", "openmena", "--out", "three"]);
    workshop.must_refuse(&none, &["digits.csv", "--data"]);
}

#[test]
fn broken_data_sets_are_refused() {
    let images = "data/train-images-idx3-ubyte";
    for (file, bytes, words) in [
        (
            images,
            Some(vec![0, 0, 8, 3, 0, 0, 1, 0, 0, 0, 0, 28, 0, 0, 0, 28, 1, 2]),
            vec!["train-images"],
        ),
        (images, Some(b"not an IDX file at all".to_vec()), vec!["train-images"]),
        (images, None, vec!["train-images"]),
        ("data/t10k-labels-idx1-ubyte", Some(vec![0, 0, 8, 1, 0, 0, 0, 0]), vec!["t10k-labels"]),
        (
            "data/SHA256SUMS",
            Some(format!("{:064}  train-images-idx3-ubyte\n", 0).into_bytes()),
            vec!["SHA"],
        ),
    ] {
        let workshop = Workshop::new();
        match bytes {
            Some(bytes) => fs::write(workshop.path(file), bytes).expect("written"),
            None => fs::remove_file(workshop.path(file)).expect("removed"),
        }
        workshop.must_refuse(&workshop.reproduce(&[]), &words);
    }
}

#[test]
fn broken_presets_are_refused_with_their_place() {
    let workshop = Workshop::new();
    for (from, to, words) in [
        ("g_off =", "g_of =", vec!["tiny.toml:", "g_of"]),
        ("g_on = \"100 uS\"", "g_on = 100", vec!["tiny.toml:", "bare number", "uS"]),
        ("g_on = \"100 uS\"", "g_on = \"100 V\"", vec!["tiny.toml:", "conductance"]),
        ("g_off = \"10 uS\"", "g_off = \"-10 uS\"", vec!["window"]),
        ("adc_bits = 6", "adc_bits = 0", vec!["0 bits"]),
        ("adc_bits = 6", "adc_bits = 33", vec!["33 bits"]),
        ("dac_bits = 8", "dac_bits = 33", vec!["33 bits"]),
        ("seed = 1", "", vec!["seed"]),
        ("least_clip = 0.1", "least_clip = nan", vec!["least_clip"]),
        ("batch = 256", "batch = 0", vec!["batch"]),
    ] {
        workshop.change_preset(from, to);
        workshop.must_refuse(&workshop.reproduce(&[]), &words);
    }
    workshop.must_refuse(&workshop.reproduce(&["--preset", "nothing.toml"]), &["nothing.toml"]);
}

#[test]
fn an_output_folder_that_cannot_be_is_refused_before_any_work() {
    let workshop = Workshop::new();
    let output = workshop.reproduce(&["--out", "tiny.toml/results"]);
    workshop.must_refuse(&output, &["tiny.toml/results", "--out"]);
}

#[test]
fn broken_checkpoints_are_refused() {
    let workshop = Workshop::new();
    assert!(workshop.reproduce(&[]).status.success());
    let checkpoint = workshop.path("out/checkpoints/network-0-digital.ckpt");
    let good = fs::read(&checkpoint).expect("a checkpoint");
    let mut corrupt = good.clone();
    let middle = corrupt.len() / 2;
    corrupt[middle] ^= 1;
    let mut future = good.clone();
    future[8..12].copy_from_slice(&9u32.to_le_bytes());
    for (bytes, word) in
        [(corrupt, "CRC-32"), (future, "version"), (good[..40].to_vec(), "truncated")]
    {
        fs::write(&checkpoint, bytes).expect("written");
        fs::remove_file(workshop.path("out/report.json")).ok();
        workshop.must_refuse(&workshop.reproduce(&["--resume"]), &["network-0-digital.ckpt", word]);
    }
    fs::write(&checkpoint, good).expect("written");
    let other = workshop.reproduce(&["--resume", "--seed", "9"]);
    workshop.must_refuse(&other, &["network-0-", "seed"]);
}

#[test]
fn training_is_taken_up_by_any_run_that_would_train_the_same_and_by_no_other() {
    let workshop = Workshop::new();
    assert!(workshop.reproduce(&[]).status.success());
    let checkpoint = workshop.path("out/checkpoints/network-0-digital.ckpt");
    let written = || fs::metadata(&checkpoint).and_then(|file| file.modified()).expect("a time");
    let before = written();
    let more = workshop.reproduce(&["--resume", "--chips", "3"]);
    assert!(more.status.success(), "{}", String::from_utf8_lossy(&more.stderr));
    assert_eq!(before, written(), "nothing was trained again");
    // Other images under the same name.
    fs::remove_file(workshop.path("out/report.json")).expect("removed");
    let images = workshop.path("data/train-images-idx3-ubyte");
    let mut bytes = fs::read(&images).expect("there");
    bytes[20] ^= 1;
    fs::write(&images, bytes).expect("written");
    workshop.must_refuse(&workshop.reproduce(&["--resume"]), &["network-0-", "data set"]);
}

#[test]
fn all_that_can_be_refused_is_refused_before_any_work() {
    let workshop = Workshop::new();
    let gate = |text: &str| fs::write(workshop.path("gate.json"), text).expect("written");
    let nothing_done = || assert!(!workshop.path("out/checkpoints").exists(), "work was done");
    workshop.must_refuse(&workshop.reproduce(&["--gate", "nope.json"]), &["nope.json"]);
    for text in ["{\"figures\": []}", "{}", "not JSON"] {
        gate(text);
        workshop.must_refuse(&workshop.reproduce(&["--gate", "gate.json"]), &["gate.json"]);
        nothing_done();
    }
    for (from, to, word) in [
        ("images = 32", "images = 257", "training set has 256"),
        ("histogram_bins = 48", "histogram_bins = 0", "histogram_bins"),
        ("images = 8", "images = 0", "error_model.images"),
        ("read_voltage = \"0.2 V\"", "read_voltage = \"0.5 V\"", "disturb_voltage"),
        ("784, 32", "784, 9223372036854775807", "network.widths"),
        ("784, 32", "783, 32", "784 pixels"),
        ("batch = 256", "batch = 9223372036854775807", "training.digital.batch"),
    ] {
        workshop.change_preset(from, to);
        workshop.must_refuse(&workshop.reproduce(&[]), &[word]);
        nothing_done();
    }
    let slip = workshop.cim(&["reproduce", "--preset", "papr", "--out", "out"]);
    workshop.must_refuse(&slip, &["papr", "did you mean `paper`?"]);
}

#[test]
fn studies_are_listed_with_system_paper_and_time() {
    let output = Workshop::new().cim(&["reproduce", "--list"]);
    let text = String::from_utf8_lossy(&output.stdout);
    for words in
        ["paper ", "Abbas et al. 2026", "ir-drop", "pcm", "openmena", "2511.03747", "--quick"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(output.status.success());
}

#[test]
fn optimise_answers_and_refuses() {
    let workshop = Workshop::new();
    let weights: Vec<f32> = (0..200 * 12).map(|k| ((k * 37) % 101) as f32 / 101.0 - 0.5).collect();
    let inputs: Vec<f32> = (0..40 * 200).map(|k| ((k * 13) % 17) as f32 / 17.0).collect();
    write_npy(&workshop.path("w.npy"), (200, 12), &weights);
    write_npy(&workshop.path("x.npy"), (40, 200), &inputs);
    let base = ["optimise", "--weights", "w.npy", "--inputs", "x.npy"];
    let output = workshop.cim(&[&base[..], &["--out", "answer.json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer = fs::read(workshop.path("answer.json")).expect("an answer");
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
    let number = |key: &str| answer[key].as_f64().expect("a number");
    assert!(number("error") < number("naive_error"));
    assert!(number("predicted_loss") < number("naive_predicted_loss"));
    // The design is the most frugal within the preset's tolerance, and its gap is its own.
    let tolerance = 0.1;
    let gap = number("certified_gap");
    assert!(0.0 < gap && gap <= tolerance / (1.0 + tolerance) * 1.01, "{gap}");
    assert!(number("energy_gap").abs() < 0.01, "{answer}");
    let own = 1.0 - number("certified_bound") / number("objective");
    assert!((own - gap).abs() < 1e-9, "the gap is that of the objective: {own} and {gap}");
    assert!(10e-6 * 0.999 <= number("g_min_s") && number("g_max_s") <= 100e-6 * 1.001);

    for bits in ["0", "1", "17", "20", "32", "33", "64", "1000"] {
        let output = workshop.cim(&[&base[..], &["--adc-bits", bits]].concat());
        workshop.must_refuse(&output, &[&format!("{bits} bits"), "2 to 16 bits"]);
    }
    let output = workshop.cim(&[&base[..], &["--energy-budget", "1 fJ"]].concat());
    workshop.must_refuse(&output, &["energy"]);
    let output = workshop.cim(&[&base[..], &["--energy-budget", "5"]].concat());
    workshop.must_refuse(&output, &["bare number"]);
    let mut bad = weights;
    bad[5] = f32::NAN;
    write_npy(&workshop.path("w.npy"), (200, 12), &bad);
    workshop.must_refuse(&workshop.cim(&base), &["w.npy", "NaN", "(0, 5)"]);
    // Outputs × inputs, as PyTorch saves them.
    write_npy(&workshop.path("w.npy"), (12, 200), &[0.1; 2400]);
    write_npy(&workshop.path("v.npy"), (10, 12), &[0.1; 120]);
    let two = ["optimise", "--weights", "w.npy", "v.npy", "--inputs", "x.npy"];
    workshop.must_refuse(&workshop.cim(&two), &["v.npy", "transposed?", "PyTorch"]);
    fs::write(workshop.path("w.npy"), b"PK\x03\x04").expect("written");
    workshop.must_refuse(&workshop.cim(&base), &["w.npy", ".npz archive", "numpy.save"]);
    write_npy(&workshop.path("w.npy"), (100, 2), &[0.0; 200]);
    workshop.must_refuse(&workshop.cim(&base), &["200", "100"]);
}

#[test]
fn help_lists_the_commands_and_wrong_usage_ends_with_two() {
    let workshop = Workshop::new();
    let help = workshop.cim(&["--help"]);
    let text = String::from_utf8_lossy(&help.stdout);
    for word in ["reproduce", "optimise", "device ", "preset"] {
        assert!(text.contains(word), "{word}");
    }
    assert!(help.status.success());
    assert_eq!(workshop.cim(&["reproduce", "--chips", "1"]).status.code(), Some(2));
    assert_eq!(workshop.cim(&["reprduce"]).status.code(), Some(2));
    assert_eq!(workshop.cim(&["devices"]).status.code(), Some(2));
}

/// The numbers of a one-dimensional .npy file of f64.
fn read_npy(path: &Path) -> Vec<f64> {
    let bytes = fs::read(path).expect("a file");
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8_lossy(&bytes[..header]);
    assert!(text.contains("'<f8'") && text.contains("False"), "{text}");
    bytes[header..]
        .chunks_exact(8)
        .map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes")))
        .collect()
}

#[test]
fn a_device_is_sampled_described_and_listed() {
    let workshop = Workshop::new();
    let sample = |out: &str, more: &[&str]| {
        let base = ["device", "sample", "--preset", "pcm", "--target", "5uS", "--count", "20000"];
        let output = workshop.cim(&[&base, more, &["--out", out]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        read_npy(&workshop.path(out))
    };
    let fresh = sample("fresh.npy", &["--seed", "1"]);
    let day = sample("day.npy", &["--seed", "1", "--after", "1day"]);
    assert_eq!(fresh.len(), 20_000);
    assert_eq!(fresh, sample("again.npy", &["--seed", "1", "--after", "0 s"]));
    assert_eq!(day, sample("again.npy", &["--seed", "1", "--after", "24h"]), "24 h are a day");
    assert_ne!(fresh, sample("other.npy", &["--seed", "2"]));
    assert_eq!(fresh[..7], sample("few.npy", &["--seed", "1", "--count", "7"]), "fewer cells");
    let reads = sample("reads.npy", &["--seed", "1", "--after", "1 day", "--read"]);
    let off: Vec<f64> = reads.iter().zip(&day).map(|(read, held)| read / held - 1.0).collect();
    let sigma = (off.iter().map(|e| e * e).sum::<f64>() / 20_000.0).sqrt();
    // Q = 0.0251 at 5 uS and the root of ln(86420/5e-7) = 25.87; cells around the target differ.
    assert!((sigma / 0.1277 - 1.0).abs() < 0.05, "{sigma}");
    let mean = |cells: &[f64]| cells.iter().sum::<f64>() / cells.len() as f64;
    // Sigma 0.61 uS of 20,000 cells, seven standard errors.
    assert!((mean(&fresh) - 5e-6).abs() < 7.0 * 0.61e-6 / 20_000_f64.sqrt());
    // Every cell of a chip fades, by more than 1e-6 of it even if its exponent is nearly zero.
    assert!(fresh.iter().zip(&day).all(|(before, after)| after < before));

    let text = |args: &[&str]| String::from_utf8_lossy(&workshop.cim(args).stdout).into_owned();
    let card = text(&["device", "describe", "pcm"]);
    for word in ["law", "range", "source", "Joshi", "residual", "not modelled", "programmed"] {
        assert!(card.contains(word), "{word}: {card}");
    }
    let list = text(&["device", "list"]);
    for name in ["pcm", "rram-wan", "cmo-hfox", "hfo2-milo", "synaptogen"] {
        assert_eq!(list.lines().filter(|line| line.contains(&format!(" {name} "))).count(), 1);
    }
    let card = text(&["device", "describe", "hfo2-milo"]);
    assert!(card.contains("sigma = 4.782321 -0.009107 G µS") && card.contains("Milo et al. 2021"));
}

#[test]
fn devices_that_cannot_be_sampled_are_refused() {
    let workshop = Workshop::new();
    for (change, words) in [
        (["--preset", "pmc"], vec!["pmc", "did you mean 'pcm'?", "cim device list"]),
        (["--target", "50 uS"], vec!["50 µS", "outside", "25 µS", "--target"]),
        (["--target", "50"], vec!["--target", "bare number 50"]),
        (["--after", "-1 h"], vec!["-3600 s", "zero or positive", "--after"]),
        (["--after", "1 fortnight"], vec!["--after", "1 fortnight", "1 day"]),
        (["--out", "nowhere/g.npy"], vec!["nowhere/g.npy", "which is as it was"]),
    ] {
        let base = ["--preset", "pcm", "--target", "5 uS", "--count", "9", "--seed", "1"];
        let args = [&["device", "sample"], &base[..], &["--out", "g.npy"], &change].concat();
        workshop.must_refuse(&workshop.cim(&args), &words);
        assert!(!workshop.path("g.npy").exists(), "{change:?}");
    }
    let timeless = ["--preset", "hfo2-milo", "--target", "90 uS", "--count", "9", "--seed", "1"];
    let timeless = [&["device", "sample", "--after", "1 year", "--out", "g.npy"], &timeless[..]];
    workshop.must_refuse(&workshop.cim(&timeless.concat()), &["knows no time", "--after"]);
    let late = ["--preset", "rram-wan", "--target", "5 uS", "--count", "9", "--seed", "1"];
    let late = [&["device", "sample", "--after", "1 week", "--out", "g.npy"], &late[..]].concat();
    workshop.must_refuse(&workshop.cim(&late), &["604800 s", "not extrapolated"]);
    workshop.must_refuse(&workshop.cim(&["device", "describe", "synaptogn"]), &["synaptogen"]);
}
