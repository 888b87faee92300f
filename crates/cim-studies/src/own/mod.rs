//! The user's own network, data and chip: not a published system, so no study of the registry.

mod outcome;
mod question;
mod stages;
mod tables;
mod words;

pub use question::Question;
pub use stages::{Answer, run};
pub use tables::PRODUCTS;
