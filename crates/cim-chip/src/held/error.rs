//! Why what was measured is not of a chip.

use cim_core::Siemens;
use thiserror::Error;

use super::place::TilePlace;

/// Why what was measured is not of a chip.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum HeldError {
    /// A tile is missing.
    #[error("{origin}: there is nothing of {place}")]
    Missing {
        /// Where was looked.
        origin: String,
        /// Which.
        place: TilePlace,
    },
    /// A tile that the chip does not have.
    #[error("{origin}: the chip has no {place}")]
    Surplus {
        /// Where it was read.
        origin: String,
        /// Which.
        place: TilePlace,
    },
    /// A tile of another size.
    #[error("{origin}: {} × {} cells where the tile has {} × {}", given.0, given.1, wanted.0, wanted.1)]
    Shape {
        /// Where it was read.
        origin: String,
        /// Rows and columns as given.
        given: (usize, usize),
        /// Rows and columns of the tile.
        wanted: (usize, usize),
    },
    /// A tile of another network, design or place.
    #[error(
        "{origin}: the target at row {row}, column {column} is {given}, and this chip's is {wanted}: it is \
         of another network, another design or another place"
    )]
    Target {
        /// Where it was read.
        origin: String,
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        column: usize,
        /// Target as given.
        given: Siemens,
        /// Target of the chip.
        wanted: Siemens,
    },
    /// Rows in another order than inputs, on wires.
    #[error(
        "{origin}: rows lie in another order than inputs, and wires have a resistance ({set}): what they cost \
         depends on where a row lies, and chips are evaluated with rows in the order of inputs"
    )]
    Wires {
        /// Where it was read.
        origin: String,
        /// The keys that give wires a resistance, with their values.
        set: String,
    },
    /// An order of rows that is none.
    #[error("{origin}: the order of the rows of product {product} {reason}")]
    Order {
        /// Where it was read.
        origin: String,
        /// Which product.
        product: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A conductance that cannot be.
    #[error("{origin}: {value} S at row {row}, column {column} must be zero or positive")]
    Conductance {
        /// Where it was read.
        origin: String,
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        column: usize,
        /// The conductance as given.
        value: f64,
    },
    /// Numbers that are far from anything the cells hold.
    #[error("{origin}: {words} is {value}, and the cells hold up to {most}: it is in another unit")]
    Unit {
        /// Where it was read.
        origin: String,
        /// Which number.
        words: &'static str,
        /// The number.
        value: Siemens,
        /// Top of what the cells can be asked for.
        most: Siemens,
    },
}

impl HeldError {
    /// What the user can do.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Missing { .. } | Self::Surplus { .. } | Self::Shape { .. } => {
                "give every tile of every product of this network, as `cim eval --dump` writes them"
            }
            Self::Target { .. } => {
                "write them with --dump and read them with the same network, preset, design and \
                 calibration; cells keep their row and column, or row_order in chip.json says where rows lie"
            }
            Self::Wires { .. } => "set them to 0 Ohm to leave wires out",
            Self::Order { .. } => {
                "in chip.json, row_order names every row of the product once, from 0 on, in the order in which \
                 the rows of its tiles lie"
            }
            Self::Conductance { .. } => {
                "a cell that does not conduct holds 0 S; a cell that was not measured needs a number of your \
                 choice"
            }
            Self::Unit { .. } => {
                "conductances of an archive are in siemens, those of a table in the unit of its header; \
                 tiles that do not conduct hold 0 S"
            }
        }
    }
}
