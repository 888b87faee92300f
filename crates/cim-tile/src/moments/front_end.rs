//! What the front end adds in front of the converters of one tile.

use cim_adc::row_dacs::{covariance_lsb2, deviation_lsb};
use cim_adc::{Dac, Phase};
use cim_device::Conduction;
use ndarray::{Array2, ArrayView2, Axis};

use super::analog::Analog;
use crate::grid::Parts;
use crate::mapping::Plan;

/// Rows of a tile as its drivers make them, and columns as its amplifiers hold them.
pub(super) struct Front<'a> {
    parts: &'a Parts,
    dac: Dac,
    /// Variance of offsets after the calibration (V²), of gains (1) and of row noise (V²).
    offset_v2: f64,
    pub gain2: f64,
    driver_v2: f64,
    /// Mean squares of the transfer, for what rows are off by.
    rows: Option<Rows>,
}

struct Rows {
    /// Rows × sensed (S²).
    sensed_s2: Array2<f64>,
    /// Rows × outputs (S²).
    outputs_s2: Array2<f64>,
}

/// What is added in one phase, samples × sensed (A²).
pub(super) struct Added {
    pub offset: Array2<f64>,
    pub driver: Array2<f64>,
    pub dac: Array2<f64>,
    /// Slope of the cells' law at each row, samples × rows.
    slope: Array2<f64>,
    /// Variance of the row converters, samples × rows (V²), times the square of the slope.
    dac_v2: Array2<f64>,
    /// What drives the rows, in steps of their converters, samples × rows.
    levels: Array2<f64>,
}

/// What is added to outputs, over all currents and phases, samples × outputs (A²).
pub(super) struct Together {
    pub offset: Array2<f64>,
    pub driver: Array2<f64>,
    pub dac: Array2<f64>,
}

impl<'a> Front<'a> {
    /// The front end in front of `analog`; `None` if it adds nothing there.
    pub fn of(parts: &'a Parts, dac: Dac, plan: &Plan, analog: &Analog) -> Option<Self> {
        let front_end = &parts.front_end;
        let square = |x: f64| x * x;
        let (offset_v2, gain2) =
            (square(front_end.residual_offset().0), square(front_end.residual_gain()));
        let driver_v2 = square(front_end.driver_noise.0);
        let straight = front_end.dac_integral.is_none();
        if offset_v2 == 0.0 && gain2 == 0.0 && driver_v2 == 0.0 && straight {
            return None;
        }
        let rows = (driver_v2 > 0.0 || !straight).then(|| Rows {
            sensed_s2: analog.square_s2(),
            outputs_s2: analog.square_of_outputs_s2(plan),
        });
        Some(Self { parts, dac, offset_v2, gain2, driver_v2, rows })
    }

    /// Voltages that rows get in a phase on average over chips (V, samples × rows), for the codes of
    /// their drives.
    pub fn row_v(&self, phase: Phase, drive: ArrayView2<'_, f64>) -> Array2<f64> {
        let (law, lsb_v) = (&self.parts.front_end.dac_integral, self.dac.voltage(1.0).0);
        let code = self.codes(phase, drive);
        if law.is_none() {
            return code * lsb_v;
        }
        code.mapv(|code| (code + deviation_lsb(self.parts.dac, self.dac, law, code).1) * lsb_v)
    }

    fn codes(&self, phase: Phase, drive: ArrayView2<'_, f64>) -> Array2<f64> {
        let top = f64::from(self.dac.top_driven());
        drive.mapv(|u| (phase.fraction(u) * top).round())
    }

    /// What one phase adds to every sensed current.
    pub fn added(
        &self,
        plan: &Plan,
        analog: &Analog,
        phase: Phase,
        drive: ArrayView2<'_, f64>,
    ) -> Added {
        let law = self.parts.device.current_voltage();
        let slope = match law {
            Conduction::Ohmic => Array2::ones(drive.dim()),
            law => self.row_v(phase, drive).mapv(|v| law.at(1.0, v).slope),
        };
        let none = || Array2::zeros((drive.nrows(), plan.senses.len()));
        let mut added = Added {
            offset: none(),
            driver: none(),
            dac: none(),
            dac_v2: Array2::zeros((0, 0)),
            levels: self.codes(phase, drive),
            slope,
        };
        if self.offset_v2 > 0.0 {
            added.offset = self.offset_of_senses(plan, analog, &added.slope);
        }
        if let Some(rows) = &self.rows {
            let lsb2 = self.dac.voltage(1.0).0.powi(2);
            let integral = &self.parts.front_end.dac_integral;
            let code_v2 = added
                .levels
                .mapv(|code| deviation_lsb(self.parts.dac, self.dac, integral, code).0 * lsb2);
            let square = added.slope.mapv(|s| s * s);
            added.dac_v2 = code_v2 * &square;
            added.dac = added.dac_v2.dot(&rows.sensed_s2);
            added.driver = square.dot(&rows.sensed_s2) * self.driver_v2;
        }
        added
    }

