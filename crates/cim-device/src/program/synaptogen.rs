//! Synaptogen cells as cells that pulses change.

use cim_core::{Seconds, Siemens, Stream};
use ndarray::{Array2, ArrayView2};

use super::pulse::{Pulse, PulseCells, check_shape};
use crate::error::DeviceError;
use crate::models::synaptogen::{SynaptogenCells, SynaptogenOneShot};
use crate::models::{Synaptogen, SynaptogenSpec};
use crate::time::FittedTimes;
use crate::window::Window;

/// [`Synaptogen`] cells under pulses.
///
/// A pulse that raises is a set: abrupt, to wherever the cycle of the cell ends. A pulse that lowers
/// is a reset up to its voltage, which begins a new cycle in a cell that was set; the next one does
/// something only if it is higher. The width changes nothing but the energy, which is `|V I(V)| t`
/// with the mean of the currents before and after; there is no access transistor.
#[derive(Clone, Debug)]
pub struct SynaptogenPulsed {
    model: Synaptogen,
    cells: SynaptogenCells,
    /// Width (s) of calibrated pulses.
    width_s: f64,
}

/// Voltage (V) that sets, and the median threshold of a set.
const SET_V: f64 = 2.0;
const TYPICAL_SET_V: f64 = 0.668;

impl SynaptogenPulsed {
    /// Fresh cells with the published parameters; calibrated pulses have the width given.
    ///
    /// # Errors
    /// [`DeviceError`] for a width that is not positive.
    pub fn published(
        rows: usize,
        cols: usize,
        width: Seconds,
        at: Stream,
    ) -> Result<Self, DeviceError> {
        super::verify::positive("width", width.0)?;
        let model = SynaptogenSpec::PUBLISHED.build()?;
        Ok(Self { model, cells: model.cells(rows, cols, at), width_s: width.0 })
    }

    /// The cells.
    pub fn cells(&self) -> &SynaptogenCells {
        &self.cells
    }
}

impl PulseCells for SynaptogenPulsed {
    fn name(&self) -> &'static str {
        "Synaptogen cells"
    }

    fn window(&self) -> Window {
        SynaptogenOneShot::window_of_means()
    }

    fn conductances(&self) -> Array2<f64> {
        self.cells.conductances()
    }

    fn read_variance(&self, g_s: f64) -> f64 {
        const READ_V: f64 = 0.2;
        self.model.read_variance_a2(g_s * READ_V, g_s) / (READ_V * READ_V)
    }

    fn pulse(
        &mut self,
        pulses: ArrayView2<'_, Pulse>,
        _at: Stream,
    ) -> Result<Array2<f64>, DeviceError> {
        check_shape("the array of pulses", pulses.dim(), self.cells.shape())?;
        let volts = pulses.mapv(|pulse| if pulse.is_none() { 0.0 } else { -pulse.volts });
        let mut energy_j = self.cells.currents_at(volts.view())?;
        self.cells.pulse(volts.view())?;
        let after_a = self.cells.currents_at(volts.view())?;
        for ((energy_j, after_a), pulse) in energy_j.iter_mut().zip(&after_a).zip(pulses) {
            *energy_j = pulse.energy_j(0.5 * (*energy_j + after_a));
        }
        Ok(energy_j)
    }

    fn wait(&mut self, elapsed: Seconds, _at: Stream) -> Result<(), DeviceError> {
        FittedTimes::ALL.check(elapsed)
    }

    fn typical_after(&self, from_s: f64, pulse: Pulse) -> f64 {
        if TYPICAL_SET_V <= pulse.volts {
            self.window().g_max.0
        } else if pulse.volts < 0.0 {
            from_s.min(SynaptogenOneShot::mean_after_reset(Siemens(from_s), -pulse.volts).0)
        } else {
            from_s
        }
    }

    fn aimed(&self, from_s: f64, to_s: f64) -> [Pulse; 2] {
        let reset = Pulse::one(-SynaptogenOneShot::reset_v(to_s), self.width_s);
        if from_s < to_s { [Pulse::one(SET_V, self.width_s), reset] } else { [reset, Pulse::NONE] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Device;

    /// Set and reset through the seam are those of the cells themselves.
    #[test]
    fn calibrated_pulses_are_the_open_loop_programming_of_the_device() {
        let at = Stream::root(6);
        let mut cells = SynaptogenPulsed::published(8, 16, Seconds(1e-6), at).expect("cells");
        let targets =
            Array2::from_shape_fn((8, 16), |(row, col)| 60e-6 + 1e-6 * (row * col) as f64);
        for k in 0..2 {
            let pulses = targets.mapv(|target| cells.aimed(15e-6, target)[k]);
            let energy_j = cells.pulse(pulses.view(), at).expect("one per cell");
            assert!(energy_j.iter().all(|j| 0.0 < *j && *j < 1e-8), "{energy_j}");
        }
        let device = SynaptogenOneShot::published().expect("a device");
        let wanted = device.program(targets.view(), at, &mut cim_core::Tally::default());
        assert_eq!(cells.conductances(), wanted);
        let before = cells.conductances();
        let none = Array2::from_elem((8, 16), Pulse::NONE);
        let energy_j = cells.pulse(none.view(), at).expect("one per cell");
        assert_eq!((cells.conductances(), energy_j.sum()), (before, 0.0));
    }
}
