//! What wires took of an array's currents and voltages, as plain data.

use std::fmt;

use cim_core::{Amps, Ohms, Volts, Watts};
use cim_device::Conduction;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use serde::Serialize;

use crate::circuit::Circuit;
use crate::solve::iterative::Bounded;
use crate::solve::solution::Solution;
use crate::wires::Wires;

/// A solved array in a few numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Rows of cells.
    pub rows: usize,
    /// Columns of cells.
    pub columns: usize,
    /// Vectors of voltages.
    pub vectors: usize,
    /// Wires; nothing where they were given segment by segment.
    pub wires: Option<Wires>,
    /// Power in cells and wires, of the first vector (W).
    pub power_w: Option<f64>,
    /// Most that any cell is short of its row's voltage, of the first vector if it is a read (V).
    pub largest_ir_drop_v: Option<f64>,
    /// Share of the current without wires that is lost ([`nonideality`]).
    pub nonideality: Option<f64>,
    /// Largest current of any column and vector (A).
    pub largest_current_a: f64,
    /// What no current is off by more than, where that is proven.
    pub proven: Option<Proven>,
}

/// A bound on the error of currents.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Proven {
    /// Relative to the largest current of a vector.
    pub relative: f64,
    /// Steps of the longest iteration; nothing where the array was eliminated.
    pub steps: Option<usize>,
}

impl Summary {
    /// Of currents, vectors × columns (A); what else is known is added by [`Summary::with_first`],
    /// [`Summary::with_reads`] and [`Summary::with_bound`].
    pub fn of(circuit: &Circuit, wires: Option<Wires>, column_a: &Array2<f64>) -> Self {
        let (rows, columns) = circuit.shape();
        Self {
            rows,
            columns,
            vectors: column_a.nrows(),
            wires,
            power_w: None,
            largest_ir_drop_v: None,
            nonideality: None,
            largest_current_a: most(column_a.iter()),
            proven: None,
        }
    }

    /// With the power of the first vector, and what wires took of its voltages `read_v` (V) where it is a
    /// read.
    #[must_use]
    pub fn with_first(self, first: &Solution, read_v: Option<ArrayView1<'_, f64>>) -> Self {
        let lost = |row_v| most(lost_v(row_v, first).iter());
        Self { power_w: Some(first.power_w), largest_ir_drop_v: read_v.map(lost), ..self }
    }

    /// With the share of current that is lost of reads at `row_v`, vectors × rows (V), where it is known.
    #[must_use]
    pub fn with_reads(
        self,
        (circuit, law): (&Circuit, &Conduction),
        row_v: ArrayView2<'_, f64>,
        column_a: &Array2<f64>,
    ) -> Self {
        Self { nonideality: nonideality(circuit, law, row_v, column_a), ..self }
    }

    /// With what is proven of the error of currents.
    #[must_use]
    pub fn with_bound(self, bounded: &Bounded) -> Self {
        let vectors = bounded.error_a.rows().into_iter().zip(bounded.column_a.rows());
        let relative = vectors
            .map(|(error_a, column_a)| (most(error_a.iter()), most(column_a.iter())))
            .filter(|(error_a, _)| 0.0 < *error_a)
            .fold(0.0_f64, |worst, (error_a, column_a)| worst.max(error_a / column_a));
        Self { proven: Some(Proven { relative, steps: bounded.steps }), ..self }
    }
}

/// The largest magnitude.
fn most<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    values.into_iter().fold(0.0, |most, value| most.max(value.abs()))
}

/// Voltage (V) that each cell is short of, rows × columns: its row's voltage `row_v` less what is across
/// it.
pub fn lost_v(row_v: ArrayView1<'_, f64>, solution: &Solution) -> Array2<f64> {
    &row_v.insert_axis(Axis(1)) - &(&solution.row_v - &solution.column_v)
}

