//! What studies have in common.

pub mod bit_cells;
pub mod checkpoints;
#[cfg(test)]
pub mod corners;
pub mod counts;
pub mod epoch;
pub mod estimates;
pub mod foreign;
pub mod images;
pub mod learning;
pub mod notes;
#[cfg(test)]
pub mod nowhere;
pub mod one_bar;
#[cfg(test)]
pub mod refusals;
pub mod stages;
pub mod subject;
pub mod thin;
pub mod training;
