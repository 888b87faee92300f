//! The first screen: lead and headlines. Each says what it is measured against, and names the parameter
//! of ours that decides it.

use cim_report::format::{percent_estimate, points_estimate, si, times};
use cim_report::{Estimate, Headline};

use super::findings::{AgainstHeuristic, Findings, Ratio, variant_label};
use super::parts;
use crate::paper::spec::Spec;

/// The report in a few sentences.
pub fn lead(findings: &Findings, spec: &Spec) -> String {
    let (naive, full) = (findings.naive(), findings.full());
    let heuristic = at_optimised(findings);
    format!(
        "As numbers the networks reach {}, trained as long as the full method {}. Mapped naively they \
         fall to {}; with the full method they stand at {}: {} of the loss is recovered against the \
         better of the two. At equal read voltage ({}; our keys least_read_voltage = {} and energy_tolerance = {} \
         decide it) the full method has {} less output error than the best heuristic ({}), and {} where it is \
         asked to be no less accurate. {}",
        percent_estimate(&findings.digital.estimate),
        percent_estimate(&findings.control.estimate),
        percent_estimate(&naive.accuracy),
        percent_estimate(&full.accuracy),
        ratio(&findings.recovered_loss_estimate),
        si(findings.optimiser.read_voltage_v, "V"),
        si(spec.optimiser.least_read_voltage.0, "V"),
        spec.optimiser.energy_tolerance,
        percent_estimate(&heuristic.error_reduction),
        variant_label(&heuristic.heuristic),
        energy(&heuristic.energy_saved_at_no_less_accuracy),
        parts::sentence(findings),
    )
}

/// The numbers of the first screen.
pub fn headlines(findings: &Findings, spec: &Spec) -> Vec<Headline> {
    let heuristic = at_optimised(findings);
    let control = findings.paired.iter().find(|pair| pair.b == "control");
    let control = control.map_or(Estimate::exact(0.0), |pair| pair.difference);
    let headline = |value: String, label: &str, detail: String| Headline {
        value,
        label: label.to_owned(),
        detail,
    };
    vec![
        headline(
            percent_estimate(&findings.full().accuracy),
            "full method, analog",
            format!(
                "{} points against equally trained numbers; over {} networks",
                points_estimate(&control),
                findings.networks
            ),
        ),
        headline(
            ratio(&findings.recovered_loss_estimate),
            "of the naive loss recovered",
            "against the better of the digital network and the control".to_owned(),
        ),
        headline(
            percent_estimate(&heuristic.energy_saved_at_no_less_accuracy),
            "of the best heuristic's energy saved",
            format!(
                "at no less accuracy and the same {} (least_read_voltage {})",
                si(findings.optimiser.read_voltage_v, "V"),
                si(spec.optimiser.least_read_voltage.0, "V")
            ),
        ),
        headline(
            times(findings.energy_vs_digital.sram_8kb),
            "less energy than digital (8 KB SRAM)",
            format!(
                "{} against the naive mapping at the same voltage",
                percent_estimate(&findings.energy_vs_naive_at_equal_voltage)
            ),
        ),
    ]
}

/// The full method against the best heuristic at the read voltage that the program chose.
pub fn at_optimised(findings: &Findings) -> &AgainstHeuristic {
    let found = findings.against_heuristic.iter().find(|one| one.at == "optimised");
    found.expect("both voltages are measured")
}

/// What is saved, or what it takes more, of an energy.
fn energy(saved: &Estimate) -> String {
    if saved.mean < 0.0 {
        let more = Estimate { mean: -saved.mean, ..*saved };
        format!("takes {} more energy", percent_estimate(&more))
    } else {
        format!("saves {} of its energy", percent_estimate(saved))
    }
}

/// A ratio as per cent, with its interval.
pub fn ratio(ratio: &Ratio) -> String {
    percent_estimate(&ratio.estimate())
}
