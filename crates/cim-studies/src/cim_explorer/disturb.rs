//! What reads do to cells over many inferences, and what refreshing takes.

use cim_core::{Seconds, Stream, Tally, Volts};
use cim_nn::accuracy;
use cim_tile::Grid;
use ndarray::{Array2, ArrayView2};

use super::draft::{Converters, Draft, Layer};
use super::hand::Hand;
use super::points::Point;
use super::reads::{DisturbSpec, Refresh};
use crate::error::StudyError;

/// What became of chips that were read so often.
pub struct Disturbed {
    /// How the network is mapped.
    pub point: Point,
    /// Voltage of a driven row.
    pub voltage: Volts,
    /// Time of a read.
    pub read_time: Seconds,
    /// When cells are written again.
    pub refresh: Refresh,
    /// Writes of cells, of all products; none if a cell would be written more than [`MOST_WRITES`] times.
    pub writes: Option<u64>,
    /// What is left of the conductance of the cell that lost most, when it lost most.
    pub left: f64,
    /// Accuracies at that moment, chip by chip.
    pub accuracies: Vec<f64>,
}

/// Cells are worn out by so many writes, or nothing is left of the law.
pub const MOST_WRITES: usize = 100_000;

/// Reads the chips of a point so often and asks them when their cells have lost most.
///
/// A cell is under voltage while its row is driven, as often as calibration images drive it.
///
/// # Errors
/// [`StudyError`] for parts that cannot be.
pub fn disturbed(
    spec: &DisturbSpec,
    (draft, point, converters): (&Draft<'_>, Point, &Converters),
    (voltage, read_time, refresh): (Volts, Seconds, Refresh),
    hands: &[&Hand],
    root: Stream,
) -> Result<Disturbed, StudyError> {
    let parts = draft.parts(&point);
    let middle_s = parts.window.g_min.0 + 0.5 * parts.window.span().0;
    let periods = periods(spec, voltage, refresh);
    let lives = Lives { spec, voltage, refresh, middle_s, periods };
    let (mut left, mut writes) = (Vec::new(), Some(0));
    for layer in &draft.layers {
        let tiles = lives.of(layer, &Rows::of(layer, &parts, read_time));
        writes = writes.zip(tiles.writes).map(|(sum, own)| sum + own);
        left.push(tiles.left);
    }
    let mut accuracies = Vec::with_capacity(hands.len());
    for (chip, hand) in hands.iter().enumerate() {
        let at = root.child("evaluate", 0).child("chip", chip as u64);
        let mut grids = Vec::with_capacity(draft.layers.len());
        for (idx, layer) in draft.layers.iter().enumerate() {
            let (at, own) = (at.child("layer", idx as u64), &converters.layers[idx]);
            let tally = &mut Tally::default();
            let fresh = draft.cells(&point, idx, at, tally);
            let held: Vec<Array2<f64>> =
                (fresh.iter().zip(&left[idx])).map(|(fresh, left)| fresh * left).collect();
            let held: Vec<ArrayView2<'_, f64>> = held.iter().map(|held| held.view()).collect();
            let (design, blueprint) = (&own.design, &layer.blueprint);
            let grid = Grid::holding(&parts, design, blueprint, &held, at, tally)?;
            grids.push(match &own.placed {
                Some(placed) => grid.with_placed(placed),
                None => grid,
            });
        }
        let (logits, _) = draft.network.network.outputs_on(&grids, hand.images.view());
        accuracies.push(accuracy(logits.view(), &hand.labels));
    }
    let least = left.iter().flatten().flatten().fold(1.0_f64, |least, left| least.min(*left));
    Ok(Disturbed { point, voltage, read_time, refresh, writes, left: least, accuracies })
}

/// Times under voltage after which a cell that is written again and again is written, summed up; rising.
fn periods(spec: &DisturbSpec, voltage: Volts, refresh: Refresh) -> Vec<f64> {
    let period = |cycles: u64| match refresh {
        Refresh::Never => f64::INFINITY,
        Refresh::Arrays => spec.onsets * spec.law.onset(voltage, cycles).0,
        Refresh::Cells => spec.law.time_until(voltage, cycles, 1.0 - spec.tolerance).0,
    };
    let count = if refresh == Refresh::Never { 1 } else { MOST_WRITES };
    let sums = (0..count as u64).scan(0.0, |sum, cycles| {
        *sum += period(cycles);
        Some(*sum)
    });
    sums.collect()
}

/// How long the rows of a product are driven in an inference (s), by tile; tiles of one row of tiles are alike.
struct Rows(Vec<Vec<f64>>);

impl Rows {
    fn of(layer: &Layer, parts: &cim_tile::Parts, read_time: Seconds) -> Self {
        let driven = layer.calibration.mean_magnitude_in(&parts.dac.phases());
        let times = driven.mapv(|reads| reads * layer.per_sample as f64 * read_time.0).to_vec();
        let columns = parts.grid_shape(layer.blueprint.shape().0, layer.blueprint.shape().1).1;
        let rows = parts.inputs() * parts.dac.polarity.rows_per_input();
        let of_tile = |times: &[f64]| vec![times.to_vec(); columns];
        Self(times.chunks(rows).flat_map(of_tile).collect())
    }
}

/// Cells of a product.
struct Tiles {
    writes: Option<u64>,
    /// What is left of every cell, tile by tile.
    left: Vec<Array2<f64>>,
}

struct Lives<'a> {
    spec: &'a DisturbSpec,
    voltage: Volts,
    refresh: Refresh,
    /// Cells above it are in the state of low resistance.
    middle_s: f64,
    periods: Vec<f64>,
}

