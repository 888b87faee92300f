//! Amplifiers that hold the ends of columns, and not quite at ground.

use cim_device::Conduction;
use ndarray::{Array1, Array2};

use crate::crossbar::Crossbar;
use crate::sensed::Sensed;

/// What the amplifiers behind an array do to its sensed currents.
///
/// The end of each column stands at the offset of its amplifier instead of at ground. With the
/// transfer `T` (rows to columns) and the conductances `B` between the ends of columns, which only
/// wires make, the current of column `c` is, by Kirchhoff's laws and exactly for ohmic cells,
///
/// ```text
/// I_c = Σ_j T_jc (v_j − V_c) + Σ_l B_cl (V_l − V_c)
/// ```
///
/// Cells of another law answer an offset with their slope `f'(v_j)`: first order in the offset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amplifiers {
    /// Offset of every column (V), or none where all stand at ground.
    pub offset_v: Vec<f64>,
    /// Gain of every sensed current (1), or none where all are 1.
    pub gain: Vec<f64>,
}

/// What offsets add to sensed currents.
#[derive(Clone, Debug)]
pub(crate) struct Offsets {
    /// Current whatever the drive (A), per sensed current.
    pub steady_a: Array1<f64>,
    /// Current (A) for the slope of the law at each row, rows × sensed; none for ohmic cells.
    pub sloped_a: Option<Array2<f64>>,
}

impl Amplifiers {
    /// At ground, with a gain of 1.
    pub const IDEAL: Self = Self { offset_v: Vec::new(), gain: Vec::new() };

    /// Gain of a sensed current.
    pub(crate) fn gain(&self, sensed: usize) -> f64 {
        self.gain.get(sensed).copied().unwrap_or(1.0)
    }

