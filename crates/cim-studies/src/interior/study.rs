//! The study as the registry knows it.

use std::path::Path;

use crate::context::Context;
use crate::error::StudyError;
use crate::paper::{Paper, Spec};
use crate::shared::images::Images;
use crate::study::{Found, Study, Time, Written};

/// The study of the paper on a published device.
pub struct Interior;

impl Study for Interior {
    type Spec = Spec;
    type Data = Images;
    const NAME: &'static str = "interior";
    const PRESET: &'static str = include_str!("interior.toml");
    const SYSTEM: &'static str =
        "the method of `paper` on cells of CMO/HfOx, its design inside all bounds";
    const PAPER: &'static str = "ours; Falcone et al. for the cells";
    const TIME: Time = Time { full_s: 900, quick_s: 60 };

    fn open(spec: &Spec, folder: &Path) -> Result<Images, StudyError> {
        Paper::open(spec, folder)
    }

    fn run(w: &Written<'_, Spec>, data: &Images, on: &Context<'_>) -> Result<Found, StudyError> {
        Paper::run(w, data, on)
    }
}
