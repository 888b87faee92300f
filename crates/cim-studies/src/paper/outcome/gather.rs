//! Every number that only this experiment reports.

use cim_chip::ChipError;

use super::baselines::{against_heuristic, against_training, baselines};
use super::energies::{digital_energies, parts_of};
use super::findings::{
    Budget, Chosen, Control, Counts, Design, Digital, EnergyBreakdown, EnergyPart, EnergyRatios,
    Findings, Optimiser, Paired, PointInUse, ProgramAlone, Rank, SourceShare, Variant,
};
use super::given::{Outcome, row};
use super::parts::part_rows;
use crate::error::StudyError;
use crate::method::candidate::Candidate;
use crate::method::rows::Row;
use crate::paper::measure::table::UntrainedRow;
use crate::paper::train::rows::Group;
use crate::paper::train::trial::Trial;
use crate::shared::estimates::{over_networks, share_won};

/// Variants in the order of the report, each with its table.
const VARIANTS: [(Group, &str); 7] = [
    (Group::Variant, "naive"),
    (Group::Variant, "window"),
    (Group::Variant, "full_scale"),
    (Group::Variant, "window_full_scale"),
    (Group::AddOneIn, "relu"),
    (Group::AddOneIn, "noise"),
    (Group::Variant, "full"),
];

/// Gathers the findings.
pub fn findings(outcome: &Outcome<'_>) -> Result<Findings, StudyError> {
    let (spec, rows, trials) = (outcome.spec, outcome.rows, outcome.trials);
    let variants: Vec<&Row> =
        VARIANTS.iter().map(|(group, name)| row(rows, *group, name)).collect();
    let (naive, full) = (variants[0], variants[6]);
    let numbers = outcome.as_numbers;
    let (digital, control) = (over_networks(&numbers.digital), over_networks(&numbers.control));
    let better = if control.mean < digital.mean { &numbers.digital } else { &numbers.control };
    let naive_loss = over_networks(
        &numbers.control.iter().zip(naive.means()).map(|(a, b)| a - b).collect::<Vec<_>>(),
    );
    let recovered = share_won(&full.means(), &naive.means(), better);
    let first = &trials[0];
    let (first_naive, first_full) =
        (&first.rows[first.naive].candidate, &first.rows[first.full].candidate);
    let digital_parts = digital_energies(spec, &first.control);
    let full_j = full.mean(|network| network.energy.total());
    let ratio =
        |idx: usize| digital_parts[idx].1.iter().map(|part| part.joules).sum::<f64>() / full_j;
    let total = |network: &crate::method::rows::OnChips| network.energy.total();
    let naive_at_equal = row(rows, Group::AtOptimised, "naive");
    let mse_reduction = full.saved(naive, |network| network.measured.output_mse);
    Ok(Findings {
        networks: trials.len(),
        digital: Digital {
            accuracy: digital.mean,
            estimate: digital,
            history: first.history.clone(),
        },
        control: Control {
            accuracy: control.mean,
            estimate: control,
            further_epochs: spec.training.further.epochs,
        },
        naive_loss,
        recovered_loss: recovered.mean,
        recovered_loss_estimate: recovered,
        mse_reduction: mse_reduction.mean,
        mse_reduction_estimate: mse_reduction,
        energy_vs_naive: full.saved(naive, total).mean,
        energy_vs_naive_at_equal_voltage: full.saved(naive_at_equal, total),
        energy_vs_digital: EnergyRatios {
            mac_only: ratio(0),
            sram_8kb: ratio(1),
            sram_1mb: ratio(2),
        },
        baselines: baselines(rows),
        against_heuristic: against_heuristic(rows),
        against_training_alone: against_training(rows),
        program_alone: program_alone(outcome.untrained, better),
        add_one_in: part_rows(rows, Group::AddOneIn),
        leave_one_out: part_rows(rows, Group::LeaveOneOut),
        replaced: part_rows(rows, Group::Replaced),
        choices: choices(trials),
        bits_sweep: outcome.bits.clone(),
        optimiser: optimiser(first)?,
        objective_rank_correlation: outcome.objective_rank.correlation,
        objective_rank: Rank::of(outcome.objective_rank, spec.error_model.designs),
        error_model: outcome.error_model,
        paired: pairs(&variants, numbers),
        sweeps: outcome.sweeps.clone(),
        error_budget: budgets(first_naive, Design::Naive)?
            .into_iter()
            .chain(budgets(first_full, Design::Full)?)
            .collect(),
        variance_points: outcome.variance_points.clone(),
        energy: [(Design::Naive, parts_of(naive)), (Design::Full, parts_of(full))]
            .into_iter()
            .chain(digital_parts)
            .map(|(design, parts): (Design, Vec<EnergyPart>)| EnergyBreakdown { design, parts })
            .collect(),
        variants: variants.into_iter().map(variant).collect(),
    })
}

