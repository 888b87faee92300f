//! The whole method on one network: heuristics, the program, training through the chip, and choices on
//! held-out images. Studies say what it is done with, and measure what comes out of it.

pub mod alone;
pub mod bench;
pub mod candidate;
pub mod choices;
pub mod choose;
pub mod digital;
pub mod job;
pub mod part;
pub mod rank;
pub mod rows;
pub mod sections;
pub mod through;
pub mod untrained;
