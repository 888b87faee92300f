//! Crossbars that hold one section after another.

use cim_core::Stream;
use ndarray::{Array2, ArrayView2};

use super::error::ReprogramError;
use super::schedule::Schedule;
use super::skipping::{Drawn, Skipping};
use super::sorting::Sections;
use super::word::WordSpec;

/// Crossbars of `rows` weights each, all cells in high resistance (0) at first.
#[derive(Clone, Debug)]
pub struct Bank {
    cells: WordSpec,
    rows: usize,
    schedule: Schedule,
    skipping: Skipping,
    /// Crossbars × rows.
    words: Vec<u16>,
    /// Crossbars × rows × cells.
    writes: Vec<u32>,
    /// Of every crossbar.
    totals: Vec<u64>,
    layers: u64,
    counts: Counts,
}

/// What a bank was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Weights that were to be held.
    pub weights: u64,
    /// Cells from 0 to 1.
    pub set: u64,
    /// Cells from 1 to 0.
    pub reset: u64,
    /// Of both, by cell of a weight: lowest bit first, the sign last.
    pub by_cell: Vec<u64>,
    /// Writes of the cell that has most.
    pub most_of_a_cell: u32,
    /// Writes of the crossbar that has most.
    pub most_of_a_crossbar: u64,
    /// Sum of squared errors of weights (steps²).
    pub squared_error: u64,
}

impl Counts {
    /// Cells whose state was changed.
    pub fn writes(&self) -> u64 {
        self.set + self.reset
    }

    /// Root mean square error of a weight (steps).
    pub fn rms_error(&self) -> f64 {
        (self.squared_error as f64 / self.weights.max(1) as f64).sqrt()
    }
}

impl Bank {
    /// An empty bank.
    ///
    /// # Errors
    /// [`ReprogramError`] for a part that cannot be.
    pub fn new(
        cells: WordSpec,
        rows: usize,
        schedule: Schedule,
        skipping: Skipping,
    ) -> Result<Self, ReprogramError> {
        cells.check()?;
        schedule.check()?;
        skipping.check(cells)?;
        if !(1..=1 << 16).contains(&rows) {
            return Err(ReprogramError::Rows { rows });
        }
        let words = schedule.crossbars * rows;
        Ok(Self {
            cells,
            rows,
            schedule,
            skipping,
            words: vec![0; words],
            writes: vec![0; words * cells.cells()],
            totals: vec![0; schedule.crossbars],
            layers: 0,
            counts: Counts { by_cell: vec![0; cells.cells()], ..Counts::default() },
        })
    }

    /// What was written so far.
    pub fn counts(&self) -> Counts {
        Counts {
            most_of_a_cell: self.writes.iter().copied().max().unwrap_or(0),
            most_of_a_crossbar: self.totals.iter().copied().max().unwrap_or(0),
            ..self.counts.clone()
        }
    }

