//! What is not there, or cannot be, is refused by name before it is computed.

use std::path::Path;

use cim_core::{MatMul, Scratch, Tally};
use cim_graph::{GraphError, Limits, Network, Tensor};
use rten_onnx::onnx::{DataLocation, DataType, GraphProto, StringStringEntryProto};

use crate::build::{branch, floats, graph, input, int, integers, model, node};

fn x() -> Vec<rten_onnx::onnx::ValueInfoProto> {
    vec![input("x", DataType::FLOAT, &[0, 2])]
}

fn error(bytes: &[u8]) -> GraphError {
    Network::from_onnx(bytes, Limits::default()).err().expect("refused")
}

/// What a network of these nodes says when it runs on one row of two numbers.
fn run_error(opset: i64, graph: GraphProto) -> String {
    let network = Network::from_onnx(&model(opset, graph), Limits::default()).expect("a network");
    let x = Tensor::new(vec![1, 2], vec![1.0f32, 2.0]).expect("a row");
    let run = network.run(&[], &[x], 0, &mut Scratch::default(), &mut Tally::default());
    run.expect_err("refused").to_string()
}

#[test]
fn an_unknown_operator_is_named_with_its_node() {
    let nodes = vec![node("Warp", &["x"], "y", Vec::new())];
    let said = error(&model(17, graph(nodes, x(), &["y"], Vec::new())));
    assert_eq!(said.to_string(), "node Warp y: operator Warp (opset 17) is not supported");
    let mut foreign = node("Relu", &["x"], "y", Vec::new());
    foreign.domain = Some("com.example".to_owned());
    let said = error(&model(17, graph(vec![foreign], x(), &["y"], Vec::new()))).to_string();
    assert!(said.contains("com.example.Relu"), "{said}");
}

#[test]
fn an_unknown_attribute_input_or_output_is_named() {
    let nodes = vec![node("Relu", &["x"], "y", vec![int("leak", 1)])];
    let said = error(&model(17, graph(nodes, x(), &["y"], Vec::new()))).to_string();
    assert_eq!(said, "node Relu y (Relu): attribute leak (opset 17) is not supported");
    let nodes = vec![node("Relu", &["x", "x"], "y", Vec::new())];
    let said = error(&model(17, graph(nodes, x(), &["y"], Vec::new()))).to_string();
    assert!(said.contains("input 1 of 2"), "{said}");
}

#[test]
fn a_newer_operator_set_is_refused() {
    let nodes = vec![node("Relu", &["x"], "y", Vec::new())];
    let said = error(&model(99, graph(nodes, x(), &["y"], Vec::new())));
    assert_eq!(said, GraphError::Unsupported { what: "operator set 99".to_owned() });
}

#[test]
fn cycles_missing_values_and_names_given_twice_are_named() {
    let cycle = vec![node("Relu", &["b"], "a", Vec::new()), node("Relu", &["a"], "b", Vec::new())];
    let said = error(&model(17, graph(cycle, x(), &["b"], Vec::new()))).to_string();
    assert!(said.contains("reads b, which nothing before it computes"), "{said}");
    let twice = vec![node("Relu", &["x"], "a", Vec::new()), node("Abs", &["x"], "a", Vec::new())];
    let said = error(&model(17, graph(twice, x(), &["a"], Vec::new()))).to_string();
    assert_eq!(said, "value a is there twice");
    let said = error(&model(17, graph(Vec::new(), x(), &["z"], Vec::new()))).to_string();
    assert_eq!(said, "output z is computed by no node");
}

#[test]
fn sizes_are_checked_before_anything_is_allocated() {
    for (dims, values) in [
        (&[1i64 << 40, 1 << 40][..], 1),
        (&[-1], 1),
        (&[3], 2),
        (&[i64::MAX, i64::MAX, i64::MAX], 0),
        (&[0, 1 << 60], 0),
    ] {
        let weights = vec![floats("w", dims, &vec![1.0; values])];
        let nodes = vec![node("Add", &["x", "w"], "y", Vec::new())];
        let said = error(&model(17, graph(nodes, x(), &["y"], weights)));
        assert!(matches!(said, GraphError::Malformed { .. }), "{said}");
        assert!(said.to_string().starts_with("tensor w: "), "{said}");
    }
    // A few bytes that ask for a tebibyte.
    let weights = vec![integers("size", &[1 << 20, 1 << 20])];
    let nodes = vec![node("ConstantOfShape", &["size"], "y", Vec::new())];
    let said = run_error(17, graph(nodes, x(), &["y"], weights));
    assert!(said.contains("elements of a tensor"), "{said}");
    // And a few that ask for a week.
    let weights = vec![integers("size", &[1 << 11, 1 << 11])];
    let mut nodes = vec![node("ConstantOfShape", &["size"], "a0", Vec::new())];
    nodes.extend((0..8).map(|k| {
        let from = format!("a{k}");
        node("MatMul", &[&from, &from], &format!("a{}", k + 1), Vec::new())
    }));
    let graph = graph(nodes, x(), &["a8"], weights);
    let limits = Limits { work: 1 << 30, ..Limits::default() };
    let network = Network::from_onnx(&model(17, graph), limits).expect("a network");
    let x = Tensor::new(vec![1, 2], vec![1.0f32, 2.0]).expect("a row");
    let exact = network.exact();
    let products: Vec<&dyn MatMul> = exact.iter().map(|product| product as _).collect();
    let run = network.run(&products, &[x], 0, &mut Scratch::default(), &mut Tally::default());
    assert!(matches!(run, Err(GraphError::Limit { .. })), "{run:?}");
}

