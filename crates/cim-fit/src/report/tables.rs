//! What was fitted in words and tables.

use std::fmt::Write;

use cim_core::{Seconds, Siemens};
use cim_report::format::aligned;

use super::about::About;
use crate::fitted::{Choice, Fitted, Parameter, Residual};

/// What a terminal shows.
pub fn printed(about: &About<'_>) -> String {
    let fitted = about.fitted;
    let mut text = format!("{}\n", about.source);
    for line in counts(about) {
        let _ = writeln!(text, "{line}");
    }
    let _ = write!(text, "\n{}\n{}", CHOICES, choices(&fitted.choices));
    let _ = write!(text, "\nParameters with their 95 % intervals\n{}\n", parameters(fitted));
    for line in residuals(fitted).iter().chain(&fitted.not_told) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// What the table of choices shows.
pub(super) const CHOICES: &str = "Laws by cross-validation over five parts of the cells: log-likelihood of a held-out \
                           cell below the best\nlaw's, the simplest within one standard error chosen (*)";

/// What was used and what was not.
pub(super) fn counts(about: &About<'_>) -> Vec<String> {
    let (measurements, fitted) = (about.measurements, about.fitted);
    let mut lines = vec![format!(
        "{} rows used, of {} cells and {} programmings; rows left out: {}.",
        measurements.rows(),
        fitted.cells,
        fitted.programmings,
        measurements.unusable
    )];
    lines.extend(measurements.temperature_k.map(|kelvin| {
        match measurements.unusable.other_temperature {
            0 => format!("Measured at {kelvin} K."),
            others => format!(
                "Measured at {kelvin} K, the temperature of most rows (the highest of equally many); {others} rows \
                 at others are left out."
            ),
        }
    }));
    lines
}

/// Every law that was tried, one a line.
pub(super) fn choices(choices: &[Choice]) -> String {
    let mut text = String::new();
    for choice in choices {
        let _ = writeln!(text, "{}, {}", choice.part, choice.what);
        let mut lines = vec![["  law", "parameters", "behind", "±"].map(str::to_owned).to_vec()];
        for candidate in &choice.candidates {
            lines.push(vec![
                format!("{} {}", if candidate.is_chosen { "*" } else { " " }, candidate.words),
                candidate.parameters.to_string(),
                format!("{:.4}", candidate.behind),
                format!("{:.4}", candidate.error),
            ]);
        }
        text += &aligned(&lines);
    }
    text
}

/// Every parameter with its interval, one a line.
pub(super) fn parameters(fitted: &Fitted) -> String {
    let head = ["parameter", "value", "from", "to"].map(str::to_owned).to_vec();
    let mut lines = vec![head];
    for parameter in &fitted.parameters {
        let Parameter { name, value, low, high, .. } = parameter;
        let mut line = vec![name.clone()];
        line.extend([value, low, high].map(|number| quantity(*number, parameter.unit)));
        lines.push(line);
    }
    aligned(&lines)
}

/// A number with its unit.
fn quantity(value: f64, unit: &str) -> String {
    match unit {
        _ if !value.is_finite() => "not determined".to_owned(),
        "S" => format!("{:.4}", Siemens(value)),
        "s" => format!("{:.3}", Seconds(value)),
        _ => format!("{value:.4}"),
    }
}

/// How far laws are off for cells that they were not fitted to.
pub(super) fn residuals(fitted: &Fitted) -> Vec<String> {
    let last = fitted.relaxation.iter().map(|group| group.elapsed_s).fold(0.0, f64::max);
    let late = fitted.relaxation.iter().filter(|group| 0.5 * last < group.elapsed_s);
    let parts = [
        ("programming".to_owned(), Residual::of(&fitted.programming)),
        (format!("relaxation at {:.0}", Seconds(last)), Residual::of(late)),
    ];
    parts
        .into_iter()
        .filter_map(|(part, residual)| {
            let Residual { shift, spread } = residual?;
            Some(format!(
                "Residual of {part}, held-out cells, beyond the error of the measurement: mean {:.1} % of the \
                 spread, spread {:.1} %.",
                100.0 * shift,
                100.0 * spread
            ))
        })
        .collect()
}
