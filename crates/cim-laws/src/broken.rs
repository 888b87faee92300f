//! A law by name, and what it says of a part that breaks it.

use thiserror::Error;

/// A part breaks a law.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{law}: {what}")]
pub struct Broken {
    /// The law, as a sentence about parts that obey it.
    pub law: &'static str,
    /// Where and how it is broken.
    pub what: String,
}

/// A law, as a sentence about parts that obey it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Law(pub &'static str);

impl Law {
    /// Goes on if the law `holds` where `what` is looked at.
    ///
    /// # Errors
    /// [`Broken`] if it does not.
    pub fn holds(self, holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
        if holds { Ok(()) } else { Err(self.broken(what())) }
    }

    /// That it is broken.
    pub fn broken(self, what: String) -> Broken {
        Broken { law: self.0, what }
    }
}
