//! Networks from files on chips: the same as our own, effect by effect what the closed form says.

#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

use cim_chip::sections::{ClipSpec, OptimiserSpec};
use cim_chip::{
    Budget, ChipDesign, ChipPreset, Chips, Effect, Felt, Foreign, FullScale, Goal, LayerInputs,
    Mapped, Metric, Moment, Network, Reference, Rules, Sensitive, Stream, Task, Truth,
    WrittenDesign, budget, effects, evaluate, optimise, program,
};
use cim_graph::Limits;
use cim_nn::Layer;
use cim_tests::cifar;
use cim_tests::written::{CHIP, changed};
use ndarray::{Array1, Array2, ArrayView2};
use safetensors::tensor::{Dtype, TensorView, serialize};

fn chip() -> ChipPreset {
    let tile = ("tile", "{ rows = 16, outputs = 8 }");
    changed(CHIP, &[tile]).try_into().expect("a chip")
}

/// Samples.
const X: u64 = 1000;

fn normals(shape: (usize, usize), idx: u64) -> Array2<f32> {
    let mut values = vec![0.0; shape.0 * shape.1];
    Stream::root(11).child("normals", idx).fill_standard_normal(0, &mut values);
    Array2::from_shape_vec(shape, values).expect("as many as places")
}

/// A perceptron with biases.
fn layers(widths: &[usize]) -> Vec<Layer> {
    let layer = |(idx, pair): (usize, &[usize])| Layer {
        weights: normals((pair[0], pair[1]), idx as u64) / (pair[0] as f32).sqrt(),
        bias: Array1::from_iter((0..pair[1]).map(|k| 0.1 * (k as f32 - 1.0))),
    };
    widths.windows(2).enumerate().map(layer).collect()
}

