//! Device models. To add one: a file here, its line below, and its laws in the law suite.

mod gaussian;
mod ideal;

pub use gaussian::{Gaussian, GaussianSpec, NoiseSpec};
pub use ideal::Ideal;
