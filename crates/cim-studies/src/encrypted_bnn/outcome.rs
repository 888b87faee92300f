//! What the study reports.

use std::collections::BTreeMap;

use cim_core::Tally;
use cim_report::format::{percent, percent_estimate, scientific};
use cim_report::{Bound, Comparison, Estimate, Figure, Headline, Parameter, Report, Shown};
use cim_tile::encryption::Methods;

use super::attacked::OfAttack;
use super::keys::{named, own_name};
use super::measured::{Measured, combinations};
use super::spec::Spec;
use super::without_cells::WithoutCells;
use super::{charts, tables};
use crate::shared::counts;
use crate::shared::estimates::estimate;

/// What is asked: accuracy without the key, and energy of keys over that of the rest.
const MOST_WITHOUT: f64 = 0.15;
const MOST_ENERGY: f64 = 0.01;
const SWAPS: Methods = Methods { rows: false, swaps: true, columns: false };

pub fn report(spec: &Spec, measured: &Measured, tally: Tally) -> Report {
    Report {
        title: "A binary network on encrypted cells".to_owned(),
        lead: lead(spec, measured),
        headlines: headlines(spec, measured),
        comparison: comparison(measured),
        figures: figures(spec, measured),
        charts: charts::all(spec, measured),
        tables: tables::all(spec, measured),
        parameters: parameters(spec, measured),
        counts: counts::of_inference([tally].into_iter()),
        notes: notes(),
        ..Report::default()
    }
}

fn figures(spec: &Spec, measured: &Measured) -> BTreeMap<String, Figure> {
    let mut figures = BTreeMap::new();
    let mut add = |key: &str, label: &str, shown: Shown, estimate: Estimate| {
        figures.insert(key.to_owned(), Figure::new(label, shown, estimate));
    };
    let share = || Shown::Percent;
    let plain = Estimate::exact(measured.plain);
    add("accuracy_unprotected", "accuracy of the network as it is", share(), plain);
    let with_key = measured.over_chips(|chip| chip.with_key);
    add("accuracy_with_key", "accuracy with the key, in whole numbers", share(), with_key);
    let without = measured.without_key();
    add("accuracy_without_key", "accuracy without the key, in whole numbers", share(), without);
    let mismatches = measured.over_chips(|chip| chip.mismatches as f64);
    let label = "test images with any sign or logit that differs with the key";
    add("mismatches_with_key", label, Shown::Number, mismatches);
    if let Some(attack) = measured.strongest(spec) {
        let label = format!("accuracy after the strongest attack: {}", attack.name);
        add("accuracy_after_attack", &label, share(), estimate(&attack.accuracy));
    }
    for attack in &measured.attacks {
        let words = format!("{}, {}", attack.name, named(&attack.methods));
        let key = format!("accuracy_after_{}", attack.key);
        add(&key, &format!("accuracy after {words}"), share(), estimate(&attack.accuracy));
        let key = format!("key_bits_right_{}", attack.key);
        add(&key, &format!("key bits right: {words}"), share(), estimate(&attack.right));
    }
    for known in &measured.without_cells {
        let images = known.images;
        let key = format!("accuracy_without_cells_{images}");
        let label = format!("accuracy of the nearest of {images} images, without the cells");
        add(&key, &label, share(), Estimate::exact(known.nearest));
        let label =
            format!("accuracy of kernel ridge regression on {images} images, without the cells");
        add(&format!("{key}_ridge"), &label, share(), Estimate::exact(known.ridge));
    }
    let tiles = |value: fn(&super::chips::OfChip) -> f64| {
        estimate(&measured.tiles.iter().map(value).collect::<Vec<_>>())
    };
    add(
        "accuracy_unprotected_on_tiles",
        "weights as they are, on noisy tiles",
        share(),
        tiles(|c| c.plain),
    );
    add(
        "accuracy_with_key_on_tiles",
        "with the key, on noisy tiles",
        share(),
        tiles(|c| c.with_key),
    );
    add(
        "accuracy_without_key_on_tiles",
        "without the key, on noisy tiles",
        share(),
        tiles(|c| c.without_key),
    );
    for (idx, methods) in combinations().into_iter().enumerate() {
        let name = methods.name();
        let key = name.replace(" + ", "_").replace(' ', "_");
        let accuracy = measured.over_chips(|chip| chip.combined_without_key[idx]);
        add(
            &format!("accuracy_without_key_{key}"),
            &format!("without the key: {name}"),
            share(),
            accuracy,
        );
    }
    let leaks = &measured.leaks;
    let label = "row bits of constant border pixels that rows tell";
    add("border_bits_told", label, share(), estimate(&leaks.constant_right));
    add(
        "row_bits_told",
        "row bits of all pixels that rows tell",
        share(),
        estimate(&leaks.alike_right),
    );
    if let Some(quality) = measured.devices.first().and_then(|of| of.quality.as_ref()) {
        add(
            "puf_uniqueness",
            "bits that differ between two chips",
            share(),
            estimate(&quality.uniqueness),
        );
        add("puf_uniformity", "bits that are 1", share(), estimate(&quality.uniformity));
        add("puf_reliability", "bits that come back", share(), estimate(&quality.reliability));
    }
    let turns = spec.puf.turns as f64;
    let back = measured.over_chips(|chip| chip.came_back as f64 / turns);
    add("words_that_came_back", "words that came back whole", share(), back);
    let [of_cells, of_chip] = measured.energy_shares();
    add(
        "energy_over_cells",
        "energy of gates over that of cells",
        share(),
        Estimate::exact(of_cells),
    );
    add(
        "energy_over_chip",
        "energy of gates over that of the chip",
        share(),
        Estimate::exact(of_chip),
    );
    figures
}

