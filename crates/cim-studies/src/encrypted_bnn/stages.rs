//! The stages of the study, in order.

use cim_core::{Stream, Tally};
use cim_report::Timing;
use rayon::prelude::*;

use super::attacked::Attacked;
use super::chips::{OfChip, OnTiles, overhead};
use super::keys::{self, Keyed};
use super::learned::{Learned, Signs, learn};
use super::locked;
use super::measured::{Measured, OfKeys, combinations};
use super::outcome;
use super::spec::{Spec, key_bits};
use super::without_cells::WithoutCells;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::shared::learning::Learning;
use crate::shared::stages::Stages;
use crate::study::Found;

/// A network of signs whose weights lie encrypted: all stages.
pub fn run(spec: &Spec, images: &Images, context: &Context<'_>) -> Result<Found, StudyError> {
    let root = Stream::root(spec.seed);
    let mut stages = Stages::new(context);
    let learning = Learning::of(images, spec.holdout.images)?;
    let learned = learn(spec, &learning, images, context, root)?;
    stages.lap("train digital");
    let Learned { network, binary } = &learned;
    let shapes = locked::shapes(binary);
    let methods = spec.methods(shapes.len());
    let devices = keys::devices(spec, root.child("puf", 0))?;
    let chips = (0..spec.evaluation.chips.max(spec.attack.chips))
        .map(|chip| keys::chip(spec, chip_at(root, chip)))
        .collect::<Result<Vec<Keyed>, StudyError>>()?;
    stages.lap("make keys");
    let test = Signs::of(network, &images.test, images.test.len());
    let measured = &chips[..spec.evaluation.chips];
    let bar = context.progress.begin("run chips", 2 * measured.len());
    let of_keys: Vec<OfKeys> = (measured.par_iter().enumerate())
        .map(|(idx, chip)| {
            let found = one_chip(spec, &learned, chip, &test, chip_at(root, idx));
            bar.step(1);
            found
        })
        .collect();
    let on_tiles = OnTiles::of(spec, network, &learning.data)?;
    let mut tally = Tally::default();
    let mut tiles: Vec<OfChip> = Vec::new();
    for (idx, chip) in measured.iter().enumerate() {
        let [enrolled, used] =
            [&chip.enrolled, &chip.used].map(|word| keys::of_word(word, &methods, &shapes));
        let at = chip_at(root, idx).child("tiles", 0);
        tiles.push(on_tiles.measure(&enrolled, &used, &images.test, at, &mut tally)?);
        bar.step(1);
    }
    drop(bar);
    stages.lap("measure");
    let own = Signs::of(network, &learning.holdout, spec.attack.most_images());
    let attacked = Attacked {
        plain: binary,
        chips: &chips,
        images: &own,
        width: images.train.cols(),
        test: &test,
    };
    let (attacks, leaks) = attacked.run(spec, context, root);
    let mut counts: Vec<usize> = attacks.iter().map(|attack| attack.images).collect();
    counts.sort_unstable();
    counts.dedup();
    let known = |images: usize| WithoutCells::of(&own.first(images), &test);
    let without_cells = counts.into_iter().map(known).collect();
    stages.lap("attack");
    let measured = Measured {
        plain: locked::accuracy(binary, &locked::no_keys(binary), &test),
        test: test.labels.len(),
        key_bits: key_bits(&methods, &shapes),
        keys: of_keys,
        tiles,
        devices,
        overhead: overhead(spec, &shapes, on_tiles.energy(spec)?)?,
        attacks,
        leaks,
        without_cells,
        shapes,
    };
    let report = outcome::report(spec, &measured, tally);
    Ok(Found { report, timing: stages.into_timing(Timing::default()) })
}

fn chip_at(root: Stream, chip: usize) -> Stream {
    root.child("evaluate", 0).child("chip", chip as u64)
}

