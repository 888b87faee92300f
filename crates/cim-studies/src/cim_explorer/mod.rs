//! Binary and ternary networks on arrays: eleven mappings, over what designers choose.

mod architecture;
mod charts;
mod chips;
mod claims;
mod design;
mod disturb;
mod draft;
mod front;
mod further;
mod hand;
mod margins;
mod measured;
mod networks;
mod outcome;
mod placing;
mod points;
mod range;
mod reads;
mod sheet;
mod spec;
mod stages;
mod study;
mod tables;
#[cfg(test)]
mod tests;

pub use study::CimExplorer;
