//! From a question to its answer.

use cim_chip::{
    Budget, ChipBlueprint, ChipDesign, ChipError, Evaluated, LayerInputs, Polarity, ProductAnatomy,
    Reference, Tally, anatomy, budget, effects, evaluate, evaluations,
};
use cim_report::Timing;

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
    /// The design of the chips.
    pub design: ChipDesign,
    /// What drives its products on the calibration samples.
    pub inputs: LayerInputs,
}

/// What the chips have shown.
pub(super) struct Shown {
    /// The digital network.
    pub digital: f64,
    /// All chips.
    pub evaluated: Evaluated,
    /// Every product.
    pub products: Vec<ProductAnatomy>,
    /// The loss, effect by effect.
    pub budget: Option<Budget>,
    /// Whether row converters were given a sign that the preset does not give them.
    pub made_signed: bool,
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
    let converters = &mut question.chip.converters;
    let made_signed = inputs.are_signed() && !converters.dac_polarity.is_signed();
    if made_signed {
        converters.dac_polarity = Polarity::Bipolar;
    }
    let (policy, parts) = (converters.full_scale, question.chip.parts()?);
    let design = ChipDesign::by_policy(parts, network, &inputs, policy)?;
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
    let shown = Shown { digital, evaluated, products, budget, made_signed };
    let report = outcome::report(&question, &shown)?;
    let found = Found { report, timing: stages.into_timing(Timing::default()) };
    Ok(Answer { found, design, inputs })
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
