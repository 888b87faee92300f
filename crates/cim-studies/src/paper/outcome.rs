//! From what was measured to the report.

mod baselines;
mod charts;
mod compare;
mod comparison;
mod energies;
mod findings;
mod gather;
mod given;
mod parameters;
mod parts;
mod tables;
mod voice;
mod words;

use cim_report::{Report, Stage, Timing};

use crate::error::StudyError;

pub use given::Outcome;

pub use findings::{BitsPoint, ErrorModel, MAX_VARIANCE_POINTS, Sweep, SweepPoint, VariancePoint};

/// Builds the report.
pub fn report(outcome: &Outcome<'_>) -> Result<Report, StudyError> {
    let (options, findings) = (outcome.options, gather::findings(outcome)?);
    let mut report = Report {
        title: "Analog compute-in-memory, reproduced".to_owned(),
        seed: options.spec.seed,
        preset: options.preset.to_owned(),
        revision: env!("CARGO_PKG_VERSION").to_owned(),
        spec: options.text.to_owned(),
        lead: voice::lead(&findings, options.spec),
        headlines: voice::headlines(&findings, options.spec),
        comparison: comparison::rows(&findings, options.spec.is_as_built_in()),
        figures: words::figures(&findings),
        chapters: words::chapters(&findings, options.spec),
        charts: charts::all(&findings),
        cover: Some(charts::summary(&findings)),
        tables: tables::all(&findings),
        parameters: parameters::of(options.spec)?,
        notes: words::notes(&findings, options.spec),
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
            step("fast path, per layer", fast_us),
        ],
        data: data.map(|(key, us)| (key.to_owned(), us.into())).into_iter().collect(),
        ..Timing::default()
    }
}
