//! Any device of the catalogue, alone or with stuck cells around it, runs in every preset that has cells: each study
//! in miniature, from the text of its preset to a report that can be written.

use std::fs;
use std::path::{Path, PathBuf};

use cim_device::published_names;
use cim_studies::{Clock, Context, Entry, NoSimulator, NoStore, Progress, Request, STUDIES, Steps};
use rayon::prelude::*;
use toml::{Table, Value};

/// What makes studies small, of those that have the key.
const SMALL: &[(&str, &str)] = &[
    ("accuracy.solved", "'least-error'"),
    ("accuracy.wires", "['100 Ohm']"),
    ("adaptation.epochs", "1"),
    ("arrays.rows", "[32]"),
    ("arrays.wires", "['0 Ohm', '2 Ohm']"),
    ("attack.batch", "20"),
    ("attack.fit_images", "[30]"),
    ("attack.images", "20"),
    ("attack.passes", "1"),
    ("attack.steps", "5"),
    ("calibration.images", "16"),
    ("choices.clip_shares", "[0.5]"),
    ("choices.energy_tolerances", "[0.1]"),
    ("choices.frugal_tolerances", "[0.3]"),
    ("choices.input_percentiles", "[100.0]"),
    ("choices.percentiles", "[99.9]"),
    ("choices.weight_percentiles", "[100.0]"),
    ("choices.window_bottoms", "[0.0]"),
    ("choices.window_tops", "[1.0]"),
    ("comparison.increments", "['0.1 V']"),
    ("digits.tuning.epochs", "1"),
    ("digits.two_layers.training.epochs", "5"),
    ("digits.two_layers.tuning.epochs", "1"),
    ("disturb.read_times", "['10 ns']"),
    ("disturb.read_voltages", "['0.2 V']"),
    ("drift.after", "'1 h'"),
    ("drift.times", "['20 s', '1 h']"),
    ("error_model.chips", "8"),
    ("error_model.designs", "4"),
    ("error_model.images", "2"),
    ("evaluation.chips", "2"),
    ("factors.arrays", "2"),
    ("further", "[]"),
    ("gains.images", "16"),
    ("holdout.images", "40"),
    ("hidden.widths", "[8]"),
    (
        "network.operations",
        "[{ op = 'threshold', least = [0.5], rising = [true] }, { op = 'flatten' }, { op = 'linear', features = 12 },
          { op = 'batch-norm' }, { op = 'sign' }, { op = 'linear', features = 10 }, { op = 'batch-norm' }]",
    ),
    ("network.widths", "[784, 8, 10]"),
    ("mapping.slices", "2"),
    ("networks.count", "2"),
    ("optimiser.clip_points", "3"),
    ("optimiser.histogram_bins", "8"),
    ("pretraining.epochs", "1"),
    ("puf.chips", "4"),
    ("puf.code", "{ bits = 16, copies = 3 }"),
    ("robot.arena.most_steps", "40"),
    ("robot.episodes", "2"),
    ("robot.lessons", "4"),
    ("robot.tuning.epochs", "1"),
    ("robot.tuning_samples", "20"),
    ("spiking.neurons", "[8, 8]"),
    ("sweep.adc_bits", "[3]"),
    ("sweep.mappings", "['bnn-i', 'tnn-iv']"),
    (
        "sweep.ranges",
        "[{ policy = 'worst-case' }, { policy = 'placed', shared_by = 'none', errors = 'decisions' }]",
    ),
    ("sweep.rows", "[256]"),
    ("sweep.shares", "[0.5]"),
    ("sweep.spreads", "[0.12]"),
    ("sweep.steps", "[1]"),
    ("sweep.strides", "[1]"),
    ("sweeps.bandwidths", "['10 MHz']"),
    ("sweeps.bits", "[4]"),
    // Only the noise of a Gaussian cell can be scaled.
    ("sweeps.programming_scale", "[]"),
    ("sweeps.temperatures", "['300 K']"),
    ("training.ablation.epochs", "1"),
    ("training.bits.epochs", "1"),
    ("training.digital.epochs", "2"),
    ("training.further.epochs", "1"),
    ("training.network.epochs", "1"),
    ("training.noise.recipe.epochs", "1"),
    ("windows.hop", "200"),
    ("wired.pitches", "['1 Ohm']"),
    ("wrong_bits.counts", "[0, 40]"),
];

/// Of studies that train a network a dozen times, every how many devices are run: the design of `paper` on all of
/// them is a test of its own (`published_devices`).
const SELDOM: &[(&str, usize)] = &[("paper", 7), ("interior", 7)];

const EFFECTS: &str = "[{ kind = 'stuck', cells = 'random', share_low = 0.01, share_high = 0.0, low = '0 S', \
                       high = '1 uS' }]";

