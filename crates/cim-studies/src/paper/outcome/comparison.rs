//! The paper's figures beside ours, with what ours must reach.

use cim_report::Comparison;
use cim_report::format::{percent, times};

use super::findings::Findings;

/// Every row. Targets are for the preset as it is built in: of a quick run, of another chip or of other data
/// nothing is asked. How long things take is no target, as it says more of the machine than of the method.
pub fn rows(findings: &Findings, as_built_in: bool) -> Vec<Comparison> {
    let tenths = |text: f64| format!("{:.1}\u{a0}%", 100.0 * text);
    let digital = findings.digital.accuracy;
    let points = 100.0 * (digital - findings.naive().accuracy.mean);
    let (model, gap) = (&findings.error_model, findings.optimiser.gap);
    let mut rows = vec![
        Comparison::new("digital accuracy", "98.21\u{a0}%", percent(digital))
            .must("≥ 98.2\u{a0}%", digital >= 0.982),
        Comparison::new(
            "naive mapping loses",
            "6.74\u{a0}points",
            format!("{points:.2}\u{a0}points"),
        )
        .must("5.5 to 8", (5.5..=8.0).contains(&points)),
        Comparison::new("full method", "97.32\u{a0}%", percent(findings.full().accuracy.mean)),
        Comparison::new("recovered loss", "86.8\u{a0}%", tenths(findings.recovered_loss))
            .must("≥ 97\u{a0}%", findings.recovered_loss >= 0.97),
        Comparison::new("output error below naive", "86\u{a0}%", tenths(findings.mse_reduction))
            .must("≥ 90\u{a0}%", findings.mse_reduction >= 0.90),
    ];
    let three = findings.bits_sweep.iter().find(|point| point.bits == 3);
    rows.extend(three.map(|three| {
        Comparison::new("3-bit ADC, full method", "93.8\u{a0}%", percent(three.full.mean))
            .must("≥ 97.0\u{a0}%", three.full.mean >= 0.97)
    }));
    let sram = findings.energy_vs_digital.sram_8kb;
    rows.extend([
        Comparison::new("energy below naive", "11\u{a0}%", tenths(findings.energy_vs_naive))
            .must("≥ 11\u{a0}%", findings.energy_vs_naive >= 0.11),
        Comparison::new("energy against digital, 8 KB SRAM", "14×", times(sram))
            .must("≥ 14×", sram >= 14.0),
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
            (0.97..=1.03).contains(&model.variance_ratio_mean)
                && 0.9 <= model.variance_ratio_p05
                && model.variance_ratio_p95 <= 1.1,
        ),
        Comparison::new("coverage of 95\u{a0}% intervals", "–", tenths(model.coverage95))
            .must("94 to 96\u{a0}%", (0.94..=0.96).contains(&model.coverage95)),
        Comparison::new("certified relative gap", "global", format!("{gap:.1e}"))
            .must("≤ 1e-7", gap <= 1e-7),
    ]);
    if !as_built_in {
        rows.iter_mut().for_each(|row| row.target = None);
    }
    rows
}
