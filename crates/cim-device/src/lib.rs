//! Memristive cells: conductance window, programming noise, read noise, current-voltage law.
//!
//! A device knows no wires, no codes and no weights.
#![doc = include_str!("../README.md")]

pub mod card;
pub mod catalogue;
pub mod compensation;
pub mod conduction;
pub mod described;
pub mod device;
pub mod error;
mod floor;
pub mod law;
pub mod models;
mod names;
pub mod nanosecond;
pub mod program;
pub mod puf;
pub mod read_disturb;
pub mod sampled;
pub mod spec;
pub mod time;
pub mod window;

pub use card::Card;
pub use catalogue::{Published, published, published_names};
pub use compensation::{Compensation, CompensationSpec};
pub use conduction::{Conduction, Operating};
pub use described::Described;
pub use device::{Device, Life, Moments};
pub use error::DeviceError;
pub use law::{Posynomial, PosynomialFit, SigmaLaw};
pub use models::{
    CmoHfox, CmoHfoxSpec, Composed, EffectSpec, Gaussian, GaussianSpec, Ideal, IdealSpec,
    LogNormal, LogNormalSpec, Measured, MeasuredSpec, ModelSpec, Pcm, PcmSpec, RramWan,
    RramWanSpec, Stuck, StuckSpec, Synaptogen, SynaptogenOneShot, SynaptogenSpec, Telegraph,
    TelegraphSpec, Temperature, TemperatureSpec, Threshold, ThresholdCells, ThresholdSpec,
};
pub use nanosecond::{NanosecondRead, PairNoise};
pub use program::{
    CellsPreset, End, Outcome, Programmer, ProgrammerSpec, Pulse, PulseCells, PulseCellsSpec,
    VerifySpec, VipiSpec,
};
pub use read_disturb::ReadDisturb;
pub use sampled::{Sampled, Sampling, Spread};
pub use spec::DeviceSpec;
pub use time::FittedTimes;
pub use window::Window;
