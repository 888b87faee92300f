//! Inference of ResNet-20 on one core, beside its bare matrix products: the ratio of the two is
//! what everything around the products costs.

use cim_core::{Exact, MatMul, Scratch, Stream, Tally};
use cim_graph::{Limits, Network, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;

const BATCH: usize = 32;

/// Weights of the right shapes, drawn at random.
fn weights(at: Stream) -> Vec<u8> {
    let mut tensors: Vec<(String, Vec<usize>)> = Vec::new();
    let mut conv = |name: &str, norm: &str, outputs: usize, inputs: usize| {
        tensors.push((format!("{name}.weight"), vec![outputs, inputs, 3, 3]));
        for part in ["weight", "bias", "running_mean", "running_var"] {
            tensors.push((format!("{norm}.{part}"), vec![outputs]));
        }
    };
    conv("conv1", "bn1", 16, 3);
    let mut inputs = 16;
    for (stage, outputs) in [(1, 16), (2, 32), (3, 64)] {
        for block in 0..3 {
            let name = format!("layer{stage}.{block}");
            conv(&format!("{name}.conv1"), &format!("{name}.bn1"), outputs, inputs);
            conv(&format!("{name}.conv2"), &format!("{name}.bn2"), outputs, outputs);
            inputs = outputs;
        }
    }
    tensors.push(("linear.weight".to_owned(), vec![10, 64]));
    tensors.push(("linear.bias".to_owned(), vec![10]));
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for (index, (name, shape)) in tensors.iter().enumerate() {
        let mut values = vec![0.0f32; shape.iter().product()];
        at.fill_uniform(index as u64, &mut values);
        let (from, spread) = (data.len(), 2.0 / (values.len() / shape[0]) as f32);
        let value = |v: &f32| if shape.len() > 1 { (v - 0.5) * spread.sqrt() } else { 0.5 + v };
        data.extend(values.iter().flat_map(|v| value(v).to_le_bytes()));
        header.push(format!(
            r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{from},{}]}}"#,
            data.len()
        ));
    }
    let header = format!("{{{}}}", header.join(","));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

fn resnet(criterion: &mut Criterion) {
    let at = Stream::root(1);
    let layers = include_str!("../tests/resnet20.toml");
    let network =
        Network::from_safetensors(&weights(at.child("weights", 0)), layers, Limits::default());
    let network = network.expect("a network");
    let mut pixels = vec![0.0f32; BATCH * 3 * 32 * 32];
    at.child("images", 0).fill_uniform(0, &mut pixels);
    let inputs = [Tensor::new(vec![BATCH, 3, 32, 32], pixels).expect("images")];
    let exact = network.exact();
    let products: Vec<&dyn MatMul> = exact.iter().map(|product| product as _).collect();
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let mut group = criterion.benchmark_group("resnet-20, 32 images");
    group.bench_function("inference", |bencher| {
        bencher.iter(|| network.run(&products, &inputs, 0, &mut scratch, &mut tally));
    });
    let seen = network.product_inputs(&inputs).expect("vectors");
    let mut pairs: Vec<(&Exact, Array2<f32>, Array2<f32>)> = exact
        .iter()
        .zip(seen)
        .map(|(exact, x)| {
            let y = Array2::zeros((x.nrows(), exact.shape().1));
            (exact, x, y)
        })
        .collect();
    group.bench_function("bare products", |bencher| {
        bencher.iter(|| {
            for (exact, x, y) in &mut pairs {
                // As many rows at a time as in the network, so that they stay in cache as there.
                let parts = x.axis_chunks_iter(ndarray::Axis(0), 1024);
                for (x, y) in parts.zip(y.axis_chunks_iter_mut(ndarray::Axis(0), 1024)) {
                    exact.apply(x, 0, y, &mut scratch, &mut tally);
                }
            }
        });
    });
    group.finish();
}

criterion_group!(benches, resnet);
criterion_main!(benches);
