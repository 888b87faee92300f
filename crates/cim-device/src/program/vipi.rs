//! Voltage-incremental proportional-integral programming (VIPI).

use cim_core::{Seconds, Siemens, Stream, Tally, Volts};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::programmer::Programmer;
use super::pulse::{Pulse, PulseCells};
use super::verify::{Rule, Step, Verify, VerifySpec, not_negative, positive, run};
use crate::error::DeviceError;

/// A [`Vipi`] as written in a file: every constant of the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VipiSpec {
    /// Conductance of one count of a read, the unit of everything below.
    pub count: Siemens,
    /// Conductance that reads as no counts.
    pub zero: Siemens,
    /// Dead zone: a cell is left when its target is nearer than so many counts.
    pub tolerance: f64,
    /// Iterations after which a cell is given up.
    pub most_iterations: u32,
    /// Factor between a difference in counts and the error of the controller.
    pub error_gain: f64,
    /// Proportional gain.
    pub proportional: f64,
    /// Integral gain.
    pub integral: f64,
    /// Magnitude at which the integrator stops.
    pub integrator_limit: f64,
    /// Pulse width per unit of control.
    pub width_unit: Seconds,
    /// Shortest pulse.
    pub shortest: Seconds,
    /// Longest pulse.
    pub longest: Seconds,
    /// Amplitude of one side for a rise; the cell sees twice as much.
    pub amplitude_up: Volts,
    /// Amplitude of one side for a fall.
    pub amplitude_down: Volts,
    /// Reads below so many counts take the pulse of a cell that is stuck low.
    pub stuck_below: f64,
    /// Its amplitude of one side.
    pub stuck_amplitude: Volts,
    /// Its width.
    pub stuck_width: Seconds,
    /// Step by which the amplitude of one side grows, half of it for a cell that is stuck low.
    /// Nothing is the same controller without increments.
    pub increment: Volts,
    /// Iterations without success after which it grows.
    pub increment_every: u32,
    /// Greatest voltage across a cell.
    pub greatest_voltage: Volts,
    /// Conversions averaged in one read.
    pub conversions: u32,
    /// Time of one read, settling included.
    pub read_time: Seconds,
}

impl VipiSpec {
    /// Constants of the released script, with the increment of 0.1 V that it holds at zero. Counts
    /// are ours: 2 µS each from 5 µS on, so that the window of the cells of
    /// [`ThresholdSpec::OPENMENA`](crate::ThresholdSpec::OPENMENA) spans the counts of the released
    /// weights; limits of voltage and width are ours too.
    pub const OPENMENA: Self = Self {
        count: Siemens(2e-6),
        zero: Siemens(5e-6),
        tolerance: 15.0,
        most_iterations: 100,
        error_gain: 2.0,
        proportional: 7.0,
        integral: 3.0,
        integrator_limit: 3000.0,
        width_unit: Seconds(60e-6),
        shortest: Seconds(1e-6),
        longest: Seconds(0.5),
        amplitude_up: Volts(0.081),
        amplitude_down: Volts(0.080),
        stuck_below: 1.0,
        stuck_amplitude: Volts(0.11),
        stuck_width: Seconds(50e-6),
        increment: Volts(0.1),
        increment_every: 20,
        greatest_voltage: Volts(0.4),
        conversions: 20,
        read_time: Seconds(5e-3),
    };

