//! A weight matrix of any size on a grid of tiles.

use std::sync::Arc;

use cim_adc::{Dac, DacSpec, UniformSpec};
use cim_core::{Amps, MatMul, Scratch, Stream, Tally, Volts};
use cim_crossbar::{Ambient, Crossbar, Wires, wire_targets};
use cim_device::{Device, Window};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

use crate::error::TileError;
use crate::mapping::Plan;
use crate::mapping::{Differential, Mapping};
use crate::quantize;
use crate::tile::{Tile, sensed, targets};

/// What cells are asked to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Targets {
    /// The conductances that stand for the weights on ideal wires.
    #[default]
    Nominal,
    /// Conductances with which the array on its wires has the wanted transfer, as far as the window
    /// allows ([`cim_crossbar::wire_targets`]).
    WireAware,
}

/// The parts of which every tile of a chip is made.
#[derive(Clone)]
pub struct Parts {
    /// The kind of cell.
    pub device: Arc<dyn Device>,
    /// Conductances between which weights are mapped.
    pub window: Window,
    /// Row voltage of the largest input code.
    pub read_voltage: Volts,
    /// Input converter.
    pub dac: DacSpec,
    /// Resolution of the output converters.
    pub adc_bits: u32,
    /// Input-referred noise of the output converters, rms.
    pub adc_noise: Amps,
    /// Surroundings of a read.
    pub ambient: Ambient,
    /// Wires of the arrays.
    pub wires: Wires,
    /// What cells are asked to hold.
    pub targets: Targets,
    /// Rows of a tile.
    pub rows: usize,
    /// Outputs (differential pairs) of a tile.
    pub outputs: usize,
}

impl Parts {
    /// Row tiles × column tiles for a weight matrix.
    pub fn grid_shape(&self, inputs: usize, outputs: usize) -> (usize, usize) {
        (inputs.div_ceil(self.rows), outputs.div_ceil(self.outputs))
    }

    /// Steps of the output converters over their whole range.
    pub fn adc_steps(&self) -> u32 {
        cim_adc::uniform::steps(self.adc_bits)
    }

    /// Checks what every grid needs.
    ///
    /// # Errors
    /// [`TileError`] for the first part that cannot be built.
    pub fn check(&self) -> Result<Dac, TileError> {
        self.device.window().check_holds(self.window)?;
        self.ambient.check()?;
        self.wires.check()?;
        if self.rows == 0 || self.outputs == 0 {
            return Err(TileError::Size { rows: self.rows, cols: self.outputs });
        }
        let volts = self.read_voltage.0;
        if !(0.0 < volts && volts.is_finite()) {
            return Err(TileError::Scale { name: "read voltage", value: volts });
        }
        Ok(self.dac.build(self.read_voltage)?)
    }
}

/// How one layer uses the parts.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerDesign {
    /// Weight that stands for the whole window; larger ones are clipped.
    pub weight_clip: f32,
    /// Input that stands for the largest code; larger ones are clipped.
    pub input_limit: f32,
    /// Effective volts per volt of drive by which currents are read back as numbers: 1 for ohmic
    /// cells, the best linear gain of the current-voltage law otherwise.
    pub drive_gain: f64,
    /// Full scale of each tile, row tiles × column tiles.
    pub full_scale: Array2<Amps>,
}

impl LayerDesign {
    /// Sensed current (A) of one output unit.
    pub fn amps_per_output(&self, parts: &Parts) -> f64 {
        parts.read_voltage.0 * self.drive_gain * parts.window.span().0
            / (f64::from(self.weight_clip) * f64::from(self.input_limit))
    }
}

/// A weight matrix (inputs × outputs) programmed on a grid of tiles.
pub struct Grid {
    inputs: usize,
    outputs: usize,
    tile_rows: usize,
    tile_outputs: usize,
    input_limit: f32,
    dac: Dac,
    mapping: Differential,
    /// Row tiles outermost.
    tiles: Vec<Tile>,
    column_tiles: usize,
}

/// What every tile of a layer is to be programmed to: the same for every chip.
#[derive(Clone, Debug)]
pub struct Blueprint {
    inputs: usize,
    outputs: usize,
    /// Row tiles outermost.
    tiles: Vec<TileBlueprint>,
}

#[derive(Clone, Debug)]
struct TileBlueprint {
    plan: Plan,
    target_s: Array2<f64>,
    scale: f64,
    residual: f64,
    unreached: u64,
}

impl Blueprint {
    /// Maps `weights` (inputs × outputs) to the cells of a grid.
    ///
    /// # Errors
    /// [`TileError`] for weights, a weight clip or parts that cannot be.
    pub fn of(
        parts: &Parts,
        design: &LayerDesign,
        weights: ArrayView2<'_, f32>,
        tally: &mut Tally,
    ) -> Result<Self, TileError> {
        parts.check()?;
        let (inputs, outputs) = weights.dim();
        let mapping = Differential::FINE;
        let levels = quantize::weights(weights, design.weight_clip, mapping.top_weight(), tally)?;
        let (rows, cols) = parts.grid_shape(inputs, outputs);
        let mut tiles = Vec::with_capacity(rows * cols);
        for (row, col) in (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col))) {
            let block = levels.slice(s![
                row * parts.rows..inputs.min((row + 1) * parts.rows),
                col * parts.outputs..outputs.min((col + 1) * parts.outputs)
            ]);
            let plan = mapping.plan(block)?;
            let nominal_s = targets(&plan, parts.window.g_min.0, parts.window.span().0);
            tiles.push(match parts.targets {
                Targets::Nominal => TileBlueprint {
                    plan,
                    target_s: nominal_s,
                    scale: 1.0,
                    residual: 0.0,
                    unreached: 0,
                },
                Targets::WireAware => {
                    let sensed = sensed(&plan);
                    let found = wire_targets(nominal_s.view(), &sensed, parts.wires, parts.window)?;
                    TileBlueprint {
                        plan,
                        target_s: found.target_s,
                        scale: found.scale,
                        residual: found.residual,
                        unreached: found.unreached,
                    }
                }
            });
        }
        Ok(Self { inputs, outputs, tiles })
    }

    /// Conductances to program, tile by tile, row tiles outermost (rows × columns, S).
    pub fn targets(&self) -> impl Iterator<Item = ArrayView2<'_, f64>> {
        self.tiles.iter().map(|tile| tile.target_s.view())
    }

    /// Largest rms error of a tile's transfer that its targets leave, relative to the transfer.
    pub fn residual(&self) -> f64 {
        self.tiles.iter().map(|tile| tile.residual).fold(0.0, f64::max)
    }

    /// Smallest factor by which a tile's currents are below their nominal size, as wanted.
    pub fn scale(&self) -> f64 {
        self.tiles.iter().map(|tile| tile.scale).fold(1.0, f64::min)
    }
}

