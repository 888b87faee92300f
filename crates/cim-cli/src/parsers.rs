//! Values of options.

use cim_chip::Metric;
use cim_core::Seconds;
use cim_device::compensation::Scope;

/// Most threads that a run may ask for: far beyond any machine it runs on, far below what starting them
/// would take for ever.
pub const MOST_THREADS: usize = 1024;

/// Threads; 0 for all cores.
pub fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads) if threads <= MOST_THREADS => Ok(threads),
        _ => Err(format!("give 0 for all cores, or up to {MOST_THREADS}")),
    }
}

/// How answers are judged.
pub fn metric(text: &str) -> Result<Metric, String> {
    let known = || Metric::ALL.map(Metric::name).join(", ");
    let found = Metric::ALL.into_iter().find(|metric| metric.name() == text);
    found.ok_or_else(|| format!("give one of {}", known()))
}

/// How many factors against drift there are.
pub fn scope(text: &str) -> Result<Scope, String> {
    match text {
        "global" => Ok(Scope::Global),
        "per-column" => Ok(Scope::PerColumn),
        _ => Err("give global or per-column".into()),
    }
}

/// A time with its unit.
pub fn time(text: &str) -> Result<Seconds, String> {
    text.parse::<Seconds>().map_err(|error| error.to_string())
}