    /// The same controller without voltage increments.
    #[must_use]
    pub fn without_increments(self) -> Self {
        Self { increment: Volts::ZERO, ..self }
    }

    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] for a constant that is negative, or zero where that is nothing.
    pub fn build(self) -> Result<Vipi, DeviceError> {
        for (name, value) in [
            ("tolerance", self.tolerance),
            ("count", self.count.0),
            ("error_gain", self.error_gain),
            ("width_unit", self.width_unit.0),
            ("shortest", self.shortest.0),
            ("amplitude_up", self.amplitude_up.0),
            ("amplitude_down", self.amplitude_down.0),
            ("stuck_amplitude", self.stuck_amplitude.0),
            ("stuck_width", self.stuck_width.0),
            ("increment_every", f64::from(self.increment_every)),
            ("greatest_voltage", self.greatest_voltage.0),
        ] {
            positive(name, value)?;
        }
        for (name, value) in [
            ("proportional", self.proportional),
            ("integral", self.integral),
            ("integrator_limit", self.integrator_limit),
            ("increment", self.increment.0),
            ("zero", self.zero.0),
        ] {
            not_negative(name, value)?;
        }
        if !(self.shortest <= self.longest && self.longest.is_finite()) {
            let (name, value) = ("longest", self.longest.0);
            return Err(DeviceError::Parameter {
                name,
                value,
                range: "times from the shortest on",
            });
        }
        let verify = VerifySpec {
            band: Siemens(self.tolerance * self.count.0),
            most_reads: self.most_iterations.saturating_add(1),
            conversions: self.conversions,
            read_time: self.read_time,
        };
        Ok(Vipi { spec: self, verify: verify.build()? })
    }
}

/// A proportional-integral controller of pulse width, whose voltage grows while it fails.
///
/// *Law:* with a read `y` and a target `T` in counts, `e = 2 (T − y)`, `A ← clip(A + e, ±A_max)`,
/// `u = K_p e + K_i A`; stop when `|T − y|` is inside the dead zone; else one pulse of the polarity
/// of `u` and the width `60 µs |u|`, of twice the amplitude `d` across the cell. A cell that reads
/// less than one count gets a pulse of its own. Every 20 iterations without success `d` grows by
/// `dV`, by half of it in the branch of such a cell. Widths and voltages at their limits are
/// counted.
///
/// *Parameters:* [`VipiSpec`].
///
/// *Source:* Safa et al. 2025 (OpenMENA, arXiv 2511.03747), rule and constants as in the released
/// script; there the increment is multiplied by zero, its size of 0.1 V for the scheme proper is
/// inferred.
///
/// *Not modelled:* half-select stress of other cells, the DAC's step of 0.37 mV, rounding of a read
/// to whole counts (it is a mean of 20 conversions).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vipi {
    spec: VipiSpec,
    verify: Verify,
}

/// What the controller remembers of a cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Controller {
    integrator: f64,
    iteration: u32,
}

impl Rule for Vipi {
    type State = Controller;

    fn start(&self, _: &dyn PulseCells, _: f64) -> Controller {
        Controller::default()
    }

    fn next(&self, _: &dyn PulseCells, state: &mut Controller, target_s: f64, read_s: f64) -> Step {
        let spec = &self.spec;
        let counts = |g_s: f64| (g_s - spec.zero.0) / spec.count.0;
        let (wanted, read) = (counts(target_s), counts(read_s));
        let error = spec.error_gain * (wanted - read);
        let limit = spec.integrator_limit;
        state.integrator = (state.integrator + error).clamp(-limit, limit);
        let control = spec.proportional * error + spec.integral * state.integrator;
        let increments = f64::from(state.iteration / spec.increment_every);
        state.iteration += 1;
        let (amplitude_v, asked_s) = if read < spec.stuck_below {
            let amplitude = spec.stuck_amplitude.0 + 0.5 * increments * spec.increment.0;
            (amplitude, spec.stuck_width.0)
        } else {
            let base = if control < 0.0 { spec.amplitude_down } else { spec.amplitude_up };
            (base.0 + increments * spec.increment.0, spec.width_unit.0 * control.abs())
        };
        let asked_v = 2.0 * amplitude_v;
        let volts = asked_v.min(spec.greatest_voltage.0);
        let width_s = asked_s.clamp(spec.shortest.0, spec.longest.0);
        let sign = if control < 0.0 { -1.0 } else { 1.0 };
        Step::one(Pulse::one(sign * volts, width_s), volts != asked_v || width_s != asked_s)
    }
}

