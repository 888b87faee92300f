//! The study as the registry knows it.

use std::path::Path;

use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::study::{Found, Study, Time};

/// Mappings of binary and ternary networks.
pub struct CimExplorer;

impl Study for CimExplorer {
    type Spec = Spec;
    type Data = Images;
    const NAME: &'static str = "cim-explorer";
    const PRESET: &'static str = include_str!("cim-explorer.toml");
    const SYSTEM: &'static str =
        "binary and ternary networks under eleven mappings: cells, arrays, converters, thresholds";
    const PAPER: &'static str = "Pelke et al. 2025, arXiv 2505.14303 (CIM-Explorer)";
    const TIME: Time = Time { full_s: 480, quick_s: 60 };

    fn open(spec: &Spec, folder: &Path) -> Result<Images, StudyError> {
        let images = Images::open(folder, &spec.hidden.shape())?;
        images.need("calibration.images", spec.calibration.images)?;
        Ok(images)
    }

    fn run(spec: &Spec, data: &Images, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(spec, data, on)
    }
}
