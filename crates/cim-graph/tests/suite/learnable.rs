//! Networks as layers that can be learned: what they are, what is refused, and files written again.

use std::collections::BTreeMap;
use std::path::Path;

use cim_core::{MatMul, Scratch, Tally};
use cim_graph::learnable::Layer;
use cim_graph::{Files, GraphError, Limits, Network, Tensor, tensors};
use rten_onnx::onnx::{DataType, GraphProto, NodeProto, TensorProto};
use safetensors::tensor::{Dtype, TensorView, serialize};

use crate::build::{floats, graph, input, int, integers, model, node};
use crate::compare::{compare, read, tensors as golden_tensors};

fn golden(name: &str) -> (Files, Vec<Tensor>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let graph = read(&folder.join("model.onnx"));
    let inputs = golden_tensors(&folder, "input").expect("inputs");
    (Files::Onnx { graph, weights: None }, inputs)
}

fn outputs(network: &Network, inputs: &[Tensor]) -> Vec<Tensor> {
    let exact = network.exact();
    let products: Vec<&dyn MatMul> = exact.iter().map(|product| product as _).collect();
    let (scratch, tally) = (&mut Scratch::default(), &mut Tally::default());
    network.run(&products, inputs, 0, scratch, tally).expect("outputs")
}

/// Numbers in no order, the same every time.
fn drawn(count: usize, first: usize) -> Vec<f32> {
    (first..first + count).map(|k| ((k * 7919 + 13) % 1009) as f32 / 504.0 - 1.0).collect()
}

fn onnx(nodes: Vec<NodeProto>, input_dims: &[i64], weights: Vec<TensorProto>) -> Files {
    let graph: GraphProto =
        graph(nodes, vec![input("x", DataType::FLOAT, input_dims)], &["y"], weights);
    Files::Onnx { graph: model(17, graph), weights: None }
}

#[test]
fn what_is_written_unlearned_is_what_was_read() {
    let (files, inputs) = golden("mlp");
    let layers = files.learnable(&[20], Limits::default()).expect("layers");
    let operators: Vec<&str> = layers.steps().iter().map(|step| step.operator.as_str()).collect();
    assert_eq!(operators, ["Gemm", "Relu", "Gemm"]);
    let shapes: Vec<_> = layers.parameters().iter().map(|own| own.shape.clone()).collect();
    assert_eq!(shapes, [[24, 20], [5, 24]]);
    let before = outputs(&files.network(Limits::default()).expect("a network"), &inputs);
    let written = layers.written(layers.parameters(), layers.norms()).expect("a file");
    let names: Vec<String> =
        tensors(&written, Limits::default()).expect("tensors").into_keys().collect();
    assert_eq!(names, ["weight_0", "weight_1", "weight_2", "weight_3"]);
    let again = files.with_weights(written).network(Limits::default()).expect("a network");
    assert_eq!(outputs(&again, &inputs), before);
}

/// Numbers of 64 bits are refused by the name of their tensor, and not passed over.
#[test]
fn weights_of_another_type_are_refused() {
    let (files, _) = golden("mlp");
    let zeros = vec![0u8; 8 * 24 * 20];
    for data_type in [Dtype::F64, Dtype::I64] {
        let view = TensorView::new(data_type, vec![24, 20], &zeros).expect("whole");
        let weights = serialize([("weight_0", view)], None).expect("a file");
        let error = files.clone().with_weights(weights).network(Limits::default());
        let error = error.err().expect("refused").to_string();
        assert!(error.contains("weight_0") && error.contains("64"), "{error}");
    }
}

/// A constant behind another name of a product is its bias, unless something else reads the product, too.
#[test]
fn a_bias_is_of_a_product_that_nothing_else_reads() {
    let files = |with_product: bool| {
        let last = match with_product {
            true => node("Add", &["m", "s"], "y", Vec::new()),
            false => node("Relu", &["s"], "y", Vec::new()),
        };
        let nodes = vec![
            node("MatMul", &["x", "w"], "m", Vec::new()),
            node("Identity", &["m"], "i", Vec::new()),
            node("Add", &["i", "b"], "s", Vec::new()),
            last,
        ];
        let weights = vec![floats("w", &[3, 4], &drawn(12, 0)), floats("b", &[4], &drawn(4, 20))];
        onnx(nodes, &[0, 3], weights).learnable(&[3], Limits::default())
    };
    let alone = files(false).expect("layers");
    assert_eq!(alone.parameters()[0].bias, drawn(4, 20));
    assert!(matches!(files(true), Err(GraphError::Unlearnable { .. })));
}

