//! The network as it was learned.

use cim_core::Stream;
use cim_nn::network::first_images;
use cim_nn::{BinaryNetwork, Bits, Dataset, Network};

use super::spec::Spec;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::images::Images;
use crate::shared::learning::Learning;
use crate::shared::training::{Run, Training};

/// A network of signs.
pub struct Learned {
    /// Weights of −1 and 1, batch norms as they were learned.
    pub network: Network,
    /// The same in packed words and whole thresholds.
    pub binary: BinaryNetwork,
}

/// Trains on what is not held out.
pub fn learn(
    spec: &Spec,
    learning: &Learning,
    images: &Images,
    context: &Context<'_>,
    root: Stream,
) -> Result<Learned, StudyError> {
    let training = Training::on(context, &learning.data, &images.sha256, &spec.trained_by())?;
    let (start, paths) = spec.start()?;
    let run = Run {
        stage: "digital".to_owned(),
        recipe: &spec.training.digital,
        start: &start,
        paths: paths.clone(),
        teacher: None,
        at: root.child("train", 0),
    };
    let trained = training.train(run, Some(&learning.holdout))?;
    let network = trained.state.network.stored_by(&paths);
    let binary = BinaryNetwork::of(&network.folded())?;
    Ok(Learned { network, binary })
}

/// Images as the signs that drive the first layer.
pub struct Signs {
    /// Images × inputs.
    pub x: Bits,
    /// One an image.
    pub labels: Vec<u8>,
}

impl Signs {
    /// The first `count` images of `data`, through what stands before the first product of `network`.
    pub fn of(network: &Network, data: &Dataset, count: usize) -> Self {
        let count = count.min(data.len());
        let images = first_images(data, count);
        let drives = network.product_inputs(images.view(), count);
        Self { x: Bits::of(drives[0].view()), labels: data.labels()[..count].to_vec() }
    }

    /// The first `count` of these.
    pub fn first(&self, count: usize) -> Self {
        self.of_rows(&(0..count.min(self.labels.len())).collect::<Vec<_>>())
    }

    /// Those of some rows.
    pub fn of_rows(&self, rows: &[usize]) -> Self {
        let mut x = Bits::all_minus(rows.len(), self.x.dim().1);
        rows.iter()
            .enumerate()
            .for_each(|(to, row)| x.row_mut(to).copy_from_slice(self.x.row(*row)));
        Self { x, labels: rows.iter().map(|row| self.labels[*row]).collect() }
    }
}