fn comparison(measured: &Measured) -> Vec<Comparison> {
    let with_key = measured.over_chips(|chip| chip.with_key);
    let off: usize = measured.keys.iter().map(|chip| chip.mismatches).sum();
    let runs = measured.test * measured.keys.len();
    let without = measured.without_key();
    let [of_cells, _] = measured.energy_shares();
    let percents = |e: Estimate| percent_estimate(&e);
    let mut rows = vec![
        Comparison::new("accuracy with the key", "96.04 %", percents(with_key)),
        Comparison::new("images with any sign off, with the key", "0", format!("{off} of {runs}"))
            .must("0", Bound::AtMost(0.0).of(off as f64)),
        Comparison::new("accuracy without the key", "< 15 %", percents(without))
            .must("≤ 15 %", Bound::AtMost(MOST_WITHOUT).of(without)),
        Comparison::new(
            "power of gates over that of cells alone",
            "< 1 %",
            format!("{} %", scientific(100.0 * of_cells)),
        )
        .must("≤ 1 %", Bound::AtMost(MOST_ENERGY).of(of_cells)),
    ];
    let swaps = combinations().iter().position(|methods| *methods == SWAPS);
    if let Some(swaps) = swaps {
        let accuracy = measured.over_chips(|chip| chip.combined_without_key[swaps]);
        let figure = "column swaps alone (predecessor), without the key";
        rows.push(Comparison::new(figure, "52.96 %", percents(accuracy)));
    }
    let after = |attack: &OfAttack| {
        format!(
            "{} of key bits, {} accuracy",
            percents(estimate(&attack.right)),
            percents(estimate(&attack.accuracy))
        )
    };
    for attack in &measured.attacks {
        let is_published = attack.methods.iter().all(|methods| *methods == SWAPS)
            && attack.key.starts_with("hill_climb");
        let paper = if is_published { "85 % of key bits, 93 % accuracy" } else { "–" };
        let figure = format!("{}: {}", named(&attack.methods), attack.name);
        rows.push(Comparison::new(&figure, paper, after(attack)));
    }
    for WithoutCells { images, nearest, ridge } in &measured.without_cells {
        for (learner, accuracy) in [("nearest of", nearest), ("kernel ridge regression on", ridge)]
        {
            let figure = format!("{learner} the same {images} images, without the cells");
            rows.push(Comparison::new(&figure, "–", percent(*accuracy)));
        }
    }
    rows
}

/// What rows tell of the first layer's key, where there are bits for its rows.
fn told_by_rows(spec: &Spec, measured: &Measured) -> String {
    let methods = spec.methods(measured.shapes.len());
    if !methods.first().is_some_and(|first| first.rows) {
        return String::new();
    }
    let leaks = &measured.leaks;
    format!(
        " Rows of the first layer tell {} of the {} key bits of its rows without a single label, those of constant \
         border pixels {}.",
        percent_estimate(&estimate(&leaks.alike_right)),
        leaks.inputs,
        percent_estimate(&estimate(&leaks.constant_right)),
    )
}

fn lead(spec: &Spec, measured: &Measured) -> String {
    let off: usize = measured.keys.iter().map(|chip| chip.mismatches).sum();
    let attack = measured.strongest(spec).map_or_else(String::new, |attack| {
        let got = estimate(&attack.accuracy);
        let plain = measured.without_cells(attack).unwrap_or(0.0);
        let gained = if got.mean - got.ci95 > plain {
            "so that the cells give the model away"
        } else {
            "so that what cells give away beyond the images is not shown"
        };
        format!(
            " The strongest attack on whoever lets cells be read, of {} chips ({}), gets {}; the same images \
             without any cell, by the better of nearest image and kernel ridge regression, {}, {gained}.{}",
            attack.accuracy.len(),
            attack.name,
            percent_estimate(&got),
            percent(plain),
            told_by_rows(spec, measured),
        )
    });
    let without = measured.without_key();
    let tiles: Vec<f64> = measured.tiles.iter().map(|chip| chip.with_key).collect();
    let verdict = if off > 0 {
        "Words do not come back whole, so that chips do not work with keys of their own."
    } else if Bound::AtMost(MOST_WITHOUT).of(without).met {
        "So it protects a copy of the cells from being used as it is."
    } else {
        "A copy of the cells works as it is, if worse."
    };
    format!(
        "With its key a chip whose weights are protected by {} recognises {} of test images where its products are exact, \
         {} on the noisy tiles of the preset; {} of {} runs have any sign off. Run as it lies, without the key, {}, exact \
         products too. {verdict}{attack} It is obfuscation bound to a device; nothing here shows secrecy.",
        named(&spec.methods(measured.shapes.len())),
        percent_estimate(&measured.over_chips(|chip| chip.with_key)),
        percent_estimate(&estimate(&tiles)),
        off,
        measured.test * measured.keys.len(),
        percent_estimate(&measured.without_key()),
    )
}

