//! `cim device fit`: a device from measurements of cells.

mod about;
mod command;
mod page;
mod pictures;
mod preset;
mod tables;

pub use command::run;
