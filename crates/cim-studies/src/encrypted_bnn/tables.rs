//! Tables of the study.

use cim_report::format::{count, percent, percent_estimate, si};
use cim_report::{Estimate, Table};

use super::keys::named;
use super::measured::{Measured, combinations};
use super::spec::Spec;
use crate::shared::estimates::estimate;

pub fn all(spec: &Spec, measured: &Measured) -> Vec<Table> {
    vec![
        attacks(measured),
        leaks(measured),
        without_key(measured),
        wrong_bits(spec, measured),
        tiles(measured),
        devices(spec, measured),
        overhead(spec, measured),
    ]
}

fn attacks(measured: &Measured) -> Table {
    let rows = measured.attacks.iter().map(|attack| {
        vec![
            attack.name.clone(),
            named(&attack.methods),
            attack.images.to_string(),
            count(attack.runs),
            percent_estimate(&estimate(&attack.right)),
            percent_estimate(&estimate(&attack.accuracy)),
        ]
    });
    let columns = [
        "attack",
        "weights are protected by",
        "labelled images",
        "runs of one image",
        "key bits right",
        "test accuracy",
    ];
    Table::new("Attacks on a chip that was read out", columns, rows)
}

fn leaks(measured: &Measured) -> Table {
    let leaks = &measured.leaks;
    let row = |what: &str, rows: usize, right: &[f64]| {
        vec![what.to_owned(), rows.to_string(), percent_estimate(&estimate(right))]
    };
    let rows = [
        row(
            "border pixels, which are constant: main direction of their rows",
            leaks.constant,
            &leaks.constant_right,
        ),
        row("all pixels: neighbours have alike rows", leaks.inputs, &leaks.alike_right),
    ];
    let columns = ["what tells", "rows of the first layer", "bits told rightly, up to all at once"];
    Table::new("What encrypted rows tell by themselves, without a label", columns, rows)
}

fn without_key(measured: &Measured) -> Table {
    let rows = combinations().into_iter().enumerate().map(|(idx, methods)| {
        let bits: usize = measured.shapes.iter().map(|shape| methods.bits(*shape)).sum();
        let off: usize = measured.keys.iter().map(|chip| chip.combined_mismatches[idx]).sum();
        vec![
            methods.name(),
            bits.to_string(),
            off.to_string(),
            percent_estimate(&measured.over_chips(|chip| chip.combined_without_key[idx])),
        ]
    });
    let columns = ["methods", "key bits", "images that differ with the key", "accuracy without it"];
    Table::new("Methods alone and together, in whole numbers", columns, rows)
}

fn wrong_bits(spec: &Spec, measured: &Measured) -> Table {
    let mut rows: Vec<Vec<String>> = (spec.wrong_bits.counts.iter().enumerate())
        .map(|(idx, wrong)| {
            let accuracy = measured.over_chips(|chip| chip.wrong_bits[idx]);
            vec![wrong.to_string(), percent_estimate(&accuracy)]
        })
        .collect();
    let one = measured.over_chips(|chip| chip.one_bit_off);
    rows.push(vec!["one of the word, before the hash".to_owned(), percent_estimate(&one)]);
    let title = format!("Wrong bits among the {} of all layers", measured.key_bits);
    Table::new(title, ["wrong bits", "accuracy"], rows)
}

fn tiles(measured: &Measured) -> Table {
    let over = |value: fn(&super::chips::OfChip) -> f64| -> Estimate {
        estimate(&measured.tiles.iter().map(value).collect::<Vec<_>>())
    };
    let row = |name: &str, e: Estimate| vec![name.to_owned(), percent_estimate(&e)];
    let rows = [
        row("weights as they are", over(|chip| chip.plain)),
        row("encrypted, with the key", over(|chip| chip.with_key)),
        row("encrypted, without the key", over(|chip| chip.without_key)),
    ];
    Table::new("On noisy tiles with converters", ["cells hold", "accuracy"], rows)
}

fn devices(spec: &Spec, measured: &Measured) -> Table {
    let code = spec.puf.code;
    let rows = measured.devices.iter().map(|of| {
        let Some(quality) = &of.quality else {
            let mut row = vec![of.device.clone()];
            row.resize(6, "not known at these times".to_owned());
            return row;
        };
        let raw = quality.raw_error();
        vec![
            of.device.clone(),
            percent_estimate(&estimate(&quality.uniqueness)),
            percent_estimate(&estimate(&quality.uniformity)),
            percent_estimate(&estimate(&quality.reliability)),
            format!("{:.1e}", code.bit_error(raw)),
            format!("{:.1e}", code.failure(raw)),
        ]
    });
    let columns = [
        "cell".to_owned(),
        "uniqueness".to_owned(),
        "uniformity".to_owned(),
        "reliability".to_owned(),
        "bit error behind the code, by law".to_owned(),
        format!("failures of {} bits, by law", code.bits),
    ];
    let title = format!(
        "Bits out of pairs of cells, enrolled {} after writing and asked for {} after, mean of {} reads",
        cim_report::format::seconds(spec.puf.enrolled_after.0),
        cim_report::format::seconds(spec.puf.used_after.0),
        spec.puf.reads
    );
    Table::new(title, columns, rows)
}

fn overhead(spec: &Spec, measured: &Measured) -> Table {
    let own = &measured.overhead;
    let [of_cells, of_chip] = measured.energy_shares();
    let share = |part: f64, of: f64| percent(part / of);
    let row = |what: &str, amount: String, share: String| vec![what.to_owned(), amount, share];
    let dash = || "–".to_owned();
    let rows = [
        row("cells of weights", own.cells[0].to_string(), dash()),
        row(
            "cells of pairs",
            own.cells[1].to_string(),
            share(own.cells[1] as f64, own.cells[0] as f64),
        ),
        row("exclusive ors", own.gates.xors.to_string(), dash()),
        row("multiplexers", own.gates.multiplexers.to_string(), dash()),
        row("bits of key registers", own.gates.register_bits.to_string(), dash()),
        row("energy of cells, one image", si(own.cells_j, "J"), dash()),
        row("energy of the chip without a key, one image", si(own.image_j, "J"), dash()),
        row(
            &format!("energy of gates, one image, {} each", spec.encryption.gate),
            si(own.gates_j, "J"),
            format!("{:.1e} of cells, {:.1e} of the chip", of_cells, of_chip),
        ),
        row("energy of a word and keys, when switched on", si(own.word_j, "J"), dash()),
    ];
    Table::new("What the key takes", ["what", "amount", "share"], rows)
}
