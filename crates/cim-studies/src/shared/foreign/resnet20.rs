//! ResNet-20 on CIFAR-10.

use std::fmt::Write;

use cim_chip::{ChipError, Foreign};
use cim_data::DataError;
use cim_data::cifar::{self, Cifar};
use cim_graph::{Limits, Network};
use ndarray::{Array2, s};

use super::spec::ForeignSpec;
use crate::error::StudyError;

/// Tensors of akamaster/pytorch_resnet_cifar10.
const WEIGHTS: &str = "resnet20-cifar10.safetensors";
const TEST: [&str; 2] = ["test_batch.bin.gz", "test_batch.bin"];
const TRAIN: [&str; 4] =
    ["train_batch.bin.gz", "train_batch.bin", "data_batch_1.bin.gz", "data_batch_1.bin"];

/// Planes of its inputs: means and deviations that it was trained with.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// Images of its training set that are kept, to calibrate on.
const CALIBRATION: usize = 256;

/// ResNet-20, with images that it is measured on and some that it was trained on.
pub struct ResNet20 {
    /// The network.
    pub network: Foreign,
    /// Test images × inputs.
    pub test: Array2<f32>,
    /// Their classes.
    pub labels: Vec<u8>,
    /// Training images × inputs.
    pub calibration: Array2<f32>,
    /// SHA-256 of weights and test images, hexadecimal.
    pub sha256: [String; 2],
}

impl ResNet20 {
    /// Reads it, or says which file is missing.
    pub fn find(spec: &ForeignSpec) -> Result<Result<Self, String>, StudyError> {
        let name = "ResNet-20 (Idelbayev, pytorch_resnet_cifar10) on CIFAR-10";
        let Some(weights) = spec.find(&[WEIGHTS]) else {
            return Ok(Err(spec.left_out(name, WEIGHTS)));
        };
        let Some(test) = spec.find(&TEST) else { return Ok(Err(spec.left_out(name, TEST[1]))) };
        let Some(train) = spec.find(&TRAIN) else { return Ok(Err(spec.left_out(name, TRAIN[3]))) };
        let read = |reason| DataError::Read { path: weights.clone(), reason };
        let bytes = cim_data::whole(&weights).map_err(read)?;
        let network = Network::from_safetensors(&bytes, &description(), Limits::default());
        let network = network.map_err(ChipError::from)?;
        let [test, train] = [cifar::load(&test)?, cifar::load(&train)?];
        let normalised = |set: &Cifar| set.normalised(MEAN, DEVIATION);
        let kept = train.labels.len().min(CALIBRATION);
        let pixels = train.pixels.slice(s![..kept, ..]).to_owned();
        let train = Cifar { pixels, labels: train.labels[..kept].to_vec(), ..train };
        let x = normalised(&test);
        let sample = x.row(0).to_vec();
        Ok(Ok(Self {
            network: Foreign::new(network, &[vec![3, 32, 32]], &sample)?,
            calibration: normalised(&train),
            test: x,
            labels: test.labels,
            sha256: [cim_data::sha256(&bytes), test.sha256],
        }))
    }
}

/// Its layers: three groups of three residual blocks, shortcuts of option A, batch norms folded.
fn description() -> String {
    let mut text = String::from("input = [3, 32, 32]\n");
    text += &conv("conv1", "bn1", "");
    let mut before = "conv1".to_owned();
    for group in 1..=3 {
        for block in 0..3 {
            let name = |part: &str| format!("layer{group}.{block}.{part}");
            let narrows = 1 < group && block == 0;
            let stride = if narrows { "stride = 2\n" } else { "" };
            let from = format!("from = \"{before}\"\n{stride}");
            text += &conv(&name("conv1"), &name("bn1"), &from);
            if narrows {
                before = name("shortcut");
                // Twice as many channels as before, the new ones on both sides.
                let padded = 4 << (group - 1);
                let _ = write!(
                    text,
                    "[[layer]]\nname = \"{before}\"\nkind = \"shortcut\"\n{from}channels = \
                     [{padded}, {padded}]\n"
                );
            }
            let more = format!("from = \"{}\"\nadd = \"{before}\"\n", name("conv1"));
            before = name("conv2");
            text += &conv(&before, &name("bn2"), &more);
        }
    }
    text + "[[layer]]\nname = \"pool\"\nkind = \"global-average-pool\"\n[[layer]]\nname = \"flat\"\n\
            kind = \"flatten\"\n[[layer]]\nname = \"linear\"\nkind = \"linear\"\n"
}

/// A convolution over 3 × 3 pixels with its batch norm.
fn conv(name: &str, norm: &str, more: &str) -> String {
    format!(
        "[[layer]]\nname = \"{name}\"\nkind = \"conv\"\npadding = 1\nnorm = \"{norm}\"\n\
         activation = \"relu\"\n{more}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without weights it is refused by the first tensor that is missing, and only by that.
    #[test]
    fn the_description_is_one_of_twenty_products() {
        let text = description();
        assert_eq!(text.matches("kind = \"conv\"").count(), 19);
        assert_eq!(text.matches("kind = \"shortcut\"").count(), 2);
        assert!(text.contains("channels = [8, 8]") && text.contains("channels = [16, 16]"));
        let table: toml::Table = text.parse().expect("TOML");
        assert_eq!(table["layer"].as_array().map(Vec::len), Some(19 + 2 + 3));
    }
}
