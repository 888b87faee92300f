//! The loss budget: what each effect costs alone, with the others, and together.

use cim_core::Stream;

use crate::design::ChipDesign;
use crate::effect::Effect;
use crate::error::ChipError;
use crate::evaluate::{Chips, Moment, evaluate};
use crate::intervals::{Estimate, estimate};
use crate::mapped::Mapped;
use crate::reference::Reference;
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

/// Where a loss on chips comes from.
///
/// `whole = rest + Σ shares + remainder`, chip by chip. The shares are Shapley values where effects
/// meet in pairs only; then the remainder is zero, and its interval says whether it is.
///
/// Source: Shapley, *A value for n-person games*, 1953; its first and last marginal contributions.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// Loss against the digital network.
    pub whole: Estimate,
    /// Loss with every effect taken away: inputs and weights beyond their clips, levels of weights,
    /// the finest converters.
    pub rest: Estimate,
    /// Effects that the chips have, in the order of [`Effect::ALL`].
    pub effects: Vec<EffectLoss>,
    /// What only three or more effects together cost, or spare.
    pub remainder: Estimate,
    /// The two effects that meet most in the score, and what they cost together beyond each alone.
    pub pair: Option<(Effect, Effect, Estimate)>,
}

/// Two losses by the same chips: of what is asked, and of the outputs, which few chips tell precisely.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Loss of the score.
    pub score: Ledger,
    /// Squared error of the outputs per unit of their power.
    pub output: Ledger,
}

/// Loss of score and squared error of the outputs, chip by chip.
#[derive(Clone)]
struct Losses([Vec<f64>; 2]);

impl Losses {
    fn of(&self, kind: usize) -> &[f64] {
        &self.0[kind]
    }
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
    let losses_with = |present: &[Effect]| -> Result<Losses, ChipError> {
        let gone: Vec<Effect> =
            all.iter().copied().filter(|effect| !present.contains(effect)).collect();
        let changed = design.without(&gone, network);
        let (asked, chips) = ((task, reference), Chips::exactly(chips));
        let found = evaluate(&changed, network, asked, moment, chips, at, |_| tick())?;
        let loss = |&score: &f64| task.metric().loss(reference.score, score);
        Ok(Losses([found.scores.iter().map(loss).collect(), found.output_mse]))
    };
    let (whole, rest) = (losses_with(&all)?, losses_with(&[])?);
    let (mut alone, mut without) = (Vec::new(), Vec::new());
    for &effect in &all {
        let others: Vec<Effect> = all.iter().copied().filter(|&other| other != effect).collect();
        alone.push(losses_with(&[effect])?);
        without.push(losses_with(&others)?);
    }
    let mut ledgers = [0, 1].map(|kind| ledger(kind, &all, &whole, &rest, &alone, &without));
    let mut by_meeting: Vec<usize> = (0..all.len()).collect();
    let meets = |idx: usize| ledgers[0].effects[idx].interaction.mean.abs();
    by_meeting.sort_by(|&a, &b| meets(b).total_cmp(&meets(a)));
    if let [a, b, ..] = by_meeting[..] {
        // Of two effects, chips with both are chips with all.
        let both = if all.len() == 2 { whole.clone() } else { losses_with(&[all[a], all[b]])? };
        for (kind, ledger) in ledgers.iter_mut().enumerate() {
            let beyond = difference(both.of(kind), rest.of(kind));
            let beyond = difference(&beyond, &difference(alone[a].of(kind), rest.of(kind)));
            let beyond = difference(&beyond, &difference(alone[b].of(kind), rest.of(kind)));
            ledger.pair = Some((all[a], all[b], estimate(&beyond)));
        }
    }
    let [score, output] = ledgers;
    Ok(Budget { score, output })
}

/// What one kind of loss is made of.
fn ledger(
    kind: usize,
    effects: &[Effect],
    whole: &Losses,
    rest: &Losses,
    alone: &[Losses],
    without: &[Losses],
) -> Ledger {
    let (whole, rest) = (whole.of(kind), rest.of(kind));
    let mut left = difference(whole, rest);
    let mut found = Vec::new();
    for ((&effect, alone), without) in effects.iter().zip(alone).zip(without) {
        let alone = difference(alone.of(kind), rest);
        let removed = difference(whole, without.of(kind));
        let share: Vec<f64> = alone.iter().zip(&removed).map(|(a, b)| 0.5 * (a + b)).collect();
        left = difference(&left, &share);
        found.push(EffectLoss {
            effect,
            alone: estimate(&alone),
            removed: estimate(&removed),
            share: estimate(&share),
            interaction: estimate(&difference(&removed, &alone)),
        });
    }
    let (whole, rest, remainder) = (estimate(whole), estimate(rest), estimate(&left));
    Ledger { whole, rest, effects: found, remainder, pair: None }
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}
