//! From files to what the cells of a chip hold.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::Read;
use std::path::Path;

use cim_chip::{HeldChip, HeldTile, TilePlace};
use cim_data::cells::{self, Cells};
use cim_data::{npz, open_regular};
use ndarray::{Array2, ArrayD, Ix2};
use serde::Deserialize;

use super::names;
use crate::error::StudyError;

/// What to do where a folder does not hold what it should.
const HELP: &str = "give a folder as `cim eval --dump` writes it: an archive for each product, or a table \
                    for each tile, with what was measured in place of what is held";

/// What to do where settings cannot be read.
const SETTINGS_HELP: &str = "give chip.json as `cim eval --dump` writes it: file of a product says which it is, and row_order \
                             in which order its rows lie; without the file they lie in that of inputs";

/// Reads what the cells of a chip were to hold and hold: `product-NNN.npz` with `target_s_R_C` and
/// `held_s_R_C` (S), or `product-NNN-tile-R-C.csv` with units in its header. Where a tile comes in both,
/// both must say the same. Rows stay as they lie; where `chip.json` is there, it says in which order. Other arrays and other files are not looked at.
///
/// # Errors
/// [`StudyError::Refused`] naming the file, the array or the line, and what is wrong. Whether tiles and orders are
/// those of a network is checked by [`ChipBlueprint::hold`](cim_chip::ChipBlueprint::hold).
pub fn read(folder: &Path) -> Result<HeldChip, StudyError> {
    let cannot = |reason| refused(format!("cannot read {}: {reason}", folder.display()), HELP);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        files.push(entry.map_err(cannot)?.file_name().to_string_lossy().into_owned());
    }
    files.retain(|file| file.starts_with(names::PRODUCT));
    // Archives and tables of a product follow each other, wherever the system lists them.
    files.sort();
    let mut tiles = BTreeMap::new();
    for file in &files {
        let path = folder.join(file);
        if let Some(product) = names::product_of(file) {
            archive(&path, product, &mut tiles)?;
        } else if let Some(place) = names::place_of(file) {
            let found =
                cells::read(&path).map_err(|error| refused(error.to_string(), error.help()))?;
            let Cells { target_s, held_s } = found;
            let origin = path.display().to_string();
            add(&mut tiles, place, HeldTile { origin, target_s, held_s })?;
        } else {
            let what = format!(
                "{} is neither an archive of a product nor a table of a tile",
                path.display()
            );
            return Err(refused(what, HELP));
        }
    }
    if tiles.is_empty() {
        return Err(refused(format!("{} holds no tiles", folder.display()), HELP));
    }
    let row_orders = row_orders(&folder.join(names::SETTINGS))?;
    Ok(HeldChip { origin: folder.display().to_string(), tiles, row_orders })
}

/// What is read of the settings of a chip.
#[derive(Deserialize)]
struct Stated {
    #[serde(default)]
    products: Vec<StatedProduct>,
}

#[derive(Deserialize)]
struct StatedProduct {
    file: Option<String>,
    row_order: Option<Vec<usize>>,
}

/// In which order the rows of products lie, as far as the settings of the chip say so. Products go by their file,
/// wherever they stand in the list; their names are for a reader.
fn row_orders(path: &Path) -> Result<BTreeMap<usize, Vec<usize>>, StudyError> {
    const MOST_BYTES: u64 = 1 << 30;
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let cannot = |reason: String| refused(format!("{}: {reason}", path.display()), SETTINGS_HELP);
    let file = open_regular(path).map_err(|reason| cannot(reason.to_string()))?;
    let mut bytes = Vec::new();
    let read = file.take(MOST_BYTES).read_to_end(&mut bytes);
    read.map_err(|reason| cannot(reason.to_string()))?;
    let Stated { products } =
        serde_json::from_slice(&bytes).map_err(|reason| cannot(reason.to_string()))?;
    let mut orders = BTreeMap::new();
    for (place, StatedProduct { file, row_order }) in products.into_iter().enumerate() {
        let Some(order) = row_order else { continue };
        let Some(file) = file else {
            return Err(cannot(format!("products[{place}] has row_order and no file")));
        };
        let Some(product) = names::product_of(&file) else {
            return Err(cannot(format!("products[{place}].file \"{file}\" is of no product")));
        };
        if orders.insert(product, order).is_some() {
            return Err(cannot(format!("products[{place}]: {file} has had its row_order already")));
        }
    }
    Ok(orders)
}

fn archive(
    path: &Path,
    product: usize,
    tiles: &mut BTreeMap<TilePlace, HeldTile>,
) -> Result<(), StudyError> {
    let wanted = |name: &str| name.starts_with(names::TARGET) || name.starts_with(names::HELD);
    let arrays = npz::read_doubles(path, wanted)
        .map_err(|error| refused(error.to_string(), error.help()))?;
    let (mut targets, mut helds) = (BTreeMap::new(), BTreeMap::new());
    for npz::Doubles { name, values } in arrays {
        let origin = format!("{} {name}", path.display());
        let matrix = matrix(values).map_err(|what| refused(format!("{origin}: {what}"), HELP))?;
        if let Some(place) = names::place_in(names::TARGET, product, &name) {
            targets.insert(place, matrix);
        } else if let Some(place) = names::place_in(names::HELD, product, &name) {
            helds.insert(place, (origin, matrix));
        } else {
            return Err(refused(format!("{origin}: the name is of no tile"), HELP));
        }
    }
    for (place, (origin, held_s)) in helds {
        let Some(target_s) = targets.remove(&place) else {
            let name = names::array(names::TARGET, place);
            return Err(refused(format!("{}: there is no array {name}", path.display()), HELP));
        };
        add(tiles, place, HeldTile { origin, target_s, held_s })?;
    }
    if let Some((&place, _)) = targets.first_key_value() {
        let name = names::array(names::HELD, place);
        return Err(refused(format!("{}: there is no array {name}", path.display()), HELP));
    }
    Ok(())
}

fn matrix(values: ArrayD<f64>) -> Result<Array2<f64>, String> {
    let shape = values.shape().to_vec();
    values
        .into_dimensionality::<Ix2>()
        .map_err(|_| format!("{} values, not rows × columns", cim_data::npy::dims(&shape)))
}

/// Adds a tile, or compares it with what another file says of it.
fn add(
    tiles: &mut BTreeMap<TilePlace, HeldTile>,
    place: TilePlace,
    tile: HeldTile,
) -> Result<(), StudyError> {
    let first = match tiles.entry(place) {
        Entry::Vacant(free) => {
            free.insert(tile);
            return Ok(());
        }
        Entry::Occupied(first) => first.into_mut(),
    };
    let differ = |a: &Array2<f64>, b: &Array2<f64>| {
        let bits = |m: &Array2<f64>| m.iter().map(|g_s| g_s.to_bits()).collect::<Vec<_>>();
        let first = bits(a).into_iter().zip(bits(b)).position(|(a, b)| a != b);
        let columns = a.ncols().max(1);
        let cell = first.map(|idx| format!(" at row {}, column {}", idx / columns, idx % columns));
        if a.dim() == b.dim() { cell } else { Some(" in their size".to_owned()) }
    };
    let found = differ(&first.target_s, &tile.target_s).or(differ(&first.held_s, &tile.held_s));
    match found {
        None => Ok(()),
        Some(cell) => Err(refused(
            format!("{} and {} differ{cell}", first.origin, tile.origin),
            "remove the one that does not hold what was measured",
        )),
    }
}

fn refused(what: String, help: &str) -> StudyError {
    StudyError::Refused { what, help: help.to_owned() }
}
