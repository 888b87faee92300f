//! What the suites of this package share: every registered part, numbers by address, thresholds
//! from theory, and a small set of images.
//!
//! The suites themselves are in `tests/`: laws, oracles, determinism, learning, the graph of
//! crates and that of their files. A part listed in [`registered`] is tested by the law suite from then on.

/// The worked examples of the contributing page, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../CONTRIBUTING.md")]
pub struct Contributing;

pub mod chip;
pub mod cifar;
pub mod foreign;
pub mod golden;
pub mod images;
pub mod modules;
pub mod reference;
pub mod registered;
pub mod statistics;
pub mod written;