impl Lives<'_> {
    fn of(&self, layer: &Layer, rows: &Rows) -> Tiles {
        let (mut writes, mut left) = (Some(0), Vec::new());
        for (target_s, times_s) in layer.blueprint.targets().zip(&rows.0) {
            let total = |row: usize| self.spec.inferences as f64 * times_s[row];
            let busiest = (0..times_s.len()).map(total).fold(0.0, f64::max);
            let mut of_tile = Array2::ones(target_s.dim());
            let mut own = Some(0);
            for (row, cells) in target_s.rows().into_iter().enumerate() {
                let low_resistance = |cell: &f64| *cell > self.middle_s;
                let lost = self.left(total(row), busiest);
                for (left, _) in (of_tile.row_mut(row).iter_mut().zip(cells))
                    .filter(|(_, cell)| low_resistance(cell))
                {
                    *left = lost;
                }
                let counted = match self.refresh {
                    Refresh::Never => 0,
                    Refresh::Arrays => cells.len(),
                    Refresh::Cells => cells.iter().filter(|cell| low_resistance(cell)).count(),
                };
                let driven = if self.refresh == Refresh::Arrays { busiest } else { total(row) };
                let times = self.written(driven).map(|times| times * counted as u64);
                own = own.zip(times).map(|(sum, row)| sum + row);
            }
            writes = writes.zip(own).map(|(sum, tile)| sum + tile);
            left.push(of_tile);
        }
        Tiles { writes, left }
    }

    /// How often a cell under voltage for so long (s) is written again, if it lives.
    fn written(&self, under_voltage: f64) -> Option<u64> {
        let times = self.periods.partition_point(|sum| *sum <= under_voltage);
        (times < MOST_WRITES).then_some(times as u64)
    }

    /// The least that is ever left of a cell that is under voltage for so long (s), the busiest of its array for
    /// `busiest`.
    fn left(&self, under_voltage: f64, busiest: f64) -> f64 {
        let first = self.periods[0];
        let longest = match self.refresh {
            Refresh::Arrays if busiest > 0.0 => under_voltage * (first / busiest).min(1.0),
            _ => under_voltage.min(first),
        };
        self.spec.law.left(self.voltage, 0, Seconds(longest))
    }
}
