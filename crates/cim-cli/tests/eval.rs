//! `cim eval` as its user meets it: a network and data in, an answer out, one clear line for what is bad.

mod desk;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ndarray::{Array1, Array2, arr1};
use ndarray_npy::{NpzReader, NpzWriter};
use serde_json::Value;

use crate::desk::Desk;

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn network(name: &str) -> String {
    root().join("data/networks").join(name).display().to_string()
}

impl Desk {
    fn eval(&self, more: &[&str]) -> Output {
        let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
        let base = ["eval", &mlp, "--data", &data, "--chips", "2", "--samples", "100"];
        self.cim(&[&base, more].concat())
    }

    fn report(&self, more: &[&str]) -> Value {
        let output = self.eval(&[more, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Code 2, all of `words`, no panic.
    fn must_refuse(&self, args: &[&str], words: &[&str]) {
        let output = self.cim(args);
        let said = String::from_utf8_lossy(&output.stderr).replace(['\n', '│'], " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{args:?}: '{word}' is not in: {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }

    /// An archive with these arrays.
    fn npz(&self, name: &str, x: &Array2<f32>, y: &Array1<i64>) -> String {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = NpzWriter::new(&mut bytes);
        writer.add_array("x", x).expect("written");
        writer.add_array("y", y).expect("written");
        writer.finish().expect("whole");
        fs::write(self.path(name), bytes.into_inner()).expect("written");
        name.to_owned()
    }
}

fn mean(report: &Value, figure: &str) -> f64 {
    report["figures"][figure]["mean"].as_f64().unwrap_or_else(|| panic!("{figure}"))
}

#[test]
fn a_network_is_measured_and_the_report_is_the_same_at_any_number_of_threads() {
    let desk = Desk::new();
    let out = ["--budget", "--threads"];
    let one = desk.eval(&[&out[..], &["1", "--json"]].concat());
    let three = desk.eval(&[&out[..], &["3", "--json"]].concat());
    assert!(one.status.success(), "{}", String::from_utf8_lossy(&one.stderr));
    assert_eq!(one.stdout, three.stdout);
    let report: Value = serde_json::from_slice(&one.stdout).expect("JSON");
    // 100 of the 300 digits, by the network as PyTorch exported it.
    assert!(0.95 < mean(&report, "digital"));
    let (digital, chip, loss) =
        (mean(&report, "digital"), mean(&report, "on_chip"), mean(&report, "loss"));
    assert!((digital - chip - loss).abs() < 1e-12);
    let parts: f64 = [
        "rest",
        "remainder",
        "programming_share",
        "read_noise_share",
        "conduction_share",
        "circuit_noise_share",
        "converter_noise_share",
        "input_rounding_share",
        "output_conversion_share",
    ]
    .iter()
    .map(|part| mean(&report, &format!("output_budget_{part}")))
    .sum();
    let whole = mean(&report, "output_budget_whole");
    assert!((parts / whole - 1.0).abs() < 1e-9, "{parts} of {whole}");
    let tables = report["tables"].as_array().expect("tables");
    let products = &tables[0]["rows"];
    assert_eq!(products.as_array().expect("rows").len(), 2);
    assert_eq!(report["run"]["data_sha256"].as_str().map(str::len), Some(64));
}

#[test]
fn metrics_follow_the_answers_and_the_options() {
    let desk = Desk::new();
    let top5 = desk.report(&["--metric", "top5"]);
    assert!(mean(&desk.report(&[]), "on_chip") <= mean(&top5, "on_chip"));
    let x = Array2::from_shape_fn((20, 196), |(r, c)| ((r * 31 + c * 7) % 11) as f32 / 11.0);
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = NpzWriter::new(&mut bytes);
    writer.add_array("x", &x).expect("written");
    writer.finish().expect("whole");
    fs::write(desk.path("x.npz"), bytes.into_inner()).expect("written");
    // Flattened images are taken, and without answers the digital outputs stand for them.
    let mlp = network("mlp.onnx");
    let base = ["eval", &mlp, "--data", "x.npz", "--chips", "2", "--json"];
    let of = |metric: &[&str]| -> Value {
        let output = desk.cim(&[&base, metric].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let cosine = of(&[]);
    assert!((mean(&cosine, "digital") - 1.0).abs() < 1e-9 && mean(&cosine, "on_chip") < 1.0);
    let mse = of(&["--metric", "mse"]);
    assert!(mean(&mse, "digital") == 0.0 && 0.0 < mean(&mse, "on_chip"));
    assert_eq!(mean(&of(&["--metric", "top1"]), "digital"), 1.0);
}

#[test]
fn negative_inputs_get_a_sign_and_the_report_says_so() {
    let desk = Desk::new();
    let x = Array2::from_shape_fn((10, 196), |(r, c)| ((r * 31 + c * 7) % 11) as f32 / 11.0 - 0.5);
    let data = desk.npz("signed.npz", &x, &Array1::zeros(10));
    let output = desk.cim(&["eval", &network("mlp.onnx"), "--data", &data, "--chips", "2"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("bipolar") && said.contains("converters.dac_polarity"), "{said}");
}

#[test]
fn what_tiles_hold_and_see_is_what_they_answer_with() {
    let desk = Desk::new();
    let output = desk.eval(&["--dump", "tiles"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let bytes = fs::read(desk.path("tiles/product-000.npz")).expect("a dump");
    let mut file = NpzReader::new(Cursor::new(bytes)).expect("an archive");
    let matrix = |file: &mut NpzReader<Cursor<Vec<u8>>>, name: &str| -> Array2<f32> {
        file.by_name(name).unwrap_or_else(|_| panic!("{name}"))
    };
    let (weights, x) = (matrix(&mut file, "weights"), matrix(&mut file, "x"));
    let (digital, y) = (matrix(&mut file, "y_digital"), matrix(&mut file, "y"));
    assert_eq!((weights.dim(), x.ncols(), y.dim()), ((196, 32), 196, (x.nrows(), 32)));
    let scales: Array1<f64> = file.by_name("scales").expect("scales");
    let [clip, _limit, _gain, _volts, g_min, g_max] = scales.to_vec()[..] else { panic!("six") };
    // Pairs of neighbouring columns: what the first tile is to hold is its weights.
    let target_s: Array2<f64> = file.by_name("target_s_0_0").expect("targets");
    let held_s: Array2<f64> = file.by_name("held_s_0_0").expect("cells");
    assert_eq!(target_s.dim(), held_s.dim());
    for ((row, col), &w) in weights.slice(ndarray::s![..128, ..]).indexed_iter() {
        let pair = target_s[(row, 2 * col)] - target_s[(row, 2 * col + 1)];
        let want = f64::from(w) / clip * (g_max - g_min);
        assert!((pair - want).abs() < 2e-5 * (g_max - g_min), "({row}, {col}): {pair} for {want}");
    }
    assert!((&held_s - &target_s).iter().any(|e| *e != 0.0));
    let power = |m: &Array2<f32>| m.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
    assert!(
        power(&(&y - &digital)) < power(&digital)
            && power(&(x.dot(&weights) - &digital)) < 1e-6 * power(&digital)
    );
}

#[test]
fn a_design_of_the_optimiser_is_taken_and_better() {
    let desk = Desk::new();
    let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
    let output = desk.cim(&["optimise", &mlp, "--calibration", &data, "--out", "design.toml"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let error = |more: &[&str]| mean(&desk.report(more), "output_error");
    let (naive, optimised) = (error(&[]), error(&["--config", "design.toml"]));
    assert!(optimised < 0.5 * naive, "{optimised} of {naive}");
    let cnn = network("cnn.onnx");
    desk.must_refuse(
        &["eval", &cnn, "--data", &data, "--config", "design.toml"],
        &["this network has", "give the design of this network"],
    );
    desk.must_refuse(
        &["eval", &mlp, "--data", &data, "--config", "design.toml", "--preset", "interior"],
        &[
            "cells of this preset have 9.000 µS to 88.190 µS",
            "preset that the design was made with",
        ],
    );
}

/// Phase-change memory is no preset less than any other: what energy it takes is told, designs are made for it, with a
/// line for every stage, and its cells in a design are those of its own preset.
#[test]
fn phase_change_memory_has_energies_and_designs() {
    let desk = Desk::new();
    let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
    let optimise = ["optimise", &mlp, "--calibration", &data, "--preset", "pcm", "--timing"];
    let output = desk.cim(&[&optimise[..], &["--out", "design.toml"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("text");
    for stage in
        ["samples through the network", "search scalings", "search clips", "solve the program"]
    {
        assert!(said.contains(stage), "{stage}: {said}");
    }
    let report = |more: &[&str]| desk.report(&[&["--preset", "pcm"], more].concat());
    let (naive, optimised) = (report(&[]), report(&["--config", "design.toml"]));
    assert!(0.0 < mean(&naive, "energy") && 0.0 < mean(&optimised, "energy"));
    let error = |report: &Value| mean(report, "output_error");
    assert!(error(&optimised) < error(&naive), "{} of {}", error(&optimised), error(&naive));
}

#[test]
fn bad_networks_and_bad_data_get_one_clear_line() {
    let desk = Desk::new();
    let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
    let whole = fs::read(&mlp).expect("a network");
    fs::write(desk.path("cut.onnx"), &whole[..whole.len() / 2]).expect("written");
    fs::write(desk.path("net.pt"), b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.").expect("written");
    for name in ["old.pth", "old.pt"] {
        fs::write(desk.path(name), b"(dp0\nS'0.weight'\np1\nI1\ns.").expect("protocol 0");
        desk.must_refuse(
            &["eval", name, "--data", &data],
            &["may be a pickle", "torch.load", "torch.onnx.export"],
        );
        desk.must_refuse(
            &["eval", &mlp, "--weights", name, "--data", &data],
            &[name, "not a whole safetensors file", "may be a pickle", "torch.onnx.export"],
        );
    }
    fs::write(desk.path("cut.pt"), &whole[..whole.len() / 2]).expect("written");
    let cut = ["cut.pt", "not a whole ONNX file", "may be a pickle"];
    desk.must_refuse(&["eval", "cut.pt", "--data", &data], &cut);
    // Of a network and its layers the file is named that is wrong.
    fs::write(desk.path("own.safetensors"), b"\x02\0\0\0\0\0\0\0{}").expect("written");
    fs::write(desk.path("cut.safetensors"), b"\x02\0\0").expect("written");
    let layer =
        |more: &str| format!("input = [2]\n[[layer]]\nname = \"a\"\nkind = \"relu\"\n{more}");
    let identity = layer("").replace("relu", "identity");
    for (file, layers, words) in [
        ("own.safetensors", layer(""), ["layers.toml: description of layers", "list of layers"]),
        ("own.safetensors", identity.clone() + "size = 2\n", ["layers.toml: layer a", "README"]),
        ("own.safetensors", identity.clone() + "from = \"b\"\n", ["layers.toml: ", "b"]),
        ("cut.safetensors", identity, ["cut.safetensors: not a whole safetensors", "safetensors"]),
    ] {
        fs::write(desk.path("layers.toml"), layers).expect("written");
        desk.must_refuse(&["eval", file, "--layers", "layers.toml", "--data", &data], &words);
    }
    fs::write(desk.path("old.bin"), b"}q\0X\x01\0\0\0aq\x01K\x01s.").expect("protocol 1");
    desk.must_refuse(&["eval", "old.bin", "--data", &data], &["old.bin"]);
    fs::copy(&mlp, desk.path("network.pt")).expect("copied");
    let named = desk.cim(&["eval", "network.pt", "--data", &data, "--chips", "2"]);
    assert!(named.status.success(), "a name alone is no reason to refuse a network");
    fs::write(desk.path("cut.npz"), &fs::read(&data).expect("data")[..5000]).expect("written");
    fs::write(desk.path("w.safetensors"), b"\x02\0\0\0\0\0\0\0{}").expect("written");
    let eval = |network: &str, data: &str, words: &[&str]| {
        desk.must_refuse(&["eval", network, "--data", data, "--chips", "2"], words);
    };
    eval("cut.onnx", &data, &["cut.onnx", "not a whole ONNX file"]);
    eval("net.pt", &data, &["pickle", "torch.load", "torch.onnx.export"]);
    eval("missing.onnx", &data, &["cannot read missing.onnx"]);
    eval("w.safetensors", &data, &["--layers"]);
    eval(&mlp, "cut.npz", &["cut.npz", "not an .npz archive"]);
    eval(&mlp, "net.pt", &["not an .npz archive"]);
    eval(&mlp, "missing.npz", &["cannot read missing.npz"]);
    let x = Array2::<f32>::zeros((4, 196));
    for (x, y, words) in [
        (x.clone(), arr1(&[0i64, 1, 2, 10]), ["label 10", "10 outputs"]),
        (x.clone(), arr1(&[0, 1, -2, 3]), ["label -2", "whole label"]),
        (x.clone(), arr1(&[0, 1, 2]), ["3 answers", "4 samples"]),
        (Array2::zeros((0, 196)), arr1(&[]), ["no samples", "first dimension"]),
        (Array2::zeros((4, 100)), arr1(&[0, 1, 2, 3]), ["[4, 100]", "[1, 14, 14]"]),
        (Array2::from_elem((4, 196), f32::NAN), arr1(&[0, 1, 2, 3]), ["x holds NaN", "samples"]),
    ] {
        let name = desk.npz("bad.npz", &x, &y);
        eval(&mlp, &name, &words);
    }
    let of = |more: &[&str], words: &[&str]| {
        desk.must_refuse(&[&["eval", &mlp, "--data", &data], more].concat(), words);
    };
    of(&["--metric", "accuracy"], &["top1, top5, mse, cosine"]);
    of(&["--until", "soon"], &["± 0.05 %"]);
    of(&["--preset", "ir-drop"], &["ir-drop", "`paper` or `interior` or `pcm`"]);
    of(&["--preset", "papr"], &["did you mean `paper`"]);
    of(&["--after", "1 day", "--compensate", "global"], &["no section compensation"]);
    of(&["--after", "1 day"], &["time"]);
    of(&["--metric", "mse"], &["y"]);
    of(&["--calibration", "0"], &["nothing to set full scales on"]);
}

/// Each part of the datapath, of one sample on the first chip; nothing of it is in the report.
#[test]
fn parts_of_a_product_are_timed_where_it_is_asked_for() {
    let desk = Desk::new();
    let said = |more: &[&str]| String::from_utf8(desk.eval(more).stdout).expect("text");
    let (timed, plain) = (said(&["--timing"]), said(&[]));
    for part in ["drive", "product", "noise", "converter", "sum"] {
        let line = format!("{part}, one sample");
        assert!(timed.contains(&line) && !plain.contains(&line), "{timed}");
    }
    assert_eq!(desk.report(&["--timing"]), desk.report(&[]));
}

#[test]
fn keys_are_explained() {
    let desk = Desk::new();
    let said = |args: &[&str]| {
        let output = desk.cim(args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let text = said(&["explain", "adc_bits"]);
    for words in ["converters.adc_bits", "2 to 16", "bits", "6 in `paper`", "8 in `pcm`"] {
        assert!(text.contains(words), "'{words}' is not in: {text}");
    }
    let wires = said(&["explain", "wires"]);
    assert_eq!(wires.matches("\nwires.").count() + 1, 6, "{wires}");
    assert!(wires.starts_with("wires.") && wires.contains("\narrays.wires: "), "{wires}");
    for key in ["sweeps.bits", "g_off", "device.model.g_off", "training", "training.digital.epochs"]
    {
        let text = said(&["explain", key]);
        for words in ["unit", "range", "built-in", "source", key] {
            assert!(text.contains(words), "'{words}' is not in: {text}");
        }
    }
    desk.must_refuse(&["explain", "no such key"], &["no preset has", "cim preset NAME"]);
    assert!(said(&["explain"]).lines().count() > 30);
    desk.must_refuse(&["explain", "adc"], &["converters.adc_bits", "converters.adc_noise"]);
    desk.must_refuse(&["explain", "adc_bist"], &["did you mean converters.adc_bits?"]);
}

/// Splits of single layers are of a network that has these layers.
#[test]
fn more_splits_than_layers_are_refused() {
    let desk = Desk::new();
    let paper = String::from_utf8(desk.cim(&["preset", "paper"]).stdout).expect("text");
    let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
    let split = |layers: &str| {
        let mapping =
            format!("kind = \"split-differential\"\nbits = 4\nsplit = [4]\nlayers = {layers}");
        let own = paper.replace("kind = \"differential\"", &mapping);
        fs::write(desk.path("own.toml"), own).expect("written");
    };
    let eval = ["eval", &mlp, "--data", &data, "--preset", "own.toml", "--chips", "2"];
    split("[[1, 3], [2, 2], [4]]");
    desk.must_refuse(&eval, &["layers has 3 splits", "up to 2"]);
    desk.must_refuse(
        &["optimise", &mlp, "--calibration", &data, "--preset", "own.toml"],
        &["layers has 3 splits"],
    );
    split("[[1, 3], [2, 2]]");
    assert!(desk.cim(&eval).status.success());
}

/// What no chip can have is shown where it stands, whichever command read the file.
#[test]
fn impossible_values_of_a_preset_are_refused_at_their_place() {
    let desk = Desk::new();
    let paper = String::from_utf8(desk.cim(&["preset", "paper"]).stdout).expect("text");
    let line =
        1 + paper.lines().position(|line| line == "adc_bits = 6").expect("the preset says it");
    fs::write(desk.path("own.toml"), paper.replace("adc_bits = 6", "adc_bits = 40"))
        .expect("written");
    let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
    let place = format!("own.toml:{line}:");
    let eval = ["eval", &mlp, "--data", &data, "--preset", "own.toml"];
    let optimise = ["optimise", &mlp, "--calibration", &data, "--preset", "own.toml"];
    for args in [eval, optimise] {
        desk.must_refuse(&args, &[&place, "adc_bits", "2 to 16"]);
    }
    let device = ["eval", &mlp, "--data", &data, "--preset", "hfo2-milo"];
    desk.must_refuse(&device, &["hfo2-milo is a device", "[device.model]"]);
    let other = ["eval", &mlp, "--data", &data, "--preset", "ir-drop"];
    desk.must_refuse(&other, &["describes no chip", "`paper`"]);
}

/// A folder keeps the report of one command; another is refused before it works, and one that is refused leaves
/// no folder.
#[test]
fn the_report_of_another_command_is_not_mixed_with_its_own() {
    let desk = Desk::new();
    let one = ["--out", "runs"];
    for _ in 0..2 {
        let output = desk.eval(&one);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).expect("text");
        assert!(said.contains("files in runs") && !said.contains("--out DIR"), "{said}");
    }
    let (cnn, data) = (network("cnn.onnx"), network("digits.npz"));
    desk.must_refuse(
        &["eval", &cnn, "--data", &data, "--out", "runs"],
        &["holds the report of", "mlp.onnx"],
    );
    let bad = ["eval", &cnn, "--data", &data, "--out", "none", "--config", "missing.toml"];
    desk.must_refuse(&bad, &["missing.toml"]);
    assert!(!desk.path("none").exists());
    let said = String::from_utf8(desk.eval(&[]).stdout).expect("text");
    assert!(said.contains("--out DIR keeps them"), "{said}");
}

/// Files that a folder of results would be written over are inputs of nobody.
#[test]
fn inputs_in_the_folder_of_results_are_kept() {
    let desk = Desk::new();
    fs::create_dir(desk.path("runs")).expect("a folder");
    fs::copy(network("digits.npz"), desk.path("runs/product-000.npz")).expect("copied");
    fs::copy(network("mlp.onnx"), desk.path("runs/report.json")).expect("copied");
    let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
    let words = ["is also an input"];
    desk.must_refuse(&["eval", &mlp, "--data", "runs/product-000.npz", "--dump", "runs"], &words);
    desk.must_refuse(&["eval", "runs/report.json", "--data", &data, "--out", "runs"], &words);
}

#[test]
fn a_preset_that_lacks_what_optimising_needs_is_told_which_section() {
    let desk = Desk::new();
    let paper = String::from_utf8(desk.cim(&["preset", "paper"]).stdout).expect("text");
    let without = |text: &str, section: &str| {
        let (before, rest) = text.split_once(&format!("\n[{section}]\n")).expect("a section");
        let after = rest.split_once("\n[").map_or("", |(_, after)| after);
        format!("{before}\n[{after}")
    };
    let no_energy = without(&paper, "energy");
    let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
    for (text, words) in [
        (without(&paper, "optimiser"), "the preset has no section optimiser"),
        (without(&no_energy, "optimiser"), "no section optimiser and no section energy"),
        (no_energy, "the preset has no section energy"),
    ] {
        fs::write(desk.path("own.toml"), text).expect("written");
        let optimise = ["optimise", &mlp, "--calibration", &data, "--preset", "own.toml"];
        desk.must_refuse(&optimise, &[words, "cim preset paper"]);
    }
}

/// A design says no more than a preset may.
#[test]
fn designs_have_the_ranges_of_presets() {
    let desk = Desk::new();
    let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
    let made = desk.cim(&["optimise", &mlp, "--calibration", &data, "--out", "own.toml"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let own = fs::read_to_string(desk.path("own.toml")).expect("written");
    let line =
        |key: &str| own.lines().find(|line| line.starts_with(key)).expect("there").to_owned();
    for (key, value, words) in [
        ("read_voltage", "\"1 V\"", "read_voltage is 1 V"),
        ("read_voltage", "\"1e-30 V\"", "read_voltage"),
        ("weight_clip", "1e30", "weight_clip"),
        ("drive_gain", "1e30", "drive_gain"),
    ] {
        let bad = own.replacen(&line(key), &format!("{key} = {value}"), 1);
        fs::write(desk.path("bad.toml"), bad).expect("written");
        desk.must_refuse(&["eval", &mlp, "--data", &data, "--config", "bad.toml"], &[words]);
    }
    let many = ["eval", &mlp, "--data", &data, "--calibration", "301"];
    desk.must_refuse(&many, &["calibration on 301", "300 samples"]);
}

/// An error that nobody reads is an error all the same; a lock that is a link is nobody's.
#[cfg(unix)]
#[test]
fn a_closed_pipe_and_a_link_in_place_of_a_lock_end_in_order() {
    let desk = Desk::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cim"));
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let ended = command.args(["explain", "no such key"]).stderr(writer).status().expect("runs");
    assert_eq!(ended.code(), Some(2));
    fs::create_dir(desk.path("runs")).expect("a folder");
    fs::write(desk.path("kept"), "precious").expect("written");
    std::os::unix::fs::symlink(desk.path("kept"), desk.path("runs/.cim-lock")).expect("a link");
    let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
    desk.must_refuse(&["eval", &mlp, "--data", &data, "--out", "runs"], &["no regular file"]);
    assert_eq!(fs::read_to_string(desk.path("kept")).expect("there"), "precious");
}

/// What is written is read: weights and samples of a size that no design has are refused where it would be written.
#[test]
fn a_design_that_no_reader_takes_is_not_written() {
    let desk = Desk::new();
    fs::write(desk.path("a.toml"), "input = [2]\n[[layer]]\nname = \"a\"\nkind = \"linear\"\n")
        .expect("written");
    let run = |weights: f32, samples: f32| {
        let header = br#"{"a.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header);
        file.extend([1.0, -0.5, 0.25, 0.75].iter().flat_map(|w| (w * weights).to_le_bytes()));
        fs::write(desk.path("a.safetensors"), file).expect("written");
        let x = Array2::from_shape_fn((8, 2), |(row, col)| samples * (row + 3 * col) as f32);
        let data = desk.npz("x.npz", &x, &arr1(&[0, 1, 0, 1, 0, 1, 0, 1]));
        let _ = fs::remove_file(desk.path("design.toml"));
        fn of<'a>(args: &[&'a str]) -> Vec<&'a str> {
            [args, &["--layers", "a.toml"]].concat()
        }
        let optimise =
            ["optimise", "a.safetensors", "--calibration", &data, "--out", "design.toml"];
        let optimised = desk.cim(&of(&optimise));
        if !optimised.status.success() {
            assert!(!desk.path("design.toml").exists(), "{weights} {samples}");
            return Err(of(&optimise).into_iter().map(str::to_owned).collect::<Vec<_>>());
        }
        let eval =
            ["eval", "a.safetensors", "--data", &data, "--config", "design.toml", "--chips", "2"];
        let taken = desk.cim(&of(&eval));
        assert!(
            taken.status.success(),
            "{weights} {samples}: {}",
            String::from_utf8_lossy(&taken.stderr)
        );
        Ok(())
    };
    assert_eq!(run(1.0, 1.0), Ok(()));
    let mut refused = 0;
    for (weights, samples) in [
        (1e-20, 1.0),
        (1e-37, 1.0),
        (1e20, 1.0),
        (1.0, 1e-20),
        (1.0, 1e25),
        (1e-20, 1e20),
        (1.0, 1e-40),
    ] {
        if let Err(args) = run(weights, samples) {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            desk.must_refuse(&args, &["network", "to a usual size"]);
            refused += 1;
        }
    }
    assert!(2 <= refused, "samples of 1e25 and of 1e-40 are of no design");
}
