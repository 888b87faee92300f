//! Binary and ternary networks, trained.

use cim_core::{Exact, Stream};
use cim_nn::network::first_images;
use cim_nn::{Dataset, LayerPath, Network, WeightValues, accuracy};
use cim_tile::mapping::Numbers;
use ndarray::{Array2, ArrayView2, s};

use super::margins::margins;
use super::spec::Spec;
use crate::error::StudyError;
use crate::shared::training::{Run, Training, digital_paths};

/// Vectors of calibration that are kept of a product that every image drives at many places.
const MOST_VECTORS: usize = 8192;

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
    /// How far the sums of these are from where something is decided otherwise (vectors × outputs).
    pub margins: Vec<Array2<f32>>,
}

impl FewNumbers {
    /// Trains one straight through its rounding; `name` is that of a further network.
    ///
    /// # Errors
    /// [`StudyError`] of training and its checkpoints.
    pub fn train(
        spec: &Spec,
        numbers: Numbers,
        training: &Training<'_>,
        test: &Dataset,
        root: Stream,
        name: Option<&str>,
    ) -> Result<Self, StudyError> {
        let (kind, idx) = match numbers {
            Numbers::Binary => ("binary", 0),
            Numbers::Ternary => ("ternary", 1),
        };
        let stage = name.map_or_else(|| kind.to_owned(), |name| format!("{name}-{kind}"));
        let (start, paths) = untrained(spec, numbers, test, root.child("init", idx))?;
        let run = Run {
            stage,
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
        let drives: Vec<_> = drives.into_iter().map(thinned).collect();
        let digital = recognised(&network, &network.exact(), test);
        let margins = margins(&network, &drives);
        Self { numbers, network, digital, drives, margins }
    }

    /// Whether every sample drives the first product once.
    pub fn is_driven_once(&self) -> bool {
        self.network.products().next().is_some_and(|product| product.per_sample == 1)
    }

    /// What drives the first product (vectors × inputs) on images (images × pixels).
    pub fn first_drives(&self, images: &Array2<f32>) -> Array2<f32> {
        let block = self.network.block();
        let blocks: Vec<_> = (0..images.nrows())
            .step_by(block)
            .map(|first| {
                let rows = first..images.nrows().min(first + block);
                let own = images.slice(s![rows, ..]);
                self.network.product_inputs(own, own.nrows()).swap_remove(0)
            })
            .collect();
        let views: Vec<_> = blocks.iter().map(|drives| drives.view()).collect();
        ndarray::concatenate(ndarray::Axis(0), &views).expect("blocks of one width")
    }
}

/// As many vectors as are looked at, from all over.
fn thinned(drives: Array2<f32>) -> Array2<f32> {
    let step = drives.nrows().div_ceil(MOST_VECTORS).max(1);
    if step == 1 { drives } else { drives.slice(s![..;step, ..]).to_owned() }
}

/// A network before training, and what it is trained through.
pub fn untrained(
    spec: &Spec,
    numbers: Numbers,
    data: &Dataset,
    at: Stream,
) -> Result<(Network, Vec<LayerPath>), StudyError> {
    let (input, operations) = spec.hidden.operations(numbers, data);
    let start = Network::drawn(input, &operations, at)?;
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
