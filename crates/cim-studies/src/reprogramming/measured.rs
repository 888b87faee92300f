//! What was measured.

use cim_report::Estimate;
use cim_tile::reprogram::{Bill, Counts};

use super::methods::UNSORTED;
use crate::shared::estimates::estimate;
use crate::shared::subject::over_images;

/// One network.
pub struct OfSubject {
    /// Name in figures.
    pub key: &'static str,
    /// Name for readers.
    pub name: String,
    /// Weights in all.
    pub weights: usize,
    /// Accuracy as numbers in single precision, if anybody can say.
    pub digital: Option<f64>,
    /// Every method, in the order of [`Spec::methods`](super::spec::Spec::methods).
    pub methods: Vec<OfMethod>,
    /// Writes of the baseline and of methods over strides: name, and ratio at every stride.
    pub strides: Vec<(&'static str, Vec<(usize, Estimate)>)>,
    /// Weights that are off, against the writes that saves: name, and points.
    pub errors: Vec<(&'static str, Vec<Point>)>,
}

/// One way to leave writes out.
pub struct Point {
    /// Error of weights (steps, rms), ratio to the baseline, accuracy.
    pub run: OfMethod,
    /// Ratio to the baseline.
    pub ratio: Estimate,
}

/// What a method came to.
pub struct OfMethod {
    /// Counts of every draw.
    pub draws: Vec<Counts>,
    /// What one pass of the first draw costs.
    pub bill: Bill,
    /// Bits of the list of places.
    pub index_bits: u64,
    /// Readings of sections for one vector of inputs.
    pub readings: u64,
    /// Error of the products of white inputs against those of the rounded weights, rms over layers, of
    /// every draw.
    pub output_error: Vec<f64>,
    /// Whether each image is recognised, by draw.
    pub right: Option<Vec<Vec<f64>>>,
}

impl OfMethod {
    /// Accuracy, over all draws.
    pub fn accuracy(&self) -> Option<f64> {
        let right = self.right.as_ref()?;
        let images: usize = right.iter().map(Vec::len).sum();
        Some(right.iter().flatten().sum::<f64>() / images as f64)
    }

    /// Of each image the mean over draws, which share their images.
    fn by_image(&self) -> Option<Vec<f64>> {
        let right = self.right.as_ref()?;
        let images = right.first().map_or(0, Vec::len);
        let mean =
            |image: usize| right.iter().map(|draw| draw[image]).sum::<f64>() / right.len() as f64;
        Some((0..images).map(mean).collect())
    }

    /// Error of a weight (steps, rms).
    pub fn rms_error(&self) -> Estimate {
        estimate(&self.draws.iter().map(Counts::rms_error).collect::<Vec<_>>())
    }

    /// How many times fewer cells are written than by `baseline`.
    pub fn ratio(&self, baseline: &Self) -> Estimate {
        let writes = baseline.draws[0].writes() as f64;
        let ratios = self.draws.iter().map(|counts| writes / counts.writes().max(1) as f64);
        estimate(&ratios.collect::<Vec<_>>())
    }

    /// Accuracy that is lost against `exact`, with an interval over images.
    pub fn lost(&self, exact: &Self) -> Option<Estimate> {
        let draws = self.right.as_ref()?.len();
        Some(over_images(&exact.by_image()?, &self.by_image()?, draws))
    }
}

impl OfSubject {
    /// The baseline.
    pub fn baseline(&self) -> &OfMethod {
        &self.methods[UNSORTED]
    }

    /// Ratio of a method.
    pub fn ratio(&self, method: usize) -> Estimate {
        self.methods[method].ratio(self.baseline())
    }

    /// Points of accuracy that a method loses.
    pub fn lost(&self, method: usize) -> Option<Estimate> {
        self.methods[method].lost(self.baseline())
    }
}
