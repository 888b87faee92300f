//! Wearable analytics by a spiking network that adapts on its chip to a new subject.

mod adapt;
mod charts;
mod chip;
mod claims;
mod data;
mod held;
mod measured;
mod outcome;
mod pretrain;
mod ratios;
mod spec;
mod stages;
mod study;
mod tables;
mod vary;

pub use study::SpikingHar;
