//! Data converters: DAC, ADC, full-scale policies, energy per conversion.
//!
//! A converter knows no crossbar.
#![doc = include_str!("../README.md")]

pub mod adc;
pub mod dac;
pub mod energy;
pub mod error;
pub mod nonlinearity;
pub mod oscillator;
pub mod phase;
pub mod placed;
pub mod positive;
pub mod range;
pub mod row_dacs;
pub mod uneven;
pub mod uniform;

pub use adc::Adc;
pub use dac::{Code, Dac, DacSpec, Inputs};
pub use error::AdcError;
pub use nonlinearity::Nonlinearity;
pub use oscillator::{Oscillator, OscillatorSpec};
pub use phase::{Phase, Polarity, SlicedCode};
pub use placed::{Ladder, Placed};
pub use positive::Positive;
pub use range::FullScale;
pub use row_dacs::RowDacs;
pub use uneven::Uneven;
pub use uniform::{Uniform, UniformSpec};
