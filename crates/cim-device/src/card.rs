//! What is known of a published device, and how its file says so.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::device::Device;
use crate::error::DeviceError;
use crate::names::unknown;

/// What is known of a published device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Card {
    /// Name by which it is asked for.
    pub name: &'static str,
    /// What cell it is.
    pub cell: String,
    /// Its laws in words.
    pub law: String,
    /// Range of conductance, time and voltage in which they hold.
    pub range: String,
    /// Where they come from, and what of them is ours.
    pub source: String,
    /// Residual of the fits, where the source states it.
    pub residual: &'static str,
    /// What the device does that the model does not.
    pub not_modelled: &'static str,
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.name, self.cell)?;
        for (what, text) in [
            ("law", self.law.as_str()),
            ("range", &self.range),
            ("source", &self.source),
            ("residual", self.residual),
            ("not modelled", self.not_modelled),
        ] {
            writeln!(f, "  {what:13} {text}")?;
        }
        Ok(())
    }
}

/// What the catalogue needs of a device.
pub(crate) trait Listed: Sync {
    /// Name by which it is asked for.
    fn name(&self) -> &'static str;
    /// What is known of it.
    fn card(&self) -> Card;
    /// The device.
    fn build(&self) -> Result<Arc<dyn Device>, DeviceError>;
}

/// What the tables of `models/` need of the specification of a cell or an effect.
pub(crate) trait Registered: Sized {
    /// Entries of the catalogue.
    const PUBLISHED: &'static [&'static dyn Listed] = &[];
    /// Numbers at which the laws are tested, by name, beside those of the catalogue.
    fn examples() -> Vec<(&'static str, Self)> {
        Vec::new()
    }
}

/// A device whose card is written out.
pub(crate) struct Entry {
    pub name: &'static str,
    pub cell: &'static str,
    pub law: &'static str,
    pub range: &'static str,
    pub source: &'static str,
    pub not_modelled: &'static str,
    pub build: fn() -> Result<Arc<dyn Device>, DeviceError>,
}

impl Listed for Entry {
    fn name(&self) -> &'static str {
        self.name
    }

    fn card(&self) -> Card {
        let &Self { name, cell, law, range, source, not_modelled, .. } = self;
        let [cell, law, range, source] = [cell, law, range, source].map(str::to_owned);
        Card { name, cell, law, range, source, residual: NOT_STATED, not_modelled }
    }

    fn build(&self) -> Result<Arc<dyn Device>, DeviceError> {
        (self.build)()
    }
}

pub(crate) const NOT_STATED: &str = "not stated by the source";

/// The entry called `name` in lists of entries.
///
/// # Errors
/// [`DeviceError::UnknownDevice`] with the nearest name.
pub(crate) fn find<'a>(
    lists: &[&[&'a dyn Listed]],
    name: &str,
) -> Result<&'a dyn Listed, DeviceError> {
    let entries = || lists.iter().copied().flatten().copied();
    entries().find(|entry| entry.name() == name).ok_or_else(|| {
        let known: Vec<_> = entries().map(|entry| entry.name()).collect();
        unknown(name, &known).device()
    })
}
