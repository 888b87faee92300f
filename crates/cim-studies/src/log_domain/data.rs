//! What is learned: digits of two classes, and images of ten.

use std::path::Path;

use cim_data::digits::{self, Part};
use cim_data::{idx, sha256_of_sets};
use cim_dynamics::log_domain::{Classes, Task, Unit};
use cim_nn::{Components, Dataset};
use ndarray::{Array2, Axis, concatenate};

use super::spec::Spec;
use crate::error::StudyError;
use crate::study::{Source, StudyData};

/// All tasks with data, each to learn from and to be measured on.
pub struct Sets {
    /// Zeros and ones.
    pub digits: [Task; 2],
    /// Ten classes.
    pub images: [Classes; 2],
    /// Numbers of test images that lie outside of the range of the training images.
    pub clipped: usize,
    source: Source,
}

impl Sets {
    /// Reads both sets, and the images from `folder`.
    pub fn open(spec: &Spec, folder: &Path) -> Result<Self, StudyError> {
        let digits = digits::load(Path::new(&spec.digits.folder), spec.digits.components)?;
        let task = |part: &Part| {
            Task::new(Unit::Logistic, with_constant(&part.inputs), part.labels.to_vec())
        };
        let (train, test) = idx::load(folder)?;
        let name = format!("digits 0 and 1, and {} + {} images", train.len(), test.len());
        let sha256 = format!("{}+{}", digits.sha256, sha256_of_sets(&[&train, &test]));
        let [train, test] = [(&train, spec.layers.images), (&test, test.len())]
            .map(|(set, count)| pixels(set, count.min(set.len())));
        let components = Components::of(train.0.view(), spec.layers.components);
        let [mut learned, mut unseen] =
            [&train.0, &test.0].map(|pixels| components.project(pixels.view()));
        // Every component over its largest magnitude, so that converters have one range for all.
        let mut clipped = 0;
        for (mut column, mut other) in learned.columns_mut().into_iter().zip(unseen.columns_mut()) {
            let most = column.iter().fold(f64::MIN_POSITIVE, |most, x| most.max(x.abs()));
            column.mapv_inplace(|x| x / most);
            other.mapv_inplace(|x| {
                clipped += usize::from(most < x.abs());
                (x / most).clamp(-1.0, 1.0)
            });
        }
        let classes = |inputs: &Array2<f64>, labels: Vec<usize>| {
            Classes::new(with_constant(inputs), labels, cim_data::CLASSES)
        };
        Ok(Self {
            digits: [task(&digits.train)?, task(&digits.test)?],
            images: [classes(&learned, train.1)?, classes(&unseen, test.1)?],
            clipped,
            source: Source { name, sha256 },
        })
    }
}

impl StudyData for Sets {
    fn source(&self) -> Source {
        self.source.clone()
    }
}

/// The first images as numbers from 0 to 1, with their classes.
fn pixels(set: &Dataset, count: usize) -> (Array2<f64>, Vec<usize>) {
    let size = set.pixels();
    let value = |(image, pixel): (usize, usize)| f64::from(set.image(image)[pixel]) / 255.0;
    let labels = set.labels().iter().take(count).map(|label| usize::from(*label)).collect();
    (Array2::from_shape_fn((count, size), value), labels)
}

/// A first column of ones: the offset of a unit is a weight like others.
fn with_constant(inputs: &Array2<f64>) -> Array2<f64> {
    let ones = Array2::ones((inputs.nrows(), 1));
    concatenate(Axis(1), &[ones.view(), inputs.view()]).expect("as many rows")
}
