//! Images to learn from, held out, and to be measured on.

use std::path::Path;

use cim_data::cifar::{self, Cifar};
use cim_data::{idx, sha256, sha256_of_sets};
use cim_dynamics::DynamicsError;
use cim_dynamics::ttfs::Images;
use cim_nn::Dataset;

use super::frame::Frame;
use super::spec::Spec;
use crate::error::StudyError;
use crate::study::{Source, StudyData};

/// ImageSets that are known by their content: their sum, a name for keys, and one for readers.
const KNOWN: [(&str, &str, &str); 2] = [
    ("74a655411d8b190d974d544b7f4d682525167be668a306451819ff3f2eb0cbab", "mnist", "MNIST"),
    (
        "2c1bdd56d325267e5fa685050e98ac10520c4dc8090c53301a6ba0405e3ba7a3",
        "fashion",
        "Fashion-MNIST",
    ),
];

/// Pixels of images, one after another, and their labels.
pub struct Set {
    pixels: Vec<u8>,
    labels: Vec<u8>,
    size: usize,
}

impl Set {
    fn of(set: &Dataset) -> Self {
        let pixels = (0..set.len()).flat_map(|image| set.image(image)).copied().collect();
        Self { pixels, labels: set.labels().to_vec(), size: set.pixels() }
    }

    /// The colours of a pixel follow one another.
    fn of_colours(set: &Cifar) -> Self {
        let plane = cifar::SIDE * cifar::SIDE;
        let colours = |at: usize| (0..cifar::PLANES).map(move |colour| colour * plane + at);
        let images = set.pixels.rows().into_iter();
        let pixels = images.flat_map(|image| (0..plane).flat_map(colours).map(move |at| image[at]));
        Self { pixels: pixels.collect(), labels: set.labels.clone(), size: cifar::PIXELS }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The images of a range.
    pub fn part(&self, from: usize, to: usize) -> Result<Images<'_>, DynamicsError> {
        let pixels = &self.pixels[from * self.size..to * self.size];
        Images::new(pixels, &self.labels[from..to], self.size)
    }
}

/// A training set and a test set.
pub struct ImageSets {
    /// To learn from; its last images may be held out.
    pub train: Set,
    /// To be measured on, once.
    pub test: Set,
    /// What images look like.
    pub frame: Frame,
    /// A name for keys.
    pub key: &'static str,
    /// A name for readers.
    pub name: &'static str,
    sha256: String,
}

impl ImageSets {
    /// Reads both sets: those of CIFAR-10 where a folder has its test images, else four files of the form of MNIST.
    pub fn open(spec: &Spec, folder: &Path) -> Result<Self, StudyError> {
        let sets = if cifar::is_in(folder) {
            let [train, test] = cifar::load_sets(folder)?;
            let sha256 = sha256(format!("{}{}", train.sha256, test.sha256).as_bytes());
            let [train, test] = [train, test].map(|set| Set::of_colours(&set));
            let (key, name) = ("cifar", "images of CIFAR-10");
            Self { train, test, frame: Frame::COLOURS, key, name, sha256 }
        } else {
            let (train, test) = idx::load(folder)?;
            let sha256 = sha256_of_sets(&[&train, &test]);
            let known = KNOWN.into_iter().find(|(sum, ..)| *sum == sha256);
            let (_, key, name) = known.unwrap_or(("", "images", "the images"));
            let [train, test] = [train, test].map(|set| Set::of(&set));
            Self { train, test, frame: Frame::DIGITS, key, name, sha256 }
        };
        let images = sets.train.len();
        if images <= spec.learning.held_out {
            return Err(StudyError::Refused {
                what: format!("learning.held_out is {}", spec.learning.held_out),
                help: format!("the training set has {images} images"),
            });
        }
        spec.check_network(sets.frame)?;
        Ok(sets)
    }

    /// Images that are learned from: all but those held out, or the first `most`.
    pub fn learned(&self, spec: &Spec, most: usize) -> Result<Images<'_>, DynamicsError> {
        self.train.part(0, (self.train.len() - spec.learning.held_out).min(most))
    }

    /// Images of the training set that are not learned from.
    pub fn held_out(&self, spec: &Spec) -> Result<Images<'_>, DynamicsError> {
        self.train.part(self.train.len() - spec.learning.held_out, self.train.len())
    }

    /// All images of the test set.
    pub fn tested(&self) -> Result<Images<'_>, DynamicsError> {
        self.test.part(0, self.test.len())
    }

    /// SHA-256 of both sets.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

impl StudyData for ImageSets {
    fn source(&self) -> Source {
        let name = format!("{}, {} + {}", self.name, self.train.len(), self.test.len());
        Source { name, sha256: self.sha256.clone() }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn colours_of_a_pixel_follow_one_another() {
        // A pixel of a plane is (place + 50 plane) in bytes.
        let of = |_, at: usize| (at % 1024 % 100 + 50 * (at / 1024)) as u8;
        let pixels = Array2::from_shape_fn((2, cifar::PIXELS), |(image, at)| of(image, at));
        let set = Set::of_colours(&Cifar { pixels, labels: vec![3, 9], sha256: String::new() });
        assert_eq!((set.len(), set.size), (2, cifar::PIXELS));
        let second = &set.pixels[cifar::PIXELS..];
        assert_eq!(second[..6], [0, 50, 100, 1, 51, 101]);
        assert_eq!(second[cifar::PIXELS - 3..], [23, 73, 123]);
    }
}
