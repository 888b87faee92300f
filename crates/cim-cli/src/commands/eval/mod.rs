//! `cim eval`: a network from a file on chips.

mod command;
mod dump;
mod network;
mod options;
mod samples;
mod table;

pub use command::run;
pub use options::Eval;
