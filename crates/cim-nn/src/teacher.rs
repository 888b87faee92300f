//! Whose answers training mixes with labels.

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::dataset::Dataset;
use crate::error::NetworkError;
use crate::network::Network;

/// A network that answers to the images of training.
#[derive(Clone, Copy, Debug)]
pub enum Teacher<'a> {
    /// It is asked about every batch.
    Asked(&'a Network),
    /// It was asked about everything before.
    Known(&'a Answers),
}

/// What a network answers to every sample of a data set, at every shift of up to some places.
///
/// A teacher does not learn, so that its answers to the same sample are the same in every epoch of every
/// run: asked once, `(2 reach + 1)²` passes over the set are paid for all of them. They are those of
/// [`Teacher::Asked`] up to the order of sums.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// Shifts × samples, by outputs.
    logits: Array2<f32>,
    samples: usize,
    reach: i32,
}

/// A sample as training sees it: which one, moved down and right by how many places.
pub(crate) type Shifted = (usize, i32, i32);

impl Answers {
    /// Asks `network` about every sample of `data`, moved by up to `reach` places in every direction.
    ///
    /// # Errors
    /// [`NetworkError::Data`] if the samples do not fit the network.
    pub fn of(network: &Network, data: &Dataset, reach: u8) -> Result<Self, NetworkError> {
        if data.pixels() != network.inputs() {
            return Err(NetworkError::Data {
                pixels: data.pixels(),
                classes: data.classes(),
                inputs: network.inputs(),
                outputs: network.outputs(),
            });
        }
        let (samples, reach) = (data.len(), i32::from(reach));
        let asked = shifts(reach) * samples;
        let logits = network.digital_by_blocks((asked, data.pixels()), |first, x| {
            for (place, out) in x.chunks_exact_mut(data.pixels()).enumerate() {
                let (shift, sample) = ((first + place) / samples, (first + place) % samples);
                let side = 2 * reach as usize + 1;
                let of = |step: usize| step as i32 - reach;
                data.shifted_into(sample, of(shift / side), of(shift % side), out);
            }
        });
        Ok(Self { logits, samples, reach })
    }

    /// The answer to a sample, if it was asked about.
    fn to(&self, (sample, dy, dx): Shifted) -> Option<ArrayView1<'_, f32>> {
        let known = sample < self.samples && dy.abs() <= self.reach && dx.abs() <= self.reach;
        known.then(|| {
            let shift = (dy + self.reach) * (2 * self.reach + 1) + dx + self.reach;
            self.logits.row(shift as usize * self.samples + sample)
        })
    }
}

impl Teacher<'_> {
    /// Answers to `shifted` samples, whose pixels are `x` (samples × inputs): samples × outputs.
    ///
    /// # Panics
    /// If the teacher was asked before about other samples: see [`check`](Self::check).
    pub(crate) fn answers(&self, shifted: &[Shifted], x: ArrayView2<'_, f32>) -> Array2<f32> {
        match self {
            Self::Asked(network) => network.digital_logits(x),
            Self::Known(answers) => {
                let mut logits = Array2::zeros((shifted.len(), answers.logits.ncols()));
                for (mut to, &sample) in logits.rows_mut().into_iter().zip(shifted) {
                    to.assign(&answers.to(sample).expect("checked against the data"));
                }
                logits
            }
        }
    }

    /// Checks that the teacher can be asked about `samples` samples at shifts of up to `reach` places, and
    /// answers with one number a class.
    ///
    /// # Errors
    /// [`NetworkError::Answers`] otherwise.
    pub(crate) fn check(
        &self,
        samples: usize,
        reach: u32,
        outputs: usize,
    ) -> Result<(), NetworkError> {
        let Self::Known(answers) = self else { return Ok(()) };
        let asked = (answers.samples, answers.reach.unsigned_abs(), answers.logits.ncols());
        if asked.0 == samples && reach <= asked.1 && asked.2 == outputs {
            return Ok(());
        }
        let (asked, wanted) = (asked.into(), (samples, reach, outputs).into());
        Err(NetworkError::Answers { asked, wanted })
    }
}

/// In how many ways a sample is moved by up to `reach` places.
fn shifts(reach: i32) -> usize {
    (2 * reach as usize + 1).pow(2)
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    fn set(count: usize) -> Dataset {
        let pixels = (0..12 * count).map(|k| (k * 37 % 256) as u8).collect();
        Dataset::new(pixels, vec![0; count], 3, 4, 2).expect("images")
    }

    /// Whatever is asked for, in whatever order: the same as of the network itself.
    #[test]
    fn known_answers_are_those_of_the_network() {
        let (data, reach) = (set(300), 2u8);
        let network = Network::new(&[12, 7, 3], Stream::root(4)).expect("widths");
        let answers = Answers::of(&network, &data, reach).expect("the set fits");
        let shifted: Vec<Shifted> =
            (0..75).map(|k| (k * 71 % 300, k as i32 % 5 - 2, k as i32 / 15 - 2)).collect();
        let mut x = Array2::zeros((shifted.len(), 12));
        for (mut row, &(sample, dy, dx)) in x.rows_mut().into_iter().zip(&shifted) {
            data.shifted_into(sample, dy, dx, row.as_slice_mut().expect("standard layout"));
        }
        let asked = Teacher::Asked(&network).answers(&shifted, x.view());
        let known = Teacher::Known(&answers).answers(&shifted, x.view());
        assert!((&asked - &known).iter().all(|off| off.abs() < 1e-5));
        assert!(0.01 < asked.std(0.0), "answers differ");
    }

    #[test]
    fn answers_to_other_samples_are_refused() {
        let network = Network::new(&[12, 3], Stream::root(4)).expect("widths");
        let answers = Answers::of(&network, &set(5), 1).expect("the set fits");
        let teacher = Teacher::Known(&answers);
        assert!(teacher.check(5, 1, 3).is_ok() && teacher.check(5, 0, 3).is_ok());
        for (samples, reach, outputs) in [(6, 1, 3), (5, 2, 3), (5, 1, 4)] {
            let refused = teacher.check(samples, reach, outputs);
            assert!(matches!(refused, Err(NetworkError::Answers { .. })), "{refused:?}");
        }
        let narrow = Network::new(&[11, 3], Stream::root(4)).expect("widths");
        assert!(matches!(Answers::of(&narrow, &set(5), 1), Err(NetworkError::Data { .. })));
    }
}
