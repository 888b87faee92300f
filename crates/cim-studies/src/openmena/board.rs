//! The board as it reads: volts on rows, counts from columns.

use cim_core::{MatMul, Scratch, Siemens, Stream, Tally, Volts};
use cim_device::program::{PulseCells, VipiSpec};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use serde::{Deserialize, Serialize};

use crate::error::StudyError;

/// Converters of the board.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardSpec {
    /// Range of the row converters.
    pub dac_reference: Volts,
    pub dac_bits: u32,
    /// Row voltage, from virtual ground, for an input of 1.
    pub read_voltage: Volts,
    /// One code is one count.
    pub adc_bits: u32,
    /// Conversions averaged in one read-out.
    pub conversions: u32,
}

impl BoardSpec {
    /// Checks every key.
    ///
    /// # Errors
    /// [`StudyError::Refused`] naming the first that cannot be.
    pub fn check(&self) -> Result<(), StudyError> {
        let bits = 1..=16;
        for (name, ok) in [
            ("dac_bits", bits.contains(&self.dac_bits)),
            ("adc_bits", bits.contains(&self.adc_bits)),
            ("conversions", (1..=10_000).contains(&self.conversions)),
            ("read_voltage", 0.0 < self.read_voltage.0 && self.read_voltage < self.dac_reference),
            ("dac_reference", self.dac_reference.0.is_finite()),
        ] {
            if !ok {
                return Err(StudyError::Refused {
                    what: format!("board.{name} cannot be"),
                    help: "converters have 1 to 16 bits; a read averages 1 to 10000 conversions; \
                           the read voltage lies below the reference"
                        .into(),
                });
            }
        }
        Ok(())
    }

    fn dac_step_v(&self) -> f64 {
        self.dac_reference.0 / f64::from(1_u32 << self.dac_bits)
    }

    fn top_count(&self) -> f64 {
        f64::from((1_u32 << self.adc_bits) - 1)
    }
}

/// Some columns of a programmed array, read by the board.
///
/// Row voltages are rounded to the step of their converter. Every conversion of a column's current
/// has read noise of its own and is rounded to whole counts; the mean of some is read out. What
/// cells at zero counts conduct is known and is taken off.
#[derive(Clone, Debug)]
pub struct Board {
    spec: BoardSpec,
    /// Conductances in counts, zero included, rows × columns.
    counts: Array2<f64>,
    /// Variance of one conversion of each, counts².
    variance: Array2<f64>,
    /// Counts of a cell at zero.
    zero: f64,
    /// Units of the weights per count.
    per_count: f64,
    /// Input of the whole read voltage.
    limit: f64,
    at: Stream,
}

impl Board {
    /// Columns `first..first + columns` of `cells`; `programmer` says what a count is. An output is
    /// its counts times `per_count`. Noise of call `k` is drawn at `at.child("call", k)`.
    pub fn new(
        spec: BoardSpec,
        cells: &dyn PulseCells,
        programmer: &VipiSpec,
        (first, columns): (usize, usize),
        per_count: f64,
        at: Stream,
    ) -> Self {
        let Siemens(count_s) = programmer.count;
        let g_s = cells.conductances();
        let g_s = g_s.slice(s![.., first..first + columns]);
        Self {
            spec,
            counts: g_s.mapv(|g| g / count_s),
            variance: g_s.mapv(|g| cells.read_variance(g) / (count_s * count_s)),
            zero: programmer.zero.0 / count_s,
            per_count,
            limit: 1.0,
            at,
        }
    }

    /// The first `rows` rows of it alone.
    #[must_use]
    pub fn of_rows(self, rows: usize) -> Self {
        let part = |m: &Array2<f64>| m.slice(s![..rows, ..]).to_owned();
        Self { counts: part(&self.counts), variance: part(&self.variance), ..self }
    }

    /// The same for inputs in [0, `limit`].
    #[must_use]
    pub fn driven_to(self, limit: f64) -> Self {
        Self { limit, ..self }
    }
}

impl MatMul for Board {
    fn shape(&self) -> (usize, usize) {
        self.counts.dim()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        mut y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        let (rows, columns) = self.counts.dim();
        let conversions = self.spec.conversions as usize;
        let step = self.spec.dac_step_v() / self.spec.read_voltage.0;
        let top = self.spec.top_count();
        let mut normals = scratch.take(columns * conversions);
        let at = self.at.child("call", call);
        let mut drive = vec![0.0; rows];
        for (sample, (x, mut y)) in x.rows().into_iter().zip(y.rows_mut()).enumerate() {
            for (drive, &x) in drive.iter_mut().zip(x) {
                let x = f64::from(x) / self.limit;
                tally.dac_clips += u64::from(!(0.0..=1.0).contains(&x));
                *drive = (x.clamp(0.0, 1.0) / step).round() * step;
            }
            at.fill_standard_normal(sample as u64, &mut normals);
            let zero = self.zero * drive.iter().sum::<f64>();
            for (column, y) in y.iter_mut().enumerate() {
                let (mut mean, mut variance) = (0.0, 0.0);
                for (row, v) in drive.iter().enumerate() {
                    mean += v * self.counts[[row, column]];
                    variance += v * v * self.variance[[row, column]];
                }
                let sigma = variance.sqrt();
                let mut sum = 0.0;
                for &n in &normals[column * conversions..][..conversions] {
                    let code = (mean + sigma * f64::from(n)).round();
                    tally.adc_clips += u64::from(!(0.0..=top).contains(&code));
                    sum += code.clamp(0.0, top);
                }
                *y = (self.limit * self.per_count * (sum / conversions as f64 - zero)) as f32;
            }
        }
        tally.dac_conversions += x.len() as u64;
        tally.adc_conversions += (y.len() * conversions) as u64;
        scratch.give(normals);
    }
}

