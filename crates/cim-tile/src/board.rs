//! The board as it reads: volts on rows, counts from columns.

use cim_core::{Amps, MatMul, Scratch, Siemens, Stream, Tally, Volts};
use cim_crossbar::Ambient;
use cim_device::Conduction;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use serde::{Deserialize, Serialize};

use crate::error::TileError;

/// What the board has beyond any other array with its converters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardSpec {
    /// Range of the row converters, above the read voltage.
    pub dac_reference: Volts,
    /// Conversions averaged in one read-out, 1 to 10,000.
    pub conversions: u32,
}

/// How the board reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoardRead {
    /// What it has beyond other arrays.
    pub board: BoardSpec,
    /// Row voltage, from virtual ground, for an input of 1.
    pub read_voltage: Volts,
    /// Bits of the row converters, 1 to 16, over their whole range.
    pub dac_bits: u32,
    /// Bits of the column converters, 1 to 16.
    pub adc_bits: u32,
    /// Current of their largest code.
    pub full_scale: Amps,
    /// Their input-referred noise, rms.
    pub adc_noise: Amps,
    /// Noise of the circuit, in every conversion.
    pub ambient: Ambient,
}

/// What counts mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountScale {
    /// Conductance of no counts.
    pub zero: Siemens,
    /// Conductance of one count.
    pub one: Siemens,
}

/// What cells hold, and how they are read.
#[derive(Clone, Debug)]
pub struct HeldCells {
    /// Conductances, rows × columns (S).
    pub g_s: Array2<f64>,
    /// Variance of one read of each (S²).
    pub variance_s2: Array2<f64>,
    /// Current against voltage.
    pub law: Conduction,
}

impl BoardRead {
    /// Checks every key.
    ///
    /// # Errors
    /// [`TileError::Board`] naming the first that cannot be, and [`TileError::Circuit`] for surroundings
    /// that cannot be.
    pub fn check(&self) -> Result<(), TileError> {
        let bits = 1..=16;
        let BoardSpec { dac_reference, conversions } = self.board;
        for (name, ok) in [
            ("dac_bits", bits.contains(&self.dac_bits)),
            ("adc_bits", bits.contains(&self.adc_bits)),
            ("conversions", (1..=10_000).contains(&conversions)),
            ("read_voltage", 0.0 < self.read_voltage.0 && self.read_voltage < dac_reference),
            ("dac_reference", dac_reference.0.is_finite()),
            ("full_scale", 0.0 < self.full_scale.0 && self.full_scale.0.is_finite()),
            ("adc_noise", 0.0 <= self.adc_noise.0 && self.adc_noise.0.is_finite()),
        ] {
            if !ok {
                return Err(TileError::Board { name });
            }
        }
        Ok(self.ambient.check()?)
    }

    /// One step of the row converters, in read voltages.
    fn dac_step(&self) -> f64 {
        let step_v = self.board.dac_reference.0 / f64::from(1_u32 << self.dac_bits);
        step_v / self.read_voltage.0
    }

    fn top_code(&self) -> f64 {
        f64::from((1_u32 << self.adc_bits) - 1)
    }
}

/// Some columns of a programmed array, read by the board.
///
/// Row voltages are rounded to the step of their converter. Every conversion of a column's current
/// has noise of its own, that of cells, circuit and converter, and is rounded to a code; the mean of
/// some is read out in counts. What cells at zero counts conduct is known and is taken off.
#[derive(Clone, Debug)]
pub struct Board {
    read: BoardRead,
    law: Conduction,
    /// Conductances in counts, zero included, rows × columns.
    counts: Array2<f64>,
    /// Variance of one conversion of each, counts².
    variance: Array2<f64>,
    /// Current of one count at the read voltage (A).
    count_a: f64,
    /// Conductance of one count (S).
    count_s: f64,
    /// Counts of a cell at zero.
    zero: f64,
    /// Units of the weights per count.
    per_count: f64,
    /// Input of the whole read voltage.
    limit: f64,
    at: Stream,
}

impl Board {
    /// Columns `first..first + columns` of `cells`. An output is its counts times `per_count`. Noise of
    /// call `k` is drawn at `at.child("call", k)`.
    ///
    /// # Panics
    /// If the cells do not have these columns.
    pub fn new(
        read: BoardRead,
        cells: &HeldCells,
        counts: CountScale,
        (first, columns): (usize, usize),
        per_count: f64,
        at: Stream,
    ) -> Self {
        let Siemens(count_s) = counts.one;
        let part = |m: &Array2<f64>, one: f64| {
            m.slice(s![.., first..first + columns]).mapv(|value| value / one)
        };
        Self {
            read,
            law: cells.law.clone(),
            counts: part(&cells.g_s, count_s),
            variance: part(&cells.variance_s2, count_s * count_s),
            count_a: count_s * read.read_voltage.0,
            count_s,
            zero: counts.zero.0 / count_s,
            per_count,
            limit: 1.0,
            at,
        }
    }

