//! Charts as SVG: one file for each kind of plot, on a canvas they share.

mod bars;
mod beside;
mod groups;
mod lines;
mod maps;
mod picture;
mod scatter;
mod sheet;
mod stacks;
pub mod svg;
mod ways;

pub use picture::{Drawing, all, draw, file};
