//! From a chip to files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cim_chip::{ChipBlueprint, Foreign, Mapped, MatMul, Scaled, Scratch, Tally, TilePlace};
use cim_data::cells::{self, Cells};
use cim_data::npz::NpzError;
use cim_data::npz_writer::NpzWriter;
use cim_report::files;
use cim_tile::Seen;
use ndarray::{Array2, s};

use super::names;
use super::settings::Settings;
use crate::error::StudyError;
use crate::own::stages::Answer;

/// Call of the vectors that are written: the first of all.
const CALL: u64 = 0;

/// Writes the first chip of an answer into `folder`, and returns how many files there are.
///
/// An archive for each product, `product-NNN.npz`: `weights` (inputs × outputs), `x` (vectors × inputs) of
/// the calibration samples, `y_digital` and `y` (vectors × outputs), `full_scale_a` (row tiles × (column
/// tiles · groups)), `scales` (weight clip, input limit, drive gain, read voltage in V, g_min and g_max in
/// S), `input_factors` and `output_factors` (what stands in front of each input and behind each output where the
/// product is scaled: weights, `x` and `y` are those between them), and for the tile in row `r` and column `c` of the grid `target_s_r_c` and `held_s_r_c` (rows ×
/// columns, S). Of the vectors of the first sample, each tile also has what its converters see ([`Grid::seen`](cim_chip::Grid::seen)),
/// vectors of the first phase above those of the next: `driven_r_c` and `row_v_r_c` (× rows; codes, V), `sensed_a_r_c` and
/// `codes_r_c` (× sensed currents; A, codes), and what makes outputs of codes: `gains_r_c` (one a sensed current, output units a
/// code) and `known_r_c` (vectors × outputs of the tile). The same conductances as a table for each tile, `product-NNN-tile-R-C.csv`. And how the
/// chip is driven and read, `chip.json`. Files of an earlier chip in `folder` give way.
///
/// [`read`](super::read) takes the folder back, with what was measured in place of what is held.
///
/// # Errors
/// [`StudyError`] where a file cannot be written.
pub fn write(folder: &Path, answer: &Answer, network: &Foreign) -> Result<usize, StudyError> {
    let (design, parts) = (&answer.design, &answer.design.parts);
    let network = &Scaled::new(network, &answer.scalings);
    let tally = &mut Tally::default();
    let blueprint = ChipBlueprint::of(design, network, tally)?;
    let mut written = BTreeSet::new();
    let mut put = |name: &str, bytes: &[u8]| {
        written.insert(name.to_owned());
        files::write_bytes(&folder.join(name), bytes)
    };
    for (idx, product) in network.products().iter().enumerate() {
        let (layer, grid) = (&design.layers[idx], &answer.grids[idx]);
        let x = answer.inputs.layer(idx);
        let mut y = Array2::zeros((x.nrows(), product.weights.ncols()));
        grid.apply(x, CALL, y.view_mut(), &mut Scratch::default(), tally);
        let scales = [
            f64::from(layer.weight_clip),
            f64::from(layer.input_limit),
            layer.drive_gain,
            parts.read_voltage.0,
            parts.window.g_min.0,
            parts.window.g_max.0,
        ];
        let name = names::archive(idx);
        let mut file = NpzWriter::new(name.as_str());
        file.add("weights", product.weights).map_err(refused)?;
        file.add("x", x).map_err(refused)?;
        file.add("y_digital", x.dot(&product.weights).view()).map_err(refused)?;
        file.add("y", y.view()).map_err(refused)?;
        file.add("full_scale_a", layer.full_scale.mapv(|amps| amps.0).view()).map_err(refused)?;
        file.add_list("scales", &scales).map_err(refused)?;
        let names = ["input_factors", "output_factors"];
        for (name, factors) in names.into_iter().zip(network.factors(idx)) {
            let factors: Vec<f64> = factors.iter().copied().map(f64::from).collect();
            file.add_list(name, &factors).map_err(refused)?;
        }
        let first = x.slice(s![..product.per_sample.min(x.nrows()), ..]);
        let mut seen = grid.seen(first, CALL).into_iter();
        let columns = parts.grid_shape(product.weights.nrows(), product.weights.ncols()).1;
        let tiles = blueprint.layers[idx].targets().zip(grid.tiles()).enumerate();
        for (tile_idx, (target_s, tile)) in tiles {
            let place =
                TilePlace { product: idx, row: tile_idx / columns, column: tile_idx % columns };
            let held_s = tile.array().conductances();
            file.add(&names::array(names::TARGET, place), target_s).map_err(refused)?;
            file.add(&names::array(names::HELD, place), held_s).map_err(refused)?;
            let seen = seen.next().expect("one for each tile");
            see(&mut file, place, &seen).map_err(refused)?;
            let cells = Cells { target_s: target_s.to_owned(), held_s: held_s.to_owned() };
            put(&names::table(place), cells::encode(&cells).as_bytes())?;
        }
        put(&name, &file.finish().map_err(refused)?)?;
    }
    let settings = Settings::of(answer);
    put(names::SETTINGS, cim_report::json(&settings, "chip", names::SETTINGS)?.as_bytes())?;
    remove_others(folder, &written);
    Ok(written.len())
}

/// Adds what the converters of a tile see.
fn see(file: &mut NpzWriter, place: TilePlace, seen: &Seen) -> Result<(), NpzError> {
    let name = |begins| names::array(begins, place);
    file.add(&name("driven_"), seen.driven.view())?;
    file.add(&name("row_v_"), seen.row_v.view())?;
    file.add(&name("sensed_a_"), seen.sensed_a.view())?;
    file.add(&name("codes_"), seen.codes.view())?;
    file.add_list(&name("gains_"), &seen.gains)?;
    file.add(&name("known_"), seen.known.view())
}

/// Removes files of an earlier chip that this one has no product or tile for; one that cannot be removed is refused
/// when the folder is read.
fn remove_others(folder: &Path, written: &BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_chip_s = names::product_of(&name).is_some() || names::place_of(&name).is_some();
        if is_chip_s && !written.contains(&name) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn refused(error: NpzError) -> StudyError {
    StudyError::Refused { what: error.to_string(), help: "choose another folder".to_owned() }
}
