//! From what was measured to the report.

mod charts;
mod comparison;
mod findings;
mod parameters;
mod tables;
mod words;

use cim_report::{Report, Stage, Timing};
use cim_tile::EnergyParts;

use super::candidates::Candidate;
use super::spec::Spec;
use crate::error::StudyError;
use crate::shared::epoch::Epoch;
use crate::shared::estimates::{estimate, paired};
use crate::study::Written;
use cim_chip::{Measured, Network, Optimised, Product};
use findings::{
    Budget, Counts, Design, Digital, EnergyBreakdown, EnergyPart, EnergyRatios, Findings,
    Optimiser, Paired, SourceShare, Variant,
};

pub use findings::{BitsPoint, ErrorModel, MAX_VARIANCE_POINTS, Sweep, SweepPoint, VariancePoint};

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
    let (options, findings) = (outcome.options, findings(outcome)?);
    let mut report = Report {
        title: "Analog compute-in-memory, reproduced".to_owned(),
        seed: options.spec.seed,
        preset: options.preset.to_owned(),
        revision: env!("CARGO_PKG_VERSION").to_owned(),
        spec: options.text.to_owned(),
        lead: words::lead(&findings),
        headlines: words::headlines(&findings),
        comparison: comparison::rows(&findings, options.spec.is_as_built_in()),
        figures: words::figures(&findings),
        chapters: words::chapters(options.spec),
        charts: charts::all(&findings),
        cover: Some(charts::summary(&findings)),
        tables: tables::all(&findings),
        parameters: parameters::of(options.spec)?,
        notes: words::notes(options.spec),
        ..Report::default()
    };
    report.add_data(&findings)?;
    Ok(report)
}

/// Times of both paths of the optimiser (µs per layer), as the timing of the report holds them.
pub fn solver_times(conic_us: f64, fast_us: f64) -> Timing {
    let step = |name: &str, us: f64| Stage { name: name.to_owned(), seconds: 1e-6 * us };
    let data = [("conic_us_per_layer", conic_us), ("fast_us_per_layer", fast_us)];
    Timing {
        steps: vec![
            step("conic program, per layer", conic_us),
            step("microsecond path, per layer", fast_us),
        ],
        data: data.map(|(key, us)| (key.to_owned(), us.into())).into_iter().collect(),
        ..Timing::default()
    }
}

/// Every number that only this experiment reports.
fn findings(outcome: &Outcome<'_>) -> Result<Findings, StudyError> {
    let spec = outcome.options.spec;
    let (naive, full) = (&outcome.candidates[0], &outcome.candidates[6]);
    let energies = outcome
        .candidates
        .iter()
        .map(|c| c.design.energy(&c.network, &c.inputs, &spec.energy))
        .collect::<Result<Vec<_>, _>>()?;
    let digital = digital_energies(spec, &naive.network);
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
    Ok(Findings {
        digital: Digital { accuracy: outcome.digital_accuracy, history: outcome.history.to_vec() },
        variants,
        recovered_loss,
        mse_reduction,
        energy_vs_naive,
        energy_vs_digital,
        bits_sweep: outcome.bits.clone(),
        optimiser: optimiser(outcome, full)?,
        error_model: outcome.error_model,
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
    })
}

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
fn digital_energies(spec: &Spec, network: &Network) -> [(Design, Vec<EnergyPart>); 3] {
    let (mut macs, mut moved, mut outputs) = (0, 0, 0);
    for Product { weights, per_sample, .. } in network.products() {
        macs += per_sample * weights.len();
        moved += per_sample * (weights.nrows() + weights.ncols());
        outputs += per_sample * weights.ncols();
    }
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
