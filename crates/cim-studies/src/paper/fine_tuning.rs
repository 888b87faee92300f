//! Fine-tuning: two single ablations, the full method, and the full method at other resolutions.

use cim_chip::{ChipDesign, Goal, LayerInputs, Optimised, optimise};
use cim_core::Stream;
use cim_nn::{Levels, Network, WeightNoise};

use super::candidates::Candidate;
use super::spec::Spec;
use crate::error::StudyError;
use crate::shared::training::{Run, Trained, Training};

/// What fine-tuning needs to know of the study.
pub struct Tuning<'a, F: Fn(&Network) -> LayerInputs> {
    /// The study.
    pub spec: &'a Spec,
    /// Data, checkpoints, progress.
    pub training: &'a Training<'a>,
    /// What drives a network's layers on calibration images.
    pub inputs_of: F,
    /// Address of all draws.
    pub root: Stream,
}

impl<F: Fn(&Network) -> LayerInputs> Tuning<'_, F> {
    /// Noise-aware ReLU only: its sigma is what the naive design's errors are; no noise is sampled,
    /// nothing is quantised.
    pub fn relu(&self, naive: &Candidate) -> Result<Trained, StudyError> {
        let mut paths = naive.design.paths(&naive.network, &naive.inputs)?;
        for path in &mut paths {
            path.weight_noise = WeightNoise::NONE;
            path.output_sigma.fill(0.0);
            path.output_levels = Levels::CONTINUOUS;
        }
        let recipe = &self.spec.training.single;
        self.training.fine_tune("relu", recipe, &naive.network, paths, self.root)
    }

    /// Noise injection only: through the naive datapath with its noise, clips and codes, plain ReLU.
    pub fn noise(&self, naive: &Candidate) -> Result<Trained, StudyError> {
        let mut paths = naive.design.paths(&naive.network, &naive.inputs)?;
        paths.iter_mut().for_each(|path| path.relu_sigma = 0.0);
        let recipe = &self.spec.training.single;
        self.training.fine_tune("noise", recipe, &naive.network, paths, self.root)
    }

    /// Everything: fine-tunes `network` through the optimised design, then optimises window and full
    /// scales again for the weights that came out.
    pub fn full(
        &self,
        start: &ChipDesign,
        network: &Network,
    ) -> Result<(Candidate, Optimised), StudyError> {
        let inputs = (self.inputs_of)(network);
        let mut start = start.clone();
        for layer in &mut start.layers {
            layer.weight_clip *= self.spec.training.clip as f32;
        }
        let goal = Goal::with_trained_clip(true, true);
        let start = optimise(self.spec.rules(), &start, network, &inputs, goal)?.design;
        let run = Run {
            stage: format!("full-{}", start.parts.adc_bits),
            recipe: &self.spec.training.full,
            start: network,
            paths: start.paths(network, &inputs)?,
            teacher: Some(network),
            at: self.root.child("fine-tune", 1),
        };
        self.finish(&start, self.training.train(run, None)?)
    }

    /// From the full method's network to another resolution.
    pub fn at_bits(
        &self,
        bits: u32,
        full: &Candidate,
        teacher: &Network,
    ) -> Result<Candidate, StudyError> {
        let mut start = full.design.clone();
        start.parts.adc_bits = bits;
        let goal = Goal::with_trained_clip(false, true);
        let start = optimise(self.spec.rules(), &start, &full.network, &full.inputs, goal)?.design;
        let run = Run {
            stage: format!("full-{bits}"),
            recipe: &self.spec.training.bits,
            start: &full.network,
            paths: start.paths(&full.network, &full.inputs)?,
            teacher: Some(teacher),
            at: self.root.child("fine-tune-bits", u64::from(bits)),
        };
        Ok(self.finish(&start, self.training.train(run, None)?)?.0)
    }

    fn finish(
        &self,
        start: &ChipDesign,
        trained: Trained,
    ) -> Result<(Candidate, Optimised), StudyError> {
        let state = trained.state;
        let inputs = (self.inputs_of)(&state.network);
        let learned = start.clone().with_full_scales(&state.full_scale);
        let goal = Goal::with_trained_clip(true, true);
        let optimised = optimise(self.spec.rules(), &learned, &state.network, &inputs, goal)?;
        let design = optimised.design.clone();
        Ok((Candidate { name: "full", network: state.network, design, inputs }, optimised))
    }
}
