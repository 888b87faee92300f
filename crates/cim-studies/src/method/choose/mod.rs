//! Choices, all made on the held-out images.

pub mod design;
pub mod finish;
pub mod frugal;
pub mod heuristics;
pub mod setting;
