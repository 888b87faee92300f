//! ONNX's own conformance models, as Debian's `libonnx-testdata` installs them: each gives its
//! expected outputs, or is refused by name.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use cim_graph::GraphError;

use crate::compare::{Fault, folders, run};

/// Where the package puts its models: group / model / `model.onnx` and `test_data_set_0`.
const MODELS: &str = "/usr/share/libonnx-testdata/data";

/// Models of versions 1.12.0 and 1.14.1 of ONNX, and how many of them passed when this was last raised. Of other
/// versions, too, none may be wrong.
const COUNTED: [(usize, usize); 2] = [(1072, 917), (1308, 1055)];

/// Tolerances of ONNX's own runner, absolute and relative.
const TOLERANCE: (f64, f64) = (1e-7, 1e-3);

#[test]
fn every_model_is_right_or_refused_by_name() {
    if !Path::new(MODELS).exists() {
        println!(
            "left out: {MODELS} is not there; `apt-get install libonnx-testdata` puts it there"
        );
        return;
    }
    let mut models: Vec<PathBuf> =
        folders(Path::new(MODELS)).iter().flat_map(|group| folders(group)).collect();
    models.retain(|model| model.join("model.onnx").exists());
    let (mut passed, mut failed, mut refused) = (0, Vec::new(), BTreeMap::<String, usize>::new());
    for model in &models {
        match catch_unwind(AssertUnwindSafe(|| run(model, TOLERANCE))) {
            Ok(Ok(_network)) => passed += 1,
            Ok(Err(Fault::Error(error))) if is_refusal(&error) => {
                *refused.entry(kind_of(&error)).or_default() += 1;
            }
            Ok(Err(fault)) => failed.push(format!("{}: {fault:?}", model.display())),
            Err(_panic) => failed.push(format!("{}: panicked", model.display())),
        }
    }
    let count: usize = refused.values().sum();
    println!("{} models: {passed} passed, {count} refused, {} failed", models.len(), failed.len());
    refused.iter().for_each(|(reason, count)| println!("{count:5} {reason}"));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let before = COUNTED.iter().find(|(count, _)| *count == models.len());
    assert!(
        before.is_none_or(|(_, before)| *before <= passed),
        "{passed} passed, before {before:?}"
    );
}

fn is_refusal(error: &GraphError) -> bool {
    matches!(
        error,
        GraphError::Operator { .. } | GraphError::Refused { .. } | GraphError::Unsupported { .. }
    )
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
