//! How little energy suffices for an accuracy, at one read voltage.

use cim_chip::ChipDesign;
use cim_core::Volts;

use crate::error::StudyError;
use crate::paper::bench::Bench;
use crate::paper::candidate::Candidate;

/// The design of least energy for the network of `full` at `volts` that is no less accurate on the
/// held-out images than `least_accuracy`: among `full`'s own, put at that voltage, and the windows of
/// the program at the preset's tolerances, with the program's ranges and with `full`'s. If none is as
/// accurate, `full`'s own.
pub fn frugal(
    bench: &Bench<'_>,
    full: &Candidate,
    volts: Volts,
    least_accuracy: f64,
) -> Result<ChipDesign, StudyError> {
    let Candidate { network, design, inputs } = full;
    let start = design.clone().at_read_voltage(inputs, volts)?;
    let energy = |design: &ChipDesign| -> Result<f64, StudyError> {
        Ok(design.energy(network, inputs, &bench.spec.energy)?.total())
    };
    let mut best = (energy(&start)?, start.clone());
    for &tolerance in &bench.spec.choices.frugal_tolerances {
        let programmed = bench.optimise_at(&start, network, inputs, volts, tolerance)?;
        let kept = start.clone().within(programmed.parts.window);
        for tried in [programmed, kept] {
            let joules = energy(&tried)?;
            if joules < best.0 && least_accuracy <= bench.holdout(&tried, network)? {
                best = (joules, tried);
            }
        }
    }
    Ok(best.1)
}
