//! From what was measured to the report: figures, comparison, parameters, notes.

use cim_core::Siemens;
use cim_tile::EnergyParts;

use super::candidates::Candidate;
use super::spec::Spec;
use crate::error::StudyError;
use crate::shared::estimates::{estimate, paired};
use crate::study::Written;
use cim_chip::sections::device;
use cim_chip::{Measured, Optimised};
use cim_report::{
    BitsPoint, Budget, Comparison, Counts, Design, Digital, EnergyBreakdown, EnergyPart,
    EnergyRatios, Epoch, ErrorModel, Optimiser, Paired, Parameter, Report, SCHEMA, SourceShare,
    Sweep, Timing, VariancePoint, Variant,
};

/// Everything the report is made of.
pub struct Outcome<'a> {
    pub options: &'a Written<'a, Spec>,
    pub digital_accuracy: f64,
    pub history: &'a [Epoch],
    pub candidates: &'a [Candidate],
    pub measured: &'a [Measured],
    pub bits: Vec<BitsPoint>,
    pub sweeps: Vec<Sweep>,
    pub optimised: &'a Optimised,
    pub error_model: ErrorModel,
    pub variance_points: Vec<VariancePoint>,
}

/// Builds the report.
pub fn report(outcome: &Outcome<'_>) -> Result<Report, StudyError> {
    let spec = outcome.options.spec;
    let (naive, full) = (&outcome.candidates[0], &outcome.candidates[6]);
    let energies = outcome
        .candidates
        .iter()
        .map(|c| c.design.energy(&c.network, &c.inputs, &spec.energy))
        .collect::<Result<Vec<_>, _>>()?;
    let digital = digital_energies(spec);
    let variants: Vec<Variant> = outcome
        .candidates
        .iter()
        .zip(outcome.measured)
        .zip(&energies)
        .map(|((candidate, measured), energy)| variant(candidate, measured, energy))
        .collect();
    let accuracy = |idx: usize| variants[idx].accuracy.mean;
    let loss = outcome.digital_accuracy - accuracy(0);
    let recovered_loss = if loss > 0.0 { (accuracy(6) - accuracy(0)) / loss } else { 0.0 };
    let mse_reduction = 1.0 - variants[6].output_mse / variants[0].output_mse;
    let energy_vs_naive = 1.0 - energies[6].total() / energies[0].total();
    let ratio =
        |idx: usize| digital[idx].1.iter().map(|p| p.joules).sum::<f64>() / energies[6].total();
    let energy_vs_digital =
        EnergyRatios { mac_only: ratio(0), sram_8kb: ratio(1), sram_1mb: ratio(2) };
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        preset: outcome.options.preset.to_owned(),
        revision: env!("CARGO_PKG_VERSION").to_owned(),
        spec: outcome.options.text.to_owned(),
        seed: spec.seed,
        digital: Digital { accuracy: outcome.digital_accuracy, history: outcome.history.to_vec() },
        variants,
        recovered_loss,
        mse_reduction,
        energy_vs_naive,
        energy_vs_digital,
        bits_sweep: outcome.bits.clone(),
        optimiser: optimiser(outcome, full)?,
        error_model: outcome.error_model,
        parameters: parameters(spec)?,
        paired: pairs(outcome),
        sweeps: outcome.sweeps.clone(),
        error_budget: budgets(naive, Design::Naive)?
            .into_iter()
            .chain(budgets(full, Design::Full)?)
            .collect(),
        variance_points: outcome.variance_points.clone(),
        energy: [(Design::Naive, parts_of(&energies[0])), (Design::Full, parts_of(&energies[6]))]
            .into_iter()
            .chain(digital)
            .map(|(design, parts)| EnergyBreakdown { design, parts })
            .collect(),
        comparison: Vec::new(),
        notes: NOTES.iter().copied().chain([wires_note(spec)]).map(str::to_owned).collect(),
    };
    report.comparison = comparison(&report);
    Ok(report)
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

