//! Ways of programming, and cells to program, as written in a file.

use cim_core::{Seconds, Stream};
use serde::{Deserialize, Serialize};

use super::igvva::IgvvaSpec;
use super::ispva::IspvaSpec;
use super::one_shot::OneShotSpec;
use super::programmer::{Programmer, ProgrammerSource};
use super::pulse::PulseCells;
use super::pulse_count::PulseCountSpec;
use super::relaxation::RelaxationSpec;
use super::rewritten::{AmplitudeSpec, Rewritten};
use super::synaptogen::SynaptogenPulsed;
use super::trim::TrimSpec;
use super::vipi::VipiSpec;
use crate::error::DeviceError;
use crate::models::ThresholdSpec;
use crate::spec::DeviceSpec;
use crate::window::Window;

/// A way of programming.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ProgrammerSpec {
    /// [`OneShot`](super::OneShot).
    OneShot(OneShotSpec),
    /// [`Ispva`](super::Ispva).
    Ispva(IspvaSpec),
    /// [`Igvva`](super::Igvva).
    Igvva(IgvvaSpec),
    /// [`PulseCount`](super::PulseCount).
    PulseCount(PulseCountSpec),
    /// [`Vipi`](super::Vipi).
    Vipi(VipiSpec),
    /// [`OpenLoopThenTrim`](super::OpenLoopThenTrim).
    Trim(TrimSpec<Self>),
    /// [`RelaxationAware`](super::RelaxationAware).
    Relaxation(RelaxationSpec<Self>),
}

impl ProgrammerSpec {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] of the part that is wrong.
    pub fn build(self) -> Result<Box<dyn Programmer>, DeviceError> {
        Ok(match self {
            Self::OneShot(spec) => Box::new(spec.build()?),
            Self::Ispva(spec) => Box::new(spec.build()?),
            Self::Igvva(spec) => Box::new(spec.build()?),
            Self::PulseCount(spec) => Box::new(spec.build()?),
            Self::Vipi(spec) => Box::new(spec.build()?),
            Self::Trim(spec) => Box::new(spec.build()?),
            Self::Relaxation(spec) => Box::new(spec.build()?),
        })
    }
}

impl ProgrammerSource for ProgrammerSpec {
    fn build(self) -> Result<Box<dyn Programmer>, DeviceError> {
        Self::build(self)
    }
}

/// Cells that pulses change.
#[expect(clippy::large_enum_variant, reason = "a file has one, and it is built once")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "cells", rename_all = "kebab-case")]
pub enum PulseCellsSpec {
    /// [`Threshold`](crate::Threshold).
    Threshold(ThresholdSpec),
    /// [`SynaptogenPulsed`] with the published parameters.
    Synaptogen {
        /// Width of calibrated pulses.
        width: Seconds,
    },
    /// [`Rewritten`].
    Rewritten {
        /// Whose law the cells follow.
        device: DeviceSpec,
        /// What an amplitude means.
        amplitude: AmplitudeSpec,
    },
}

impl PulseCellsSpec {
    /// Fresh cells, rows × columns.
    ///
    /// # Errors
    /// [`DeviceError`] of the cells.
    pub fn fresh(
        &self,
        (rows, cols): (usize, usize),
        at: Stream,
    ) -> Result<Box<dyn PulseCells>, DeviceError> {
        Ok(match self {
            Self::Threshold(spec) => Box::new(spec.build()?.cells(rows, cols, at)),
            Self::Synaptogen { width } => {
                Box::new(SynaptogenPulsed::published(rows, cols, *width, at)?)
            }
            Self::Rewritten { device, amplitude } => {
                let device = device.clone().build()?;
                Box::new(Rewritten::fresh(device, (rows, cols), *amplitude, at)?)
            }
        })
    }

    /// Conductances that can be asked of them.
    ///
    /// # Errors
    /// [`DeviceError`] of the cells.
    pub fn window(&self) -> Result<Window, DeviceError> {
        Ok(self.fresh((0, 0), Stream::root(0))?.window())
    }
}
