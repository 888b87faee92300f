//! What a mapping asks of an array: levels of cells and currents to sense.

use std::ops::Range;

use cim_crossbar::Sensed;
use cim_device::Window;
use ndarray::{Array2, ArrayView2};

/// One sensed current of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Sense {
    /// Column whose current counts positively.
    pub plus: usize,
    /// Column whose current is subtracted, if any.
    pub minus: Option<usize>,
    /// Output that the code adds to.
    pub output: usize,
    /// Factor with which it adds: the digital gain of the current.
    pub weight: i64,
    /// Level difference that stands for zero, subtracted digitally per unit of summed drive. What
    /// the bottom of the window adds to a current without a minus is subtracted with it.
    pub zero: i32,
    /// Full scale of the tile by which the current is converted.
    pub full_scale_group: usize,
}

/// What a mapping asks of an array.
///
/// Law: `Σ_phase factor · Σ_sense weight · Σ_row drive · (level₊ − level₋ − zero) = unit · wᵀ x`,
/// exactly, for all integers accepted, and in conductances for every window, with the
/// [`unit`](super::Mapping::unit) of the mapping.
///
/// Senses of a full-scale group follow each other, groups in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Level of every cell, `0 ..= top_level`, rows × columns.
    pub levels: Array2<i32>,
    /// Level that stands for the top of the conductance window.
    pub top_level: i32,
    /// Currents to sense.
    pub senses: Vec<Sense>,
}

impl Plan {
    /// Target conductance (S) of every cell, its levels spread over a window.
    pub fn targets(&self, window: Window) -> Array2<f64> {
        let (g_min_s, step_s) = (window.g_min.0, window.span().0 / f64::from(self.top_level));
        self.levels.mapv(|level| g_min_s + step_s * f64::from(level))
    }

    /// Conductances (S) to subtract digitally from each sensed current, per summed drive.
    pub fn zeros(&self, window: Window) -> Vec<f64> {
        let step_s = window.span().0 / f64::from(self.top_level);
        let of = |sense: &Sense| {
            let bottom = if sense.minus.is_none() { window.g_min.0 } else { 0.0 };
            bottom + step_s * f64::from(sense.zero)
        };
        self.senses.iter().map(of).collect()
    }

    /// The currents to sense, in order.
    pub fn sensed(&self) -> Vec<Sensed> {
        self.senses.iter().map(|s| Sensed { plus: s.plus, minus: s.minus }).collect()
    }

    /// A quantity of every cell (rows × columns) as the sensed currents see it (rows × sensed): that
    /// of the plus column plus `sign` times that of the minus column.
    pub fn combine(&self, cells: ArrayView2<'_, f64>, sign: f64) -> Array2<f64> {
        Array2::from_shape_fn((cells.nrows(), self.senses.len()), |(row, k)| {
            let sense = self.senses[k];
            cells[[row, sense.plus]] + sense.minus.map_or(0.0, |m| cells[[row, m]] * sign)
        })
    }

    /// What the cells carry, rows × outputs: `Σ_sense weight · (level₊ − level₋ − zero)`, which is the
    /// mapping's unit times the weights.
    pub fn carried(&self) -> Array2<i64> {
        let mut carried = Array2::<i64>::zeros((self.levels.nrows(), self.outputs()));
        for sense in &self.senses {
            for (row, to) in carried.column_mut(sense.output).iter_mut().enumerate() {
                let minus = sense.minus.map_or(0, |minus| self.levels[[row, minus]]);
                let net = self.levels[[row, sense.plus]] - minus - sense.zero;
                *to += sense.weight * i64::from(net);
            }
        }
        carried
    }

    /// The senses that share a full scale.
    pub fn senses_of_group(&self, group: usize) -> Range<usize> {
        let first = self.senses.partition_point(|sense| sense.full_scale_group < group);
        first..self.senses.partition_point(|sense| sense.full_scale_group <= group)
    }

    /// Outputs of the plan.
    pub fn outputs(&self) -> usize {
        self.senses.iter().map(|sense| sense.output + 1).max().unwrap_or(0)
    }

    /// Whether nothing is subtracted from some current before it is converted.
    pub fn has_lone_columns(&self) -> bool {
        self.senses.iter().any(|sense| sense.minus.is_none())
    }

    /// Whether a converter takes more than one current of an output.
    pub fn shares_converters(&self) -> bool {
        let mut met: Vec<_> = self.senses.iter().map(|s| (s.output, s.full_scale_group)).collect();
        met.sort_unstable();
        met.windows(2).any(|pair| pair[0] == pair[1])
    }

    /// Whether every output is one sensed current of weight 1, in order.
    pub fn is_one_to_one(&self) -> bool {
        self.senses.iter().enumerate().all(|(k, s)| s.output == k && s.weight == 1)
    }

    /// Columns that each output depends on, with the sum of the weights by which it does.
    pub fn columns_of_outputs(&self) -> Vec<Vec<(usize, f64)>> {
        let mut outputs = vec![Vec::<(usize, f64)>::new(); self.outputs()];
        for sense in &self.senses {
            let own = &mut outputs[sense.output];
            for (column, sign) in [(Some(sense.plus), 1.0), (sense.minus, -1.0)] {
                let Some(column) = column else { continue };
                let factor = sign * sense.weight as f64;
                match own.iter_mut().find(|(c, _)| *c == column) {
                    Some((_, sum)) => *sum += factor,
                    None => own.push((column, factor)),
                }
            }
        }
        outputs
    }
}