    /// Writes all sections of one layer, each for as long as its products take, and returns the weights
    /// that these were made with (inputs × outputs). What is left out is drawn at `at`. Cells keep what
    /// the layer before left.
    ///
    /// # Errors
    /// [`ReprogramError::Weight`] for a weight that the cells do not hold.
    ///
    /// # Panics
    /// If `sections` are of weights of another shape, or longer than the rows.
    pub fn hold(
        &mut self,
        weights: ArrayView2<'_, i32>,
        sections: &Sections,
        at: Stream,
    ) -> Result<Array2<i32>, ReprogramError> {
        assert_eq!(weights.dim(), sections.shape(), "sections of these weights");
        self.cells.accept(weights)?;
        let weights = weights.as_standard_layout();
        let wanted = weights.as_slice().expect("standard layout");
        let mut held = Array2::zeros(weights.dim());
        let out = held.as_slice_mut().expect("standard layout");
        let (cells, rows, draws) = (self.cells, self.rows, self.skipping.draws());
        let mut uniform = vec![0.0; rows * draws];
        let layer = at.child("layer", self.layers);
        for crossbar in 0..self.schedule.crossbars {
            let words = &mut self.words[crossbar * rows..][..rows];
            let writes = &mut self.writes[crossbar * rows * cells.cells()..];
            let before = self.counts.set + self.counts.reset;
            for section in self.schedule.of(crossbar, sections.len()) {
                if 0 < draws {
                    let (from, row) = match self.skipping {
                        Skipping::Stuck { drawn: Drawn::Cell, .. } => (at, 0),
                        _ => (layer, section as u64),
                    };
                    from.child("crossbar", crossbar as u64).fill_uniform(row, &mut uniform);
                }
                for (row, &entry) in sections.section(section).iter().enumerate() {
                    let (entry, was) = (entry as usize, words[row]);
                    let uniform = &uniform[row * draws..][..draws];
                    let now = self.skipping.written(cells, wanted[entry], was, uniform);
                    words[row] = now;
                    let mut changed = was ^ now;
                    self.counts.set += u64::from((changed & now).count_ones());
                    self.counts.reset += u64::from((changed & was).count_ones());
                    while changed != 0 {
                        let cell = changed.trailing_zeros() as usize;
                        writes[row * cells.cells() + cell] += 1;
                        self.counts.by_cell[cell] += 1;
                        changed &= changed - 1;
                    }
                    out[entry] = cells.weight(now);
                    self.counts.squared_error +=
                        u64::from(out[entry].abs_diff(wanted[entry])).pow(2);
                }
            }
            self.totals[crossbar] += self.counts.set + self.counts.reset - before;
        }
        self.counts.weights += wanted.len() as u64;
        self.layers += 1;
        Ok(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reprogram::{By, Sign, Sorting};

    const MAGNITUDES: WordSpec = WordSpec { bits: 8, sign: Sign::Elsewhere };

    fn block(crossbars: usize) -> Schedule {
        Schedule { crossbars, stride: 1 }
    }

    /// Integer magnitudes of `count` Laplacian weights by quantiles, in an order drawn at random.
    fn laplace(count: usize, outputs: usize) -> Array2<i32> {
        let of = |k: usize| -(1.0 - (k as f64 + 0.5) / count as f64).ln();
        let most = of(count - 1);
        let mut keys = vec![0.0_f32; count];
        Stream::root(5).fill_uniform(0, &mut keys);
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|a, b| keys[*a].total_cmp(&keys[*b]));
        let values = order.into_iter().map(|k| (255.0 * of(k) / most).round() as i32).collect();
        Array2::from_shape_vec((count / outputs, outputs), values).expect("a multiple")
    }

    fn counts(weights: &Array2<i32>, sorting: Sorting, on: Schedule, skipping: Skipping) -> Counts {
        let mut bank = Bank::new(MAGNITUDES, 128, on, skipping).expect("a bank");
        let sections = sorting.sections(weights.view(), 128);
        bank.hold(weights.view(), &sections, Stream::root(2)).expect("magnitudes");
        bank.counts()
    }

    const LAYER: Sorting = Sorting::Layer { by: By::Magnitude };

    /// The specification's table for 589,824 Laplacian weights, within 10 %.
    #[test]
    fn sorted_layers_take_as_many_fewer_writes_as_computed_elsewhere() {
        let weights = laplace(589_824, 768);
        let plain =
            counts(&weights, Sorting::Unsorted, block(1), Skipping::Nothing).writes() as f64;
        assert!((plain / 589_824.0 / 2.7 - 1.0).abs() < 0.1);
        for (crossbars, in_blocks, in_turns) in
            [(1, 51.6, 51.6), (16, 44.2, 5.5), (64, 32.4, 2.2), (256, 15.2, 1.3)]
        {
            for (stride, want) in [(1, in_blocks), (crossbars, in_turns)] {
                let on = Schedule { crossbars, stride };
                let got = plain / counts(&weights, LAYER, on, Skipping::Nothing).writes() as f64;
                assert!((got / want - 1.0).abs() < 0.1, "{crossbars}, {stride}: {got}, not {want}");
            }
        }
    }

    /// The specification's figures of stucking on unsorted Gaussian weights of 5 deviations.
    #[test]
    fn stucking_saves_and_costs_what_was_computed_elsewhere() {
        let mut normals = vec![0.0_f32; 36_864];
        Stream::root(4).fill_standard_normal(0, &mut normals);
        let magnitude = |normal: f32| (255.0 * (normal.abs() / 5.0).min(1.0)).round() as i32;
        let weights = Array2::from_shape_fn((576, 64), |(r, c)| magnitude(normals[r * 64 + c]));
        let of = |skipping| counts(&weights, Sorting::Unsorted, block(1), skipping);
        let plain = of(Skipping::Nothing);
        assert_eq!(plain.squared_error, 0);
        assert!((plain.writes() as f64 / 36_864.0 / 3.3 - 1.0).abs() < 0.03);
        for (low_bits, share, ratio, error) in
            [(2, 0.5, 1.18, 1.1), (3, 0.25, 1.52, 2.8), (4, 0.25, 1.83, 5.6)]
        {
            let stuck = of(Skipping::Stuck { low_bits, share, drawn: Drawn::Write });
            let saved = plain.writes() as f64 / stuck.writes() as f64;
            assert!((saved / ratio - 1.0).abs() < 0.02, "{low_bits} {share}: {saved}");
            assert!((stuck.rms_error() / error - 1.0).abs() < 0.05, "{}", stuck.rms_error());
        }
    }

    #[test]
    fn nothing_left_out_is_exact_and_nothing_changed_is_free() {
        let weights = laplace(4096, 16) - 20;
        let cells = WordSpec { bits: 8, sign: Sign::OwnCell };
        let full = Skipping::Stuck { low_bits: 4, share: 1.0, drawn: Drawn::Write };
        let none = Skipping::Stuck { low_bits: 0, share: 0.0, drawn: Drawn::Cell };
        let mut written = Vec::new();
        for skipping in [Skipping::Nothing, full, none, Skipping::Cheapest { steps: 0 }] {
            let mut bank = Bank::new(cells, 100, block(3), skipping).expect("a bank");
            let sections = Sorting::Column { by: By::Signed }.sections(weights.view(), 100);
            let held = bank.hold(weights.view(), &sections, Stream::root(1)).expect("they fit");
            assert_eq!(held, weights);
            written.push(bank.counts());
        }
        assert!(written.windows(2).all(|pair| pair[0] == pair[1]));
        // One section, twice.
        let section = Array2::from_shape_fn((100, 1), |(row, _)| row as i32 - 50);
        let sections = Sorting::Unsorted.sections(section.view(), 100);
        let mut bank = Bank::new(cells, 100, block(1), Skipping::Nothing).expect("a bank");
        bank.hold(section.view(), &sections, Stream::root(1)).expect("they fit");
        let once = bank.counts();
        bank.hold(section.view(), &sections, Stream::root(1)).expect("they fit");
        assert_eq!(bank.counts().writes(), once.writes());
        assert_eq!((once.set, once.reset), (once.by_cell.iter().sum(), 0));
        assert_eq!(once.most_of_a_cell, 1);
    }

    #[test]
    fn sorted_blocks_take_no_more_writes_on_monotone_weights() {
        // Sorted already: sorting changes nothing.
        let weights = Array2::from_shape_fn((4096, 1), |(row, _)| row as i32 / 16);
        let of = |sorting| counts(&weights, sorting, block(4), Skipping::Nothing).writes();
        assert!(of(LAYER) <= of(Sorting::Unsorted));
        // Falling: less by sorting.
        let falling = weights.mapv(|w| 255 - w);
        let of = |sorting| counts(&falling, sorting, block(4), Skipping::Nothing).writes();
        assert!(of(LAYER) <= of(Sorting::Unsorted));
    }

    #[test]
    fn cells_that_are_stuck_for_good_keep_their_first_state() {
        let weights = laplace(4096, 16);
        let frozen = Skipping::Stuck { low_bits: 3, share: 0.0, drawn: Drawn::Cell };
        let counts = counts(&weights, Sorting::Unsorted, block(2), frozen);
        assert_eq!(counts.by_cell[..3], [0, 0, 0]);
    }

    #[test]
    fn weights_that_do_not_fit_are_named() {
        let weights = ndarray::array![[0, 1], [256, 2]];
        let sections = Sorting::Unsorted.sections(weights.view(), 4);
        let mut bank = Bank::new(MAGNITUDES, 4, block(1), Skipping::Nothing).expect("a bank");
        let error = bank.hold(weights.view(), &sections, Stream::root(1)).expect_err("too large");
        assert_eq!(error.to_string(), "weight 256 at (1, 0) is outside 0..=255");
    }
}
