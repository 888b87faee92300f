//! What the report of the experiment says: lead, headlines, chapters, captions, notes.

use std::collections::BTreeMap;

use cim_chip::sections::device;
use cim_core::Volts;
use cim_report::format::{percent, percent_estimate, scientific, times};
use cim_report::{Chapter, Figure, Part, Shown};

use super::findings::{Budget, Design, Findings, variant_label};
use super::{compare, parts, tables};
use crate::paper::spec::Spec;

/// Accuracies by name.
pub fn figures(findings: &Findings) -> BTreeMap<String, Figure> {
    let accuracy = |label: String, estimate| Figure::new(label, Shown::Percent, estimate);
    let digital = findings.digital.estimate;
    let variants = findings.variants.iter().map(|variant| {
        let label = format!("accuracy, {}", variant_label(&variant.name));
        (variant.name.clone(), accuracy(label, variant.accuracy))
    });
    let control = findings.control.estimate;
    let numbers = [
        ("digital", "accuracy, digital network", digital),
        ("control", "accuracy, digital network trained as long", control),
    ];
    let numbers = numbers.map(|(name, label, e)| (name.to_owned(), accuracy(label.to_owned(), e)));
    let parts = [
        ("added", &findings.add_one_in),
        ("left_out", &findings.leave_one_out),
        ("replaced_by_percentile", &findings.replaced),
    ];
    let parts = parts.into_iter().flat_map(|(how, rows)| {
        rows.iter().map(move |row| {
            let label = format!("{}, {}", variant_label(&row.name), how.replace('_', " "));
            let figure = Figure::new(label, Shown::Points, row.difference);
            (format!("{how}_{}", row.name), figure)
        })
    });
    variants.chain(numbers).chain(parts).collect()
}

/// The chapters of the page.
pub fn chapters(findings: &Findings, spec: &Spec) -> Vec<Chapter> {
    let kind = if spec.network.widths.is_some() { "multilayer perceptron" } else { "network" };
    let trained = format!(
        "A {kind} is trained digitally; its weights are cut into tiles, mapped as {}, programmed once per \
         simulated chip with fresh error.",
        spec.mapping.kind(),
    );
    let method = [trained].into_iter().chain(METHOD.iter().copied().map(str::to_owned));
    let chapter = |title: &str, parts: Vec<Part>| Chapter {
        title: title.to_owned(),
        parts,
        ..Chapter::default()
    };
    let (chart, table) = (Part::chart, Part::table);
    let alone = (!findings.program_alone.is_empty()).then_some(compare::PROGRAM_ALONE);
    let compared = [compare::BASELINES, compare::AGAINST, compare::TRAINING_ALONE];
    let compared = compared.into_iter().chain(alone);
    vec![
        chapter(
            "Accuracy",
            vec![
                chart("accuracy-vs-bits"),
                chart("ablation"),
                table(tables::VARIANTS),
                table(tables::DIFFERENCES),
            ],
        ),
        Chapter {
            text: parts::sentence(findings),
            ..chapter("What each part earns", vec![table(tables::PARTS), table(tables::REPLACED)])
        },
        Chapter {
            text: "The same networks, trained as long, at the nominal read voltage and at the one that \
                   the program chose. The best heuristic has neither program nor training through the \
                   chip: clips, ranges and full scales at percentiles or of least squared error, and the \
                   window from a small grid; of settings that are no less accurate on the held-out images \
                   than the best, but for the slack of the preset, the most frugal."
                .to_owned(),
            ..chapter(
                "Against strong baselines",
                compared.map(table).collect(),
            )
        },
        chapter(
            "Where the error comes from",
            vec![chart("error-budget"), chart("variance"), table(tables::MODEL)],
        ),
        chapter("Energy", vec![chart("energy")]),
        chapter("Sensitivity", vec![chart("sweeps")]),
        chapter("What the optimiser chose", vec![table(tables::OPTIMUM)]),
        Chapter { points: method.collect(), ..chapter("Method", Vec::new()) },
        Chapter {
            text:
                "Nothing clips in silence: conversions, clipped samples and cells that programming \
                   error drove out of the device's window, over all chips of a variant."
                    .to_owned(),
            ..chapter("Counts by variant", vec![table(tables::COUNTS)])
        },
        chapter("Training and choices", vec![table(tables::TRAINING), table(tables::CHOICES)]),
    ]
}

