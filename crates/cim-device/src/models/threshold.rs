//! Bipolar cells that move gradually above a threshold voltage.

use cim_core::{Seconds, Siemens, Stream, Volts};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::error::DeviceError;
use crate::program::pulse::{Pulse, PulseCells, check_shape};
use crate::time::FittedTimes;
use crate::window::Window;

/// A [`Threshold`] model as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdSpec {
    /// Lowest conductance, at which fresh cells are.
    pub g_min: Siemens,
    /// Highest conductance.
    pub g_max: Siemens,
    /// Voltage above which the conductance rises.
    pub threshold_up: Volts,
    /// Magnitude of the voltage above which it falls.
    pub threshold_down: Volts,
    /// Exponent of the overdrive `|V|/V_t − 1`.
    pub exponent: f64,
    /// Voltage at which the speed is stated, in both polarities.
    pub rated_voltage: Volts,
    /// Width of the pulse for which it is stated.
    pub rated_width: Seconds,
    /// Share of the window that such a pulse moves a cell at the far end.
    pub rated_step: f64,
    /// Standard deviation of the exposure of one pulse, relative: that of a small step.
    pub cycle_noise: f64,
    /// Standard deviation of both thresholds from cell to cell, relative (log-normal).
    pub threshold_spread: f64,
    /// Standard deviation of one conversion of a read, relative.
    pub read_noise: f64,
    /// Standard deviation of what a cell has relaxed by 1 s after its last pulse, as a share of the
    /// window; it grows as `√(ln(1 + t/1 ms) / ln(1 + 1 s/1 ms))`. Fresh cells do not relax.
    pub relaxation: f64,
}

impl ThresholdSpec {
    /// The cells that this project takes for the OpenMENA board, whose paper states none.
    pub const OPENMENA: Self = Self {
        g_min: Siemens(5e-6),
        g_max: Siemens(500e-6),
        threshold_up: Volts(0.12),
        threshold_down: Volts(0.10),
        exponent: 3.0,
        rated_voltage: Volts(0.16),
        rated_width: Seconds(1e-3),
        rated_step: 0.02,
        cycle_noise: 0.03,
        threshold_spread: 0.15,
        read_noise: 0.01,
        relaxation: 0.0,
    };

    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] for an empty window, a negative noise, thresholds that the rated voltage
    /// does not pass, or a rated step that is no share.
    pub fn build(self) -> Result<Threshold, DeviceError> {
        let window = Window::new(self.g_min, self.g_max)?;
        for (name, value) in [
            ("cycle_noise", self.cycle_noise),
            ("threshold_spread", self.threshold_spread),
            ("read_noise", self.read_noise),
            ("relaxation", self.relaxation),
        ] {
            if !(0.0 <= value && value.is_finite()) {
                return Err(DeviceError::Coefficient { name, value });
            }
        }
        for (name, value) in [
            ("threshold_up", self.threshold_up.0),
            ("threshold_down", self.threshold_down.0),
            ("exponent", self.exponent),
            ("rated_width", self.rated_width.0),
        ] {
            if !(0.0 < value && value.is_finite()) {
                return Err(DeviceError::Parameter { name, value, range: "the positive numbers" });
            }
        }
        if !(0.0 < self.rated_step && self.rated_step < 1.0) {
            let (name, value) = ("rated_step", self.rated_step);
            return Err(DeviceError::Parameter { name, value, range: "(0, 1)" });
        }
        let highest = self.threshold_up.0.max(self.threshold_down.0);
        if !(highest < self.rated_voltage.0 && self.rated_voltage.is_finite()) {
            let (name, value) = ("rated_voltage", self.rated_voltage.0);
            return Err(DeviceError::Parameter {
                name,
                value,
                range: "voltages above both thresholds",
            });
        }
        // At the far end dg/dt = r (1 − g)², so that a step s takes an exposure r t = s/(1 − s).
        let exposure_per_s = self.rated_step / (1.0 - self.rated_step) / self.rated_width.0;
        let rate = |threshold: Volts| {
            exposure_per_s / (self.rated_voltage.0 / threshold.0 - 1.0).powf(self.exponent)
        };
        Ok(Threshold {
            window,
            rate_up_per_s: rate(self.threshold_up),
            rate_down_per_s: rate(self.threshold_down),
            spec: self,
        })
    }
}