#[cfg(test)]
mod tests {
    use cim_device::ThresholdSpec;
    use cim_device::program::Pulse;

    use super::*;
    use crate::openmena::Openmena;
    use crate::openmena::spec::Spec;
    use crate::parse::parse;
    use crate::study::Study;

    fn spec() -> Spec {
        parse(Openmena::PRESET).expect("valid")
    }

    /// Cells somewhere in the window, without a noise of reading unless asked for.
    fn board(read_noise: f64, per_count: f64) -> (Board, Array2<f64>) {
        let spec = spec();
        let cell = ThresholdSpec { read_noise, ..spec.cell };
        let mut cells = cell.build().expect("a model").cells(8, 8, Stream::root(1));
        let pulses = Array2::from_elem((8, 8), Pulse::one(0.25, 2e-3));
        cells.pulse(pulses.view(), Stream::root(2)).expect("one per cell");
        let held = cells.conductances();
        let at = Stream::root(3);
        (Board::new(spec.board, &cells, &spec.programmer, (1, 2), per_count, at), held)
    }

    fn read(board: &Board, x: &Array2<f32>, call: u64) -> Array2<f32> {
        let mut y = Array2::zeros((x.nrows(), 2));
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        board.apply(x.view(), call, y.view_mut(), &mut scratch, &mut tally);
        assert_eq!((tally.dac_clips, tally.adc_clips), (0, 0));
        y
    }

    #[test]
    fn counts_are_the_product_to_within_the_steps_of_the_converters() {
        let (board, held) = board(0.0, 1.0);
        let mut x = vec![0.0; 8 * 50];
        Stream::root(5).fill_uniform(0, &mut x);
        let x = Array2::from_shape_vec((50, 8), x).expect("50 × 8");
        let y = read(&board, &x, 0);
        for (sample, x) in x.rows().into_iter().enumerate() {
            for column in 0..2 {
                let counts = |row: usize| (held[[row, column + 1]] - 5e-6) / 2e-6;
                let want: f64 = (0..8).map(|row| f64::from(x[row]) * counts(row)).sum();
                // Half a step of each row (0.366 mV of 50 mV), and half a count.
                let slack: f64 = (0..8).map(|row| 0.5 * 0.00733 * (counts(row) + 2.5)).sum();
                let error = f64::from(y[[sample, column]]) - want;
                assert!(error.abs() < 0.51 + slack, "{error} {slack}");
            }
        }
    }

    /// One input alone: the variance of a read-out is that of a conversion, and of rounding to whole
    /// counts, over 20.
    #[test]
    fn noise_is_the_mean_of_twenty_conversions_and_new_for_every_call() {
        let (board, held) = board(0.01, 2.0);
        let mut x = Array2::zeros((4000, 8));
        x.column_mut(3).fill(1.0);
        let y = read(&board, &x, 7);
        let column = y.column(0).mapv(f64::from);
        let variance = column.var(1.0) / 4.0;
        let want = ((0.01 * held[[3, 1]] / 2e-6).powi(2) + 1.0 / 12.0) / 20.0;
        // Standard deviation of a variance from 4,000 draws is 2.2 %; five of them.
        assert!((variance / want - 1.0).abs() < 0.12, "{variance} {want}");
        assert_eq!(read(&board, &x, 7), y);
        assert_ne!(read(&board, &x, 8), y);
    }

    #[test]
    fn a_limit_scales_inputs_and_rows_can_be_left_out() {
        let (board, _) = board(0.01, 1.0);
        let x = Array2::from_shape_fn((20, 8), |(k, row)| ((3 * k + row) % 8) as f32 / 8.0);
        let y = read(&board, &x, 1);
        let scaled = read(&board.clone().driven_to(4.0), &(&x * 4.0), 1);
        assert!((&scaled - &(&y * 4.0)).iter().all(|d| d.abs() < 1e-3));
        let mut upper = x.clone();
        upper.slice_mut(s![.., 5..]).fill(0.0);
        let rows = board.clone().of_rows(5);
        assert_eq!(rows.shape(), (5, 2));
        assert_eq!(read(&rows, &x.slice(s![.., ..5]).to_owned(), 1), read(&board, &upper, 1));
    }

    #[test]
    fn what_leaves_the_range_is_counted() {
        let (board, _) = board(0.0, 1.0);
        let x = Array2::from_shape_fn((1, 8), |(_, row)| if row == 2 { 1.5 } else { 0.5 });
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        let mut y = Array2::zeros((1, 2));
        board.apply(x.view(), 0, y.view_mut(), &mut scratch, &mut tally);
        assert_eq!((tally.dac_clips, tally.dac_conversions, tally.adc_conversions), (1, 8, 40));
    }
}
