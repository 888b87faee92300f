//! Means with their intervals: over chips, over networks with chips nested in them, of ratios.

mod nested;
mod ratio;
mod student;

pub use nested::{nested, nested_paired};
pub use ratio::{RatioEstimate, ratio};
pub use student::{Estimate, estimate, paired};
