//! Spiking layers, a convolution in time and a dense one, learn images as spikes: MNIST, and Fashion-MNIST where Debian's
//! `dataset-fashion-mnist` is installed.
#![expect(clippy::print_stdout, reason = "figures are shown on request")]

use std::path::Path;

use cim_core::{Scratch, Stream, Tally};
use cim_data::idx;
use cim_dynamics::spiking::learn::cross_entropy;
use cim_dynamics::spiking::{
    Arrays, Feedback, LifSpec, Network, Rule, Shape, Teacher, backward, feedback, run,
};
use cim_nn::Dataset;
use ndarray::Array2;

/// Where the package puts its four files.
const FASHION: &str = "/usr/share/datasets/fashion-mnist";
const DIGITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/mnist");

const SIDE: usize = 28;
const LEARNED: usize = 800;
const UNSEEN: usize = 500;
const EPOCHS: usize = 6;
const BATCH: usize = 20;

/// Images as spikes, rate-coded: a step of time is a column of pixels, each of which spikes as probably as it is bright.
fn spikes(set: &Dataset, images: &[usize], at: Stream) -> Vec<Array2<f32>> {
    let mut chance = vec![0.0_f32; images.len() * SIDE];
    let step = |column: usize| {
        at.fill_uniform(column as u64, &mut chance);
        Array2::from_shape_fn((images.len(), SIDE), |(b, row)| {
            let bright = f32::from(set.image(images[b])[row * SIDE + column]) / 255.0;
            f32::from(u8::from(chance[b * SIDE + row] < bright))
        })
    };
    (0..SIDE).map(step).collect()
}

fn labels(set: &Dataset, images: &[usize]) -> Vec<usize> {
    images.iter().map(|&image| usize::from(set.labels()[image])).collect()
}

/// Of the first unseen images those that are recognised.
fn recognised(network: &Network, set: &Dataset) -> usize {
    let images: Vec<usize> = (0..UNSEEN).collect();
    let inputs = spikes(set, &images, Stream::root(8));
    let exact = Arrays::exact(network);
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let record = run(network, &exact, &inputs, 0, &mut scratch, &mut tally).expect("a run");
    let right = record.logits.outer_iter().zip(labels(set, &images)).filter(|(row, label)| {
        (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])) == Some(*label)
    });
    right.count()
}

/// The network after learning the first images by a rule, weights drawn as they always are.
fn learned(start: &Network, rule: Rule, set: &Dataset) -> Network {
    let mut network = start.clone();
    let matrices = Feedback::drawn(&network, Stream::root(3));
    let mut teacher = Teacher::new(&network, 5e-3);
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    for epoch in 0..EPOCHS {
        for from in (0..LEARNED).step_by(BATCH) {
            let images: Vec<usize> = (from..from + BATCH).collect();
            let at = Stream::root(7).child("epoch", epoch as u64).child("image", from as u64);
            let inputs = spikes(set, &images, at);
            let exact = Arrays::exact(&network);
            let record =
                run(&network, &exact, &inputs, 0, &mut scratch, &mut tally).expect("a run");
            let (_, error) = cross_entropy(&record, &labels(set, &images)).expect("labels");
            let gradient = match rule {
                Rule::Backpropagation => {
                    backward(&network, &exact, &record, &error, 0, &mut scratch, &mut tally)
                }
                Rule::FeedbackAlignment => {
                    feedback(&network, &matrices, &record, &error, 0, &mut scratch, &mut tally)
                }
            };
            teacher.step(&mut network, &gradient.expect("fits")).expect("fits");
        }
    }
    network
}

/// Of 500 images a network that has learned nothing knows 50 by chance, with a standard deviation of 6.7. After six passes
/// over 800 images either rule knows half of them.
fn both_rules_learn(folder: &Path) {
    let (train, test) = idx::load(folder).expect("a data set");
    let lif = LifSpec::TYPICAL;
    let shapes = [
        Shape { taps: 5, stride: 2, neurons: 64, lif },
        Shape { taps: 1, stride: 1, neurons: 64, lif },
    ];
    let start = Network::new(SIDE, &shapes, 10, 1.0, Stream::root(2)).expect("a network");
    let before = recognised(&start, &test);
    println!("{}: {before} of {UNSEEN} before", folder.display());
    assert!(before < 120, "a network that has learned nothing knows {before}");
    for rule in [Rule::Backpropagation, Rule::FeedbackAlignment] {
        let after = recognised(&learned(&start, rule, &train), &test);
        println!("{}, {rule:?}: {after} of {UNSEEN}", folder.display());
        assert!(250 <= after, "{rule:?}: {after} after {before}");
    }
}

#[test]
fn both_rules_learn_digits_as_spikes() {
    both_rules_learn(Path::new(DIGITS));
}

#[test]
fn both_rules_learn_clothes_as_spikes() {
    if !Path::new(FASHION).exists() {
        println!(
            "left out: {FASHION} is not there; `apt-get install dataset-fashion-mnist` puts it there"
        );
        return;
    }
    both_rules_learn(Path::new(FASHION));
}
