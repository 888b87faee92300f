//! `cim eval`: a network from a file on chips.

mod chip;
mod command;
mod network;
mod samples;

pub use chip::chip;
pub use command::run;
pub use network::read as read_network;
pub use samples::read as read_samples;
