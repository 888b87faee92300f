//! The study as the registry knows it.

use std::path::Path;

use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::foreign::Given;
use crate::study::{Found, Study, Time};

/// Writes of a network on too few crossbars.
pub struct Reprogramming;

impl Study for Reprogramming {
    type Spec = Spec;
    type Data = Given;
    const NAME: &'static str = "reprogramming";
    const PRESET: &'static str = include_str!("reprogramming.toml");
    const SYSTEM: &'static str = "networks on too few crossbars: sorted sections and bit stucking";
    const PAPER: &'static str = "Farias and Kung 2024, arXiv 2410.21730";
    const TIME: Time = Time { full_s: 400, quick_s: 60 };

    fn open(spec: &Spec, folder: &Path) -> Result<Given, StudyError> {
        Given::open(folder, &spec.network, &spec.foreign)
    }

    fn run(spec: &Spec, data: &Given, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(spec, data, on)
    }
}
