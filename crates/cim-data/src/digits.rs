//! The digits 0 and 1 of OpenMENA, from a file of text to eight inputs in [0, 1].

use std::io::Read;
use std::path::{Path, PathBuf};

use cim_nn::Components;
use ndarray::{Array1, Array2, Axis};
use thiserror::Error;

use crate::digest::sha256;
use crate::error::DataError;
use crate::limits::MAX_FILE_BYTES;
use crate::regular::open_regular;
use crate::sums::Sums;

/// Name of the file in its folder.
pub const FILE: &str = "digits.csv";

const IMAGES: usize = 360;
const TRAINING_IMAGES: usize = 288;
const PIXELS: usize = 64;
/// Largest pixel.
const BRIGHTEST: u8 = 16;

/// Why a file does not hold the digits.
#[derive(Debug, Error)]
pub enum DigitsError {
    /// The file cannot be read.
    #[error("cannot read {}: {reason}: name the folder that has {FILE} with --data", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// It is not the file that was checked in.
    #[error(transparent)]
    Sum(#[from] DataError),
    /// A line is not an image.
    #[error("{}, line {line}: {what}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// There are too few or too many images, or a place is empty.
    #[error(
        "{}: needs {TRAINING_IMAGES} images to train and {} to test, each place once; {what}",
        path.display(), IMAGES - TRAINING_IMAGES
    )]
    Split {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// Inputs and labels of one part.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Images × inputs, in [0, 1].
    pub inputs: Array2<f64>,
    /// 0 or 1 for each image.
    pub labels: Array1<f64>,
}

/// The task as the network sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Digits {
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// What is trained on.
    pub train: Part,
    /// What is measured.
    pub test: Part,
}

/// Images in the order of the file, with their labels and places.
#[derive(Clone, Debug, PartialEq)]
struct Images {
    pixels: Array2<f64>,
    labels: Vec<f64>,
    /// Rows of `pixels` that make up the training set, in its order, and those of the test set.
    split: [Vec<usize>; 2],
}

/// Loads the digits and projects them on `components` principal components of all images, with
/// one range for all of them.
///
/// # Errors
/// [`DigitsError`] for anything but the data that was checked in, if the folder has a list of
/// sums, and for anything that is not 360 images of 8 × 8 pixels.
pub fn load(folder: &Path, components: usize) -> Result<Digits, DigitsError> {
    let path = folder.join(FILE);
    let mut bytes = Vec::new();
    open_regular(&path)
        .and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes))
        .map_err(|reason| DigitsError::Read { path: path.clone(), reason })?;
    if let Some(sums) = Sums::read(folder)? {
        sums.check(&path, &[FILE.to_owned()], &bytes)?;
    }
    let images = parse(&path, &String::from_utf8_lossy(&bytes))?;
    Ok(project(&images, components, sha256(&bytes)))
}

fn parse(path: &Path, text: &str) -> Result<Images, DigitsError> {
    let path = || path.to_owned();
    let mut pixels = Vec::with_capacity(IMAGES * PIXELS);
    let mut labels = Vec::with_capacity(IMAGES);
    let sizes = [TRAINING_IMAGES, IMAGES - TRAINING_IMAGES];
    let mut split = sizes.map(|size| vec![None; size]);
    for (row, text) in text.lines().enumerate() {
        let wrong = |what: String| DigitsError::Line { path: path(), line: row + 1, what };
        let mut words = text.split(',');
        let part = match words.next() {
            Some("train") => 0,
            Some("test") => 1,
            other => return Err(wrong(format!("begins with {other:?}, not with train or test"))),
        };
        let mut numbers = Vec::with_capacity(PIXELS + 2);
        for word in words {
            let number: u16 =
                word.parse().map_err(|_| wrong(format!("{word:?} is no whole number")))?;
            numbers.push(number);
        }
        let &[place, label, ref image @ ..] = &numbers[..] else {
            return Err(wrong("has no place and no label".into()));
        };
        if image.len() != PIXELS {
            return Err(wrong(format!("has {} pixels, not {PIXELS}", image.len())));
        }
        if let Some(bright) = image.iter().find(|&&p| u16::from(BRIGHTEST) < p) {
            return Err(wrong(format!("a pixel is {bright}, more than {BRIGHTEST}")));
        }
        if 1 < label {
            return Err(wrong(format!("the label is {label}, not 0 or 1")));
        }
        let slot = split[part].get_mut(usize::from(place));
        match slot {
            Some(slot @ None) => *slot = Some(row),
            Some(Some(_)) => return Err(wrong(format!("place {place} is taken"))),
            None => return Err(wrong(format!("place {place} is beyond the set"))),
        }
        pixels.extend(image.iter().map(|&p| f64::from(p) / f64::from(BRIGHTEST)));
        labels.push(f64::from(label));
    }
    let images = labels.len();
    let full = |part: Vec<Option<usize>>| part.into_iter().collect::<Option<Vec<_>>>();
    let [train, test] = split.map(full);
    let (Some(train), Some(test)) = (train, test) else {
        return Err(DigitsError::Split { path: path(), what: format!("has {images}") });
    };
    let pixels = Array2::from_shape_vec((images, PIXELS), pixels).expect("checked line by line");
    Ok(Images { pixels, labels, split: [train, test] })
}

