//! Chips whose cells hold what was measured: the same as those that were programmed so, and what sums over
//! cells say.

use std::sync::Arc;

use cim_adc::{DacSpec, Polarity};
use cim_core::{Amps, MatMul, Ohms, Scratch, Seconds, Siemens, Stream, Tally, Volts};
use cim_crossbar::{Ambient, Wires};
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, GaussianSpec, Window};
use cim_tile::{Blueprint, FrontEnd, Grid, LayerDesign, MappingSpec, Parts, Targets, TileError};
use cim_tile::{Tile, full_scale};
use ndarray::{Array2, ArrayView2};

const INPUTS: usize = 21;
const OUTPUTS: usize = 11;
const CLIP: f32 = 0.75;
const LIMIT: f32 = 2.0;

fn us(x: f64) -> Siemens {
    Siemens(x * 1e-6)
}

/// Tiles of 8 rows and 5 outputs, with programming errors, and with `noise` of reads.
fn parts(mapping: MappingSpec, polarity: Polarity, noise: f64, bits: u32) -> Parts {
    let none = NoiseSpec::NONE;
    let device = GaussianSpec {
        g_off: us(1.0),
        g_on: us(200.0),
        programming: NoiseSpec { constant: us(3.0), ..none },
        read: NoiseSpec { proportional: noise, ..none },
        current_voltage: Conduction::Ohmic,
    };
    Parts {
        device: Arc::new(device.build().expect("a device")),
        mapping: mapping.build().expect("a mapping"),
        window: Window::new(us(20.0), us(120.0)).expect("a window"),
        read_voltage: Volts(0.2),
        dac: DacSpec { bits: 8, polarity },
        adc_bits: bits,
        adc_noise: Amps(noise * 1e-6),
        ambient: Ambient::SILENT,
        wires: Wires::NONE,
        front_end: FrontEnd::IDEAL,
        targets: Targets::Nominal,
        rows: 8,
        outputs: 5,
    }
}

fn weights() -> Array2<f32> {
    Array2::from_shape_fn((INPUTS, OUTPUTS), |(r, c)| {
        CLIP * (((r * 7 + c * 5) % 19) as f32 / 9.0 - 1.0)
    })
}

fn design(parts: &Parts) -> LayerDesign {
    let full_scale = Array2::from_elem((0, 0), Amps::ZERO);
    let mut design =
        LayerDesign { weight_clip: CLIP, input_limit: LIMIT, drive_gain: 1.0, full_scale };
    let amps = design.amps_per_weight(parts);
    design.full_scale = full_scale::worst_case(parts, weights().view(), CLIP, amps);
    design
}

/// Inputs that are codes, so that converters round none.
fn inputs() -> Array2<f32> {
    Array2::from_shape_fn((6, INPUTS), |(n, r)| LIMIT * ((n * 37 + r * 11) % 256) as f32 / 255.0)
}

fn outputs(grid: &Grid) -> Array2<f32> {
    let x = inputs();
    let mut y = Array2::zeros((x.nrows(), OUTPUTS));
    grid.apply(x.view(), 3, y.view_mut(), &mut Scratch::default(), &mut Tally::default());
    y
}

fn cells(grid: &Grid) -> Vec<Array2<f64>> {
    grid.tiles().iter().map(|tile: &Tile| tile.array().conductances().to_owned()).collect()
}

fn views(cells: &[Array2<f64>]) -> Vec<ArrayView2<'_, f64>> {
    cells.iter().map(|cells| cells.view()).collect()
}

struct Bench {
    parts: Parts,
    design: LayerDesign,
    blueprint: Blueprint,
    at: Stream,
}

impl Bench {
    fn of(parts: Parts) -> Self {
        let design = design(&parts);
        let blueprint = Blueprint::of(&parts, &design, weights().view(), &mut Tally::default());
        let blueprint = blueprint.expect("weights");
        Self { parts, design, blueprint, at: Stream::root(9).child("chip", 0) }
    }

    fn programmed(&self) -> Grid {
        let Self { parts, design, blueprint, at } = self;
        let made = Grid::from_blueprint(parts, design, blueprint, *at, &mut Tally::default());
        made.expect("a chip")
    }

    fn holding(&self, held: &[Array2<f64>], tally: &mut Tally) -> Result<Grid, TileError> {
        Grid::holding(&self.parts, &self.design, &self.blueprint, &views(held), self.at, tally)
    }
}

#[test]
fn a_chip_that_holds_what_was_programmed_is_the_programmed_chip_to_the_bit() {
    let drives = [Polarity::Unipolar, Polarity::TwoPhase, Polarity::TwoRows, Polarity::Offset];
    for spec in MappingSpec::registered() {
        for polarity in drives {
            for wires in [Wires::NONE, Wires { row: Ohms(2.0), column: Ohms(3.0), ..Wires::NONE }] {
                let parts = Parts { wires, ..parts(spec, polarity, 0.02, 8) };
                let bench = Bench::of(parts);
                let programmed = bench.programmed();
                let held = bench.holding(&cells(&programmed), &mut Tally::default());
                let held = held.expect("a chip");
                assert_eq!(outputs(&held), outputs(&programmed), "{spec:?} {polarity:?}");
                // Read again, cells are the same and noise is not.
                let again = held.read_again(1);
                assert_eq!(cells(&again), cells(&held));
                assert_ne!(outputs(&again), outputs(&held), "{spec:?} {polarity:?}");
                assert_eq!(outputs(&held.read_again(1)), outputs(&again));
                assert_ne!(outputs(&held.read_again(2)), outputs(&again));
                assert_eq!(outputs(&held.read_again(0)), outputs(&held));
            }
        }
    }
}

