//! The study as the registry knows it.

use std::path::Path;

use super::data::Sets;
use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::study::{Found, Study, Time};

/// Learning in the log domain.
pub struct LogDomain;

impl Study for LogDomain {
    type Spec = Spec;
    type Data = Sets;
    const NAME: &'static str = "log-domain";
    const PRESET: &'static str = include_str!("log-domain.toml");
    const SYSTEM: &'static str = "gradient descent by currents of transistors in weak inversion";
    const PAPER: &'static str = "Tageldeen et al. 2025, arXiv 2501.13181";
    const TIME: Time = Time { full_s: 180, quick_s: 15 };

    fn open(spec: &Spec, folder: &Path) -> Result<Sets, StudyError> {
        Sets::open(spec, folder)
    }

    fn run(spec: &Spec, data: &Sets, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(spec, data, on)
    }
}
