//! Published programming laws as data: cells of which only the spread after programming is known.

use std::sync::Arc;

use cim_core::Siemens;

use crate::card::{Card, Listed, NOT_STATED, Registered};
use crate::conduction::Conduction;
use crate::device::Device;
use crate::error::DeviceError;
use crate::law::SigmaLaw;
use crate::models::Gaussian;
use crate::window::Window;

/// A published programming law, `σ = Σ coefficients[k] (G / scale)^k`, and nothing else.
pub(crate) struct ProgrammingLaw {
    name: &'static str,
    cell: &'static str,
    /// Lowest and highest conductance of the fit (µS).
    low_us: f64,
    high_us: f64,
    /// Constant first (µS).
    coefficients_us: &'static [f64],
    /// Unit of the argument (µS).
    scale_us: f64,
    /// Where the law comes from, and what of the row is ours.
    source: &'static str,
}

const PCM_JOSHI: ProgrammingLaw = ProgrammingLaw {
    name: "pcm-joshi",
    cell: "phase-change memory, mushroom cell",
    low_us: 0.25,
    high_us: 25.0,
    coefficients_us: &[0.28639, 0.075857, -0.0017877],
    scale_us: 1.0,
    source: "Joshi et al. 2020, fit as in CrossSim",
};

const PCM_AIHWKIT: ProgrammingLaw = ProgrammingLaw {
    name: "pcm-aihwkit",
    cell: "phase-change memory, mushroom cell",
    low_us: 0.0,
    high_us: 25.0,
    coefficients_us: &[0.26348, 1.9650, -1.1731],
    scale_us: 25.0,
    source: "aihwkit, PCMLikeNoiseModel",
};

const HFO2_MILO: ProgrammingLaw = ProgrammingLaw {
    name: "hfo2-milo",
    cell: "HfO2 RRAM, incremental gate voltage with verify (IGVVA-100)",
    low_us: 50.0,
    high_us: 225.0,
    coefficients_us: &[4.782321, -0.009107],
    scale_us: 1.0,
    source: "Milo et al. 2021, fit as in CrossSim",
};

const RRAM_WAN_1DAY: ProgrammingLaw = ProgrammingLaw {
    name: "rram-wan-1day",
    cell: "RRAM 1T1R, 1 day after programming",
    low_us: 0.0,
    high_us: 40.0,
    coefficients_us: &[0.701, 22.086, -50.773, 47.095, -16.458],
    scale_us: 40.0,
    source: "Wan et al. 2022, fit as in aihwkit",
};

const CMO_HFOX_2PCT: ProgrammingLaw = ProgrammingLaw {
    name: "cmo-hfox-2pct",
    cell: "CMO/HfOx analog RRAM, 2 % acceptance range",
    low_us: 10.0,
    high_us: 90.0,
    coefficients_us: &[0.0112185, 0.0112903],
    scale_us: 1.0,
    source: "IBM Zurich array, fit as in aihwkit; range ours",
};

const CMO_HFOX_0_2PCT: ProgrammingLaw = ProgrammingLaw {
    name: "cmo-hfox-0.2pct",
    cell: "CMO/HfOx analog RRAM, 0.2 % acceptance range",
    low_us: 0.01,
    high_us: 90.0,
    coefficients_us: &[0.00081107, 0.00106879],
    scale_us: 1.0,
    source: "IBM Zurich array, fit as in aihwkit; upper end of the range ours",
};

const PCM_HERMES: ProgrammingLaw = ProgrammingLaw {
    name: "pcm-hermes",
    cell: "phase-change memory, two devices a polarity (HERMES)",
    low_us: 0.0,
    high_us: 20.7,
    coefficients_us: &[0.166, 4.718, -8.481, 4.690],
    scale_us: 20.7,
    source: "HERMES chip, fit as in aihwkit",
};

impl Registered for ProgrammingLaw {
    const PUBLISHED: &'static [&'static dyn Listed] = &[
        &PCM_JOSHI,
        &PCM_AIHWKIT,
        &HFO2_MILO,
        &RRAM_WAN_1DAY,
        &CMO_HFOX_2PCT,
        &CMO_HFOX_0_2PCT,
        &PCM_HERMES,
    ];
}

impl ProgrammingLaw {
    /// The device, ohmic and without read noise: the sources state neither.
    fn gaussian(&self) -> Result<Gaussian, DeviceError> {
        let us = |x: f64| Siemens(x / 1e6);
        Gaussian::new(
            Window::new(us(self.low_us), us(self.high_us))?,
            SigmaLaw::Polynomial {
                coefficients_s: self.coefficients_us.iter().map(|c| c / 1e6).collect(),
                scale: us(self.scale_us),
            },
            SigmaLaw::NONE,
            Conduction::Ohmic,
        )
    }

    /// The law in words.
    fn law(&self) -> String {
        let argument =
            if self.scale_us == 1.0 { "G".to_owned() } else { format!("(G/{})", self.scale_us) };
        let terms = self.coefficients_us.iter().enumerate().map(|(power, c)| match power {
            0 => format!("{c}"),
            1 => format!("{c:+} {argument}"),
            _ => format!("{c:+} {argument}^{power}"),
        });
        format!("sigma = {} µS", terms.collect::<Vec<_>>().join(" "))
    }
}

impl Listed for ProgrammingLaw {
    fn name(&self) -> &'static str {
        self.name
    }

    fn card(&self) -> Card {
        Card {
            name: self.name,
            cell: self.cell.to_owned(),
            law: format!("programming {}, independent from cell to cell", self.law()),
            range: format!("{} to {} µS", self.low_us, self.high_us),
            source: self.source.to_owned(),
            residual: NOT_STATED,
            not_modelled: "time, read noise, telegraph noise, temperature, current against voltage \
                           (ohmic)",
        }
    }

    fn build(&self) -> Result<Arc<dyn Device>, DeviceError> {
        Ok(Arc::new(self.gaussian()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Standard deviations worked out by hand from the sources' coefficients (µS).
    #[test]
    fn laws_equal_their_sources() {
        for (law, g_us, sigma_us) in [
            (PCM_JOSHI, 10.0, 0.86619),
            (PCM_AIHWKIT, 25.0, 1.05538),
            (HFO2_MILO, 100.0, 3.871621),
            (RRAM_WAN_1DAY, 40.0, 2.651),
            (CMO_HFOX_2PCT, 50.0, 0.5757335),
            (PCM_HERMES, 20.7, 1.093),
        ] {
            let device = law.gaussian().expect("a device");
            let sigma = device.programming_sigma(Siemens(g_us * 1e-6)).0 * 1e6;
            assert!((sigma - sigma_us).abs() < 1e-9, "{sigma} instead of {sigma_us}");
        }
    }
}
