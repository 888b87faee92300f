//! The program alone against the best heuristic: both for a network that was trained as numbers and knows
//! nothing of the chip.

use cim_chip::{ChipDesign, Goal};
use cim_nn::Network;

use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::candidate::Candidate;
use crate::method::choose::heuristics::{all, best};

/// What can be done for a network without training it.
pub struct Untrained {
    /// The heuristic that is best on the held-out images, at the nominal read voltage.
    pub heuristic: Candidate,
    /// Which one that is.
    pub name: &'static str,
    /// What the program finds, window, read voltage, clips and full scales.
    pub program: Candidate,
}

/// Both for `network` on the parts of the bench. Each is chosen on the held-out images: the heuristic
/// among all with all their values, the program among the preset's tolerances of energy.
pub fn untrained(bench: &Bench<'_>, network: &Network) -> Result<Untrained, StudyError> {
    let inputs = bench.inputs_of(network);
    let nominal = bench.parts.read_voltage;
    let candidate = |design| {
        let (network, inputs) = (network.clone(), bench.inputs_of(network));
        Candidate { network, design, inputs }
    };
    let heuristics = all(bench, network, &inputs, nominal)?;
    let heuristic = best(&heuristics);
    let naive = bench.naive(network, &inputs, nominal)?;
    let searched = {
        let tolerance = bench.job.optimiser.energy_tolerance;
        bench.optimise(&naive, network, &inputs, Goal::of(true, true), tolerance)?.design
    };
    let mut found: Option<(f64, ChipDesign)> = None;
    for &tolerance in &bench.job.choices.energy_tolerances {
        let goal = Goal::with_trained_clip(true, true);
        let design = bench.optimise(&searched, network, &inputs, goal, tolerance)?.design;
        let accuracy = bench.holdout(&design, network)?;
        if found.as_ref().is_none_or(|(best, _)| *best < accuracy) {
            found = Some((accuracy, design));
        }
    }
    let (_, design) = found.expect("the list of the preset is not empty");
    Ok(Untrained {
        name: heuristic.name,
        heuristic: candidate(heuristic.design.clone()),
        program: candidate(design),
    })
}
