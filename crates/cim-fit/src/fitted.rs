//! What a fit found.

use cim_device::models::TelegraphSpec;
use cim_device::{DeviceSpec, EffectSpec, MeasuredSpec, ModelSpec};

/// A fitted device with everything that is known about the fit.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Fitted {
    /// The device.
    pub spec: MeasuredSpec,
    /// Its telegraph noise, with mean times for a read every second; `None` where reads show none.
    pub telegraph: Option<TelegraphSpec>,
    /// Its parameters with their intervals.
    pub parameters: Vec<Parameter>,
    /// Laws that it was chosen from, in the order of choosing.
    pub choices: Vec<Choice>,
    /// How well the law of programming foretells cells that it was not fitted to.
    pub programming: Vec<HeldOut>,
    /// The same of the change with time.
    pub relaxation: Vec<HeldOut>,
    /// Reads beside those of the law, if that has telegraph noise.
    pub reads: Option<Deviations>,
    /// Cells that were used.
    pub cells: usize,
    /// Programmings that were used.
    pub programmings: usize,
    /// What the measurements do not tell, one sentence each.
    pub not_told: Vec<String>,
}

impl Fitted {
    /// The device as the section `[device]` of a preset has it.
    pub fn device(&self) -> DeviceSpec {
        let effects = self.telegraph.map(EffectSpec::Telegraph).into_iter().collect();
        DeviceSpec { model: ModelSpec::Measured(self.spec.clone()), effects }
    }
}

/// A parameter with its 95 % interval over cells.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Parameter {
    /// What it is.
    pub name: String,
    /// Unit of its values: `S`, `s` or nothing.
    pub unit: &'static str,
    /// Most likely value.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// Laws that one was chosen from.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Choice {
    /// What they are laws of.
    pub part: &'static str,
    /// What of it was chosen.
    pub what: &'static str,
    /// The laws that were tried.
    pub candidates: Vec<Candidate>,
}

/// A law that was tried.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Candidate {
    /// The law in words.
    pub words: String,
    /// Number of its parameters.
    pub parameters: usize,
    /// Log-likelihood of a held-out cell by which it is behind the best, mean over cells.
    pub behind: f64,
    /// Standard error of that, over cells.
    pub error: f64,
    /// Whether it was chosen.
    pub is_chosen: bool,
}

/// Cells of one target at one time, measured and foretold by the law without them.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct HeldOut {
    /// What was asked for (S), mean over the group.
    pub target_s: f64,
    /// Time since programming (s), mean over the group.
    pub elapsed_s: f64,
    /// Number of looks at cells.
    pub cells: usize,
    /// Mean of the error or the change.
    pub shift: Compared,
    /// Standard deviation of it.
    pub spread: Compared,
}

/// Shares of reads by how far they are from the mean of their look.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Deviations {
    /// Relative distance from the mean, the middle of each bin.
    pub at: Vec<f64>,
    /// Share of the measured reads in it.
    pub measured: Vec<f64>,
    /// Share of reads by the law.
    pub law: Vec<f64>,
}

/// A number measured and foretold.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Compared {
    /// As measured (S).
    pub measured_s: f64,
    /// Standard error of that (S).
    pub error_s: f64,
    /// By the law (S).
    pub law_s: f64,
}

/// How far laws are off, beyond what the error of the measurement explains.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Residual {
    /// Of the shift, in parts of the measured spread.
    pub shift: f64,
    /// Of the spread, in parts of it.
    pub spread: f64,
}

impl Residual {
    /// Roots of mean squares over groups; nothing if there are none, or none that spread.
    pub fn of<'a>(groups: impl IntoIterator<Item = &'a HeldOut>) -> Option<Self> {
        let (mut shift, mut spread, mut count) = (0.0, 0.0, 0.0);
        for group in groups.into_iter().filter(|group| 0.0 < group.spread.measured_s) {
            let beyond = |of: Compared| {
                let of_spread = |s: f64| (s / group.spread.measured_s).powi(2);
                of_spread(of.law_s - of.measured_s) - of_spread(of.error_s)
            };
            shift += beyond(group.shift);
            spread += beyond(group.spread);
            count += 1.0;
        }
        let root = |sum: f64| (sum / count).max(0.0).sqrt();
        (0.0 < count).then(|| Self { shift: root(shift), spread: root(spread) })
    }
}