/// The same perceptron as a file of another tool: outputs × inputs, and a list of layers.
fn from_file(layers: &[Layer]) -> Foreign {
    let bytes =
        |values: Vec<f32>| values.into_iter().flat_map(f32::to_le_bytes).collect::<Vec<u8>>();
    let mut tensors = Vec::new();
    let mut text = format!("input = [{}]\n", layers[0].weights.nrows());
    for (idx, Layer { weights, bias }) in layers.iter().enumerate() {
        let (inputs, outputs) = weights.dim();
        let transposed = weights.t().iter().copied().collect();
        tensors.push((format!("l{idx}.weight"), vec![outputs, inputs], bytes(transposed)));
        tensors.push((format!("l{idx}.bias"), vec![outputs], bytes(bias.to_vec())));
        text += &format!("[[layer]]\nname = \"l{idx}\"\nkind = \"linear\"\n");
        if idx + 1 < layers.len() {
            text += "activation = \"relu\"\n";
        }
    }
    let views: Vec<(String, TensorView<'_>)> = tensors
        .iter()
        .map(|(name, shape, data)| {
            (name.clone(), TensorView::new(Dtype::F32, shape.clone(), data).expect("whole"))
        })
        .collect();
    let file = serialize(views, None).expect("a file");
    let network = cim_graph::Network::from_safetensors(&file, &text, Limits::default());
    let inputs = layers[0].weights.nrows();
    Foreign::new(network.expect("a network"), &[vec![inputs]], &vec![0.5; inputs]).expect("it fits")
}

fn near(a: &Array2<f32>, b: &Array2<f32>, within: f32) {
    let scale = b.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let worst = (a - b).iter().fold(0.0f32, |m, v| m.max(v.abs()));
    assert!(worst <= within * scale, "{worst} of {scale}");
}

/// The same weights, once as our own network and once from a file: the same products, the same design,
/// and the same outputs on the same chip, noise included, as far as both call products alike (the first
/// block).
#[test]
fn the_same_weights_are_the_same_network_on_the_same_chip() {
    let layers = layers(&[40, 24, 10]);
    let (own, foreign) =
        (Network::from_layers(layers.clone()).expect("a network"), from_file(&layers));
    let samples = normals((256, 40), X);
    let own_inputs = LayerInputs::of(&own, samples.view());
    let inputs = LayerInputs::driven(&foreign, samples.view()).expect("samples that fit");
    for (idx, (a, b)) in Mapped::products(&own).iter().zip(foreign.products()).enumerate() {
        assert_eq!((a.weights, a.per_sample), (b.weights, b.per_sample));
        near(&inputs.layer(idx).to_owned(), &own_inputs.layer(idx).to_owned(), 1e-6);
    }
    let parts = chip().parts().expect("parts");
    let policy = FullScale::Percentile { percentile: 99.0 };
    let design = ChipDesign::by_policy(parts.clone(), &own, &own_inputs, policy).expect("a design");
    let same = ChipDesign::by_policy(parts, &foreign, &inputs, policy).expect("a design");
    for (a, b) in design.layers.iter().zip(&same.layers) {
        assert!((a.input_limit / b.input_limit - 1.0).abs() < 1e-6);
        for (a, b) in a.full_scale.iter().zip(&b.full_scale) {
            assert!((a.0 / b.0 - 1.0).abs() < 1e-6);
        }
    }
    // One design for both: two that differ by rounding may put a value on either side of a step.
    let tally = &mut Default::default();
    let grids = program(&design, &own, Stream::root(5), tally).expect("a chip");
    let own_y = Mapped::outputs(&own, &grids, samples.view()).expect("samples").0;
    let grids = program(&design, &foreign, Stream::root(5), tally).expect("a chip");
    let y = foreign.outputs(&grids, samples.view()).expect("samples").0;
    near(&y, &own_y, 1e-6);
    near(
        &foreign.digital_outputs(samples.view()).expect("outputs"),
        &own.digital_logits(samples.view()),
        1e-6,
    );
}

/// What experiments say of a product is what gradients say; so both optimisers choose alike.
#[test]
fn sensitivities_by_experiment_are_those_by_gradients() {
    let layers = layers(&[40, 32, 24, 10]);
    let (own, foreign) =
        (Network::from_layers(layers.clone()).expect("a network"), from_file(&layers));
    let samples = normals((512, 40), X);
    let own_inputs = LayerInputs::of(&own, samples.view());
    let inputs = LayerInputs::driven(&foreign, samples.view()).expect("samples that fit");
    let exact = own.sensitivities(&own_inputs, Felt::Logits).expect("gradients");
    let measured = foreign.sensitivities(&inputs, Felt::Logits).expect("experiments");
    // The squared response to n independent errors is, at worst, one chi-squared a sample: its mean
    // over 512 samples spreads by √(2/512) = 6 %; four of these.
    for (exact, measured) in exact.outputs.iter().zip(&measured.outputs) {
        let (exact, measured) = (exact.mean().expect("outputs"), measured[0]);
        assert!((measured / exact - 1.0).abs() < 0.25, "{measured} for {exact}");
    }
    let chip = chip();
    let (section, prices) = (chip.optimiser.expect("there"), chip.energy.expect("there"));
    let rules = Rules { optimiser: &section, circuit: &chip.circuit, energy: &prices };
    let parts = chip.parts().expect("parts");
    let start = ChipDesign::naive(parts.clone(), &own, &own_inputs.limits());
    let goal = Goal { felt: Felt::Logits, ..Goal::of(true, true) };
    let ours = optimise(rules, &start, &own, &own_inputs, goal).expect("an optimum");
    let theirs = optimise(rules, &start, &foreign, &inputs, goal).expect("an optimum");
    let ratio = theirs.conic.objective / ours.conic.objective;
    assert!((ratio - 1.0).abs() < 0.25, "{ratio}");
    // What a file says of a design is the design.
    let written = WrittenDesign::of(&theirs.design, &foreign);
    let text = toml::to_string(&written).expect("plain data");
    let again: WrittenDesign = toml::from_str(&text).expect("what was written");
    let design = again.build(parts.clone(), &foreign).expect("the same network");
    for (a, b) in design.layers.iter().zip(&theirs.design.layers) {
        assert_eq!((a.weight_clip, a.input_limit), (b.weight_clip, b.input_limit));
        for (a, b) in a.full_scale.iter().zip(&b.full_scale) {
            assert!((a.0 / b.0 - 1.0).abs() < 1e-12);
        }
    }
    let other = from_file(&self::layers(&[40, 24, 10]));
    assert!(again.build(parts, &other).is_err(), "a design of another network");
}

/// Clips that a preset asks for are those of the percentiles, and full scales follow them.
#[test]
fn a_preset_says_where_weights_and_inputs_are_clipped() {
    let network = from_file(&layers(&[40, 24, 10]));
    let samples = normals((512, 40), X);
    let inputs = LayerInputs::driven(&network, samples.view()).expect("samples that fit");
    let designed = |clips: Option<ClipSpec>| {
        let full_scale = FullScale::Percentile { percentile: 99.0 };
        let mut chip = chip();
        (chip.clips, chip.converters.full_scale) = (clips, full_scale);
        chip.design(chip.parts().expect("parts"), &network, &inputs).expect("a design")
    };
    let (none, largest) = (
        designed(None),
        designed(Some(ClipSpec { weight_percentile: 100.0, input_percentile: 100.0 })),
    );
    let clipped = designed(Some(ClipSpec { weight_percentile: 90.0, input_percentile: 95.0 }));
    for (idx, (none, largest)) in none.layers.iter().zip(&largest.layers).enumerate() {
        assert_eq!(none.full_scale, largest.full_scale);
        assert_eq!(
            (none.input_limit, none.weight_clip),
            (largest.input_limit, largest.weight_clip)
        );
        let own = &clipped.layers[idx];
        let beyond = |values: ArrayView2<'_, f32>, clip: f32| {
            values.iter().filter(|value| clip < value.abs()).count() as f64 / values.len() as f64
        };
        let (weights, inputs) = (network.products()[idx].weights, inputs.layer(idx));
        assert!((beyond(weights, own.weight_clip) - 0.1).abs() < 1.5 / weights.len() as f64);
        assert!((beyond(inputs, own.input_limit) - 0.05).abs() < 1.5 / inputs.len() as f64);
        assert_ne!(own.full_scale, none.full_scale);
    }
    for percentile in [0.0, 100.5, f64::NAN] {
        let clips = ClipSpec { weight_percentile: 99.0, input_percentile: percentile };
        let mut chip = chip();
        chip.clips = Some(clips);
        let error = chip.parts().err().expect("no percentile");
        assert!(error.to_string().contains("clips.input_percentile"), "{error}");
    }
}

