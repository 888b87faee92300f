//! What products are asked for: which weights, which vectors, in which calls.

use std::sync::Mutex;

use cim_core::{Exact, MatMul, Scratch, Tally};
use cim_graph::{Limits, Network, Placement, Tensor};
use ndarray::{ArrayView2, ArrayViewMut2};
use rten_onnx::onnx::{DataType, ModelProto, TypeProto, TypeProtoTensor, ValueInfoProto};

use crate::build::{branch, floats, graph, input, integers, model, node};
use crate::compare::{compare, golden, read, tensors};

/// A product that writes down its calls.
struct Recording<'a> {
    exact: Exact,
    index: usize,
    /// Product, call and number of vectors.
    calls: &'a Mutex<Vec<(usize, u64, usize)>>,
}

impl MatMul for Recording<'_> {
    fn shape(&self) -> (usize, usize) {
        self.exact.shape()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        self.calls.lock().expect("no panic").push((self.index, call, x.nrows()));
        self.exact.apply(x, call, y, scratch, tally);
    }
}

/// Noise is addressed by call, so a call that came twice would be noise used twice.
#[test]
fn no_product_gets_a_call_twice() {
    for folder in golden() {
        let network = Network::from_onnx(&read(&folder.join("model.onnx")), Limits::default());
        let network = network.expect("a network");
        let inputs = tensors(&folder, "input").expect("inputs");
        let calls = Mutex::new(Vec::new());
        let record = |(index, exact)| Recording { exact, index, calls: &calls };
        let recording: Vec<_> = network.exact().into_iter().enumerate().map(record).collect();
        let products: Vec<&dyn MatMul> = recording.iter().map(|product| product as _).collect();
        for call in 0..2 {
            let run = network.run(
                &products,
                &inputs,
                call,
                &mut Scratch::default(),
                &mut Tally::default(),
            );
            run.expect("outputs");
        }
        let calls = calls.lock().expect("no panic").clone();
        let mut unique: Vec<_> = calls.iter().map(|(index, call, _)| (*index, *call)).collect();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), calls.len(), "{}", folder.display());
        // What runs are asked for is what is counted and shown to a calibration.
        let mut rows = vec![0; products.len()];
        calls.iter().for_each(|(index, _, count)| rows[*index] += *count as u64);
        let positions = network.positions(&inputs).expect("positions");
        assert!(rows.iter().eq(positions.iter().map(|rows| 2 * rows).collect::<Vec<_>>().iter()));
        let seen = network.product_inputs(&inputs).expect("vectors");
        for ((seen, rows), product) in seen.iter().zip(positions).zip(network.products()) {
            assert_eq!(seen.dim(), (rows as usize, product.weights.nrows()));
        }
    }
}

