//! Training: digital networks, networks through designs, and all that is made of one network.

mod ablation;
mod baselines;
mod digital;
mod full;
pub mod rows;
mod through;
pub mod trial;
mod variants;
