//! Incremental gate voltage with verify (IGVVA).

use cim_core::{Seconds, Stream, Tally, Volts};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::programmer::Programmer;
use super::pulse::{Pulse, PulseCells};
use super::verify::{Rule, Step, VerifySpec, not_negative, positive, run};
use crate::error::DeviceError;

/// An [`Igvva`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IgvvaSpec {
    /// First gate voltage.
    pub start_gate: Volts,
    /// By how much each gate voltage is above the one before.
    pub step: Volts,
    /// Greatest gate voltage.
    pub greatest_gate: Volts,
    /// Threshold of the access transistor.
    pub transistor_threshold: Volts,
    /// Saturation current of the transistor per squared overdrive (A/V²).
    pub transistor_a_per_v2: f64,
    /// Voltage of the pulses that raise.
    pub set_voltage: Volts,
    /// Width of the pulses that raise.
    pub set_width: Seconds,
    /// Voltage of the pulse that follows an overshoot, with the gate open.
    pub reset_voltage: Volts,
    /// Width of that pulse.
    pub reset_width: Seconds,
    /// Overshoots after which a cell is given up.
    pub most_overshoots: u32,
    /// How cells are verified.
    pub verify: VerifySpec,
}

impl IgvvaSpec {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] for a voltage, step or width that is not positive, or a start of
    /// the gate above its end.
    pub fn build(self) -> Result<Igvva, DeviceError> {
        for (name, value) in [
            ("step", self.step.0),
            ("transistor_a_per_v2", self.transistor_a_per_v2),
            ("set_voltage", self.set_voltage.0),
            ("set_width", self.set_width.0),
            ("reset_voltage", self.reset_voltage.0),
            ("reset_width", self.reset_width.0),
        ] {
            positive(name, value)?;
        }
        not_negative("transistor_threshold", self.transistor_threshold.0)?;
        if !(self.start_gate <= self.greatest_gate && self.greatest_gate.is_finite()) {
            let (name, value) = ("greatest_gate", self.greatest_gate.0);
            return Err(DeviceError::Parameter {
                name,
                value,
                range: "voltages from start_gate on",
            });
        }
        self.verify.build()?;
        Ok(Igvva { spec: self })
    }
}

/// Set pulses of one voltage whose current the gate of the access transistor limits, a little less
/// with each, until the cell is in its band.
///
/// *Law:* `V_g,k = V_g,0 + k ΔV_g`, compliance `I_c = β (V_g − V_T)²` in saturation. After an
/// overshoot one pulse with the gate open resets the cell, and the climb begins again.
///
/// *Parameters:* [`IgvvaSpec`].
///
/// *Source:* the scheme of 4-kbit HfO₂ arrays (Milo et al. 2021), where smaller steps were found to
/// lower the spread and to cost energy. The square law and the reset after an overshoot are ours.
///
/// *Not modelled:* the linear region of the transistor, its spread, half-select stress. Cells without
/// an access transistor are refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Igvva {
    spec: IgvvaSpec,
}

/// Where the climb of a cell is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Climb {
    steps: u32,
    overshoots: u32,
}

impl Rule for Igvva {
    type State = Climb;

    fn start(&self, _: &dyn PulseCells, _: f64) -> Climb {
        Climb::default()
    }

    fn next(&self, _: &dyn PulseCells, climb: &mut Climb, target_s: f64, read_s: f64) -> Step {
        let spec = &self.spec;
        if target_s < read_s {
            climb.overshoots += 1;
            climb.steps = 0;
            if spec.most_overshoots < climb.overshoots {
                return Step::GIVE_UP;
            }
            return Step::one(Pulse::one(-spec.reset_voltage.0, spec.reset_width.0), false);
        }
        let asked_v = spec.start_gate.0 + f64::from(climb.steps) * spec.step.0;
        climb.steps += 1;
        let limited = spec.greatest_gate.0 * (1.0 + 1e-12) < asked_v;
        let gate_v = asked_v.min(spec.greatest_gate.0);
        let overdrive_v = (gate_v - spec.transistor_threshold.0).max(0.0);
        let compliance_a = spec.transistor_a_per_v2 * overdrive_v * overdrive_v;
        let pulse = Pulse { compliance_a, ..Pulse::one(spec.set_voltage.0, spec.set_width.0) };
        Step::one(pulse, limited)
    }
}

impl Programmer for Igvva {
    fn name(&self) -> &'static str {
        "igvva"
    }

    fn program_chosen(
        &self,
        cells: &mut dyn PulseCells,
        target_s: ArrayView2<'_, f64>,
        chosen: ArrayView2<'_, bool>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Outcome, DeviceError> {
        if !cells.limits_current() {
            return Err(DeviceError::NotPossible {
                programmer: "igvva",
                cells: cells.name(),
                reason: "they have no access transistor whose gate could limit the current",
            });
        }
        run(self, &self.spec.verify, cells, target_s, chosen, at, tally)
    }
}