    /// What all phases add to every output, as one sum: the offsets are the same in every phase, and
    /// rows are the same for all currents.
    pub fn together(&self, plan: &Plan, analog: &Analog, phases: &[(Phase, &Added)]) -> Together {
        let samples = phases[0].1.slope.nrows();
        let none = || Array2::zeros((samples, plan.outputs()));
        let mut together = Together { offset: none(), driver: none(), dac: none() };
        if self.offset_v2 > 0.0 {
            together.offset = self.offset_of_outputs(plan, analog, phases);
        }
        if let Some(rows) = &self.rows {
            for (phase, added) in phases {
                let factor2 = phase.factor * phase.factor;
                together.dac += &(added.dac_v2.dot(&rows.outputs_s2) * factor2);
                let square = added.slope.mapv(|s| s * s);
                together.driver += &(square.dot(&rows.outputs_s2) * (self.driver_v2 * factor2));
            }
            // One converter drives its row in every phase: what it is off by at one level is not
            // independent of the next. In two phases of codes it rests in one of them.
            if phases.iter().any(|(phase, _)| phase.is_digit()) {
                together.dac += &self.shared_by_digits(phases).dot(&rows.outputs_s2);
            }
        }
        together
    }

    /// What pairs of phases add to the variance of the row converters, samples × rows (V²).
    fn shared_by_digits(&self, phases: &[(Phase, &Added)]) -> Array2<f64> {
        let (spec, law) = (self.parts.dac, &self.parts.front_end.dac_integral);
        let lsb2 = self.dac.voltage(1.0).0.powi(2);
        let mut shared = Array2::<f64>::zeros(phases[0].1.slope.dim());
        for (k, (a, in_a)) in phases.iter().enumerate() {
            for (b, in_b) in &phases[..k] {
                let both = 2.0 * a.factor * b.factor * lsb2;
                for (at, to) in shared.indexed_iter_mut() {
                    let levels = (in_a.levels[at], in_b.levels[at]);
                    let covariance = covariance_lsb2(spec, self.dac, law, levels);
                    *to += both * covariance * in_a.slope[at] * in_b.slope[at];
                }
            }
        }
        shared
    }

    /// `σ² Σ_l (∂I/∂V_l)²` of every sensed current, with the offsets `V_l` of all columns.
    fn offset_of_senses(&self, plan: &Plan, analog: &Analog, slope: &Array2<f64>) -> Array2<f64> {
        let own_s = slope.dot(&analog.columns_s);
        let spread_s2 = slope.mapv(|s| s * s).dot(&analog.spread_s2);
        let ends = Ends::of(analog, self.at_rest());
        Array2::from_shape_fn((slope.nrows(), plan.senses.len()), |(sample, k)| {
            let sense = &plan.senses[k];
            let mut columns = vec![(sense.plus, 1.0)];
            columns.extend(sense.minus.map(|minus| (minus, -1.0)));
            let own = |column: usize| own_s[[sample, column]];
            let spread = |column: usize| spread_s2[[sample, column]];
            self.offset_v2 * ends.square(&columns, 1.0, own, spread)
        })
    }

    /// The same of every output, all phases together.
    fn offset_of_outputs(
        &self,
        plan: &Plan,
        analog: &Analog,
        phases: &[(Phase, &Added)],
    ) -> Array2<f64> {
        let samples = phases[0].1.slope.dim();
        let (mut slope, mut factors) = (Array2::<f64>::zeros(samples), 0.0);
        for (phase, added) in phases {
            slope.scaled_add(phase.factor, &added.slope);
            factors += phase.factor;
        }
        let own_s = slope.dot(&analog.columns_s);
        let spread_s2 = slope.mapv(|s| s * s).dot(&analog.spread_s2);
        let ends = Ends::of(analog, self.at_rest());
        let columns = plan.columns_of_outputs();
        Array2::from_shape_fn((samples.0, columns.len()), |(sample, output)| {
            let own = |column: usize| own_s[[sample, column]];
            let spread = |column: usize| spread_s2[[sample, column]];
            self.offset_v2 * ends.square(&columns[output], factors, own, spread)
        })
    }

    fn at_rest(&self) -> f64 {
        self.parts.device.current_voltage().slope_at_rest()
    }
}

/// Conductances between the ends of columns.
struct Ends<'a> {
    /// None on ideal wires.
    between_s: Option<&'a Array2<f64>>,
    /// From each column to all others (S).
    to_others: Vec<f64>,
    /// By how much the slope of cells at rest multiplies them.
    at_rest: f64,
}

impl<'a> Ends<'a> {
    fn of(analog: &'a Analog, at_rest: f64) -> Self {
        let between_s = analog.between_s.as_ref();
        let to_others = between_s.map_or(vec![], |b| b.sum_axis(Axis(1)).to_vec());
        Self { between_s, to_others, at_rest }
    }

    /// Sum over the offsets of all columns of the squared slope of `Σ_columns factor · I_column`,
    /// with `own` the conductance from the rows to a column and `spread` its variance, and `times`
    /// how often the rest of the array counts.
    ///
    /// On wires the spread is left out: it is that of a sum over rows, and not of one cell.
    fn square(
        &self,
        columns: &[(usize, f64)],
        times: f64,
        own: impl Fn(usize) -> f64,
        spread: impl Fn(usize) -> f64,
    ) -> f64 {
        let Some(between_s) = self.between_s else {
            let of = |&(c, factor): &(usize, f64)| factor * factor * (own(c).powi(2) + spread(c));
            return columns.iter().map(of).sum();
        };
        let mut slopes: Vec<f64> = (0..between_s.ncols())
            .map(|l| columns.iter().map(|&(c, factor)| factor * between_s[[c, l]]).sum::<f64>())
            .map(|s| times * self.at_rest * s)
            .collect();
        for &(c, factor) in columns {
            slopes[c] -= factor * (own(c) + times * self.at_rest * self.to_others[c]);
        }
        slopes.iter().map(|s| s * s).sum()
    }
}
