//! Cells and ways of programming by name: constants that suit each other.

use std::fmt;

use cim_core::{Seconds, Siemens, Volts};

use super::igvva::IgvvaSpec;
use super::ispva::IspvaSpec;
use super::one_shot::OneShotSpec;
use super::pulse_count::PulseCountSpec;
use super::relaxation::RelaxationSpec;
use super::rewritten::AmplitudeSpec;
use super::spec::{ProgrammerSpec, PulseCellsSpec};
use super::trim::TrimSpec;
use super::verify::VerifySpec;
use super::vipi::VipiSpec;
use crate::catalogue::{published, published_names};
use crate::error::DeviceError;
use crate::models::{ModelSpec, ThresholdSpec};
use crate::names::unknown;
use crate::spec::DeviceSpec;

/// Ways of programming that have a name.
pub const PROGRAMMERS: &[&str] = &[
    "one-shot",
    "one-shot-verify",
    "ispva",
    "igvva",
    "pulse-count",
    "trim",
    "vipi",
    "vipi-20mv",
    "vipi-fixed",
    "relaxation",
];

/// What cells are called whose every pulse draws from a published law of programming.
const PUBLISHED_LAW: &str = "cells that are known by a law of programming only";

/// Which constants suit the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Threshold,
    Synaptogen,
    Rewritten,
}

/// Cells with a name, and the ways of programming tuned to them.
#[derive(Clone, Debug, PartialEq)]
pub struct CellsPreset {
    /// Their name.
    pub name: String,
    /// What they are.
    pub cells: PulseCellsSpec,
    /// Half-width of the acceptance band that suits them.
    pub band: Siemens,
    family: Family,
}

/// Names of cells that can be programmed by pulses: `openmena`, `synaptogen`, and every published
/// device, whose programming law a pulse then draws from.
pub fn cells_names() -> Vec<&'static str> {
    let mut names = vec!["openmena"];
    names.extend(published_names());
    names
}

impl CellsPreset {
    /// The cells called `name`.
    ///
    /// # Errors
    /// [`DeviceError::UnknownDevice`] with the nearest name.
    pub fn named(name: &str) -> Result<Self, DeviceError> {
        let named = |cells, band, family| Self { name: name.to_owned(), cells, band, family };
        Ok(match name {
            "openmena" => named(
                PulseCellsSpec::Threshold(ThresholdSpec::OPENMENA),
                Siemens(30e-6),
                Family::Threshold,
            ),
            "synaptogen" => named(
                PulseCellsSpec::Synaptogen { width: Seconds(1e-6) },
                Siemens(5e-6),
                Family::Synaptogen,
            ),
            _ if published_names().contains(&name) => {
                let window = published(name)?.device.window();
                let device = DeviceSpec {
                    model: ModelSpec::Published { name: name.to_owned() },
                    effects: Vec::new(),
                };
                let cells = PulseCellsSpec::Rewritten { device, amplitude: AmplitudeSpec::PLAIN };
                // Four percent of the window, as the acceptance of verified arrays often is.
                named(cells, window.span() * 0.04, Family::Rewritten)
            }
            _ => return Err(unknown(name, &cells_names()).device()),
        })
    }