/// What is changed in the layers is what the network computes with, on either side of a product.
#[test]
fn weights_are_written_where_they_stand() {
    let nodes = vec![
        node("MatMul", &["x", "w"], "h", Vec::new()),
        node("Add", &["b", "h"], "s", Vec::new()),
        node("Relu", &["s"], "r", Vec::new()),
        node("Transpose", &["v"], "vt", Vec::new()),
        node("MatMul", &["r", "vt"], "y", Vec::new()),
    ];
    let weights = vec![
        floats("w", &[3, 4], &drawn(12, 0)),
        floats("b", &[4], &drawn(4, 20)),
        floats("v", &[2, 4], &drawn(8, 40)),
    ];
    let files = onnx(nodes, &[0, 3], weights);
    let layers = files.learnable(&[3], Limits::default()).expect("layers");
    let mut learned = layers.parameters().to_vec();
    assert_eq!(learned.iter().map(|own| own.learns_bias).collect::<Vec<_>>(), [true, false]);
    learned[0].weight = drawn(12, 100);
    learned[0].bias = drawn(4, 200);
    learned[1].weight = drawn(8, 300);
    let written = layers.written(&learned, &[]).expect("a file");
    let network = files.with_weights(written).network(Limits::default()).expect("a network");
    let x = drawn(6, 400);
    let got = outputs(&network, &[Tensor::new(vec![2, 3], x.clone()).expect("two samples")]);
    let mut want = Vec::new();
    for x in x.chunks(3) {
        let hidden: Vec<f32> = (0..4)
            .map(|output| {
                let row = &learned[0].weight[output * 3..][..3];
                let sum: f32 = row.iter().zip(x).map(|(w, x)| w * x).sum();
                (sum + learned[0].bias[output]).max(0.0)
            })
            .collect();
        for row in learned[1].weight.chunks(4) {
            want.push(row.iter().zip(&hidden).map(|(w, h)| w * h).sum::<f32>());
        }
    }
    let want = Tensor::new(vec![2, 2], want).expect("two samples");
    compare(&got[0], &want, (1e-6, 1e-6)).expect("the same");
}

fn file(tensors: &BTreeMap<String, (Vec<usize>, Vec<f32>)>) -> Vec<u8> {
    let bytes: BTreeMap<&String, Vec<u8>> = tensors
        .iter()
        .map(|(name, (_, values))| (name, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let view = |(name, (shape, _)): (&String, &(Vec<usize>, Vec<f32>))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).expect("whole");
        (name.clone(), view)
    };
    serialize(tensors.iter().map(view), None).expect("a file")
}

