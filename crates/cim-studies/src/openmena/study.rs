//! The study as the registry knows it.

use std::path::Path;

use cim_data::digits::{self, Digits};

use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::study::{Found, Source, Study, StudyData, Time};

/// The tasks of OpenMENA.
pub struct Openmena;

impl Study for Openmena {
    type Spec = Spec;
    type Data = Digits;
    const NAME: &'static str = "openmena";
    const PRESET: &'static str = include_str!("openmena.toml");
    const SYSTEM: &'static str = "digits and a robot on an 8 × 8 board, the chip in the loop";
    const PAPER: &'static str = "Safa et al. 2025, arXiv 2511.03747";
    const TIME: Time = Time { full_s: 60, quick_s: 10 };

    fn open(spec: &Spec, folder: &Path) -> Result<Digits, StudyError> {
        Ok(digits::load(folder, spec.digits.components)?)
    }

    fn run(spec: &Spec, data: &Digits, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(spec, data, on)
    }
}

impl StudyData for Digits {
    fn source(&self) -> Source {
        let name = "8 × 8 digits, classes 0 and 1".to_owned();
        Source { name, sha256: self.sha256.clone() }
    }
}
