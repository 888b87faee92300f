//! The design of a network by the convex program.

use cim_chip::{
    ChipDesign, ChipError, ChipPreset, Foreign, Goal, LayerInputs, Optimised, Rules, WrittenDesign,
    optimise,
};
use cim_core::Joules;
use ndarray::ArrayView2;

use super::stages::give_sign;
use crate::error::StudyError;

/// What the optimiser chose for a network, and what it is better by.
pub struct Chosen {
    /// The design, as a file says it.
    pub written: WrittenDesign,
    /// Its certificate and all that comes with it.
    pub optimised: Optimised,
    /// Squared error of the products per unit of their power in closed form, mean over products, of
    /// the preset's policy and of the design.
    pub error: [f64; 2],
    /// Whether row converters were given a sign.
    pub made_signed: bool,
}

/// Optimises window, read voltage, weight clips and full scales of `network` for the samples of
/// `calibration`, within `energy` of cells and sense amplifiers where it is given.
///
/// # Errors
/// [`StudyError::Refused`] where the preset lacks a section, errors of the optimiser.
pub fn optimised(
    network: &Foreign,
    mut chip: ChipPreset,
    calibration: ArrayView2<'_, f32>,
    energy: Option<Joules>,
) -> Result<Chosen, StudyError> {
    let (Some(section), Some(prices)) = (chip.optimiser, chip.energy) else {
        return Err(StudyError::Refused {
            what: "the preset has not both sections optimiser and energy".into(),
            help: "add them; `cim preset paper` has both".into(),
        });
    };
    let inputs = LayerInputs::driven(network, calibration)?;
    let made_signed = give_sign(&mut chip, &inputs);
    let policy = chip.converters.full_scale;
    let start = ChipDesign::by_policy(chip.parts()?, network, &inputs, policy)?;
    let rules = Rules { optimiser: &section, circuit: &chip.circuit, energy: &prices };
    let goal = Goal { energy, ..Goal::of(true, true) };
    let optimised = optimise(rules, &start, network, &inputs, goal)?;
    let error = |design: &ChipDesign| -> Result<f64, ChipError> {
        let errors = design.errors(network, &inputs)?;
        Ok(errors.iter().map(|layer| layer.shares().total()).sum::<f64>() / errors.len() as f64)
    };
    let error = [error(&start)?, error(&optimised.design)?];
    let written = WrittenDesign::of(&optimised.design, network);
    Ok(Chosen { written, optimised, error, made_signed })
}
