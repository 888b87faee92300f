//! How a chip is driven and read, as data: what a laboratory needs beside conductances.

use cim_adc::{Adc, DacSpec, Phase};
use cim_chip::sections::MappingSpec;
use cim_chip::{Grid, Parts, Scaling, TilePlace};
use cim_report::Report;
use cim_tile::{LayerDesign, Tile};
use serde::Serialize;

use super::names;
use crate::own::stages::Answer;

/// All settings of a chip. Rows are driven, columns are sensed; units end names.
#[derive(Debug, Serialize)]
pub struct Settings {
    /// What the file is.
    format: &'static str,
    /// The command that wrote it.
    command: String,
    /// Preset of the chip.
    preset: String,
    /// Seed of all randomness.
    seed: u64,
    /// Whether cells are as measured, and not as programmed in simulation.
    as_measured: bool,
    /// Time since programming (s).
    after_s: f64,
    /// Row voltage of the largest input code (V).
    read_voltage_v: f64,
    /// Bottom of the window that weights are mapped to (S).
    g_min_s: f64,
    /// Top of it (S).
    g_max_s: f64,
    /// How weights become conductances.
    mapping: MappingSpec,
    /// Input converters.
    row_converters: RowConverters,
    /// Each product of the network.
    products: Vec<ProductSettings>,
}

/// How rows are driven.
#[derive(Debug, Serialize)]
struct RowConverters {
    /// Resolution and drive.
    #[serde(flatten)]
    spec: DacSpec,
    /// Largest code.
    top_code: i32,
    /// Rows that one input drives, side by side.
    rows_per_input: usize,
    /// In how many phases codes are driven, and the factor with which the outputs of each add.
    phase_factors: Vec<f64>,
    /// Which input drives which row.
    row_order: &'static str,
}

/// One product.
#[derive(Debug, Serialize)]
struct ProductSettings {
    /// Its name in the network.
    name: String,
    /// Targets and held conductances of all its tiles.
    file: String,
    /// Inputs of the matrix.
    inputs: usize,
    /// Outputs of the matrix.
    outputs: usize,
    /// How it is scaled: clips, limits and units are of what stands between `input_factors` and `output_factors` of
    /// the archive, in front of the inputs and behind the outputs.
    scaling: Scaling,
    /// Weight that stands for the whole window.
    weight_clip: f32,
    /// Input of the largest code.
    input_limit: f32,
    /// Effective volts per volt of drive.
    drive_gain: f64,
    /// Current of one output unit, sensed with weight 1 (A).
    amps_per_output: f64,
    /// Which row of the product each row of its tiles is, counted through them; rows of an input lie side by side.
    row_order: Vec<usize>,
    /// Tiles along the inputs.
    row_tiles: usize,
    /// Tiles along the outputs.
    column_tiles: usize,
    /// Row tiles outermost.
    tiles: Vec<TileSettings>,
}

/// One tile.
#[derive(Debug, Serialize)]
struct TileSettings {
    /// Row of the tile in the grid.
    row: usize,
    /// Column of the tile in the grid.
    column: usize,
    /// Its targets and held conductances.
    file: String,
    /// Rows of cells.
    rows: usize,
    /// Columns of cells.
    columns: usize,
    /// First of the inputs that drive it.
    first_input: usize,
    /// First of the outputs that it adds to.
    first_output: usize,
    /// One converter for each full-scale group.
    converters: Vec<Converter>,
    /// Every sensed current: its column, and the column that is subtracted if there is one.
    sensed_columns: Vec<Vec<usize>>,
    /// Output of the tile to which its code adds.
    sensed_output: Vec<usize>,
    /// Factor with which it adds.
    sensed_weight: Vec<i64>,
    /// Full-scale group whose converter takes it.
    sensed_group: Vec<usize>,
    /// Level difference that stands for zero and is subtracted digitally.
    sensed_zero: Vec<i32>,
}

/// A column converter.
#[derive(Debug, Serialize)]
struct Converter {
    /// Resolution (bits).
    bits: u32,
    /// End of its range (A).
    full_scale_a: f64,
    /// Current of one step of the code (A).
    step_a: f64,
    /// Least code.
    least_code: i32,
    /// Largest code.
    top_code: i32,
    /// Input-referred noise, rms (A).
    noise_a: f64,
}

