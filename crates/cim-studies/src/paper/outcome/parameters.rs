//! Parameters of the experiment as its report lists them.

use cim_chip::sections::{NetworkSpec, device};
use cim_core::Siemens;
use cim_report::Parameter;
use cim_report::format::whole_si;

use crate::error::StudyError;
use crate::paper::spec::Spec;

/// All of them, with their origin.
pub fn of(spec: &Spec) -> Result<Vec<Parameter>, StudyError> {
    let row = |name: &str, value: String, note: &str| Parameter {
        name: name.into(),
        value,
        ours: true,
        note: note.into(),
    };
    let paper =
        |name: &str, value: String, note: &str| Parameter { ours: false, ..row(name, value, note) };
    let [sigma, window, read, law] = cell(spec)?.map(|(name, value, note)| row(name, value, note));
    Ok(vec![
        paper(
            "tile",
            format!(
                "{} rows × {} outputs, mapped as {}",
                spec.tile.rows,
                spec.tile.outputs,
                spec.mapping.kind()
            ),
            "128 × 128 in the abstract",
        ),
        row("network", network(&spec.network), "the paper says three layers"),
        sigma,
        window,
        read,
        law,
        row(
            "nominal read voltage",
            whole_si(spec.circuit.read_voltage.0, "V"),
            "of the naive design",
        ),
        row("temperature", whole_si(spec.circuit.temperature.0, "K"), ""),
        row(
            "noise bandwidth",
            whole_si(spec.circuit.bandwidth.0, "Hz"),
            "read time = 1/(2 × bandwidth)",
        ),
        row(
            "DAC, ADC",
            format!("{} and {} bits", spec.converters.dac_bits, spec.converters.adc_bits),
            "6 bits is the regime of the paper's loss",
        ),
        row("ADC input noise", format!("{} rms", whole_si(spec.converters.adc_noise.0, "A")), ""),
        row(
            "converters and logic",
            format!("{} nm, {}", spec.energy.node_nm, whole_si(spec.energy.supply.0, "V")),
            "ADC: envelope of published converters; logic: Horowitz 2014",
        ),
        row("sense amplifier", "class A, V_dd × FS × t".into(), "biased at the full scale"),
    ])
}

/// Widths of a perceptron; else the shape of a sample and the names of the operations.
fn network(spec: &NetworkSpec) -> String {
    let widths = spec.widths.iter().flatten().map(ToString::to_string);
    let operations = spec.operations.iter().flatten().map(|operation| operation.name());
    match spec.input {
        Some(input) => format!("{input}: {}", operations.collect::<Vec<_>>().join(", ")),
        None => widths.collect::<Vec<_>>().join("-"),
    }
}

/// Rows on the cell: of a Gaussian one as it is written, of any other by its law.
fn cell(spec: &Spec) -> Result<[(&'static str, String, &'static str); 4], StudyError> {
    let device = device::build(&spec.device)?;
    let window = device.window();
    let middle = 0.5 * (window.g_min.0 + window.g_max.0);
    let sigma =
        |variance: f64| format!("{:.3} at {:.3}", Siemens(variance.sqrt()), Siemens(middle));
    let ([programming, read], [of_programming, of_window, of_read]) =
        match device::gaussian(&spec.device) {
            Some(cell) => (
                [
                    whole_si(cell.programming.constant.0, "S"),
                    format!("{} % of G", 100.0 * cell.read.proportional),
                ],
                [
                    "fitted once to the paper's naive loss; plus 1 % of G",
                    "bottom near two sigma",
                    "per read",
                ],
            ),
            None => (
                [device.programmed(middle).variance, device.read_variance(middle)].map(sigma),
                ["at the middle of the window", "of the device", "per read, at the same place"],
            ),
        };
    let window = format!("{} to {}", whole_si(window.g_min.0, "S"), whole_si(window.g_max.0, "S"));
    let law = device.current_voltage().to_string();
    Ok([
        ("programming sigma", programming, of_programming),
        ("device window", window, of_window),
        ("read noise", read, of_read),
        ("current-voltage law", law, "sets a price on read voltage"),
    ])
}
