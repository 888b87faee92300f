//! ONNX's own conformance models, as Debian's `libonnx-testdata` installs them: each gives its
//! expected outputs, or is refused by name.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use cim_core::{MatMul, Scratch, Tally};
use cim_graph::{Data, GraphError, Limits, Network, Tensor};

/// Where the package puts its models: group / model / `model.onnx` and `test_data_set_0`.
const MODELS: &str = "/usr/share/libonnx-testdata/data";

/// Models that passed when this was last raised, of the 1,072 of version 1.12.0.
const PASSED_AT_LEAST: usize = 1;

/// Tolerances of ONNX's own runner.
const RELATIVE: f64 = 1e-3;
const ABSOLUTE: f64 = 1e-7;

#[derive(Debug)]
enum Outcome {
    Passed,
    Refused(GraphError),
    Failed(String),
}

#[test]
fn every_model_is_right_or_refused_by_name() {
    if !Path::new(MODELS).exists() {
        println!("left out: {MODELS} is not there; `apt-get install libonnx-testdata` puts it there");
        return;
    }
    let mut models: Vec<PathBuf> = folders(Path::new(MODELS)).iter().flat_map(|group| folders(group)).collect();
    models.retain(|model| model.join("model.onnx").exists());
    models.sort();
    let (mut passed, mut failed, mut refused) = (0, Vec::new(), BTreeMap::<String, usize>::new());
    for model in &models {
        let outcome = catch_unwind(AssertUnwindSafe(|| outcome_of(model)));
        match outcome.unwrap_or_else(|_| Outcome::Failed("panicked".to_owned())) {
            Outcome::Passed => passed += 1,
            Outcome::Refused(reason) => *refused.entry(kind_of(&reason)).or_default() += 1,
            Outcome::Failed(why) => failed.push(format!("{}: {why}", model.display())),
        }
    }
    let count: usize = refused.values().sum();
    println!("{} models: {passed} passed, {count} refused, {} failed", models.len(), failed.len());
    refused.iter().for_each(|(reason, count)| println!("{count:5} {reason}"));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(passed >= PASSED_AT_LEAST, "{passed} passed, {PASSED_AT_LEAST} did before");
}

/// A refusal without the name of the node.
fn kind_of(error: &GraphError) -> String {
    match error {
        GraphError::Operator { operator, .. } => format!("operator {operator}"),
        GraphError::Refused { operator, what, .. } => format!("{operator}: {what}"),
        other => {
            let text = other.to_string();
            text.split_once(": ").map_or(text.clone(), |(_name, what)| what.to_owned())
        }
    }
}

fn outcome_of(model: &Path) -> Outcome {
    match run(model) {
        Ok(()) => Outcome::Passed,
        Err(Ok(
            error @ (GraphError::Operator { .. }
            | GraphError::Refused { .. }
            | GraphError::Unsupported { .. }),
        )) => Outcome::Refused(error),
        Err(Ok(other)) => Outcome::Failed(other.to_string()),
        Err(Err(difference)) => Outcome::Failed(difference),
    }
}

fn run(model: &Path) -> Result<(), Result<GraphError, String>> {
    let network = Network::from_onnx(&read(&model.join("model.onnx")), Limits::default()).map_err(Ok)?;
    let tensors = |kind: &str| -> Result<Vec<Tensor>, Result<GraphError, String>> {
        let file = |k: usize| model.join(format!("test_data_set_0/{kind}_{k}.pb"));
        let files = (0..).map(file).take_while(|file| file.exists());
        files.map(|file| Network::tensor_from_onnx(&read(&file), Limits::default()).map_err(Ok)).collect()
    };
    let (inputs, wanted) = (tensors("input")?, tensors("output")?);
    let exact = network.exact();
    let products: Vec<&dyn MatMul> = exact.iter().map(|product| product as _).collect();
    let (scratch, tally) = (&mut Scratch::default(), &mut Tally::default());
    // Twice: buffers that were used before must not show.
    network.run(&products, &inputs, 0, scratch, tally).map_err(Ok)?;
    let given = network.run(&products, &inputs, 1, scratch, tally).map_err(Ok)?;
    if given.len() != wanted.len() {
        return Err(Err(format!("{} outputs in place of {}", given.len(), wanted.len())));
    }
    for (given, wanted) in given.iter().zip(&wanted) {
        compare(given, wanted).map_err(Err)?;
    }
    Ok(())
}

fn compare(given: &Tensor, wanted: &Tensor) -> Result<(), String> {
    let kind = |tensor: &Tensor| format!("{} {:?}", tensor.data_type(), tensor.shape());
    if kind(given) != kind(wanted) {
        return Err(format!("{} in place of {}", kind(given), kind(wanted)));
    }
    let differ = |at: usize, given: f64, wanted: f64| {
        let is_near = (given - wanted).abs() <= ABSOLUTE + RELATIVE * wanted.abs();
        let is_same = given == wanted || given.is_nan() && wanted.is_nan();
        if is_near || is_same { Ok(()) } else { Err(format!("{given} in place of {wanted} at {at}")) }
    };
    match (given.data(), wanted.data()) {
        (Data::F32(given), Data::F32(wanted)) => {
            let pairs = given.iter().zip(wanted).enumerate();
            pairs.map(|(at, (&g, &w))| differ(at, g.into(), w.into())).collect()
        }
        (Data::F64(given), Data::F64(wanted)) => {
            let pairs = given.iter().zip(wanted).enumerate();
            pairs.map(|(at, (&g, &w))| differ(at, g, w)).collect()
        }
        // Integers and truth values exactly.
        (given, wanted) if given == wanted => Ok(()),
        (given, wanted) => Err(format!("{given:?} in place of {wanted:?}")),
    }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    entries.map(|entry| entry.expect("a readable folder").path()).filter(|path| path.is_dir()).collect()
}
