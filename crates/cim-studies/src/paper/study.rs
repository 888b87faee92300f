//! The study as the registry knows it.

use std::path::Path;

use super::run;
use super::spec::{PRESET, Spec};
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::shared::learning::Learning;
use crate::study::{Found, Study, Time, Variant};

/// The system of Abbas et al. 2026.
pub struct Paper;

/// The same method where the design in use lies inside what device and circuit allow.
pub const INTERIOR: Variant = Variant {
    name: "interior",
    preset: include_str!("interior.toml"),
    system: "the same on CMO/HfOx cells with amplifiers of 150 µV: a design inside its bounds",
    time: Time { full_s: 2000, quick_s: 90 },
};

impl Study for Paper {
    type Spec = Spec;
    type Data = Images;
    const NAME: &'static str = "paper";
    const PRESET: &'static str = PRESET;
    const SYSTEM: &'static str =
        "perceptron on 128 × 128 tiles, window and full scales by a convex program";
    const PAPER: &'static str = "Abbas et al. 2026";
    const TIME: Time = Time { full_s: 810, quick_s: 185 };

    fn open(spec: &Spec, folder: &Path) -> Result<Images, StudyError> {
        let images = Images::open(folder, &spec.network)?;
        images.need("calibration.images", spec.calibration.images)?;
        Learning::of(&images, spec.holdout.images)?;
        Ok(images)
    }

    fn run(spec: &Spec, data: &Images, on: &Context<'_>) -> Result<Found, StudyError> {
        run::run(spec, data, on)
    }
}
