//! LSTM and GRU against PyTorch's outputs and gradients, in doubles.

use serde::Deserialize;

use super::*;
use crate::activation::NoiseAwareRelu;
use crate::carriers::exact::ExactProducts;
use crate::shape::Shape;

/// Made by `tests/golden/recurrent.py`.
const GOLDEN: &str = include_str!("../../tests/golden/recurrent.json");

#[derive(Deserialize)]
struct Golden {
    batch: usize,
    inputs: usize,
    hidden: usize,
    time: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    op: String,
    x: Vec<f64>,
    r: Vec<f64>,
    y: Vec<f64>,
    dx: Vec<f64>,
    products: Vec<GoldenProduct>,
}

#[derive(Deserialize)]
struct GoldenProduct {
    weights: Vec<f64>,
    bias: Vec<f64>,
    d_weights: Vec<f64>,
    d_bias: Vec<f64>,
}

/// The file has twelve decimals of numbers of order one; sums of some hundred of them stay good to ten.
fn compare(what: &str, got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (k, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() < 1e-10, "{what} {k}: {got}, PyTorch has {want}");
    }
}

#[test]
fn recurrent_operations_are_those_of_pytorch() {
    let golden: Golden = serde_json::from_str(GOLDEN).expect("made by a script");
    let input = Shape::series(golden.inputs, golden.time);
    for case in golden.cases {
        let hidden = golden.hidden;
        let spec = format!("op = \"{}\"\nhidden = {hidden}\nsequence = true", case.op);
        let spec: OperationSpec = toml::from_str(&spec).expect("a spec");
        let (operations, _) = Builder::default().list(&[spec], input, None).expect("it fits");
        let products = case.products.iter();
        let mut carrier = ExactProducts {
            layers: products.clone().map(|p| (p.weights.clone(), p.bias.clone())).collect(),
            gradients: products
                .clone()
                .map(|p| (vec![0.0; p.weights.len()], vec![0.0; p.bias.len()]))
                .collect(),
            relu: NoiseAwareRelu { limit: f32::INFINITY, sigma: 0.0 },
        };
        let mut context = Context {
            carrier: &mut carrier,
            norms: &[],
            norm_work: &mut [],
            training: None,
            capacity: golden.batch,
        };
        let mut tape = Tape::default();
        tape.forward(&operations, &mut context, golden.batch, &case.x);
        compare(&format!("{}, outputs", case.op), tape.last(), &case.y);
        let (mut dy, mut dx) = (case.r.clone(), Vec::new());
        tape.backward(&operations, &mut context, golden.batch, &case.x, &mut dy, &mut dx, true);
        compare(&format!("{}, inputs", case.op), &dx, &case.dx);
        for ((d_weights, d_bias), want) in carrier.gradients.iter().zip(products) {
            compare(&format!("{}, weights", case.op), d_weights, &want.d_weights);
            compare(&format!("{}, bias", case.op), d_bias, &want.d_bias);
        }
    }
}
