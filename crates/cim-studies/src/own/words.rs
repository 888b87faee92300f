//! Scores and losses as text.

use cim_chip::Metric;
use cim_report::format::{number_estimate, shown};
use cim_report::{Estimate, Shown};

/// What a network is on.
pub const fn chips(as_measured: bool) -> &'static str {
    if as_measured { "a measured chip" } else { "chips" }
}

/// How scores of a metric are shown.
pub fn score(metric: Metric) -> Shown {
    if metric.counts() { Shown::Percent } else { Shown::Number }
}

/// How losses of a metric are shown.
pub fn loss(metric: Metric) -> Shown {
    if metric.counts() { Shown::Points } else { Shown::Number }
}

/// Unit of the losses of a metric, for the head of a column.
pub fn loss_unit(metric: Metric) -> &'static str {
    match metric {
        Metric::Top1 | Metric::Top5 | Metric::Nearest => "points",
        Metric::Mse => "mean squared error",
        Metric::Cosine => "cosine",
    }
}

/// An estimate of a loss as text.
pub fn loss_text(metric: Metric, estimate: &Estimate) -> String {
    shown(estimate, &loss(metric))
}

/// An estimate of a loss with its unit, without a sign where it is a loss.
pub fn loss_in_words(metric: Metric, estimate: &Estimate) -> String {
    let text = loss_text(metric, estimate);
    let text = text.strip_prefix('+').unwrap_or(&text).to_owned();
    if metric.counts() { format!("{text} points") } else { text }
}

/// Whether an interval leaves 0 out.
pub fn is_told(estimate: &cim_chip::Estimate) -> bool {
    1 < estimate.chips && estimate.ci95 < estimate.mean.abs()
}

/// A share of a power, in per cent.
pub fn share_of_power(estimate: cim_chip::Estimate) -> String {
    let percent = |value: f64| 100.0 * value;
    let cim_chip::Estimate { mean, ci95, chips } = estimate;
    number_estimate(&Estimate { mean: percent(mean), ci95: percent(ci95), chips })
}

/// An estimate of this crate's as the report's.
pub fn of(estimate: cim_chip::Estimate) -> Estimate {
    let cim_chip::Estimate { mean, ci95, chips } = estimate;
    Estimate { mean, ci95, chips }
}

/// A ratio of powers in decibels; a word where there is no error.
pub fn decibels(ratio: f64) -> String {
    if ratio.is_finite() { format!("{:.1}", 10.0 * ratio.log10()) } else { "exact".to_owned() }
}
