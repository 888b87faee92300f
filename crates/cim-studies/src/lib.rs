//! Studies of published systems, one folder each: the preset, its specification, the stages that are
//! run and what they found. [`STUDIES`] lists them; nothing outside a folder names a study but that
//! table.
//!
//! A study knows no terminal and no argument. What it needs from outside (a clock, progress, a place
//! for checkpoints) it is handed as a [`Context`].
#![doc = include_str!("../README.md")]

#[macro_use]
mod table;

mod as_run;
mod context;
mod entry;
mod error;
mod experiment;
mod explained;
mod known;
mod listed;
mod listing;
mod method;
pub mod own;
mod parse;
mod place;
mod registry;
mod shared;
mod slips;
mod study;

studies! {
    pub mod paper => Paper, INTERIOR;
    mod ir_drop => IrDrop;
    mod pcm => Pcm;
    mod openmena => Openmena;
    mod dstd => Dstd;
    mod log_domain => LogDomain;
    mod spiking_har => SpikingHar;
    mod reprogramming => Reprogramming;
    mod mdm => Mdm;
    mod encrypted_bnn => EncryptedBnn;
    mod devices => Devices;
    mod cim_explorer => CimExplorer;
}

pub use context::{
    Clock, Context, NoSimulator, NoStore, Progress, Simulator, Steps, Store, StoreError,
};
pub use entry::{Entry, Ready, Request};
pub use error::StudyError;
pub use experiment::Experiment;
pub use explained::{BuiltIn, Explained};
pub use known::parse_chip;
pub use listing::{DataFolder, Line, Listing};
pub use parse::parse;
pub use place::located;
pub use registry::{named, of_text};
pub use shared::foreign::ForeignSpec;
pub use study::{Found, Shared, Source, Study, StudyData, StudySpec, Time, Variant};
