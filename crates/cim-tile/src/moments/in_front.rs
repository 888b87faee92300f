//! Currents in front of the converters of one tile, with what they carry.

use cim_adc::Phase;
use ndarray::{Array2, ArrayView2, Axis};

use super::analog::Analog;
use super::front_end::{Added, Front};
use crate::error::TileError;
use crate::grid::{Parts, TileBlueprint};

/// Currents in front of the converters of a tile in one phase of the drive.
#[derive(Clone, Debug, PartialEq)]
pub struct SensedErrors {
    /// Ideal current, samples × sensed (A), with what is subtracted digitally.
    pub ideal_a: Array2<f64>,
    /// Standard deviation, samples × sensed (A).
    pub sigma_a: Array2<f64>,
}

/// All that stands in front of the converters of a tile.
pub(super) struct InFront<'a> {
    /// Its array.
    pub analog: Analog,
    /// Its front end, if that adds anything.
    pub front: Option<Front<'a>>,
    /// One entry per phase of the drive.
    pub phases: Vec<InPhase>,
    /// Variance of the gain of a column, relative.
    pub gain2: f64,
    /// Noise at the input of the converters (A²).
    pub input: f64,
}

impl<'a> InFront<'a> {
    /// Of a tile for drives (samples × rows, fractions of the read voltage).
    ///
    /// # Errors
    /// [`TileError`] for parts that cannot be.
    pub fn of(
        parts: &'a Parts,
        drive_gain: f64,
        blueprint: &TileBlueprint,
        drive: ArrayView2<'_, f64>,
    ) -> Result<Self, TileError> {
        let (plan, scale) = (&blueprint.plan, blueprint.scale);
        let law = parts.device.current_voltage();
        let volts = parts.read_voltage.0;
        let analog = Analog::of(parts, plan, &blueprint.target_s)?;
        let front = Front::of(parts, parts.dac.build(parts.read_voltage)?, plan, &analog);
        let nominal_s = plan.targets(parts.window);
        let nominal_s = plan.combine(nominal_s.view(), -1.0) * scale;
        let zeros_s = Array2::from_shape_vec((1, plan.senses.len()), plan.zeros(parts.window));
        let zeros_s = zeros_s.expect("one per sensed current") * scale;
        let phases = parts
            .dac
            .phases()
            .into_iter()
            .map(|phase| {
                let linear_v = drive.mapv(|u| phase.fraction(u) * volts * drive_gain);
                let row_v = match &front {
                    Some(front) => front.row_v(phase, drive),
                    None => drive.mapv(|u| phase.fraction(u) * volts),
                };
                let effective_v = row_v.mapv(|v| law.effective_v(v));
                let shot_v = row_v.mapv(|v| parts.ambient.shot_v(law, v));
                let summed_v = linear_v.sum_axis(Axis(1)).insert_axis(Axis(1));
                InPhase {
                    phase,
                    ideal_a: linear_v.dot(&nominal_s),
                    mean_a: analog.mean_a(&effective_v),
                    programming: analog.programming(&effective_v),
                    read: analog.read(&effective_v),
                    shot: analog.shot(&shot_v),
                    zero_a: summed_v.dot(&zeros_s),
                    added: front.as_ref().map(|front| front.added(plan, &analog, phase, drive)),
                }
            })
            .collect();
        let gain2 = front.as_ref().map_or(0.0, |front| front.gain2);
        Ok(Self { analog, front, phases, gain2, input: parts.adc_noise.0.powi(2) })
    }

    /// What the front end adds to a current of a phase at `[sample, sensed]`, and the standard deviation
    /// that the current has with all it carries (A).
    pub fn noise(&self, phase: &InPhase, at: [usize; 2]) -> (Shared, f64) {
        let thermal = self.analog.thermal[at[1]];
        let noise = phase.programming[at] + phase.read[at] + phase.shot[at] + thermal;
        let front = phase.front(at, self.gain2, noise);
        (front, (noise + self.input + front.total()).sqrt())
    }
}

/// The currents of one phase of the drive, samples × sensed.
pub(super) struct InPhase {
    pub phase: Phase,
    /// Ideal currents with what is subtracted digitally (A).
    pub ideal_a: Array2<f64>,
    pub mean_a: Array2<f64>,
    pub programming: Array2<f64>,
    pub read: Array2<f64>,
    pub shot: Array2<f64>,
    /// What is subtracted digitally (A).
    pub zero_a: Array2<f64>,
    /// What the front end adds, if anything.
    pub added: Option<Added>,
}

impl InPhase {
    pub fn with_added(&self) -> Option<(Phase, &Added)> {
        self.added.as_ref().map(|added| (self.phase, added))
    }

    /// What the front end adds to a sensed current, with gains of variance `gain2` (1) and a noise of
    /// variance `noise` (A²) in front of them.
    fn front(&self, at: [usize; 2], gain2: f64, noise: f64) -> Shared {
        let Some(Added { offset, driver, dac, .. }) = &self.added else {
            return Shared::default();
        };
        let (offset, driver, dac) = (offset[at], driver[at], dac[at]);
        let gain = gain2 * (self.mean_a[at].powi(2) + noise + offset + driver + dac);
        Shared { programming: 0.0, offset, gain, driver, dac }
    }
}

/// Variances (A²) that currents of one output share.
#[derive(Clone, Copy, Default)]
pub(super) struct Shared {
    pub programming: f64,
    pub offset: f64,
    pub gain: f64,
    pub driver: f64,
    pub dac: f64,
}

impl Shared {
    fn total(&self) -> f64 {
        self.offset + self.gain + self.driver + self.dac
    }

    pub fn add_scaled(&mut self, other: &Self, scale: f64) {
        self.programming += scale * other.programming;
        self.offset += scale * other.offset;
        self.gain += scale * other.gain;
        self.driver += scale * other.driver;
        self.dac += scale * other.dac;
    }
}
