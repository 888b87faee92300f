//! The network as it was learned.

use cim_core::Stream;
use cim_nn::network::first_images;
use cim_nn::{BinaryNetwork, Bits, Dataset, Network};
use rayon::prelude::*;

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
        let count = count.min(self.labels.len());
        let mut x = Bits::all_minus(count, self.x.dim().1);
        (0..count).for_each(|row| x.row_mut(row).copy_from_slice(self.x.row(row)));
        Self { x, labels: self.labels[..count].to_vec() }
    }

    /// Share of `others` whose nearest of these images, by how many signs differ, has their label; of equally
    /// near ones the first: what the images tell without any network.
    pub fn nearest(&self, others: &Self) -> f64 {
        let label = |other: usize| {
            let other = others.x.row(other);
            let apart = |row: usize| -> u32 {
                self.x.row(row).iter().zip(other).map(|(a, b)| (a ^ b).count_ones()).sum()
            };
            (0..self.labels.len()).min_by_key(|row| apart(*row)).map(|row| self.labels[row])
        };
        let right = (0..others.labels.len())
            .into_par_iter()
            .filter(|other| label(*other) == Some(others.labels[*other]))
            .count();
        right as f64 / others.labels.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(rows: &[(&[f32], u8)]) -> Signs {
        let width = rows[0].0.len();
        let flat: Vec<f32> = rows.iter().flat_map(|(row, _)| row.to_vec()).collect();
        let x = ndarray::Array2::from_shape_vec((rows.len(), width), flat).expect("equal rows");
        Signs { x: Bits::of(x.view()), labels: rows.iter().map(|(_, label)| *label).collect() }
    }

    #[test]
    fn the_nearest_image_lends_its_label() {
        let known = signs(&[(&[1.0, 1.0, 1.0], 3), (&[-1.0, -1.0, -1.0], 5)]);
        let others =
            signs(&[(&[1.0, -1.0, 1.0], 3), (&[-1.0, 1.0, -1.0], 5), (&[-1.0, -1.0, -1.0], 3)]);
        assert_eq!(known.nearest(&others), 2.0 / 3.0);
    }
}
