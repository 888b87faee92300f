//! A perceptron from a file, as `cim eval` runs it, against the same one as the main job does, on the same chips.

use std::fmt::Write;
use std::hint::black_box;

use cim_chip::{ChipDesign, Chips, Foreign, Mapped, Moment, Reference, Task, accuracies, evaluate};
use cim_core::{Hertz, Stream};
use cim_crossbar::Wires;
use cim_graph::{Limits, Network};
use cim_nn::Network as Own;
use serde::Serialize;

use crate::fixture::{StateNoise, chip_with, design, images, network, noisy};
use crate::{on_threads, ratio, rounds};

/// Time per time of the main job's path.
#[derive(Serialize)]
pub struct Ratios {
    threads: usize,
    /// Outputs on a chip that is there.
    inference: f64,
    /// A whole chip: programmed, run and scored.
    chip: f64,
}

/// Images that go through.
const IMAGES: usize = 10_000;

pub fn measure(threads: usize) -> Ratios {
    let (own, foreign, data) = (network(), from_file(&network()), images(IMAGES));
    let noise = StateNoise { read: 0.01, fano_factor: 1.0, bandwidth: Hertz(10e6) };
    let grids = chip_with(&own, noise, Wires::NONE, 128);
    let parts = noisy(noise);
    let layers = own.layers().iter().enumerate();
    let layers = layers.map(|(idx, layer)| design(&parts, idx, layer)).collect();
    let chips = ChipDesign { parts, layers };
    let task = Task::classify(&data).expect("labels");
    let reference = Reference::of(&foreign, &task).expect("it answers");
    let (own, foreign, grids, chips) = (&own, &foreign, &grids, &chips);
    let (task, reference) = (&task, &reference);
    let seconds = on_threads(threads, || {
        let outputs = || Mapped::outputs(own, grids, task.samples()).expect("images fit");
        let of_file = || foreign.outputs(grids, task.samples()).expect("images fit");
        let at = Stream::root(5);
        let main_job = || accuracies(chips, own, task, 1, at, || ()).expect("a chip");
        let eval = || {
            let (asked, fresh) = ((task, reference), Moment::FRESH);
            evaluate(chips, foreign, asked, &fresh, Chips::exactly(1), at, |_| ()).expect("a chip")
        };
        let mut cases: Vec<Box<dyn FnMut()>> = vec![
            Box::new(|| drop(black_box(outputs()))),
            Box::new(|| drop(black_box(of_file()))),
            Box::new(|| drop(black_box(main_job()))),
            Box::new(|| drop(black_box(eval()))),
        ];
        rounds(&mut cases)
    });
    Ratios {
        threads,
        inference: ratio(&seconds[1], &seconds[0]),
        chip: ratio(&seconds[3], &seconds[2]),
    }
}

/// A perceptron as a file of another tool: outputs × inputs, and a list of layers.
fn from_file(own: &Own) -> Foreign {
    let (mut header, mut bytes) = (Vec::new(), Vec::new());
    let mut text = format!("input = [{}]\n", own.inputs());
    let last = own.layers().len() - 1;
    for (idx, layer) in own.layers().iter().enumerate() {
        let (inputs, outputs) = layer.weights.dim();
        let weights: Vec<f32> = layer.weights.t().iter().copied().collect();
        for (name, shape, values) in [
            ("weight", vec![outputs, inputs], weights),
            ("bias", vec![outputs], layer.bias.to_vec()),
        ] {
            let from = bytes.len();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            header.push(format!(
                r#""l{idx}.{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{from},{}]}}"#,
                bytes.len()
            ));
        }
        let activation = if idx < last { "activation = \"relu\"\n" } else { "" };
        let _ = write!(text, "[[layer]]\nname = \"l{idx}\"\nkind = \"linear\"\n{activation}");
    }
    let header = format!("{{{}}}", header.join(","));
    let length = (header.len() as u64).to_le_bytes();
    let file = [&length[..], header.as_bytes(), &bytes].concat();
    let network = Network::from_safetensors(&file, &text, Limits::default()).expect("a network");
    Foreign::new(network, &[vec![own.inputs()]], &vec![0.5; own.inputs()]).expect("it fits")
}
