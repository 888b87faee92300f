//! What it takes to write a network onto too few arrays, one section of weights after another.
//!
//! Source: Farias and Kung 2024, arXiv 2410.21730: sorted sections and bit stucking. Sizes, codes and
//! schedules are ours, as the paper states none.

mod bank;
mod cost;
mod error;
mod schedule;
mod skipping;
mod sorting;
mod word;

pub use bank::{Bank, Counts};
pub use cost::{Bill, Prices};
pub use error::ReprogramError;
pub use schedule::Schedule;
pub use skipping::{Drawn, Skipping};
pub use sorting::{By, Sections, Sorting};
pub use word::{Sign, WordSpec};
