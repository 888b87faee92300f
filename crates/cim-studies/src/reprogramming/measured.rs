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
    /// Methods over strides: name, and what it came to at every stride.
    pub strides: Vec<(&'static str, Vec<(usize, Point)>)>,
    /// Weights that are off, against the writes that saves: name, and points.
    pub errors: Vec<(&'static str, Vec<Point>)>,
    /// All rules at every stride; nothing for a network that nothing is asked of.
    pub by_stride: Vec<AtStride>,
}

/// Sorted layers and columns at one stride, by all rules that are swept.
pub struct AtStride {
    /// From one section of a crossbar to its next.
    pub stride: usize,
    /// Name of every rule, and what it came to.
    pub rules: Vec<(String, Point)>,
    /// Which of them has the least error of products; its images are judged.
    pub least: usize,
}

impl AtStride {
    /// Of rules the one with the least error of products among those that save as much as is asked, else the one
    /// that saves most. No image has a say.
    pub fn least_of(rules: &[(String, Point)], asked: f64) -> usize {
        let all = || rules.iter().map(|(_, point)| point).enumerate();
        let saving = all().filter(|(_, point)| asked <= point.ratio.mean);
        let error = |point: &Point| point.run.error_of_products().mean;
        let least = saving.min_by(|a, b| error(a.1).total_cmp(&error(b.1)));
        let most = || all().max_by(|a, b| a.1.ratio.mean.total_cmp(&b.1.ratio.mean));
        least.or_else(most).map_or(0, |(idx, _)| idx)
    }

    /// The rule with the least error.
    pub fn least(&self) -> &(String, Point) {
        &self.rules[self.least]
    }
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

    /// Error of products with white inputs.
    pub fn error_of_products(&self) -> Estimate {
        estimate(&self.output_error)
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

    /// At the middle one of the strides.
    pub fn at_moderate_stride(&self) -> Option<&AtStride> {
        self.by_stride.get(self.by_stride.len() / 2)
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

#[cfg(test)]
mod tests {
    use cim_core::{Joules, Seconds};

    use super::*;

    #[test]
    fn the_rule_of_least_error_saves_what_is_asked_for() {
        let rule = |(ratio, error): (f64, f64)| {
            let run = OfMethod {
                draws: vec![Counts::default()],
                bill: Bill { energy: Joules(0.0), time: Seconds(0.0), passes: 1.0 },
                index_bits: 0,
                readings: 0,
                output_error: vec![error],
                right: None,
            };
            (String::new(), Point { run, ratio: Estimate::exact(ratio) })
        };
        let rules = [(10.0, 0.1), (33.0, 0.3), (22.0, 0.2), (90.0, 0.9)].map(rule);
        assert_eq!(AtStride::least_of(&rules, 5.0), 0);
        assert_eq!(AtStride::least_of(&rules, 21.0), 2);
        // None saves as much: the one that saves most.
        assert_eq!(AtStride::least_of(&rules, 100.0), 3);
    }
}
