//! Crossbars that hold one section after another.

use std::sync::Arc;

use cim_core::{Stream, Tally};
use cim_device::{Device, Life};
use ndarray::{Array2, ArrayView2};

use super::error::ReprogramError;
use super::schedule::Schedule;
use super::skipping::{Drawn, Skipping};
use super::sorting::Sections;
use super::word::WordSpec;

/// Crossbars of `rows` weights each, all cells in high resistance (0) at first.
///
/// A cell in low resistance (1) is one of `device` programmed to the top of its window, any other
/// one programmed to the bottom. A cell that is not written keeps what it was left with; what a cell
/// has for good (a defect) belongs to its place on its crossbar.
#[derive(Clone)]
pub struct Bank {
    cells: WordSpec,
    rows: usize,
    schedule: Schedule,
    skipping: Skipping,
    device: Arc<dyn Device>,
    at: Stream,
    /// Crossbars × rows.
    words: Vec<u16>,
    /// What cells conduct of what lies between both states, crossbars × rows × cells.
    shares: Vec<Array2<f32>>,
    /// Crossbars × rows × cells.
    writes: Vec<u32>,
    /// Of every crossbar.
    totals: Vec<u64>,
    layers: u64,
    counts: Counts,
}

/// What a bank was written.
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// Sum of squared errors of weights, as their cells conduct (steps²).
    pub squared_error: f64,
}

impl Counts {
    /// Cells whose state was changed.
    pub fn writes(&self) -> u64 {
        self.set + self.reset
    }

    /// Root mean square error of a weight (steps).
    pub fn rms_error(&self) -> f64 {
        (self.squared_error / self.weights.max(1) as f64).sqrt()
    }
}

impl Bank {
    /// An empty bank of cells of `device`, made at `at`, where all that is drawn of it is drawn.
    ///
    /// # Errors
    /// [`ReprogramError`] for a part that cannot be.
    pub fn new(
        cells: WordSpec,
        rows: usize,
        (schedule, skipping): (Schedule, Skipping),
        device: Arc<dyn Device>,
        at: Stream,
    ) -> Result<Self, ReprogramError> {
        cells.check()?;
        schedule.check()?;
        skipping.check(cells)?;
        if !(1..=1 << 16).contains(&rows) {
            return Err(ReprogramError::Rows { rows });
        }
        let words = schedule.crossbars * rows;
        let empty_s = Array2::from_elem((rows, cells.cells()), device.window().g_min.0);
        let fresh = |crossbar: usize| {
            let at = at.child("cells", crossbar as u64);
            let held_s = device.program(empty_s.view(), at, &mut Tally::default());
            held_s.mapv(|g_s| share(&*device, g_s))
        };
        let shares = (0..schedule.crossbars).map(fresh).collect();
        Ok(Self {
            cells,
            rows,
            schedule,
            skipping,
            device,
            at,
            words: vec![0; words],
            shares,
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
    /// that these were made with (inputs × outputs, steps): sums of what cells conduct of the way from one
    /// state to the other, by significance; the sign is that which its cell is nearer to. Cells keep what the
    /// layer before left.
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
    ) -> Result<Array2<f32>, ReprogramError> {
        assert_eq!(weights.dim(), sections.shape(), "sections of these weights");
        self.cells.accept(self.layers, weights)?;
        let weights = weights.as_standard_layout();
        let wanted = weights.as_slice().expect("standard layout");
        let mut held = Array2::zeros(weights.dim());
        let out = held.as_slice_mut().expect("standard layout");
        let (cells, rows, draws, at) = (self.cells, self.rows, self.skipping.draws(), self.at);
        let mut uniform = vec![0.0; rows * draws];
        let layer = at.child("layer", self.layers);
        let mut changes = vec![0; rows];
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
                let entries = sections.section(section);
                for (row, &entry) in entries.iter().enumerate() {
                    let (entry, was) = (entry as usize, words[row]);
                    let uniform = &uniform[row * draws..][..draws];
                    let now = self.skipping.written(cells, wanted[entry], was, uniform);
                    words[row] = now;
                    let mut changed = was ^ now;
                    changes[row] = changed;
                    self.counts.set += u64::from((changed & now).count_ones());
                    self.counts.reset += u64::from((changed & was).count_ones());
                    while changed != 0 {
                        let cell = changed.trailing_zeros() as usize;
                        writes[row * cells.cells() + cell] += 1;
                        self.counts.by_cell[cell] += 1;
                        changed &= changed - 1;
                    }
                }
                let program = layer.child("program", crossbar as u64);
                let life = Life {
                    born: at.child("cells", crossbar as u64),
                    at: program.child("section", section as u64),
                };
                let shares = &mut self.shares[crossbar];
                rewrite(&*self.device, words, &changes[..entries.len()], life, shares);
                for (&entry, shares) in entries.iter().zip(shares.rows()) {
                    let weight = cells.conducted(shares);
                    let entry = entry as usize;
                    out[entry] = weight as f32;
                    self.counts.squared_error += (weight - f64::from(wanted[entry])).powi(2);
                }
            }
            self.totals[crossbar] += self.counts.set + self.counts.reset - before;
        }
        self.counts.weights += wanted.len() as u64;
        self.layers += 1;
        Ok(held)
    }
}

