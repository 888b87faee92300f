//! Labelled images to learn from and to be measured on.

use std::path::Path;

use cim_chip::ChipError;
use cim_chip::sections::{NetworkSpec, need, network};
use cim_data::{idx, sha256_of_sets};
use cim_nn::{Dataset, NetworkError};

use crate::error::StudyError;
use crate::study::{Source, StudyData};

/// A training set, a test set, and what they are.
pub struct Images {
    /// To learn from.
    pub train: Dataset,
    /// To be measured on.
    pub test: Dataset,
    /// SHA-256 of both, hexadecimal.
    pub sha256: String,
}

impl Images {
    /// Reads both sets and checks that `network` has an input for every pixel and an output for every
    /// class.
    pub fn open(folder: &Path, network: &NetworkSpec) -> Result<Self, StudyError> {
        let (train, test) = idx::load(folder)?;
        let outline = network::check(network)?;
        let (inputs, outputs) = (outline.input.len(), outline.outputs);
        let (pixels, classes) = (train.pixels(), train.classes());
        if pixels != inputs || outputs < classes {
            return Err(NetworkError::Data { pixels, classes, inputs, outputs }.into());
        }
        let sha256 = sha256_of_sets(&[&train, &test]);
        Ok(Self { train, test, sha256 })
    }
}

impl Images {
    /// Refuses to take more images for `key` than there are to learn from.
    ///
    /// # Errors
    /// [`ChipError::Section`].
    pub fn need(&self, key: &str, images: usize) -> Result<(), ChipError> {
        let have = self.train.len();
        let help = format!("the training set has {have}: give up to as many");
        need(images <= have, key, images, &help)
    }
}

impl StudyData for Images {
    fn source(&self) -> Source {
        let (train, test) = (&self.train, &self.test);
        let (rows, cols) = (train.rows(), train.cols());
        let name = format!("{} + {} images of {rows} × {cols}", train.len(), test.len());
        Source { name, sha256: self.sha256.clone() }
    }
}
