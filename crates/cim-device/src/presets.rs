//! Published programming laws as data: one row each, with its law, range and source. Devices with
//! more than a programming law are in the [catalogue](crate::catalogue), which lists all.

use cim_core::Siemens;

use crate::conduction::Conduction;
use crate::device::Window;
use crate::error::DeviceError;
use crate::law::SigmaLaw;
use crate::models::Gaussian;

/// A published programming-noise law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// Name by which it is asked for.
    pub name: &'static str,
    /// What cell it is.
    pub cell: &'static str,
    /// Lowest conductance of the fit (µS).
    pub low_us: f64,
    /// Highest conductance of the fit (µS).
    pub high_us: f64,
    /// `σ = Σ coefficients[k] (G / scale)^k` (µS), constant first.
    pub coefficients_us: &'static [f64],
    /// Unit of the argument of the polynomial (µS).
    pub scale_us: f64,
    /// Where the law comes from, and what of the row is ours.
    pub source: &'static str,
}

/// All published programming laws.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "pcm-joshi",
        cell: "phase-change memory, mushroom cell",
        low_us: 0.25,
        high_us: 25.0,
        coefficients_us: &[0.28639, 0.075857, -0.0017877],
        scale_us: 1.0,
        source: "Joshi et al. 2020, fit as in CrossSim",
    },
    Preset {
        name: "pcm-aihwkit",
        cell: "phase-change memory, mushroom cell",
        low_us: 0.0,
        high_us: 25.0,
        coefficients_us: &[0.26348, 1.9650, -1.1731],
        scale_us: 25.0,
        source: "aihwkit, PCMLikeNoiseModel",
    },
    Preset {
        name: "hfo2-milo",
        cell: "HfO2 RRAM, incremental gate voltage with verify (IGVVA-100)",
        low_us: 50.0,
        high_us: 225.0,
        coefficients_us: &[4.782321, -0.009107],
        scale_us: 1.0,
        source: "Milo et al. 2021, fit as in CrossSim",
    },
    Preset {
        name: "rram-wan",
        cell: "RRAM 1T1R, 1 s after programming",
        low_us: 0.0,
        high_us: 39.3,
        coefficients_us: &[1.053, 0.2374, -0.01167, 1.536e-4],
        scale_us: 1.0,
        source: "Wan et al. 2022, fit as in CrossSim; lower end of the range ours",
    },
    Preset {
        name: "rram-wan-1s",
        cell: "RRAM 1T1R, 1 s after programming",
        low_us: 0.0,
        high_us: 40.0,
        coefficients_us: &[0.348, 16.03, -43.853, 45.393, -16.815],
        scale_us: 40.0,
        source: "Wan et al. 2022, fit as in aihwkit",
    },
    Preset {
        name: "rram-wan-1day",
        cell: "RRAM 1T1R, 1 day after programming",
        low_us: 0.0,
        high_us: 40.0,
        coefficients_us: &[0.701, 22.086, -50.773, 47.095, -16.458],
        scale_us: 40.0,
        source: "Wan et al. 2022, fit as in aihwkit",
    },
    Preset {
        name: "cmo-hfox-2pct",
        cell: "CMO/HfOx analog RRAM, 2 % acceptance range",
        low_us: 10.0,
        high_us: 90.0,
        coefficients_us: &[0.0112185, 0.0112903],
        scale_us: 1.0,
        source: "IBM Zurich array, fit as in aihwkit; range ours",
    },
    Preset {
        name: "cmo-hfox-0.2pct",
        cell: "CMO/HfOx analog RRAM, 0.2 % acceptance range",
        low_us: 0.01,
        high_us: 90.0,
        coefficients_us: &[0.00081107, 0.00106879],
        scale_us: 1.0,
        source: "IBM Zurich array, fit as in aihwkit; upper end of the range ours",
    },
    Preset {
        name: "pcm-hermes",
        cell: "phase-change memory, two devices a polarity (HERMES)",
        low_us: 0.0,
        high_us: 20.7,
        coefficients_us: &[0.166, 4.718, -8.481, 4.690],
        scale_us: 20.7,
        source: "HERMES chip, fit as in aihwkit",
    },
];

