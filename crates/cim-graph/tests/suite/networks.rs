//! Networks that others trained or other tools computed.

use std::io::Read;
use std::path::{Path, PathBuf};

use cim_core::{MatMul, Scratch, Tally};
use cim_graph::{Limits, Network, Placement, Tensor};

use crate::compare::{folders, golden, read, run};

/// Folder of data that is not part of the repository: `CIM_DATA`, or `../shared/data` beside it.
fn data(part: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test finds its data by the environment")]
    let named = std::env::var_os("CIM_DATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = named.unwrap_or_else(beside).join(part);
    if !path.exists() {
        println!(
            "left out: {} is not there; set CIM_DATA to the folder that has it",
            path.display()
        );
        return None;
    }
    Some(path)
}

/// Outputs of onnxruntime in the same precision; sums in another order differ by rounding.
const ROUNDING: (f64, f64) = (2e-5, 1e-4);

#[test]
fn golden_networks_give_what_onnxruntime_gives() {
    for folder in golden() {
        let network =
            run(&folder, ROUNDING).unwrap_or_else(|e| panic!("{}: {e:?}", folder.display()));
        assert!(!network.products().is_empty(), "{}", folder.display());
    }
}

/// Any networks in the layout of ONNX's tests, such as MiniLM and Silero by `make_models.py`.
#[test]
fn further_networks_give_what_onnxruntime_gives() {
    let Some(networks) = data("onnx-networks") else { return };
    for folder in folders(&networks) {
        match run(&folder, (2e-4, 1e-3)) {
            Ok(network) => {
                let cells: usize = network.products().iter().map(|p| p.weights.len()).sum();
                let (products, name) = (network.products().len(), folder.display());
                println!("{name}: {products} products, {cells} weights");
            }
            Err(fault) => panic!("{}: {fault:?}", folder.display()),
        }
    }
}

/// With `sr` fixed, the branch of the other sampling rate and its products are gone.
#[test]
fn a_fixed_input_leaves_one_branch() {
    let Some(folder) = data("onnx-networks/silero_vad") else { return };
    let bytes = read(&folder.join("model.onnx"));
    let rate = Tensor::new(Vec::new(), vec![16_000i64]).expect("one number");
    let whole = Network::from_onnx(&bytes, Limits::default()).expect("a network");
    let half =
        Network::from_onnx_with(&bytes, &[("sr", rate)], Limits::default()).expect("a network");
    assert_eq!(half.products().len() * 2, whole.products().len());
    assert_eq!(half.inputs().len() + 1, whole.inputs().len());
}

/// Images of CIFAR-10's binary format as ResNet-20 takes them, and their labels.
fn cifar(path: &Path) -> (Vec<f32>, Vec<u8>) {
    const IMAGE: usize = 3 * 32 * 32;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).expect("a readable file");
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("a whole file");
    let (mean, deviation) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for record in bytes.chunks_exact(1 + IMAGE) {
        labels.push(record[0]);
        pixels.extend(record[1..].iter().enumerate().map(|(k, &value)| {
            let channel = k / (32 * 32);
            (f32::from(value) / 255.0 - mean[channel]) / deviation[channel]
        }));
    }
    (pixels, labels)
}

/// The authors' weights classify 854 of the 932 images right in PyTorch.
#[test]
fn resnet_20_is_as_accurate_as_in_pytorch() {
    let (Some(weights), Some(images)) =
        (data("resnet20/resnet20-cifar10.safetensors"), data("cifar10-subset/test_batch.bin.gz"))
    else {
        return;
    };
    let layers = include_str!("../resnet20.toml");
    let network = Network::from_safetensors(&read(&weights), layers, Limits::default());
    let network = network.expect("a network");
    assert_eq!(network.products().len(), 20);
    assert!(network.placed().iter().all(|p| matches!(p.placement, Placement::Products(_))));
    let exact = network.exact();
    let products: Vec<&dyn MatMul> = exact.iter().map(|product| product as _).collect();
    let (pixels, labels) = cifar(&images);
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let mut right = 0;
    for (block, (pixels, labels)) in pixels.chunks(100 * 3072).zip(labels.chunks(100)).enumerate() {
        let x = Tensor::new(vec![labels.len(), 3, 32, 32], pixels.to_vec()).expect("images");
        let y = network.run(&products, &[x], block as u64, &mut scratch, &mut tally);
        let y = y.expect("logits");
        let logits = y[0].as_f32().expect("numbers");
        right += logits
            .chunks_exact(10)
            .zip(labels)
            .filter(|(logits, label)| {
                let best = (0..10).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
                best == Some(usize::from(**label))
            })
            .count();
    }
    println!("{right} of {} right", labels.len());
    assert_eq!((right, labels.len()), (854, 932));
}