/// Bipolar cells with thresholds, above which pulses of any width move them gradually.
///
/// *What it models:* gradual set and reset, slower the nearer the end; thresholds that differ from
/// cell to cell, so that some cells hardly move; noise from pulse to pulse and of reads; relaxation.
///
/// *Law:* with `g = (G − G_min)/(G_max − G_min)`, `dg/dt = k (|V|/V_t − 1)^a f(g)` above the
/// threshold and nothing below it, `f = (1 − g)²` up and `g²` down, solved exactly for a rectangular
/// pulse: `1 − g' = (1 − g)/(1 + x(1 − g))` up, `g' = g/(1 + x g)` down, with the exposure `x =
/// k (|V|/V_t − 1)^a t (1 + σ n)`. An access transistor with compliance `I_c` ends a rise at `G =
/// I_c/V_t`, where the voltage left for the cell has fallen to its threshold.
///
/// *Parameters:* [`ThresholdSpec`]; `k` is such that the rated pulse moves a cell at the far end by
/// the rated step, one `k` for each polarity.
///
/// *Source:* ours, a physically plain device for a board whose paper (Safa et al. 2025) gives none;
/// the spread of thresholds of 15 % is ours too.
///
/// *Not modelled:* half-select stress, wear, current-voltage curvature, temperature. Cells at the
/// bottom cannot fall and cells at the top cannot rise: the ends are approached, never left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    window: Window,
    rate_up_per_s: f64,
    rate_down_per_s: f64,
    spec: ThresholdSpec,
}

/// An array of [`Threshold`] cells.
#[derive(Clone, Debug)]
pub struct ThresholdCells {
    model: Threshold,
    /// Share of the window that each cell holds.
    share: Array2<f64>,
    /// Time (s) since its last pulse.
    age_s: Array2<f64>,
    /// Thresholds of each cell (V).
    up_v: Array2<f64>,
    down_v: Array2<f64>,
}

/// Time (s) at which relaxation is stated, and at which it begins.
const RELAXED_S: f64 = 1.0;
const RELAXING_S: f64 = 1e-3;

/// How far a calibrated pulse goes towards an end that is only approached.
const FAR: f64 = 0.99;

impl Threshold {
    /// What it was built from.
    pub fn spec(&self) -> ThresholdSpec {
        self.spec
    }

    /// Fresh cells, rows × columns, all at the bottom of the window.
    pub fn cells(&self, rows: usize, cols: usize, at: Stream) -> ThresholdCells {
        let thresholds = |label: &'static str, nominal: Volts| {
            let mut thresholds = Array2::zeros((rows, cols));
            let mut normals = at.child(label, 0).normal_rows(cols);
            for (row, mut cells) in thresholds.rows_mut().into_iter().enumerate() {
                for (threshold, &n) in cells.iter_mut().zip(normals.row(row)) {
                    *threshold = nominal.0 * libm::exp(self.spec.threshold_spread * f64::from(n));
                }
            }
            thresholds
        };
        ThresholdCells {
            model: *self,
            share: Array2::zeros((rows, cols)),
            age_s: Array2::from_elem((rows, cols), f64::INFINITY),
            up_v: thresholds("up", self.spec.threshold_up),
            down_v: thresholds("down", self.spec.threshold_down),
        }
    }

    fn share_of(&self, g_s: f64) -> f64 {
        (g_s - self.window.g_min.0) / self.window.span().0
    }

    fn conductance_of(&self, share: f64) -> f64 {
        self.window.g_min.0 + self.window.span().0 * share
    }

    /// Share of the window after a train of pulses on a cell with these thresholds (V).
    #[inline]
    fn moved(&self, share: f64, pulse: Pulse, up_v: f64, down_v: f64, normal: f64) -> f64 {
        let (rate, threshold) = if 0.0 < pulse.volts {
            (self.rate_up_per_s, up_v)
        } else {
            (self.rate_down_per_s, down_v)
        };
        let overdrive = pulse.volts.abs() / threshold - 1.0;
        if overdrive <= 0.0 || pulse.is_none() {
            return share;
        }
        // The exposures of n pulses add up, and so do their variances.
        let noise = self.spec.cycle_noise / f64::from(pulse.repeats).sqrt() * normal;
        let exposure = rate * overdrive.powf(self.spec.exponent) * pulse.time_s();
        let exposure = (exposure * (1.0 + noise)).max(0.0);
        if pulse.volts < 0.0 {
            return share / (1.0 + exposure * share);
        }
        let free = 1.0 - (1.0 - share) / (1.0 + exposure * (1.0 - share));
        let held_back = self.share_of(pulse.compliance_a / up_v);
        if held_back < free { held_back.max(share) } else { free }
    }
}

