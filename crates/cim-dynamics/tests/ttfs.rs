//! Networks that answer by the first spike: gradients through layers, learning, determinism.
#![expect(clippy::print_stdout, reason = "figures are shown on request")]

use cim_core::Stream;
use cim_dynamics::Membrane;
use cim_dynamics::ttfs::{Images, Network, Recipe, Shape, Start, Trainer, score};

const RECIPE: Recipe = Recipe {
    per_window: 10,
    sharpness: 10.0,
    silent: 1.0,
    silent_hidden: 0.1,
    rate: 0.02,
    decay: 0.0,
    batch: 16,
    epochs: 12,
};

/// Images of 6 × 6 pixels with a bright bar in one of four places.
fn bars(count: usize, at: Stream) -> (Vec<u8>, Vec<u8>) {
    let mut noise = vec![0.0_f32; count * 36];
    at.fill_uniform(0, &mut noise);
    let labels: Vec<u8> = (0..count).map(|k| (k % 4) as u8).collect();
    let pixel = |p: usize| {
        let (label, row, col) = (labels[p / 36], p % 36 / 6, p % 6);
        let bright = match label {
            0 => row < 2,
            1 => row > 3,
            2 => col < 2,
            _ => col > 3,
        };
        (if bright { 140.0 } else { 0.0 } + 110.0 * noise[p]) as u8
    };
    ((0..count * 36).map(pixel).collect(), labels)
}

fn layers() -> [(Shape, Start); 2] {
    let conv = Shape::Conv { rows: 6, cols: 6, channels: 1, kernel: 3, stride: 1, features: 6 };
    let dense = Shape::Dense { inputs: conv.neurons(), neurons: 4 };
    [(conv, Start { sum: 6.0, spread: 4.0 }), (dense, Start { sum: 16.0, spread: 4.0 })]
}

#[test]
fn a_convolutional_network_learns_bars() {
    let membrane = Membrane::with_rails(3.0).unwrap();
    let network = Network::new(membrane, &layers(), Stream::root(1)).unwrap();
    let (pixels, labels) = bars(400, Stream::root(4));
    let (unseen, truth) = bars(200, Stream::root(5));
    let images = Images::new(&pixels, &labels, 36).unwrap();
    let run = || {
        let mut trainer = Trainer::new(RECIPE, network.clone(), Stream::root(2)).unwrap();
        while !trainer.is_done() {
            let found = trainer.epoch(&images).unwrap();
            println!("{found:?}");
        }
        trainer.network().clone()
    };
    let trained = run();
    let test = score(&trained, &Images::new(&unseen, &truth, 36).unwrap(), 40).unwrap();
    println!("{test:?}");
    assert!(test.accuracy() > 0.9, "{test:?}");
    assert_eq!(run(), trained, "the same seed, the same bytes");
}

/// Nine weights of a convolution are three times as far apart as 96 of a dense layer; a step moves both by the same
/// share of that.
#[test]
fn a_step_is_as_large_for_every_layer_in_its_own_spread() {
    let membrane = Membrane::with_rails(3.0).unwrap();
    let network = Network::new(membrane, &layers(), Stream::root(1)).unwrap();
    let (pixels, labels) = bars(16, Stream::root(4));
    let images = Images::new(&pixels, &labels, 36).unwrap();
    let recipe = Recipe { epochs: 1, ..RECIPE };
    let mut trainer = Trainer::new(recipe, network.clone(), Stream::root(2)).unwrap();
    trainer.epoch(&images).unwrap();
    // Adam's first step is the rate wherever there is a slope; of 200 steps of rising rate it is the first.
    let want = RECIPE.rate / 200.0;
    for (before, after) in network.weights.iter().zip(&trainer.network().weights) {
        let most = (after - before).iter().fold(0.0_f32, |most, step| most.max(step.abs()));
        let share = most / before.std(0.0);
        assert!((share / want - 1.0).abs() < 0.01, "{share} for {want}");
    }
}

#[test]
fn a_run_that_stops_goes_on_as_if_it_had_not() {
    let membrane = Membrane::with_rails(3.0).unwrap();
    let network = Network::new(membrane, &layers(), Stream::root(1)).unwrap();
    let (pixels, labels) = bars(60, Stream::root(4));
    let images = Images::new(&pixels, &labels, 36).unwrap();
    let recipe = Recipe { epochs: 3, ..RECIPE };
    let mut whole = Trainer::new(recipe, network.clone(), Stream::root(2)).unwrap();
    let mut states = vec![whole.state()];
    while !whole.is_done() {
        whole.epoch(&images).unwrap();
        states.push(whole.state());
    }
    let mut again =
        Trainer::resume(recipe, network.clone(), states[1].clone(), Stream::root(2)).unwrap();
    while !again.is_done() {
        again.epoch(&images).unwrap();
    }
    assert_eq!(again.state(), states[3]);
    let other = Network::new(membrane, &[layers()[0]], Stream::root(1)).unwrap();
    assert!(Trainer::resume(recipe, other, states[1].clone(), Stream::root(2)).is_err());
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    let membrane = Membrane::with_rails(3.0).unwrap();
    let [conv, mut dense] = layers();
    dense.0 = Shape::Dense { inputs: 5, neurons: 4 };
    assert!(Network::new(membrane, &[conv, dense], Stream::root(1)).is_err());
    assert!(Network::new(membrane, &[], Stream::root(1)).is_err());
    let same = [(conv.0, Start { sum: 6.0, spread: 0.0 }), layers()[1]];
    let same = Network::new(membrane, &same, Stream::root(1)).unwrap();
    let error = Trainer::new(RECIPE, same, Stream::root(2)).err().unwrap().to_string();
    assert!(error.contains("spread of a layer's weights"), "{error}");
    let images = Images::new(&[0; 36], &[0], 36).unwrap();
    let small = Network::new(
        membrane,
        &[(Shape::Dense { inputs: 5, neurons: 4 }, Start { sum: 1.0, spread: 1.0 })],
        Stream::root(1),
    );
    assert!(score(&small.unwrap(), &images, 10).is_err());
}
