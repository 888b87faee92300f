//! Damaged files give one typed error or a network that runs within its limits: no panic, no long
//! wait, no more memory than the limits allow.

#![expect(clippy::print_stdout, reason = "a test says what it counted and what it left out")]

use std::path::Path;

use cim_core::{MatMul, Scratch, Stream, Tally};
use cim_graph::{Limits, Network, Tensor};

/// Small enough that a damaged file cannot keep a test waiting.
const LIMITS: Limits = Limits { elements: 1 << 18, work: 1 << 24, nesting: 4 };

/// Damaged copies of each file and kind of damage.
const COPIES: u64 = 400;

/// Whole numbers below `below`, by address.
fn draws(at: Stream, count: usize, below: usize) -> Vec<usize> {
    let mut uniform = vec![0.0f32; count];
    at.fill_uniform(0, &mut uniform);
    uniform.iter().map(|u| ((f64::from(*u) * below as f64) as usize).min(below - 1)).collect()
}

/// A copy with a few bytes changed, cut short, or with a part of it in another place.
fn damaged(file: &[u8], at: Stream, copy: u64) -> Vec<u8> {
    let at = at.child("copy", copy);
    let mut bytes = file.to_vec();
    let places = draws(at.child("place", 0), 8, file.len());
    let values = draws(at.child("value", 0), 8, 256);
    match copy % 4 {
        0 => {
            let count = 1 + values[7] % 4;
            places[..count]
                .iter()
                .zip(&values)
                .for_each(|(&place, &value)| bytes[place] = value as u8);
        }
        // Lengths and types are small numbers: nearby values matter most.
        1 => {
            bytes[places[0]] = bytes[places[0]].wrapping_add(if values[0] < 128 { 1 } else { 255 })
        }
        2 => bytes.truncate(places[0]),
        _ => {
            let len = (1 + values[0]).min(file.len() - places[0]);
            let to = places[1].min(file.len() - len);
            bytes.copy_within(places[0]..places[0] + len, to);
        }
    }
    bytes
}

fn run(network: &Network, inputs: &[Tensor]) -> bool {
    let exact = network.exact();
    let products: Vec<&dyn MatMul> = exact.iter().map(|product| product as _).collect();
    network.run(&products, inputs, 0, &mut Scratch::default(), &mut Tally::default()).is_ok()
}

#[test]
fn damaged_onnx_files_are_refused_or_run_within_limits() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let at = Stream::root(11);
    let (mut read, mut ran, mut refused) = (0, 0, 0);
    for (index, name) in
        ["cnn", "mlp", "quantised", "recurrent", "transformer"].into_iter().enumerate()
    {
        let bytes =
            |file: &str| std::fs::read(golden.join(name).join(file)).expect("a golden file");
        let file = bytes("model.onnx");
        let inputs: Vec<Tensor> = (0..2)
            .map(|k| golden.join(name).join(format!("test_data_set_0/input_{k}.pb")))
            .filter(|path| path.exists())
            .map(|path| Network::tensor_from_onnx(&std::fs::read(path).expect("a file"), LIMITS))
            .collect::<Result<_, _>>()
            .expect("inputs");
        for copy in 0..COPIES {
            match Network::from_onnx(&damaged(&file, at.child("file", index as u64), copy), LIMITS)
            {
                Ok(network) => {
                    read += 1;
                    ran += usize::from(run(&network, &inputs));
                }
                Err(error) => {
                    refused += 1;
                    assert!(!error.to_string().is_empty());
                }
            }
        }
        // Every way to end too early that does not end between two fields of the file itself.
        for len in 0..file.len().min(600) {
            let _ = Network::from_onnx(&file[..len], LIMITS);
        }
        let data = bytes("test_data_set_0/input_0.pb");
        for copy in 0..COPIES {
            let _ = Network::tensor_from_onnx(
                &damaged(&data, at.child("data", index as u64), copy),
                LIMITS,
            );
        }
    }
    println!("{refused} refused, {read} read, {ran} of them ran");
    assert!(refused > 500 && ran > 100, "damage of all sorts: {refused} refused, {ran} ran");
    within_memory();
}

const LAYERS: &str = r#"
input = [1, 4, 4]

[[layer]]
name = "conv"
kind = "conv"
padding = 1
norm = "norm"
activation = "relu"

[[layer]]
name = "flat"
kind = "flatten"

[[layer]]
name = "out"
kind = "linear"
"#;

/// Two layers of weights.
fn safetensors() -> Vec<u8> {
    let tensors = [
        ("conv.weight", vec![2, 1, 3, 3]),
        ("norm.weight", vec![2]),
        ("norm.bias", vec![2]),
        ("norm.running_mean", vec![2]),
        ("norm.running_var", vec![2]),
        ("out.weight", vec![3, 32]),
        ("out.bias", vec![3]),
    ];
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for (name, shape) in tensors {
        let from = data.len();
        let count: usize = shape.iter().product();
        data.extend((0..count).flat_map(|k| (1.0 + (k % 5) as f32).to_le_bytes()));
        header.push(format!(
            r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{from},{}]}}"#,
            data.len()
        ));
    }
    let mut header = format!("{{{}}}", header.join(","));
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

#[test]
fn damaged_safetensors_and_descriptions_are_refused_or_run_within_limits() {
    let file = safetensors();
    let x = || Tensor::new(vec![2, 1, 4, 4], vec![0.5f32; 32]).expect("images");
    let whole = Network::from_safetensors(&file, LAYERS, LIMITS).expect("a network");
    assert!(run(&whole, &[x()]));
    let at = Stream::root(12);
    let mut refused = 0;
    for copy in 0..4 * COPIES {
        match Network::from_safetensors(
            &damaged(&file, at.child("weights", 0), copy),
            LAYERS,
            LIMITS,
        ) {
            Ok(network) => drop(run(&network, &[x()])),
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
        let layers = damaged(LAYERS.as_bytes(), at.child("layers", 0), copy);
        if let Ok(network) =
            Network::from_safetensors(&file, &String::from_utf8_lossy(&layers), LIMITS)
        {
            let _ = run(&network, &[x()]);
        }
    }
    assert!(refused > 300, "{refused} refused");
    within_memory();
}

/// What the limits allow is a few megabytes; a length that was believed would be gigabytes.
fn within_memory() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        println!("left out: this system does not say how much memory was used");
        return;
    };
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok());
    let peak_kib = peak.expect("a peak in kB");
    println!("peak memory {} MiB", peak_kib >> 10);
    assert!(peak_kib < 256 << 10, "{peak_kib} KiB");
}