const METHOD: [&str; 6] = [
    "Inputs go through a DAC, currents add up along the columns with thermal, shot and read noise, \
     and an ADC turns them into codes; everything outside its full scale clips and is counted.",
    "The naive mapping uses the device's whole conductance window, maps the largest weight to it and \
     sets the full scale to the worst case of the programmed weights.",
    "The optimiser writes the output error as a sum of posynomials of the window and hinge terms of \
     the full scale, solves the conic program, and gives a gap that is recomputed from data.",
    "Fine-tuning runs through the noisy, clipped, quantised datapath with straight-through \
     gradients and a ReLU that knows the noise; the full method joins all parts.",
    "Whatever is chosen is chosen on training images that were held out; the test set is read once, \
     when nothing is chosen any more. All rows but those of the ablation and of other bits have equally many \
     epochs; networks of other bits are adapted for some more, and the ablation has one short budget of its own.",
    "Every mean is over independently trained networks, each on chips of its own, and carries a 95 % \
     interval over networks; differences are taken on the same chips of the same networks. Energy counts \
     conversions and array dissipation, and compares with digital designs that pay for arithmetic alone \
     or for reading weights as well.",
];

/// Caption of the picture of accuracy over bits.
pub fn bits_caption(findings: &Findings) -> String {
    let mut caption = String::from(
        "Accuracy on the test set for the naive mapping and the full method; the dashed line is the \
         digital network. The vertical scale is logarithmic in the error, so that the range close \
         to 100 % can be read. Bars are 95 % intervals over networks, often smaller than the marks.",
    );
    if let Some(point) = findings.bits_sweep.iter().min_by_key(|point| point.bits) {
        caption += &format!(
            " At {} bits the full method keeps {}, the naive mapping {}.",
            point.bits,
            percent_estimate(&point.full),
            percent_estimate(&point.naive),
        );
    }
    caption
}

/// Caption of the picture of the ablation.
pub fn ablation_caption(findings: &Findings) -> String {
    let digital = findings.control.accuracy;
    format!(
        "Mean accuracy over {} networks with its 95 % interval; the same chips serve every variant. The \
         axis does not begin at zero. Noise-aware ReLU and noise injection stand at the short budget of the \
         ablation. Against numbers trained as long the naive mapping loses {:.2} points, the full method \
         {:.2}.",
        findings.networks,
        100.0 * findings.naive_loss.mean,
        100.0 * (digital - findings.full().accuracy.mean),
    )
}

/// Caption of the picture of the error budget.
pub fn budget_caption(findings: &Findings) -> String {
    let budget = &findings.error_budget;
    let mut caption = String::from(
        "Closed-form error variance of each layer's output by source, per unit signal power, on a \
         logarithmic scale. A missing bar is below the scale.",
    );
    let largest = |entry: &Budget| {
        let shares = entry.sources.iter();
        let most = shares.max_by(|a, b| a.share_of_signal.total_cmp(&b.share_of_signal));
        most.map_or_else(String::new, |share| share.source.clone())
    };
    for naive in budget.iter().filter(|entry| entry.design == Design::Naive) {
        let same = |entry: &&Budget| entry.design == Design::Full && entry.layer == naive.layer;
        if let Some(full) = budget.iter().find(same) {
            caption += &format!(
                " Layer {}: {} in total (most of it {}) falls to {} (most of it {}).",
                naive.layer,
                scientific(naive.total()),
                largest(naive),
                scientific(full.total()),
                largest(full),
            );
        }
    }
    caption
}

/// Caption of the picture of variances.
pub fn variance_caption(findings: &Findings) -> String {
    let (model, shown) = (&findings.error_model, findings.variance_points.len());
    format!(
        "Closed-form variance of a column's error against Monte Carlo, {shown} columns shown. The \
         solid line is agreement, the dashed lines are 10 % off. Over all columns the ratio has mean \
         {:.3}, its 5th to 95th percentile is {:.3} to {:.3}, and {} of the errors lie inside the \
         predicted 95 % interval.",
        model.variance_ratio_mean,
        model.variance_ratio_p05,
        model.variance_ratio_p95,
        percent(model.coverage95),
    )
}

