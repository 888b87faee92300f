//! What was measured.

use cim_core::Tally;
use cim_dynamics::spiking::{Rule, Work};
use cim_report::Estimate;
use ndarray::Array2;

use crate::shared::estimates::{estimate, paired};

/// Numbers of the ways in [`WAYS`].
pub const BP: usize = 0;
/// Drawn matrices.
pub const DFA: usize = 1;
/// Matrices of the pretrained weights.
pub const ALIGNED: usize = 2;

/// Ways of adapting that are compared: key, words, and whose costs they have.
pub const WAYS: [(&str, &str, Rule); 3] = [
    ("bp", "backpropagation", Rule::Backpropagation),
    ("dfa", "feedback alignment, drawn matrices", Rule::FeedbackAlignment),
    ("aligned", "feedback alignment, matrices of the pretrained weights", Rule::FeedbackAlignment),
];

/// One chip that was adapted to one subject by one way.
#[derive(Clone, Copy, Debug)]
pub struct OfWay {
    /// Accuracy on the later windows.
    pub after: f64,
    /// Work of one window, as it was run and written.
    pub work: Work,
    /// Pairs of cells written for a window.
    pub pairs: f64,
    /// Energy of the pulses for a window by the cells' own law (J).
    pub pulse_j: f64,
}

/// One chip on one subject.
#[derive(Clone, Debug)]
pub struct OfChip {
    /// Accuracy on the later windows before adaptation.
    pub before: f64,
    /// After adaptation by each way.
    pub ways: [OfWay; WAYS.len()],
    /// Counts of all reads.
    pub tally: Tally,
}

/// Chips in one state of their cells, by subject and seed.
pub struct Runs(pub Vec<Vec<OfChip>>);

/// One subject left out, in numbers.
#[derive(Clone, Copy, Debug)]
pub struct Fold {
    /// Accuracy on all windows of the subject.
    pub all: f64,
    /// Accuracy on the later windows.
    pub late: f64,
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
    /// On cells as they were written.
    pub fresh: Runs,
    /// On the same cells after the time of the preset.
    pub drifted: Runs,
    /// Accuracy in numbers with windows of all subjects mixed.
    pub mixed: f64,
    /// For pictures.
    pub shown: Shown,
}

impl Runs {
    /// Means over subjects of a value, one a seed.
    pub fn by_seed(&self, value: impl Fn(&OfChip) -> f64) -> Vec<f64> {
        let seeds = self.0.first().map_or(0, Vec::len);
        let mean = |seed: usize| {
            self.0.iter().map(|chips| value(&chips[seed])).sum::<f64>() / self.0.len() as f64
        };
        (0..seeds).map(mean).collect()
    }

    /// A value over seeds.
    pub fn over_seeds(&self, value: impl Fn(&OfChip) -> f64) -> Estimate {
        estimate(&self.by_seed(value))
    }

    /// A value over subjects, each a mean over seeds.
    pub fn over_subjects(&self, value: impl Fn(&OfChip) -> f64) -> Estimate {
        let mean = |chips: &Vec<OfChip>| chips.iter().map(&value).sum::<f64>() / chips.len() as f64;
        estimate(&self.0.iter().map(mean).collect::<Vec<_>>())
    }

    /// Accuracy before adaptation.
    pub fn before(&self) -> Estimate {
        self.over_seeds(|chip| chip.before)
    }

    /// Accuracy after adaptation by a way.
    pub fn after(&self, way: usize) -> Estimate {
        self.over_seeds(|chip| chip.ways[way].after)
    }

    /// What one way gains over another, seed by seed.
    pub fn gain(&self, way: usize, over: usize) -> Estimate {
        self.over_seeds(|chip| chip.ways[way].after - chip.ways[over].after)
    }

    /// What a way gains over doing nothing, seed by seed.
    pub fn gain_over_nothing(&self, way: usize) -> Estimate {
        self.over_seeds(|chip| chip.ways[way].after - chip.before)
    }
}

impl Measured {
    /// One value a subject.
    pub fn by_fold(&self, value: impl Fn(&Fold) -> f64) -> Vec<f64> {
        self.folds.iter().map(value).collect()
    }

    /// What drift takes from chips that are not adapted, seed by seed.
    pub fn drift(&self) -> Estimate {
        let [drifted, fresh] =
            [&self.drifted, &self.fresh].map(|runs| runs.by_seed(|chip| chip.before));
        paired(&drifted, &fresh)
    }
}
