//! The study as the registry knows it.

use std::path::Path;

use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::shared::learning::Learning;
use crate::study::{Found, Study, Time};

/// Every published device.
pub struct Devices;

impl Study for Devices {
    type Data = Images;
    type Spec = Spec;
    const NAME: &'static str = "devices";
    const PAPER: &'static str = "ours; each device as its own source has it";
    const PRESET: &'static str = include_str!("devices.toml");
    const SYSTEM: &'static str = "the method of `paper` on every published device, one table";
    const TIME: Time = Time { full_s: 2700, quick_s: 100 };

    fn run(spec: &Spec, data: &Images, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(spec, data, on)
    }

    fn open(spec: &Spec, folder: &Path) -> Result<Images, StudyError> {
        let images = Images::open(folder, &spec.network)?;
        Learning::of(&images, spec.holdout.images)?;
        images.need("calibration.images", spec.calibration.images)?;
        Ok(images)
    }
}
