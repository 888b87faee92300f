//! Networks that answer by the first spike: gradients through layers, learning, determinism.
#![expect(clippy::print_stdout, reason = "figures are shown on request")]

use cim_core::Stream;
use cim_dynamics::Membrane;
use cim_dynamics::membrane::exact;
use cim_dynamics::ttfs::{Images, Network, Recipe, Shape, Start, Trainer, score};
use ndarray::Array2;

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

/// A layer of exact membranes: at every place it sees some numbers of those before it.
struct Exact {
    places: Vec<Vec<usize>>,
    weights: Array2<f64>,
}

impl Exact {
    fn drawn(places: Vec<Vec<usize>>, neurons: usize, start: Start, at: Stream) -> Self {
        let inputs = places[0].len();
        let mut z = vec![0.0_f32; inputs * neurons];
        at.fill_standard_normal(0, &mut z);
        let (mean, sigma) = (start.sum / inputs as f64, start.spread / (inputs as f64).sqrt());
        let weight = |(j, i)| mean + sigma * f64::from(z[j * neurons + i]);
        Self { places, weights: Array2::from_shape_fn((inputs, neurons), weight) }
    }
}

const HORIZON: f64 = 2.0;

/// Spikes of two layers, and the loss that the second one's are asked for: another slope for every neuron.
fn spikes(membrane: &Membrane, layers: &[Exact; 2], times: &[f64]) -> (f64, Vec<Vec<exact::Tape>>) {
    let (mut before, mut tapes, mut loss) = (times.to_vec(), Vec::new(), 0.0);
    for layer in layers {
        let (mut after, mut of_layer) = (Vec::new(), Vec::new());
        loss = 0.0;
        for place in &layer.places {
            let seen: Vec<f64> = place.iter().map(|&j| before[j]).collect();
            let (spikes, tape) =
                exact::first_spikes(membrane, &seen, layer.weights.view(), HORIZON).unwrap();
            for (t, v) in spikes.time.iter().zip(&spikes.rest) {
                let factor = (after.len() as f64 * 0.7).sin() + 1.2;
                loss += factor * if t.is_finite() { t * t } else { (1.0 - v).powi(2) };
                after.push(*t);
            }
            of_layer.push(tape);
        }
        before = after;
        tapes.push(of_layer);
    }
    (loss, tapes)
}

/// Slopes of that loss by the weights of both layers, and by the times.
fn chained(
    membrane: &Membrane,
    layers: &[Exact; 2],
    times: &[f64],
) -> (Vec<Array2<f64>>, Vec<f64>) {
    let hidden: Vec<f64> = layers[0]
        .places
        .iter()
        .flat_map(|place| {
            let seen: Vec<f64> = place.iter().map(|&j| times[j]).collect();
            exact::first_spikes(membrane, &seen, layers[0].weights.view(), HORIZON).unwrap().0.time
        })
        .collect();
    let (_, tapes) = spikes(membrane, layers, times);
    let (last, _) =
        exact::first_spikes(membrane, &hidden, layers[1].weights.view(), HORIZON).unwrap();
    let factor = |i: usize| (i as f64 * 0.7).sin() + 1.2;
    let by_time = last.time.iter().enumerate();
    let by_time = by_time.map(|(i, t)| if t.is_finite() { 2.0 * factor(i) * t } else { 0.0 });
    let by_rest = last.rest.iter().enumerate().map(|(i, v)| -2.0 * factor(i) * (1.0 - v));
    let (mut by_time, mut by_rest): (Vec<f64>, Vec<f64>) = (by_time.collect(), by_rest.collect());
    let mut by_weights = Vec::new();
    for (layer, tapes) in layers.iter().zip(&tapes).rev() {
        let n = layer.weights.ncols();
        let inputs = layer.places.iter().flatten().max().unwrap() + 1;
        let (mut by_weight, mut by_input) = (Array2::zeros(layer.weights.dim()), vec![0.0; inputs]);
        for (k, (place, tape)) in layer.places.iter().zip(tapes).enumerate() {
            let mine = k * n..(k + 1) * n;
            let weights = layer.weights.view();
            let (by_time, by_rest) = (&by_time[mine.clone()], &by_rest[mine]);
            let found = exact::gradient(membrane, weights, tape, by_time, by_rest).unwrap();
            by_weight += &found.weights;
            place.iter().zip(&found.times).for_each(|(&j, slope)| by_input[j] += slope);
        }
        by_weights.insert(0, by_weight);
        // A hidden neuron that is silent has no slope: its spike never comes.
        by_rest = vec![0.0; inputs];
        by_time = by_input;
    }
    (by_weights, by_time)
}

/// A slope by differences of fourth order at two steps; none where they disagree, as an event and a spike, or two
/// events, then change places on the way.
fn slope(scale: f64, h: f64, f: &mut dyn FnMut(f64) -> f64) -> Option<f64> {
    let [coarse, fine] =
        [h, 0.5 * h].map(|h| (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h));
    ((coarse - fine).abs() < 2e-7 * scale).then_some(fine)
}

