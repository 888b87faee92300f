//! `cim devices`.

use std::fmt::Write;

use cim_device::{Device, PRESETS};

use crate::error::CliError;

/// Lists models and published devices.
pub fn run() -> Result<String, CliError> {
    let mut text = String::from(
        "Models\n\
         \x20 ideal     holds and conducts exactly what it is asked to\n\
         \x20 gaussian  g = max(0 S, target + sigma_p(target) n), fresh read noise sigma_r(g),\n\
         \x20           variances a0 + a1 G + a2 G^2 + am/G, I = G V or I = G v0 sinh(V/v0)\n\n\
         Published programming noise (G in uS)\n",
    );
    for preset in PRESETS {
        let fit = preset.build()?.program_variance();
        let _ = write!(
            text,
            "  {:16} {}\n{:19}{}, {} to {} uS\n{:19}posynomial from above: at most {:.0} % more variance\n{:19}source: {}\n",
            preset.name,
            preset.cell,
            "",
            preset.law(),
            preset.low_us,
            preset.high_us,
            "",
            100.0 * fit.excess,
            "",
            preset.source,
        );
    }
    text.push_str("\nPublished devices (`cim device describe NAME` prints the card of one)\n");
    text.push_str(&super::device::list()?);
    Ok(text)
}
