//! Ways of programming cells: targets in, what was achieved and what it cost out.
//!
//! To add one: a file here, its line in [`ProgrammerSpec`], and a row in the presets.

pub mod pulse;

mod outcome;
mod programmer;
mod verify;

mod igvva;
mod ispva;
mod one_shot;
mod pulse_count;
mod relaxation;
mod trim;
mod vipi;

mod rewritten;
mod synaptogen;

mod presets;
mod spec;

pub use igvva::{Igvva, IgvvaSpec};
pub use ispva::{Ispva, IspvaSpec};
pub use one_shot::{OneShot, OneShotSpec};
pub use outcome::{End, Outcome};
pub use presets::{CellsPreset, PROGRAMMERS, cells_names};
pub use programmer::{Programmer, ProgrammerSource, check};
pub use pulse::{Pulse, PulseCells};
pub use pulse_count::{PulseCount, PulseCountSpec};
pub use relaxation::{RelaxationAware, RelaxationSpec};
pub use rewritten::{AmplitudeSpec, Rewritten};
pub use spec::{ProgrammerSpec, PulseCellsSpec};
pub use synaptogen::SynaptogenPulsed;
pub use trim::{OpenLoopThenTrim, TrimSpec};
pub use verify::{Verify, VerifySpec};
pub use vipi::{Vipi, VipiSpec};
