//! Spiking layers: gradients by finite differences, learning, and counts by hand.
#![expect(clippy::print_stdout, reason = "figures are shown on request")]

use cim_core::{Scratch, Stream, Tally};
use cim_dynamics::spiking::learn::cross_entropy;
use cim_dynamics::spiking::{
    Arrays, Feedback, Firing, LifSpec, Network, Prices, Reset, Rule, Shape, Teacher, Written,
    backward, count, feedback, rows_in_sequence, run,
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
    // A cell up and one down for every weight, for the four sequences; 64 rows are in the first part of the second array.
    let pairs = 24 * 70 + 70 * 20 + 20 * 4;
    assert_eq!(bp.written, Written { sets: pairs, resets: pairs, rows: 64, sequences: 4 });
    assert_eq!((bp.transposed_reads, bp.projections), (2 * 5 + 1, 0));
    assert_eq!((dfa.transposed_reads, dfa.projections), (0, 3));
    assert_eq!((bp.parts, dfa.parts, bp.two_sided_parts), (5, 8, 3));
    // Five and eight parts are both on one tile.
    let (part_um2, tile_um2, drivers_um2, membrane_um2) = (10.0, 800.0, 1.0, 2.0);
    let prices = Prices { part_um2, tile_um2, drivers_um2, membrane_um2, ..Prices::TYPICAL };
    let kept = 900.0;
    assert_eq!(
        bp.tiled_area_um2(&prices),
        [50.0 + 3.0 + 500.0, 80.0 + 3.0 + 800.0].map(|a| a + kept)
    );
    assert_eq!(dfa.tiled_area_um2(&prices), [80.0 + 800.0 + kept; 2]);
    assert!(dfa.latency(&Prices::TYPICAL).backward < bp.latency(&Prices::TYPICAL).backward);
    assert!(bp.event_rows <= bp.dense_rows as f64);
    assert_eq!(arrays.forward[0].shape(), (24, 70));
}

/// A write for a batch of sixteen costs each of them a sixteenth, in energy as in time.
#[test]
fn energy_and_time_of_a_write_are_shared_among_the_same_sequences() {
    let network = Network::new(3, &shapes(LifSpec::TYPICAL), 4, 1.0, Stream::root(2)).unwrap();
    let prices = Prices::TYPICAL;
    let update = |sequences: usize| {
        let (inputs, _) = rhythms(sequences, 10, 4, Stream::root(5));
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        let arrays = Arrays::exact(&network);
        let record = run(&network, &arrays, &inputs, 0, &mut scratch, &mut tally).unwrap();
        let work = count(&network, &record, Rule::Backpropagation);
        let [.., energy] = work.energy(&prices, work.event_rows);
        (energy.0, work.latency(&prices).update.0)
    };
    let ((one_j, one_s), (each_j, each_s)) = (update(1), update(16));
    assert!((one_j / each_j - 16.0).abs() < 1e-9 && (one_s / each_s - 16.0).abs() < 1e-9);
    // 12 × 7, 7 × 6 and 6 × 4 pairs, 1 pJ up and 2 down; twelve rows of 100 ns.
    assert!((one_j / 450e-12 - 1.0).abs() < 1e-9 && (one_s / 1.2e-6 - 1.0).abs() < 1e-9);
}

#[test]
fn rows_wait_for_those_of_their_own_part_alone() {
    let mut changed = Array2::from_elem((130, 70), false);
    assert_eq!(rows_in_sequence(changed.view()), 0);
    // Two rows of the first part, one of them twice; three of the part below; one right of it.
    for place in [(0, 0), (0, 63), (63, 5), (64, 0), (65, 1), (127, 2), (70, 69)] {
        changed[place] = true;
    }
    assert_eq!(rows_in_sequence(changed.view()), 3);
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
