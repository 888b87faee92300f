//! Device models. To add one: a file here, its line below, and its laws in the law suite.

pub(crate) mod cmo_hfox;
mod composed;
mod gaussian;
mod ideal;
pub(crate) mod log_normal;
mod normal;
pub(crate) mod pcm;
mod polynomial;
pub(crate) mod programming_law;
pub(crate) mod rram_wan;
mod stuck;
pub mod synaptogen;
mod telegraph;
mod temperature;
mod threshold;

pub use cmo_hfox::{CmoHfox, CmoHfoxSpec, CmoRead, CmoRelaxation};
pub use composed::Composed;
pub use gaussian::{Gaussian, GaussianSpec, NoiseSpec};
pub use ideal::Ideal;
pub use log_normal::{LogNormal, LogNormalSpec};
pub use pcm::{ClampedLog, Pcm, PcmDrift, PcmProgramming, PcmRead, PcmSpec};
pub use polynomial::PolynomialSpec;
pub use rram_wan::{RramWan, RramWanSpec};
pub use stuck::{Stuck, StuckCell, StuckSpec};
pub use synaptogen::{
    Synaptogen, SynaptogenCells, SynaptogenNoise, SynaptogenOneShot, SynaptogenSpec,
};
pub use telegraph::{Telegraph, TelegraphSpec};
pub use temperature::{Temperature, TemperatureSpec};
pub use threshold::{Threshold, ThresholdCells, ThresholdSpec};
