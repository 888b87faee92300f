//! Experiments: one folder each, with its presets beside it.

pub mod reproduce;
