//! Device models. To add one: a file here, its line below, and its laws in the law suite.

mod gaussian;
mod ideal;
mod nanosecond;
mod normal;
mod pcm;
pub mod synaptogen;

pub use gaussian::{Gaussian, GaussianSpec, NoiseSpec};
pub use ideal::Ideal;
pub use nanosecond::NanosecondRead;
pub use pcm::{ClampedLog, Pcm, PcmDrift, PcmProgramming, PcmRead, PcmSpec};
pub use synaptogen::{Synaptogen, SynaptogenCells, SynaptogenNoise, SynaptogenSpec};
