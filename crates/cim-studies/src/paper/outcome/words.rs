//! What the report of the experiment says: lead, headlines, chapters, captions, notes.

use std::collections::BTreeMap;

use cim_report::format::{percent, percent_estimate, points, scientific, si, times};
use cim_report::{Chapter, Estimate, Figure, Headline, Part, Shown};

use super::findings::{Budget, Design, Findings, variant_label};
use super::tables;
use crate::paper::spec::Spec;

/// The report in two sentences.
pub fn lead(findings: &Findings) -> String {
    let (naive, full) = (findings.naive(), findings.full());
    format!(
        "The digital network reaches {}; mapped naively onto the analog array it falls to {}, with \
         the full method it stands at {} ({} of the loss recovered). The full method takes {} per \
         inference, {} less than a digital design that reads its weights from an 8 KB SRAM.",
        percent(findings.digital.accuracy),
        percent_estimate(&naive.accuracy),
        percent_estimate(&full.accuracy),
        percent(findings.recovered_loss),
        si(full.energy_j, "J"),
        times(findings.energy_vs_digital.sram_8kb),
    )
}

/// The numbers of the first screen.
pub fn headlines(findings: &Findings) -> Vec<Headline> {
    let digital = findings.digital.accuracy;
    let variants =
        [(findings.full(), "full method, analog"), (findings.naive(), "naive mapping, analog")];
    let accuracies = variants.map(|(variant, label)| {
        let difference = points(variant.accuracy.mean - digital);
        Headline {
            value: percent(variant.accuracy.mean),
            label: label.to_owned(),
            detail: format!("{difference} points against {} digital", percent(digital)),
        }
    });
    let others = [
        Headline {
            value: percent(findings.recovered_loss),
            label: "of the naive loss recovered".to_owned(),
            detail: format!("output error {} lower", percent(findings.mse_reduction)),
        },
        Headline {
            value: times(findings.energy_vs_digital.sram_8kb),
            label: "less energy than digital (8 KB SRAM)".to_owned(),
            detail: format!("{} less than the naive mapping", percent(findings.energy_vs_naive)),
        },
    ];
    accuracies.into_iter().chain(others).collect()
}

/// Accuracies by name.
pub fn figures(findings: &Findings) -> BTreeMap<String, Figure> {
    let accuracy = |label: String, estimate| Figure::new(label, Shown::Percent, estimate);
    let digital = Estimate::exact(findings.digital.accuracy);
    let variants = findings.variants.iter().map(|variant| {
        let label = format!("accuracy, {}", variant_label(&variant.name));
        (variant.name.clone(), accuracy(label, variant.accuracy))
    });
    let digital = ("digital".to_owned(), accuracy("accuracy, digital network".to_owned(), digital));
    variants.chain([digital]).collect()
}

/// The chapters of the page.
pub fn chapters(spec: &Spec) -> Vec<Chapter> {
    let kind = if spec.network.widths.is_some() { "multilayer perceptron" } else { "network" };
    let trained = format!("A {kind} is trained digitally; {}", METHOD[0]);
    let method = [trained].into_iter().chain(METHOD[1..].iter().copied().map(str::to_owned));
    let chapter = |title: &str, parts: Vec<Part>| Chapter {
        title: title.to_owned(),
        parts,
        ..Chapter::default()
    };
    let (chart, table) = (Part::chart, Part::table);
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
        chapter("Training", vec![table(tables::TRAINING)]),
    ]
}

const METHOD: [&str; 6] = [
    "its weights are cut into tiles, each a \
     differential pair of cells per weight, programmed once per simulated chip with fresh error.",
    "Inputs go through a DAC, currents add up along the columns with thermal, shot and read noise, \
     and an ADC turns them into codes; everything outside its full scale clips and is counted.",
    "The naive mapping uses the device's whole conductance window, maps the largest weight to it and \
     sets the full scale to the worst case of the programmed weights.",
    "The optimiser writes the output error as a sum of posynomials of the window and hinge terms of \
     the full scale, solves the conic program, and proves the result by a gap recomputed from data.",
    "Fine-tuning runs through the noisy, clipped, quantised datapath with straight-through \
     gradients and a ReLU that knows the noise; the full method joins all parts.",
    "Every mean is over simulated chips and carries a 95 % interval; differences are taken chip by \
     chip. Energy counts conversions and array dissipation, and compares with digital designs that \
     pay for arithmetic alone or for reading weights as well.",
];

/// Caption of the picture of accuracy over bits.
pub fn bits_caption(findings: &Findings) -> String {
    let mut caption = String::from(
        "Accuracy on the test set for the naive mapping and the full method; the dashed line is the \
         digital network. The vertical scale is logarithmic in the error, so that the range close \
         to 100 % can be read. Bars are 95 % intervals over chips, often smaller than the marks.",
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
    let digital = findings.digital.accuracy;
    format!(
        "Mean accuracy over {} chips with its 95 % interval; the same chips serve every variant. \
         The axis does not begin at zero. The naive mapping loses {:.2} points against the digital \
         network, the full method {:.2}.",
        findings.full().accuracy.chips,
        100.0 * (digital - findings.naive().accuracy.mean),
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
         node. The full method saves {} of the naive mapping's energy at no less accuracy, and takes \
         {} less than digital multiply-accumulates alone, {} less with weights in an 8 KB SRAM and \
         {} less with weights in a 1 MB SRAM.",
        percent(findings.energy_vs_naive),
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
         logarithmic in the error; bars are 95 % intervals over chips.",
        labels.join(", "),
    )
}

/// Remarks a reader must know.
pub fn notes(spec: &Spec) -> Vec<String> {
    NOTES.iter().copied().chain([wires_note(spec)]).map(str::to_owned).collect()
}

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
    "The paper's parameters are not public. Every parameter of this run is ours; the programming \
     sigma is the only fitted one, set so that the naive mapping loses about what the paper's does, \
     before any optimisation was looked at.",
    "Designs are compared on the same simulated chips: chip k draws the same random numbers in every \
     row, so paired differences have narrower intervals than the rows themselves.",
    "Output error is that of the logits against the same weights computed digitally, per unit signal \
     power, averaged over chips and test images.",
    "Energy counts cells, sense amplifiers, ADCs, DACs, digital accumulation, activation and the \
     activation buffer at batch 1; the digital baseline counts the same buffer and activation.",
];