#[test]
fn data_outside_the_file_is_refused() {
    let mut outside = floats("w", &[2], &[]);
    outside.raw_data = None;
    outside.data_location = Some(DataLocation::EXTERNAL);
    let value = Some("../../etc/passwd".to_owned());
    outside.external_data =
        vec![StringStringEntryProto { key: Some("location".to_owned()), value }];
    let nodes = vec![node("Add", &["x", "w"], "y", Vec::new())];
    let said = error(&model(17, graph(nodes, x(), &["y"], vec![outside]))).to_string();
    assert!(said.contains("data outside the file"), "{said}");
}

#[test]
fn graphs_within_graphs_have_a_limit() {
    let mut inner =
        graph(vec![node("Relu", &["x"], "y", Vec::new())], Vec::new(), &["y"], Vec::new());
    for _ in 0..40 {
        let branches = vec![
            branch("then_branch", inner.clone()),
            branch("else_branch", GraphProto::default()),
        ];
        inner = graph(vec![node("If", &["x"], "y", branches)], Vec::new(), &["y"], Vec::new());
    }
    let said = error(&model(17, inner)).to_string();
    assert!(said.contains("graphs within graphs beyond the limit"), "{said}");
}

#[test]
fn inputs_that_do_not_fit_are_named() {
    let nodes = vec![node("Relu", &["x"], "y", Vec::new())];
    let network =
        Network::from_onnx(&model(17, graph(nodes, x(), &["y"], Vec::new())), Limits::default());
    let network = network.expect("a network");
    let run = |inputs: &[Tensor]| {
        let run = network.run(&[], inputs, 0, &mut Scratch::default(), &mut Tally::default());
        run.expect_err("refused").to_string()
    };
    let tensor = |shape: Vec<usize>| Tensor::new(shape, vec![0.0f32; 6]).expect("six numbers");
    assert_eq!(run(&[]), "0 inputs for a network of 1");
    assert_eq!(run(&[tensor(vec![2, 3])]), "input x has shape [2, 3], the network takes [?, 2]");
    let whole = Tensor::new(vec![1, 2], vec![0i64; 2]).expect("two numbers");
    assert_eq!(run(&[whole]), "input x holds int64, the network takes float32");
}

#[test]
fn a_pickle_is_refused_with_the_way_to_export_it() {
    let said = error(b"PK\x03\x04\0\0net/data.pkl\x80\x02").to_string();
    assert!(said.contains("torch.onnx.export"), "{said}");
    let said = Network::from_safetensors(b"\x80\x02}q\0.", "", Limits::default()).err();
    assert!(matches!(said, Some(GraphError::Pickle { .. })));
}

/// Protocols 0 and 1 begin with any operation, so that the name of the file has to tell, which is not certain: a
/// network that was cut short has the same name.
#[test]
fn an_old_pickle_is_guessed_by_the_name_of_its_file() {
    for bytes in
        [&b"(dp0\nS'0.weight'\np1\nI1\ns."[..], b"}q\0X\x01\0\0\0aq\x01K\x01s.", b"(lp0\n."]
    {
        let of = |name: &str| error(bytes).of_file(Path::new(name));
        for name in ["net.pt", "net.pth", "a/NET.PTH", "net.pkl"] {
            let said = of(name).to_string();
            assert!(said.starts_with(&error(bytes).to_string()), "{name}: {said}");
            assert!(
                said.contains("may be a pickle") && said.contains("torch.onnx.export"),
                "{said}"
            );
            assert!(!said.contains("this is a pickle"), "{said}");
        }
        assert_eq!(of("net.onnx"), error(bytes));
    }
    // What a node is refused for stays what it is.
    let operator = GraphError::Unsupported { what: "a".to_owned() };
    assert_eq!(operator.clone().of_file(Path::new("net.pt")), operator);
}