impl PulseCells for ThresholdCells {
    fn name(&self) -> &'static str {
        "threshold cells"
    }

    fn window(&self) -> Window {
        self.model.window
    }

    fn conductances(&self) -> Array2<f64> {
        self.share.mapv(|share| self.model.conductance_of(share))
    }

    fn read_variance(&self, g_s: f64) -> f64 {
        (self.model.spec.read_noise * g_s).powi(2)
    }

    fn pulse(
        &mut self,
        pulses: ArrayView2<'_, Pulse>,
        at: Stream,
    ) -> Result<Array2<f64>, DeviceError> {
        check_shape("the array of pulses", pulses.dim(), self.share.dim())?;
        let model = self.model;
        let mut energy_j = Array2::zeros(self.share.dim());
        let mut normals = at.normal_rows(self.share.ncols());
        for (row, mut shares) in self.share.rows_mut().into_iter().enumerate() {
            let pulses = pulses.row(row);
            if pulses.iter().all(Pulse::is_none) {
                continue;
            }
            let normals = normals.row(row);
            for (col, share) in shares.iter_mut().enumerate() {
                let (pulse, n) = (pulses[col], f64::from(normals[col]));
                let place = [row, col];
                let after = model.moved(*share, pulse, self.up_v[place], self.down_v[place], n);
                let mean_s = model.conductance_of(0.5 * (*share + after));
                energy_j[place] = pulse.energy_j(pulse.volts * mean_s);
                *share = after;
                if !pulse.is_none() {
                    self.age_s[place] = 0.0;
                }
            }
        }
        Ok(energy_j)
    }

    fn wait(&mut self, elapsed: Seconds, at: Stream) -> Result<(), DeviceError> {
        FittedTimes::ALL.check(elapsed)?;
        // A Brownian motion in the logarithm of time, so that waiting twice is waiting longer.
        let grown = |age_s: f64| (age_s / RELAXING_S).ln_1p() / (RELAXED_S / RELAXING_S).ln_1p();
        let sigma = self.model.spec.relaxation;
        if sigma == 0.0 {
            return Ok(());
        }
        let mut normals = at.normal_rows(self.share.ncols());
        for (row, mut shares) in self.share.rows_mut().into_iter().enumerate() {
            let cells = shares.iter_mut().zip(self.age_s.row_mut(row));
            for ((share, age_s), &n) in cells.zip(normals.row(row)) {
                if age_s.is_infinite() {
                    continue;
                }
                let more = grown(*age_s + elapsed.0) - grown(*age_s);
                *age_s += elapsed.0;
                // What would leave the window comes back from its end as far.
                let folded = (*share + sigma * more.sqrt() * f64::from(n)).rem_euclid(2.0);
                *share = if folded <= 1.0 { folded } else { 2.0 - folded };
            }
        }
        Ok(())
    }

    fn typical_after(&self, from_s: f64, pulse: Pulse) -> f64 {
        let model = self.model;
        let [up_v, down_v] = [model.spec.threshold_up.0, model.spec.threshold_down.0];
        model.conductance_of(model.moved(model.share_of(from_s), pulse, up_v, down_v, 0.0))
    }

    fn aimed(&self, from_s: f64, to_s: f64) -> [Pulse; 2] {
        let model = self.model;
        let (from, to) = (model.share_of(from_s).clamp(0.0, 1.0), model.share_of(to_s));
        let spec = model.spec;
        let per_s = spec.rated_step / (1.0 - spec.rated_step) / spec.rated_width.0;
        let volts = spec.rated_voltage.0;
        let pulse = if from < to {
            let left = (1.0 - to).max((1.0 - FAR) * (1.0 - from));
            Pulse::one(volts, (1.0 / left - 1.0 / (1.0 - from)) / per_s)
        } else if to < from {
            let left = to.max((1.0 - FAR) * from);
            Pulse::one(-volts, (1.0 / left - 1.0 / from) / per_s)
        } else {
            Pulse::NONE
        };
        [pulse, Pulse::NONE]
    }

    fn limits_current(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uniform(spec: ThresholdSpec) -> ThresholdCells {
        let still = ThresholdSpec { threshold_spread: 0.0, cycle_noise: 0.0, ..spec };
        still.build().expect("a model").cells(3, 4, Stream::root(1))
    }

    fn send(cells: &mut ThresholdCells, pulse: Pulse, k: u64) -> Array2<f64> {
        let pulses = Array2::from_elem(cells.share.dim(), pulse);
        cells.pulse(pulses.view(), Stream::root(9).child("pulse", k)).expect("one per cell")
    }

    /// The rated pulse is that of the specification: 1 ms at 0.16 V moves 2 % of the window.
    #[test]
    fn a_millisecond_at_the_rated_voltage_moves_two_percent_of_the_window() {
        let mut cells = uniform(ThresholdSpec::OPENMENA);
        let energy_j = send(&mut cells, Pulse::one(0.16, 1e-3), 0);
        assert!(cells.share.iter().all(|share| (share - 0.02).abs() < 1e-12));
        let expected = 0.16 * 0.16 * (5e-6 + 0.01 * 495e-6) * 1e-3;
        assert!(energy_j.iter().all(|j| (j / expected - 1.0).abs() < 1e-9));
        cells.share.fill(1.0);
        send(&mut cells, Pulse::one(-0.16, 1e-3), 1);
        assert!(cells.share.iter().all(|share| (share - 0.98).abs() < 1e-12));
    }

    #[test]
    fn below_its_threshold_a_cell_does_not_move_and_above_it_the_law_is_a_power() {
        let mut cells = uniform(ThresholdSpec::OPENMENA);
        cells.share.fill(0.5);
        send(&mut cells, Pulse::one(0.12, 1.0), 0);
        send(&mut cells, Pulse::one(-0.10, 1.0), 1);
        assert!(cells.share.iter().all(|share| *share == 0.5));
        let step = |volts: f64| {
            let mut cells = uniform(ThresholdSpec::OPENMENA);
            cells.share.fill(0.5);
            send(&mut cells, Pulse::one(volts, 1e-7), 2);
            (cells.share[[0, 0]] - 0.5).abs()
        };
        // Twice the overdrive is eight times the step; f is 1/4 in the middle both ways.
        assert!((step(0.20) / step(0.16) - 8.0).abs() < 1e-4);
        assert!((step(-0.22) / step(-0.16) - 8.0).abs() < 1e-4);
    }

    #[test]
    fn a_train_is_its_pulses_and_many_short_ones_are_one_long_one() {
        let mut one = uniform(ThresholdSpec::OPENMENA);
        let mut many = one.clone();
        let mut train = one.clone();
        send(&mut one, Pulse::one(0.16, 20e-3), 0);
        for k in 0..20 {
            send(&mut many, Pulse::one(0.16, 1e-3), k);
        }
        send(&mut train, Pulse { repeats: 20, ..Pulse::one(0.16, 1e-3) }, 0);
        assert!((one.share[[1, 1]] - many.share[[1, 1]]).abs() < 1e-12);
        assert!((one.share[[1, 1]] - train.share[[1, 1]]).abs() < 1e-12);
    }

    #[test]
    fn noise_is_three_percent_of_a_step_and_one_percent_of_a_conversion() {
        let spec = ThresholdSpec { threshold_spread: 0.0, ..ThresholdSpec::OPENMENA };
        let mut cells = spec.build().expect("a model").cells(200, 200, Stream::root(3));
        cells.share.fill(0.5);
        send(&mut cells, Pulse::one(0.16, 1e-4), 0);
        let steps = cells.share.mapv(|share| share - 0.5);
        // Five standard errors of 40,000 draws.
        let error = 5.0 / (2.0 * 40_000.0_f64).sqrt();
        let spread = steps.std(0.0) / steps.mean().expect("some");
        assert!((spread / 0.03 - 1.0).abs() < error + 1e-3, "{spread}");
        let held = cells.conductances();
        for (conversions, sigma) in [(1, 0.01), (20, 0.01 / 20.0_f64.sqrt())] {
            let read = cells.read(conversions, Stream::root(4)) / &held - 1.0;
            assert!((read.std(0.0) / sigma - 1.0).abs() < error, "{conversions}");
        }
    }

    #[test]
    fn calibrated_pulses_take_typical_cells_to_their_targets() {
        let cells = uniform(ThresholdSpec::OPENMENA);
        for (from, to) in [(5e-6, 100e-6), (100e-6, 450e-6), (450e-6, 20e-6), (60e-6, 60e-6)] {
            let mut g_s = from;
            for pulse in cells.aimed(from, to) {
                g_s = cells.typical_after(g_s, pulse);
            }
            assert!((g_s / to - 1.0).abs() < 1e-9, "{from} to {to}: {g_s}");
        }
    }

    #[test]
    fn a_compliance_ends_a_rise_and_never_lowers() {
        let mut cells = uniform(ThresholdSpec::OPENMENA);
        let limited = Pulse { compliance_a: 0.12 * 100e-6, ..Pulse::one(0.3, 1.0) };
        send(&mut cells, limited, 0);
        assert!(cells.conductances().iter().all(|g| (g / 100e-6 - 1.0).abs() < 1e-12));
        send(&mut cells, Pulse { compliance_a: 0.0, ..limited }, 1);
        assert!(cells.conductances().iter().all(|g| (g / 100e-6 - 1.0).abs() < 1e-12));
    }

    #[test]
    fn relaxation_has_its_sigma_and_stays_inside() {
        let spec = ThresholdSpec { relaxation: 0.05, ..ThresholdSpec::OPENMENA };
        let mut cells = spec.build().expect("a model").cells(100, 100, Stream::root(3));
        cells.wait(Seconds(1e9), Stream::root(5)).expect("a time");
        assert_eq!(cells.share.sum(), 0.0); // Fresh cells have nothing to relax from.
        for waits in [&[1.0][..], &[0.001, 0.2, 0.799]] {
            cells.share.fill(0.5);
            cells.age_s.fill(0.0);
            for (k, &wait) in waits.iter().enumerate() {
                cells.wait(Seconds(wait), Stream::root(5 + k as u64)).expect("a time");
            }
            assert!((cells.share.std(0.0) / 0.05 - 1.0).abs() < 5.0 / (2e4_f64).sqrt());
        }
        cells.share.fill(0.0);
        cells.age_s.fill(0.0);
        cells.wait(Seconds(1e6), Stream::root(9)).expect("a time");
        assert!(cells.share.iter().all(|share| (0.0..=1.0).contains(share)));
        assert!(cells.wait(Seconds(-1.0), Stream::root(6)).is_err());
    }

    #[test]
    fn impossible_cells_are_refused() {
        let good = ThresholdSpec::OPENMENA;
        for bad in [
            ThresholdSpec { g_min: Siemens(1e-3), ..good },
            ThresholdSpec { rated_voltage: Volts(0.11), ..good },
            ThresholdSpec { rated_step: 1.0, ..good },
            ThresholdSpec { cycle_noise: -0.1, ..good },
            ThresholdSpec { exponent: 0.0, ..good },
        ] {
            assert!(bad.build().is_err(), "{bad:?}");
        }
    }
}