/// The same weights as inputs are constants no more: then everything is computed digitally, and
/// the result is the same.
#[test]
fn handing_products_out_changes_nothing() {
    for folder in golden() {
        let bytes = read(&folder.join("model.onnx"));
        let handed_out = Network::from_onnx(&bytes, Limits::default()).expect("a network");
        let mut file = ModelProto::parse_buf(&bytes).expect("a model");
        let graph = file.graph.as_mut().expect("a graph");
        let mut weights = Vec::new();
        // Shapes and scales stay: some are needed to read the file.
        let (moved, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut graph.initializer)
            .into_iter()
            .partition(|w| w.data_type == Some(DataType::FLOAT) && w.dims.len() > 1);
        graph.initializer = kept;
        for weight in moved {
            let elem_type = weight.data_type;
            let tensor_type = Some(TypeProtoTensor { elem_type, shape: None });
            let r#type = Some(TypeProto { tensor_type, ..TypeProto::default() });
            graph.input.push(ValueInfoProto { name: weight.name.clone(), r#type });
            let raw = weight.raw_data.as_ref().expect("raw data").borrow().clone();
            let (values, _) = raw.as_chunks::<4>();
            let values: Vec<f32> = values.iter().map(|&v| f32::from_le_bytes(v)).collect();
            let shape = weight.dims.iter().map(|&dim| dim as usize).collect();
            weights.push(Tensor::new(shape, values).expect("a tensor"));
        }
        let digital = Network::from_onnx(&file.write_buf().expect("a file"), Limits::default());
        let digital = digital.expect("a network");
        if !weights.is_empty() {
            let left = digital.products().len();
            assert!(left < handed_out.products().len(), "{}", folder.display());
        }
        let run = |network: &Network, inputs: &[Tensor]| {
            let exact = network.exact();
            let products: Vec<&dyn MatMul> = exact.iter().map(|product| product as _).collect();
            let run =
                network.run(&products, inputs, 0, &mut Scratch::default(), &mut Tally::default());
            run.expect("outputs")
        };
        let mut inputs = tensors(&folder, "input").expect("inputs");
        let wanted = run(&handed_out, &inputs);
        inputs.extend(weights);
        for (given, wanted) in run(&digital, &inputs).iter().zip(&wanted) {
            // The same products in the same order: rounding included.
            compare(given, wanted, (1e-6, 1e-6))
                .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        }
    }
}

/// Weights on either side, alone and in stacks, against sums by hand.
#[test]
fn weights_on_either_side_are_handed_out() {
    let w: Vec<f32> = (0..6).map(|k| k as f32 - 2.0).collect();
    for (is_left, x_shape) in
        [(false, vec![4, 3]), (true, vec![3, 4]), (false, vec![2, 4, 3]), (true, vec![2, 3, 4])]
    {
        let names = if is_left { ["w", "x"] } else { ["x", "w"] };
        let dims = if is_left { [2, 3] } else { [3, 2] };
        let nodes = vec![node("MatMul", &names, "y", Vec::new())];
        let free = vec![0; x_shape.len()];
        let graph = graph(
            nodes,
            vec![input("x", DataType::FLOAT, &free)],
            &["y"],
            vec![floats("w", &dims, &w)],
        );
        let network = Network::from_onnx(&model(17, graph), Limits::default()).expect("a network");
        assert_eq!(network.products()[0].weights.dim(), (3, 2));
        let count = x_shape.iter().product::<usize>();
        let x: Vec<f32> = (0..count).map(|k| (k * 7 % 5) as f32).collect();
        let exact = network.exact();
        let tensor = Tensor::new(x_shape.clone(), x.clone()).expect("a tensor");
        let (scratch, tally) = (&mut Scratch::default(), &mut Tally::default());
        let y = network.run(&[&exact[0]], &[tensor], 0, scratch, tally).expect("outputs");
        let y = y[0].as_f32().expect("numbers").to_vec();
        let mut want = Vec::new();
        for x in x.chunks(12) {
            for row in 0..if is_left { 2 } else { 4 } {
                for col in 0..if is_left { 4 } else { 2 } {
                    want.push(
                        (0..3)
                            .map(|k| match is_left {
                                true => w[row * 3 + k] * x[k * 4 + col],
                                false => x[row * 3 + k] * w[k * 2 + col],
                            })
                            .sum::<f32>(),
                    );
                }
            }
        }
        assert_eq!(y, want);
    }
}

#[test]
fn products_between_activations_are_said_to_stay() {
    let nodes = vec![node("MatMul", &["x", "x"], "y", Vec::new())];
    let graph = graph(nodes, vec![input("x", DataType::FLOAT, &[2, 2])], &["y"], Vec::new());
    let network = Network::from_onnx(&model(17, graph), Limits::default()).expect("a network");
    let placed = &network.placed()[0];
    assert_eq!(placed.placement, Placement::Digital("both factors are computed".to_owned()));
    assert!(network.products().is_empty());
}

/// Either branch of a condition that is only known in the run.
#[test]
fn a_condition_chooses_its_branch_in_the_run() {
    let side = |operator: &str| {
        let nodes = vec![node(operator, &["x", "w"], &format!("{operator} of x"), Vec::new())];
        graph(nodes, Vec::new(), &[&format!("{operator} of x")], Vec::new())
    };
    let branches = vec![branch("then_branch", side("Add")), branch("else_branch", side("Mul"))];
    let nodes = vec![
        node("ReduceSum", &["x", "all"], "sum", vec![crate::build::int("keepdims", 0)]),
        node("Greater", &["sum", "zero"], "positive", Vec::new()),
        node("If", &["positive"], "z", branches),
        node("Neg", &["z"], "y", Vec::new()),
    ];
    let mut zero = floats("zero", &[], &[0.0]);
    zero.dims.clear();
    let weights = vec![floats("w", &[2], &[3.0, 4.0]), integers("all", &[0]), zero];
    let graph = graph(nodes, vec![input("x", DataType::FLOAT, &[2])], &["y"], weights);
    let network = Network::from_onnx(&model(17, graph), Limits::default()).expect("a network");
    for (x, want) in [([1.0f32, 2.0], [-4.0f32, -6.0]), ([-1.0, -2.0], [3.0, 8.0])] {
        let x = Tensor::new(vec![2], x.to_vec()).expect("a vector");
        let y = network.run(&[], &[x], 0, &mut Scratch::default(), &mut Tally::default());
        assert_eq!(y.expect("outputs")[0].as_f32(), Some(&want[..]));
    }
}
