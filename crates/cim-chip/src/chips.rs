//! Simulated chips: a design programmed and measured many times.

use cim_core::{Stream, Tally};
use cim_tile::{Blueprint, Grid};
use ndarray::Array2;

use crate::design::{ChipDesign, check_layers};
use crate::error::ChipError;
use crate::mapped::Mapped;
use crate::reference::Reference;
use crate::task::Task;

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

/// Programs `chips` chips of a design and runs a task on each, which the network answers digitally as the
/// reference says. Chip `k` draws below
/// `at.child("chip", k)` whatever the design, so that designs are compared pairwise; `tick` is called
/// after each.
///
/// # Errors
/// [`ChipError::Tile`] for what cannot be programmed; errors of the network and of the task.
pub fn measure(
    design: &ChipDesign,
    network: &impl Mapped,
    (test, reference): (&Task, &Reference),
    chips: usize,
    at: Stream,
    tick: impl Fn(),
) -> Result<Measured, ChipError> {
    let mut measured =
        Measured { accuracies: Vec::new(), output_mse: 0.0, tally: Tally::default() };
    for chip_idx in 0..chips {
        let logits = on_chip(design, network, test, (chip_idx, at), &mut measured.tally)?;
        measured.accuracies.push(test.score(logits.view())?);
        measured.output_mse += reference.error_of(&logits) / chips as f64;
        tick();
    }
    Ok(measured)
}

/// What [`measure`] finds of accuracies on the same chips, without a look at what the network says
/// digitally: for choices, which need no more.
///
/// # Errors
/// As [`measure`].
pub fn accuracies(
    design: &ChipDesign,
    network: &impl Mapped,
    test: &Task,
    chips: usize,
    at: Stream,
    tick: impl Fn(),
) -> Result<Vec<f64>, ChipError> {
    let mut tally = Tally::default();
    (0..chips)
        .map(|chip_idx| {
            let logits = on_chip(design, network, test, (chip_idx, at), &mut tally)?;
            tick();
            test.score(logits.view())
        })
        .collect()
}

/// What chip `chip_idx` says to the samples of `test`.
fn on_chip(
    design: &ChipDesign,
    network: &impl Mapped,
    test: &Task,
    (chip_idx, at): (usize, Stream),
    tally: &mut Tally,
) -> Result<Array2<f32>, ChipError> {
    let grids = program(design, network, at.child("chip", chip_idx as u64), tally)?;
    let (logits, own) = network.outputs(&grids, test.samples())?;
    *tally += own;
    Ok(logits)
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
        check_layers(design.parts.mapping.as_ref(), design.layers.len())?;
        let layers = network.products().into_iter().zip(&design.layers).enumerate();
        let layers = layers
            .map(|(idx, (product, own))| {
                Blueprint::of(&design.parts.of_layer(idx), own, product.weights, tally)
            })
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
                let parts = self.design.parts.of_layer(idx);
                Ok(Grid::from_blueprint(&parts, own, blueprint, at, tally)?)
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
            let parts = design.parts.of_layer(idx);
            Ok(Grid::program(&parts, layer_design, product.weights, at, tally)?)
        })
        .collect()
}
