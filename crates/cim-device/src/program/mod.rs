//! Ways of programming cells: targets in, what was achieved and what it cost out.
//!
//! To add one: a file here, its line in [`ProgrammerSpec`], and a row in the presets.

pub mod pulse;

mod outcome;
mod programmer;
mod verify;

mod one_shot;
mod vipi;

pub use one_shot::{OneShot, OneShotSpec};
pub use outcome::{End, Outcome};
pub use programmer::Programmer;
pub use pulse::{Pulse, PulseCells};
pub use verify::{Verify, VerifySpec};
pub use vipi::{Vipi, VipiSpec};
