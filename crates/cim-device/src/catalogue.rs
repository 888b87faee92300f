//! Every published device by name, one line each: what it is, what it is not, and the device.
//!
//! To add one: a file in `models/` with its law and its entry, and a line in `ENTRIES` below.

use std::fmt;
use std::sync::Arc;

use crate::device::Device;
use crate::error::DeviceError;
use crate::models::{cmo_hfox, log_normal, pcm, programming_law, rram_wan, synaptogen};
use crate::names::unknown;

/// What is known of a published device.
#[derive(Clone, Debug, PartialEq)]
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

/// A published device with its card.
#[derive(Clone)]
pub struct Published {
    /// What is known of it.
    pub card: Card,
    /// The device.
    pub device: Arc<dyn Device>,
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

/// One name, one device, one line.
const ENTRIES: &[&dyn Listed] = &[
    &pcm::PCM,
    &rram_wan::RRAM_WAN,
    &rram_wan::RRAM_WAN_1S,
    &cmo_hfox::CMO_HFOX,
    &log_normal::HFO2_LOG_NORMAL,
    &synaptogen::SYNAPTOGEN,
    &programming_law::PCM_JOSHI,
    &programming_law::PCM_AIHWKIT,
    &programming_law::HFO2_MILO,
    &programming_law::RRAM_WAN_1DAY,
    &programming_law::CMO_HFOX_2PCT,
    &programming_law::CMO_HFOX_0_2PCT,
    &programming_law::PCM_HERMES,
];

/// Names of all published devices.
pub fn published_names() -> Vec<&'static str> {
    ENTRIES.iter().map(|entry| entry.name()).collect()
}

/// The published device called `name`.
///
/// # Errors
/// [`DeviceError::UnknownDevice`] with the nearest name.
pub fn published(name: &str) -> Result<Published, DeviceError> {
    match ENTRIES.iter().find(|entry| entry.name() == name) {
        Some(entry) => Ok(Published { card: entry.card(), device: entry.build()? }),
        None => Err(unknown(name, &published_names())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_resolves_to_a_device_whose_window_its_card_holds() {
        let names = published_names();
        for wanted in ["pcm", "rram-wan", "hfo2-milo", "cmo-hfox", "hfo2-lognormal", "synaptogen"] {
            assert!(names.contains(&wanted), "{wanted}");
        }
        for (k, name) in names.iter().enumerate() {
            assert!(!names[..k].contains(name), "{name} twice");
            let Published { card, device } = published(name).expect(name);
            assert_eq!(card.name, *name);
            let text = card.to_string();
            for line in ["law", "range", "source", "residual", "not modelled"] {
                assert!(text.contains(line), "{text}");
            }
            assert!(device.window().span().0 > 0.0);
        }
    }

    /// Standard deviations worked out by hand from the sources' coefficients (µS), far enough from
    /// 0 S that the floor there does not count.
    #[test]
    fn devices_that_age_are_programmed_by_the_law_of_their_source() {
        for (name, g_us, sigma_us) in [
            ("rram-wan", 30.0, 1.8192),
            ("rram-wan-1s", 40.0, 1.103),
            ("cmo-hfox", 50.0, 0.5757335),
        ] {
            let moments = published(name).expect(name).device.programmed(g_us * 1e-6);
            let sigma = moments.variance.sqrt() * 1e6;
            assert!((sigma - sigma_us).abs() < 1e-9, "{name}: {sigma} instead of {sigma_us}");
        }
    }

    #[test]
    fn a_misspelt_name_gets_a_suggestion_from_the_whole_catalogue() {
        let error = published("pmc").err().expect("unknown").to_string();
        assert!(error.contains("did you mean 'pcm'?") && error.contains("cmo-hfox"), "{error}");
    }
}