fn variant(candidate: &Candidate, measured: &Measured, energy: &EnergyParts) -> Variant {
    let tally = measured.tally;
    Variant {
        name: candidate.name.to_owned(),
        accuracy: estimate(&measured.accuracies),
        output_mse: measured.output_mse,
        energy_j: energy.total(),
        clipped_fraction: tally.adc_clipped_fraction(),
        tally: Counts {
            dac_conversions: tally.dac_conversions,
            dac_clips: tally.dac_clips,
            adc_conversions: tally.adc_conversions,
            adc_clips: tally.adc_clips,
            cells_programmed: tally.cells_programmed,
            cells_outside_window: tally.cells_outside_window,
            cells_at_zero: tally.cells_at_zero,
            weights_clipped: tally.weights_clipped,
        },
    }
}

fn optimiser(outcome: &Outcome<'_>, full: &Candidate) -> Result<Optimiser, StudyError> {
    let (conic, parts) = (&outcome.optimised.conic, &full.design.parts);
    let fast = cim_opt::solve_fast(&outcome.optimised.problem)?;
    let device = parts.device.window();
    Ok(Optimiser {
        gap: conic.certificate.gap,
        g_min_s: parts.window.g_min.0,
        g_max_s: parts.window.g_max.0,
        full_scale_a: full
            .design
            .layers
            .iter()
            .flat_map(|l| l.full_scale.iter().map(|f| f.0))
            .collect(),
        g_off_s: device.g_min.0,
        g_on_s: device.g_max.0,
        read_voltage_v: parts.read_voltage.0,
        weight_clip: clips(&outcome.candidates[0], full),
        fast_objective_gap: (fast.objective / conic.objective - 1.0).abs(),
        ceiling_tightened: conic.ceiling_tightened,
    })
}

/// Weight clips as fractions of each layer's largest digital weight, which the naive mapping clips at.
fn clips(naive: &Candidate, full: &Candidate) -> Vec<f64> {
    let layers = full.design.layers.iter().zip(&naive.design.layers);
    layers.map(|(full, naive)| f64::from(full.weight_clip / naive.weight_clip)).collect()
}

fn pairs(outcome: &Outcome<'_>) -> Vec<Paired> {
    let full = &outcome.measured[6].accuracies;
    let mut pairs: Vec<Paired> = outcome.candidates[..6]
        .iter()
        .zip(outcome.measured)
        .map(|(candidate, measured)| Paired {
            a: "full".into(),
            b: candidate.name.into(),
            difference: paired(full, &measured.accuracies),
        })
        .collect();
    let digital = vec![outcome.digital_accuracy; full.len()];
    pairs.push(Paired {
        a: "full".into(),
        b: "digital".into(),
        difference: paired(full, &digital),
    });
    pairs
}

fn budgets(candidate: &Candidate, design: Design) -> Result<Vec<Budget>, StudyError> {
    let errors = candidate.design.errors(&candidate.network, &candidate.inputs)?;
    Ok(errors
        .iter()
        .enumerate()
        .map(|(idx, layer)| Budget {
            layer: idx + 1,
            design,
            sources: layer
                .shares()
                .sources()
                .into_iter()
                .map(|(source, share)| SourceShare {
                    source: source.to_owned(),
                    share_of_signal: share,
                })
                .collect(),
        })
        .collect())
}

fn parts_of(energy: &EnergyParts) -> Vec<EnergyPart> {
    energy
        .parts()
        .into_iter()
        .map(|(part, joules)| EnergyPart { part: part.to_owned(), joules })
        .collect()
}

/// The digital baselines: multiply-accumulates, weight bytes, the same activations and buffer.
fn digital_energies(spec: &Spec) -> [(Design, Vec<EnergyPart>); 3] {
    let widths = &spec.network.widths;
    let macs: usize = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let moved: usize = widths.windows(2).map(|pair| pair[0] + pair[1]).sum();
    let outputs: usize = widths[1..].iter().sum();
    let of = |weight_byte: f64| {
        let mut parts =
            vec![EnergyPart { part: "MAC".into(), joules: macs as f64 * spec.digital.mac.0 }];
        if weight_byte > 0.0 {
            parts.push(EnergyPart { part: "weights".into(), joules: macs as f64 * weight_byte });
        }
        let digital = outputs as f64 * spec.energy.activation.0;
        parts.push(EnergyPart { part: "digital".into(), joules: digital });
        let buffer = moved as f64 * spec.energy.buffer_byte.0;
        parts.push(EnergyPart { part: "buffer".into(), joules: buffer });
        parts
    };
    [
        (Design::DigitalMacOnly, of(0.0)),
        (Design::DigitalSram8Kb, of(spec.digital.sram_8kb_byte.0)),
        (Design::DigitalSram1Mb, of(spec.digital.sram_1mb_byte.0)),
    ]
}

