//! Learning in the log domain: gradient descent with decay as the currents of transistors in weak inversion.

pub mod cost;
pub mod device;
pub mod layers;
pub mod learner;
pub mod netlist;
pub mod sgdr;
pub mod task;

pub use cost::{Bill, Prices};
pub use device::{Bias, Transistors};
pub use layers::{Classes, Layers, Pair, Run, discrete_layers};
pub use learner::{Converters, Learner, LearnerSpec};
pub use sgdr::{Sgdr, continuous, discrete};
pub use task::{Deviation, Task, Trajectory, Unit, deviation};
