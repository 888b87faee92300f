//! `cim mappings`: which effect works with which mapping, tried here and now.

use std::fmt::Write;

use cim_core::Stream;
use cim_tile::support::{Carried, Found, TRIED, attempt};
use rayon::prelude::*;

use super::array::usage;
use crate::error::CliError;

/// Tries every effect with every mapping and prints a matrix of ticks.
pub fn run() -> Result<String, CliError> {
    let failed = |error: cim_tile::TileError| usage(error.to_string(), "this is a fault of ours");
    let all = Carried::all().map_err(failed)?;
    let tried: Vec<Vec<Found>> = all
        .par_iter()
        .enumerate()
        .map(|(idx, carried)| {
            let at = Stream::root(0).child("mapping", idx as u64);
            TRIED.iter().map(|effect| attempt(carried, effect, at)).collect()
        })
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    let width = all.iter().map(|carried| carried.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    let _ = write!(text, "{:width$}", "mapping");
    for effect in &TRIED {
        let _ = write!(text, "  {}", effect.name);
    }
    text.push('\n');
    for (carried, found) in all.iter().zip(&tried) {
        let _ = write!(text, "{:width$}", carried.name);
        for (effect, found) in TRIED.iter().zip(found) {
            let tick = if found.works() { "✓" } else { "✗" };
            let _ = write!(text, "  {tick:^0$}", effect.name.len());
        }
        text.push('\n');
    }
    text.push_str(
        "\n✓: chips with the effect are further from the product than chips without it, and by as much as the \
         closed form says (within 40 %; age on chips alone). Mappings at the first numbers that laws are tested \
         at; those of binary and ternary networks under their own drives.\n",
    );
    Ok(text)
}
