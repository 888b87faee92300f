//! A chip as a preset writes it, and the same with other values.

use cim_chip::sections::{FrontEnd, MappingSpec};
use cim_chip::{ChipSpec, Parts, Targets};
use serde::de::DeserializeOwned;
use toml::Table;

/// Differential pairs of cells with errors of programming and reading, on ideal wires.
pub const CHIP: &str = r#"
seed = 1
tile = { rows = 64, outputs = 16 }
wires = { row = "0 Ohm", column = "0 Ohm" }
mapping = { kind = "differential" }

[device]
effects = []
[device.model]
kind = "gaussian"
g_off = "10 uS"
g_on = "100 uS"
programming = { constant = "3 uS", proportional = 0.01, inverse = "0 S", inverse_at = "0 S", linear = "0 S" }
read = { constant = "0 S", proportional = 0.02, inverse = "0 S", inverse_at = "0 S", linear = "0 S" }
current_voltage = { law = "ohmic" }

[circuit]
read_voltage = "0.2 V"
disturb_voltage = "0.4 V"
temperature = "300 K"
bandwidth = "10 MHz"
amplifier_factor = 1.0
fano_factor = 1.0

[converters]
dac_bits = 8
dac_polarity = "bipolar"
adc_bits = 6
adc_noise = "400 nA"
full_scale = { policy = "worst-case" }

[energy]
node_nm = 45.0
supply = "0.9 V"
read_time = "50 ns"
dac_unit = "1 fF"
accumulate = "0.1 pJ"
activation = "0.3 pJ"
buffer_byte = "1.25 pJ"

[optimiser]
least_read_voltage = "0.02 V"
histogram_bins = 48
least_clip = 0.1
clip_points = 14
energy_tolerance = 0.1
"#;

/// `text` with other values of keys, each by its path.
///
/// # Panics
/// If a section is not there, or a value is not TOML.
pub fn changed(text: &str, keys: &[(&str, &str)]) -> Table {
    let mut table: Table = text.parse().expect("TOML");
    for (key, value) in keys {
        let value: Table = format!("it = {value}").parse().expect("a value");
        let mut path: Vec<&str> = key.split('.').collect();
        let last = path.pop().expect("a key");
        let section = path
            .into_iter()
            .fold(&mut table, |table, name| table[name].as_table_mut().expect("a section"));
        section.insert(last.to_owned(), value["it"].clone());
    }
    table
}

/// A section of a preset.
///
/// # Panics
/// If it is not there, or is another one.
pub fn section<T: DeserializeOwned>(preset: &Table, name: &str) -> T {
    preset[name].clone().try_into().expect("a section")
}

/// Parts of a preset with another mapping.
///
/// # Panics
/// If a section is not there, or they are no chip.
pub fn parts(preset: &Table, mapping: MappingSpec) -> Parts {
    let (device, circuit) = (&section(preset, "device"), &section(preset, "circuit"));
    let converters = &section(preset, "converters");
    let (tile, wires) = (section(preset, "tile"), section(preset, "wires"));
    let front_end = &FrontEnd::IDEAL;
    let chip = ChipSpec { tile, device, circuit, converters, wires, front_end, mapping };
    chip.build(Targets::Nominal).expect("a chip")
}