/// A normalisation that was folded is taken out of what was learned: the file says again what the layers do,
/// channels that were switched off included, and what no layer learns stays.
#[test]
fn folded_normalisations_are_unfolded() {
    let layers = "input = [2, 5, 5]\nunused = [\"spare\"]\n\
        [[layer]]\nname = \"c\"\nkind = \"conv\"\nnorm = \"n\"\nactivation = \"relu\"\n\
        [[layer]]\nname = \"p\"\nkind = \"global-average-pool\"\n\
        [[layer]]\nname = \"f\"\nkind = \"flatten\"\n\
        [[layer]]\nname = \"l\"\nkind = \"linear\"\n";
    let tensors = BTreeMap::from([
        ("c.weight".to_owned(), (vec![3, 2, 3, 3], drawn(54, 0))),
        ("n.weight".to_owned(), (vec![3], vec![0.7, 0.0, -1.3])),
        ("n.bias".to_owned(), (vec![3], vec![0.2, 0.4, 0.1])),
        ("n.running_mean".to_owned(), (vec![3], vec![0.5, -0.2, 0.3])),
        ("n.running_var".to_owned(), (vec![3], vec![1.7, 0.2, 0.9])),
        ("l.weight".to_owned(), (vec![2, 3], drawn(6, 70))),
        ("spare".to_owned(), (vec![2], vec![5.0, 6.0])),
    ]);
    let files = Files::Safetensors { weights: file(&tensors), layers: layers.to_owned() };
    let own = files.learnable(&[2, 5, 5], Limits::default()).expect("layers");
    let mut learned = own.parameters().to_vec();
    assert_eq!(learned.iter().map(|own| own.learns_bias).collect::<Vec<_>>(), [true, false]);
    learned[0].weight = drawn(54, 500);
    learned[0].bias = drawn(3, 600);
    learned[1].weight = drawn(6, 700);
    let written = own.written(&learned, &[]).expect("a file");
    let there = cim_graph::tensors(&written, Limits::default()).expect("tensors");
    assert_eq!(there.keys().collect::<Vec<_>>(), tensors.keys().collect::<Vec<_>>());
    assert_eq!(there["spare"].as_f32(), Some(&[5.0, 6.0][..]));
    assert_eq!(there["n.running_var"].as_f32(), Some(&[1.7, 0.2, 0.9][..]));
    let again = files.with_weights(written).learnable(&[2, 5, 5], Limits::default());
    let again = again.expect("layers");
    for (again, learned) in again.parameters().iter().zip(&learned) {
        let pairs = again.weight.iter().zip(&learned.weight);
        for (again, learned) in pairs.chain(again.bias.iter().zip(&learned.bias)) {
            // Divided and multiplied by the same number, each rounded once.
            assert!((again - learned).abs() <= 4.0 * f32::EPSILON * learned.abs().max(1.0));
        }
    }
}

#[test]
fn forks_that_meet_again_are_residual() {
    let conv =
        |x: &str, y: &str| node("Conv", &[x, &format!("w{y}"), &format!("b{y}")], y, Vec::new());
    let nodes = vec![
        conv("x", "a"),
        conv("a", "c"),
        node("Relu", &["c"], "d", Vec::new()),
        conv("d", "e"),
        node("Add", &["d", "e"], "f", Vec::new()),
        conv("a", "s"),
        node("Add", &["s", "f"], "g", Vec::new()),
        node("GlobalAveragePool", &["g"], "p", Vec::new()),
        node("Flatten", &["p"], "q", Vec::new()),
        node("Softmax", &["q"], "y", Vec::new()),
    ];
    let weights = ["a", "c", "e", "s"].into_iter().flat_map(|name| {
        [
            floats(&format!("w{name}"), &[2, 2, 1, 1], &drawn(4, 3)),
            floats(&format!("b{name}"), &[2], &[0.1, 0.2]),
        ]
    });
    let files = onnx(nodes, &[0, 2, 3, 3], weights.collect());
    let layers = files.learnable(&[2, 3, 3], Limits::default()).expect("layers");
    let operators = |steps: &[cim_graph::learnable::Step]| -> Vec<String> {
        steps.iter().map(|step| step.operator.clone()).collect()
    };
    assert_eq!(operators(layers.steps()), ["Conv", "Add", "GlobalAveragePool", "Flatten"]);
    let Layer::Residual { body, shortcut } = &layers.steps()[1].layer else {
        panic!("{:?}", layers.steps()[1]);
    };
    assert_eq!(operators(body), ["Conv"]);
    assert_eq!(operators(shortcut), ["Conv", "Relu", "Add"]);
    let Layer::Residual { body, shortcut } = &shortcut[2].layer else { panic!("{shortcut:?}") };
    assert_eq!((operators(body), shortcut.len()), (vec!["Conv".to_owned()], 0));
}

