//! Spiking layers: gradients by finite differences, learning, and counts by hand.
#![expect(clippy::print_stdout, reason = "figures are shown on request")]

use cim_core::{Scratch, Stream, Tally};
use cim_dynamics::spiking::learn::cross_entropy;
use cim_dynamics::spiking::{
    Arrays, Feedback, Firing, LifSpec, Network, Prices, Reset, Rule, Shape, Teacher, backward,
    count, feedback, run,
};
use ndarray::Array2;

fn shapes(lif: LifSpec) -> [Shape; 2] {
    [Shape { taps: 4, stride: 2, neurons: 7, lif }, Shape { taps: 1, stride: 1, neurons: 6, lif }]
}

/// Sequences of `classes` rhythms in three channels, with noise.
fn rhythms(
    batch: usize,
    steps: usize,
    classes: usize,
    at: Stream,
) -> (Vec<Array2<f32>>, Vec<usize>) {
    let mut z = vec![0.0_f32; batch * steps * 3];
    at.fill_standard_normal(0, &mut z);
    let labels: Vec<usize> = (0..batch).map(|b| b % classes).collect();
    let inputs = (0..steps).map(|t| {
        Array2::from_shape_fn((batch, 3), |(b, c)| {
            let pace = 0.25 * (1.0 + labels[b] as f32);
            (pace * t as f32 + c as f32 + b as f32).sin() + 0.3 * z[(t * batch + b) * 3 + c]
        })
    });
    (inputs.collect(), labels)
}

fn loss(network: &Network, inputs: &[Array2<f32>], labels: &[usize]) -> f64 {
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let arrays = Arrays::exact(network);
    let record = run(network, &arrays, inputs, 0, &mut scratch, &mut tally).unwrap();
    cross_entropy(&record, labels).unwrap().0
}

#[test]
fn backpropagation_is_the_slope_of_a_smooth_network() {
    for reset in [Reset::Soft, Reset::Hard] {
        let lif = LifSpec { firing: Firing::Smooth, reset, ..LifSpec::TYPICAL };
        let mut network = Network::new(3, &shapes(lif), 4, 1.0, Stream::root(2)).unwrap();
        let (inputs, labels) = rhythms(5, 9, 4, Stream::root(5));
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        let arrays = Arrays::exact(&network);
        let record = run(&network, &arrays, &inputs, 0, &mut scratch, &mut tally).unwrap();
        let (_, error) = cross_entropy(&record, &labels).unwrap();
        let gradient =
            backward(&network, &arrays, &record, &error, 0, &mut scratch, &mut tally).unwrap();
        for (l, gradient) in gradient.iter().enumerate() {
            let scale = gradient.iter().fold(0.0_f32, |m, g| m.max(g.abs()));
            for (k, g) in gradient.iter().enumerate().step_by(5) {
                let mut at = |step: f32| {
                    let matrix = network.weights_mut().nth(l).unwrap();
                    *matrix.iter_mut().nth(k).unwrap() += step;
                    let value = loss(&network, &inputs, &labels);
                    let matrix = network.weights_mut().nth(l).unwrap();
                    *matrix.iter_mut().nth(k).unwrap() -= step;
                    value
                };
                let h = 1e-2;
                let numerical = (at(h) - at(-h)) / (2.0 * f64::from(h));
                // Single precision: 1e-7 / h, and kinks of the slope of the smooth step.
                let error = (f64::from(*g) - numerical).abs();
                assert!(
                    error < 0.02 * f64::from(scale) + 2e-5,
                    "{reset:?} {l} {k}: {g} {numerical}"
                );
            }
        }
    }
}