impl Preset {
    /// The device, ohmic and without read noise: the sources of this table state neither.
    ///
    /// # Errors
    /// [`DeviceError`] if the row is not usable; a test builds every row.
    pub fn build(&self) -> Result<Gaussian, DeviceError> {
        let us = |x: f64| Siemens(x * 1e-6);
        Gaussian::new(
            Window::new(us(self.low_us), us(self.high_us))?,
            SigmaLaw::Polynomial {
                coefficients_s: self.coefficients_us.iter().map(|c| c * 1e-6).collect(),
                scale: us(self.scale_us),
            },
            SigmaLaw::NONE,
            Conduction::Ohmic,
        )
    }

    /// The law in words, for listings.
    pub fn law(&self) -> String {
        let argument =
            if self.scale_us == 1.0 { "G".to_owned() } else { format!("(G/{})", self.scale_us) };
        let terms = self.coefficients_us.iter().enumerate().map(|(power, c)| match power {
            0 => format!("{c}"),
            1 => format!("{c:+} {argument}"),
            _ => format!("{c:+} {argument}^{power}"),
        });
        format!("sigma = {} uS", terms.collect::<Vec<_>>().join(" "))
    }
}

/// The published programming law called `name`.
///
/// # Errors
/// [`DeviceError::UnknownPreset`] with the nearest name.
pub fn preset(name: &str) -> Result<&'static Preset, DeviceError> {
    let names: Vec<&str> = PRESETS.iter().map(|p| p.name).collect();
    PRESETS.iter().find(|p| p.name == name).ok_or_else(|| unknown(name, &names))
}

/// The error for a name that is not among those known, with the nearest as a suggestion.
pub(crate) fn unknown(name: &str, known: &[&str]) -> DeviceError {
    let nearest = known.iter().min_by_key(|known| distance(known, name));
    let hint = match nearest {
        Some(known) if distance(known, name) <= name.len() / 2 + 1 => {
            format!("; did you mean '{known}'?")
        }
        _ => String::new(),
    };
    DeviceError::UnknownPreset { name: name.to_owned(), known: known.join(", "), hint }
}

/// Edit distance of two short names (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (above + 1).min(row[j] + 1).min(diagonal + usize::from(x != y));
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Device;

    #[test]
    fn every_preset_builds_and_is_bounded_from_above() {
        for preset in PRESETS {
            let device = preset.build().expect(preset.name);
            let above = device.program_variance().posynomial;
            for g in device.window().grid(64) {
                let sigma = device.programming_sigma(Siemens(g)).0;
                assert!(sigma * sigma <= above.variance(g), "{} at {g}", preset.name);
            }
        }
    }

    /// Standard deviations worked out by hand from the table's coefficients (µS).
    #[test]
    fn laws_equal_their_table() {
        for (name, g_us, sigma_us) in [
            ("pcm-joshi", 10.0, 0.86619),
            ("pcm-aihwkit", 25.0, 1.05538),
            ("hfo2-milo", 100.0, 3.871621),
            ("rram-wan", 10.0, 2.4136),
            ("rram-wan-1s", 40.0, 1.103),
            ("cmo-hfox-2pct", 50.0, 0.5757335),
            ("pcm-hermes", 20.7, 1.093),
        ] {
            let device = preset(name).expect("known").build().expect("builds");
            let sigma = device.programming_sigma(Siemens(g_us * 1e-6)).0 * 1e6;
            assert!((sigma - sigma_us).abs() < 1e-9, "{name}: {sigma} instead of {sigma_us}");
        }
    }

    #[test]
    fn a_misspelt_name_gets_a_suggestion() {
        let error = preset("hfo2-millo").expect_err("unknown").to_string();
        assert!(error.contains("did you mean 'hfo2-milo'?"), "{error}");
    }
}
