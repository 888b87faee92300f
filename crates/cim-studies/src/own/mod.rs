//! The user's own network, data and chip: not a published system, so no study of the registry.

mod chip_files;
mod findings;
mod ledgers;
mod optimised;
mod outcome;
mod question;
mod samples;
mod stages;
mod tables;
mod words;

pub use chip_files::{read as read_chip, write as write_chip};
pub use findings::Findings;
pub use optimised::{Chosen, optimised};
pub use question::{Question, chips, moment};
pub use samples::{CALIBRATION, Samples};
pub use stages::{Answer, run};
pub use tables::PRODUCTS;