    /// What the offsets add to sensed currents, gains included.
    pub(crate) fn offsets(&self, array: &Crossbar, sensed: &[Sensed]) -> Option<Offsets> {
        if self.offset_v.iter().all(|v| *v == 0.0) {
            return None;
        }
        let law = array.device().current_voltage();
        let (transfer, between) = (array.transfer(), array.between_ends());
        // From each column's own offset by way of the rows, and from all by way of other columns.
        let ends: Vec<f64> = (0..transfer.ncols())
            .map(|column| {
                let Some(between) = &between else { return 0.0 };
                let own = self.offset_v[column];
                let others = between.row(column);
                let flows = others.iter().zip(&self.offset_v).map(|(b, v)| b * (v - own));
                flows.sum::<f64>() * law.slope_at_rest()
            })
            .collect();
        let own = |row: usize, column: usize| -transfer[[row, column]] * self.offset_v[column];
        let sloped_a = Array2::from_shape_fn((transfer.nrows(), sensed.len()), |(row, k)| {
            let Sensed { plus, minus } = sensed[k];
            self.gain(k) * (own(row, plus) - minus.map_or(0.0, |minus| own(row, minus)))
        });
        let steady_a: Array1<f64> = sensed
            .iter()
            .enumerate()
            .map(|(k, s)| self.gain(k) * (ends[s.plus] - s.minus.map_or(0.0, |minus| ends[minus])))
            .collect();
        Some(if *law == Conduction::Ohmic {
            let rows = sloped_a.sum_axis(ndarray::Axis(0));
            Offsets { steady_a: steady_a + rows, sloped_a: None }
        } else {
            Offsets { steady_a, sloped_a: Some(sloped_a) }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cim_core::{Ohms, Scratch, Siemens, Stream, Volts};
    use cim_device::{GaussianSpec, Window, models::NoiseSpec};

    use super::*;
    use crate::ambient::Ambient;
    use crate::circuit::{Bias, Circuit};
    use crate::readout::Readout;
    use crate::solve::nodal;
    use crate::wires::Wires;

    const ROWS: usize = 6;
    const COLS: usize = 5;

    fn cells() -> Array2<f64> {
        Array2::from_shape_fn((ROWS, COLS), |(r, c)| 1e-6 * (5 + (7 * r + 11 * c) % 90) as f64)
    }

    fn array(wires: Wires, law: Conduction) -> Crossbar {
        let window = Window::new(Siemens(1e-7), Siemens(1e-3)).expect("a window");
        let device = GaussianSpec {
            g_off: window.g_min,
            g_on: window.g_max,
            programming: NoiseSpec::NONE,
            read: NoiseSpec::NONE,
            current_voltage: law,
        };
        let device = Arc::new(device.build().expect("a device"));
        Crossbar::holding(cells(), device, wires, Ambient::SILENT).expect("an array")
    }

    fn offsets() -> Vec<f64> {
        (0..COLS).map(|c| 1e-3 * (c as f64 - 1.7)).collect()
    }

    fn currents(array: &Crossbar, sensed: &[Sensed], gain: Vec<f64>, row_v: &[f32]) -> Vec<f32> {
        let amplifiers = Amplifiers { offset_v: offsets(), gain };
        let readout = Readout::through(array, sensed, &amplifiers, 0.0).expect("columns exist");
        let mut currents = vec![0.0; sensed.len()];
        let at = Stream::root(1);
        readout.currents(row_v, 1, at, &mut currents, &mut Scratch::default());
        currents
    }

    /// Against the nodal solution with the ends of the columns held where the amplifiers hold them.
    #[test]
    fn offsets_are_those_of_the_solved_circuit() {
        let wires = Wires::new(Ohms(300.0), Ohms(500.0));
        let row_v: Vec<f64> = (0..ROWS).map(|r| 0.1 - 0.03 * r as f64).collect();
        let mut bias = Bias::read(&row_v, COLS);
        for (column, offset) in offsets().into_iter().enumerate() {
            for end in [&mut bias.top[column], &mut bias.bottom[column]] {
                *end = end.map(|_| offset);
            }
        }
        let solved = nodal::solve(Circuit::new(cells(), wires).expect("an array"), &bias);
        let column_a = solved.expect("solved").column_a();
        let sensed = [
            Sensed { plus: 0, minus: None },
            Sensed { plus: 3, minus: Some(1) },
            Sensed { plus: 4, minus: Some(2) },
        ];
        let gain = vec![1.0, 1.1, 0.9];
        let row_v: Vec<f32> = row_v.iter().map(|v| *v as f32).collect();
        let got = currents(&array(wires, Conduction::Ohmic), &sensed, gain.clone(), &row_v);
        for ((sensed, got), gain) in sensed.iter().zip(got).zip(gain) {
            let want = column_a[sensed.plus] - sensed.minus.map_or(0.0, |m| column_a[m]);
            let scale = column_a.iter().fold(0.0f64, |most, a| most.max(a.abs()));
            let off = (f64::from(got) - gain * want).abs();
            assert!(off < 1e-6 * scale, "{sensed:?}: {got} for {want}");
        }
    }

    /// `Σ G f(v − V)` of a steep law: what is left is second order in the offset, some 1 %.
    #[test]
    fn steep_cells_answer_with_their_slope() {
        let law = Conduction::Sinh { scale: Volts(0.05) };
        let row_v: Vec<f32> = (0..ROWS).map(|r| 0.02 * r as f32 - 0.02).collect();
        let sensed = [Sensed { plus: 2, minus: Some(4) }];
        let got = currents(&array(Wires::NONE, law.clone()), &sensed, vec![], &row_v)[0];
        let sum = |offset: &dyn Fn(usize) -> f64| -> f64 {
            let of = |column: usize, row: usize| {
                let v = f64::from(row_v[row]) - offset(column);
                cells()[[row, column]] * law.effective_v(v)
            };
            (0..ROWS).map(|row| of(2, row) - of(4, row)).sum()
        };
        let (held, ground) = (sum(&|column| offsets()[column]), sum(&|_| 0.0));
        let off = (f64::from(got) - held).abs();
        assert!(off < 0.03 * (held - ground).abs(), "{got} for {held}, {ground} at ground");
    }

    #[test]
    fn one_slope_is_taken_only_where_it_does() {
        let law = Conduction::Sinh { scale: Volts(0.5) };
        let array = array(Wires::NONE, law);
        let amplifiers = Amplifiers { offset_v: offsets(), gain: vec![] };
        let sensed = [Sensed { plus: 2, minus: Some(4) }];
        let readout = Readout::through(&array, &sensed, &amplifiers, 0.0).expect("columns exist");
        let current = |readout: &Readout, volts: f32| {
            let mut current = [0.0];
            let at = Stream::root(1);
            readout.currents(&[volts; ROWS], 1, at, &mut current, &mut Scratch::default());
            f64::from(current[0])
        };
        let added = |readout: &Readout, volts: f32| {
            let none = Readout::compile(&array, &sensed, 0.0).expect("columns exist");
            current(readout, volts) - current(&none, volts)
        };
        let (low, high) =
            (readout.clone().driven_within(Volts(0.05)), readout.clone().driven_within(Volts(0.5)));
        assert!((added(&low, 0.05) / added(&low, 0.0) - 1.0).abs() < 1e-3);
        assert!((added(&low, 0.05) / added(&readout, 0.05) - 1.0).abs() < 6e-3);
        assert!((added(&high, 0.5) / added(&readout, 0.5) - 1.0).abs() < 1e-3);
        assert!(added(&high, 0.5) / added(&high, 0.0) > 1.5);
    }
}