/// In double precision, where differences of fourth order are exact to 1e-12 / h: 1e-6 of the largest slope, through
/// two dense layers and through a convolution and a dense layer.
#[test]
fn gradients_through_two_layers_are_those_of_finite_differences() {
    let patches = |side: usize, kernel: usize| {
        let of = |place: usize| {
            let (top, left) = (place / (side - kernel + 1), place % (side - kernel + 1));
            let inputs =
                (0..kernel * kernel).map(|k| (top + k / kernel) * side + left + k % kernel);
            inputs.collect::<Vec<_>>()
        };
        (0..(side - kernel + 1).pow(2)).map(of).collect::<Vec<_>>()
    };
    let dense = |inputs: usize| vec![(0..inputs).collect::<Vec<_>>()];
    for (places, neurons) in [(dense(36), 24), (patches(6, 3), 6)] {
        let hidden = places.len() * neurons;
        let at = Stream::root(7);
        let mut layers = [
            Exact::drawn(places, neurons, Start { sum: 7.0, spread: 4.0 }, at.child("layer", 0)),
            Exact::drawn(dense(hidden), 5, Start { sum: 14.0, spread: 6.0 }, at.child("layer", 1)),
        ];
        // One answer never comes.
        layers[1].weights.column_mut(3).mapv_inplace(|w| 0.05 * w);
        let membrane = Membrane::with_rails(3.0).unwrap();
        let mut times = vec![0.0_f32; 36];
        at.fill_uniform(1, &mut times);
        let mut times: Vec<f64> = times.into_iter().map(f64::from).collect();
        let (by_weights, by_times) = chained(&membrane, &layers, &times);
        let mut counts = [0, 0];
        let mut judge = |scale: f64, want: f64, numerical: Option<f64>| {
            counts[1] += 1;
            let Some(numerical) = numerical else { return };
            counts[0] += 1;
            assert!((want - numerical).abs() < 1e-6 * scale, "{want} {numerical} of {scale}");
        };
        let largest =
            |slopes: &mut dyn Iterator<Item = &f64>| slopes.fold(0.0_f64, |m, g| m.max(g.abs()));
        for (l, by_weight) in by_weights.iter().enumerate() {
            let scale = largest(&mut by_weight.iter());
            let all: Vec<_> = by_weight.indexed_iter().map(|(at, want)| (at, *want)).collect();
            for (at, want) in all.into_iter().step_by(3) {
                let w = layers[l].weights[at];
                let found = slope(scale, 2e-4, &mut |step| {
                    // Weights keep their sign.
                    layers[l].weights[at] = w + step * w.abs().min(1.0);
                    let loss = spikes(&membrane, &layers, &times).0;
                    layers[l].weights[at] = w;
                    loss
                });
                judge(scale, want, found.map(|slope| slope / w.abs().min(1.0)));
            }
        }
        let scale = largest(&mut by_times.iter());
        for (j, want) in by_times.iter().enumerate() {
            let t = times[j];
            let found = slope(scale, 1e-4, &mut |step| {
                times[j] = t + step;
                let loss = spikes(&membrane, &layers, &times).0;
                times[j] = t;
                loss
            });
            judge(scale, *want, found);
        }
        println!("{} of {} slopes away from ties", counts[0], counts[1]);
        assert!(4 * counts[0] > 3 * counts[1], "{counts:?}");
    }
}

/// Of a network on its grid in single precision, as the trainer takes it: the loss is known to some 1e-6, and
/// differences of it over steps of 8e-3 to some 1e-4, of slopes up to about 0.1.
#[test]
fn the_trainers_gradient_is_that_of_finite_differences_of_its_loss() {
    let membrane = Membrane::with_rails(3.0).unwrap();
    let network = Network::new(membrane, &layers(), Stream::root(1)).unwrap();
    let (pixels, labels) = bars(8, Stream::root(4));
    let images = Images::new(&pixels, &labels, 36).unwrap();
    let recipe =
        Recipe { batch: 8, epochs: 1, rate: 1e-6, silent_hidden: 0.0, sharpness: 4.0, ..RECIPE };
    let step = |network: &Network| {
        let mut trainer = Trainer::new(recipe, network.clone(), Stream::root(2)).unwrap();
        let loss = trainer.epoch(&images).unwrap().loss;
        (loss, serde_json::to_value(trainer.state()).unwrap())
    };
    let (here, state) = step(&network);
    for l in 0..2 {
        // The first mean of Adam is a tenth of the gradient.
        let mean = state["adam"][l]["mean"].as_array().unwrap();
        let gradient: Vec<f64> = mean.iter().map(|g| 10.0 * g.as_f64().unwrap()).collect();
        let scale = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
        let (mut compared, mut worst) = (0, 0.0_f64);
        let all: Vec<usize> = (0..gradient.len()).step_by(5).collect();
        for &k in &all {
            let h = 4e-3_f32;
            let [above, below] = [h, -h].map(|h| {
                let mut moved = network.clone();
                moved.weights[l].as_slice_mut().unwrap()[k] += h;
                (step(&moved).0 - here) / f64::from(h)
            });
            // Where a spike crosses a point of the grid on the way, slopes jump.
            if (above - below).abs() < 8e-3 * scale {
                let error = (0.5 * (above + below) - gradient[k]).abs() / scale;
                (compared, worst) = (compared + 1, worst.max(error));
            }
        }
        println!("layer {l}: {compared} of {}, off by {worst:.1e} of {scale:.2e}", all.len());
        assert!(2 * compared > all.len(), "{compared} of {}", all.len());
        assert!(worst < 6e-3, "{worst}");
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
