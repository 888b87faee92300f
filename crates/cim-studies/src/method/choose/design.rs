//! Designs with some parts of the method and not others.

use cim_chip::{ChipDesign, Goal, LayerInputs, worst_case};
use cim_nn::Network;

use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::part::{Method, Part};

/// What the program finds for `network`: window, read voltage, clips and full scales; clips are searched
/// and then tightened to `share`, after which the rest is found again.
pub fn programmed(
    bench: &Bench<'_>,
    network: &Network,
    inputs: &LayerInputs,
    share: f64,
) -> Result<ChipDesign, StudyError> {
    let naive = bench.naive(network, inputs, bench.parts.read_voltage)?;
    let tolerance = bench.job.optimiser.energy_tolerance;
    let searched = bench.optimise(&naive, network, inputs, Goal::of(true, true), tolerance)?.design;
    tightened(bench, &searched, network, inputs, share)
}

/// A design of the program with clips tightened to `share`, and the rest found again.
pub fn tightened(
    bench: &Bench<'_>,
    searched: &ChipDesign,
    network: &Network,
    inputs: &LayerInputs,
    share: f64,
) -> Result<ChipDesign, StudyError> {
    let mut start = searched.clone();
    start.layers.iter_mut().for_each(|layer| layer.weight_clip *= share as f32);
    let goal = Goal::with_trained_clip(true, true);
    let tolerance = bench.job.optimiser.energy_tolerance;
    Ok(bench.optimise(&start, network, inputs, goal, tolerance)?.design)
}

/// The naive mapping with those parts of the program's design that `method` has.
pub fn compose(
    bench: &Bench<'_>,
    method: Method,
    programmed: &ChipDesign,
    network: &Network,
    inputs: &LayerInputs,
) -> Result<ChipDesign, StudyError> {
    let mut design = bench.naive(network, inputs, bench.parts.read_voltage)?;
    if method.has(Part::Clip) {
        for (own, programmed) in design.layers.iter_mut().zip(&programmed.layers) {
            own.weight_clip = programmed.weight_clip;
        }
    }
    if method.has(Part::ReadVoltage) {
        design = design.at_read_voltage(inputs, programmed.parts.read_voltage)?;
    }
    if method.has(Part::Window) {
        design = design.within(programmed.parts.window);
    }
    full_scales(bench, method, design, network, inputs)
}

/// Full scales by the program where `method` has them, else those of the worst case.
pub fn full_scales(
    bench: &Bench<'_>,
    method: Method,
    mut design: ChipDesign,
    network: &Network,
    inputs: &LayerInputs,
) -> Result<ChipDesign, StudyError> {
    if method.has(Part::FullScale) {
        let goal = Goal::with_trained_clip(false, true);
        let tolerance = bench.job.optimiser.energy_tolerance;
        return Ok(bench.optimise(&design, network, inputs, goal, tolerance)?.design);
    }
    for (idx, (layer, product)) in design.layers.iter_mut().zip(network.products()).enumerate() {
        worst_case(&design.parts.of_layer(idx), layer, product.weights);
    }
    Ok(design)
}
