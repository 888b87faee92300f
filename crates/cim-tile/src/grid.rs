//! A weight matrix of any size on a grid of tiles.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use cim_adc::{Adc, Dac, DacSpec, Phase, Polarity, Positive};
use cim_core::{Amps, Stream, Tally, Volts};
use cim_crossbar::{Ambient, Crossbar, Wires, wire_targets};
use cim_device::{Device, Window};
use ndarray::{Array2, ArrayView2, s};

use crate::error::TileError;
use crate::front_end::{FrontEnd, Sampled};
use crate::mapping::{Mapping, Plan, Sense};
use crate::quantize;
use crate::rows;
use crate::tile::{Conversion, Tile};

mod pace;
mod seen;

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
    /// How cells and sums carry weights.
    pub mapping: Arc<dyn Mapping>,
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
    /// Drivers, amplifiers and converters, as far as they are not ideal.
    pub front_end: FrontEnd,
    /// What cells are asked to hold.
    pub targets: Targets,
    /// Rows of a tile, two for each input where the drive has it so.
    pub rows: usize,
    /// Outputs of a tile.
    pub outputs: usize,
}

impl Parts {
    /// The parts of a layer of a network, counted in the order of its products, which may be mapped otherwise than
    /// others ([`Mapping::of_layer`]).
    pub fn of_layer(&self, layer: usize) -> Cow<'_, Self> {
        match self.mapping.of_layer(layer) {
            Some(mapping) => Cow::Owned(Self { mapping, ..self.clone() }),
            None => Cow::Borrowed(self),
        }
    }

    /// Inputs of a tile: its rows, or half of them where an input has two.
    pub fn inputs(&self) -> usize {
        self.rows / self.dac.polarity.rows_per_input()
    }

    /// Row tiles × column tiles for a weight matrix.
    pub fn grid_shape(&self, inputs: usize, outputs: usize) -> (usize, usize) {
        (inputs.div_ceil(self.inputs()), outputs.div_ceil(self.outputs))
    }

    /// Shape of a layer's full scales: row tiles × (column tiles · full-scale groups), the groups of
    /// a tile side by side.
    pub fn full_scale_shape(&self, inputs: usize, outputs: usize) -> (usize, usize) {
        let (rows, cols) = self.grid_shape(inputs, outputs);
        (rows, cols * self.mapping.full_scale_groups())
    }

    /// Inputs and outputs of a matrix that the tile at a place of the grid carries.
    pub fn block(
        &self,
        (row_tile, column_tile): (usize, usize),
        (inputs, outputs): (usize, usize),
    ) -> (Range<usize>, Range<usize>) {
        (
            row_tile * self.inputs()..inputs.min((row_tile + 1) * self.inputs()),
            column_tile * self.outputs..outputs.min((column_tile + 1) * self.outputs),
        )
    }

    /// Steps of the output converters over their whole range.
    pub fn adc_steps(&self) -> u32 {
        cim_adc::uniform::steps(self.adc_bits)
    }

    /// Whether the currents of a full-scale group cannot be negative, so that they are converted from
    /// zero on: lone columns, and no voltages of both signs.
    pub fn is_positive(&self, plan: &Plan, group: usize) -> bool {
        let lone = |sense: &Sense| sense.minus.is_none();
        self.dac.polarity != Polarity::Bipolar
            && plan.senses[plan.senses_of_group(group)].iter().all(lone)
    }

    /// Steps over a full scale of both signs that are as large as those of a group's converter.
    pub fn adc_steps_of(&self, plan: &Plan, group: usize) -> u32 {
        match self.is_positive(plan, group) {
            true => Positive::steps_of_both_signs(self.adc_steps()),
            false => self.adc_steps(),
        }
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
        if self.inputs() == 0 {
            return Err(TileError::OneInput {
                rows: self.rows,
                needed: self.dac.polarity.rows_per_input(),
            });
        }
        let volts = self.read_voltage.0;
        if !(0.0 < volts && volts.is_finite()) {
            return Err(TileError::Scale { name: "read voltage", value: volts });
        }
        let dac = self.dac.build(self.read_voltage)?;
        self.front_end.check(self.dac, self.adc_bits)?;
        Ok(dac)
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
    /// Full scales, row tiles × (column tiles · full-scale groups), see
    /// [`Parts::full_scale_shape`].
    pub full_scale: Array2<Amps>,
}

