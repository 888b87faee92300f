//! The loss budget on three networks: what it says of every effect is what chips with any of them say.
//!
//! Chips with every subset of the effects are made from sections of a preset, not by taking effects away, and what
//! subsets cost beyond their parts follows by inclusion and exclusion. The loss of other chips is the budget's.

#![expect(clippy::print_stdout, reason = "a test that is left out says so")]

use std::path::PathBuf;
use std::sync::Arc;

use cim_chip::{
    Budget, ChipDesign, ChipPreset, Chips, Effect, Estimate, Foreign, LayerInputs, Ledger, Metric,
    Moment, Reference, Stream, Task, Truth, budget, estimate, evaluate,
};
use cim_core::Seconds;
use cim_data::npz;
use cim_device::{Composed, Device, Ideal};
use cim_graph::{Limits, Network};
use cim_tests::cifar;
use cim_tests::written::{CHIP, changed};
use ndarray::{Array2, s};

use Effect::{
    Ageing, CircuitNoise, Conduction, ConverterNoise, FrontEnd, InputRounding, OutputConversion,
    Programming, ReadNoise, Wires,
};

/// What a chip has beyond [`CHIP`]: all effects but ageing, so noisy that a perceptron feels each.
const NOISY: [(&str, &str); 5] = [
    ("device.model.programming.constant", "\"5 uS\""),
    ("device.model.read.proportional", "0.05"),
    ("device.model.current_voltage", r#"{ law = "sinh", scale = "0.2 V" }"#),
    ("circuit.bandwidth", "\"1 GHz\""),
    ("converters.dac_bits", "4"),
];

/// Keys that take an effect away, and their values.
fn keys_without(effect: Effect) -> Vec<(&'static str, &'static str)> {
    const NO_NOISE: &str = r#"{ constant = "0 S", proportional = 0.0, inverse = "0 S", inverse_at = "0 S", linear = "0 S" }"#;
    match effect {
        Programming => vec![("device.model.programming", NO_NOISE)],
        ReadNoise => vec![("device.model.read", NO_NOISE)],
        Conduction => vec![("device.model.current_voltage", r#"{ law = "ohmic" }"#)],
        Wires => vec![("wires", r#"{ row = "0 Ohm", column = "0 Ohm" }"#)],
        ConverterNoise => vec![("converters.adc_noise", "\"0 A\"")],
        InputRounding => vec![("converters.dac_bits", "16")],
        OutputConversion => vec![
            ("converters.adc_bits", "16"),
            ("converters.full_scale", r#"{ policy = "worst-case" }"#),
        ],
        CircuitNoise => vec![("circuit.bandwidth", "\"0 Hz\"")],
        // Time takes the one away, and cells that age are taken apart below; the other is written below.
        Ageing | FrontEnd => Vec::new(),
    }
}

/// The section of a front end on chips with row converters of 4 bits that have nothing but `present`. Row converters
/// that do not round are as far from straight in volts, 4,681 times as many of their steps (65,534 for 14); column converters
/// that do not round have no thresholds to be off.
fn front_end(present: &[Effect]) -> String {
    let has = |effect| present.contains(&effect);
    let [offset, gain, driver] =
        if has(FrontEnd) { ["10 mV", "0.03", "4 mV"] } else { ["0 V", "0.0", "0 V"] };
    let (dac, adc, differential) = match has(FrontEnd) {
        false => (0.0, 0.0, 0.0),
        true => (
            if has(InputRounding) { 0.5 } else { 0.5 * 4681.0 },
            if has(OutputConversion) { 1.5 } else { 0.0 },
            if has(OutputConversion) { 0.5 } else { 0.0 },
        ),
    };
    format!(
        r#"{{ amplifier_offset = "{offset}", gain_spread = {gain}, driver_noise = "{driver}",
        dac_integral = {{ sigma_lsb = {dac:?} }}, adc_integral = {{ sigma_lsb = {adc:?} }},
        adc_differential = {differential:?}, calibration = {{ kind = "none" }}, drivers = "supply",
        driver_power = "1 uW", amplifier_power = "1 uW", leakage = "1 uW" }}"#
    )
    .replace('\n', " ")
}

/// A network, what it is asked, and a chip with effects.
struct Case {
    network: Foreign,
    samples: Array2<f32>,
    labels: Vec<u32>,
    text: String,
    moment: Moment,
    effects: Vec<Effect>,
    chips: usize,
}

impl Case {
    fn network_and_task(&self) -> (&Foreign, Task) {
        let truth = Truth::Labels(self.labels.clone());
        (&self.network, Task::new(self.samples.clone(), truth, Metric::Top1).expect("a task"))
    }

    /// The design of chips that have nothing but `present`, made from the preset without the others.
    fn design(&self, present: &[Effect]) -> ChipDesign {
        let gone = |effect: Effect| !present.contains(&effect);
        let of_one_model = self.text.contains("published");
        let mut keys: Vec<_> = self
            .effects
            .iter()
            .filter(|&&effect| gone(effect))
            .filter(|&&effect| !(of_one_model && matches!(effect, Programming | ReadNoise)))
            .flat_map(|&effect| keys_without(effect))
            .collect();
        let front_end = front_end(present);
        if self.effects.contains(&FrontEnd) {
            keys.push(("front_end", &front_end));
        }
        let chip: ChipPreset = changed(&self.text, &keys).try_into().expect("a chip");
        let mut parts = chip.parts().expect("parts");
        if of_one_model {
            let ideal: Arc<dyn Device> = Arc::new(Ideal { window: parts.window });
            let all = parts.device.clone();
            let of = |effect| if gone(effect) { ideal.clone() } else { all.clone() };
            let conduction = all.clone();
            let (programming, ageing, reading) = (of(Programming), of(Ageing), of(ReadNoise));
            parts.device = Arc::new(Composed { programming, ageing, reading, conduction });
        }
        let inputs = LayerInputs::driven(&self.network, self.samples.view()).expect("samples");
        let mut design = chip.design(parts, &self.network, &inputs).expect("a design");
        // Percentiles are of currents with all effects; a budget leaves full scales as designed.
        let is_other = present.len() < self.effects.len() && !gone(OutputConversion);
        if is_other && self.text.contains("percentile") {
            let designed = self.design(&self.effects).layers;
            for (layer, designed) in design.layers.iter_mut().zip(designed) {
                layer.full_scale = designed.full_scale;
            }
        }
        design
    }

    /// Losses of score and outputs, chip by chip.
    fn losses(&self, present: &[Effect], at: Stream) -> [Vec<f64>; 2] {
        let (network, task) = self.network_and_task();
        let reference = Reference::of(network, &task).expect("digital");
        let asked = (&task, &reference);
        let chips = Chips::exactly(self.chips);
        let design = self.design(present);
        let found = evaluate(&design, network, asked, &self.moment, chips, at, |_| ());
        let found = found.expect("chips");
        let lost = found.scores.iter().map(|score| reference.score - score).collect();
        [lost, found.output_mse]
    }

    fn budget(&self, at: Stream) -> Budget {
        let (network, task) = self.network_and_task();
        let reference = Reference::of(network, &task).expect("digital");
        let (asked, moment) = ((&task, &reference), &self.moment);
        let design = self.design(&self.effects);
        budget(&design, network, asked, moment, self.chips, at, || ()).expect("chips")
    }

    /// All that is said of the budget.
    fn check(&self) {
        let at = Stream::root(21);
        let Budget { score, output } = self.budget(at);
        let count = self.effects.len();
        let of = |mask: usize| -> Vec<Effect> {
            let has = |idx: &usize| mask >> idx & 1 == 1;
            (0..count).filter(has).map(|idx| self.effects[idx]).collect()
        };
        let found: Vec<[Vec<f64>; 2]> =
            (0..1 << count).map(|mask| self.losses(&of(mask), at)).collect();
        // Chips of other draws lose as much. Twice the joint interval: about one in 10,000 seeds.
        let others = self.losses(&self.effects, Stream::root(22));
        for (kind, ledger) in [&score, &output].into_iter().enumerate() {
            let losses: Vec<&[f64]> = found.iter().map(|losses| &losses[kind][..]).collect();
            self.check_ledger(ledger, &losses);
            let (whole, other) = (ledger.whole, estimate(&others[kind]));
            let joint = whole.ci95.hypot(other.ci95);
            println!("whole {whole:?}, of other chips {other:?}");
            assert!((whole.mean - other.mean).abs() <= 2.0 * joint, "{whole:?} {other:?}");
        }
    }

    /// Every number of a ledger, from the losses of all subsets of effects, by the bits of their places.
    fn check_ledger(&self, ledger: &Ledger, losses: &[&[f64]]) {
        let count = self.effects.len();
        // What a subset costs beyond all that is in it.
        let mut beyond: Vec<Vec<f64>> = losses.iter().map(|losses| losses.to_vec()).collect();
        for bit in (0..count).map(|idx| 1 << idx) {
            for mask in (0..beyond.len()).filter(|mask| mask & bit != 0) {
                let without = beyond[mask ^ bit].clone();
                beyond[mask].iter_mut().zip(without).for_each(|(loss, without)| *loss -= without);
            }
        }
        let sum = |weight: &dyn Fn(usize) -> f64| -> Vec<f64> {
            (0..self.chips)
                .map(|chip| {
                    let terms = beyond.iter().enumerate();
                    terms.map(|(mask, beyond)| weight(mask) * beyond[chip]).sum()
                })
                .collect()
        };
        let size = estimate(losses[losses.len() - 1]).mean.abs().max(1e-3);
        let same = |what: &str, told: Estimate, own: &[f64]| {
            let own = estimate(own);
            // Chips are the same to the last digits of their full scales.
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * size;
            assert!(
                near(told.mean, own.mean) && near(told.ci95, own.ci95),
                "{what}: {told:?}, not {own:?}"
            );
        };
        let order = |mask: usize| mask.count_ones();
        same("whole", ledger.whole, &sum(&|_| 1.0));
        same("rest", ledger.rest, &sum(&|mask| f64::from(u8::from(mask == 0))));
        let told: Vec<Effect> = ledger.effects.iter().map(|loss| loss.effect).collect();
        assert_eq!(told, self.effects);
        for (idx, loss) in ledger.effects.iter().enumerate() {
            let (name, bit) = (loss.effect.key(), 1 << idx);
            let has = |mask: usize| f64::from(u8::from(mask & bit != 0));
            let alone = |mask: usize| f64::from(u8::from(mask == bit));
            same(&format!("{name} alone"), loss.alone, &sum(&alone));
            same(&format!("{name} removed"), loss.removed, &sum(&has));
            let interaction = sum(&|mask| has(mask) - alone(mask));
            same(&format!("{name} with others"), loss.interaction, &interaction);
            // The Shapley value of effects that meet in pairs: all of what is its own, half of a pair.
            let share = sum(&|mask| 0.5 * (has(mask) + alone(mask)));
            same(&format!("{name} share"), loss.share, &share);
        }
        // Three effects and more share nothing with the shares of pairs.
        let more =
            |mask: usize| if order(mask) < 3 { 0.0 } else { 1.0 - 0.5 * f64::from(order(mask)) };
        same("three and more", ledger.remainder, &sum(&more));
        let (a, b, told) = ledger.pair.expect("two effects and more");
        let bit =
            |effect| 1 << self.effects.iter().position(|&own| own == effect).expect("its own");
        let both = bit(a) | bit(b);
        same("pair", told, &sum(&|mask| f64::from(u8::from(mask == both))));
    }
}

fn networks() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/networks"))
}

/// The first digits of the repository, and a network for them.
fn digits(file: &str, count: usize) -> (Foreign, Array2<f32>, Vec<u32>) {
    let arrays = npz::read(&networks().join("digits.npz")).expect("digits");
    let named = |name: &str| arrays.iter().find(|array| array.name == name).expect("there");
    let x: Vec<f32> = named("x").values.iter().copied().collect();
    let x = Array2::from_shape_vec((300, 196), x).expect("300 pictures");
    let samples = x.slice(s![..count, ..]).to_owned();
    let labels = named("y").values.iter().take(count).map(|&label| label as u32).collect();
    let bytes = std::fs::read(networks().join(file)).expect("a network");
    let network = Network::from_onnx(&bytes, Limits::default()).expect("a network");
    let row = samples.row(0).to_vec();
    (Foreign::new(network, &[vec![1, 14, 14]], &row).expect("it fits"), samples, labels)
}

#[test]
fn of_a_perceptron_on_bent_cells() {
    let (network, samples, labels) = digits("mlp.onnx", 100);
    let effects = vec![
        Programming,
        ReadNoise,
        Conduction,
        CircuitNoise,
        ConverterNoise,
        InputRounding,
        OutputConversion,
    ];
    let (text, moment) = (changed(CHIP, &NOISY).to_string(), Moment::FRESH);
    Case { network, samples, labels, text, moment, effects, chips: 6 }.check();
}

#[test]
fn of_a_convolutional_network_on_wires_and_cells_that_age() {
    let (network, samples, labels) = digits("cnn.onnx", 40);
    let effects = vec![Programming, Ageing, ReadNoise, Wires, ConverterNoise, OutputConversion];
    let keys = [
        ("device.model", r#"{ kind = "published", name = "pcm" }"#),
        ("circuit.bandwidth", "\"0 Hz\""),
        ("wires", r#"{ row = "2 Ohm", column = "2 Ohm" }"#),
        ("converters.dac_bits", "16"),
        ("converters.adc_bits", "8"),
        ("converters.adc_noise", "\"50 nA\""),
        ("converters.full_scale", r#"{ policy = "percentile", percentile = 99.9 }"#),
    ];
    let text = changed(CHIP, &[&NOISY[..], &keys].concat()).to_string();
    let moment = Moment { after: Seconds(86_400.0), compensation: None };
    Case { network, samples, labels, text, moment, effects, chips: 6 }.check();
}

/// A front end in front of converters that round little and much.
#[test]
fn of_a_perceptron_behind_a_front_end() {
    let (network, samples, labels) = digits("mlp.onnx", 100);
    let effects = vec![Programming, ReadNoise, FrontEnd, InputRounding, OutputConversion];
    let keys = [
        ("circuit.bandwidth", "\"0 Hz\""),
        ("converters.adc_noise", "\"0 A\""),
        ("converters.dac_bits", "4"),
    ];
    let (text, moment) = (changed(CHIP, &keys).to_string(), Moment::FRESH);
    Case { network, samples, labels, text, moment, effects, chips: 6 }.check();
}

/// Tables are of as many levels as a converter has; one that does not round has others. What offsets cost is theirs,
/// and nothing of it is left without effects.
#[test]
fn of_a_front_end_as_measured() {
    let bent = |levels: usize| -> String {
        let lsb = |k: usize| 2.0 * (std::f64::consts::PI * k as f64 / levels as f64).sin();
        let table: Vec<String> = (0..levels).map(|k| format!("{:?}", lsb(k))).collect();
        format!("{{ table_lsb = [{}] }}", table.join(", "))
    };
    let (dac, adc) = (bent(15), bent(62));
    let section = front_end(&[]);
    let keys = [
        ("converters.dac_bits", "4"),
        ("front_end", &section),
        ("front_end.amplifier_offset", "\"10 mV\""),
        ("front_end.dac_integral", &dac),
        ("front_end.adc_integral", &adc),
    ];
    let of = |keys: &[(&str, &str)]| {
        let (network, samples, labels) = digits("mlp.onnx", 40);
        let (text, moment) = (changed(CHIP, keys).to_string(), Moment::FRESH);
        let case = Case { network, samples, labels, text, moment, effects: Vec::new(), chips: 3 };
        case.budget(Stream::root(3)).output
    };
    let (straight, bent) = (of(&keys[..1]), of(&keys));
    let told: Vec<Effect> = bent.effects.iter().map(|loss| loss.effect).collect();
    assert!(
        told.contains(&FrontEnd) && !straight.effects.iter().any(|loss| loss.effect == FrontEnd)
    );
    assert_eq!(bent.rest, straight.rest);
    let own = bent.effects.iter().find(|loss| loss.effect == FrontEnd).expect("there");
    assert!(
        0.0 < own.alone.mean - own.alone.ci95 && 0.0 < own.removed.mean - own.removed.ci95,
        "{own:?}"
    );
}

#[test]
fn of_resnet_20() {
    let (Some(network), Some((samples, labels))) = (cifar::resnet_20(), cifar::images()) else {
        println!("left out: {}", cifar::LEFT_OUT);
        return;
    };
    let samples = samples.slice(s![..8, ..]).to_owned();
    let row = samples.row(0).to_vec();
    let network = Foreign::new(network, &[vec![3, 32, 32]], &row).expect("it fits");
    let labels = labels[..8].to_vec();
    let effects = vec![Programming, ReadNoise, OutputConversion];
    let keys = [
        ("tile", "{ rows = 128, outputs = 64 }"),
        ("device.model.current_voltage", r#"{ law = "ohmic" }"#),
        ("device.model.programming.constant", "\"3 uS\""),
        ("circuit.bandwidth", "\"0 Hz\""),
        ("converters.dac_bits", "16"),
        ("converters.adc_bits", "10"),
        ("converters.adc_noise", "\"0 A\""),
    ];
    let text = changed(CHIP, &[&NOISY[..], &keys].concat()).to_string();
    let moment = Moment::FRESH;
    Case { network, samples, labels, text, moment, effects, chips: 3 }.check();
}
