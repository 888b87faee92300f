//! Simulated chips: a design programmed and measured many times.

use cim_core::{Stream, Tally};
use cim_nn::Dataset;
use cim_nn::network::first_images;
use cim_tile::{Blueprint, Grid};
use ndarray::Array2;

use crate::design::ChipDesign;
use crate::error::ChipError;
use crate::mapped::Mapped;
use crate::task::{Metric, Task, Truth};

/// What a number of chips of one design measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Accuracy of each chip on the test set.
    pub accuracies: Vec<f64>,
    /// Mean squared error of the logits against the same weights computed digitally, per unit
    /// signal power, averaged over chips.
    pub output_mse: f64,
    /// Counts over all chips.
    pub tally: Tally,
}

/// Programs `chips` chips of a design and runs the test set on each. Chip `k` draws below
/// `at.child("chip", k)` whatever the design, so that designs are compared pairwise; `tick` is called
/// after each.
///
/// # Errors
/// [`ChipError::Tile`] for what cannot be programmed.
pub fn measure(
    design: &ChipDesign,
    network: &impl Mapped,
    test: &Dataset,
    chips: usize,
    at: Stream,
    tick: impl Fn(),
) -> Result<Measured, ChipError> {
    let labels = test.labels().iter().map(|&label| u32::from(label)).collect();
    let samples = first_images(test, test.len());
    let task = Task::new(samples, Truth::Labels(labels), Metric::Top1)?;
    let ideal = network.digital_outputs(task.samples())?;
    let power = mean_square(&ideal);
    let mut measured =
        Measured { accuracies: Vec::new(), output_mse: 0.0, tally: Tally::default() };
    for chip_idx in 0..chips {
        let at = at.child("chip", chip_idx as u64);
        let grids = program(design, network, at, &mut measured.tally)?;
        let (logits, tally) = network.outputs(&grids, task.samples())?;
        measured.tally += tally;
        measured.accuracies.push(task.score(logits.view())?);
        measured.output_mse += mean_square(&(&logits - &ideal)) / power / chips as f64;
        tick();
    }
    Ok(measured)
}

/// What every tile of a design is to be programmed to, the same for all its chips.
pub struct ChipBlueprint<'a> {
    pub(crate) design: &'a ChipDesign,
    /// One for each product.
    pub layers: Vec<Blueprint>,
}

impl<'a> ChipBlueprint<'a> {
    /// Works out the targets of every cell.
    ///
    /// # Errors
    /// [`ChipError::Tile`] for weights or wires that have none.
    pub fn of(
        design: &'a ChipDesign,
        network: &impl Mapped,
        tally: &mut Tally,
    ) -> Result<Self, ChipError> {
        let layers = network.products().into_iter().zip(&design.layers);
        let layers = layers
            .map(|(product, own)| Blueprint::of(&design.parts, own, product.weights, tally))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { design, layers })
    }

    /// Programs the chip at `at`, one grid for each product.
    ///
    /// # Errors
    /// [`ChipError::Tile`] for what cannot be programmed.
    pub fn program(&self, at: Stream, tally: &mut Tally) -> Result<Vec<Grid>, ChipError> {
        let layers = self.design.layers.iter().zip(&self.layers).enumerate();
        layers
            .map(|(idx, (own, blueprint))| {
                let at = at.child("layer", idx as u64);
                Ok(Grid::from_blueprint(&self.design.parts, own, blueprint, at, tally)?)
            })
            .collect()
    }
}

/// Programs one chip, one grid for each product.
///
/// # Errors
/// [`ChipError::Tile`] for what cannot be programmed.
pub fn program(
    design: &ChipDesign,
    network: &impl Mapped,
    at: Stream,
    tally: &mut Tally,
) -> Result<Vec<Grid>, ChipError> {
    let products = network.products().into_iter().zip(&design.layers).enumerate();
    products
        .map(|(idx, (product, layer_design))| {
            let at = at.child("layer", idx as u64);
            Ok(Grid::program(&design.parts, layer_design, product.weights, at, tally)?)
        })
        .collect()
}

pub(crate) fn mean_square(m: &Array2<f32>) -> f64 {
    m.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() / m.len().max(1) as f64
}
