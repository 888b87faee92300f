//! Networks of other tools as networks that learn.

mod convert;
mod network;

pub use network::Tunable;
