//! Parameters of the experiment as its report lists them.

use cim_report::Parameter;
use cim_report::format::whole_si;

use crate::experiment::paper::spec::Spec;

/// All of them, with their origin.
pub fn of(spec: &Spec) -> Vec<Parameter> {
    let row = |name: &str, value: String, note: &str| Parameter {
        name: name.into(),
        value,
        ours: true,
        note: note.into(),
    };
    let paper =
        |name: &str, value: String, note: &str| Parameter { ours: false, ..row(name, value, note) };
    let widths: Vec<String> = spec.network.widths.iter().map(ToString::to_string).collect();
    let read_percent = 100.0 * spec.device.read.proportional;
    vec![
        paper(
            "tile",
            format!("{} × {} differential pairs", spec.tile.rows, spec.tile.outputs),
            "128 × 128 in the abstract",
        ),
        row("network", widths.join("-"), "the paper says three layers"),
        row(
            "programming sigma",
            whole_si(spec.device.programming.constant.0, "S"),
            "fitted once to the paper's naive loss; plus 1 % of G",
        ),
        row(
            "device window",
            format!(
                "{} to {}",
                whole_si(spec.device.g_off.0, "S"),
                whole_si(spec.device.g_on.0, "S")
            ),
            "bottom near two sigma",
        ),
        row("read noise", format!("{read_percent} % of G"), "per read"),
        row(
            "current-voltage law",
            format!("{:?}", spec.device.current_voltage),
            "sets a price on read voltage",
        ),
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
    ]
}
