//! Keys out of cells: what no two chips have alike, as words of bits that a chip says again when asked.
//!
//! A physically unclonable function of an array of cells that are all asked for the same conductance: a bit is
//! which of two neighbours came out higher. A code makes a key of it that noise of reads does not turn.
//!
//! Not modelled: pairs that neighbours on a die share a gradient in, whoever
//! measures cells from outside.

mod pairs;
mod quality;
mod repetition;

pub use pairs::{Made, Pairs, PairsSpec};
pub use quality::Quality;
pub use repetition::{Helper, Repetition, tail};