fn parameters(spec: &Spec) -> Result<Vec<Parameter>, StudyError> {
    let row = |name: &str, value: String, note: &str| Parameter {
        name: name.into(),
        value,
        ours: true,
        note: note.into(),
    };
    let paper =
        |name: &str, value: String, note: &str| Parameter { ours: false, ..row(name, value, note) };
    let widths: Vec<String> = spec.network.widths.iter().map(ToString::to_string).collect();
    let [sigma, window, read, law] = cell(spec)?.map(|(name, value, note)| row(name, value, note));
    Ok(vec![
        paper(
            "tile",
            format!("{} × {} differential pairs", spec.tile.rows, spec.tile.outputs),
            "128 × 128 in the abstract",
        ),
        row("network", widths.join("-"), "the paper says three layers"),
        sigma,
        window,
        read,
        law,
        row(
            "nominal read voltage",
            format!("{}", spec.circuit.read_voltage),
            "of the naive design",
        ),
        row("temperature", format!("{}", spec.circuit.temperature), ""),
        row(
            "noise bandwidth",
            format!("{}", spec.circuit.bandwidth),
            "read time = 1/(2 × bandwidth)",
        ),
        row(
            "DAC, ADC",
            format!("{} and {} bits", spec.converters.dac_bits, spec.converters.adc_bits),
            "6 bits is the regime of the paper's loss",
        ),
        row("ADC input noise", format!("{} rms", spec.converters.adc_noise), ""),
        row(
            "converters and logic",
            format!("{} nm, {}", spec.energy.node_nm, spec.energy.supply),
            "ADC: envelope of published converters; logic: Horowitz 2014",
        ),
        row("sense amplifier", "class A, V_dd × FS × t".into(), "biased at the full scale"),
    ])
}

/// Rows on the cell: of a Gaussian one as it is written, of any other by its law.
fn cell(spec: &Spec) -> Result<[(&'static str, String, &'static str); 4], StudyError> {
    let device = device::build(&spec.device)?;
    let window = device.window();
    let middle = 0.5 * (window.g_min.0 + window.g_max.0);
    let sigma =
        |variance: f64| format!("{:.3} at {:.3}", Siemens(variance.sqrt()), Siemens(middle));
    let [programming, bottom, read] = match device::gaussian(&spec.device) {
        Some(cell) => [
            (
                format!("{}", cell.programming.constant),
                "fitted once to the paper's naive loss; plus 1 % of G",
            ),
            (String::new(), "bottom near two sigma"),
            (format!("{} % of G", 100.0 * cell.read.proportional), "per read"),
        ],
        None => [
            (
                sigma(device.programmed(middle).variance),
                "of the device, at the middle of its window",
            ),
            (String::new(), "of the device"),
            (sigma(device.read_variance(middle)), "per read, at the middle of the window"),
        ],
    };
    Ok([
        ("programming sigma", programming.0, programming.1),
        ("device window", format!("{} to {}", window.g_min, window.g_max), bottom.1),
        ("read noise", read.0, read.1),
        (
            "current-voltage law",
            format!("{:?}", device.current_voltage()),
            "sets a price on read voltage",
        ),
    ])
}

