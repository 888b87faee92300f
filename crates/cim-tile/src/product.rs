//! Products on grids, and on several grids of the same cells under different converters: those are driven and sensed
//! once for all of them.
//!
//! Most of the work of a product is done before its currents are converted. A sweep over converters, which are
//! many, of chips, which are few, does that work once.

use cim_adc::{Adc, Placed};
use cim_core::{MatMul, Scratch, Stream, Tally};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::driven::Driven;
use crate::error::TileError;
use crate::grid::{Blueprint, Grid, LayerDesign, Parts};
use crate::tile::{Share, Tile};

impl MatMul for Grid {
    fn shape(&self) -> (usize, usize) {
        (self.inputs, self.outputs)
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        mut y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        let batch = x.nrows();
        assert_eq!((x.ncols(), y.dim()), (self.inputs, (batch, self.outputs)), "shapes");
        if let Some(sums) = y.as_slice_mut() {
            sum_tiles(&mut [Alike { grid: self, sums, tally }], x, call, scratch);
        } else {
            let mut sums = scratch.take(batch * self.outputs);
            let alike = Alike { grid: self, sums: &mut sums, tally };
            sum_tiles(&mut [alike], x, call, scratch);
            let sums_view = ArrayView2::from_shape((batch, self.outputs), &sums);
            y.assign(&sums_view.expect("batch × outputs sums"));
            scratch.give(sums);
        }
    }
}

impl Grid {
    /// The same cells, drivers and addresses of noise with the converters of another design, which differs in
    /// full scales alone, on parts that differ in their resolution, their noise and what their converters are off by. To the bit
    /// what [`from_blueprint`](Self::from_blueprint) makes of them at the same address; factors against
    /// drift are left out.
    ///
    /// # Errors
    /// [`TileError`] for full scales of another shape, and for converters that cannot be.
    pub fn with_converters(
        &self,
        parts: &Parts,
        design: &LayerDesign,
        blueprint: &Blueprint,
        at: Stream,
    ) -> Result<Self, TileError> {
        let full_scales = design.full_scales_of_tiles(parts, (self.inputs, self.outputs))?;
        let own = full_scales.chunks_exact(parts.mapping.full_scale_groups());
        let tiles = self.tiles.iter().zip(blueprint.tiles()).zip(own).enumerate();
        let tiles = tiles.map(|(tile_idx, ((tile, blueprint), full_scales))| {
            let at = at.child("tile", tile_idx as u64).child("front end", 0);
            Ok(tile.with_converters(blueprint.converters(parts, full_scales, at)?))
        });
        Ok(self.with_tiles(tiles.collect::<Result<_, TileError>>()?))
    }

    /// The same cells with converters whose thresholds were placed: one for each full scale, in the order of
    /// [`Parts::full_scale_shape`], for the currents of that group of that tile as they are sensed, drive gain and
    /// what targets for wires leave of them included. What converters of the front end are off by is left out.
    ///
    /// # Panics
    /// If there is not one for each, or one with other ladders than one for all or each of its currents.
    pub fn with_placed(&self, placed: &[Placed]) -> Self {
        let groups = placed.len() / self.tiles.len();
        assert_eq!(groups * self.tiles.len(), placed.len(), "converters for every tile");
        let own = placed.chunks_exact(groups);
        let tiles = self.tiles.iter().zip(own).map(|(tile, placed)| {
            assert!(tile.takes(placed), "one ladder for all currents of a group, or one for each");
            let adcs = placed.iter().map(|adc| Box::new(adc.clone()) as Box<dyn Adc>);
            tile.with_converters(adcs.collect())
        });
        self.with_tiles(tiles.collect())
    }

    /// Computes `y = x · W` of each of several grids that are one another's
    /// [`with_converters`](Self::with_converters) or [`with_placed`](Self::with_placed), with converters of the noise of
    /// the grid that they all come from: as
    /// [`apply`](cim_core::MatMul::apply) of each with the same `call`, to the bit, but cells are driven and sensed once.
    ///
    /// `x` is batch × inputs; every `y` is batch × outputs in standard layout, one for each grid as there is
    /// one tally.
    ///
    /// # Panics
    /// If shapes do not fit, or for grids of other cells or noise.
    pub fn apply_each(
        grids: &[&Self],
        x: ArrayView2<'_, f32>,
        call: u64,
        y: &mut [Array2<f32>],
        scratch: &mut Scratch,
        tallies: &mut [Tally],
    ) {
        assert_eq!([y.len(), tallies.len()], [grids.len(); 2], "one of each for every grid");
        let all = grids.iter().zip(y).zip(tallies);
        let mut alike: Vec<Alike<'_>> = all
            .map(|((grid, y), tally)| {
                assert_eq!(
                    (x.ncols(), y.dim()),
                    (grid.inputs, (x.nrows(), grid.outputs)),
                    "shapes"
                );
                let sums = y.as_slice_mut().expect("standard layout");
                Alike { grid, sums, tally }
            })
            .collect();
        sum_tiles(&mut alike, x, call, scratch);
    }
}

