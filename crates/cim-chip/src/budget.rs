//! The loss budget: what each effect costs alone, with the others, and together.

use cim_core::Stream;

use crate::design::ChipDesign;
use crate::effect::Effect;
use crate::error::ChipError;
use crate::evaluate::{Chips, Moment, Reference, evaluate};
use crate::intervals::{Estimate, estimate};
use crate::mapped::Mapped;
use crate::task::Task;

/// What one effect costs, over the same chips as everything else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EffectLoss {
    /// Which.
    pub effect: Effect,
    /// Loss of chips that have nothing but it, above that of chips that have nothing.
    pub alone: Estimate,
    /// Loss that goes away where it alone is taken away.
    pub removed: Estimate,
    /// Its share of the whole: the mean of both.
    pub share: Estimate,
    /// What it costs more beside the others than alone: [`removed`](Self::removed) less
    /// [`alone`](Self::alone). Below zero, others hide it.
    pub interaction: Estimate,
}

/// Where the loss of a network on chips comes from.
///
/// `whole = rest + Σ shares + remainder`, chip by chip. The shares are Shapley values where effects
/// meet in pairs only; then the remainder is zero, and its interval says whether it is.
///
/// Source: Shapley, *A value for n-person games*, 1953; its first and last marginal contributions.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Loss against the digital network.
    pub whole: Estimate,
    /// Loss with every effect taken away: inputs and weights beyond their clips, levels of weights,
    /// the finest converters.
    pub rest: Estimate,
    /// Effects that the chips have, in the order of [`Effect::ALL`].
    pub effects: Vec<EffectLoss>,
    /// What only three or more effects together cost, or spare.
    pub remainder: Estimate,
    /// The two effects that meet most, and what they cost together beyond each alone.
    pub pair: Option<(Effect, Effect, Estimate)>,
}

/// How often [`budget`] evaluates, for so many effects.
pub const fn evaluations(effects: usize) -> usize {
    2 + 2 * effects + if effects < 3 { 0 } else { 1 }
}

/// The effects that chips of `design` have at `moment`.
pub fn effects(design: &ChipDesign, moment: &Moment) -> Vec<Effect> {
    Effect::ALL.into_iter().filter(|effect| effect.is_in(design, moment)).collect()
}

/// Evaluates `design` with all effects, with none, with each alone and without each, and with the two
/// that meet most, on the same `chips`. `tick` is called after every chip.
///
/// # Errors
/// As [`evaluate`].
pub fn budget(
    design: &ChipDesign,
    network: &impl Mapped,
    (task, reference): (&Task, &Reference),
    moment: &Moment,
    chips: usize,
    at: Stream,
    tick: impl Fn(),
) -> Result<Budget, ChipError> {
    let all = effects(design, moment);
    let losses_with = |present: &[Effect]| -> Result<Vec<f64>, ChipError> {
        let gone: Vec<Effect> =
            all.iter().copied().filter(|effect| !present.contains(effect)).collect();
        let changed = design.without(&gone, network);
        let chips = Chips::exactly(chips);
        let asked = (task, reference);
        let found = evaluate(&changed, network, asked, moment, chips, at, |_| tick())?;
        let loss = |&score: &f64| task.metric().loss(reference.score, score);
        Ok(found.scores.iter().map(loss).collect())
    };
    let (whole, rest) = (losses_with(&all)?, losses_with(&[])?);
    let difference =
        |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
    let mut left = difference(&whole, &rest);
    let (mut found, mut alone_of) = (Vec::new(), Vec::new());
    for &effect in &all {
        let others: Vec<Effect> = all.iter().copied().filter(|&other| other != effect).collect();
        let alone = difference(&losses_with(&[effect])?, &rest);
        let removed = difference(&whole, &losses_with(&others)?);
        let share: Vec<f64> = alone.iter().zip(&removed).map(|(a, b)| 0.5 * (a + b)).collect();
        left = difference(&left, &share);
        found.push(EffectLoss {
            effect,
            alone: estimate(&alone),
            removed: estimate(&removed),
            share: estimate(&share),
            interaction: estimate(&difference(&removed, &alone)),
        });
        alone_of.push(alone);
    }
    let mut by_meeting: Vec<usize> = (0..found.len()).collect();
    let meets = |idx: usize| found[idx].interaction.mean.abs();
    by_meeting.sort_by(|&a, &b| meets(b).total_cmp(&meets(a)));
    let pair = match by_meeting[..] {
        [a, b, _, ..] => {
            let both = difference(&losses_with(&[all[a], all[b]])?, &rest);
            let beyond = difference(&difference(&both, &alone_of[a]), &alone_of[b]);
            Some((all[a], all[b], estimate(&beyond)))
        }
        // Of two effects, the interaction of one is that of both.
        [a, b] => Some((all[a], all[b], found[a].interaction)),
        _ => None,
    };
    Ok(Budget {
        whole: estimate(&whole),
        rest: estimate(&rest),
        effects: found,
        remainder: estimate(&left),
        pair,
    })
}
