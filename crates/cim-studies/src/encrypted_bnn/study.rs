//! The study as the registry knows it.

use std::path::Path;

use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::study::{Found, Study, Time};

/// Encrypted weights of a binary network.
pub struct EncryptedBnn;

impl Study for EncryptedBnn {
    type Spec = Spec;
    type Data = Images;
    const NAME: &'static str = "encrypted-bnn";
    const PRESET: &'static str = include_str!("encrypted-bnn.toml");
    const SYSTEM: &'static str =
        "binary networks on encrypted cells: keys, use without them, attacks";
    const PAPER: &'static str = "Rajendran, Deb and Chattopadhyay 2025, arXiv 2510.23034";
    const TIME: Time = Time { full_s: 210, quick_s: 75 };

    fn open(spec: &Spec, folder: &Path) -> Result<Images, StudyError> {
        let images = Images::open(folder, &spec.network)?;
        let most = spec.attack.most_images();
        images.need("attack.fit_images", most + spec.holdout.images)?;
        Ok(images)
    }

    fn run(spec: &Spec, data: &Images, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(spec, data, on)
    }
}