fn headlines(spec: &Spec, measured: &Measured) -> Vec<Headline> {
    let headline = |value: Estimate, label: &str, detail: String| Headline {
        value: percent(value.mean),
        label: label.to_owned(),
        detail,
    };
    let tiles: Vec<f64> = measured.tiles.iter().map(|chip| chip.with_key).collect();
    let mut all = vec![
        headline(
            measured.over_chips(|chip| chip.with_key),
            "with the key",
            format!("{} on noisy tiles", percent_estimate(&estimate(&tiles))),
        ),
        headline(
            measured.without_key(),
            "without the key",
            format!(
                "{} key bits, {}",
                measured.key_bits,
                named(&spec.methods(measured.shapes.len()))
            ),
        ),
    ];
    if let Some(attack) = measured.strongest(spec) {
        let detail = attack.name.clone();
        all.push(headline(estimate(&attack.accuracy), "after the strongest attack", detail));
    }
    all
}

fn parameters(spec: &Spec, measured: &Measured) -> Vec<Parameter> {
    let one = |name: &str, value: String, ours: bool, note: &str| Parameter {
        name: name.to_owned(),
        value,
        ours,
        note: note.to_owned(),
    };
    vec![
        one(
            "encryption.methods",
            named(&spec.methods(measured.shapes.len())),
            false,
            "of the paper",
        ),
        one(
            "encryption.gate",
            spec.encryption.gate.to_string(),
            true,
            "a small gate and its wire at 45 nm",
        ),
        one(
            "encryption.digest",
            spec.encryption.digest.to_string(),
            true,
            "a block of a hash, once when switched on",
        ),
        one(
            "puf.device",
            own_name(&spec.puf.device),
            true,
            "the paper says that cells can be used, not which",
        ),
        one(
            "puf.code.copies",
            spec.puf.code.copies.to_string(),
            true,
            "repetition; a BCH code needs fewer cells",
        ),
        one(
            "attack.steps",
            spec.attack.steps.to_string(),
            true,
            "fixed before any test image was read",
        ),
    ]
}

fn notes() -> Vec<String> {
    [
        "Who attacks: somebody who reads cells, thresholds and factors out, knows the scheme, the task and some \
         labelled images, and runs what was read on computers of their own. Nothing on the chip limits how often. A \
         longer key does not help where its bits can be told one by one.",
        "Protected: a stolen copy of the cells that is put to work as it lies, and chips that share no key. Not \
         protected: inputs and outputs, timing and power, the word while it is in registers, and the model from the \
         attacks here.",
        "Whole numbers run in packed words; a mismatch is a test image of which any sign of any hidden layer or any \
         logit is not the plain network's. Thresholds of inverted columns are 1 − B: with −B every tie would be wrong.",
        "The strongest attack is the one that gets most test images right on average: the worst case for whoever \
         defends, not a choice that an attacker could make without the test set.",
        "The attacker's images are training images that the network did not learn from. Hill climbing keeps a bit where \
         accuracy rises; the fit learns all bits at once, as binary weights are learned; rows are read off first where \
         said, along neighbours in the picture.",
        "Key bits that are right are counted against one half: a guess at random has that many. Rows are told up to all \
         of them at once, one further bit.",
        "Keys follow from the word of a chip by SHA-256 in counter mode, so that one wrong bit of the word is as bad as \
         no key. The word comes back by a repetition code: simple, and more cells than a BCH code would take. Helper \
         data say nothing only as far as bits are fair and independent.",
        "A weight is a pair of columns of the preset's mapping, driven with both signs; the paper puts a weight on two \
         cells of one column with complementary lines. Sums, keys and the count of cells are the same. Tiles have \
         converters where the paper has comparators: energy is compared with that of cells alone, too, which flatters \
         nobody.",
        "Intervals are over chips, each with a word of its own, of one trained network: with few chips, none that is off \
         says little about how often a word fails, which the reliability of bits tells better. With the right key whole \
         numbers are equal by algebra.",
        "The nearest of the attacker's images, by pixels that differ as the first layer sees them, and kernel ridge regression on all \
         of them (Gaussian kernel, its width chosen on a fifth of them) are what these images tell without any cell: an attack \
         earns what it gets beyond that.",
    ]
    .map(str::to_owned)
    .to_vec()
}