impl LayerDesign {
    /// Full scales in the order of the tiles, row tiles outermost, those of a tile side by side.
    ///
    /// # Errors
    /// [`TileError::FullScales`] if there are not as many as a matrix of `shape` needs.
    pub(crate) fn full_scales_of_tiles(
        &self,
        parts: &Parts,
        shape: (usize, usize),
    ) -> Result<Vec<Amps>, TileError> {
        let (rows, cols) = parts.full_scale_shape(shape.0, shape.1);
        if self.full_scale.dim() != (rows, cols) {
            let (got_rows, got_cols) = self.full_scale.dim();
            return Err(TileError::FullScales { got_rows, got_cols, rows, cols });
        }
        Ok(self.full_scale.iter().copied().collect())
    }

    /// Current (A) of one output unit, sensed with weight 1.
    pub fn amps_per_output(&self, parts: &Parts) -> f64 {
        parts.read_voltage.0 * self.drive_gain * parts.window.span().0
            / (f64::from(self.weight_clip) * f64::from(self.input_limit))
            * parts.mapping.reach()
    }

    /// Current (A) of one unit of weight at full drive, sensed with weight 1.
    pub fn amps_per_weight(&self, parts: &Parts) -> f64 {
        parts.read_voltage.0 * self.drive_gain * parts.window.span().0 / f64::from(self.weight_clip)
            * parts.mapping.reach()
    }
}

/// A weight matrix (inputs × outputs) programmed on a grid of tiles.
#[derive(Clone)]
pub struct Grid {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Inputs of a tile.
    pub(crate) tile_inputs: usize,
    pub(crate) tile_outputs: usize,
    pub(crate) input_limit: f32,
    pub(crate) dac: Dac,
    pub(crate) phases: Vec<Phase>,
    /// Row tiles outermost.
    pub(crate) tiles: Vec<Tile>,
    pub(crate) column_tiles: usize,
}

/// What every tile of a layer is to be programmed to: the same for every chip.
#[derive(Clone, Debug)]
pub struct Blueprint {
    inputs: usize,
    outputs: usize,
    /// Row tiles outermost.
    tiles: Vec<TileBlueprint>,
}

