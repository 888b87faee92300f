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
        if sets.train.len() < 10 {
            return Err(StudyError::Refused {
                what: format!("the training set has {} images", sets.train.len()),
                help: "a tenth of it is held out: give ten or more".to_owned(),
            });
        }
        if let Some(note) = sets.held_out_note(spec) {
            tracing::warn!("{note}");
        }
        spec.check_network(sets.frame)?;
        Ok(sets)
    }

    /// Images that are held out: as many as are asked for, but no more than half of all; else a tenth.
    fn count_held_out(&self, spec: &Spec) -> usize {
        let (asked, images) = (spec.learning.held_out, self.train.len());
        if 2 * asked <= images { asked } else { images / 10 }
    }

    /// What is to be said where fewer are held out than are asked for.
    pub fn held_out_note(&self, spec: &Spec) -> Option<String> {
        let (asked, held_out) = (spec.learning.held_out, self.count_held_out(spec));
        (held_out < asked).then(|| {
            format!(
                "learning.held_out is {asked}, more than half of the {} images of the training set: a tenth of \
                 them, {held_out}, are held out. Another number of them is a value of that key.",
                self.train.len()
            )
        })
    }

    /// Images that are learned from: all but those held out, or the first `most`.
    pub fn learned(&self, spec: &Spec, most: usize) -> Result<Images<'_>, DynamicsError> {
        self.train.part(0, (self.train.len() - self.count_held_out(spec)).min(most))
    }

    /// Images of the training set that are not learned from.
    pub fn held_out(&self, spec: &Spec) -> Result<Images<'_>, DynamicsError> {
        self.train.part(self.train.len() - self.count_held_out(spec), self.train.len())
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
    use crate::dstd::Dstd;
    use crate::parse::parse;
    use crate::study::Study;

    #[test]
    fn a_small_training_set_holds_out_a_tenth_and_says_so() {
        let spec: Spec = parse(Dstd::PRESET).expect("parses");
        for (images, held_out) in [(60_000, 5000), (10_000, 5000), (9999, 999), (4660, 466)] {
            let set = || Set { pixels: vec![0; images], labels: vec![0; images], size: 1 };
            let sets = ImageSets {
                train: set(),
                test: set(),
                frame: Frame::COLOURS,
                key: "cifar",
                name: "images of CIFAR-10",
                sha256: String::new(),
            };
            assert_eq!(sets.held_out(&spec).unwrap().len(), held_out);
            assert_eq!(sets.learned(&spec, usize::MAX).unwrap().len(), images - held_out);
            let note = sets.held_out_note(&spec);
            assert_eq!(note.is_some(), held_out < 5000, "{note:?}");
            if images == 4660 {
                let note = note.unwrap();
                assert!(
                    note.contains("learning.held_out is 5000") && note.contains("466"),
                    "{note}"
                );
            }
        }
    }

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
