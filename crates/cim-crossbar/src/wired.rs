//! What wires do to an array of linear cells.

use cim_device::Conduction;
use ndarray::{Array2, ArrayView2, Zip};

use crate::circuit::{Bias, Circuit};
use crate::error::CircuitError;
use crate::solve::nodal::Nodal;
use crate::solve::transfer::Transfer;
use crate::wires::Wires;

/// The effect of wires on currents and their noise, computed once for an array.
///
/// *Currents* of ohmic cells are exact: the array is reduced to its ends ([`Transfer`]). A law that is
/// not ohmic is taken at the voltage of the row, with the error of
/// [`largest_law_error`](Self::largest_law_error); [`newton`](crate::solve::newton) solves such an
/// array exactly, vector by vector.
///
/// *Thermal noise* is exact for every column and difference of columns, by Nyquist's theorem. That
/// two of them share a little of it, through the rows, is left out.
///
/// *Read and shot noise* of a cell reach a column by `dI/dG = (u − w)(u* − w*)`: the voltage across
/// the cell, times that across it when the column's end is held at 1 V and the rows at ground. Both
/// depend on which other rows are driven and which columns are sensed: from a lone row or column
/// (hardly any drop) to all of them (the drop that is solved here). The mean of 1 and of the fully
/// driven value is used for each. A column's standard deviation is then off by no more than
/// half of what it loses from no drop at all to all rows and columns driven, to first order in
/// wire resistance; [`largest_noise_error`](Self::largest_noise_error) gives that for an array.
#[derive(Clone, Debug)]
pub struct Wired {
    /// Nothing for ideal wires.
    solved: Option<Solved>,
}

#[derive(Clone, Debug)]
struct Solved {
    transfer: Transfer,
    /// Voltage across each cell per volt on its row, with all rows driven.
    drive: Array2<f64>,
    /// Current in the columns' ends per current through each cell, in all columns together.
    effect: Array2<f64>,
}

impl Wired {
    /// Solves an array of cells `g_s` (rows × columns, S) on wires.
    ///
    /// # Errors
    /// [`CircuitError`] for conductances or wires that cannot be.
    pub fn new(g_s: &Array2<f64>, wires: Wires) -> Result<Self, CircuitError> {
        let circuit = Circuit::new(g_s.clone(), wires)?;
        if wires.are_ideal() {
            return Ok(Self { solved: None });
        }
        let (rows, cols) = g_s.dim();
        let all_rows = Bias::read(&vec![1.0; rows], cols);
        let nodal = Nodal::new(circuit, &all_rows)?;
        let driven = nodal.solve(&all_rows)?;
        let sensed = nodal.solve(&Bias::sense(rows, cols))?;
        let drive = driven.row_v - driven.column_v;
        let effect = sensed.column_v - sensed.row_v;
        Ok(Self { solved: Some(Solved { transfer: nodal.transfer(), drive, effect }) })
    }

    /// Column currents per row voltage, rows × columns (S).
    pub fn transfer_s<'a>(&'a self, g_s: &'a Array2<f64>) -> ArrayView2<'a, f64> {
        self.solved.as_ref().map_or(g_s.view(), |solved| solved.transfer.matrix())
    }

    /// Conductance (S) that the virtual ground of a column sees.
    pub(crate) fn column_s(&self, g_s: &Array2<f64>, column: usize) -> f64 {
        match &self.solved {
            None => g_s.column(column).sum(),
            Some(solved) => solved.transfer.column_conductance(column),
        }
    }

    /// Conductance (S) between the ends of two columns.
    pub(crate) fn between(&self, a: usize, b: usize) -> f64 {
        self.solved.as_ref().map_or(0.0, |solved| solved.transfer.between_columns()[[a, b]])
    }

    /// Scales a quantity of every cell by a function of the share of its row's voltage that the
    /// cell sees and the share of its current that its column does.
    pub(crate) fn scale(&self, cells: &mut Array2<f64>, by: impl Fn(f64, f64) -> f64) {
        let Some(solved) = &self.solved else { return };
        Zip::from(cells).and(&solved.drive).and(&solved.effect).for_each(|cell, drive, effect| {
            *cell *= by(0.5 * (1.0 + drive), 0.5 * (1.0 + effect));
        });
    }

    /// Largest relative error of a current because a law that is not ohmic is taken at the voltage of
    /// the row, up to `peak_v`, and not at that across the cell, which the wires make smaller.
    ///
    /// The law multiplies an ohmic cell's current by `f(v)/v`, which grows with `v`. It is taken too
    /// large, by no more than at the cell that sees least of a fully driven array's voltage; and
    /// the wires lose more than of ohmic cells, by no more than the same factor.
    pub fn largest_law_error(&self, law: &Conduction, peak_v: f64) -> f64 {
        let Some(solved) = &self.solved else { return 0.0 };
        let least = solved.drive.iter().fold(1.0_f64, |least, &share| least.min(share)).max(0.0);
        let gain = |v: f64| if v == 0.0 { 1.0 } else { law.effective_v(v) / v };
        gain(peak_v) / gain(least * peak_v) - 1.0 + (gain(peak_v) - 1.0) * (1.0 - least)
    }

    /// How much of a change of each cell its own column sees, rows × columns: `dI/dG` per volt of
    /// its row, for a drive between that of a lone row and of all rows.
    pub fn sensitivity(&self, g_s: &Array2<f64>) -> Array2<f64> {
        let mut sensitivity = Array2::ones(g_s.dim());
        self.scale(&mut sensitivity, |drive, effect| drive * effect);
        sensitivity
    }

    /// Largest relative error of a column's read- or shot-noise standard deviation, to first order
    /// in wire resistance.
    pub fn largest_noise_error(&self) -> f64 {
        let Some(solved) = &self.solved else { return 0.0 };
        let both = solved.drive.iter().zip(&solved.effect);
        both.map(|(drive, effect)| {
            let used = 0.25 * (1.0 + drive) * (1.0 + effect);
            (used / (drive * effect) - 1.0).max(1.0 / used - 1.0)
        })
        .fold(0.0, f64::max)
    }
}