/// What a cell conducts (S) of what lies between both ends of the window.
fn share(device: &dyn Device, g_s: f64) -> f32 {
    let window = device.window();
    ((g_s - window.g_min.0) / window.span().0) as f32
}

/// Programs the cells of a crossbar (rows × cells) that change, the first rows of it, to what `words` say.
fn rewrite(
    device: &dyn Device,
    words: &[u16],
    changes: &[u16],
    life: Life,
    shares: &mut Array2<f32>,
) {
    if changes.iter().all(|changed| *changed == 0) {
        return;
    }
    let window = device.window();
    let target_s = Array2::from_shape_fn((changes.len(), shares.ncols()), |(row, cell)| {
        if words[row] >> cell & 1 == 1 { window.g_max.0 } else { window.g_min.0 }
    });
    let held_s = device.program_in(target_s.view(), life, &mut Tally::default());
    for ((row, cell), &g_s) in held_s.indexed_iter() {
        if changes[row] >> cell & 1 == 1 {
            shares[(row, cell)] = share(device, g_s);
        }
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Siemens;
    use cim_device::{DeviceSpec, IdealSpec};

    use super::*;
    use crate::reprogram::{By, Sign, Sorting};

    fn ideal() -> Arc<dyn Device> {
        let spec = IdealSpec { g_off: Siemens(1e-9), g_on: Siemens(3e-6) };
        Arc::new(spec.build().expect("a window"))
    }

    /// A bank of ideal cells.
    fn empty(cells: WordSpec, rows: usize, on: Schedule, skipping: Skipping) -> Bank {
        Bank::new(cells, rows, (on, skipping), ideal(), Stream::root(2)).expect("a bank")
    }

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

    /// Integer magnitudes of 36,864 Gaussian weights, 5 deviations filling the range.
    fn gauss() -> Array2<i32> {
        let mut normals = vec![0.0_f32; 36_864];
        Stream::root(4).fill_standard_normal(0, &mut normals);
        let magnitude = |normal: f32| (255.0 * (normal.abs() / 5.0).min(1.0)).round() as i32;
        Array2::from_shape_fn((576, 64), |(r, c)| magnitude(normals[r * 64 + c]))
    }

    fn counts(weights: &Array2<i32>, sorting: Sorting, on: Schedule, skipping: Skipping) -> Counts {
        let mut bank = empty(MAGNITUDES, 128, on, skipping);
        let sections = sorting.sections(weights.view(), 128);
        bank.hold(weights.view(), &sections).expect("magnitudes");
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

    /// Layers of ResNet-50 and ViT-Base: weights of a layer, and layers of so many.
    const RESNET50: [(usize, u64); 15] = [
        (9_408, 1),
        (4_096, 1),
        (36_864, 3),
        (16_384, 6),
        (32_768, 1),
        (147_456, 4),
        (65_536, 7),
        (131_072, 2),
        (589_824, 6),
        (262_144, 11),
        (524_288, 2),
        (2_359_296, 3),
        (1_048_576, 5),
        (2_097_152, 1),
        (2_048_000, 1),
    ];
    const VIT_BASE: [(usize, u64); 4] =
        [(589_824, 13), (1_769_472, 12), (2_359_296, 24), (768_000, 1)];

    /// The specification's ratios of whole networks, layers sorted one by one, within 10 %.
    #[test]
    fn whole_networks_take_as_many_fewer_writes_as_computed_elsewhere() {
        for (layers, weights, wanted) in [
            (&RESNET50[..], 25_502_912, [(1, 48.0), (16, 6.3), (64, 2.8)]),
            (&VIT_BASE[..], 86_292_480, [(1, 137.0), (16, 13.5), (64, 4.8)]),
        ] {
            assert_eq!(
                layers.iter().map(|&(size, times)| size as u64 * times).sum::<u64>(),
                weights
            );
            // Unsorted weights come in an order drawn at random: every schedule is alike.
            let mut plain = 0;
            let mut sorted = [0; 3];
            for &(size, times) in layers {
                let layer = laplace(size, 64);
                let of = |sorting, on| counts(&layer, sorting, on, Skipping::Nothing).writes();
                plain += times * of(Sorting::Unsorted, block(1));
                for (sum, (crossbars, _)) in sorted.iter_mut().zip(wanted) {
                    *sum += times * of(LAYER, Schedule { crossbars, stride: crossbars });
                }
            }
            for (sorted, (stride, want)) in sorted.into_iter().zip(wanted) {
                let got = plain as f64 / sorted as f64;
                assert!((got / want - 1.0).abs() < 0.1, "stride {stride}: {got}, not {want}");
            }
        }
    }

    /// The specification's figures of a small sorted layer, Gaussian of 5 deviations: 4.2 times fewer writes, 7.6
    /// with stucking, which leaves 2.3 steps.
    #[test]
    fn stucking_a_small_sorted_layer_saves_what_was_computed_elsewhere() {
        let weights = gauss();
        let plain =
            counts(&weights, Sorting::Unsorted, block(1), Skipping::Nothing).writes() as f64;
        let stuck = Skipping::Stuck { low_bits: 3, share: 0.25, drawn: Drawn::Write };
        for (skipping, ratio, error) in [(Skipping::Nothing, 4.2, 0.0), (stuck, 7.6, 2.3)] {
            let sorted = counts(&weights, LAYER, block(1), skipping);
            let got = plain / sorted.writes() as f64;
            assert!((got / ratio - 1.0).abs() < 0.1, "{got}, not {ratio}");
            assert!((sorted.rms_error() - error).abs() <= 0.1 * error, "{}", sorted.rms_error());
        }
    }

    /// The specification's figures of stucking on unsorted Gaussian weights of 5 deviations.
    #[test]
    fn stucking_saves_and_costs_what_was_computed_elsewhere() {
        let weights = gauss();
        let of = |skipping| counts(&weights, Sorting::Unsorted, block(1), skipping);
        let plain = of(Skipping::Nothing);
        assert_eq!(plain.squared_error, 0.0);
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
            let mut bank = empty(cells, 100, block(3), skipping);
            let sections = Sorting::Column { by: By::Signed }.sections(weights.view(), 100);
            let held = bank.hold(weights.view(), &sections).expect("they fit");
            assert_eq!(held, weights.mapv(|w| w as f32));
            written.push(bank.counts());
        }
        assert!(written.windows(2).all(|pair| pair[0] == pair[1]));
        // One section, twice.
        let section = Array2::from_shape_fn((100, 1), |(row, _)| row as i32 - 50);
        let sections = Sorting::Unsorted.sections(section.view(), 100);
        let mut bank = empty(cells, 100, block(1), Skipping::Nothing);
        bank.hold(section.view(), &sections).expect("they fit");
        let once = bank.counts();
        bank.hold(section.view(), &sections).expect("they fit");
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
        let mut bank = empty(MAGNITUDES, 4, block(1), Skipping::Nothing);
        let least = weights.mapv(|w| w.min(255));
        bank.hold(least.view(), &sections).expect("they fit");
        let error = bank.hold(weights.view(), &sections).expect_err("too large");
        assert_eq!(
            error.to_string(),
            "weight 256 at (1, 0) of layer 1 is outside 0..=255 of bits of magnitudes without signs"
        );
    }

    fn of_device(text: &str) -> Arc<dyn Device> {
        toml::from_str::<DeviceSpec>(text).expect("TOML").build().expect("a device")
    }

    /// A weight of 8 bits whose cells end a hundredth (1 σ) off has an error of `0.01 √(Σ 4^b) = 1.478` steps,
    /// where each cell was written once; signs hold.
    #[test]
    fn errors_of_cells_add_up_by_significance() {
        let device = of_device(
            "effects = []\n[model]\nkind = 'gaussian'\ng_off = '100 uS'\ng_on = '200 uS'\n\
             programming = { constant = '1 uS', proportional = 0.0, inverse = '0 S', inverse_at = '0 S', \
             linear = '0 S' }\nread = { constant = '0 S', proportional = 0.0, inverse = '0 S', \
             inverse_at = '0 S', linear = '0 S' }\ncurrent_voltage = { law = 'ohmic' }",
        );
        let weights = laplace(32_768, 64) - 128;
        let cells = WordSpec { bits: 8, sign: Sign::OwnCell };
        let of = |at| {
            let on = (block(4), Skipping::Nothing);
            let mut bank =
                Bank::new(cells, 128, on, device.clone(), Stream::root(at)).expect("a bank");
            let sections = LAYER.sections(weights.view(), 128);
            let held = bank.hold(weights.view(), &sections).expect("they fit");
            (held, bank.counts())
        };
        let (held, counts) = of(2);
        // Cells stay as they are from section to section, so that errors of weights hang together: a few
        // hundred of them are independent.
        let want = 0.01 * (0..8).map(|bit| 4.0_f64.powi(bit)).sum::<f64>().sqrt();
        assert!((counts.rms_error() / want - 1.0).abs() < 0.1, "{} {want}", counts.rms_error());
        let wrong = held.iter().zip(&weights).filter(|(h, w)| **h * (**w as f32) < 0.0).count();
        // The smallest magnitudes can fall below nothing.
        assert!(wrong < weights.len() / 100, "{wrong}");
        assert_eq!(of(2).0, held);
        assert_ne!(of(3).0, held);
    }

    /// Cells that are stuck stay so whatever is written over them, and are the same for every section.
    #[test]
    fn defects_belong_to_places_on_crossbars() {
        let device = of_device(
            "model = { kind = 'ideal', g_off = '0 S', g_on = '1 uS' }\n[[effects]]\nkind = 'stuck'\n\
             cells = 'random'\nshare_low = 0.2\nshare_high = 0.0\nlow = '0 S'\nhigh = '1 uS'",
        );
        let on = (block(1), Skipping::Nothing);
        let full = Array2::from_elem((500, 1), 255);
        let empty = Array2::zeros((500, 1));
        let sections = Sorting::Unsorted.sections(full.view(), 100);
        let mut bank = Bank::new(MAGNITUDES, 100, on, device, Stream::root(7)).expect("a bank");
        let first = bank.hold(full.view(), &sections).expect("magnitudes");
        bank.hold(empty.view(), &sections).expect("magnitudes");
        let again = bank.hold(full.view(), &sections).expect("magnitudes");
        assert_eq!(first, again);
        let places: Vec<f32> = first.iter().copied().take(100).collect();
        assert!(first.iter().enumerate().all(|(k, held)| *held == places[k % 100]));
        // Of 800 cells a fifth, within five standard deviations of 11.
        let stuck: u32 = places.iter().map(|held| 8 - (*held as u32).count_ones()).sum();
        assert!((104..=217).contains(&stuck), "{stuck}");
    }
}