impl Grid {
    /// Programs `weights` onto tiles made of `parts`. All draws come from below `at`.
    ///
    /// # Errors
    /// [`TileError`] for weights, scales or parts that cannot be.
    pub fn program(
        parts: &Parts,
        design: &LayerDesign,
        weights: ArrayView2<'_, f32>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Self, TileError> {
        let blueprint = Blueprint::of(parts, design, weights, tally)?;
        Self::from_blueprint(parts, design, &blueprint, at, tally)
    }

    /// Programs one chip of many that share a blueprint, made of the same parts and design.
    ///
    /// # Errors
    /// As [`program`](Self::program).
    pub fn from_blueprint(
        parts: &Parts,
        design: &LayerDesign,
        blueprint: &Blueprint,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Self, TileError> {
        let dac = parts.check()?;
        let Blueprint { inputs, outputs, .. } = *blueprint;
        let (rows, cols) = parts.grid_shape(inputs, outputs);
        if design.full_scale.dim() != (rows, cols) {
            let (got_rows, got_cols) = design.full_scale.dim();
            return Err(TileError::FullScales { got_rows, got_cols, rows, cols });
        }
        for (name, value) in
            [("input limit", f64::from(design.input_limit)), ("drive gain", design.drive_gain)]
        {
            if !(0.0 < value && value.is_finite()) {
                return Err(TileError::Scale { name, value });
            }
        }
        let mut tiles = Vec::with_capacity(rows * cols);
        for (tile_idx, (blueprint, &full_scale)) in
            blueprint.tiles.iter().zip(&design.full_scale).enumerate()
        {
            let at = at.child("tile", tile_idx as u64);
            let (device, program_at) = (parts.device.clone(), at.child("program", 0));
            let array = Crossbar::program(
                device,
                parts.wires,
                parts.ambient,
                blueprint.target_s.view(),
                program_at,
                tally,
            )?;
            tally.weights_unreached += blueprint.unreached;
            let adc = UniformSpec {
                bits: parts.adc_bits,
                full_scale: full_scale * blueprint.scale,
                input_noise: parts.adc_noise,
            };
            let adc = Box::new(adc.build()?);
            let read_at = at.child("read", 0);
            let output_per_amp = 1.0 / (design.amps_per_output(parts) * blueprint.scale);
            let (plan, peak) = (blueprint.plan.clone(), dac.read_voltage());
            tiles.push(Tile::new(&array, plan, peak, adc, output_per_amp, read_at)?);
        }
        Ok(Self {
            inputs,
            outputs,
            tile_rows: parts.rows,
            tile_outputs: parts.outputs,
            input_limit: design.input_limit,
            dac,
            mapping: Differential::FINE,
            tiles,
            column_tiles: cols,
        })
    }
}

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
            self.sum_tiles(x, call, sums, scratch, tally);
        } else {
            let mut sums = scratch.take(batch * self.outputs);
            self.sum_tiles(x, call, &mut sums, scratch, tally);
            let sums_view = ArrayView2::from_shape((batch, self.outputs), &sums);
            y.assign(&sums_view.expect("batch × outputs sums"));
            scratch.give(sums);
        }
    }
}

impl Grid {
    /// Replaces `sums` (batch × outputs) by the outputs of all tiles.
    fn sum_tiles(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        sums: &mut [f32],
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        let batch = x.nrows();
        sums.fill(0.0);
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("standard layout");
        for (row_tile, tiles) in self.tiles.chunks_exact(self.column_tiles).enumerate() {
            let first = row_tile * self.tile_rows;
            let rows = first..self.inputs.min(first + self.tile_rows);
            let mut inputs = scratch.take(batch * rows.len());
            for (to, from) in inputs.chunks_exact_mut(rows.len()).zip(x.chunks_exact(self.inputs)) {
                to.copy_from_slice(&from[rows.clone()]);
            }
            let mut codes = scratch.take(inputs.len());
            self.dac.encode(&inputs, self.input_limit, &mut codes, tally);
            scratch.give(inputs);
            let mut row_v = scratch.take(codes.len());
            for phase in 0..tiles[0].phases().len() {
                self.mapping.drive(phase, &codes, &mut row_v);
                self.dac.drive(&mut row_v);
                for (column_tile, tile) in tiles.iter().enumerate() {
                    let y = &mut sums[column_tile * self.tile_outputs..];
                    tile.accumulate(&row_v, phase, call, (y, self.outputs), scratch, tally);
                }
            }
            scratch.give(row_v);
            scratch.give(codes);
        }
    }
}
