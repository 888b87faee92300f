//! `cim eval`: a network from a file on chips.

mod chip;
mod command;
mod network;
mod opened;
mod samples;

pub use chip::chip;
pub use command::run;
pub use network::{files as network_files, read as read_network};
pub use opened::Opened;
pub use samples::read as read_samples;