fn value(text: &str) -> Value {
    format!("value = {text}").parse::<Table>().expect("TOML")["value"].clone()
}

/// Puts a value where a table has its key.
fn put(root: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        Some((section, rest)) => {
            if let Some(Value::Table(below)) = root.get_mut(section) {
                put(below, rest, value);
            }
        }
        None => {
            if let Some(own) = root.get_mut(path) {
                *own = value;
            }
        }
    }
}

/// The preset of a study in miniature, on a device.
fn small(study: &Entry, device: &str, effects: &str) -> String {
    let mut root: Table = study.preset.parse().expect("the built-in preset is TOML");
    for (path, text) in SMALL {
        put(&mut root, path, value(text));
    }
    put(&mut root, "device.model", value(&format!("{{ kind = 'published', name = '{device}' }}")));
    put(&mut root, "device.effects", value(effects));
    toml::to_string(&root).expect("TOML")
}

/// IDX files of 28 × 28 pixels: noise, and a bright bar at a height that tells the class.
fn images(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    for (part, count) in [("train", 240_u32), ("t10k", 40)] {
        let mut pixels = [0x0803_u32, count, 28, 28].map(u32::to_be_bytes).concat();
        let mut labels = [0x0801_u32, count].map(u32::to_be_bytes).concat();
        let mut state = count;
        for image in 0..count {
            let label = image % 10;
            labels.push(label as u8);
            for pixel in 0..28 * 28 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let lit = pixel / 28 / 2 == label + 2;
                pixels.push((state >> 25) as u8 + if lit { 120 } else { 0 });
            }
        }
        fs::write(folder.join(format!("{part}-images-idx3-ubyte")), pixels).expect("written");
        fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), labels).expect("written");
    }
}

/// Where a study finds its data: MNIST's shape is made here, others lie in the repository.
fn data_of(study: &Entry, made: &Path) -> PathBuf {
    let root: Table = study.preset.parse().expect("TOML");
    match root["data"]["folder"].as_str().expect("a folder") {
        "data/mnist" => made.to_owned(),
        other => Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(other),
    }
}

struct Nowhere;

impl Progress for Nowhere {
    fn begin(&self, _label: &str, _steps: usize) -> Box<dyn Steps> {
        Box::new(Self)
    }
}

impl Steps for Nowhere {
    fn step(&self, _steps: usize) {}

    fn say(&self, _words: &str) {}
}

impl Clock for Nowhere {
    fn seconds(&self) -> f64 {
        0.0
    }
}

#[test]
fn every_published_device_runs_in_every_preset_that_has_cells() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("images-of-devices");
    images(&folder);
    let studies: Vec<&Entry> =
        STUDIES.iter().filter(|study| study.preset.contains("\n[device]")).collect();
    assert!(8 <= studies.len(), "only {} presets have cells", studies.len());
    let names = published_names();
    let mut runs = Vec::new();
    for (idx, study) in studies.iter().enumerate() {
        let every = SELDOM.iter().find(|(name, _)| *name == study.name).map_or(1, |found| found.1);
        for (device, name) in names.iter().enumerate() {
            // Both are checked, and by turns one is run.
            for effects in ["[]", EFFECTS] {
                let checked = study.check(&small(study, name, effects));
                checked.unwrap_or_else(|error| panic!("{} on {name}: {error}", study.name));
            }
            if device % every == 0 {
                let is_alone = (idx + device / every).is_multiple_of(2);
                runs.push((*study, *name, if is_alone { "[]" } else { EFFECTS }));
            }
        }
    }
    let run = |&(study, name, effects): &(&Entry, &str, &str)| {
        let text = small(study, name, effects);
        let data = data_of(study, &folder);
        let request = Request {
            preset: study.name,
            text: &text,
            quick: false,
            seed: None,
            chips: None,
            data: Some(&data),
            networks: &[],
        };
        let context = Context {
            store: &NoStore,
            progress: &Nowhere,
            clock: &Nowhere,
            simulator: &NoSimulator,
            threads: 1,
        };
        let told =
            |error: &dyn std::fmt::Display| format!("{} on {name}, {effects}: {error}", study.name);
        let ready = study.open(request).unwrap_or_else(|error| panic!("{}", told(&error)));
        let report = ready.run(&context).unwrap_or_else(|error| panic!("{}", told(&error))).report;
        report.check().unwrap_or_else(|error| panic!("{}", told(&error)));
        let finite = |figure: &cim_report::Figure| figure.estimate.mean.is_finite();
        assert!(report.figures.values().any(finite), "{}", told(&"no figure"));
    };
    runs.par_iter().for_each(run);
}