#[test]
fn both_rules_learn_rhythms() {
    let (inputs, labels) = rhythms(64, 24, 4, Stream::root(5));
    let (unseen, truth) = rhythms(64, 24, 4, Stream::root(6));
    for rule in [Rule::Backpropagation, Rule::FeedbackAlignment] {
        let mut network = Network::new(3, &shapes_wide(), 4, 1.0, Stream::root(2)).unwrap();
        let matrices = Feedback::drawn(&network, Stream::root(9));
        let mut teacher = Teacher::new(&network, 0.01);
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        for step in 0..150 {
            let arrays = Arrays::exact(&network);
            let record = run(&network, &arrays, &inputs, step, &mut scratch, &mut tally).unwrap();
            let (_, error) = cross_entropy(&record, &labels).unwrap();
            let gradient = match rule {
                Rule::Backpropagation => {
                    backward(&network, &arrays, &record, &error, step, &mut scratch, &mut tally)
                }
                Rule::FeedbackAlignment => {
                    feedback(&network, &matrices, &record, &error, step, &mut scratch, &mut tally)
                }
            };
            teacher.step(&mut network, &gradient.unwrap()).unwrap();
        }
        let arrays = Arrays::exact(&network);
        let record = run(&network, &arrays, &unseen, 0, &mut scratch, &mut tally).unwrap();
        let right = record.logits.outer_iter().zip(&truth).filter(|(row, label)| {
            (0..4).max_by(|&a, &b| row[a].total_cmp(&row[b])) == Some(**label)
        });
        let right = right.count();
        println!("{rule:?}: {right} of 64");
        // Chance is 16; 40 and more has a probability below 1e-10.
        assert!(right >= 40, "{rule:?}: {right}");
    }
}

fn shapes_wide() -> [Shape; 2] {
    let [mut first, mut second] = shapes(LifSpec::TYPICAL);
    (first.neurons, second.neurons) = (32, 32);
    [first, second]
}

#[test]
fn counts_are_those_of_the_arrays() {
    let shapes = [
        Shape { taps: 8, stride: 2, neurons: 70, lif: LifSpec::TYPICAL },
        Shape { taps: 1, stride: 1, neurons: 20, lif: LifSpec::TYPICAL },
    ];
    let network = Network::new(3, &shapes, 4, 1.0, Stream::root(2)).unwrap();
    let (inputs, _) = rhythms(4, 10, 4, Stream::root(5));
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let arrays = Arrays::exact(&network);
    let record = run(&network, &arrays, &inputs, 0, &mut scratch, &mut tally).unwrap();
    let [bp, dfa] =
        [Rule::Backpropagation, Rule::FeedbackAlignment].map(|r| count(&network, &record, r));
    // 24 × 70 on two parts, 70 × 20 on two, 20 × 4 on one; five steps each.
    assert_eq!((bp.reads, dfa.reads), (25, 25));
    assert_eq!(bp.neuron_updates, 5 * 90);
    assert_eq!(bp.writes, 24 * 70 + 70 * 20 + 20 * 4);
    assert_eq!((bp.transposed_reads, bp.projections), (2 * 5 + 1, 0));
    assert_eq!((dfa.transposed_reads, dfa.projections), (0, 3));
    assert_eq!((bp.parts, dfa.parts, bp.two_sided_parts), (5, 8, 3));
    assert!(dfa.latency(&Prices::TYPICAL).backward < bp.latency(&Prices::TYPICAL).backward);
    assert!(bp.event_rows <= bp.dense_rows as f64);
    assert_eq!(arrays.forward[0].shape(), (24, 70));
}

#[test]
fn inputs_that_do_not_fit_are_errors() {
    let network = Network::new(3, &shapes(LifSpec::TYPICAL), 4, 1.0, Stream::root(2)).unwrap();
    let arrays = Arrays::exact(&network);
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let mut attempt = |inputs: &[Array2<f32>]| {
        run(&network, &arrays, inputs, 0, &mut scratch, &mut tally).is_err()
    };
    assert!(attempt(&[]) && attempt(&[Array2::zeros((2, 4))]));
    assert!(attempt(&[Array2::zeros((2, 3)), Array2::zeros((1, 3))]));
    assert!(!attempt(&[Array2::zeros((2, 3))]));
}
