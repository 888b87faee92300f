//! From a question to its answer.

use cim_chip::sections::{MappingSpec, need_within};
use cim_chip::{
    ChipBlueprint, ChipDesign, ChipError, ChipPreset, Evaluated, Foreign, Grid, LayerInputs,
    Mapped, Polarity, Reference, Scaled, Scaling, Tally, WrittenDesign, anatomy, budget, effects,
    evaluate, evaluate_held, evaluations, paces,
};
use cim_core::Volts;
use cim_report::{Stage, Timing};

use super::findings::Findings;
use super::outcome;
use super::question::Question;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::stages::Stages;
use crate::study::Found;

/// What was found, and what it was found with.
pub struct Answer {
    /// Report and times.
    pub found: Found,
    /// What the report is made from.
    pub findings: Findings,
    /// The design of the chips.
    pub design: ChipDesign,
    /// How each product is scaled, of which the design is.
    pub scalings: Vec<Scaling>,
    /// What drives its products on the calibration samples.
    pub inputs: LayerInputs,
    /// The first chip, or the one that was measured: one grid for each product.
    pub grids: Vec<Grid>,
    /// How its weights became conductances.
    pub mapping: MappingSpec,
    /// Whether its cells are as measured.
    pub as_measured: bool,
}

/// Puts the network on chips, measures it, and says what became of it.
///
/// # Errors
/// [`StudyError`] for parts that cannot be, or samples that the network cannot take.
pub fn run(mut question: Question<'_>, context: &Context<'_>) -> Result<Answer, StudyError> {
    let mut stages = Stages::new(context);
    question.check_held()?;
    question.chip.parts()?;
    let reference = Reference::of(question.network, question.task)?;
    stages.lap("digital network");
    let network = &as_designed(question.network, &question.chip, question.written.as_ref());
    let inputs = LayerInputs::driven(network, question.calibration.view())?;
    let made_signed = give_sign(&mut question.chip, &inputs);
    let parts = question.chip.parts()?;
    let design = match &question.written {
        Some(written) => {
            let most = question.chip.circuit.disturb_voltage;
            need_within("read_voltage", written.read_voltage, Volts(1e-6), most)?;
            written.build(parts, network)?
        }
        None => question.chip.design(parts, network, &inputs)?,
    };
    stages.lap("design");
    let asked = (question.task, &reference);
    let (moment, at) = (&question.moment, question.chip.chips());
    let grids = first_chip(&question, network, &design)?;
    let prices = question.chip.energy.as_ref();
    let products = anatomy(&design, network, &inputs, prices, &grids)?;
    stages.lap("look at one chip");
    let label = if question.held.is_some() { "read the chip" } else { "measure chips" };
    let steps = context.progress.begin(label, question.chips.most);
    let tick = |so_far: &Evaluated| {
        steps.step(1);
        let score = so_far.score();
        steps.say(&format!("{:.4} ± {:.4}", score.mean, score.ci95));
    };
    let evaluated = match &question.held {
        Some(held) => evaluate_held(&design, network, asked, held, question.chips, at, tick),
        None => evaluate(&design, network, asked, moment, question.chips, at, tick),
    }?;
    drop(steps);
    stages.lap("measure");
    let chips = evaluated.scores.len();
    let budget = if question.budget {
        let count = chips * evaluations(effects(&design, moment).len());
        let steps = context.progress.begin("one effect after the other", count);
        let tick = || steps.step(1);
        let found = budget(&design, network, asked, moment, chips, at, tick)?;
        stages.lap("loss budget");
        Some(found)
    } else {
        None
    };
    let digital = reference.score;
    let findings = Findings { digital, evaluated, products, budget, made_signed };
    let report = outcome::report(&question, &findings)?;
    let mut timing = Timing::default();
    if question.paces {
        let clock = || context.clock.seconds();
        let paces = paces(network, &grids, &inputs, &clock);
        stages.lap("time the parts of a product");
        let step = |(name, seconds)| Stage { name: format!("{name}, one sample"), seconds };
        timing.steps = paces.parts().map(step).to_vec();
    }
    let found = Found { report, timing: stages.into_timing(timing) };
    let scalings = (0..grids.len()).map(|product| network.scaling(product)).collect();
    let (mapping, as_measured) = (question.chip.mapping, question.held.is_some());
    Ok(Answer { found, findings, design, scalings, inputs, grids, mapping, as_measured })
}

/// A network as chips carry it: scaled as its design says, or as the preset does.
pub(super) fn as_designed<'n>(
    network: &'n Foreign,
    chip: &ChipPreset,
    written: Option<&WrittenDesign>,
) -> Scaled<'n, Foreign> {
    match written {
        Some(written) => Scaled::new(network, &written.scalings()),
        None => Scaled::alike(network, chip.scaling()),
    }
}

/// Gives row converters a sign where inputs have one and the converters none; says whether it did.
pub(super) fn give_sign(chip: &mut ChipPreset, inputs: &LayerInputs) -> bool {
    let needed = inputs.are_signed() && !chip.converters.dac_polarity.is_signed();
    if needed {
        chip.converters.dac_polarity = Polarity::Bipolar;
    }
    needed
}

/// The first chip, or the one whose cells were measured.
fn first_chip(
    question: &Question<'_>,
    network: &impl Mapped,
    design: &ChipDesign,
) -> Result<Vec<Grid>, ChipError> {
    let tally = &mut Tally::default();
    let blueprint = ChipBlueprint::of(design, network, tally)?;
    let at = question.chip.chips().child("chip", 0);
    match &question.held {
        Some(held) => blueprint.hold(held, at, tally),
        None => question.moment.grids(&blueprint, at, tally),
    }
}