/// One of several grids of the same cells, and what it puts out.
struct Alike<'a> {
    /// The grid.
    grid: &'a Grid,
    /// Outputs (batch × outputs), which are replaced.
    sums: &'a mut [f32],
    /// What happens in it.
    tally: &'a mut Tally,
}

impl Alike<'_> {
    fn share(&mut self, tile: usize, first: usize) -> Share<'_> {
        let (tile, y) = (&self.grid.tiles[tile], &mut self.sums[first..]);
        Share { tile, y, tally: self.tally }
    }
}

/// Replaces the sums of grids of the same cells by the outputs of all their tiles, each of which is driven
/// and sensed once for all grids. What happens in input converters counts for each.
fn sum_tiles(alike: &mut [Alike<'_>], x: ArrayView2<'_, f32>, call: u64, scratch: &mut Scratch) {
    let Some(Alike { grid, .. }) = alike.first() else { return };
    let grid = *grid;
    alike.iter_mut().for_each(|one| one.sums.fill(0.0));
    let x = x.as_standard_layout();
    let x = x.as_slice().expect("standard layout");
    for row_tile in 0..grid.tiles.len() / grid.column_tiles {
        let mut encoded = Tally::default();
        let mut driven = Driven::of(grid, row_tile, x, false, scratch, &mut encoded);
        // The first conversion of each code was counted when it was found.
        encoded.dac_conversions *= grid.phases.len() as u64;
        alike.iter_mut().for_each(|one| *one.tally += encoded);
        for (phase_idx, phase) in grid.phases.iter().enumerate() {
            let drive = driven.by(&grid.dac, *phase, phase_idx);
            for column_tile in 0..grid.column_tiles {
                let tile = row_tile * grid.column_tiles + column_tile;
                let first = column_tile * grid.tile_outputs;
                let stride = grid.outputs;
                if let [one] = alike {
                    let shares = &mut [one.share(tile, first)];
                    Tile::accumulate_each(shares, stride, drive, call, scratch);
                } else {
                    let shares = alike.iter_mut().map(|one| one.share(tile, first));
                    let shares = &mut shares.collect::<Vec<_>>();
                    Tile::accumulate_each(shares, stride, drive, call, scratch);
                }
            }
        }
        driven.give(scratch);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cim_adc::{DacSpec, Ladder, Polarity};
    use cim_core::{Amps, Hertz, Kelvin, Siemens, Volts};
    use cim_crossbar::{Ambient, Wires};
    use cim_device::models::NoiseSpec;
    use cim_device::{Conduction, GaussianSpec};

    use super::*;
    use crate::mapping::MappingSpec;
    use crate::{FrontEnd, Targets};

    fn uniform(rows: usize, cols: usize, at: Stream) -> Array2<f32> {
        let mut values = vec![0.0; rows * cols];
        at.fill_uniform(0, &mut values);
        Array2::from_shape_vec((rows, cols), values).expect("rows × cols values") - 0.5
    }

    fn parts(mapping: MappingSpec, polarity: Polarity, adc_bits: u32) -> Parts {
        let us = |x: f64| Siemens(x * 1e-6);
        let device = GaussianSpec {
            g_off: us(2.0),
            g_on: us(50.0),
            programming: NoiseSpec { constant: us(1.0), ..NoiseSpec::NONE },
            read: NoiseSpec { proportional: 0.01, ..NoiseSpec::NONE },
            current_voltage: Conduction::Ohmic,
        };
        let device = device.build().expect("a device");
        Parts {
            mapping: mapping.build().expect("a mapping"),
            window: cim_device::Device::window(&device),
            device: Arc::new(device),
            read_voltage: Volts(0.2),
            dac: DacSpec { bits: 4, polarity },
            adc_bits,
            adc_noise: Amps(1e-8),
            ambient: Ambient {
                temperature: Kelvin(300.0),
                bandwidth: Hertz(1e7),
                amplifier_factor: 1.0,
                fano_factor: 1.0,
            },
            wires: Wires::NONE,
            front_end: FrontEnd { adc_differential: 0.3, ..FrontEnd::IDEAL },
            targets: Targets::Nominal,
            rows: 8,
            outputs: 3,
        }
    }

    /// Every mapping with drives of one and of two phases, read noise, and converters that are off: the cells of one
    /// grid with the converters of others are those others, alone and all at once.
    #[test]
    fn cells_of_one_grid_with_converters_of_another_are_the_other() {
        let (weights, x) = (uniform(19, 7, Stream::root(1)), uniform(11, 19, Stream::root(2)));
        let at = Stream::root(3);
        for mapping in MappingSpec::registered() {
            for polarity in [Polarity::Offset, Polarity::TwoPhase, Polarity::TwoRows] {
                let design = |parts: &Parts, amps: f64| {
                    let full_scale = Array2::from_elem(parts.full_scale_shape(19, 7), Amps(amps));
                    let (weight_clip, input_limit, drive_gain) = (0.5, 0.5, 1.0);
                    LayerDesign { weight_clip, input_limit, drive_gain, full_scale }
                };
                let base = parts(mapping, polarity, 6);
                let own = design(&base, 5e-5);
                let tally = &mut Tally::default();
                let blueprint = Blueprint::of(&base, &own, weights.view(), tally).expect("a plan");
                let one = Grid::from_blueprint(&base, &own, &blueprint, at, tally).expect("a grid");
                let (mut made, mut alone) = (Vec::new(), Vec::new());
                for (bits, amps) in [(6, 5e-5), (3, 2e-5), (8, 9e-5)] {
                    let parts = parts(mapping, polarity, bits);
                    let design = design(&parts, amps);
                    let grid = Grid::from_blueprint(&parts, &design, &blueprint, at, tally);
                    let of_one = one.with_converters(&parts, &design, &blueprint, at);
                    made.push(of_one.expect("converters"));
                    alone.push(grid.expect("a grid"));
                }
                let amps = |a: f64| vec![Amps(-a), Amps(a)];
                let ladder = Ladder {
                    thresholds: amps(1e-6),
                    values: vec![Amps(-3e-6), Amps(0.0), Amps(2e-6)],
                };
                let placed = Placed::new(&[ladder], base.adc_noise).expect("a converter");
                let (rows, cols) = base.full_scale_shape(19, 7);
                let placed = one.with_placed(&vec![placed; rows * cols]);
                alone.push(placed.clone());
                made.push(placed);
                let grids: Vec<&Grid> = made.iter().collect();
                let mut y = vec![Array2::from_elem((11, 7), f32::NAN); grids.len()];
                let mut tallies = vec![Tally::default(); grids.len()];
                let scratch = &mut Scratch::default();
                Grid::apply_each(&grids, x.view(), 5, &mut y, scratch, &mut tallies);
                for (k, alone) in alone.iter().enumerate() {
                    let (mut want, mut tally) = (Array2::zeros((11, 7)), Tally::default());
                    alone.apply(x.view(), 5, want.view_mut(), scratch, &mut tally);
                    assert_eq!((&y[k], tallies[k]), (&want, tally), "{mapping:?} {polarity:?} {k}");
                }
            }
        }
    }

    /// Thresholds half a step from every value of converters with equal steps are these converters: of every
    /// tile and group, which have full scales of their own, so that none can stand in another's place. Words of the
    /// table are off by half of 2⁻¹⁵ of a full scale in each conversion.
    #[test]
    fn thresholds_at_equal_steps_are_the_converter_of_each_tile_and_group() {
        let (weights, x) = (uniform(19, 7, Stream::root(1)), uniform(11, 19, Stream::root(2)));
        let (at, tally) = (Stream::root(3), &mut Tally::default());
        for mapping in MappingSpec::registered() {
            for polarity in [Polarity::Offset, Polarity::TwoPhase, Polarity::TwoRows] {
                let parts = parts(mapping, polarity, 4);
                let parts = Parts { front_end: FrontEnd::IDEAL, ..parts };
                let of = |(row, col): (usize, usize)| Amps(1e-5 * (1 + row + 3 * col) as f64);
                let full_scale = Array2::from_shape_fn(parts.full_scale_shape(19, 7), of);
                let (weight_clip, input_limit, drive_gain) = (0.5, 0.5, 1.0);
                let design = LayerDesign { weight_clip, input_limit, drive_gain, full_scale };
                let grid =
                    Grid::program(&parts, &design, weights.view(), at, tally).expect("a grid");
                let converters = grid.tiles.iter().flat_map(Tile::converters);
                let placed = |adc: &dyn Adc| {
                    let mut ends = [0; 2];
                    adc.convert(&[-1.0, 1.0], &mut ends, &mut Tally::default());
                    let at = |code: f64| Amps(code * adc.step().0);
                    let values = (ends[0]..=ends[1]).map(|code| at(f64::from(code))).collect();
                    let between = |code| at(f64::from(code) + 0.5);
                    let thresholds = (ends[0]..ends[1]).map(between).collect();
                    Placed::new(&[Ladder { thresholds, values }], parts.adc_noise).expect("steps")
                };
                let placed: Vec<Placed> = converters.map(placed).collect();
                let run = |grid: &Grid| {
                    let mut y = Array2::zeros((11, 7));
                    grid.apply(
                        x.view(),
                        5,
                        y.view_mut(),
                        &mut Scratch::default(),
                        &mut Tally::default(),
                    );
                    y
                };
                let (want, got) = (run(&grid), run(&grid.with_placed(&placed)));
                let largest = want.iter().fold(0.0_f32, |most, y| most.max(y.abs()));
                let apart = (&want - &got).iter().fold(0.0_f32, |most, y| most.max(y.abs()));
                // Four bits: a code that is another is off by 6 % of a full scale and more.
                assert!(apart < 2e-3 * largest, "{mapping:?} {polarity:?}: {apart} of {largest}");
            }
        }
    }
}