impl Settings {
    /// Of the chip of an answer.
    pub fn of(answer: &Answer) -> Self {
        let (design, parts) = (&answer.design, &answer.design.parts);
        let Report { run, preset, seed, .. } = &answer.found.report;
        let layers = design.layers.iter().zip(&answer.grids).zip(&answer.findings.products);
        let product = |(idx, ((layer, grid), found)): (
            usize,
            ((&LayerDesign, &Grid), &cim_chip::ProductAnatomy),
        )| {
            let parts = parts.of_layer(idx);
            let named = (idx, &*found.name, found.scaling);
            ProductSettings::of(named, found.shape, &parts, layer, grid)
        };
        let first = answer.grids.first().and_then(|grid| grid.tiles().first());
        Self {
            format: "chip of cim, version 1",
            command: run.command.clone(),
            preset: preset.clone(),
            seed: *seed,
            as_measured: answer.as_measured,
            after_s: first.map_or(0.0, |tile| tile.array().elapsed().0),
            read_voltage_v: parts.read_voltage.0,
            g_min_s: parts.window.g_min.0,
            g_max_s: parts.window.g_max.0,
            mapping: answer.mapping,
            row_converters: RowConverters::of(parts.dac),
            products: layers.enumerate().map(product).collect(),
        }
    }
}

impl RowConverters {
    fn of(spec: DacSpec) -> Self {
        Self {
            spec,
            top_code: spec.top_code(),
            rows_per_input: spec.polarity.rows_per_input(),
            phase_factors: spec.phases().iter().map(|phase: &Phase| phase.factor).collect(),
            row_order: "row k of a product, counted through its row tiles, is driven by its input \
                        row_order[k] / rows_per_input",
        }
    }
}

impl ProductSettings {
    fn of(
        (product, name, scaling): (usize, &str, Scaling),
        (inputs, outputs): (usize, usize),
        parts: &Parts,
        layer: &LayerDesign,
        grid: &Grid,
    ) -> Self {
        let (row_tiles, column_tiles) = parts.grid_shape(inputs, outputs);
        let tile = |(idx, tile): (usize, &Tile)| {
            let place = TilePlace { product, row: idx / column_tiles, column: idx % column_tiles };
            TileSettings::of(place, (inputs, outputs), parts, tile)
        };
        Self {
            name: name.to_owned(),
            file: names::archive(product),
            inputs,
            outputs,
            scaling,
            weight_clip: layer.weight_clip,
            input_limit: layer.input_limit,
            drive_gain: layer.drive_gain,
            amps_per_output: layer.amps_per_output(parts),
            row_order: (0..inputs * parts.dac.polarity.rows_per_input()).collect(),
            row_tiles,
            column_tiles,
            tiles: grid.tiles().iter().enumerate().map(tile).collect(),
        }
    }
}

impl TileSettings {
    fn of(place: TilePlace, shape: (usize, usize), parts: &Parts, tile: &Tile) -> Self {
        let (inputs, outputs) = parts.block((place.row, place.column), shape);
        let (rows, columns) = tile.array().conductances().dim();
        let senses = tile.senses();
        let converter = |adc: &dyn Adc| Converter {
            bits: parts.adc_bits,
            full_scale_a: adc.full_scale().0,
            step_a: adc.step().0,
            least_code: *adc.codes().start(),
            top_code: *adc.codes().end(),
            noise_a: adc.input_noise().0,
        };
        Self {
            row: place.row,
            column: place.column,
            file: names::table(place),
            rows,
            columns,
            first_input: inputs.start,
            first_output: outputs.start,
            converters: tile.converters().map(converter).collect(),
            sensed_columns: senses
                .iter()
                .map(|sense| std::iter::once(sense.plus).chain(sense.minus).collect())
                .collect(),
            sensed_output: senses.iter().map(|sense| sense.output).collect(),
            sensed_weight: senses.iter().map(|sense| sense.weight).collect(),
            sensed_group: senses.iter().map(|sense| sense.full_scale_group).collect(),
            sensed_zero: senses.iter().map(|sense| sense.zero).collect(),
        }
    }
}
