//! Training: digital networks, networks through designs, and all that is made of one network.

mod ablation;
pub mod baselines;
pub mod full;
mod replaced;
pub mod rows;
pub mod trial;
mod variants;
