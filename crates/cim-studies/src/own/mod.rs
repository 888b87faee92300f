//! The user's own network, data and chip: not a published system, so no study of the registry.

mod calibration;
mod chip_files;
mod findings;
mod followed;
mod ledgers;
mod optimised;
mod outcome;
mod printed;
mod question;
mod samples;
mod stages;
mod tables;
mod tuning;
mod width;
mod words;

pub use calibration::Calibration;
pub use chip_files::{read as read_chip, write as write_chip};
pub use findings::Findings;
pub use followed::Followed;
pub use optimised::{Chosen, optimised};
pub use printed::printed;
pub use question::{Question, chips, moment};
pub use samples::{CALIBRATION, Samples};
pub use stages::{Answer, run};
pub use tuning::{Candidate, EPOCHS, HOLDOUT, RATES, Tuned, Tuning, tuned};
pub use width::{Width, width};