/// Pairs of columns on ideal wires: `y = Σ x (G₊ − G₋) clip / span`, summed in this test over what is held,
/// up to half a step of each row tile's converter.
fn closed(bench: &Bench, held: &[Array2<f64>]) -> (Array2<f64>, f64) {
    let x = inputs();
    let (row_tiles, column_tiles) = (INPUTS.div_ceil(8), OUTPUTS.div_ceil(5));
    let unit = f64::from(CLIP) / bench.parts.window.span().0;
    let mut y = Array2::zeros((x.nrows(), OUTPUTS));
    for ((n, output), y) in y.indexed_iter_mut() {
        for input in 0..INPUTS {
            let tile = &held[input / 8 * column_tiles + output / 5];
            let (row, pair) = (input % 8, 2 * (output % 5));
            let net = tile[[row, pair]] - tile[[row, pair + 1]];
            *y += f64::from(x[[n, input]]) * net * unit;
        }
    }
    let largest = bench.design.full_scale.iter().map(|fs| fs.0).fold(0.0, f64::max);
    let step = 2.0 * largest / f64::from((1u32 << bench.parts.adc_bits) - 1);
    let per_amp = f64::from(CLIP) * f64::from(LIMIT) / (0.2 * bench.parts.window.span().0);
    (y, 0.5 * step * per_amp * row_tiles as f64)
}

fn assert_closed(bench: &Bench, held: &[Array2<f64>], what: &str) -> Array2<f32> {
    let grid = bench.holding(held, &mut Tally::default()).expect("a chip");
    let (got, (want, half_steps)) = (outputs(&grid), closed(bench, held));
    let largest = want.iter().fold(0.0, |m: f64, y| m.max(y.abs()));
    // Currents are summed in single precision.
    let within = half_steps + 1e-5 * largest;
    assert!(within < 2e-3 * largest, "{what}: {within} of {largest} says nothing");
    for (place, got) in got.indexed_iter() {
        let off = (f64::from(*got) - want[place]).abs();
        assert!(off <= within, "{what} {place:?}: off by {off}, within {within}");
    }
    assert_eq!(outputs(&grid.read_again(5)), got, "{what}: reads without noise are one");
    got
}

#[test]
fn without_noise_outputs_are_sums_over_what_is_held() {
    let spec = MappingSpec::registered()[0];
    let mut bench = Bench::of(parts(spec, Polarity::Unipolar, 0.0, 16));
    // Room for cells that are far from their targets.
    bench.design.full_scale.mapv_inplace(|fs| fs * 2.0);
    let programmed = cells(&bench.programmed());
    let whole = assert_closed(&bench, &programmed, "as programmed");
    // A column that conducts nothing: its output loses what stood in it, no other changes.
    let mut stuck = programmed.clone();
    stuck[1].column_mut(4).fill(0.0);
    let output = 5 + 4 / 2;
    let broken = assert_closed(&bench, &stuck, "with a stuck column");
    let unit = f64::from(CLIP) / bench.parts.window.span().0;
    for (n, row) in inputs().rows().into_iter().enumerate() {
        let lost: f64 = (0..8).map(|r| f64::from(row[r]) * programmed[1][[r, 4]] * unit).sum();
        assert!(0.1 < lost);
        for other in (0..OUTPUTS).filter(|other| *other != output) {
            assert_eq!(broken[[n, other]], whole[[n, other]]);
        }
        let off = f64::from(whole[[n, output]]) - f64::from(broken[[n, output]]) - lost;
        assert!(off.abs() < 2e-3 * lost, "{n}: {off} of {lost}");
    }
}

#[test]
fn what_cannot_be_held_is_refused_and_what_is_outside_the_window_counted() {
    let bench = Bench::of(parts(MappingSpec::registered()[0], Polarity::Unipolar, 0.0, 8));
    let mut good = vec![Array2::from_elem((8, 10), 50e-6); 9];
    for (idx, tile) in good.iter_mut().enumerate() {
        let rows = if idx < 6 { 8 } else { 5 };
        let columns = if idx % 3 < 2 { 10 } else { 2 };
        *tile = Array2::from_elem((rows, columns), 50e-6);
    }
    let mut tally = Tally::default();
    let chip = bench.holding(&good, &mut tally).expect("a chip");
    assert_eq!((tally.cells_programmed, tally.cells_outside_window), (0, 0));
    assert!(chip.aged(Seconds(1.0)).is_err(), "nobody knows how it was programmed");
    let with = |idx: usize, change: &dyn Fn(&mut Array2<f64>)| {
        let mut other = good.clone();
        change(&mut other[idx]);
        other
    };
    let outside = with(2, &|tile| tile[[1, 1]] = 250e-6);
    bench.holding(&outside, &mut tally).expect("a chip");
    assert_eq!(tally.cells_outside_window, 1);
    for (bad, words) in [
        (good[1..].to_vec(), "8 tiles for a grid of 9"),
        (with(7, &|tile| *tile = Array2::zeros((8, 10))), "tile (2, 1) of 5 × 10 cells"),
        (with(4, &|tile| tile[[3, 2]] = -1e-9), "row 3, column 2"),
        (with(4, &|tile| tile[[3, 2]] = f64::NAN), "row 3, column 2"),
        (with(4, &|tile| tile[[3, 2]] = f64::INFINITY), "row 3, column 2"),
    ] {
        let said = bench.holding(&bad, &mut tally).err().expect("refused").to_string();
        assert!(said.contains(words), "{words}: {said}");
    }
}
