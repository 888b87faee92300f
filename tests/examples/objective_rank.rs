//! How well the objective puts random designs in the order of their accuracy on held-out digits:
//! `objective_rank DESIGNS BITS [KEY=VALUE of the device ...]`.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::path::Path;

use cim_chip::{
    ChipDesign, Felt, FullScale, LayerErrors, LayerInputs, Ranges, Ranked, SOFTENED, Sensitivities,
    Stream, Task, random_designs, rank_correlation, sensitivities,
};
use cim_nn::{Dataset, LayerPath, Network, Optimiser, Recipe, Trainer, accuracy};
use cim_studies::Study;
use cim_studies::paper::{Paper, Spec};

fn subset(data: &Dataset, from: usize, count: usize) -> Dataset {
    let pixels = (from..from + count).flat_map(|k| data.image(k).to_vec()).collect();
    let labels = data.labels()[from..from + count].to_vec();
    Dataset::new(pixels, labels, 28, 28, 10).expect("images")
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let count: usize = args[1].parse().expect("a number of designs");
    let mut preset: toml::Table = Paper::PRESET.parse().expect("the preset");
    preset["converters"]["adc_bits"] = toml::Value::Integer(args[2].parse().expect("bits"));
    if let Some(name) = args.get(3) {
        let model = format!("model = {{ kind = 'published', name = '{name}' }}\neffects = []");
        preset.insert("device".into(), toml::Value::Table(model.parse().expect("a device")));
        preset["sweeps"]
            .as_table_mut()
            .expect("a section")
            .insert("programming_scale".into(), toml::Value::Array(vec![]));
    }
    let spec: Spec = preset.try_into().expect("a preset");
    let (all, _) = cim_data::idx::load(Path::new("data/mnist")).expect("MNIST");
    let (train, hold_out) = (subset(&all, 0, 50_000), subset(&all, 55_000, 2000));
    let recipe = Recipe {
        epochs: 4,
        batch: 256,
        learning_rate: 2e-3,
        weight_decay: 0.0,
        optimiser: Optimiser::Adam { beta1: 0.9, beta2: 0.999 },
        max_shift: 1,
        distillation: 0.0,
        teacher_temperature: 1.0,
        full_scale_rate: 0.0,
    };
    let network = Network::new(&[784, 256, 128, 10], Stream::root(1)).expect("widths");
    let paths =
        network.layers().iter().map(|l| LayerPath::digital(l.weights.nrows(), l.weights.ncols()));
    let mut trainer =
        Trainer::new(&recipe, network.clone(), paths.collect(), None, Stream::root(5))
            .expect("a recipe");
    while !trainer.is_done() {
        trainer.epoch(&train).expect("data fit");
    }
    let network = trainer.into_state().network;
    let (logits, _) = network.logits(&network.exact(), &hold_out);
    println!("digital accuracy {:.4}", accuracy(logits.view(), hold_out.labels()));
    let inputs = LayerInputs::of_first(&network, &train, 128);
    let start = ChipDesign::by_policy(
        spec.parts().expect("parts"),
        &network,
        &inputs,
        FullScale::WorstCase,
    );
    let start = start.expect("a design");
    let designs = random_designs(
        spec.rules(),
        &start,
        &network,
        &inputs,
        Ranges::WIDE,
        count,
        Stream::root(9),
    );
    let designs = designs.expect("designs");
    let felt = sensitivities(&network, &inputs, SOFTENED);
    let levelled = felt.clone().levelled(&network, &inputs);
    let ranked = Ranked::of(
        &designs,
        &network,
        &Task::classify(&hold_out).expect("labels"),
        |design| design.objective(&network, &inputs, &levelled),
        (2, Stream::root(77)),
        || (),
    );
    let ranked = ranked.expect("chips");
    let found = ranked.estimate(Stream::root(78));
    println!("rank correlation {:.4} ({:.4} to {:.4})", found.correlation, found.low, found.high);
    let against = |name: &str, of: &dyn Fn(&ChipDesign) -> f64| {
        let objective: Vec<f64> = designs.iter().map(of).collect();
        println!("{name} {:.4}", -rank_correlation(&objective, &ranked.accuracy));
    };
    let plain = |design: &ChipDesign, felt: &Sensitivities, gain: bool| {
        let errors = design.errors(&network, &inputs).expect("errors");
        let of =
            |e: &LayerErrors| if gain { e.output_error_after_gain() } else { e.output_error() };
        errors.iter().zip(&felt.outputs).map(|(errors, felt)| of(errors).dot(felt)).sum::<f64>()
    };
    let at_1 = sensitivities(&network, &inputs, Felt::CrossEntropy { temperature: 1.0 });
    let logits = sensitivities(&network, &inputs, Felt::Logits);
    let objective = |felt: Sensitivities| {
        let network = &network;
        let inputs = &inputs;
        move |design: &ChipDesign| design.objective(network, inputs, &felt).expect("errors")
    };
    against("weights of layers as the softened cross-entropy has them", &objective(felt.clone()));
    against("weights of the cross-entropy itself", &objective(at_1.clone()));
    against("cross-entropy, levelled", &objective(at_1.clone().levelled(&network, &inputs)));
    let mut uniform = felt.clone();
    uniform.outputs.iter_mut().for_each(|felt| felt.fill(1.0));
    against("outputs alike, levelled", &objective(uniform.levelled(&network, &inputs)));
    against("digital inputs, levelled", &|design| plain(design, &levelled, true));
    against("digital inputs, no gain, levelled", &|design| plain(design, &levelled, false));
    against("digital inputs, no gain, weights of the softened", &|design| {
        plain(design, &felt, false)
    });
    against("digital inputs, no gain, logits", &|design| plain(design, &logits, false));
    let mut sorted = ranked.accuracy.clone();
    sorted.sort_by(f64::total_cmp);
    println!(
        "accuracy quantiles {:?}",
        [0, 10, 25, 50, 75, 90, 100].map(|q| sorted[(sorted.len() - 1) * q / 100])
    );
}