/// One chip in whole numbers: with the key, without, and with keys in between.
fn one_chip(spec: &Spec, learned: &Learned, chip: &Keyed, test: &Signs, at: Stream) -> OfKeys {
    let plain = &learned.binary;
    let shapes = locked::shapes(plain);
    let none = locked::no_keys(plain);
    let methods = spec.methods(shapes.len());
    let of = |word| keys::of_word(word, &methods, &shapes);
    let (enrolled, used) = (of(&chip.enrolled), of(&chip.used));
    let stored = locked::locked(plain, &enrolled);
    let (mut combined_without_key, mut combined_mismatches) = (Vec::new(), Vec::new());
    for methods in combinations() {
        let keys = keys::of_word(&chip.enrolled, &vec![methods; shapes.len()], &shapes);
        let stored = locked::locked(plain, &keys);
        combined_without_key.push(locked::accuracy(&stored, &none, test));
        combined_mismatches.push(locked::mismatches(plain, &stored, &keys, &test.x));
    }
    let wrong = |(idx, wrong): (usize, &usize)| {
        let at = at.child("wrong bits", idx as u64);
        let keys = keys::with_wrong_bits(spec, &enrolled, *wrong, at);
        locked::accuracy(&stored, &keys, test)
    };
    OfKeys {
        with_key: locked::accuracy(&stored, &used, test),
        mismatches: locked::mismatches(plain, &stored, &used, &test.x),
        one_bit_off: locked::accuracy(&stored, &of(&chip.one_bit_off), test),
        without_key: locked::accuracy(&stored, &none, test),
        combined_without_key,
        combined_mismatches,
        wrong_bits: spec.wrong_bits.counts.iter().enumerate().map(wrong).collect(),
        came_back: chip.came_back,
    }
}

#[cfg(test)]
mod tests {
    use cim_nn::NetworkSpec;

    use super::*;
    use crate::encrypted_bnn::study::EncryptedBnn;
    use crate::parse::parse;
    use crate::shared::corners;
    use crate::shared::nowhere::Nowhere;
    use crate::study::{Study, StudySpec};

    const NETWORK: &str = r#"
        input = [1, 6, 6]
        operations = [
            { op = "threshold", least = [0.2], rising = [true] }, { op = "flatten" },
            { op = "linear", features = 40 }, { op = "batch-norm" }, { op = "sign" },
            { op = "linear", features = 30 }, { op = "batch-norm" }, { op = "sign" },
            { op = "linear", features = 4 }, { op = "batch-norm" },
        ]
    "#;

    fn small() -> Spec {
        let mut spec: Spec = parse(EncryptedBnn::PRESET).expect("parses");
        let network: NetworkSpec = toml::from_str(NETWORK).expect("a network");
        spec.network = network;
        spec.holdout.images = 80;
        spec.training.digital.epochs = 60;
        spec.training.digital.batch = 32;
        spec.puf.chips = 4;
        spec.evaluation.chips = 2;
        spec.calibration.images = 32;
        spec.wrong_bits.counts = vec![0, 40];
        spec.attack.chips = 2;
        spec.attack.images = 40;
        spec.attack.passes = 1;
        spec.attack.fit_images = vec![60];
        spec.attack.steps = 30;
        spec
    }

    /// The whole study on pictures of 6 × 6: exact with the key, and the same bytes on one thread and on two.
    #[test]
    fn a_small_study_is_exact_with_the_key_at_any_number_of_threads() {
        study_is_exact_with_the_key(&small());
    }

    /// The same with methods of their own in every layer, of which the second has none.
    #[test]
    fn a_small_study_with_methods_by_layer_is_exact_with_the_key() {
        use cim_tile::encryption::Method::{ColumnInversion, ColumnSwap, RowInversion};
        let mut spec = small();
        spec.encryption.layers =
            vec![vec![RowInversion], vec![], vec![ColumnSwap, ColumnInversion]];
        let report = study_is_exact_with_the_key(&spec);
        // 36 rows; two swaps and four columns.
        let label = "42 key bits, row inversion, then nothing, then column swap + column inversion";
        assert!(report.headlines.iter().any(|headline| headline.detail == label));
    }

    fn study_is_exact_with_the_key(spec: &Spec) -> cim_report::Report {
        spec.check().expect("valid");
        let images = corners::data(0);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let nowhere = Nowhere;
            let found = pool
                .expect("a pool")
                .install(|| run(spec, &images, &nowhere.context()).expect("a study").report);
            found.check().expect("a report that can be written");
            found
        };
        let report = run(1);
        let text = |report: &cim_report::Report| serde_json::to_string(report).expect("plain data");
        assert_eq!(text(&report), text(&run(2)));
        let figure = |name: &str| report.figures[name].estimate;
        assert_eq!(figure("mismatches_with_key").mean, 0.0);
        let plain = figure("accuracy_unprotected").mean;
        assert_eq!(figure("accuracy_with_key").mean, plain);
        // Four classes: chance is a quarter, and 60 images have a standard error of 6 points.
        assert!(0.6 < plain, "{plain}");
        assert!(figure("accuracy_without_key").mean < plain);
        for name in ["accuracy_after_attack", "puf_uniqueness", "border_bits_told"] {
            assert!(report.figures.contains_key(name), "{name}");
        }
        report
    }
}
