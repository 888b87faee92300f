//! The study as the registry knows it.

use std::path::Path;

use super::spec::Spec;
use super::stages;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::study::{Found, Source, Study, Time, Written};

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

    fn quick(spec: Spec) -> Spec {
        spec.quick()
    }

    fn check(spec: &Spec) -> Result<(), StudyError> {
        Ok(spec.check()?)
    }

    fn resize(spec: &mut Spec, seed: Option<u64>, chips: Option<usize>) {
        spec.seed = seed.unwrap_or(spec.seed);
        spec.evaluation.chips = chips.unwrap_or(spec.evaluation.chips);
    }

    fn source(data: &Images) -> Source {
        data.source()
    }

    fn data_folder(spec: &Spec) -> &str {
        &spec.data.folder
    }

    fn run(w: &Written<'_, Spec>, data: &Images, on: &Context<'_>) -> Result<Found, StudyError> {
        stages::run(w, data, on)
    }

    fn open(spec: &Spec, folder: &Path) -> Result<Images, StudyError> {
        Images::open(folder, &spec.network)
    }
}
