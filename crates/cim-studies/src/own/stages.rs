//! From a question to its answer.

use cim_chip::sections::need_within;
use cim_chip::{
    ChipBlueprint, ChipDesign, ChipError, ChipPreset, LayerInputs, Polarity, ProductAnatomy,
    Reference, Tally, anatomy, budget, effects, evaluate, evaluations,
};
use cim_core::Volts;
use cim_report::Timing;

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
    /// What drives its products on the calibration samples.
    pub inputs: LayerInputs,
}

/// Puts the network on chips, measures it, and says what became of it.
///
/// # Errors
/// [`StudyError`] for parts that cannot be, or samples that the network cannot take.
pub fn run(mut question: Question<'_>, context: &Context<'_>) -> Result<Answer, StudyError> {
    let mut stages = Stages::new(context);
    question.chip.parts()?;
    let network = question.network;
    let reference = Reference::of(network, question.task)?;
    stages.lap("digital network");
    let inputs = LayerInputs::driven(network, question.calibration.view())?;
    let made_signed = give_sign(&mut question.chip, &inputs);
    let parts = question.chip.parts()?;
    let design = match &question.written {
        Some(written) => {
            let most = question.chip.circuit.disturb_voltage;
            need_within("read_voltage", written.read_voltage, Volts(1e-6), most)?;
            written.build(parts, network)?
        }
        None => {
            let policy = question.chip.converters.full_scale;
            ChipDesign::by_policy(parts, network, &inputs, policy)?
        }
    };
    stages.lap("design");
    let asked = (question.task, &reference);
    let (moment, at) = (&question.moment, question.chip.chips());
    let products = first_chip(&question, &design, &inputs)?;
    stages.lap("look at one chip");
    let steps = context.progress.begin("measure chips", question.chips.most);
    let evaluated = evaluate(&design, network, asked, moment, question.chips, at, |so_far| {
        steps.step(1);
        let score = so_far.score();
        steps.say(&format!("{:.4} ± {:.4}", score.mean, score.ci95));
    })?;
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
    let found = Found { report, timing: stages.into_timing(Timing::default()) };
    Ok(Answer { found, findings, design, inputs })
}

/// Gives row converters a sign where inputs have one and the converters none; says whether it did.
pub(super) fn give_sign(chip: &mut ChipPreset, inputs: &LayerInputs) -> bool {
    let needed = inputs.are_signed() && !chip.converters.dac_polarity.is_signed();
    if needed {
        chip.converters.dac_polarity = Polarity::Bipolar;
    }
    needed
}

/// Programs the first chip and looks at its products one by one.
fn first_chip(
    question: &Question<'_>,
    design: &ChipDesign,
    inputs: &LayerInputs,
) -> Result<Vec<ProductAnatomy>, ChipError> {
    let (network, tally) = (question.network, &mut Tally::default());
    let blueprint = ChipBlueprint::of(design, network, tally)?;
    let at = question.chip.chips().child("chip", 0);
    let grids = question.moment.grids(&blueprint, at, tally)?;
    anatomy(design, network, inputs, question.chip.energy.as_ref(), &grids)
}