/// What one tile is to be programmed to.
#[derive(Clone, Debug)]
pub(crate) struct TileBlueprint {
    pub plan: Arc<Plan>,
    /// Conductances to program, rows × columns (S).
    pub target_s: Array2<f64>,
    /// Sensed currents are this times their nominal size.
    pub scale: f64,
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
        let top = parts.mapping.top_weight();
        let levels = quantize::weights(weights, design.weight_clip, top, tally)?;
        let (rows, cols) = parts.grid_shape(inputs, outputs);
        let mut tiles = Vec::with_capacity(rows * cols);
        for place in (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col))) {
            let (block_rows, block_cols) = parts.block(place, weights.dim());
            let block = levels.slice(s![block_rows, block_cols]);
            let plan = parts.mapping.plan(rows::weights(parts.dac.polarity, block).view())?;
            let plan = Arc::new(plan);
            let nominal_s = plan.targets(parts.window);
            tiles.push(match parts.targets {
                Targets::Nominal => TileBlueprint {
                    plan,
                    target_s: nominal_s,
                    scale: 1.0,
                    residual: 0.0,
                    unreached: 0,
                },
                Targets::WireAware => {
                    let sensed = plan.sensed();
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

    /// Inputs and outputs of the matrix.
    pub fn shape(&self) -> (usize, usize) {
        (self.inputs, self.outputs)
    }

    /// Tiles, row tiles outermost.
    pub(crate) fn tiles(&self) -> &[TileBlueprint] {
        &self.tiles
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

impl TileBlueprint {
    /// A converter for each of the full scales of a tile; what they are off by is drawn below `at`.
    pub(crate) fn converters(
        &self,
        parts: &Parts,
        full_scales: &[Amps],
        at: Stream,
    ) -> Result<Vec<Box<dyn Adc>>, TileError> {
        let adc = |(group, full_scale): (usize, &Amps)| {
            let (bits, noise, at) =
                (parts.adc_bits, parts.adc_noise, at.child("converter", group as u64));
            let full_scale = *full_scale * self.scale;
            if !parts.is_positive(&self.plan, group) {
                return parts.front_end.adc(bits, full_scale, noise, at);
            }
            let range = Positive::half_range(full_scale, parts.adc_steps());
            let around_zero = parts.front_end.adc(bits, range, noise, at)?;
            Ok(Box::new(Positive::of(around_zero)) as Box<dyn Adc>)
        };
        full_scales.iter().enumerate().map(adc).collect()
    }

    /// What is added to every output whatever the drive (output units): the constant of the drive
    /// times the sum of the weights as programmed. Empty where there is none.
    fn constants(&self, parts: &Parts, design: &LayerDesign) -> Vec<f32> {
        let constant = parts.dac.polarity.constant();
        if constant == 0 {
            return Vec::new();
        }
        let top = f64::from(parts.mapping.top_weight()) * parts.mapping.unit() as f64;
        let level = f64::from(design.weight_clip) / top;
        let unit = f64::from(constant) * f64::from(design.input_limit) * level;
        let sums = self.plan.carried().sum_axis(ndarray::Axis(0));
        sums.iter().map(|&sum| (unit * sum as f64) as f32).collect()
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
        let device = &parts.device;
        Self::of_cells(parts, design, blueprint, at, |_, tile, at| {
            let target_s = tile.target_s.view();
            let (wires, ambient) = (parts.wires, parts.ambient);
            let array = Crossbar::program(device.clone(), wires, ambient, target_s, at, tally)?;
            tally.weights_unreached += tile.unreached;
            Ok(array)
        })
    }

    /// A chip whose arrays are made by `cells`, which is handed the number of a tile, what it is to be
    /// programmed to, and the address of its programming.
    pub(crate) fn of_cells(
        parts: &Parts,
        design: &LayerDesign,
        blueprint: &Blueprint,
        at: Stream,
        mut cells: impl FnMut(usize, &TileBlueprint, Stream) -> Result<Crossbar, TileError>,
    ) -> Result<Self, TileError> {
        let dac = parts.check()?;
        let Blueprint { inputs, outputs, .. } = *blueprint;
        let (rows, cols) = parts.grid_shape(inputs, outputs);
        let full_scales = design.full_scales_of_tiles(parts, (inputs, outputs))?;
        for (name, value) in
            [("input limit", f64::from(design.input_limit)), ("drive gain", design.drive_gain)]
        {
            if !(0.0 < value && value.is_finite()) {
                return Err(TileError::Scale { name, value });
            }
        }
        let mut tiles = Vec::with_capacity(rows * cols);
        let groups = parts.mapping.full_scale_groups();
        for (tile_idx, (blueprint, full_scales)) in
            blueprint.tiles.iter().zip(full_scales.chunks_exact(groups)).enumerate()
        {
            let at = at.child("tile", tile_idx as u64);
            let array = cells(tile_idx, blueprint, at.child("program", 0))?;
            let front_at = at.child("front end", 0);
            let (rows, columns) = blueprint.target_s.dim();
            let size = (rows, columns, blueprint.plan.senses.len());
            let zeros_s = blueprint.plan.zeros(parts.window);
            let zeros_s = zeros_s.iter().map(|zero_s| zero_s * blueprint.scale * design.drive_gain);
            let conversion = Conversion {
                adcs: blueprint.converters(parts, full_scales, front_at)?,
                output_per_amp: 1.0 / (design.amps_per_output(parts) * blueprint.scale),
                zeros_s: &zeros_s.collect::<Vec<_>>(),
                constants: &blueprint.constants(parts, design),
                front_end: Sampled::drawn(&parts.front_end, (parts.dac, dac), size, front_at),
            };
            let plan = blueprint.plan.clone();
            tiles.push(Tile::new(array, plan, dac, conversion, at.child("read", 0))?);
        }
        Ok(Self {
            inputs,
            outputs,
            tile_inputs: parts.inputs(),
            tile_outputs: parts.outputs,
            input_limit: design.input_limit,
            dac,
            phases: parts.dac.phases(),
            tiles,
            column_tiles: cols,
        })
    }
}

impl Grid {
    /// Its tiles, row tiles outermost.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// The same grid with other tiles of the same shapes.
    pub(crate) fn with_tiles(&self, tiles: Vec<Tile>) -> Self {
        let &Self { inputs, outputs, tile_inputs, tile_outputs, input_limit, dac, .. } = self;
        let (phases, column_tiles) = (self.phases.clone(), self.column_tiles);
        Self {
            inputs,
            outputs,
            tile_inputs,
            tile_outputs,
            input_limit,
            dac,
            phases,
            tiles,
            column_tiles,
        }
    }
}