/// Caption of the picture of energy.
pub fn energy_caption(findings: &Findings) -> String {
    let ratios = &findings.energy_vs_digital;
    format!(
        "Left: where the energy of one inference goes. Right: against a digital design of the same \
         node. The full method takes {} less than the naive mapping, each at its own read voltage, but {} \
         less at equal read voltage; it takes {} less than digital multiply-accumulates alone, {} less with weights in an 8 KB SRAM and \
         {} less with weights in a 1 MB SRAM.",
        percent(findings.energy_vs_naive),
        percent_estimate(&findings.energy_vs_naive_at_equal_voltage),
        times(ratios.mac_only),
        times(ratios.sram_8kb),
        times(ratios.sram_1mb),
    )
}

/// Caption of the picture of sweeps.
pub fn sweeps_caption(findings: &Findings) -> String {
    let labels: Vec<_> = findings.sweeps.iter().map(|sweep| sweep.label.as_str()).collect();
    format!(
        "Accuracy as one parameter at a time leaves the preset's value: {}. The vertical scale is \
         logarithmic in the error; bars are 95 % intervals over networks.",
        labels.join(", "),
    )
}

/// Remarks a reader must know.
pub fn notes(findings: &Findings, spec: &Spec) -> Vec<String> {
    let fitted = if device::gaussian(&spec.device).is_some() { FITTED } else { AS_PUBLISHED };
    let (chosen_v, least_v) =
        (findings.optimiser.read_voltage_v, spec.optimiser.least_read_voltage.0);
    let most_v = spec.circuit.disturb_voltage.0;
    let voltage = if chosen_v < 1.001 * least_v {
        VOLTAGE_AT_BOUND
    } else if 0.999 * most_v < chosen_v {
        VOLTAGE_AT_TOP
    } else {
        VOLTAGE_INSIDE
    };
    let amplifiers = (spec.front_end.amplifier_offset == Volts::ZERO).then_some(IDEAL_AMPLIFIERS);
    [fitted, voltage]
        .into_iter()
        .chain(NOTES.iter().copied())
        .chain(amplifiers)
        .chain([wires_note(spec)])
        .map(str::to_owned)
        .collect()
}

const FITTED: &str = "The paper's parameters are not public. Every parameter of this run is ours; the programming \
     sigma is fitted so that the naive mapping loses about what the paper's does. That was done on test \
     accuracies of an earlier version of this study; nothing of this run was.";
const AS_PUBLISHED: &str = "The cell is as its source has it and nothing of it is fitted; every other parameter of this \
     run is ours.";
const VOLTAGE_AT_BOUND: &str = "The read voltage ends at its lower bound, least_read_voltage, which is ours, for the error that \
     energy_tolerance gives for energy: energies at the nominal voltage and at this one differ by these two keys, so \
     designs are compared at equal voltage.";
const VOLTAGE_AT_TOP: &str = "The read voltage ends at its upper bound, disturb_voltage: errors that grow as it falls outweigh \
     energy within what energy_tolerance gives. Designs are compared at equal voltage.";
const VOLTAGE_INSIDE: &str = "The read voltage is inside its bounds: energy holds it from above within what energy_tolerance \
     gives, errors that grow as it falls from below. Designs are compared at equal voltage.";
const IDEAL_AMPLIFIERS: &str =
    "Amplifiers have no offset in this preset, which flatters low read voltages.";

/// What the report says of wires, with those of the preset.
fn wires_note(spec: &Spec) -> &'static str {
    if spec.wires.are_ideal() {
        "Wires are ideal in this preset; conductances do not drift."
    } else {
        "Wires have resistance in this preset: every measured figure includes what they take, exactly. \
         The closed-form error model and the energy of the cells leave them out, so the comparison of \
         the model with Monte Carlo shows what the wires add. Conductances do not drift."
    }
}

const NOTES: &[&str] = &[
    "Recipes (epochs, learning rates, the rate of full scales, the share of the teacher) were set by \
     hand, on the held-out images of the first network.",
    "Designs are compared on the same simulated chips: chip k draws the same random numbers in every \
     row, so paired differences have narrower intervals than the rows themselves.",
    "Output error is that of the logits against the same weights computed digitally, per unit signal \
     power, averaged over chips and test images.",
    "Energy counts cells, row drivers fed from the supply, sense amplifiers, ADCs, DACs, digital \
     accumulation, activation and the activation buffer at batch 1; the digital baseline counts the same \
     buffer and activation.",
];
