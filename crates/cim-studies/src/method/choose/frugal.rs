//! How little energy suffices for an accuracy, at one read voltage.

use cim_chip::ChipDesign;
use cim_core::Volts;

use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::candidate::Candidate;

/// How often the border between tolerances that are accurate enough and those that are not is halved.
const HALVINGS: usize = 3;

/// The design of least energy for the network of `full` at `volts` that is no less accurate on the
/// held-out images than `least_accuracy`: among `full`'s own, put at that voltage, and the windows of
/// the program at the preset's tolerances and at some between the largest that is accurate enough and
/// the next that is not, with the program's ranges and with `full`'s. If none is as accurate, `full`'s
/// own.
pub fn frugal(
    bench: &Bench<'_>,
    full: &Candidate,
    volts: Volts,
    least_accuracy: f64,
) -> Result<ChipDesign, StudyError> {
    let Candidate { network, design, inputs } = full;
    let start = design.clone().at_read_voltage(inputs, volts)?;
    let energy = |design: &ChipDesign| -> Result<f64, StudyError> {
        Ok(design.energy(network, inputs, &bench.job.energy)?.total())
    };
    let mut best = (energy(&start)?, start.clone());
    // Whether any design at the tolerance is accurate enough; the most frugal is kept.
    let mut suffices = |tolerance: f64| -> Result<bool, StudyError> {
        let programmed = bench.optimise_at(&start, network, inputs, volts, tolerance)?;
        let kept = start.clone().within(programmed.parts.window);
        let mut any = false;
        for tried in [programmed, kept] {
            if least_accuracy <= bench.holdout(&tried, network)? {
                any = true;
                let joules = energy(&tried)?;
                if joules < best.0 {
                    best = (joules, tried);
                }
            }
        }
        Ok(any)
    };
    let mut tolerances = bench.job.choices.frugal_tolerances.clone();
    tolerances.sort_by(f64::total_cmp);
    let mut border: Option<(f64, f64)> = None;
    let mut last = None;
    for tolerance in tolerances {
        match (suffices(tolerance)?, last) {
            (true, _) => last = Some(tolerance),
            (false, Some(enough)) if border.is_none() => border = Some((enough, tolerance)),
            (false, _) => {}
        }
    }
    if let Some((mut enough, mut too_much)) = border {
        for _ in 0..HALVINGS {
            let between = (enough * too_much).sqrt();
            if suffices(between)? { enough = between } else { too_much = between }
        }
    }
    Ok(best.1)
}
