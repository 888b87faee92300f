//! Real images and a real network that the repository does not hold: `CIM_DATA`, or `../shared/data` beside it.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use cim_graph::{Limits, Network};
use ndarray::{Array2, Axis};

/// What to say where they are not there.
pub const LEFT_OUT: &str = "set CIM_DATA to the folder that has resnet20 and cifar10-subset";

/// ResNet-20 for CIFAR-10, if it is there.
///
/// # Panics
/// If it is damaged.
pub fn resnet_20() -> Option<Network> {
    let weights = std::fs::read(path("resnet20/resnet20-cifar10.safetensors")?).expect("readable");
    let layers = include_str!("../../crates/cim-graph/tests/resnet20.toml");
    Some(Network::from_safetensors(&weights, layers, Limits::default()).expect("a network"))
}

/// 932 test images of CIFAR-10 (images × 3072) as ResNet-20 takes them, with their labels, if they are there.
///
/// # Panics
/// If they are damaged.
pub fn images() -> Option<(Array2<f32>, Vec<u32>)> {
    let file = File::open(path("cifar10-subset/test_batch.bin.gz")?).expect("readable");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("a whole file");
    let records = Array2::from_shape_vec((bytes.len() / 3073, 3073), bytes).expect("whole records");
    let labels = records.column(0).iter().map(|&label| u32::from(label)).collect();
    let (mean, deviation) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let pixels = records.slice_axis(Axis(1), (1..).into());
    let samples = Array2::from_shape_fn(pixels.dim(), |(image, k)| {
        let channel = k / 1024;
        (f32::from(pixels[(image, k)]) / 255.0 - mean[channel]) / deviation[channel]
    });
    Some((samples, labels))
}

/// A file of the folder, if it is there.
fn path(part: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test finds its data by the environment")]
    let named = std::env::var_os("CIM_DATA").map(PathBuf::from);
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"));
    let path = named.unwrap_or_else(beside).join(part);
    path.exists().then_some(path)
}
