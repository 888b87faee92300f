//! HfO₂ cells that switch by voltage, learned from measured cycles (Synaptogen).

mod cells;
mod current;
mod ladder;
mod one_shot;
mod parameters;
mod spec;

pub use cells::{Feature, Switched, SynaptogenCells};
pub use current::{CellState, G_HIGH_RESISTANCE, G_LOW_RESISTANCE};
pub use one_shot::SynaptogenOneShot;
pub use spec::{Synaptogen, SynaptogenNoise, SynaptogenSpec};