fn project(images: &Images, components: usize, sha256: String) -> Digits {
    let projected = Components::of(images.pixels.view(), components).project(images.pixels.view());
    let lo = projected.iter().copied().fold(f64::INFINITY, f64::min);
    let hi = projected.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let inputs = projected.mapv(|v| (v - lo) / (hi - lo));
    let [train, test] = images.split.each_ref().map(|rows| Part {
        inputs: inputs.select(Axis(0), rows),
        labels: rows.iter().map(|&row| images.labels[row]).collect(),
    });
    Digits { sha256, train, test }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/digits")
    }

    fn error_after(change: impl Fn(&str) -> String) -> String {
        let text = fs::read_to_string(folder().join(FILE)).expect("checked in");
        let changed = change(&text);
        assert_ne!(text, changed);
        parse(Path::new(FILE), &changed).expect_err("must be refused").to_string()
    }

    const FIRST: [[f64; 8]; 2] = [
        [
            0.250_966_465_101_975,
            0.579_836_938_432_738,
            0.595_510_662_175_305,
            0.440_290_131_622_147,
            0.673_520_988_269_277,
            0.565_039_131_093_95,
            0.494_721_191_381_791,
            0.555_342_354_119_056,
        ],
        [
            0.941_218_124_858_266,
            0.653_061_913_095_631,
            0.525_417_671_661_541,
            0.462_703_260_169_421,
            0.519_378_768_184_178,
            0.478_880_632_927_784,
            0.424_376_012_869_546,
            0.530_517_541_725_191,
        ],
    ];

    /// Inputs of the first images of both parts as scikit-learn's PCA and split give them.
    #[test]
    fn inputs_are_those_of_scikit_learn() {
        let digits = load(&folder(), 8).expect("checked in");
        assert_eq!((digits.train.inputs.dim(), digits.test.inputs.dim()), ((288, 8), (72, 8)));
        assert_eq!((digits.train.labels.sum(), digits.test.labels.sum()), (145.0, 37.0));
        for (got, want) in [&digits.train, &digits.test].into_iter().zip(FIRST) {
            for (got, want) in got.inputs.row(0).iter().zip(want) {
                assert!((got - want).abs() < 1e-9, "{got} {want}");
            }
        }
        let all = digits.train.inputs.iter().chain(&digits.test.inputs);
        assert!(all.clone().all(|v| (0.0..=1.0).contains(v)));
        assert_eq!(all.filter(|v| [0.0, 1.0].contains(v)).count(), 2);
    }

    #[test]
    fn whatever_is_not_the_digits_is_refused_with_its_line() {
        for (from, to, what) in [
            ("train,180,", "training,180,", "line 1: begins with Some(\"training\")"),
            ("train,180,0,0,", "train,180,0,17,", "line 1: a pixel is 17"),
            ("train,180,0,0,", "train,180,0,-1,", "line 1: \"-1\" is no whole number"),
            ("train,180,0,0,", "train,180,0,", "line 1: has 63 pixels"),
            ("train,180,0,", "train,180,2,", "line 1: the label is 2"),
            ("train,232,", "train,180,", "line 2: place 180 is taken"),
            ("train,232,", "train,288,", "line 2: place 288 is beyond"),
        ] {
            let error = error_after(|text| text.replacen(from, to, 1));
            assert!(error.contains(what), "{error}");
        }
        let error = error_after(|text| text.lines().skip(1).map(|l| format!("{l}\n")).collect());
        assert!(error.contains("has 359"), "{error}");
    }

    #[test]
    fn a_changed_file_is_refused() {
        let changed = tempfile::tempdir().expect("a folder");
        for name in [FILE, "SHA256SUMS"] {
            let text = fs::read_to_string(folder().join(name)).expect("checked in");
            fs::write(changed.path().join(name), text.replacen("0,0", "0,1", 1)).expect("written");
        }
        assert!(matches!(load(changed.path(), 8), Err(DigitsError::Sum(_))));
        let nowhere = load(Path::new("/nowhere"), 8);
        assert!(matches!(nowhere, Err(DigitsError::Read { .. })));
    }
}