/// Inputs with a few far ones: a range up to the largest leaves all others few codes and currents below the noise, so
/// the search clips, and chips of its design err less. A search with nothing to try is no search.
#[test]
fn ranges_of_inputs_are_searched_where_a_few_are_far() {
    let network = from_file(&layers(&[40, 24, 10]));
    // Squares with their signs: the largest is ten times the root mean square.
    let samples = normals((512, 40), X).mapv(|x| x * x.abs());
    let inputs = LayerInputs::driven(&network, samples.view()).expect("samples that fit");
    let chip = chip();
    let (section, prices) = (chip.optimiser.expect("there"), chip.energy.expect("there"));
    let start = ChipDesign::naive(chip.parts().expect("parts"), &network, &inputs.limits());
    let designed = |search_inputs: bool, least_clip: f64| {
        let section = OptimiserSpec { least_clip, ..section };
        let rules = Rules { optimiser: &section, circuit: &chip.circuit, energy: &prices };
        let goal = Goal { felt: Felt::Logits, search_inputs, ..Goal::of(true, true) };
        optimise(rules, &start, &network, &inputs, goal).expect("an optimum").design
    };
    let (all, clipped) = (designed(false, 0.05), designed(true, 0.05));
    let largest = inputs.limits()[0];
    assert_eq!(all.layers[0].input_limit, largest);
    let limit = clipped.layers[0].input_limit;
    assert!((0.2..0.8).contains(&(limit / largest)), "{limit} of {largest}");
    let targets = network.digital_outputs(samples.view()).expect("outputs");
    let task = Task::new(samples.clone(), Truth::Targets(targets), Metric::Mse).expect("a task");
    let reference = Reference::of(&network, &task).expect("digital");
    let error = |design: &ChipDesign| {
        let (moment, chips) = (Moment::FRESH, Chips::exactly(20));
        let found = evaluate(
            design,
            &network,
            (&task, &reference),
            &moment,
            chips,
            Stream::root(3),
            |_| (),
        );
        found.expect("chips").score().mean
    };
    let (clipped_error, all_error) = (error(&clipped), error(&all));
    assert!(clipped_error < all_error, "{clipped_error} of {all_error}");
    let (none, left) = (designed(true, 1.0), designed(false, 1.0));
    for (none, left) in none.layers.iter().zip(&left.layers) {
        assert_eq!((none.input_limit, none.weight_clip), (left.input_limit, left.weight_clip));
        let scales = none.full_scale.iter().zip(&left.full_scale);
        scales.for_each(|(a, b)| assert!((a.0 / b.0 - 1.0).abs() < 1e-9));
    }
}

