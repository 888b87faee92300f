//! Test images dealt to chips.

use cim_nn::Dataset;
use cim_tile::mapping::Numbers;
use ndarray::Array2;

use super::networks::FewNumbers;

/// Test images dealt to a chip: images × pixels, and their classes.
pub struct Hand {
    /// Images × pixels.
    pub images: Array2<f32>,
    /// One an image.
    pub labels: Vec<u8>,
    /// What drives the first product of each network (images × inputs), where every image drives it once.
    drives: Vec<(Numbers, Array2<f32>)>,
}

impl Hand {
    /// Every `of`-th image from each of the first `of` on.
    pub fn deal(test: &Dataset, of: usize, networks: &[FewNumbers]) -> Vec<Self> {
        let one = |first: usize| {
            let indices: Vec<usize> = (first..test.len()).step_by(of).collect();
            let mut images = Array2::zeros((indices.len(), test.pixels()));
            test.batch_into(&indices, images.as_slice_mut().expect("standard layout"));
            let labels = indices.iter().map(|idx| test.labels()[*idx]).collect();
            let once = networks.iter().filter(|network| network.is_driven_once());
            let drives = once.map(|network| (network.numbers, network.first_drives(&images)));
            Self { drives: drives.collect(), images, labels }
        };
        (0..of).map(one).collect()
    }

    /// What drives the first product of a network (images × inputs), where every image drives it once.
    pub fn drives(&self, numbers: Numbers) -> Option<&Array2<f32>> {
        self.drives.iter().find(|(own, _)| *own == numbers).map(|(_, drives)| drives)
    }

    /// Images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }
}