fn comparison(report: &Report) -> Vec<Comparison> {
    let row = |figure: &str, paper: &str, ours: String, target: &str, met: bool| Comparison {
        figure: figure.into(),
        paper: paper.into(),
        ours,
        target: target.into(),
        met,
    };
    let percent = |x: f64| format!("{:.2}\u{a0}%", 100.0 * x);
    let digital = report.digital.accuracy;
    let variant = |idx: usize| &report.variants[idx];
    let points = 100.0 * (digital - variant(0).accuracy.mean);
    let three = report.bits_sweep.iter().find(|p| p.bits == 3);
    let model = &report.error_model;
    let mut rows = vec![
        row(
            "digital accuracy",
            "98.21\u{a0}%",
            percent(digital),
            "≥ 98.2\u{a0}%",
            digital >= 0.982,
        ),
        row(
            "naive mapping loses",
            "6.74\u{a0}points",
            format!("{points:.2}\u{a0}points"),
            "5.5 to 8",
            (5.5..=8.0).contains(&points),
        ),
        row("full method", "97.32\u{a0}%", percent(variant(6).accuracy.mean), "–", true),
        row(
            "recovered loss",
            "86.8\u{a0}%",
            format!("{:.1}\u{a0}%", 100.0 * report.recovered_loss),
            "≥ 97\u{a0}%",
            report.recovered_loss >= 0.97,
        ),
        row(
            "output error below naive",
            "86\u{a0}%",
            format!("{:.1}\u{a0}%", 100.0 * report.mse_reduction),
            "≥ 90\u{a0}%",
            report.mse_reduction >= 0.90,
        ),
    ];
    if let Some(three) = three {
        let met = three.full.mean >= 0.97;
        rows.push(row(
            "3-bit ADC, full method",
            "93.8\u{a0}%",
            percent(three.full.mean),
            "≥ 97.0\u{a0}%",
            met,
        ));
    }
    rows.extend([
        row(
            "energy below naive",
            "11\u{a0}%",
            format!("{:.1}\u{a0}%", 100.0 * report.energy_vs_naive),
            "≥ 11\u{a0}%",
            report.energy_vs_naive >= 0.11,
        ),
        row(
            "energy against digital, 8 KB SRAM",
            "14×",
            format!("{:.1}×", report.energy_vs_digital.sram_8kb),
            "≥ 14×",
            report.energy_vs_digital.sram_8kb >= 14.0,
        ),
        row(
            "variance, closed form / Monte Carlo",
            "–",
            format!(
                "{:.3} ({:.2} to {:.2})",
                model.variance_ratio_mean, model.variance_ratio_p05, model.variance_ratio_p95
            ),
            "1 ± 0.03 (0.9 to 1.1)",
            (0.97..=1.03).contains(&model.variance_ratio_mean)
                && 0.9 <= model.variance_ratio_p05
                && model.variance_ratio_p95 <= 1.1,
        ),
        row(
            "coverage of 95\u{a0}% intervals",
            "–",
            format!("{:.1}\u{a0}%", 100.0 * model.coverage95),
            "94 to 96\u{a0}%",
            (0.94..=0.96).contains(&model.coverage95),
        ),
        row(
            "certified relative gap",
            "global",
            format!("{:.1e}", report.optimiser.gap),
            "≤ 1e-7",
            report.optimiser.gap <= 1e-7,
        ),
    ]);
    rows
}

/// Rows of the comparison that are times.
pub fn time_rows(timing: &Timing) -> Vec<Comparison> {
    let row = |figure: &str, paper: &str, ours: String, target: &str, met: bool| Comparison {
        figure: figure.into(),
        paper: paper.into(),
        ours,
        target: target.into(),
        met,
    };
    vec![
        row(
            "conic program per layer",
            "microseconds",
            format!("{:.2}\u{a0}ms", timing.conic_us_per_layer / 1e3),
            "≤ 2\u{a0}ms",
            timing.conic_us_per_layer <= 2000.0,
        ),
        row(
            "fast path per layer",
            "microseconds",
            format!("{:.1}\u{a0}µs", timing.fast_us_per_layer),
            "≤ 20\u{a0}µs",
            timing.fast_us_per_layer <= 20.0,
        ),
        row(
            "whole run",
            "–",
            format!("{:.0}\u{a0}s", timing.total_s),
            "≤ 480\u{a0}s",
            timing.total_s <= 480.0,
        ),
    ]
}
