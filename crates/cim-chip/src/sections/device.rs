//! `[device]`: the cell and what comes on top of it.
//!
//! Any model, published or with its own numbers, with any effects around it, in every preset:
//!
//! ```toml
//! [device]
//! model = { kind = "published", name = "pcm" }
//! effects = []
//! ```

use std::sync::Arc;

use cim_core::{Siemens, Volts};
use cim_device::{Conduction, Device, GaussianSpec};

use super::need::{need, need_not_negative, need_within};
use crate::error::ChipError;

pub use cim_device::{DeviceSpec, EffectSpec, ModelSpec};

/// Checks the specification and builds the device; of 1 S at most.
///
/// # Errors
/// [`ChipError::Device`] of the part that is wrong.
pub fn build(spec: &DeviceSpec) -> Result<Arc<dyn Device>, ChipError> {
    if let Some(cell) = gaussian(spec) {
        for (law, noise) in [("programming", &cell.programming), ("read", &cell.read)] {
            let key = |name: &str| format!("device.model.{law}.{name}");
            for (name, sigma) in [
                ("constant", noise.constant),
                ("inverse", noise.inverse),
                ("inverse_at", noise.inverse_at),
                ("linear", noise.linear),
            ] {
                need_within(&key(name), sigma, Siemens::ZERO, MOST)?;
            }
            need_within(&key("proportional"), noise.proportional, 0.0, 1.0)?;
        }
        if let Conduction::Sinh { scale } = cell.current_voltage {
            need_within("device.model.current_voltage.scale", scale, Volts(1e-6), Volts(1e6))?;
        }
    }
    let help = "name few effects: each is a device around the one before";
    need(spec.effects.len() <= MOST_EFFECTS, "device.effects", spec.effects.len(), help)?;
    let device = spec.clone().build()?;
    let top = device.window().g_max;
    need(
        top <= MOST,
        "device.model",
        format!("a cell of up to {top}"),
        &format!("no cell conducts more than {MOST}: is it meant in uS?"),
    )?;
    Ok(device)
}

/// Effects around one cell.
const MOST_EFFECTS: usize = 32;

/// The most that one cell conducts: a whole array of real cells conducts less.
const MOST: Siemens = Siemens(1.0);

/// The numbers of a Gaussian cell, if that is what the model is.
pub fn gaussian(spec: &DeviceSpec) -> Option<&GaussianSpec> {
    match &spec.model {
        ModelSpec::Gaussian(gaussian) => Some(gaussian),
        _ => None,
    }
}

/// The same device with `scale` times the programming noise; of a Gaussian cell, whose noise is two
/// numbers (the inverse and linear parts stay).
///
/// # Errors
/// [`ChipError::Section`] for a factor that cannot be, or for any other model: its noise is a law.
pub fn with_programming_noise(spec: &DeviceSpec, scale: f64) -> Result<DeviceSpec, ChipError> {
    need_not_negative("sweeps.programming_scale", scale, scale)?;
    let mut scaled = spec.clone();
    let ModelSpec::Gaussian(gaussian) = &mut scaled.model else {
        return need(
            false,
            "sweeps.programming_scale",
            scale,
            "only the noise of a gaussian cell can be scaled: give [] with another model",
        )
        .map(|()| scaled);
    };
    gaussian.programming.constant = Siemens(gaussian.programming.constant.0 * scale);
    gaussian.programming.proportional *= scale;
    Ok(scaled)
}
