//! Chips out and in: what every tile of one chip was to hold and holds, in files that go to a real chip and
//! come back from it.

mod back;
mod names;
mod out;
mod settings;

pub use back::read;
pub use out::write;
