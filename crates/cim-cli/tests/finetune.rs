//! `cim finetune` as its user meets it: a network and labelled samples in, weights out that `cim eval` takes.

mod desk;

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::desk::Desk;

fn network(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../data/networks")
        .join(name)
        .display()
        .to_string()
}

impl Desk {
    fn json(&self, args: &[&str]) -> Value {
        let output = self.cim(&[args, &["--json"]].concat());
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn refused(&self, args: &[&str]) -> String {
        let output = self.cim(args);
        let said = String::from_utf8_lossy(&output.stderr).replace(['\n', '│'], " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
        said
    }
}

/// Weights are written, judged, and are the network that `cim eval --weights` and `cim optimise --weights`
/// read.
#[test]
fn fine_tuned_weights_are_evaluated_in_place_of_the_file_s() {
    let desk = Desk::new();
    let (cnn, data) = (network("cnn.onnx"), network("digits.npz"));
    let tune = ["finetune", &cnn, "--data", &data, "--out", "cnn.safetensors", "--epochs", "1"];
    let few = ["--chips", "2", "--learning-rates", "0.002", "--seed", "3", "--holdout", "0.4"];
    let said = desk.json(&[&tune[..], &few].concat());
    assert_eq!(said["command"], "finetune");
    assert_eq!(
        (said["learned_from"].as_u64(), said["chosen_with"].as_u64()),
        (Some(180), Some(60))
    );
    assert_eq!(said["tried"].as_array().expect("a list").len(), 2);
    let eval = ["eval", &cnn, "--data", &data, "--chips", "2", "--samples", "50"];
    let with = |more: &[&str]| desk.json(&[&eval[..], more].concat());
    let (before, after) = (with(&[]), with(&["--weights", "cnn.safetensors"]));
    assert!(after["run"]["command"].as_str().expect("text").contains("--weights cnn.safetensors"));
    let mean = |report: &Value| report["figures"]["output_error"]["mean"].as_f64();
    let learned = said["learning_rate"].is_number();
    assert_eq!(
        mean(&before) == mean(&after),
        !learned,
        "the weights are others if any were learned"
    );
    let optimise = ["optimise", &cnn, "--calibration", &data, "--weights", "cnn.safetensors"];
    assert!(desk.cim(&optimise).status.success());
    let words = desk.cim(&[&tune[..], &few, &["--timing"]].concat());
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    for word in ["gained", "points on the same chips", "weights in cnn.safetensors", "train at"] {
        assert!(words.contains(word), "{word}: {words}");
    }
}

#[test]
fn what_cannot_be_fine_tuned_is_told_in_one_line() {
    let desk = Desk::new();
    let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
    let with = |more: &[&str]| {
        desk.refused(
            &[&["finetune", &mlp, "--data", &data, "--out", "w.safetensors"], more].concat(),
        )
    };
    for (more, words) in [
        (&["--holdout", "1.5"][..], "a share of 1.5"),
        (&["--holdout", "0.001"], "0 of 300 samples held out"),
        (&["--learning-rates", "-1"], "learning"),
        (&["--chips", "1"], "chips"),
        (&["--epochs", "0"], "epochs"),
        (&["--after", "1 day"], "time"),
        (&["--weights", &data], "digits.npz"),
        (&["--test", &data], "most of which is learned from"),
        (&["--learning-rates", "0.001,0.002,0.001"], "1e-3 twice"),
    ] {
        let said = with(more);
        assert!(said.contains(words), "{more:?}: '{words}' is not in: {said}");
        assert!(!desk.path("w.safetensors").exists());
    }
    fs::copy(&mlp, desk.path("own.onnx")).expect("copied");
    let said = desk.refused(&["finetune", "own.onnx", "--data", &data, "--out", "own.onnx"]);
    assert!(said.contains("overwritten"), "{said}");
    // A preset is an input, too.
    fs::write(desk.path("mine.toml"), desk.cim(&["preset", "paper"]).stdout).expect("written");
    let tune = ["finetune", &mlp, "--data", &data, "--preset", "./mine.toml", "--out", "mine.toml"];
    let said = desk.refused(&tune);
    assert!(said.contains("overwritten"), "{said}");
    fs::create_dir(desk.path("out")).expect("a folder");
    fs::rename(desk.path("mine.toml"), desk.path("out/report.json")).expect("moved");
    let eval = ["eval", &mlp, "--data", &data, "--preset", "./out/report.json", "--out", "out"];
    let said = desk.refused(&eval);
    assert!(said.contains("overwritten"), "{said}");
    let two = ["--weights", "a.safetensors", "--weights", "b.safetensors"];
    let said = desk.refused(&[&["optimise", &mlp, "--calibration", &data][..], &two].concat());
    assert!(said.contains("b.safetensors"), "{said}");
}

/// Weights that are no numbers, or sums that single precision does not hold, are no answer of 0 %.
#[test]
fn answers_that_are_no_numbers_are_refused() {
    let desk = Desk::new();
    let (mlp, data) = (network("mlp.onnx"), network("digits.npz"));
    let few = ["--epochs", "1", "--chips", "2", "--learning-rates", "0.002"];
    let tune = ["finetune", &mlp, "--data", &data, "--out", "w.safetensors"];
    desk.json(&[&tune[..], &few].concat());
    let written = fs::read(desk.path("w.safetensors")).expect("written");
    let length = u64::from_le_bytes(written[..8].try_into().expect("eight bytes")) as usize;
    let header: Value = serde_json::from_slice(&written[8..8 + length]).expect("a header");
    let place = |name: &str| {
        let offset = header[name]["data_offsets"][0].as_u64().expect("an offset") as usize;
        8 + length + offset
    };
    let names: Vec<&String> = header.as_object().expect("names").keys().collect();
    let biases: Vec<&&String> = names.iter().filter(|name| name.ends_with("bias")).collect();
    for (value, words) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (3e38, "puts out")] {
        let mut file = written.clone();
        for bias in &biases {
            file[place(bias)..][..4].copy_from_slice(&value.to_le_bytes());
        }
        fs::write(desk.path("w.safetensors"), file).expect("written");
        let eval = ["eval", &mlp, "--data", &data, "--weights", "w.safetensors", "--chips", "2"];
        let said = desk.refused(&eval);
        assert!(said.contains(words), "{value}: {said}");
    }
}
