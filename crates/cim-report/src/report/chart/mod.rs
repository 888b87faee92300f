//! Charts as plain data: what is drawn, not how.

mod bars;
mod groups;
mod lines;
mod maps;
mod plot;
mod scatter;
mod stacks;
mod tone;
mod ways;

pub use bars::{Bar, Bars};
pub use groups::{GroupPanel, GroupRow, Groups};
pub use lines::{Across, Line, Lines, Panel, Point, Reference, Scale};
pub use maps::{Map, Maps};
pub use plot::{Chart, Piece, Plot};
pub use scatter::{Cloud, Scatter};
pub use stacks::{Share, Stack, Stacks};
pub use tone::{Named, Tone};
pub use ways::{Disc, Way, WayGroup, WayPanel, Ways};
