//! What the tiles of one chip hold and see, as arrays.

use std::io::Cursor;
use std::path::Path;

use cim_chip::{ChipBlueprint, ChipDesign, Foreign, LayerInputs, Mapped, Moment};
use cim_core::{MatMul, Scratch, Stream, Tally};
use ndarray::{Array2, arr1};
use ndarray_npy::{NpzWriter, WriteNpzError};

use crate::error::CliError;
use crate::files::write_atomic;

/// Call of the vectors that are dumped: the first of all.
const CALL: u64 = 0;

/// Writes one archive for each product of the first chip, and returns how many.
///
/// `weights` (inputs × outputs), `x` (vectors × inputs) of the calibration samples, `y_digital` and `y`
/// (vectors × outputs), `full_scale_a` (row tiles × (column tiles · groups)), `scales` (weight clip, input
/// limit, drive gain, read voltage in V, g_min and g_max in S), and for the tile in row `r` and column `c`
/// of the grid `target_s_r_c` and `held_s_r_c` (rows × columns, S).
///
/// # Errors
/// [`CliError`] where a file cannot be written.
pub fn write(
    folder: &Path,
    design: &ChipDesign,
    network: &Foreign,
    inputs: &LayerInputs,
    (moment, chips): (Moment, Stream),
) -> Result<usize, CliError> {
    let tally = &mut Tally::default();
    let blueprint = ChipBlueprint::of(design, network, tally)?;
    let grids = moment.grids(&blueprint, chips.child("chip", 0), tally)?;
    let products = network.products();
    for (idx, (product, grid)) in products.iter().zip(&grids).enumerate() {
        let path = folder.join(format!("product-{idx:03}.npz"));
        let layer = &design.layers[idx];
        let x = inputs.layer(idx);
        let mut y = Array2::zeros((x.nrows(), product.weights.ncols()));
        grid.apply(x, CALL, y.view_mut(), &mut Scratch::default(), tally);
        let (parts, full_scale_a) = (&design.parts, layer.full_scale.mapv(|amps| amps.0));
        let scales = arr1(&[
            f64::from(layer.weight_clip),
            f64::from(layer.input_limit),
            layer.drive_gain,
            parts.read_voltage.0,
            parts.window.g_min.0,
            parts.window.g_max.0,
        ]);
        let mut bytes = Vec::new();
        let mut file = NpzWriter::new_compressed(Cursor::new(&mut bytes));
        let fail = |error: WriteNpzError| CliError::Usage {
            what: format!("cannot write {}: {error}", path.display()),
            help: "choose another folder with --dump".into(),
        };
        file.add_array("weights", &product.weights).map_err(fail)?;
        file.add_array("x", &x).map_err(fail)?;
        file.add_array("y_digital", &x.dot(&product.weights)).map_err(fail)?;
        file.add_array("y", &y).map_err(fail)?;
        file.add_array("full_scale_a", &full_scale_a).map_err(fail)?;
        file.add_array("scales", &scales).map_err(fail)?;
        let columns = parts.grid_shape(product.weights.nrows(), product.weights.ncols()).1;
        let tiles = blueprint.layers[idx].targets().zip(grid.tiles()).enumerate();
        for (tile_idx, (target_s, tile)) in tiles {
            let place = format!("{}_{}", tile_idx / columns, tile_idx % columns);
            file.add_array(format!("target_s_{place}"), &target_s).map_err(fail)?;
            file.add_array(format!("held_s_{place}"), &tile.array().conductances())
                .map_err(fail)?;
        }
        file.finish().map_err(fail)?;
        write_atomic(&path, &bytes)?;
    }
    Ok(products.len())
}
