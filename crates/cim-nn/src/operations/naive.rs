//! Convolutions and pools against plain loops from their definitions, with whole numbers, so that
//! sums are exact.

use cim_core::{Scratch, Stream, Tally};
use ndarray::{Array2, Array4};

use crate::Network;
use crate::operations::OperationSpec;
use crate::shape::Shape;

fn whole(len: usize, at: Stream) -> Vec<f32> {
    let mut draws = vec![0.0; len];
    at.fill_uniform(0, &mut draws);
    draws.iter().map(|u| (9.0 * u).floor() - 4.0).collect()
}

/// Channels × padded height × padded width of one sample, with `nothing` around it.
fn padded(x: &[f32], shape: Shape, padding: [usize; 2], nothing: f32) -> ndarray::Array3<f32> {
    let sides = [shape.height + 2 * padding[0], shape.width + 2 * padding[1]];
    ndarray::Array3::from_shape_fn((shape.channels, sides[0], sides[1]), |(c, i, j)| {
        let row = i.checked_sub(padding[0]).filter(|&i| i < shape.height);
        let col = j.checked_sub(padding[1]).filter(|&j| j < shape.width);
        match (row, col) {
            (Some(i), Some(j)) => x[(c * shape.height + i) * shape.width + j],
            _ => nothing,
        }
    })
}

/// Runs a network that is `spec` and then the identity on whole samples; returns samples, network
/// and outputs.
fn run(spec: &str, input: Shape, batch: usize, at: Stream) -> (Vec<f32>, Network, Array2<f32>) {
    let spec: OperationSpec = toml::from_str(spec).expect("a spec");
    let flatten = toml::from_str("op = \"flatten\"").expect("a spec");
    let mut specs = vec![spec, flatten];
    // A network needs weights: the identity stands behind what has none.
    let outputs = crate::operations::Builder::default()
        .list(&specs, input, None)
        .expect("it fits")
        .1
        .channels;
    let tail = format!("op = \"linear\"\nfeatures = {outputs}");
    specs.push(toml::from_str(&tail).expect("a spec"));
    let mut network = Network::drawn(input, &specs, at).expect("it fits");
    let last = network.layers().len() - 1;
    for (k, layer) in network.layers_mut().iter_mut().enumerate() {
        let shape = layer.weights.dim();
        let drawn = whole(shape.0 * shape.1, at.child("w", k as u64));
        layer.weights = Array2::from_shape_vec(shape, drawn).expect("all weights");
        layer.bias.assign(&ndarray::Array1::from(whole(shape.1, at.child("b", k as u64))));
        if k == last {
            layer.weights = Array2::eye(outputs);
            layer.bias.fill(0.0);
        }
    }
    let x = whole(batch * input.len(), at.child("x", 0));
    let samples = Array2::from_shape_vec((batch, input.len()), x.clone()).expect("all samples");
    let y = network.digital_logits(samples.view());
    (x, network, y)
}

