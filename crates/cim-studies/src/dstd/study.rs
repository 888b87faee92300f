//! The study as the registry knows it.

use std::path::Path;

use super::data::Sets;
use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::study::{Found, Study, Time, Written};

/// Training on a grid of spike times.
pub struct Dstd;

impl Study for Dstd {
    type Spec = Spec;
    type Data = Sets;
    const NAME: &'static str = "dstd";
    const PRESET: &'static str = include_str!("dstd.toml");
    const SYSTEM: &'static str =
        "membranes with reversal potentials that answer by the first spike";
    const PAPER: &'static str = "Sakemi et al. 2025, arXiv 2412.09010";
    const TIME: Time = Time { full_s: 900, quick_s: 60 };

    fn open(spec: &Spec, folder: &Path) -> Result<Sets, StudyError> {
        Sets::open(spec, folder)
    }

    fn run(w: &Written<'_, Spec>, data: &Sets, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(w, data, on)
    }
}
