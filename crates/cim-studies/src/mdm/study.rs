//! The study as the registry knows it.

use std::path::Path;

use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::foreign::Given;
use crate::study::{Found, Study, Time};

/// Placement by Manhattan distance.
pub struct Mdm;

impl Study for Mdm {
    type Spec = Spec;
    type Data = Given;
    const NAME: &'static str = "mdm";
    const PRESET: &'static str = include_str!("mdm.toml");
    const SYSTEM: &'static str =
        "bit-sliced arrays with resistive wires: where bits and inputs lie";
    const PAPER: &'static str = "Farias, Martins and Kung 2025, arXiv 2511.04798";
    const TIME: Time = Time { full_s: 780, quick_s: 120 };

    fn open(spec: &Spec, folder: &Path) -> Result<Given, StudyError> {
        let given = Given::open(folder, &spec.network, &spec.foreign)?;
        given.images.need("calibration.images", spec.calibration.images)?;
        Ok(given)
    }

    fn run(spec: &Spec, data: &Given, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(spec, data, on)
    }
}
