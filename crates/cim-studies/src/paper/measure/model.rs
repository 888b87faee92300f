//! The closed form against Monte Carlo.

use cim_chip::{LayerInputs, check_model};
use cim_core::Stream;
use cim_nn::Dataset;
use cim_nn::network::first_images;

use crate::context::Context;
use crate::error::StudyError;
use crate::method::candidate::Candidate;
use crate::paper::outcome::{ErrorModel, MAX_VARIANCE_POINTS, VariancePoint};
use crate::paper::spec::Spec;

/// Programs the tiles of `full` many times and compares, with as many points as the report draws.
pub fn error_model(
    spec: &Spec,
    context: &Context<'_>,
    full: &Candidate,
    data: &Dataset,
) -> Result<(ErrorModel, Vec<VariancePoint>), StudyError> {
    let tiles = full.design.layers.iter().map(|layer| layer.full_scale.len()).sum();
    let steps = context.progress.begin("error model", tiles);
    let images = first_images(data, spec.error_model.images);
    let few = LayerInputs::of(&full.network, images.view());
    let (chips, at) = (spec.error_model.chips, Stream::root(spec.seed).child("model", 0));
    let check = check_model(&full.design, &full.network, &few, chips, at, || steps.step(1))?;
    let every = check.columns.len().div_ceil(MAX_VARIANCE_POINTS);
    let points = check.columns.iter().step_by(every).map(|column| VariancePoint {
        layer: column.layer + 1,
        tile: column.tile,
        column: column.column,
        predicted: column.predicted,
        measured: column.measured,
    });
    let model = ErrorModel {
        variance_ratio_mean: check.variance_ratio_mean,
        variance_ratio_p05: check.variance_ratio_p05,
        variance_ratio_p95: check.variance_ratio_p95,
        coverage95: check.coverage95,
    };
    Ok((model, points.collect()))
}
