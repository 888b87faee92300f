//! What was measured.

use cim_core::Tally;
use cim_dynamics::spiking::{Rule, Work};
use ndarray::Array2;

/// Ways of adapting that are compared: key, words, and whose costs they have.
pub const WAYS: [(&str, &str, Rule); 3] = [
    ("bp", "backpropagation", Rule::Backpropagation),
    ("dfa", "feedback alignment, drawn matrices", Rule::FeedbackAlignment),
    ("aligned", "feedback alignment, matrices of the pretrained weights", Rule::FeedbackAlignment),
];

/// One chip on one subject.
#[derive(Clone, Debug)]
pub struct OfChip {
    /// Accuracy on the later windows before adaptation.
    pub before: f64,
    /// After adaptation by each way.
    pub after: [f64; WAYS.len()],
    /// Pairs written for a window, by each way.
    pub writes: [f64; WAYS.len()],
    /// Energy of the pulses for a window by the cells' own law, by each way (J).
    pub pulse_j: [f64; WAYS.len()],
    /// Counts of all reads.
    pub tally: Tally,
}

/// One subject left out.
#[derive(Clone, Debug)]
pub struct Fold {
    /// Accuracy in numbers on all windows of the subject.
    pub digital_all: f64,
    /// Accuracy in numbers on the later windows.
    pub digital: f64,
    /// Chips by seed.
    pub chips: Vec<OfChip>,
}

/// One window through the network.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The exercise.
    pub exercise: String,
    /// Inputs, steps × channels, in standard deviations.
    pub inputs: Array2<f32>,
    /// Spikes of each layer, steps × neurons.
    pub spikes: Vec<Array2<f32>>,
    /// Membranes of the first layer, steps × neurons.
    pub membranes: Array2<f32>,
}

/// Everything.
pub struct Measured {
    /// By subject.
    pub folds: Vec<Fold>,
    /// Accuracy in numbers with windows of all subjects mixed.
    pub mixed: f64,
    /// Work of one window, by each way, with the writes that were made.
    pub work: [Work; WAYS.len()],
    /// For pictures.
    pub shown: Shown,
}

impl Measured {
    /// Means over subjects of a value, one a seed.
    pub fn by_seed(&self, value: impl Fn(&OfChip) -> f64) -> Vec<f64> {
        let seeds = self.folds.first().map_or(0, |fold| fold.chips.len());
        let mean = |seed: usize| {
            let sum: f64 = self.folds.iter().map(|fold| value(&fold.chips[seed])).sum();
            sum / self.folds.len() as f64
        };
        (0..seeds).map(mean).collect()
    }

    /// The mean over subjects of a value.
    pub fn by_fold(&self, value: impl Fn(&Fold) -> f64) -> Vec<f64> {
        self.folds.iter().map(value).collect()
    }
}
