//! The study as the registry knows it.

use std::path::Path;

use super::data::ImageSets;
use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::study::{Found, Study, Time};

/// Training on a grid of spike times.
pub struct Dstd;

impl Study for Dstd {
    type Spec = Spec;
    type Data = ImageSets;
    const NAME: &'static str = "dstd";
    const PRESET: &'static str = include_str!("dstd.toml");
    const SYSTEM: &'static str =
        "membranes with reversal potentials that answer by the first spike";
    const PAPER: &'static str = "Sakemi et al. 2025, arXiv 2412.09010";
    const TIME: Time = Time { full_s: 1800, quick_s: 60 };

    fn open(spec: &Spec, folder: &Path) -> Result<ImageSets, StudyError> {
        ImageSets::open(spec, folder)
    }

    fn run(spec: &Spec, data: &ImageSets, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(spec, data, on)
    }
}
