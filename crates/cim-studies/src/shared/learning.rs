//! What may be looked at while anything is learned or chosen.

use cim_chip::sections::need;
use cim_chip::{ChipError, Task};
use cim_nn::Dataset;

use super::images::Images;

/// Images to learn from and images to choose on: both are of the training set. What learns or chooses
/// is handed this and never [`Images`], so that it cannot see the test set.
pub struct Learning {
    /// To learn from.
    pub data: Dataset,
    /// To choose on.
    pub holdout: Dataset,
    /// The same as chips are asked.
    pub task: Task,
}

impl Learning {
    /// Holds the last `holdout` images of the training set out.
    ///
    /// # Errors
    /// [`ChipError::Section`] unless images are left to learn from.
    pub fn of(images: &Images, holdout: usize) -> Result<Self, ChipError> {
        let all = images.train.len();
        let help =
            format!("the data set has {all} training images: hold some of them out, not all");
        need((1..all).contains(&holdout), "holdout.images", holdout, &help)?;
        let first = all - holdout;
        let holdout = images.train.part(first..all);
        let task = Task::classify(&holdout)?;
        Ok(Self { data: images.train.part(0..first), holdout, task })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every image has bytes of its own, and those of the test set are in neither part.
    #[test]
    fn nothing_of_the_test_set_is_learned_or_chosen_on() {
        let set = |first: u8, count: u8| {
            let bytes = (first..first + count).flat_map(|k| [k, k]).collect();
            Dataset::new(bytes, vec![0; usize::from(count)], 1, 2, 1).expect("images")
        };
        let images = Images { train: set(0, 10), test: set(100, 5), sha256: String::new() };
        let learning = Learning::of(&images, 3).expect("seven are left");
        let of = |data: &Dataset| (0..data.len()).map(|k| data.image(k)[0]).collect::<Vec<_>>();
        assert_eq!(of(&learning.data), (0..7).collect::<Vec<_>>());
        assert_eq!(of(&learning.holdout), (7..10).collect::<Vec<_>>());
        assert!(Learning::of(&images, 10).is_err() && Learning::of(&images, 0).is_err());
    }
}
