//! Data sets and arrays in files, read and checked to their last byte.
//!
//! A reader trusts nothing that a file says of itself: sizes are compared with what is there before
//! anything is allocated for them, and a refusal names the file, what is wrong with it and what to do.
#![doc = include_str!("../README.md")]

pub mod cells;
pub mod cifar;
mod digest;
pub mod digits;
mod error;
mod found;
pub mod idx;
mod limits;
pub mod motion;
pub mod npy;
mod npy_header;
pub mod npz;
pub mod npz_writer;
mod regular;
mod sums;

pub use digest::{sha256, sha256_of_sets};
pub use error::DataError;
pub use found::{found_below, whole};
pub use limits::{CLASSES, MAX_FILE_BYTES, SIDE, SUMS};
pub use regular::open_regular;
