//! Binary and ternary perceptrons: how they are described and trained.

use cim_core::{Exact, Stream};
use cim_nn::network::first_images;
use cim_nn::operations::batch_norm::BatchNormSpec;
use cim_nn::operations::linear::LinearSpec;
use cim_nn::operations::sign::SignSpec;
use cim_nn::operations::ternary::TernarySpec;
use cim_nn::operations::threshold::ThresholdSpec;
use cim_nn::{Dataset, LayerPath, Network, OperationSpec, Shape, WeightValues, accuracy};
use cim_tile::mapping::Numbers;
use ndarray::{Array2, ArrayView2};

use super::spec::Spec;
use crate::error::StudyError;
use crate::shared::training::{Run, Training, digital_paths};

/// A trained network whose weights and activations are few numbers.
pub struct FewNumbers {
    /// Which.
    pub numbers: Numbers,
    /// The network, batch norms of hidden layers as thresholds between whole sums.
    pub network: Network,
    /// Its accuracy as numbers.
    pub digital: f64,
    /// What drives its products on calibration images (images × inputs).
    pub drives: Vec<Array2<f32>>,
}

impl FewNumbers {
    /// Trains one straight through its rounding.
    ///
    /// # Errors
    /// [`StudyError`] of training and its checkpoints.
    pub fn train(
        spec: &Spec,
        numbers: Numbers,
        training: &Training<'_>,
        test: &Dataset,
        root: Stream,
    ) -> Result<Self, StudyError> {
        let (stage, idx) = match numbers {
            Numbers::Binary => ("binary", 0),
            Numbers::Ternary => ("ternary", 1),
        };
        let (start, paths) = untrained(spec, numbers, test, root.child("init", idx))?;
        let run = Run {
            stage: stage.to_owned(),
            recipe: &spec.training.network,
            start: &start,
            paths: paths.clone(),
            teacher: None,
            at: root.child("train", idx),
        };
        let trained = training.train(run, None)?.state.network;
        let images = first_images(training.data, spec.calibration.images);
        Ok(Self::of(numbers, &trained, &paths, images.view(), test))
    }

    /// What a network trained through `paths` is in the end; `images` are those of calibration.
    pub fn of(
        numbers: Numbers,
        trained: &Network,
        paths: &[LayerPath],
        images: ArrayView2<'_, f32>,
        test: &Dataset,
    ) -> Self {
        let network = trained.stored_by(paths).with_thresholds();
        let drives = network.product_inputs(images, images.nrows());
        let digital = recognised(&network, &network.exact(), test);
        Self { numbers, network, digital, drives }
    }
}

/// A network before training, and what it is trained through.
pub fn untrained(
    spec: &Spec,
    numbers: Numbers,
    data: &Dataset,
    at: Stream,
) -> Result<(Network, Vec<LayerPath>), StudyError> {
    let operations = operations(numbers, &spec.network.hidden, data);
    let start = Network::drawn(Shape::features(data.pixels()), &operations, at)?;
    let mut paths = digital_paths(&start);
    for path in &mut paths {
        path.weight_clip = 1.0;
        path.weight_values = match numbers {
            Numbers::Binary => WeightValues::Signs,
            Numbers::Ternary => WeightValues::Ternary,
        };
    }
    Ok((start, paths))
}

/// Accuracy of a network on products.
pub fn recognised(network: &Network, products: &[Exact], test: &Dataset) -> f64 {
    let (logits, _) = network.logits(products, test);
    accuracy(logits.view(), test.labels())
}

/// Pixels as few numbers, hidden layers with batch norm and step, and a last layer whose batch norm stays
/// digital, as its outputs are compared and not rounded.
fn operations(numbers: Numbers, hidden: &[usize], data: &Dataset) -> Vec<OperationSpec> {
    let (pixels, classes) = (data.pixels(), data.classes());
    let step = || match numbers {
        Numbers::Binary => OperationSpec::Sign(SignSpec {}),
        Numbers::Ternary => OperationSpec::Ternary(TernarySpec {}),
    };
    let mut operations = vec![match numbers {
        Numbers::Binary => OperationSpec::Threshold(ThresholdSpec {
            least: vec![0.5; pixels],
            rising: vec![true; pixels],
        }),
        Numbers::Ternary => step(),
    }];
    for &features in hidden {
        operations.push(OperationSpec::Linear(LinearSpec { features }));
        operations.push(OperationSpec::BatchNorm(BatchNormSpec {}));
        operations.push(step());
    }
    operations.push(OperationSpec::Linear(LinearSpec { features: classes }));
    operations.push(OperationSpec::BatchNorm(BatchNormSpec {}));
    operations
}