    /// The first `rows` rows of it alone.
    ///
    /// # Panics
    /// If it has fewer.
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

    /// What a row drives its cells with at a share of the read voltage, in read voltages: by their
    /// currents, and for shot noise.
    fn driven(&self, share: f64) -> (f64, f64) {
        let Volts(read_v) = self.read.read_voltage;
        let effective = match &self.law {
            Conduction::Ohmic => share,
            law => law.effective_v(share * read_v) / read_v,
        };
        (effective, self.read.ambient.shot_v(&self.law, share * read_v))
    }

    /// Variance of what circuit and converter add to one conversion of a column, counts².
    fn added(&self, column: usize, shot_v: &[f64]) -> f64 {
        let ambient = &self.read.ambient;
        let counts = self.counts.column(column);
        let sum_s = self.count_s * self.law.slope_at_rest() * counts.sum();
        let shot_a: f64 =
            counts.iter().zip(shot_v).map(|(count, v)| self.count_s * count * v).sum();
        let variance_a2 = ambient.thermal_variance(Siemens(sum_s))
            + ambient.shot_variance(Amps(shot_a))
            + self.read.adc_noise.0.powi(2);
        variance_a2 / (self.count_a * self.count_a)
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
        let conversions = self.read.board.conversions as usize;
        let (step, top) = (self.read.dac_step(), self.read.top_code());
        // Counts of one code.
        let code = self.read.full_scale.0 / top / self.count_a;
        let mut normals = scratch.take(columns * conversions);
        let at = self.at.child("call", call);
        let (mut drive, mut shot_v) = (vec![0.0; rows], vec![0.0; rows]);
        for (sample, (x, mut y)) in x.rows().into_iter().zip(y.rows_mut()).enumerate() {
            for ((drive, shot_v), &x) in drive.iter_mut().zip(&mut shot_v).zip(x) {
                let x = f64::from(x) / self.limit;
                tally.dac_clips += u64::from(!(0.0..=1.0).contains(&x));
                (*drive, *shot_v) = self.driven((x.clamp(0.0, 1.0) / step).round() * step);
            }
            at.fill_standard_normal(sample as u64, &mut normals);
            let zero = self.zero * drive.iter().sum::<f64>();
            for (column, y) in y.iter_mut().enumerate() {
                let (mut mean, mut variance) = (0.0, 0.0);
                for (row, v) in drive.iter().enumerate() {
                    mean += v * self.counts[[row, column]];
                    variance += v * v * self.variance[[row, column]];
                }
                let sigma = (variance + self.added(column, &shot_v)).sqrt();
                let mut sum = 0.0;
                for &n in &normals[column * conversions..][..conversions] {
                    let read = ((mean + sigma * f64::from(n)) / code).round();
                    tally.adc_clips += u64::from(!(0.0..=top).contains(&read));
                    sum += read.clamp(0.0, top);
                }
                let counts = code * sum / conversions as f64;
                *y = (self.limit * self.per_count * (counts - zero)) as f32;
            }
        }
        tally.dac_conversions += x.len() as u64;
        tally.adc_conversions += (y.len() * conversions) as u64;
        scratch.give(normals);
    }
}

#[cfg(test)]
mod tests {
    use cim_core::{Hertz, Kelvin};
    use cim_device::ThresholdSpec;
    use cim_device::program::{Pulse, PulseCells};

    use super::*;

    /// Converters of 12 bits, a step of 0.366 mV in a read voltage of 50 mV, a code a count.
    const READ: BoardRead = BoardRead {
        board: BoardSpec { dac_reference: Volts(1.5), conversions: 20 },
        read_voltage: Volts(0.05),
        dac_bits: 12,
        adc_bits: 12,
        full_scale: Amps(409.5e-6),
        adc_noise: Amps::ZERO,
        ambient: Ambient::SILENT,
    };

    const COUNTS: CountScale = CountScale { zero: Siemens(5e-6), one: Siemens(2e-6) };

    /// Cells somewhere in the window, without a noise of reading unless asked for.
    fn board(read_noise: f64, per_count: f64) -> (Board, Array2<f64>) {
        let cell = ThresholdSpec { read_noise, ..ThresholdSpec::OPENMENA };
        let mut cells = cell.build().expect("a model").cells(8, 8, Stream::root(1));
        let pulses = Array2::from_elem((8, 8), Pulse::one(0.25, 2e-3));
        cells.pulse(pulses.view(), Stream::root(2)).expect("one per cell");
        let g_s = cells.conductances();
        let variance_s2 = g_s.mapv(|g| cells.read_variance(g));
        let held = HeldCells { g_s: g_s.clone(), variance_s2, law: Conduction::Ohmic };
        (Board::new(READ, &held, COUNTS, (1, 2), per_count, Stream::root(3)), g_s)
    }

