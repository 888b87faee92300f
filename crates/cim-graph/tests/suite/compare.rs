//! Networks in the layout of ONNX's tests: `model.onnx` beside `test_data_set_0`.

use std::fmt;
use std::path::{Path, PathBuf};

use cim_core::{MatMul, Scratch, Tally};
use cim_graph::{Data, GraphError, Limits, Network, Tensor};

/// Why a network does not give what it should.
pub enum Fault {
    Error(GraphError),
    Differs(String),
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => write!(f, "{error}"),
            Self::Differs(how) => f.write_str(how),
        }
    }
}

/// Runs a network in a folder twice and compares it with its expected outputs. A tolerance is
/// absolute, and relative to the expected element.
pub fn run(folder: &Path, tolerance: (f64, f64)) -> Result<Network, Fault> {
    let network = Network::from_onnx(&read(&folder.join("model.onnx")), Limits::default());
    let network = network.map_err(Fault::Error)?;
    let (inputs, wanted) = (tensors(folder, "input")?, tensors(folder, "output")?);
    let exact = network.exact();
    let products: Vec<&dyn MatMul> = exact.iter().map(|product| product as _).collect();
    let (scratch, tally) = (&mut Scratch::default(), &mut Tally::default());
    // Twice: what buffers held before must not show.
    for call in 0..2 {
        let given = network.run(&products, &inputs, call, scratch, tally).map_err(Fault::Error)?;
        if given.len() != wanted.len() {
            let what = format!("{} outputs in place of {}", given.len(), wanted.len());
            return Err(Fault::Differs(what));
        }
        for (given, wanted) in given.iter().zip(&wanted) {
            compare(given, wanted, tolerance).map_err(Fault::Differs)?;
        }
    }
    Ok(network)
}

/// Inputs or outputs of a folder, in order.
pub fn tensors(folder: &Path, kind: &str) -> Result<Vec<Tensor>, Fault> {
    let file = |k: usize| folder.join(format!("test_data_set_0/{kind}_{k}.pb"));
    let files = (0..).map(file).take_while(|file| file.exists());
    files
        .map(|file| {
            Network::tensor_from_onnx(&read(&file), Limits::default()).map_err(Fault::Error)
        })
        .collect()
}

/// Floating point within a tolerance, all else exactly.
pub fn compare(given: &Tensor, wanted: &Tensor, tolerance: (f64, f64)) -> Result<(), String> {
    let kind = |tensor: &Tensor| format!("{} {:?}", tensor.data_type(), tensor.shape());
    if kind(given) != kind(wanted) {
        return Err(format!("{} in place of {}", kind(given), kind(wanted)));
    }
    let (absolute, relative) = tolerance;
    let differ = |at: usize, given: f64, wanted: f64| {
        let is_near = (given - wanted).abs() <= absolute + relative * wanted.abs();
        let is_same = given == wanted || given.is_nan() && wanted.is_nan();
        if is_near || is_same {
            Ok(())
        } else {
            Err(format!("{given} in place of {wanted} at {at}"))
        }
    };
    match (given.data(), wanted.data()) {
        (Data::F32(given), Data::F32(wanted)) => {
            let mut pairs = given.iter().zip(wanted).enumerate();
            pairs.try_for_each(|(at, (&g, &w))| differ(at, g.into(), w.into()))
        }
        (Data::F64(given), Data::F64(wanted)) => {
            let mut pairs = given.iter().zip(wanted).enumerate();
            pairs.try_for_each(|(at, (&g, &w))| differ(at, g, w))
        }
        (given, wanted) if given == wanted => Ok(()),
        (given, wanted) => Err(format!("{given:?} in place of {wanted:?}")),
    }
}

pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Folders in a folder, in alphabetical order.
pub fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut folders: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The small networks that are committed here, made by `make_models.py`.
pub fn golden() -> Vec<PathBuf> {
    folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"))
}
