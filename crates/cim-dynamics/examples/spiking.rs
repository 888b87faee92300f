//! Figures of spiking layers that adapt: `cargo run --release -p cim-dynamics --example spiking`.
//!
//! A network learns rhythms, its arrays drift, and it adapts by backpropagation or by feedback alignment.
//! Products are read with noise, transposed ones through the same drifted cells. Five seeds, paired.
#![expect(clippy::print_stdout, reason = "an example prints")]

use cim_core::{MatMul, Scratch, Stream, Tally};
use cim_dynamics::spiking::learn::cross_entropy;
use cim_dynamics::spiking::{
    Arrays, Feedback, LifSpec, Network, Prices, Rule, Shape, Teacher, backward, count, feedback,
    run,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A product whose every result has noise of so many times the root mean square of the weights' columns.
struct Noisy {
    weights: Array2<f32>,
    sigma: f32,
    at: Stream,
}

impl MatMul for Noisy {
    fn shape(&self) -> (usize, usize) {
        self.weights.dim()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        mut y: ArrayViewMut2<'_, f32>,
        _scratch: &mut Scratch,
        _tally: &mut Tally,
    ) {
        cim_core::matmul::product(x, self.weights.view(), y.view_mut());
        let mut z = vec![0.0; y.ncols()];
        for (row, mut y) in y.axis_iter_mut(Axis(0)).enumerate() {
            self.at.child("call", call).fill_standard_normal(row as u64, &mut z);
            y.iter_mut().zip(&z).for_each(|(y, z)| *y += self.sigma * z);
        }
    }
}

/// Drifted and noisy arrays of a network.
fn arrays(network: &Network, drift: f32, sigma: f32, at: Stream) -> Arrays {
    let cells = |(l, w): (usize, &Array2<f32>)| {
        let mut z = vec![0.0; w.len()];
        at.child("drift", l as u64).fill_standard_normal(0, &mut z);
        let mut k = 0;
        w.mapv(|w| {
            k += 1;
            w * (drift * z[k - 1]).exp()
        })
    };
    let boxed = |l: usize, weights: Array2<f32>, label| {
        Box::new(Noisy { weights, sigma, at: at.child(label, l as u64) }) as Box<dyn MatMul>
    };
    let all: Vec<Array2<f32>> = network.weights().enumerate().map(cells).collect();
    Arrays {
        forward: all.iter().enumerate().map(|(l, w)| boxed(l, w.clone(), "read")).collect(),
        transposed: all
            .iter()
            .enumerate()
            .map(|(l, w)| boxed(l, w.t().as_standard_layout().into_owned(), "transposed"))
            .collect(),
    }
}

/// Sequences of four rhythms in three channels, with noise.
fn rhythms(batch: usize, steps: usize, at: Stream) -> (Vec<Array2<f32>>, Vec<usize>) {
    let mut z = vec![0.0_f32; batch * steps * 3];
    at.fill_standard_normal(0, &mut z);
    let labels: Vec<usize> = (0..batch).map(|b| b % 4).collect();
    let inputs = (0..steps).map(|t| {
        Array2::from_shape_fn((batch, 3), |(b, c)| {
            let pace = 0.3 + 0.12 * labels[b] as f32;
            (pace * t as f32 + c as f32 + b as f32).sin() + 0.8 * z[(t * batch + b) * 3 + c]
        })
    });
    (inputs.collect(), labels)
}

fn accuracy(
    network: &Network,
    arrays: &Arrays,
    data: &(Vec<Array2<f32>>, Vec<usize>),
) -> Outcome<f64> {
    let record =
        run(network, arrays, &data.0, 1 << 20, &mut Scratch::default(), &mut Tally::default())?;
    let right =
        record.logits.outer_iter().zip(&data.1).filter(|(row, label)| {
            (0..4).max_by(|&a, &b| row[a].total_cmp(&row[b])) == Some(**label)
        });
    Ok(100.0 * right.count() as f64 / data.1.len() as f64)
}

fn main() -> Outcome<()> {
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let lif = LifSpec::TYPICAL;
    let shapes = [
        Shape { taps: 8, stride: 2, neurons: 64, lif },
        Shape { taps: 8, stride: 2, neurons: 64, lif },
    ];
    let (drift, sigma) = (0.6, 0.15);
    for seed in 1..=5 {
        let root = Stream::root(seed);
        let train = rhythms(256, 48, root.child("train", 0));
        let test = rhythms(512, 48, root.child("test", 0));
        let mut network = Network::new(3, &shapes, 4, 1.0, root)?;
        let mut teacher = Teacher::new(&network, 5e-3);
        for step in 0..100 {
            let exact = Arrays::exact(&network);
            let record = run(&network, &exact, &train.0, step, &mut scratch, &mut tally)?;
            let (_, error) = cross_entropy(&record, &train.1)?;
            let gradient =
                backward(&network, &exact, &record, &error, step, &mut scratch, &mut tally)?;
            teacher.step(&mut network, &gradient)?;
        }
        let digital = accuracy(&network, &Arrays::exact(&network), &test)?;
        let drifted = accuracy(&network, &arrays(&network, drift, sigma, root), &test)?;
        print!("seed {seed}: digital {digital:.1} %, drifted {drifted:.1} %");
        let random = Feedback::drawn(&network, root.child("random", 0));
        for rule in [Rule::Backpropagation, Rule::FeedbackAlignment] {
            let mut adapted = network.clone();
            let mut teacher = Teacher::new(&network, 3e-4);
            for step in 0..60 {
                let chip = arrays(&adapted, drift, sigma, root);
                let record = run(&adapted, &chip, &train.0, step, &mut scratch, &mut tally)?;
                let (_, error) = cross_entropy(&record, &train.1)?;
                let gradient = match rule {
                    Rule::Backpropagation => {
                        backward(&adapted, &chip, &record, &error, step, &mut scratch, &mut tally)?
                    }
                    Rule::FeedbackAlignment => feedback(
                        &adapted,
                        &random,
                        &record,
                        &error,
                        step,
                        &mut scratch,
                        &mut tally,
                    )?,
                };
                teacher.step(&mut adapted, &gradient)?;
            }
            let found = accuracy(&adapted, &arrays(&adapted, drift, sigma, root), &test)?;
            print!(", {rule:?} {found:.1} %");
        }
        println!();
        if seed == 5 {
            let chip = arrays(&network, drift, sigma, root);
            let record = run(&network, &chip, &train.0, 0, &mut scratch, &mut tally)?;
            for rule in [Rule::Backpropagation, Rule::FeedbackAlignment] {
                let work = count(&network, &record, rule);
                let prices = Prices::TYPICAL;
                let [forward, back, update] = work.energy(&prices, work.event_rows);
                let time = work.latency(&prices);
                println!("{rule:?}: {work:?}");
                println!(
                    "  forward {forward}, backward {back}, update {update}; {} + {} + {}; {:.0} um2",
                    time.forward,
                    time.backward,
                    time.update,
                    work.area_um2(&prices)
                );
            }
        }
    }
    Ok(())
}