/// `(I_ideal − I) / I_ideal` of reads at `row_v`, vectors × rows (V), that drive `column_a`, vectors ×
/// columns (A); each column is weighted by its ideal current.
///
/// Only where all cells are ohmic, none is a short and every ideal current has one direction.
pub fn nonideality(
    circuit: &Circuit,
    law: &Conduction,
    row_v: ArrayView2<'_, f64>,
    column_a: &Array2<f64>,
) -> Option<f64> {
    let g_s = circuit.conductances();
    if *law != Conduction::Ohmic || !g_s.iter().all(|g| g.is_finite()) {
        return None;
    }
    let total = row_v.dot(&g_s).sum();
    let one_way = row_v.iter().all(|v| 0.0 <= *v) || row_v.iter().all(|v| *v <= 0.0);
    (one_way && total != 0.0).then(|| (total - column_a.sum()) / total)
}

/// A line a number, for a terminal.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, columns, vectors, .. } = self;
        let which = if *vectors == 1 { "" } else { " (first vector)" };
        let ohm = |r: Ohms| if r == Ohms::ZERO { "ideal".to_owned() } else { r.to_string() };
        writeln!(f, "array            {rows} × {columns}, vectors: {vectors}")?;
        match self.wires {
            None => writeln!(f, "wires            segment by segment")?,
            Some(wires) => {
                let ends = [wires.row, wires.column, wires.source(), wires.sense()];
                let [row, column, source, sense] = ends.map(ohm);
                writeln!(
                    f,
                    "wires            row {row}, column {column}, source {source}, sense {sense}"
                )?;
            }
        }
        if let Some(power_w) = self.power_w {
            writeln!(f, "power            {:.4}{which}", Watts(power_w))?;
        }
        if let Some(lost_v) = self.largest_ir_drop_v {
            writeln!(f, "largest IR drop  {:.4}{which}", Volts(lost_v))?;
        }
        if let Some(share) = self.nonideality {
            writeln!(f, "nonideality      {share:.6} of the current without wires is lost")?;
        }
        writeln!(f, "largest current  {:.4}", Amps(self.largest_current_a))?;
        if let Some(Proven { relative, steps }) = self.proven {
            let how =
                steps.map_or("by elimination".to_owned(), |steps| format!("in {steps} steps"));
            writeln!(
                f,
                "proven           no current is off by more than {relative:.1e} of the largest of its \
                 vector, {how}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::Bias;
    use crate::solve::nodal::Nodal;

    /// One cell of 1 kΩ between two wires of 1 kΩ, read at 0.3 V: a third of the voltage is across it, two
    /// thirds are lost, and so is that share of the current.
    #[test]
    fn a_voltage_divider_loses_two_thirds() {
        let g = Array2::from_elem((1, 1), 1e-3);
        let wires = Wires::new(Ohms(1e3), Ohms(1e3));
        let circuit = Circuit::new(g, wires).expect("an array");
        let bias = Bias::read(&[0.3], 1);
        let first = Nodal::new(circuit.clone(), &bias).expect("held").solve(&bias).expect("solved");
        let column_a = Array2::from_elem((1, 1), first.column_a()[0]);
        let row_v = Array2::from_elem((1, 1), 0.3);
        let summary = Summary::of(&circuit, Some(wires), &column_a)
            .with_first(&first, Some(row_v.row(0)))
            .with_reads((&circuit, &Conduction::Ohmic), row_v.view(), &column_a);
        let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-9 * want, "{got} {want}");
        near(summary.largest_ir_drop_v.expect("a read"), 0.2);
        near(summary.nonideality.expect("ohmic"), 2.0 / 3.0);
        near(summary.largest_current_a, 1e-4);
        near(summary.power_w.expect("solved"), 0.3 * 1e-4);
        let both_ways = ndarray::array![[0.3], [-0.3]];
        let ohmic = &Conduction::Ohmic;
        assert_eq!(nonideality(&circuit, ohmic, both_ways.view(), &column_a), None);
    }
}
