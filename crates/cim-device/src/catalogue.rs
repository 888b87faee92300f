//! Every published device by name, with a card that says what it is and what it is not.

use std::fmt;
use std::sync::Arc;

use crate::device::Device;
use crate::error::DeviceError;
use crate::models::{CmoHfoxSpec, LogNormalSpec, PcmSpec, RramWanSpec, SynaptogenOneShot};
use crate::presets::{PRESETS, Preset, unknown};

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

/// A device with more than a programming law.
struct Entry {
    name: &'static str,
    cell: &'static str,
    law: &'static str,
    range: &'static str,
    source: &'static str,
    not_modelled: &'static str,
    build: fn() -> Result<Arc<dyn Device>, DeviceError>,
}

const NOT_STATED: &str = "not stated by the source";

/// Names that are also among [`PRESETS`] have the same programming law here, and more.
const ENTRIES: &[Entry] = &[
    Entry {
        name: "pcm",
        cell: "phase-change memory, mushroom cell",
        law: "programming sigma 0.26348 + 1.9650 g - 1.1731 g^2 uS; G(t) = G (1 + t/20 s)^-nu, nu = \
              |N(mu, sd)| once per cell, mu = clamp(-0.0155 ln g + 0.0244, 0.049, 0.1), sd = \
              clamp(-0.0125 ln g - 0.0059, 0.008, 0.045); read sigma G(t) Q sqrt(ln((t + 20 s + 250 \
              ns)/500 ns)), Q = min(0.0088/g^0.65, 0.2); g = G/25 uS",
        range: "0 to 25 uS (window from 0.1 uS), any time",
        source: "Joshi et al. 2020 and Nandakumar et al. 2019, about a million cells, as in aihwkit; \
                 exponent at the programmed instead of the target conductance: ours",
        not_modelled: "temperature of drift, noise within one read, wear; nanosecond reads are a \
                       model of their own",
        build: || Ok(Arc::new(PcmSpec::PUBLISHED.build()?)),
    },
    Entry {
        name: "rram-wan",
        cell: "RRAM 1T1R, verified, 1 s to 1 day after programming",
        law: "programming sigma 1.053 + 0.2374 G - 0.01167 G^2 + 1.536e-4 G^3 uS at 1 s; relaxation \
              adds the growth of variance between the fits rram-wan-1s and rram-wan-1day, linear in \
              ln t",
        range: "0 to 39.3 uS, time 0 or 1 s to 1 day",
        source: "Wan et al. 2022, fits as in CrossSim (1 s) and aihwkit (growth); growth between the \
                 two times and lower end of the range ours",
        not_modelled: "shift of the mean, read and telegraph noise, temperature",
        build: || Ok(Arc::new(RramWanSpec::published_cross_sim().build()?)),
    },
    Entry {
        name: "rram-wan-1s",
        cell: "RRAM 1T1R, verified, 1 s to 1 day after programming",
        law: "programming sigma 0.348 + 16.03 g - 43.853 g^2 + 45.393 g^3 - 16.815 g^4 uS at 1 s, \
              0.701 + 22.086 g - 50.773 g^2 + 47.095 g^3 - 16.458 g^4 uS at 1 day, variance linear in \
              ln t between; g = G/40 uS",
        range: "0 to 40 uS, time 0 or 1 s to 1 day",
        source: "Wan et al. 2022, fits as in aihwkit; growth between the two times ours",
        not_modelled: "shift of the mean, read and telegraph noise, temperature",
        build: || Ok(Arc::new(RramWanSpec::published().build()?)),
    },
    Entry {
        name: "cmo-hfox",
        cell: "CMO/HfOx analog RRAM, 2 % acceptance range",
        law: "programming sigma 0.0112185 + 0.0112903 G uS; relaxation shifts by -0.0890 ln t uS with \
              a spread of 0.0420 ln t + 0.4118 uS, t in s; read sigma 0.02773 log10(G) sqrt(ln((t + 1 \
              us)/2 us)) uS, G in uS",
        range: "9 to 88.19 uS, time 0 or from 1 s",
        source: "IBM Zurich array (Falcone et al.; Lombardo et al. 2024), fits as in aihwkit and \
                 CrossSim; that relaxation adds to what was programmed ours",
        not_modelled: "temperature, telegraph noise, the last time of the fit is not stated",
        build: || Ok(Arc::new(CmoHfoxSpec::published().build()?)),
    },
    Entry {
        name: "hfo2-lognormal",
        cell: "HfO2 RRAM, cells and cycles together, log-normal",
        law: "ln G = ln target + s n, s from 0.457 at 13.3 uS to 0.0546 at 221 uS, linear in ln G",
        range: "13.3 to 221 uS",
        source: "percentiles of both states in the reference statistics of Synaptogen (Hennen et \
                 al. 2022); the line between the states ours",
        not_modelled: "memory from cycle to cycle, cells that differ for good, time, read noise",
        build: || Ok(Arc::new(LogNormalSpec::PUBLISHED.build()?)),
    },
    Entry {
        name: "synaptogen",
        cell: "HfO2 RRAM 1R, generative model of measured cycles, set once and reset once",
        law: "features log10 HRS, U_S, LRS, U_R from a vector autoregression of order 10 through \
              quantile maps, cells from a mixture of three Gaussians; set by -2 V, reset by the \
              voltage at which the mean cell ends at the target; read variance 4kTB G + 2qBI, B = \
              100 MHz, 300 K",
        range: "14.6 to 220.9 uS, fitted to sweeps of 1.5 V",
        source: "Hennen et al. 2022 and 2024, parameters copyright 2024 Tyler Hennen and \
                 contributors, MIT licence; this way of programming ours",
        not_modelled: "pulse width, retention, wear, disturb by reads, temperature of switching; as \
                       a device with targets its current is ohmic",
        build: || Ok(Arc::new(SynaptogenOneShot::published()?)),
    },
];