/// What the program wins back alone, at every resolution that was asked for.
fn program_alone(rows: &[UntrainedRow], numbers: &[f64]) -> Vec<ProgramAlone> {
    let of = |UntrainedRow { bits, heuristic, program }: &UntrainedRow| ProgramAlone {
        bits: *bits,
        heuristic: heuristic.accuracy(),
        program: program.accuracy(),
        difference: program.minus(heuristic),
        recovered: share_won(&program.means(), &heuristic.means(), numbers),
    };
    rows.iter().map(of).collect()
}

fn variant(row: &Row) -> Variant {
    let tally = row.tally();
    Variant {
        name: row.name.to_owned(),
        further_epochs: row.further_epochs,
        accuracy: row.accuracy(),
        output_mse: row.mean(|network| network.measured.output_mse),
        energy_j: row.mean(|network| network.energy.total()),
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

fn choices(trials: &[Trial]) -> Vec<Chosen> {
    let of = |(network, trial): (usize, &Trial)| {
        let choices = trial.choices.iter();
        choices
            .map(|one| Chosen { network, what: one.what.clone(), chosen: one.chosen.clone() })
            .collect::<Vec<_>>()
    };
    trials.iter().enumerate().flat_map(of).collect()
}

/// What the program chose for the first network.
fn optimiser(trial: &Trial) -> Result<Optimiser, StudyError> {
    let full = &trial.rows[trial.full].candidate;
    let (conic, parts) = (&trial.optimised.conic, &full.design.parts);
    let fast = cim_opt::solve_fast(&trial.optimised.problem).map_err(ChipError::from)?;
    let in_use = trial.optimised.placed(&full.design)?;
    let device = parts.device.window();
    let full_scales = full.design.layers.iter().flat_map(|l| l.full_scale.iter().map(|f| f.0));
    Ok(Optimiser {
        gap: conic.certificate.gap,
        in_use: PointInUse {
            gap: in_use.gap,
            objective: in_use.objective,
            bound: in_use.bound,
            g_min_s: in_use.g_min.0,
            g_max_s: in_use.g_max.0,
            read_voltage_v: in_use.read_voltage.0,
        },
        g_min_s: parts.window.g_min.0,
        g_max_s: parts.window.g_max.0,
        full_scale_a: full_scales.collect(),
        g_off_s: device.g_min.0,
        g_on_s: device.g_max.0,
        read_voltage_v: parts.read_voltage.0,
        weight_clip: clips(&trial.rows[trial.naive].candidate, full),
        fast_objective_gap: (fast.objective / conic.objective - 1.0).abs(),
        ceiling_tightened: conic.ceiling_tightened,
    })
}

/// Weight clips as fractions of each layer's largest digital weight, which the naive mapping clips at.
fn clips(naive: &Candidate, full: &Candidate) -> Vec<f64> {
    let layers = full.design.layers.iter().zip(&naive.design.layers);
    layers.map(|(full, naive)| f64::from(full.weight_clip / naive.weight_clip)).collect()
}

/// Differences that are taken at equal budgets: all variants but those of the short budget.
fn pairs(variants: &[&Row], numbers: &crate::paper::measure::table::AsNumbers) -> Vec<Paired> {
    let full = variants[variants.len() - 1];
    let others = variants[..variants.len() - 1].iter();
    let others = others.filter(|row| row.further_epochs == full.further_epochs);
    let mut pairs: Vec<Paired> = others
        .map(|row| Paired { a: "full".into(), b: row.name.into(), difference: full.minus(row) })
        .collect();
    for (name, accuracies) in [("digital", &numbers.digital), ("control", &numbers.control)] {
        let differences =
            full.means().iter().zip(accuracies).map(|(a, b)| a - b).collect::<Vec<_>>();
        let difference = over_networks(&differences);
        pairs.push(Paired { a: "full".into(), b: name.into(), difference });
    }
    pairs
}

fn budgets(candidate: &Candidate, design: Design) -> Result<Vec<Budget>, StudyError> {
    let errors = candidate.design.errors(&candidate.network, &candidate.inputs)?;
    let share = |(source, share_of_signal): (&str, f64)| SourceShare {
        source: source.to_owned(),
        share_of_signal,
    };
    Ok(errors
        .iter()
        .enumerate()
        .map(|(idx, layer)| Budget {
            layer: idx + 1,
            design,
            sources: layer.shares().sources().into_iter().map(share).collect(),
        })
        .collect())
}
