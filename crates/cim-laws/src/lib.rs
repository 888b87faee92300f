//! Laws that every device, converter and mapping obeys, to test parts of one's own with.
//!
//! A part that breaks one is told by [`Broken`], which names the law. All draws are at fixed addresses, so
//! that the same part always gives the same answer.
#![doc = include_str!("../README.md")]

pub mod adc;
mod broken;
pub mod dac;
pub mod device;
pub mod draws;
pub mod mapping;
pub mod sample;

pub use broken::{Broken, Law};
