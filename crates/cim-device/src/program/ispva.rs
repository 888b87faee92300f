//! Incremental step pulses with verify (ISPVA, ISPP).

use cim_core::{Seconds, Stream, Tally, Volts};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::programmer::Programmer;
use super::pulse::{Pulse, PulseCells};
use super::verify::{Rule, Step, VerifySpec, positive, run};
use crate::error::DeviceError;

/// An [`Ispva`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IspvaSpec {
    /// First amplitude of a rise.
    pub start_up: Volts,
    /// First amplitude of a fall.
    pub start_down: Volts,
    /// By how much each pulse is above the one before.
    pub step: Volts,
    /// Greatest amplitude.
    pub greatest_voltage: Volts,
    /// Width of every pulse.
    pub width: Seconds,
    /// Changes of polarity after which a cell is given up.
    pub most_reversals: u32,
    /// How cells are verified.
    pub verify: VerifySpec,
}

impl IspvaSpec {
    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] for an amplitude, step or width that is not positive, or a start
    /// above the greatest amplitude.
    pub fn build(self) -> Result<Ispva, DeviceError> {
        for (name, value) in [
            ("start_up", self.start_up.0),
            ("start_down", self.start_down.0),
            ("step", self.step.0),
            ("width", self.width.0),
        ] {
            positive(name, value)?;
        }
        let highest = self.start_up.0.max(self.start_down.0);
        if !(highest <= self.greatest_voltage.0 && self.greatest_voltage.is_finite()) {
            let (name, value) = ("greatest_voltage", self.greatest_voltage.0);
            return Err(DeviceError::Parameter {
                name,
                value,
                range: "voltages from the starts on",
            });
        }
        self.verify.build()?;
        Ok(Ispva { spec: self })
    }
}

/// Pulses of one width whose voltage climbs until the cell is in its band.
///
/// *Law:* `V_k = V_0 + k ΔV`; after an overshoot the polarity changes and the climb begins again at
/// the `V_0` of that polarity. At the greatest voltage pulses go on, counted as limited.
///
/// *Parameters:* [`IspvaSpec`].
///
/// *Source:* the common scheme of verified RRAM and flash; for the NeuRRAM chip 1.2 V and 1.5 V,
/// steps of 0.1 V, at most 30 reversals (from memory, to be verified).
///
/// *Not modelled:* half-select stress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ispva {
    spec: IspvaSpec,
}

/// Where the climb of a cell is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Climb {
    /// 0 before the first pulse.
    sign: f64,
    steps: u32,
    reversals: u32,
}

impl Rule for Ispva {
    type State = Climb;

    fn start(&self, _: &dyn PulseCells, _: f64) -> Climb {
        Climb::default()
    }

    fn next(&self, _: &dyn PulseCells, climb: &mut Climb, target_s: f64, read_s: f64) -> Step {
        let spec = &self.spec;
        let sign = (target_s - read_s).signum();
        if sign == climb.sign {
            climb.steps += 1;
        } else {
            climb.reversals += u32::from(climb.sign != 0.0);
            (climb.sign, climb.steps) = (sign, 0);
        }
        if spec.most_reversals < climb.reversals {
            return Step::GIVE_UP;
        }
        let start_v = if sign < 0.0 { spec.start_down.0 } else { spec.start_up.0 };
        let asked_v = start_v + f64::from(climb.steps) * spec.step.0;
        // A climb may reach the greatest voltage to rounding.
        let limited = spec.greatest_voltage.0 * (1.0 + 1e-12) < asked_v;
        let volts = asked_v.min(spec.greatest_voltage.0);
        Step::one(Pulse::one(sign * volts, spec.width.0), limited)
    }
}

impl Programmer for Ispva {
    fn name(&self) -> &'static str {
        "ispva"
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

#[cfg(test)]
mod tests {
    use cim_core::Siemens;

    use super::*;
    use crate::models::ThresholdSpec;

    #[test]
    fn the_voltage_climbs_and_begins_again_after_an_overshoot() {
        let verify = VerifySpec {
            band: Siemens(1e-6),
            most_reads: 50,
            conversions: 1,
            read_time: Seconds::ZERO,
        };
        let spec = IspvaSpec {
            start_up: Volts(1.2),
            start_down: Volts(1.5),
            step: Volts(0.1),
            greatest_voltage: Volts(1.6),
            width: Seconds(1e-7),
            most_reversals: 2,
            verify,
        };
        let ispva = spec.build().expect("a programmer");
        let cells = ThresholdSpec::OPENMENA.build().expect("a model").cells(1, 1, Stream::root(0));
        let mut climb = Climb::default();
        let mut volts = |read_us: f64| {
            let step = ispva.next(&cells, &mut climb, 20e-6, read_us * 1e-6);
            (step.pulses[0].volts, step.limited)
        };
        let up = [1.2, 1.3, 1.4, 1.5, 1.6].map(|v: f64| (v, false));
        for wanted in up.into_iter().chain([(1.6, true)]) {
            let got = volts(10.0);
            assert!((got.0 - wanted.0).abs() < 1e-12 && got.1 == wanted.1, "{got:?}");
        }
        assert_eq!(volts(30.0), (-1.5, false));
        assert_eq!(volts(15.0), (1.2, false));
        assert_eq!(volts(30.0), (0.0, false)); // The third reversal gives up.
        for bad in [
            IspvaSpec { step: Volts::ZERO, ..spec },
            IspvaSpec { greatest_voltage: Volts(1.3), ..spec },
            IspvaSpec { verify: VerifySpec { most_reads: 0, ..verify }, ..spec },
        ] {
            assert!(bad.build().is_err());
        }
    }
}