impl Programmer for Vipi {
    fn name(&self) -> &'static str {
        "vipi"
    }

    fn program_chosen(
        &self,
        cells: &mut dyn PulseCells,
        target_s: ArrayView2<'_, f64>,
        chosen: ArrayView2<'_, bool>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Outcome, DeviceError> {
        run(self, &self.verify, cells, target_s, chosen, at, tally)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::models::ThresholdSpec;
    use crate::program::End;

    fn published() -> Vipi {
        VipiSpec::OPENMENA.build().expect("a programmer")
    }

    fn of_counts(counts: f64) -> f64 {
        VipiSpec::OPENMENA.zero.0 + counts * VipiSpec::OPENMENA.count.0
    }

    /// Pulses for a target and one read after another, all in counts.
    fn trace(target: f64, reads: &[f64]) -> Vec<(f64, f64, bool)> {
        let cells = ThresholdSpec::OPENMENA.build().expect("a model").cells(1, 1, Stream::root(0));
        let (vipi, mut state) = (published(), Controller::default());
        let step = |read: &f64| {
            let step = vipi.next(&cells, &mut state, of_counts(target), of_counts(*read));
            assert!(step.pulses[1].is_none());
            (step.pulses[0].volts, step.pulses[0].width_s, step.limited)
        };
        reads.iter().map(step).collect()
    }

    fn assert_near(got: (f64, f64, bool), volts: f64, width_s: f64) {
        assert!((got.0 - volts).abs() < 1e-9, "{got:?}: {volts} V wanted");
        assert!((got.1 / width_s - 1.0).abs() < 1e-9, "{got:?}: {width_s} s wanted");
    }

    /// By hand: e = 2 (T − y), A = Σ e, u = 7 e + 3 A, 60 µs |u|.
    #[test]
    fn the_controller_is_that_of_the_released_script() {
        let got = trace(100.0, &[80.0, 90.0, 130.0]);
        assert_near(got[0], 0.162, 60e-6 * (7.0 * 40.0 + 3.0 * 40.0));
        assert_near(got[1], 0.162, 60e-6 * (7.0 * 20.0 + 3.0 * 60.0));
        assert_near(got[2], -0.160, 60e-6 * (7.0 * 60.0));
        assert!(got.iter().all(|pulse| !pulse.2));
    }

    #[test]
    fn the_integrator_and_the_width_stop_at_their_limits() {
        let got = trace(200.0, &[0.0, 50.0, 50.0, 50.0, 50.0, 50.0, 50.0, 50.0, 50.0, 200.0]);
        // A = 400 + 8 · 300 = 2800, then 2800 again with no error.
        assert_near(got[9], 0.162, 0.5); // 504 ms asked for
        assert!(got[9].2 && !got[0].2);
        let longer: Vec<f64> = [vec![50.0; 12], vec![350.0; 2]].concat();
        // A = 3000 at its limit, less 300: u = −2100 + 8100, and −2100 + 7200.
        let got = trace(200.0, &longer);
        assert_near(got[12], 0.162, 60e-6 * 6000.0);
        assert_near(got[13], 0.162, 60e-6 * 5100.0);
    }

    #[test]
    fn the_voltage_grows_every_twenty_iterations_and_half_as_much_for_a_cell_that_reads_nothing() {
        let got = trace(100.0, &[60.0; 61]);
        for (iteration, volts, limited) in
            [(0, 0.162, false), (19, 0.162, false), (20, 0.362, false), (40, 0.4, true)]
        {
            let pulse = got[iteration];
            assert!((pulse.0 - volts).abs() < 1e-12, "{iteration}: {pulse:?}");
            assert_eq!(pulse.2, limited, "{iteration}");
        }
        let stuck = trace(100.0, &[0.5; 61]);
        assert_near(stuck[0], 0.22, 50e-6);
        assert_near(stuck[20], 0.32, 50e-6);
        assert_near(stuck[40], 0.4, 50e-6);
        assert!(!stuck[20].2 && stuck[40].2);
    }

    /// The dead zone is |T − y| < 15 counts: 15 is outside.
    #[test]
    fn a_cell_within_fifteen_counts_is_left_alone() {
        let spec = ThresholdSpec { read_noise: 0.0, ..ThresholdSpec::OPENMENA };
        for (counts, pulses) in [(14.99, 0), (15.01, 1)] {
            let mut cells = spec.build().expect("a model").cells(1, 1, Stream::root(0));
            let target = Array2::from_elem((1, 1), of_counts(counts));
            let mut tally = Tally::default();
            let outcome =
                published().program(&mut cells, target.view(), Stream::root(1), &mut tally);
            let outcome = outcome.expect("a target in the window");
            assert!(pulses <= outcome.pulses[[0, 0]] && (pulses == 1 || tally.pulses == 0));
            assert_eq!(tally.cells_in_band + tally.cells_stuck + tally.cells_given_up, 1);
        }
    }

    fn targets(n: usize, at: Stream) -> Array2<f64> {
        let mut u = vec![0.0f32; n * n];
        at.fill_uniform(0, &mut u);
        Array2::from_shape_fn((n, n), |(row, col)| {
            of_counts(15.0 + 205.0 * f64::from(u[row * n + col]))
        })
    }

    fn programmed(spec: VipiSpec) -> (Outcome, Tally) {
        let n = 64;
        let mut cells =
            ThresholdSpec::OPENMENA.build().expect("a model").cells(n, n, Stream::root(1));
        let mut tally = Tally::default();
        let vipi = spec.build().expect("a programmer");
        let outcome = vipi.program(
            &mut cells,
            targets(n, Stream::root(2)).view(),
            Stream::root(3),
            &mut tally,
        );
        (outcome.expect("targets in the window"), tally)
    }

    /// On these cells, whose speed grows with the cube of the overdrive, a step of 20 mV leads
    /// stuck cells to their targets; the inferred 0.1 V (0.2 V across the cell) frees all of them
    /// too, but throws most beyond their targets.
    #[test]
    fn increments_bring_stuck_cells_in() {
        let (without, tally_without) = programmed(VipiSpec::OPENMENA.without_increments());
        let stuck = without.count(End::Stuck) as usize;
        assert!(64 * 64 < 60 * stuck, "{stuck} stuck");
        for (increment, saved_share) in [(Volts(0.02), 0.75..=1.0), (Volts(0.1), 0.0..=0.5)] {
            let (with, tally) = programmed(VipiSpec { increment, ..VipiSpec::OPENMENA });
            assert_eq!(with.count(End::Stuck), 0);
            let both = without.end.iter().zip(&with.end);
            let saved = both.filter(|ends| *ends == (&End::Stuck, &End::InBand)).count();
            assert!(saved_share.contains(&(saved as f64 / stuck as f64)), "{saved} of {stuck}");
            assert!(without.share(End::InBand) < with.share(End::InBand));
            assert!(tally.pulses < tally_without.pulses);
            for tally in [tally, tally_without] {
                assert_eq!(tally.cells_in_band + tally.cells_stuck + tally.cells_given_up, 64 * 64);
            }
            assert!(0.0 < tally.programming_energy().0 && 0.0 < tally.programming_time().0);
        }
    }

    #[test]
    fn targets_outside_the_window_and_constants_that_are_nothing_are_refused() {
        let mut cells =
            ThresholdSpec::OPENMENA.build().expect("a model").cells(2, 2, Stream::root(1));
        let mut program = |target: Array2<f64>| {
            let mut tally = Tally::default();
            published().program(&mut cells, target.view(), Stream::root(1), &mut tally)
        };
        let mut target = Array2::from_elem((2, 2), 1e-4);
        target[[1, 0]] = 501e-6;
        let error = program(target.clone()).expect_err("above the window").to_string();
        assert_eq!(
            error,
            "target of 501 µS at (1, 0) is outside the window of the cells, [5 µS, 500 µS]"
        );
        target[[1, 0]] = f64::NAN;
        assert!(matches!(program(target), Err(DeviceError::CellTarget { row: 1, col: 0, .. })));
        let wide = Array2::from_elem((2, 3), 1e-4);
        assert!(matches!(program(wide), Err(DeviceError::Shape { .. })));
        let good = VipiSpec::OPENMENA;
        for bad in [
            VipiSpec { tolerance: 0.0, ..good },
            VipiSpec { integral: -1.0, ..good },
            VipiSpec { longest: Seconds(1e-9), ..good },
            VipiSpec { increment_every: 0, ..good },
            VipiSpec { conversions: 0, ..good },
        ] {
            assert!(bad.build().is_err(), "{bad:?}");
        }
    }
}
