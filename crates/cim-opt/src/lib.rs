#![doc = include_str!("../README.md")]

pub mod certificate;
pub mod clip;
pub mod cost;
pub mod drives;
pub mod error;
pub mod fast;
pub mod frugal;
pub mod full_scale;
pub mod in_use;
pub mod placing;
pub mod shot;
mod solution;
pub mod solve;
pub mod terms;
pub mod window;

mod assemble;
mod cones;
mod interior;
mod newton;
mod program;
mod sample;
mod validate;

pub use certificate::Certificate;
pub use cost::{Budget, Evaluation, evaluate};
pub use drives::Drives;
pub use error::OptError;
pub use fast::solve_fast;
pub use frugal::frugal;
pub use full_scale::{Histogram, gaussian_full_scale, gaussian_sqnr_db, psi};
pub use in_use::InUse;
pub use placing::{Bin, Placing, place, place_each};
pub use solution::Solution;
pub use solve::solve;
pub use window::{
    Bottom, CircuitTerms, DeviceTerms, FrontEndTerms, Limits, Posynomial, TileTerms, WindowProblem,
};
