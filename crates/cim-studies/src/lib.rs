//! Studies of published systems, one folder each: the preset, its specification, the stages that are
//! run and what they found. [`STUDIES`] lists them; nothing outside a folder names a study but that
//! table.
//!
//! A study knows no terminal and no argument. What it needs from outside (a clock, progress, a place
//! for checkpoints) it is handed as a [`Context`].
#![doc = include_str!("../README.md")]

mod as_run;
mod context;
mod dstd;
mod entry;
mod error;
mod ir_drop;
mod log_domain;
mod openmena;
pub mod paper;
mod parse;
mod pcm;
mod registry;
mod shared;
mod spiking_har;
mod study;

pub use context::{Clock, Context, NoSimulator, Progress, Simulator, Steps, Store, StoreError};
pub use entry::{Entry, Ready, Request};
pub use error::StudyError;
pub use parse::parse;
pub use registry::{STUDIES, named, of_text};
pub use study::{Found, Source, Study, StudyData, StudySpec, Time, Written};
