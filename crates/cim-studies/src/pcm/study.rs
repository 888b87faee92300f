//! The study as the registry knows it.

use std::path::Path;

use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::study::{Found, Study, Time};

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
        let images = Images::open(folder, &spec.network)?;
        images.need("calibration.images", spec.calibration.images)?;
        Ok(images)
    }

    fn run(spec: &Spec, data: &Images, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(spec, data, on)
    }
}