/// Everything that has no layer is refused with its node and operator.
#[test]
fn what_cannot_be_learned_through_is_named() {
    let refused = |nodes: Vec<NodeProto>, weights: Vec<TensorProto>| {
        let files = onnx(nodes, &[0, 4], weights);
        match files.learnable(&[4], Limits::default()) {
            Err(GraphError::Unlearnable { node, operator, what }) => (node, operator, what),
            other => panic!("{other:?}"),
        }
    };
    let w = || floats("w", &[4, 4], &drawn(16, 0));
    let gemm = |x: &str, w: &str, y: &str| node("Gemm", &[x, w], y, Vec::new());
    let cases: Vec<(Vec<NodeProto>, Vec<TensorProto>, &str, &str)> = vec![
        (vec![node("Gelu", &["x"], "y", vec![])], vec![], "Gelu y", "this operator"),
        (vec![node("Mul", &["x", "x"], "y", vec![])], vec![], "Mul y", "this operator"),
        (
            vec![gemm("x", "w", "h"), gemm("h", "w", "y")],
            vec![w()],
            "Gemm y",
            "initializer w, which is shared",
        ),
        (
            vec![node("Softmax", &["x"], "s", vec![]), gemm("s", "w", "y")],
            vec![w()],
            "Softmax s",
            "shares that are no output",
        ),
        (
            vec![node("Gemm", &["x", "w"], "y", vec![int("transA", 1)])],
            vec![w()],
            "Gemm y",
            "transposed",
        ),
        (
            vec![node("Add", &["x", "b"], "y", vec![])],
            vec![floats("b", &[4], &[1.0; 4])],
            "Add y",
            "no bias",
        ),
        (
            vec![gemm("x", "w", "h"), node("Add", &["h", "b"], "y", vec![])],
            vec![w(), floats("b", &[1, 4], &[1.0; 4])],
            "Add y",
            "a bias of shape [1, 4]",
        ),
        (vec![node("Flatten", &["x"], "y", vec![int("axis", 0)])], vec![], "Flatten y", "axis 0"),
        (
            vec![node("Reshape", &["x", "to"], "y", vec![])],
            vec![integers("to", &[-1, 2, 2])],
            "Reshape y",
            "[-1, 2, 2]",
        ),
        (
            vec![node("Relu", &["x"], "h", vec![]), node("Add", &["h", "h"], "y", vec![])],
            vec![],
            "Add y",
            "itself",
        ),
    ];
    for (nodes, weights, node, what) in cases {
        let (named, operator, said) = refused(nodes, weights);
        assert_eq!(named, node);
        assert!(node.starts_with(&operator), "{operator}");
        assert!(said.contains(what), "{node}: {said}");
    }
    // Three sums of two values each way: no one value stands before them all but the samples, and the
    // layers between would be there twice.
    let nodes = vec![
        gemm("x", "u", "a"),
        gemm("x", "v", "b"),
        node("Add", &["a", "b"], "c", vec![]),
        node("Relu", &["a"], "d", vec![]),
        node("Add", &["c", "d"], "y", vec![]),
    ];
    let weights = vec![floats("u", &[4, 4], &drawn(16, 0)), floats("v", &[4, 4], &drawn(16, 9))];
    let (_, _, what) = refused(nodes, weights);
    assert!(what.contains("several layers read"), "{what}");
}

/// The golden network with pads on one side is refused there, and runs as before.
#[test]
fn golden_networks_that_cannot_be_learned_are_refused_by_their_first_node() {
    let shapes: [(&str, &[usize], &str); 4] = [
        ("cnn", &[3, 11, 13], "padding of [1, 0] before and [1, 1] behind"),
        ("quantised", &[3, 6, 6], "this operator"),
        ("recurrent", &[3, 5], "with 2 inputs"),
        ("transformer", &[8], "this operator"),
    ];
    for (name, sample, what) in shapes {
        let error = golden(name).0.learnable(sample, Limits::default()).expect_err(name);
        assert!(error.to_string().contains(what), "{name}: {error}");
        assert!(error.help().is_some(), "{error}");
    }
}

/// Tensors that are no initializers, or of another shape, are told by name.
#[test]
fn weights_of_another_network_are_refused() {
    let (files, _) = golden("mlp");
    let with = |name: &str, shape: Vec<usize>| {
        let values = drawn(shape.iter().product(), 0);
        let tensors = BTreeMap::from([(name.to_owned(), (shape, values))]);
        let network = files.clone().with_weights(file(&tensors)).network(Limits::default());
        network.err().expect("refused").to_string()
    };
    assert!(with("fc9.weight", vec![2]).contains("fc9.weight of the weights is no initializer"));
    assert!(with("weight_0", vec![20, 24]).contains("[20, 24]"));
}
