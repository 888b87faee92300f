//! What a network says without any chip.

use ndarray::{Array2, ArrayView2};

use crate::error::ChipError;
use crate::mapped::Mapped;
use crate::task::Task;

/// What the network says digitally, which chips are compared with.
#[derive(Clone, Debug)]
pub struct Reference {
    outputs: Array2<f32>,
    power: f64,
    /// Its score.
    pub score: f64,
}

impl Reference {
    /// Runs `task` digitally.
    ///
    /// # Errors
    /// [`ChipError::NotFinite`] for an answer that is no number; errors of the network and of the task.
    pub fn of(network: &impl Mapped, task: &Task) -> Result<Self, ChipError> {
        let outputs = network.digital_outputs(task.samples())?;
        if let Some(((sample, _), &value)) = outputs.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(ChipError::NotFinite { sample, value });
        }
        let score = task.score(outputs.view())?;
        let power = mean_square(&outputs);
        Ok(Self { power: if power > 0.0 { power } else { 1.0 }, outputs, score })
    }

    /// Samples × outputs.
    pub fn outputs(&self) -> ArrayView2<'_, f32> {
        self.outputs.view()
    }

    /// Mean squared error of `outputs`, per unit of signal power; where the network says nothing but zeros, the squared
    /// error as it is.
    pub(crate) fn error_of(&self, outputs: &Array2<f32>) -> f64 {
        mean_square(&(outputs - &self.outputs)) / self.power
    }
}

fn mean_square(m: &Array2<f32>) -> f64 {
    m.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() / m.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use cim_nn::{Layer, Network};
    use ndarray::Array1;

    use super::*;
    use crate::task::{Metric, Truth};

    #[test]
    fn outputs_of_nothing_have_finite_errors() {
        let layer = Layer { weights: Array2::zeros((3, 2)), bias: Array1::zeros(2) };
        let network = Network::from_layers(vec![layer]).expect("one layer");
        let truth = Truth::Targets(Array2::zeros((4, 2)));
        let task = Task::new(Array2::ones((4, 3)), truth, Metric::Mse).expect("a task");
        let reference = Reference::of(&network, &task).expect("it answers");
        assert_eq!(reference.error_of(&Array2::from_elem((4, 2), 0.5)), 0.25);
    }
}