    /// A way of programming them, with an acceptance band of this half-width.
    ///
    /// # Errors
    /// [`DeviceError::UnknownProgrammer`] with the nearest name, and
    /// [`DeviceError::NotPossible`] for one that these cells do not offer.
    pub fn programmer(
        &self,
        programmer: &str,
        band: Siemens,
    ) -> Result<ProgrammerSpec, DeviceError> {
        let verify = self.verify(band);
        let not =
            |programmer, cells, reason| Err(DeviceError::NotPossible { programmer, cells, reason });
        Ok(match (programmer, self.family) {
            ("one-shot", _) => ProgrammerSpec::OneShot(OneShotSpec { shots: 1, verify }),
            ("one-shot-verify", _) => ProgrammerSpec::OneShot(OneShotSpec { shots: 50, verify }),
            ("ispva", _) => ProgrammerSpec::Ispva(self.ispva(verify)),
            ("igvva", Family::Threshold) => ProgrammerSpec::Igvva(igvva(verify)),
            ("igvva", Family::Synaptogen) => {
                return not("igvva", "Synaptogen cells", "they have no access transistor");
            }
            ("igvva", Family::Rewritten) => {
                return not(
                    "igvva",
                    PUBLISHED_LAW,
                    "their law knows no current of an access transistor, which igvva sets",
                );
            }
            ("pulse-count", Family::Threshold) => ProgrammerSpec::PulseCount(PulseCountSpec {
                voltage_up: Volts(0.16),
                voltage_down: Volts(0.16),
                width: Seconds(100e-6),
                most_pulses: 1000,
                verify,
            }),
            ("pulse-count", Family::Synaptogen) => {
                return not("pulse-count", "Synaptogen cells", "equal pulses move them only once");
            }
            ("pulse-count", Family::Rewritten) => {
                return not("pulse-count", PUBLISHED_LAW, "equal pulses move them only once");
            }
            ("trim", _) => ProgrammerSpec::Trim(TrimSpec {
                first: OneShotSpec { shots: 1, verify },
                trim: Box::new(ProgrammerSpec::Ispva(self.ispva(verify))),
            }),
            ("vipi" | "vipi-20mv" | "vipi-fixed", Family::Rewritten) => {
                return not("vipi", PUBLISHED_LAW, "the width of a pulse changes nothing in them");
            }
            ("vipi", _) => ProgrammerSpec::Vipi(self.vipi(band)),
            ("vipi-20mv", _) => {
                ProgrammerSpec::Vipi(VipiSpec { increment: Volts(0.02), ..self.vipi(band) })
            }
            ("vipi-fixed", _) => ProgrammerSpec::Vipi(self.vipi(band).without_increments()),
            ("relaxation", _) => ProgrammerSpec::Relaxation(RelaxationSpec {
                inner: Box::new(ProgrammerSpec::Ispva(self.ispva(verify))),
                passes: 3,
                wait: Seconds(1.0),
                verify,
            }),
            _ => return Err(unknown(programmer, PROGRAMMERS).programmer()),
        })
    }

    fn verify(&self, band: Siemens) -> VerifySpec {
        let (conversions, read_time) = match self.family {
            Family::Threshold => (20, Seconds(5e-3)),
            Family::Synaptogen | Family::Rewritten => (1, Seconds(1e-6)),
        };
        VerifySpec { band, most_reads: 500, conversions, read_time }
    }

    fn ispva(&self, verify: VerifySpec) -> IspvaSpec {
        match self.family {
            Family::Threshold => IspvaSpec {
                start_up: Volts(0.13),
                start_down: Volts(0.11),
                step: Volts(0.01),
                greatest_voltage: Volts(0.4),
                width: Seconds(200e-6),
                most_reversals: 30,
                verify,
            },
            Family::Synaptogen => IspvaSpec {
                start_up: Volts(0.6),
                start_down: Volts(0.65),
                step: Volts(0.01),
                greatest_voltage: Volts(2.0),
                width: Seconds(1e-6),
                most_reversals: 30,
                verify,
            },
            Family::Rewritten => IspvaSpec {
                start_up: Volts(0.5),
                start_down: Volts(0.5),
                step: Volts(0.02),
                greatest_voltage: Volts(1.5),
                width: Seconds(50e-9),
                most_reversals: 30,
                verify,
            },
        }
    }

    fn vipi(&self, band: Siemens) -> VipiSpec {
        let board = VipiSpec::OPENMENA;
        let spec = match self.family {
            Family::Threshold => board,
            // Their thresholds lie higher; width does nothing to them, so it stays short.
            Family::Synaptogen | Family::Rewritten => VipiSpec {
                count: Siemens(0.5e-6),
                zero: Siemens::ZERO,
                width_unit: Seconds(1e-9),
                shortest: Seconds(100e-9),
                longest: Seconds(100e-6),
                amplitude_up: Volts(0.35),
                amplitude_down: Volts(0.35),
                stuck_amplitude: Volts(0.45),
                stuck_width: Seconds(1e-6),
                increment: Volts(0.05),
                greatest_voltage: Volts(2.0),
                conversions: 1,
                read_time: Seconds(1e-6),
                ..board
            },
        };
        VipiSpec { tolerance: band / spec.count, ..spec }
    }
}

fn igvva(verify: VerifySpec) -> IgvvaSpec {
    IgvvaSpec {
        start_gate: Volts(0.4),
        step: Volts(0.01),
        greatest_gate: Volts(1.5),
        transistor_threshold: Volts(0.4),
        transistor_a_per_v2: 1e-4,
        set_voltage: Volts(0.3),
        set_width: Seconds(100e-3),
        reset_voltage: Volts(0.3),
        reset_width: Seconds(100e-3),
        most_overshoots: 10,
        verify,
    }
}

impl fmt::Display for CellsPreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
