//! The study as the registry knows it.

use std::path::Path;

use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::study::{Found, Source, Study, Time, Written};

/// Phase-change memory over time.
pub struct Pcm;

impl Study for Pcm {
    type Spec = Spec;
    type Data = Images;
    const NAME: &'static str = "pcm";
    const PRESET: &'static str = include_str!("pcm.toml");
    const SYSTEM: &'static str = "perceptron on phase-change memory from a second to a year";
    const PAPER: &'static str = "Joshi et al. 2020 and the PCM preset of aihwkit";
    const TIME: Time = Time { full_s: 300, quick_s: 45 };

    fn open(spec: &Spec, folder: &Path) -> Result<Images, StudyError> {
        Images::open(folder, &spec.network)
    }

    fn check(spec: &Spec) -> Result<(), StudyError> {
        Ok(spec.check()?)
    }

    fn quick(spec: Spec) -> Spec {
        spec.quick()
    }

    fn source(data: &Images) -> Source {
        data.source()
    }

    fn data_folder(spec: &Spec) -> &str {
        &spec.data.folder
    }

    fn run(w: &Written<'_, Spec>, data: &Images, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(w, data, on)
    }

    fn resize(spec: &mut Spec, seed: Option<u64>, chips: Option<usize>) {
        spec.seed = seed.unwrap_or(spec.seed);
        spec.evaluation.chips = chips.unwrap_or(spec.evaluation.chips);
    }
}
