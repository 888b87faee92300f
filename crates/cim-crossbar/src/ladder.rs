//! A column wire with its segments, far end first: what a tile that is stepped through time solves.

use ndarray::{Array1, Array2, s};

/// The columns that run one way: a ladder of wire and shunts each, side by side.
///
/// In Norton's form, which needs no quotient by a conductance that may be 0: looking to the far
/// end from node `s`, admittance `Y_s` and current `J_s`,
///
/// ```text
/// Y_0 = g_0             Y_s = g_s + Y_{s−1} pass_{s−1}        pass_s = 1 / (1 + r_s Y_s)
/// J_0 = (v g)_0         J_s = (v g)_s + J_{s−1} pass_{s−1}    i = J_last pass_last
/// ```
///
/// where `r_s` is a segment of wire, and half of one after the last. Voltages count from where the
/// ADC holds the end.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// Part of what arrives at a node that goes on to the next, segments × columns.
    pass: Array2<f64>,
    /// Admittance of the whole column seen by the ADC (S).
    output_s: Array1<f64>,
}

impl Ladder {
    /// Ladders for shunts `g_s` (S, segments × columns), with `wire_ohm` from one to the next.
    pub fn new(g_s: &Array2<f64>, wire_ohm: f64) -> Self {
        let (segments, cols) = g_s.dim();
        let mut pass = Array2::zeros((segments, cols));
        let mut arriving = Array1::<f64>::zeros(cols);
        for segment in 0..segments {
            let ohm = if segment + 1 == segments { wire_ohm / 2.0 } else { wire_ohm };
            for col in 0..cols {
                let admittance = g_s[[segment, col]] + arriving[col];
                pass[[segment, col]] = 1.0 / (1.0 + ohm * admittance);
                arriving[col] = admittance * pass[[segment, col]];
            }
        }
        Self { pass, output_s: arriving }
    }

    /// Admittance of every column as its ADC sees it (S).
    pub fn output_s(&self) -> &Array1<f64> {
        &self.output_s
    }

    /// Part of a current injected at each node that reaches the ADC, segments × columns.
    pub fn transfer(&self) -> Array2<f64> {
        let mut transfer = self.pass.clone();
        for segment in (0..transfer.nrows().saturating_sub(1)).rev() {
            let (mut here, onward) =
                transfer.multi_slice_mut((s![segment, ..], s![segment + 1, ..]));
            here *= &onward;
        }
        transfer
    }

    /// Currents of the columns (A) for sources `vg_a` (A, segments × columns). `arriving_a` holds
    /// `J` of every segment; those before `first` are kept from the call before.
    #[inline(always)]
    pub fn collapse(
        &self,
        vg_a: &[f64],
        first: usize,
        arriving_a: &mut [f64],
        current_a: &mut [f64],
    ) {
        let cols = current_a.len();
        let pass = self.pass.as_slice().expect("standard layout");
        let segments = pass.len() / cols.max(1);
        for segment in first..segments {
            let sources = &vg_a[segment * cols..][..cols];
            let (before, here) = arriving_a.split_at_mut(segment * cols);
            let here = &mut here[..cols];
            if segment == 0 {
                here.copy_from_slice(sources);
                continue;
            }
            let from = (segment - 1) * cols;
            let (before, pass) = (&before[from..][..cols], &pass[from..][..cols]);
            for (((j, &source), &before), &pass) in
                here.iter_mut().zip(sources).zip(before).zip(pass)
            {
                *j = source + before * pass;
            }
        }
        let last = (segments - 1) * cols;
        let (pass, arriving) = (&pass[last..][..cols], &arriving_a[last..][..cols]);
        for ((i, &j), &pass) in current_a.iter_mut().zip(arriving).zip(pass) {
            *i = j * pass;
        }
    }
}
