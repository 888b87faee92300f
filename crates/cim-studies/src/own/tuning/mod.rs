//! The user's network, trained through the hardware that it is to run on.

mod question;
mod run;
mod split;
mod tuned;

pub use question::{EPOCHS, HOLDOUT, RATES, Tuning};
pub use run::run as tuned;
pub use tuned::{Candidate, Tuned};
