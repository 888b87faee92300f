//! What wires do to an array of linear cells.

use std::sync::OnceLock;

use cim_device::Conduction;
use ndarray::{Array1, Array2, ArrayView2, Axis, Zip};

use crate::circuit::{Bias, Circuit, check_ideal};
use crate::error::CircuitError;
use crate::solve::iterative;
use crate::solve::newton;
use crate::solve::nodal::Nodal;
use crate::solve::transfer::Transfer;
use crate::wires::Wires;

/// Error of a share of 1 V that is no matter: the shares stand for all drives by a mean of two.
const SHARE_ERROR: f64 = 1e-9;

/// Columns whose adjoint voltages are found at once.
const ADJOINT: usize = 8;

/// The effect of wires on currents and their noise, computed once for an array: currents at once,
/// what cells see of voltages when it is first asked for.
///
/// *Currents* of ohmic cells are exact: the array is reduced to its ends ([`Transfer`]). A law that is
/// not ohmic is taken at the voltage of the row, with an error of at most
/// [`largest_law_error`](Self::largest_law_error); [`newton`] solves such an
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
    circuit: Circuit,
    transfer: Transfer,
    shares: OnceLock<Shares>,
}

/// What cells see in an array that is driven and sensed in full.
#[derive(Clone, Debug)]
struct Shares {
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
        wires.check()?;
        if wires.are_ideal() {
            check_ideal(g_s.view())?;
            return Ok(Self { solved: None });
        }
        let circuit = Circuit::new(g_s.clone(), wires)?;
        let transfer = Transfer::compile(&circuit)?;
        Ok(Self { solved: Some(Solved { circuit, transfer, shares: OnceLock::new() }) })
    }

    /// The same, with what the noise of its cells needs.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_noise(g_s: &Array2<f64>, wires: Wires) -> Result<Self, CircuitError> {
        wires.check()?;
        if wires.are_ideal() {
            check_ideal(g_s.view())?;
            return Ok(Self { solved: None });
        }
        let circuit = Circuit::new(g_s.clone(), wires)?;
        let (transfer, shares) = (Transfer::compile(&circuit)?, Shares::of(&circuit)?);
        Ok(Self { solved: Some(Solved { circuit, transfer, shares: OnceLock::from(shares) }) })
    }

    /// Column currents per row voltage, rows × columns (S).
    pub fn transfer_s<'a>(&'a self, g_s: &'a Array2<f64>) -> ArrayView2<'a, f64> {
        self.solved.as_ref().map_or(g_s.view(), |solved| solved.transfer.matrix())
    }

    /// Conductance (S) that the virtual ground of each column sees.
    pub(crate) fn columns_s(&self, g_s: &Array2<f64>) -> Vec<f64> {
        match &self.solved {
            None => g_s.sum_axis(Axis(0)).to_vec(),
            Some(solved) => {
                (0..g_s.ncols()).map(|column| solved.transfer.column_conductance(column)).collect()
            }
        }
    }

    /// Conductance (S) between the ends of two columns.
    pub(crate) fn between(&self, a: usize, b: usize) -> f64 {
        self.solved.as_ref().map_or(0.0, |solved| solved.transfer.between_columns()[[a, b]])
    }

    /// The same, columns × columns; none for ideal wires.
    pub(crate) fn between_ends(&self) -> Option<ArrayView2<'_, f64>> {
        self.solved.as_ref().map(|solved| solved.transfer.between_columns())
    }

    /// Scales a quantity of every cell by a function of the share of its row's voltage that the
    /// cell sees and the share of its current that its column does.
    pub(crate) fn scale(&self, cells: &mut Array2<f64>, by: impl Fn(f64, f64) -> f64) {
        let Some(solved) = &self.solved else { return };
        if cells.iter().all(|cell| *cell == 0.0) {
            return;
        }
        let Shares { drive, effect } = solved.shares();
        Zip::from(cells).and(drive).and(effect).for_each(|cell, drive, effect| {
            *cell *= by(0.5 * (1.0 + drive), 0.5 * (1.0 + effect));
        });
    }

    /// A bound on the error of every column's current because a law that is not ohmic is taken at the
    /// voltage of the row, `T f(V)`, and not at that across the cell, which wires make smaller: on the
    /// magnitude of that error over the column's current with *all* rows at `peak_v` (V), for rows at
    /// any voltages from 0 to `peak_v` each, and columns at ground. Relative to the current that flows
    /// at such voltages it may be more: they may drive next to none.
    ///
    /// Let `φ(v) = f(v) − v` be what the law adds to an ohmic cell. By Tellegen's theorem between the
    /// array and its adjoint of ohmic cells, with `a` the adjoint voltage across each cell for a
    /// column, the column's current is taken too large by exactly `Σ G a (φ(V) − φ(v))`, `V` at the
    /// row and `v` across the cell. Node voltages of rising cells rise with every voltage at the ends:
    /// a row is at least what it is alone with the columns at ground, a column at most what it is with
    /// all rows at the peak. Both are solved by Newton's method, so that `V − v` has a bound for every
    /// cell, `|a|` is its weight, and of `φ` the largest change over such a step between `−peak_v`
    /// and `peak_v` is taken. All rows at the peak come close to it where columns drop little.
    ///
    /// # Errors
    /// [`CircuitError::Device`] for a law that is not separable, and [`CircuitError`] where such an
    /// array cannot be solved.
    pub fn largest_law_error(&self, law: &Conduction, peak_v: f64) -> Result<f64, CircuitError> {
        law.check_separable()?;
        let Some(solved) = &self.solved else { return Ok(0.0) };
        let circuit = &solved.circuit;
        let (rows, cols) = circuit.shape();
        let at_peak = Bias::read(&vec![peak_v; rows], cols);
        let full = newton::solve(circuit, law, &at_peak)?.solution;
        let ground = Array2::from_shape_fn(circuit.column_ohm().dim(), |_| 0.0);
        let (g_s, row_ohm) = (circuit.conductances().to_owned(), circuit.row_ohm().to_owned());
        let alone = Circuit::with_segments(g_s, row_ohm, ground)?;
        let alone = newton::solve(&alone, law, &at_peak)?.solution;
        // A row that is driven less than the others may be lifted by the columns.
        let lifted_v = full.column_v.fold(0.0_f64, |most, v| most.max(*v));
        let mut missed_a = circuit.conductances().to_owned();
        for ((row, col), missed) in missed_a.indexed_iter_mut() {
            let lost_v = peak_v - alone.row_v[[row, col]] + full.column_v[[row, col]];
            let lost_v = lost_v.max(lifted_v).clamp(0.0, 2.0 * peak_v);
            // An open cell carries nothing, and a short has no voltage, whatever the law.
            let conducts = *missed > 0.0 && missed.is_finite();
            *missed = if conducts { *missed * most_added(law, lost_v, peak_v) } else { 0.0 };
        }
        let nodal = Nodal::new(circuit.clone(), &all_rows((rows, cols)))?;
        let column_a = full.column_a();
        let mut largest: f64 = 0.0;
        for first in (0..cols).step_by(ADJOINT) {
            let sensed: [Bias; ADJOINT] =
                std::array::from_fn(|k| Bias::sense_one(rows, cols, (first + k).min(cols - 1)));
            let adjoint_v = nodal.across(sensed.each_ref())?;
            for (adjoint_v, column_a) in adjoint_v.iter().zip(&column_a[first..]) {
                let weighed = adjoint_v.iter().zip(&missed_a);
                let missed_a: f64 = weighed.map(|(a, missed)| a.abs() * missed).sum();
                largest = largest.max(missed_a / column_a.abs().max(f64::MIN_POSITIVE));
            }
        }
        Ok(largest)
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
        let Shares { drive, effect } = solved.shares();
        drive
            .iter()
            .zip(effect)
            .map(|(drive, effect)| {
                let used = 0.25 * (1.0 + drive) * (1.0 + effect);
                (used / (drive * effect) - 1.0).max(1.0 / used - 1.0)
            })
            .fold(0.0, f64::max)
    }
}

