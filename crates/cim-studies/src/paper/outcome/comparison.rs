//! The paper's figures beside ours, with what ours must reach.

use cim_report::format::{percent_estimate, points_estimate, times};
use cim_report::{Bound, Comparison, Estimate};

use super::findings::Findings;
use super::voice::{at_optimised, ratio};

/// Every row. Targets are for the preset as it is built in: of a quick run, of another chip or of other data
/// nothing is asked. How long things take is no target, as it says more of the machine than of the method.
pub fn rows(findings: &Findings, as_built_in: bool) -> Vec<Comparison> {
    let lost = findings.naive_loss;
    let points = 100.0 * lost.mean;
    let recovered = findings.recovered_loss_estimate;
    let alone = findings.training_alone();
    let mut rows = vec![
        Comparison::new(
            "digital accuracy",
            "98.21\u{a0}%",
            percent_estimate(&findings.digital.estimate),
        )
        .must("≥ 98.2\u{a0}%", Bound::AtLeast(0.982).of(findings.digital.estimate)),
        Comparison::new(
            "the same, trained as long",
            "–",
            percent_estimate(&findings.control.estimate),
        ),
        Comparison::new(
            "naive mapping loses",
            "6.74\u{a0}points",
            format!("{points:.2}\u{a0}± {:.2}\u{a0}points", 100.0 * lost.ci95),
        )
        .must("5.5 to 8", Bound::Between(0.055, 0.08).of(lost)),
        Comparison::new("full method", "97.32\u{a0}%", percent_estimate(&findings.full().accuracy)),
        Comparison::new("training alone, no program", "–", percent_estimate(&alone.accuracy_alone)),
        Comparison::new(
            "full method beyond training alone",
            "–",
            format!("{}\u{a0}points", points_estimate(&alone.accuracy)),
        ),
        Comparison::new("recovered loss, equal training", "86.8\u{a0}%", ratio(&recovered))
            .must("≥ 98.5\u{a0}%", Bound::AtLeast(0.985).of(recovered)),
        Comparison::new(
            "output error below naive",
            "86\u{a0}%",
            percent_estimate(&findings.mse_reduction_estimate),
        )
        .must("≥ 90\u{a0}%", Bound::AtLeast(0.9).of(findings.mse_reduction_estimate)),
    ];
    for (bits, paper, least) in [(2, "–", 0.95), (3, "93.8\u{a0}%", 0.982), (4, "–", 0.987)] {
        let point = findings.bits_sweep.iter().find(|point| point.bits == bits);
        rows.extend(point.map(|point| {
            let ours = percent_estimate(&point.full);
            Comparison::new(&format!("{bits}-bit ADC, full method"), paper, ours).must(
                &format!("≥ {:.1}\u{a0}%", 100.0 * least),
                Bound::AtLeast(least).of(point.full),
            )
        }));
    }
    rows.extend(against_heuristic(findings));
    rows.extend(energy(findings));
    rows.extend(model(findings));
    if !as_built_in {
        rows.iter_mut().for_each(|row| row.target = None);
    }
    rows
}

/// At equal read voltage and with the same front end.
fn against_heuristic(findings: &Findings) -> Vec<Comparison> {
    let row = |figure: &str, estimate: Estimate| {
        Comparison::new(figure, "–", percent_estimate(&estimate))
    };
    let error = at_optimised(findings).error_reduction;
    let mut rows = vec![
        row("output error below the best heuristic", error)
            .must("≥ 50\u{a0}%", Bound::AtLeast(0.5).of(error)),
    ];
    for best in &findings.against_heuristic {
        let saved = best.energy_saved_at_no_less_accuracy;
        let figure = format!("energy below it at no less accuracy, {} voltage", best.at);
        rows.push(row(&figure, saved).must("≥ 10\u{a0}%", Bound::AtLeast(0.1).of(saved)));
    }
    rows
}

fn energy(findings: &Findings) -> [Comparison; 2] {
    let sram = findings.energy_vs_digital.sram_8kb;
    [
        Comparison::new(
            "energy below naive at equal read voltage",
            "11\u{a0}% (unsaid)",
            percent_estimate(&findings.energy_vs_naive_at_equal_voltage),
        ),
        Comparison::new("energy against digital, 8 KB SRAM", "14×", times(sram))
            .must("≥ 14×", Bound::AtLeast(14.0).of(sram)),
    ]
}

fn model(findings: &Findings) -> [Comparison; 4] {
    let (model, gap) = (&findings.error_model, findings.optimiser.gap);
    let rank = findings.objective_rank;
    [
        Comparison::new(
            "variance, closed form / Monte Carlo",
            "–",
            format!(
                "{:.3} ({:.2} to {:.2})",
                model.variance_ratio_mean, model.variance_ratio_p05, model.variance_ratio_p95
            ),
        )
        .must(
            "1 ± 0.03 (0.9 to 1.1)",
            Bound::Between(0.97, 1.03)
                .of(model.variance_ratio_mean)
                .and(Bound::AtLeast(0.9).of(model.variance_ratio_p05))
                .and(Bound::AtMost(1.1).of(model.variance_ratio_p95)),
        ),
        Comparison::new(
            "coverage of 95\u{a0}% intervals",
            "–",
            format!("{:.1}\u{a0}%", 100.0 * model.coverage95),
        )
        .must("94 to 96\u{a0}%", Bound::Between(0.94, 0.96).of(model.coverage95)),
        Comparison::new("relative gap of the optimum", "global", format!("{gap:.1e}"))
            .must("≤ 1e-7", Bound::AtMost(1e-7).of(gap)),
        Comparison::new("rank correlation, objective and loss", "–", rank.words())
            .must("≥ 0.95", Bound::AtLeast(0.95).of(rank)),
    ]
}