    /// Cells that all hold 100 counts, without noise of their own, on a board of one column.
    fn even(read: BoardRead, law: Conduction) -> Board {
        let g_s = Array2::from_elem((8, 1), 205e-6);
        let held = HeldCells { variance_s2: Array2::zeros((8, 1)), g_s, law };
        Board::new(read, &held, COUNTS, (0, 1), 1.0, Stream::root(3))
    }

    fn read(board: &Board, x: &Array2<f32>, call: u64) -> Array2<f32> {
        let mut y = Array2::zeros((x.nrows(), board.shape().1));
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        board.apply(x.view(), call, y.view_mut(), &mut scratch, &mut tally);
        assert_eq!((tally.dac_clips, tally.adc_clips), (0, 0));
        y
    }

    #[test]
    fn what_no_converter_has_is_refused() {
        assert_eq!(READ.check(), Ok(()));
        let board = BoardSpec { conversions: 0, ..READ.board };
        for (bad, key) in [
            (BoardRead { dac_bits: 0, ..READ }, "dac_bits"),
            (BoardRead { adc_bits: 33, ..READ }, "adc_bits"),
            (BoardRead { board, ..READ }, "conversions"),
            (BoardRead { read_voltage: Volts(1.5), ..READ }, "read_voltage"),
            (BoardRead { full_scale: Amps::ZERO, ..READ }, "full_scale"),
            (BoardRead { adc_noise: Amps(-1e-9), ..READ }, "adc_noise"),
        ] {
            assert_eq!(bad.check(), Err(TileError::Board { name: key }));
        }
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

    /// Thermal noise of 8 cells of 205 µS at 300 K and 1 GHz, amplifier as noisy as the cells, is
    /// `√(4kT · 1.64 mS · 1 GHz · 2) = 0.2331 µA`, that of the converter 0.1 µA; a count is 0.1 µA, and
    /// rounding adds a twelfth of its square.
    #[test]
    fn circuit_and_converter_add_their_noise_to_every_conversion() {
        let ambient = Ambient {
            temperature: Kelvin(300.0),
            bandwidth: Hertz(1e9),
            amplifier_factor: 1.0,
            fano_factor: 0.0,
        };
        let read_at = BoardRead { ambient, adc_noise: Amps(0.1e-6), ..READ };
        let board = even(read_at, Conduction::Ohmic);
        let y = read(&board, &Array2::ones((4000, 8)), 1);
        let variance = y.column(0).mapv(f64::from).var(1.0);
        let want = (2.331_f64.powi(2) + 1.0 + 1.0 / 12.0) / 20.0;
        // Five standard deviations of a variance from 4,000 draws.
        assert!((variance / want - 1.0).abs() < 0.12, "{variance} {want}");
    }

    /// A converter of half the range clips what lies above; one of the whole range reads it in steps of four
    /// counts where it has two bits less.
    #[test]
    fn codes_are_those_of_the_full_scale() {
        let sum = |read_at: BoardRead| {
            let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
            let mut y = Array2::zeros((1, 1));
            let board = even(read_at, Conduction::Ohmic);
            let x = Array2::ones((1, 8));
            board.apply(x.view(), 0, y.view_mut(), &mut scratch, &mut tally);
            (f64::from(y[[0, 0]]), tally.adc_clips)
        };
        // 820 counts with what cells hold at none, which is 20; rows reach 50.17 mV of 50 mV.
        let (whole, clips) = sum(READ);
        assert!((whole - 802.7).abs() < 1.0 && clips == 0, "{whole}");
        let (clipped, clips) = sum(BoardRead { full_scale: Amps(40.95e-6), ..READ });
        assert!((clipped - (409.5 - 20.07)).abs() < 0.1 && clips == 20, "{clipped}");
        let (coarse, clips) = sum(BoardRead { adc_bits: 10, full_scale: Amps(409.2e-6), ..READ });
        assert!((coarse - whole).abs() <= 2.0 && clips == 0, "{coarse}");
        assert_eq!((coarse + 20.07).rem_euclid(4.0).round().rem_euclid(4.0), 0.0);
    }

    /// Cells of a hyperbolic sine conduct more than by Ohm's law, by `sinh(1)` at their own scale.
    #[test]
    fn cells_conduct_by_their_own_law() {
        let law = Conduction::Sinh { scale: Volts(0.05) };
        let x = Array2::ones((1, 8));
        let [ohmic, bent] =
            [Conduction::Ohmic, law].map(|law| read(&even(READ, law), &x, 0)[[0, 0]]);
        let share = 1.003_41_f64;
        let want = 1.0_f64 * (share.sinh() / share);
        assert!((f64::from(bent / ohmic) / want - 1.0).abs() < 2e-3, "{bent} {ohmic} {want}");
    }
}
