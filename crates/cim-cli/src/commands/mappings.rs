//! `cim mappings`: which effect works with which mapping, tried here and now.

use cim_core::Stream;
use cim_tile::support::Carried;
use cim_tile::ticks::Ticks;
use rayon::prelude::*;

use super::array::usage;
use crate::error::CliError;
use crate::form::Form;

/// Tries every effect with every mapping and prints a matrix of ticks.
pub fn run(form: Form) -> Result<String, CliError> {
    let failed = |error: cim_tile::TileError| usage(error.to_string(), "this is a fault of ours");
    let all = Carried::all().map_err(failed)?;
    let found = all
        .par_iter()
        .enumerate()
        .map(|(idx, carried)| carried.found(Stream::root(0).child("mapping", idx as u64)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    form.print("mappings", &Ticks::of(&all, found))
}
