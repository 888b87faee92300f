//! Kinds of cell and effects around them. To add one: a file here, and its line below.

#[macro_use]
mod registry;

mod composed;
mod curve;
mod growth;
mod normal;
mod polynomial;
mod threshold;

models! {
    cells {
        /// Phase-change memory over its lifetime.
        mod pcm => Pcm(PcmSpec);
        /// HfO2 cells that relax.
        mod rram_wan => RramWan(RramWanSpec);
        /// CMO/HfOx cells.
        mod cmo_hfox => CmoHfox(CmoHfoxSpec);
        /// Cells whose logarithm is normal.
        mod log_normal => LogNormal(LogNormalSpec);
        /// Cells that hold exactly what they are asked to.
        mod ideal => Ideal(IdealSpec);
        /// Normal errors whose size depends on conductance.
        mod gaussian => Gaussian(GaussianSpec);
        /// Curves that were fitted to measurements.
        mod measured => Measured(MeasuredSpec);
    }
    published {
        pub mod synaptogen => SynaptogenSpec;
        mod programming_law => ProgrammingLaw;
    }
}

effects! {
    /// Random telegraph noise.
    mod telegraph => Telegraph(TelegraphSpec);
    /// Another temperature than that of programming.
    mod temperature => Temperature(TemperatureSpec);
    /// Cells that hold one conductance whatever is asked of them.
    mod stuck => Stuck(StuckSpec);
}

pub use cmo_hfox::{CmoRead, CmoRelaxation};
pub use composed::Composed;
pub use curve::{Curve, CurveSpec};
pub use gaussian::NoiseSpec;
pub use growth::{Growth, GrowthSpec, Tails};
pub use measured::{ErrorSpec, MeasuredRelaxation};
pub use pcm::{ClampedLog, PcmDrift, PcmProgramming, PcmRead};
pub use polynomial::PolynomialSpec;
pub use stuck::StuckCell;
pub use synaptogen::{
    Synaptogen, SynaptogenCells, SynaptogenNoise, SynaptogenOneShot, SynaptogenSpec,
};
pub use threshold::{Threshold, ThresholdCells, ThresholdSpec};
