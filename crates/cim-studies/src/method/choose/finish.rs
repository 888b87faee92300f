//! The design of a trained network: learned or programmed full scales, and how frugal.

use cim_chip::{ChipDesign, Goal, Optimised};

use super::design::full_scales;
use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::candidate::Candidate;
use crate::method::part::{Method, Part};
use crate::shared::training::Trained;

/// Where full scales come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scales {
    /// Training learned them.
    Learned,
    /// The program chose them for the trained weights; without it, the worst case did.
    Programmed,
}

impl Scales {
    /// Its name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Learned => "learned",
            Self::Programmed => "programmed",
        }
    }
}

/// A network after training, on the design it was trained through; its full scales are the learned
/// ones or those of `method` without learning, whichever do better on the held-out images.
pub fn with_scales(
    bench: &Bench<'_>,
    method: Method,
    start: &ChipDesign,
    trained: Trained,
) -> Result<(Candidate, Scales), StudyError> {
    let network = trained.state.network;
    let inputs = bench.inputs_of(&network);
    let programmed = full_scales(bench, method, start.clone(), &network, &inputs)?;
    let learned = start.clone().with_full_scales(&trained.state.full_scale);
    let keeps_learned = method.has(Part::LearnedFullScale)
        && (!method.has(Part::FullScale)
            || bench.holdout(&programmed, &network)? < bench.holdout(&learned, &network)?);
    let (design, scales) =
        if keeps_learned { (learned, Scales::Learned) } else { (programmed, Scales::Programmed) };
    Ok((Candidate { network, design, inputs }, scales))
}

/// The final design of the full method, and how it was chosen.
pub struct Finished {
    /// The network on it.
    pub candidate: Candidate,
    /// What the program found on the way to it.
    pub optimised: Optimised,
    /// Error that was given for energy, as a fraction of the least; nothing where the window is the one
    /// that the network was trained through.
    pub tolerance: Option<f64>,
    /// Where its full scales come from.
    pub scales: Scales,
}

/// One of the designs among which [`finish`] chooses.
struct Tried {
    tolerance: Option<f64>,
    scales: Scales,
    design: ChipDesign,
    accuracy: f64,
    energy_j: f64,
    /// Which run of the program it is of.
    program: usize,
}

/// Finds window, voltage and full scales again for the weights that came out of training, with every
/// tolerance of the preset and with learned and programmed full scales; tries the window of the training
/// with what was learned, too. Takes the most frugal among those that are no less accurate on the
/// held-out images than the best, but for the preset's slack.
pub fn finish(
    bench: &Bench<'_>,
    start: &ChipDesign,
    trained: Trained,
) -> Result<Finished, StudyError> {
    let (network, full_scale) = (trained.state.network, trained.state.full_scale);
    let inputs = bench.inputs_of(&network);
    let (choices, goal) = (&bench.job.choices, Goal::with_trained_clip(true, true));
    let (mut designs, mut found) = (Vec::new(), Vec::new());
    let as_trained = start.clone().with_full_scales(&full_scale);
    designs.push((None, Scales::Learned, as_trained, 0));
    for (program, &tolerance) in choices.energy_tolerances.iter().enumerate() {
        let optimised = bench.optimise(start, &network, &inputs, goal, tolerance)?;
        let programmed = optimised.design.clone();
        let learned = programmed.clone().with_full_scales(&full_scale);
        designs.push((Some(tolerance), Scales::Programmed, programmed, program));
        designs.push((Some(tolerance), Scales::Learned, learned, program));
        found.push(optimised);
    }
    let mut tried = Vec::new();
    for (tolerance, scales, design, program) in designs {
        let accuracy = bench.holdout(&design, &network)?;
        let energy_j = design.energy(&network, &inputs, &bench.job.energy)?.total();
        tried.push(Tried { tolerance, scales, design, accuracy, energy_j, program });
    }
    let best = tried.iter().map(|tried| tried.accuracy).fold(0.0, f64::max);
    let good = |tried: &Tried| best - choices.accuracy_slack <= tried.accuracy;
    let places = (0..tried.len()).filter(|&place| good(&tried[place]));
    let place = places.min_by(|&a, &b| tried[a].energy_j.total_cmp(&tried[b].energy_j));
    let place = place.expect("the best is no worse than itself");
    let Tried { tolerance, scales, design, program, .. } = tried.swap_remove(place);
    let optimised = found.swap_remove(program);
    Ok(Finished { candidate: Candidate { network, design, inputs }, optimised, tolerance, scales })
}