/// Names of all published devices.
pub fn published_names() -> Vec<&'static str> {
    let laws =
        PRESETS.iter().map(|p| p.name).filter(|name| ENTRIES.iter().all(|e| e.name != *name));
    ENTRIES.iter().map(|entry| entry.name).chain(laws).collect()
}

/// The published device called `name`.
///
/// # Errors
/// [`DeviceError::UnknownPreset`] with the nearest name.
pub fn published(name: &str) -> Result<Published, DeviceError> {
    if let Some(entry) = ENTRIES.iter().find(|entry| entry.name == name) {
        let &Entry { name, cell, law, range, source, not_modelled, build } = entry;
        let [cell, law, range, source] = [cell, law, range, source].map(str::to_owned);
        let card = Card { name, cell, law, range, source, residual: NOT_STATED, not_modelled };
        return Ok(Published { card, device: build()? });
    }
    match PRESETS.iter().find(|preset| preset.name == name) {
        Some(preset) => of_law(preset),
        None => Err(unknown(name, &published_names())),
    }
}

fn of_law(preset: &Preset) -> Result<Published, DeviceError> {
    let card = Card {
        name: preset.name,
        cell: preset.cell.to_owned(),
        law: format!("programming {}, independent from cell to cell", preset.law()),
        range: format!("{} to {} uS", preset.low_us, preset.high_us),
        source: preset.source.to_owned(),
        residual: NOT_STATED,
        not_modelled: "time, read noise, telegraph noise, temperature, current against voltage (ohmic)",
    };
    Ok(Published { card, device: Arc::new(preset.build()?) })
}

#[cfg(test)]
mod tests {
    use cim_core::{Stream, Tally};
    use ndarray::Array2;

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

    #[test]
    fn devices_that_age_keep_the_programming_of_the_law_of_their_name() {
        for preset in PRESETS {
            let device = published(preset.name).expect(preset.name).device;
            let targets = Array2::from_elem((5, 9), device.window().g_max.0 / 3.0);
            let at = Stream::root(5);
            let mut tally = Tally::default();
            let law = preset.build().expect(preset.name);
            assert_eq!(
                device.program(targets.view(), at, &mut tally),
                law.program(targets.view(), at, &mut tally),
                "{}",
                preset.name
            );
        }
    }

    #[test]
    fn a_misspelt_name_gets_a_suggestion_from_the_whole_catalogue() {
        let error = published("pmc").err().expect("unknown").to_string();
        assert!(error.contains("did you mean 'pcm'?") && error.contains("cmo-hfox"), "{error}");
    }
}
