//! As many equal pulses as the distance to the target needs.

use cim_core::{Seconds, Stream, Tally, Volts};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::programmer::Programmer;
use super::pulse::{Pulse, PulseCells};
use super::verify::{Rule, Step, VerifySpec, positive, run};
use crate::error::DeviceError;

/// A [`PulseCount`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PulseCountSpec {
    /// Amplitude of the pulses that raise.
    pub voltage_up: Volts,
    /// Amplitude of those that lower.
    pub voltage_down: Volts,
    /// Width of every pulse.
    pub width: Seconds,
    /// Most pulses between two reads.
    pub most_pulses: u32,
    /// How cells are verified.
    pub verify: VerifySpec,
}

impl PulseCountSpec {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] for an amplitude, width or number of pulses that is nothing.
    pub fn build(self) -> Result<PulseCount, DeviceError> {
        for (name, value) in [
            ("voltage_up", self.voltage_up.0),
            ("voltage_down", self.voltage_down.0),
            ("width", self.width.0),
            ("most_pulses", f64::from(self.most_pulses)),
        ] {
            positive(name, value)?;
        }
        self.verify.build()?;
        Ok(PulseCount { spec: self })
    }
}

/// Trains of equal pulses, as long as a typical cell would need from where it is.
///
/// *Law:* `n = round(|T − y| / ΔG)` with the mean step `ΔG` of a typical cell at the level that was
/// read, from 1 to the most pulses; a train at the most is counted as limited.
///
/// *Parameters:* [`PulseCountSpec`]. The steps are those that a calibration of many cells finds
/// ([`PulseCells::typical_after`]).
///
/// *Source:* a scheme in common use; the clip of `n` to 1 to 1000 ours.
///
/// *Not modelled:* a calibration that is itself noisy, half-select stress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PulseCount {
    spec: PulseCountSpec,
}

impl Rule for PulseCount {
    type State = ();

    fn start(&self, _: &dyn PulseCells, _: f64) {}

    fn next(&self, cells: &dyn PulseCells, (): &mut (), target_s: f64, read_s: f64) -> Step {
        let spec = &self.spec;
        let volts = if target_s < read_s { -spec.voltage_down.0 } else { spec.voltage_up.0 };
        let one = Pulse::one(volts, spec.width.0);
        let window = cells.window();
        let level_s = read_s.clamp(window.g_min.0, window.g_max.0);
        let step_s = (cells.typical_after(level_s, one) - level_s).abs();
        let most = f64::from(spec.most_pulses);
        // No step at all asks for infinitely many pulses.
        let asked = ((target_s - read_s).abs() / step_s).round();
        Step::one(Pulse { repeats: asked.clamp(1.0, most) as u32, ..one }, most < asked)
    }
}

impl Programmer for PulseCount {
    fn name(&self) -> &'static str {
        "pulse-count"
    }

    fn program_chosen(
        &self,
        cells: &mut dyn PulseCells,
        target_s: ArrayView2<'_, f64>,
        chosen: ArrayView2<'_, bool>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Outcome, DeviceError> {
        run(self, &self.spec.verify, cells, target_s, chosen, at, tally)
    }
}