/// By how much what a law adds to an ohmic cell, `f(v) − v` (V), differs at most at two voltages
/// between `−peak_v` and `peak_v` that are `step_v` or less apart.
fn most_added(law: &Conduction, step_v: f64, peak_v: f64) -> f64 {
    let added = |v: f64| law.effective_v(v) - v;
    match law {
        // Odd, and steeper the further from rest.
        Conduction::Sinh { .. } => added(peak_v) - added(peak_v - step_v),
        Conduction::Polynomial { square_per_v: 0.0, cubic_per_v2, .. } if *cubic_per_v2 >= 0.0 => {
            added(peak_v) - added(peak_v - step_v)
        }
        Conduction::Polynomial { square_per_v, cubic_per_v2, range } => {
            let end_v = peak_v.min(range.0);
            let turn_v = -square_per_v / (3.0 * cubic_per_v2);
            let turn_v = if turn_v.is_finite() { turn_v.clamp(-end_v, end_v) } else { end_v };
            let slope = |v: f64| v * (2.0 * square_per_v + 3.0 * cubic_per_v2 * v);
            let slopes = [-end_v, turn_v, end_v].map(|v| slope(v).abs());
            step_v * slopes.into_iter().fold(0.0, f64::max)
        }
        Conduction::Table { volts, factor } => {
            let inner = volts.len() - 2;
            let pieces = volts.windows(2).zip(factor.windows(2)).enumerate();
            let slopes = pieces
                // The first and the last go on for ever.
                .filter(|(k, (v, _))| {
                    (*k == inner || -peak_v <= v[1]) && (*k == 0 || v[0] <= peak_v)
                })
                .map(|(_, (v, f))| ((f[1] - f[0]) / (v[1] - v[0]) - 1.0).abs());
            step_v * slopes.fold(0.0, f64::max)
        }
        Conduction::Ohmic | Conduction::Milo2021 | Conduction::Selector { .. } => 0.0,
    }
}

impl Solved {
    fn shares(&self) -> &Shares {
        self.shares.get_or_init(|| {
            Shares::of(&self.circuit)
                .expect("an array that was reduced to its ends has a voltage at every cell")
        })
    }
}

impl Shares {
    /// To nine digits where an iteration gives them, to rounding else.
    fn of(circuit: &Circuit) -> Result<Self, CircuitError> {
        let (rows, cols) = circuit.shape();
        let [row_v, column_v] = [Array1::ones(rows), Array1::ones(cols)];
        let [row_ground, column_ground] = [Array1::zeros(rows), Array1::zeros(cols)];
        let driven = (row_v.view(), column_ground.view());
        let sensed = (row_ground.view(), column_v.view());
        let across = iterative::across(circuit, [driven, sensed], SHARE_ERROR);
        let [drive, against] = match across {
            Some(across) => across,
            None => {
                let all_rows = all_rows((rows, cols));
                let nodal = Nodal::new(circuit.clone(), &all_rows)?;
                nodal.across([&all_rows, &Bias::sense(rows, cols)])?
            }
        };
        Ok(Self { drive, effect: -against })
    }
}

/// All rows at 1 V, all columns at ground.
fn all_rows((rows, cols): (usize, usize)) -> Bias {
    Bias::read(&vec![1.0; rows], cols)
}
