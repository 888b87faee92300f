//! The full method, at the preset's own resolution and at others.

use cim_chip::ChipDesign;
use cim_nn::{Network, Recipe};

use super::rows::AtBits;
use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::candidate::Candidate;
use crate::method::choose::design::full_scales;
use crate::method::choose::finish::{Finished, finish};
use crate::method::digital::Digital;
use crate::method::part::Method;
use crate::method::through::{Through, train};
use crate::paper::spec::Spec;

/// The full method from the digital network, at the preset's own resolution.
pub fn full(
    bench: &Bench<'_>,
    digital: &Digital,
    start: &ChipDesign,
) -> Result<Finished, StudyError> {
    let inputs = bench.inputs_of(&digital.network);
    let trained = train(bench, &Through::further(bench, digital, &inputs, start))?;
    finish(bench, start, trained)
}

/// From the full method's network on to another resolution.
fn at_bits(
    bench: &Bench<'_>,
    recipe: &Recipe,
    digital: &Digital,
    full: &Candidate,
    bits: u32,
) -> Result<Finished, StudyError> {
    let Candidate { network, design, inputs } = full;
    let mut start = design.clone();
    start.parts.adc_bits = bits;
    let start = full_scales(bench, Method::FULL, start, network, inputs)?;
    let run = Through {
        stage: &format!("full-{bits}"),
        recipe,
        method: Method::FULL,
        network,
        teacher: digital.teacher(),
        inputs,
        design: &start,
        at: bench.at.child("bits", u64::from(bits)),
    };
    let trained = train(bench, &run)?;
    finish(bench, &start, trained)
}

/// The naive mapping and the full method at every resolution of the preset.
pub fn at_all_bits(
    bench: &Bench<'_>,
    spec: &Spec,
    digital: &Digital,
    control: &Network,
    own: &Candidate,
    own_scales: &'static str,
) -> Result<Vec<AtBits>, StudyError> {
    let mut points = Vec::new();
    for &bits in &spec.sweeps.bits {
        let inputs = bench.inputs_of(control);
        let mut design = bench.naive(control, &inputs, bench.parts.read_voltage)?;
        design.parts.adc_bits = bits;
        let naive = Candidate { network: control.clone(), design, inputs };
        let (full, scales) = if bits == bench.parts.adc_bits {
            let (network, design) = (own.network.clone(), own.design.clone());
            let inputs = bench.inputs_of(&network);
            (Candidate { network, design, inputs }, own_scales)
        } else {
            let full = at_bits(bench, &spec.training.bits, digital, own, bits)?;
            (full.candidate, full.scales.name())
        };
        points.push(AtBits { bits, naive, full, scales });
    }
    Ok(points)
}
