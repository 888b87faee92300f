//! Every published device by name: what it is, what it is not, and the device.
//!
//! To add one: an entry in `PUBLISHED` of its file in `models/`.

use std::sync::Arc;

use crate::card::{Card, find};
use crate::device::Device;
use crate::error::DeviceError;
use crate::models::PUBLISHED;

/// A published device with its card.
#[derive(Clone)]
pub struct Published {
    /// What is known of it.
    pub card: Card,
    /// The device.
    pub device: Arc<dyn Device>,
}

/// Names of all published devices.
pub fn published_names() -> Vec<&'static str> {
    PUBLISHED.iter().copied().flatten().map(|entry| entry.name()).collect()
}

/// The published device called `name`.
///
/// # Errors
/// [`DeviceError::UnknownDevice`] with the nearest name.
pub fn published(name: &str) -> Result<Published, DeviceError> {
    let entry = find(PUBLISHED, name)?;
    Ok(Published { card: entry.card(), device: entry.build()? })
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
