//! Energies by part, analog and digital.

use cim_chip::Product;
use cim_nn::Network;

use super::findings::{Design, EnergyPart};
use crate::method::rows::Row;
use crate::paper::spec::Spec;

/// Parts of a row's energy, mean over networks.
pub fn parts_of(row: &Row) -> Vec<EnergyPart> {
    let parts = row.energy().into_iter();
    parts.map(|(part, joules)| EnergyPart { part: part.to_owned(), joules }).collect()
}

/// The digital baselines: multiply-accumulates, weight bytes, the same activations and buffer.
pub fn digital_energies(spec: &Spec, network: &Network) -> [(Design, Vec<EnergyPart>); 3] {
    let (mut macs, mut moved, mut outputs) = (0, 0, 0);
    for Product { weights, per_sample, .. } in network.products() {
        macs += per_sample * weights.len();
        moved += per_sample * (weights.nrows() + weights.ncols());
        outputs += per_sample * weights.ncols();
    }
    let of = |weight_byte: f64| {
        let mut parts =
            vec![EnergyPart { part: "MAC".into(), joules: macs as f64 * spec.digital.mac.0 }];
        if weight_byte > 0.0 {
            parts.push(EnergyPart { part: "weights".into(), joules: macs as f64 * weight_byte });
        }
        let digital = outputs as f64 * spec.energy.activation.0;
        parts.push(EnergyPart { part: "digital".into(), joules: digital });
        let buffer = moved as f64 * spec.energy.buffer_byte.0;
        parts.push(EnergyPart { part: "buffer".into(), joules: buffer });
        parts
    };
    [
        (Design::DigitalMacOnly, of(0.0)),
        (Design::DigitalSram8Kb, of(spec.digital.sram_8kb_byte.0)),
        (Design::DigitalSram1Mb, of(spec.digital.sram_1mb_byte.0)),
    ]
}