#[test]
fn convolution_is_its_definition() {
    for (round, (groups, group_in, group_out, kernel, stride, padding)) in [
        (1, 1, 2, [5, 5], [1, 1], [2, 2]),
        (1, 3, 4, [3, 3], [1, 1], [1, 1]),
        (2, 2, 3, [3, 2], [2, 3], [0, 1]),
        (4, 1, 1, [3, 3], [2, 1], [1, 0]),
        (1, 4, 2, [1, 1], [2, 2], [0, 0]),
        (1, 3, 2, [1, 1], [1, 1], [0, 0]),
        (3, 1, 2, [1, 4], [1, 2], [0, 3]),
    ]
    .into_iter()
    .enumerate()
    {
        let at = Stream::root(71).child("round", round as u64);
        let input = Shape::image(groups * group_in, 7, 9);
        let channels = groups * group_out;
        let spec = format!(
            "op = \"conv2d\"\nchannels = {channels}\nkernel = {kernel:?}\nstride = {stride:?}\n\
             padding = {padding:?}\ngroups = {groups}"
        );
        let batch = 3;
        let (x, network, y) = run(&spec, input, batch, at);
        let sides = [0, 1]
            .map(|s| ([input.height, input.width][s] + 2 * padding[s] - kernel[s]) / stride[s] + 1);
        let y = Array4::from_shape_vec(
            (batch, channels, sides[0], sides[1]),
            y.into_raw_vec_and_offset().0,
        )
        .expect("as many outputs as the definition has");
        for ((n, c, i, j), &got) in y.indexed_iter() {
            let sample = padded(&x[n * input.len()..][..input.len()], input, padding, 0.0);
            let (group, out) = (c / group_out, c % group_out);
            let layer = &network.layers()[group];
            let mut want = layer.bias[out];
            for k in 0..group_in {
                for down in 0..kernel[0] {
                    for right in 0..kernel[1] {
                        let row = (k * kernel[0] + down) * kernel[1] + right;
                        let place =
                            [group * group_in + k, i * stride[0] + down, j * stride[1] + right];
                        want += layer.weights[[row, out]] * sample[place];
                    }
                }
            }
            assert_eq!(got, want, "round {round}, sample {n}, channel {c}, ({i}, {j})");
        }
        // What calibration sees is what the product is driven with.
        let samples = Array2::from_shape_vec((batch, input.len()), x).expect("all samples");
        let inputs = network.product_inputs(samples.view(), 2);
        let first = network.layers()[0].weights.view();
        let sums = inputs[0].dot(&first) + &network.layers()[0].bias;
        for ((row, out), &sum) in sums.indexed_iter() {
            let (n, place) = (row / (sides[0] * sides[1]), row % (sides[0] * sides[1]));
            assert_eq!(sum, y[[n, out, place / sides[1], place % sides[1]]]);
        }
        assert_eq!(inputs[0].nrows(), 2 * sides[0] * sides[1]);
        // The same through products of someone else, as on a chip.
        let passed = network.pre_activations(
            &network.exact(),
            samples.view(),
            0,
            &mut Scratch::default(),
            &mut Tally::default(),
        );
        assert_eq!(passed[0].slice(ndarray::s![..sums.nrows(), ..]), sums);
    }
}

#[test]
fn pools_are_their_definition() {
    for (round, (kernel, stride, padding)) in [
        ([2, 2], [2, 2], [0, 0]),
        ([3, 2], [1, 2], [1, 1]),
        ([3, 3], [2, 2], [1, 0]),
        ([1, 4], [3, 1], [0, 3]),
    ]
    .into_iter()
    .enumerate()
    {
        for name in ["max-pool", "average-pool"] {
            let at = Stream::root(72).child("round", round as u64);
            let input = Shape::image(3, 6, 7);
            let spec = format!(
                "op = \"{name}\"\nkernel = {kernel:?}\nstride = {stride:?}\npadding = {padding:?}"
            );
            let batch = 2;
            let (x, _, y) = run(&spec, input, batch, at);
            let sides = [0, 1].map(|s| {
                ([input.height, input.width][s] + 2 * padding[s] - kernel[s]) / stride[s] + 1
            });
            let y = Array4::from_shape_vec(
                (batch, 3, sides[0], sides[1]),
                y.into_raw_vec_and_offset().0,
            );
            for ((n, c, i, j), &got) in y.expect("as many as the definition has").indexed_iter() {
                let nothing = if name == "max-pool" { f32::NEG_INFINITY } else { 0.0 };
                let sample = padded(&x[n * input.len()..][..input.len()], input, padding, nothing);
                let window: Vec<f32> = (0..kernel[0] * kernel[1])
                    .map(|k| {
                        let (down, right) = (k / kernel[1], k % kernel[1]);
                        sample[[c, i * stride[0] + down, j * stride[1] + right]]
                    })
                    .collect();
                let want = if name == "max-pool" {
                    window.into_iter().fold(f32::NEG_INFINITY, f32::max)
                } else {
                    window.iter().sum::<f32>() / window.len() as f32
                };
                // A product with the reciprocal is off by a rounding.
                assert!((got - want).abs() <= 1e-6, "{name}, ({n}, {c}, {i}, {j}): {got} {want}");
            }
        }
    }
}
