//! Update rules: how parameters follow their gradient.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::recipe::Optimiser;

/// Parameters per task: fixed, so that the bytes do not depend on the thread count.
const CHUNK: usize = 16_384;

/// State of the update rule of one group of parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Moments {
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl Moments {
    pub(crate) fn new(len: usize) -> Self {
        Self { mean: vec![0.0; len], square: vec![0.0; len] }
    }

    /// Parameters that it is of, by either of its halves: one number unless it came from elsewhere.
    pub(crate) fn lens(&self) -> (usize, usize) {
        (self.mean.len(), self.square.len())
    }
}

/// One step of the schedule.
#[derive(Clone, Copy)]
pub(crate) struct StepSize {
    pub rate: f32,
    pub decay: f32,
    /// Steps taken, this one included.
    pub step: u64,
}

/// Moves `values` against `gradient` and keeps them within `[-clip, clip]`.
pub(crate) fn update(
    rule: Optimiser,
    size: StepSize,
    moments: &mut Moments,
    gradient: &[f32],
    clip: f32,
    values: &mut [f32],
) {
    let tasks = values
        .par_chunks_mut(CHUNK)
        .zip(gradient.par_chunks(CHUNK))
        .zip(moments.mean.par_chunks_mut(CHUNK).zip(moments.square.par_chunks_mut(CHUNK)));
    tasks.for_each(|((values, gradient), (mean, square))| {
        let step = Step { size, gradient, clip, values };
        let arch = pulp::Arch::new();
        match rule {
            Optimiser::Adam { beta1, beta2 } => {
                arch.dispatch(Adam { beta1, beta2, step, mean, square });
            }
            Optimiser::Sgd { momentum } => arch.dispatch(Sgd { momentum, step, velocity: mean }),
        }
    });
}

/// What every rule needs.
struct Step<'a> {
    size: StepSize,
    gradient: &'a [f32],
    clip: f32,
    values: &'a mut [f32],
}

struct Adam<'a> {
    beta1: f32,
    beta2: f32,
    step: Step<'a>,
    mean: &'a mut [f32],
    square: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Adam<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { beta1, beta2, step: Step { size, gradient, clip, values }, mean, square } = self;
        let unbias = |beta: f32| (1.0 - f64::from(beta).powi(size.step.min(1 << 30) as i32)) as f32;
        let rate = size.rate / unbias(beta1);
        let root_unbias = 1.0 / unbias(beta2).sqrt();
        let keep = 1.0 - size.rate * size.decay;
        for (((w, &g), m), s) in values.iter_mut().zip(gradient).zip(mean).zip(square) {
            *m = beta1 * *m + (1.0 - beta1) * g;
            *s = beta2 * *s + (1.0 - beta2) * g * g;
            let moved = *w * keep - rate * *m / (s.sqrt() * root_unbias + 1e-8);
            *w = moved.max(-clip).min(clip);
        }
    }
}

struct Sgd<'a> {
    momentum: f32,
    step: Step<'a>,
    velocity: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Sgd<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { momentum, step: Step { size, gradient, clip, values }, velocity } = self;
        let keep = 1.0 - size.rate * size.decay;
        for ((w, &g), v) in values.iter_mut().zip(gradient).zip(velocity) {
            *v = momentum * *v + g;
            *w = (*w * keep - size.rate * *v).max(-clip).min(clip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimise(rule: Optimiser, rate: f32, clip: f32) -> Vec<f32> {
        let (mut values, mut moments) = (vec![3.0, -2.0], Moments::new(2));
        for step in 1..=2000 {
            let gradient: Vec<f32> = values.iter().map(|w| w - 1.0).collect();
            let rate = rate * (1.0 - step as f32 / 2001.0);
            update(
                rule,
                StepSize { rate, decay: 0.0, step },
                &mut moments,
                &gradient,
                clip,
                &mut values,
            );
        }
        values
    }

    #[test]
    fn both_rules_find_the_minimum_of_a_parabola() {
        for (rule, rate) in [
            (Optimiser::Adam { beta1: 0.9, beta2: 0.999 }, 0.05),
            (Optimiser::Sgd { momentum: 0.9 }, 0.05),
        ] {
            for w in minimise(rule, rate, f32::INFINITY) {
                assert!((w - 1.0).abs() < 1e-3, "{rule:?} ended at {w}");
            }
        }
    }

    /// Numbers of `torch.optim.AdamW` of PyTorch 2.15 in doubles, for the same gradients and constants.
    #[test]
    fn adam_takes_the_steps_of_another_implementation() {
        let rule = Optimiser::Adam { beta1: 0.9, beta2: 0.99 };
        let (mut values, mut moments) = (vec![1.0, -2.0], Moments::new(2));
        let steps = [
            ([0.5, -1.0], [0.895_000_002, -1.890_000_001]),
            ([-0.25, 2.0], [0.863_855_06, -1.917_110_772]),
            ([1.0, 0.125], [0.793_894_501, -1.939_377_277]),
            ([0.0, -0.75], [0.736_033_108, -1.935_937_52]),
        ];
        for (idx, (gradient, want)) in steps.into_iter().enumerate() {
            let size = StepSize { rate: 0.1, decay: 0.05, step: idx as u64 + 1 };
            update(rule, size, &mut moments, &gradient, f32::INFINITY, &mut values);
            for (value, want) in values.iter().zip(want) {
                // A few roundings of numbers below two.
                assert!((f64::from(*value) - want).abs() < 1e-6, "step {idx}: {value}, not {want}");
            }
        }
    }

    #[test]
    fn the_clip_is_never_left() {
        let clipped = minimise(Optimiser::Sgd { momentum: 0.9 }, 0.05, 0.5);
        assert_eq!(clipped, [0.5, 0.5]);
    }
}