/// One product without what follows it: the error of outputs is that of the product, so each effect
/// alone costs what the closed form says of its source, and effects that are independent add up.
#[test]
fn an_effect_alone_costs_what_the_closed_form_says_and_independent_effects_add_up() {
    let mut layers = layers(&[24, 6]);
    layers[0].bias.fill(0.0);
    let network = from_file(&layers);
    let samples = normals((32, 24), X).mapv(|x| x.clamp(-1.5, 1.5));
    let inputs = LayerInputs::driven(&network, samples.view()).expect("samples that fit");
    let parts = chip().parts().expect("parts");
    let design =
        ChipDesign::by_policy(parts, &network, &inputs, FullScale::WorstCase).expect("a design");
    let targets = network.digital_outputs(samples.view()).expect("outputs");
    let task = Task::new(samples.clone(), Truth::Targets(targets), Metric::Mse).expect("a task");
    let reference = Reference::of(&network, &task).expect("digital");
    let (moment, at, chips) = (Moment::FRESH, Stream::root(9), 300);
    let found = budget(&design, &network, (&task, &reference), &moment, chips, at, || ());
    let Budget { output, score } = found.expect("chips");
    let present: Vec<Effect> = output.effects.iter().map(|loss| loss.effect).collect();
    assert_eq!(present, effects(&design, &moment));
    assert!(!present.contains(&Effect::Ageing) && !present.contains(&Effect::Wires));

    let closed = design.errors(&network, &inputs).expect("closed form")[0].shares();
    for (effect, want) in [
        (Effect::Programming, closed.programming + closed.distortion),
        (Effect::ReadNoise, closed.read),
        (Effect::ConverterNoise, closed.input),
    ] {
        let loss = output.effects.iter().find(|loss| loss.effect == effect).expect("present");
        // Finest converters leave a floor that was taken off; the closed form is first order in it.
        let within = 2.0 * loss.alone.ci95 + 0.03 * want;
        assert!((loss.alone.mean - want).abs() < within, "{effect:?}: {:?} for {want}", loss.alone);
    }
    // Parts and rest are the whole, within the interval of what is left over.
    for ledger in [&output, &score] {
        let parts: f64 = ledger.effects.iter().map(|loss| loss.share.mean).sum();
        let sum = ledger.rest.mean + parts + ledger.remainder.mean;
        assert!((sum / ledger.whole.mean - 1.0).abs() < 1e-9, "{sum} for {}", ledger.whole.mean);
        let left = ledger.remainder;
        assert!(left.mean.abs() < 2.0 * left.ci95 + 0.02 * ledger.whole.mean, "{left:?}");
    }
}

