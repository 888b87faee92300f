//! From what was measured to the report.

mod baselines;
mod charts;
mod compare;
mod compared;
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
    let (spec, findings) = (outcome.spec, gather::findings(outcome)?);
    let mut report = Report {
        title: "Analog compute-in-memory, reproduced".to_owned(),
        lead: voice::lead(&findings, spec),
        headlines: voice::headlines(&findings, spec),
        comparison: comparison::rows(&findings, spec.is_as_built_in()),
        figures: words::figures(&findings),
        chapters: words::chapters(&findings, spec),
        charts: charts::all(&findings),
        cover: Some(charts::summary(&findings)),
        tables: tables::all(&findings),
        parameters: parameters::of(spec)?,
        notes: words::notes(&findings, spec),
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
