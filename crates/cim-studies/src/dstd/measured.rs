//! What was measured.

use cim_dynamics::ttfs::Score;

use crate::shared::epoch::Epoch;

/// Distance of the grid's spike times from exact ones, one value a layer, in windows.
#[derive(Clone, Debug)]
pub struct GridErrors {
    /// Intervals a window.
    pub per_window: usize,
    /// Mean over neurons.
    pub mean: Vec<f64>,
    /// Largest over neurons.
    pub largest: Vec<f64>,
    /// Neurons that fire by one of the two only.
    pub lost: usize,
}

/// Distance of models from a circuit, one value a layer, root of the mean square in windows.
#[derive(Clone, Debug, Default)]
pub struct Discrepancies {
    /// Of ideal current sources.
    pub ideal: Vec<f64>,
    /// Of reversal potentials alone.
    pub rails: Vec<f64>,
    /// Of a membrane of the same equation with the circuit's own rails.
    pub equivalent: Vec<f64>,
    /// Of straight lines through all that the circuit's parts do.
    pub physical: Vec<f64>,
    /// Neurons compared, and neurons that fire by one of physical model and circuit only.
    pub counts: [usize; 2],
}

/// What a training step costs.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    /// Inputs.
    pub inputs: usize,
    /// Seconds a sample of the exact solver, its scan, the grid alone, and the grid with samples side by side, one
    /// value a repeat.
    pub seconds: [Vec<f64>; 4],
    /// Most bytes that they work in at once, beside what goes in and comes out: weights, their gradient, times and
    /// slopes. With samples side by side, of all of them together.
    pub bytes: [usize; 4],
}

/// A network as trained.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Loss and accuracy on images held out, by epoch.
    pub history: Vec<Epoch>,
    /// On the test set, by intervals a window.
    pub tested: Vec<(usize, Score)>,
}

/// The test set at one distance of the rails.
#[derive(Clone, Copy, Debug)]
pub struct AtRails {
    /// Distance in thresholds.
    pub thresholds: f64,
    /// Trained ideal and run with the rails.
    pub ideal: Score,
    /// Trained with them.
    pub physical: Score,
}

/// A few neurons of one layer.
#[derive(Clone, Debug)]
pub struct Traces {
    /// Moments in windows.
    pub moments: Vec<f64>,
    /// Membranes in thresholds, ideal and with rails, neuron by neuron.
    pub membranes: Vec<[Vec<f64>; 2]>,
    /// First spikes of all neurons in windows by the circuit, and by the ideal model.
    pub spikes: [Vec<Option<f64>>; 2],
}

/// Everything.
pub struct Measured {
    /// By intervals a window.
    pub errors: Vec<GridErrors>,
    /// Against Runge–Kutta.
    pub integrated: Discrepancies,
    /// Against a simulator of circuits, where there is one.
    pub simulated: Option<Discrepancies>,
    /// By inputs.
    pub costs: Vec<Cost>,
    /// The network.
    pub network: Trained,
    /// The ideal network run with the rails, and without.
    pub ideal_at: Vec<AtRails>,
    /// Of the ideal network without rails.
    pub ideal: Score,
    /// For pictures.
    pub traces: Traces,
}
