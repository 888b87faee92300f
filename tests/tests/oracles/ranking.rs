//! The objective puts designs in the order of what they cost.

use std::path::Path;

use cim_chip::{
    ChipDesign, FullScale, Goal, LayerInputs, Parts, Ranges, Ranked, SOFTENED, Task, optimise,
    random_designs, sensitivities, worst_case,
};
use cim_core::Stream;
use cim_nn::{Dataset, LayerPath, Network, Optimiser, Recipe, Trainer};
use cim_studies::Study;
use cim_studies::paper::{INTERIOR, Paper, Spec};

fn spec() -> Spec {
    toml::from_str(Paper::PRESET).expect("the preset")
}

/// Images of the training set of MNIST from one on.
fn images(all: &Dataset, from: usize, count: usize) -> Dataset {
    let pixels = (from..from + count).flat_map(|k| all.image(k).to_vec()).collect();
    let labels = all.labels()[from..from + count].to_vec();
    Dataset::new(pixels, labels, 28, 28, 10).expect("images")
}

fn trained(data: &Dataset) -> Network {
    let network = Network::new(&[784, 256, 128, 10], Stream::root(1)).expect("widths");
    let recipe = Recipe {
        epochs: 3,
        batch: 128,
        learning_rate: 2e-3,
        weight_decay: 0.0,
        optimiser: Optimiser::Adam { beta1: 0.9, beta2: 0.999 },
        max_shift: 0,
        distillation: 0.0,
        teacher_temperature: 1.0,
        full_scale_rate: 0.0,
    };
    let digital = |l: &cim_nn::Layer| LayerPath::digital(l.weights.nrows(), l.weights.ncols());
    let paths = network.layers().iter().map(digital).collect();
    let mut trainer =
        Trainer::new(&recipe, network, paths, None, Stream::root(5)).expect("a recipe");
    while !trainer.is_done() {
        trainer.epoch(data).expect("data fit");
    }
    trainer.into_state().network
}

/// 100 random designs of the default preset for a network trained on 12,000 digits, two chips each, measured
/// on 1,500 of the training set that nothing was fitted to: 0.889 was found, where 0.95 is wanted. Over other
/// designs a rank correlation of 100 spreads by (1 − ρ²)/√100 = 0.02; four of these below it is no longer the
/// same objective.
#[test]
fn the_objective_puts_random_designs_in_the_order_of_their_accuracy() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/mnist"));
    let (all, _) = cim_data::idx::load(folder).expect("MNIST comes with the project");
    let (spec, data, held_out) = (spec(), images(&all, 0, 12_000), images(&all, 55_000, 1500));
    let network = trained(&data);
    let inputs = LayerInputs::of_first(&network, &data, 64);
    let parts = spec.parts().expect("parts");
    let start = ChipDesign::by_policy(parts, &network, &inputs, FullScale::WorstCase);
    let start = start.expect("a design");
    let at = Stream::root(9);
    let designs = random_designs(spec.rules(), &start, &network, &inputs, Ranges::WIDE, 100, at);
    let designs = designs.expect("designs");
    let felt = sensitivities(&network, &inputs, SOFTENED);
    let ranked = Ranked::of(
        &designs,
        &network,
        &Task::classify(&held_out).expect("labels"),
        |design| design.objective(&network, &inputs, &felt),
        (2, Stream::root(10)),
        || (),
    );
    let ranked = ranked.expect("chips");
    let spread = |v: &[f64]| {
        v.iter().copied().fold([1.0, 0.0], |[a, b], x| [f64::min(a, x), f64::max(b, x)])
    };
    let [least, most] = spread(&ranked.accuracy);
    assert!(most - least > 0.2, "designs must differ: {least} to {most}");
    assert!(ranked.correlation() >= 0.80, "{}", ranked.correlation());
}

/// In the preset `interior` no bound decides the least energy within its tolerance of the least error: at every
/// resolution that it compares the top of the window and the read voltage lie inside what device and circuit allow, and at its own every full scale below the worst case.
#[test]
fn the_optimum_of_the_interior_preset_is_inside() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/mnist"));
    let (all, _) = cim_data::idx::load(folder).expect("MNIST comes with the project");
    let spec: Spec = toml::from_str(INTERIOR.preset).expect("the preset");
    let data = images(&all, 0, 12_000);
    let network = trained(&data);
    let inputs = LayerInputs::of_first(&network, &data, spec.calibration.images);
    for bits in [3, 4, 6] {
        let parts = Parts { adc_bits: bits, ..spec.parts().expect("parts") };
        let naive = ChipDesign::by_policy(parts, &network, &inputs, FullScale::WorstCase);
        let naive = naive.expect("a design");
        let found = optimise(spec.rules(), &naive, &network, &inputs, Goal::of(true, true));
        let design = found.expect("a program").design;
        let (device, window) = (naive.parts.device.window(), design.parts.window);
        let inside = |least: f64, x: f64, most: f64| 1.05 * least < x && x < 0.95 * most;
        let top = window.g_max.0;
        assert!(inside(device.g_min.0, top, device.g_max.0), "{bits} bits: {window:?}");
        let volts = design.parts.read_voltage.0;
        let (least, most) = (spec.optimiser.least_read_voltage, spec.circuit.disturb_voltage);
        assert!(inside(least.0, volts, most.0), "{bits} bits: {volts} V");
        if bits != spec.converters.adc_bits {
            continue;
        }
        // Full scales against those of the worst case in the same window at the same voltage.
        let mut whole = design.clone();
        for (layer, product) in whole.layers.iter_mut().zip(network.products()) {
            worst_case(&whole.parts, layer, product.weights);
        }
        for (own, whole) in design.layers.iter().zip(&whole.layers) {
            for (own, whole) in own.full_scale.iter().zip(&whole.full_scale) {
                assert!(inside(0.0, own.0, whole.0), "{bits} bits: {own} of {whole}");
            }
        }
    }
}
