//! Binary and ternary networks on arrays: eleven mappings, over what designers choose.

mod measured;
mod networks;
mod outcome;
mod points;
mod spec;
mod stages;
mod study;
mod tables;
#[cfg(test)]
mod tests;

pub use study::CimExplorer;
