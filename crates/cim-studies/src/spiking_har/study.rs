//! The study as the registry knows it.

use std::path::Path;

use super::data::Motion;
use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::study::{Found, Study, Time};

/// Spiking wearable analytics.
pub struct SpikingHar;

impl Study for SpikingHar {
    type Spec = Spec;
    type Data = Motion;
    const NAME: &'static str = "spiking-har";
    const PRESET: &'static str = include_str!("spiking-har.toml");
    const SYSTEM: &'static str = "spiking network that adapts on its chip to a new subject";
    const PAPER: &'static str = "Bhattacharjee et al. 2025, arXiv 2502.06736";
    const TIME: Time = Time { full_s: 230, quick_s: 60 };

    fn open(spec: &Spec, folder: &Path) -> Result<Motion, StudyError> {
        Motion::open(spec, folder)
    }

    fn run(spec: &Spec, data: &Motion, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(spec, data, on)
    }
}
