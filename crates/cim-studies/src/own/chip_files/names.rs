//! Names of files and arrays.

use cim_chip::TilePlace;

/// File of the settings of a chip.
pub const SETTINGS: &str = "chip.json";

/// Begins the names of all files of conductances.
pub const PRODUCT: &str = "product-";

/// Begins the names of arrays of targets.
pub const TARGET: &str = "target_s_";

/// Begins the names of arrays of held conductances.
pub const HELD: &str = "held_s_";

/// File of all tiles of a product.
pub fn archive(product: usize) -> String {
    format!("{PRODUCT}{product:03}.npz")
}

/// File of one tile.
pub fn table(TilePlace { product, row, column }: TilePlace) -> String {
    format!("{PRODUCT}{product:03}-tile-{row}-{column}.csv")
}

/// Array of a tile.
pub fn array(begins: &str, TilePlace { row, column, .. }: TilePlace) -> String {
    format!("{begins}{row}_{column}")
}

/// The product of an archive of this name, if it is one.
pub fn product_of(file: &str) -> Option<usize> {
    let product = file.strip_prefix(PRODUCT)?.strip_suffix(".npz")?.parse().ok()?;
    (archive(product) == file).then_some(product)
}

/// The tile of a table of this name, if it is one.
pub fn place_of(file: &str) -> Option<TilePlace> {
    let (product, tile) = file.strip_prefix(PRODUCT)?.strip_suffix(".csv")?.split_once("-tile-")?;
    let (row, column) = tile.split_once('-')?;
    let [product, row, column] = [product, row, column].map(|text| text.parse().ok());
    let place = TilePlace { product: product?, row: row?, column: column? };
    (table(place) == file).then_some(place)
}

/// The tile of `product` whose array has this name, if it is one.
pub fn place_in(begins: &str, product: usize, name: &str) -> Option<TilePlace> {
    let (row, column) = name.strip_prefix(begins)?.split_once('_')?;
    let place = TilePlace { product, row: row.parse().ok()?, column: column.parse().ok()? };
    (array(begins, place) == name).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_tiles() {
        for product in [0, 7, 999, 1000, 12345] {
            assert_eq!(product_of(&archive(product)), Some(product));
            let place = TilePlace { product, row: 12, column: 3 };
            assert_eq!(place_of(&table(place)), Some(place));
            assert_eq!(place_in(HELD, product, &array(HELD, place)), Some(place));
        }
        for other in
            ["product-1.npz", "product-001 (copy).npz", "product-001.csv", "chip.json", "product-"]
        {
            assert_eq!(product_of(other), None, "{other}");
        }
        for other in
            ["product-001-tile-0.csv", "product-001-tile-01-0.csv", "product-001-tile-0-0-0.csv"]
        {
            assert_eq!(place_of(other), None, "{other}");
        }
        assert_eq!(place_in(HELD, 0, "held_s_0"), None);
        assert_eq!(place_in(HELD, 0, "target_s_0_0"), None);
    }
}
