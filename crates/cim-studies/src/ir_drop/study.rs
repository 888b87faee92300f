//! The study as the registry knows it.

use std::path::Path;

use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::study::{Found, Study, Time};

/// Accuracy on resistive wires.
pub struct IrDrop;

impl Study for IrDrop {
    type Spec = Spec;
    type Data = Images;
    const NAME: &'static str = "ir-drop";
    const PRESET: &'static str = include_str!("ir-drop.toml");
    const SYSTEM: &'static str = "perceptron on square arrays with resistive wires, three remedies";
    const PAPER: &'static str = "ours; arrays and remedies as usual in the field";
    const TIME: Time = Time { full_s: 420, quick_s: 60 };

    fn run(spec: &Spec, data: &Images, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(spec, data, on)
    }

    fn open(spec: &Spec, folder: &Path) -> Result<Images, StudyError> {
        let images = Images::open(folder, &spec.network)?;
        images.need("calibration.images", spec.calibration.images)?;
        images.need("gains.images", spec.gains.images)?;
        Ok(images)
    }
}