/// Same seed, same bytes, at any number of threads.
#[test]
fn threads_change_nothing() {
    let network = from_file(&layers(&[40, 24, 10]));
    let samples = normals((700, 40), X);
    let inputs = LayerInputs::driven(&network, samples.view()).expect("samples that fit");
    let parts = chip().parts().expect("parts");
    let design =
        ChipDesign::by_policy(parts, &network, &inputs, FullScale::WorstCase).expect("a design");
    let labels = (0..700).map(|k| k % 10).collect();
    let task = Task::new(samples, Truth::Labels(labels), Metric::Top1).expect("a task");
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let reference = Reference::of(&network, &task).expect("digital");
            let asked = (&task, &reference);
            let found = evaluate(
                &design,
                &network,
                asked,
                &Moment::FRESH,
                Chips::exactly(2),
                Stream::root(3),
                |_| (),
            );
            let found = found.expect("chips");
            (found.scores, found.output_mse, found.products, found.tally)
        })
    };
    assert_eq!(run(1), run(3));
}

/// A chip count that is enough is not exceeded, and one that is not is used up.
#[test]
fn chips_are_made_until_the_interval_is_narrow() {
    let network = from_file(&layers(&[16, 4]));
    let samples = normals((64, 16), X);
    let inputs = LayerInputs::driven(&network, samples.view()).expect("samples that fit");
    let parts = chip().parts().expect("parts");
    let design =
        ChipDesign::by_policy(parts, &network, &inputs, FullScale::WorstCase).expect("a design");
    let targets = network.digital_outputs(samples.view()).expect("outputs");
    let task = Task::new(samples, Truth::Targets(targets), Metric::Mse).expect("a task");
    let reference = Reference::of(&network, &task).expect("digital");
    let run = |until| {
        let chips = Chips { most: 40, until: Some(until) };
        let asked = (&task, &reference);
        evaluate(&design, &network, asked, &Moment::FRESH, chips, Stream::root(3), |_| ())
            .expect("chips")
    };
    assert_eq!(run(1e9).scores.len(), Chips::LEAST);
    assert_eq!(run(1e-12).scores.len(), 40);
    let some = run(1.05 * run(1e-12).score().ci95);
    assert!(some.score().ci95 <= 1.05 * run(1e-12).score().ci95);
    assert!(some.scores.len() <= 40);
}

/// ResNet-20 on CIFAR-10: digitally as accurate as in PyTorch, on a good chip hardly less, and on a
/// chip without any effect the same.
#[test]
fn resnet_20_on_a_chip() {
    let (Some(network), Some((samples, labels))) = (cifar::resnet_20(), cifar::images()) else {
        println!("left out: {}", cifar::LEFT_OUT);
        return;
    };
    let row = samples.row(0).to_vec();
    let network = Foreign::new(network, &[vec![3, 32, 32]], &row).expect("it fits");
    let few = samples.slice(ndarray::s![..200, ..]).to_owned();
    let task = Task::new(samples, Truth::Labels(labels.clone()), Metric::Top1).expect("a task");
    let reference = Reference::of(&network, &task).expect("digital");
    assert_eq!(reference.score, 854.0 / 932.0);
    let mut chip = chip();
    (chip.tile.rows, chip.tile.outputs, chip.converters.adc_bits) = (128, 64, 8);
    let inputs = LayerInputs::driven(&network, few.slice(ndarray::s![..32, ..])).expect("images");
    let policy = FullScale::Percentile { percentile: 99.9 };
    let parts = chip.parts().expect("parts");
    let design = ChipDesign::by_policy(parts, &network, &inputs, policy).expect("a design");
    let labels = labels[..200].to_vec();
    let task = Task::new(few, Truth::Labels(labels), Metric::Top1).expect("a task");
    let reference = Reference::of(&network, &task).expect("digital");
    let score = |design: &ChipDesign| {
        let asked = (&task, &reference);
        let found = evaluate(
            design,
            &network,
            asked,
            &Moment::FRESH,
            Chips::exactly(1),
            Stream::root(1),
            |_| (),
        );
        let found = found.expect("a chip");
        (found.scores[0], found.output_mse[0])
    };
    let (none, error) = score(&design.without(&Effect::ALL, &network));
    assert!((none - reference.score).abs() <= 0.01 && error < 1e-3, "{none}, error {error}");
    let (all, error) = score(&design);
    assert!(0.5 < all && all <= 1.0 && error < 1.0, "{all}, error {error}");
}
