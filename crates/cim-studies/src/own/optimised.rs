//! The design of a network by the convex program.

use std::fmt;

use cim_chip::{
    ChipDesign, ChipError, ChipPreset, Follow, Foreign, Goal, LayerInputs, Optimised, Rules,
    Scaled, Scaling, WrittenDesign, best_scalings, optimise_followed,
};
use cim_core::{Amps, Joules};
use cim_report::Timing;
use ndarray::ArrayView2;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::followed::Followed;
use super::stages::give_sign;
use crate::context::Context;
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
    /// How long each stage took.
    pub timing: Timing,
}

/// The stage in which samples go through the network.
const SAMPLES: &str = "samples through the network";

/// Optimises scaling, window, read voltage, clips and full scales of `network` for the samples of
/// `calibration`, within `energy` of cells and sense amplifiers where it is given.
///
/// # Errors
/// [`StudyError::Refused`] where the preset lacks a section, errors of the optimiser.
pub fn optimised(
    network: &Foreign,
    mut chip: ChipPreset,
    calibration: ArrayView2<'_, f32>,
    energy: Option<Joules>,
    context: &Context<'_>,
) -> Result<Chosen, StudyError> {
    let (Some(section), Some(prices)) = (chip.optimiser, chip.energy) else {
        let sections = [("optimiser", chip.optimiser.is_none()), ("energy", chip.energy.is_none())];
        let missing: Vec<&str> =
            sections.into_iter().filter(|(_, missing)| *missing).map(|(name, _)| name).collect();
        return Err(StudyError::Refused {
            what: format!("the preset has no section {}", missing.join(" and no section ")),
            help: "add what is missing; `cim preset paper` has both".into(),
        });
    };
    let follow = Followed::new(context);
    follow.begins(SAMPLES, 1);
    let inputs = LayerInputs::driven(network, calibration)?;
    if let Some(most) = inputs.limits().iter().find(|most| most.is_subnormal()) {
        return Err(StudyError::Refused {
            what: format!("no input of a product of the network is above {most:e}"),
            help: "scale its samples to a usual size".into(),
        });
    }
    let made_signed = give_sign(&mut chip, &inputs);
    let parts = chip.parts()?;
    let as_preset = Scaled::alike(network, chip.scaling());
    let inputs_as_preset = LayerInputs::driven(&as_preset, calibration)?;
    let as_preset_says = chip.design(parts.clone(), &as_preset, &inputs_as_preset)?;
    let rules = Rules { optimiser: &section, circuit: &chip.circuit, energy: &prices };
    let goal = Goal { energy, search_inputs: true, ..Goal::of(true, true) };
    // What the preset says of scaling is what the chip can do.
    let scalings = match chip.scaling {
        Some(section) => vec![section.by; inputs.limits().len()],
        None => best_scalings(rules, &parts, network, &inputs, goal.felt, &follow)?,
    };
    follow.begins(SAMPLES, 1);
    let scaled = Scaled::new(network, &scalings);
    let inputs = LayerInputs::driven(&scaled, calibration)?;
    let start = chip.design(parts, &scaled, &inputs)?;
    need_writable(&WrittenDesign::of(&start, &scaled))?;
    let optimised = optimise_followed(rules, &start, &scaled, &inputs, goal, &follow)?;
    follow.begins("errors in closed form", 1);
    let error = |design: &ChipDesign,
                 network: &Scaled<'_, Foreign>,
                 inputs: &LayerInputs|
     -> Result<f64, ChipError> {
        let errors = design.errors_of_outputs(network, inputs)?;
        Ok(errors.iter().map(|layer| layer.shares().total()).sum::<f64>() / errors.len() as f64)
    };
    let error = [
        error(&as_preset_says, &as_preset, &inputs_as_preset)?,
        error(&optimised.design, &scaled, &inputs)?,
    ];
    let written = WrittenDesign::of(&optimised.design, &scaled);
    need_writable(&written)?;
    Ok(Chosen { written, optimised, error, made_signed, timing: follow.into_timing() })
}

/// Refuses a design that its own reader would.
fn need_writable(design: &WrittenDesign) -> Result<(), StudyError> {
    design.check().map_err(|error| StudyError::Refused {
        what: format!("no design of this network can be written: {error}"),
        help: format!(
            "scale its weights and samples to a usual size{}",
            error.help().map_or_else(String::new, |help| format!("; of designs {help}"))
        ),
    })
}

impl Chosen {
    /// The text of the file that says the design.
    ///
    /// # Errors
    /// [`StudyError::Refused`] where a number cannot be written.
    pub fn toml(&self) -> Result<String, StudyError> {
        toml::to_string(&self.written).map_err(|error| StudyError::Refused {
            what: format!("the design cannot be written: {error}"),
            help: "check the weights and the samples".into(),
        })
    }
}

/// The design as its file has it, and what it is better by: all but the times.
impl Serialize for Chosen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [as_preset, error] = self.error;
        let mut fields = serializer.serialize_struct("Chosen", 6)?;
        fields.serialize_field("design", &self.written)?;
        fields.serialize_field("error", &error)?;
        fields.serialize_field("error_as_preset", &as_preset)?;
        let energy_j = self.optimised.chosen_energy.0;
        fields.serialize_field("array_and_sense_energy_j", &energy_j)?;
        let gap = self.optimised.conic.certificate.gap;
        fields.serialize_field("certified_gap", &gap)?;
        fields.serialize_field("made_signed", &self.made_signed)?;
        fields.end()
    }
}

/// A table for a terminal.
impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { written, optimised, error: [before, after], made_signed, .. } = self;
        let (g_min, g_max) = (written.g_min, written.g_max);
        writeln!(f, "conductance window  {g_min:.3} to {g_max:.3}")?;
        writeln!(f, "read voltage        {:.2}", written.read_voltage)?;
        writeln!(f, "error / signal      {after:.3e} (as the preset says {before:.3e})")?;
        if before < after {
            writeln!(
                f,
                "                    (energy_tolerance gives error for energy, and the preset says more)"
            )?;
        }
        writeln!(f, "cells and sensing   {:.2} per inference", optimised.chosen_energy)?;
        writeln!(f, "certified gap       {:.1e}", optimised.conic.certificate.gap)?;
        for product in &written.product {
            let scales = product.full_scale.iter().flatten();
            let least = Amps(scales.clone().fold(f64::INFINITY, |a, b| a.min(b.0)));
            let most = Amps(scales.fold(0.0f64, |a, b| a.max(b.0)));
            let (name, clip, limit) = (&product.name, product.weight_clip, product.input_limit);
            let scaled = match product.scaling {
                Scaling::None => "not scaled".to_owned(),
                scaling => format!("scaled by {}", scaling.name()),
            };
            writeln!(
                f,
                "{name}: {scaled}, inputs up to {limit:.4}, weight clip {clip:.4}, full scale {least:.2} to {most:.2}"
            )?;
        }
        if *made_signed {
            writeln!(
                f,
                "inputs have both signs: row converters are bipolar, as cim eval makes them"
            )?;
        }
        Ok(())
    }
}
