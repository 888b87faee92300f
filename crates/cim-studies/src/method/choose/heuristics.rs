//! What a designer does without a program: ranges by percentiles and squared errors, and a window from a
//! small grid.

use cim_chip::{ChipDesign, FullScale, LayerInputs};
use cim_core::Volts;
use cim_nn::Network;

use super::setting::Setting;
use crate::error::StudyError;
use crate::method::bench::Bench;

/// Name of the strongest of all: the best of the others with its window searched.
pub const STRONGEST: &str = "searched_window";

/// A heuristic with the values that did best on the held-out images.
pub struct Heuristic {
    /// Name in the report.
    pub name: &'static str,
    /// The design.
    pub design: ChipDesign,
    /// Its accuracy on the held-out images.
    pub accuracy: f64,
    /// What was chosen.
    pub chosen: String,
}

/// A setting with its accuracy on the held-out images.
struct Tried {
    setting: Setting,
    design: ChipDesign,
    accuracy: f64,
}

/// The bench of a network at a read voltage, with what was tried there.
struct Trying<'a> {
    bench: &'a Bench<'a>,
    network: &'a Network,
    inputs: &'a LayerInputs,
    volts: Volts,
    tried: Vec<Tried>,
}

impl Trying<'_> {
    /// Place of a setting among what was tried; lists overlap, and what was judged once is not judged again.
    fn judge(&mut self, setting: Setting) -> Result<usize, StudyError> {
        if let Some(known) = self.tried.iter().position(|tried| tried.setting == setting) {
            return Ok(known);
        }
        let design = setting.design(self.bench, self.network, self.inputs, self.volts)?;
        let accuracy = self.bench.holdout(&design, self.network)?;
        self.tried.push(Tried { setting, design, accuracy });
        Ok(self.tried.len() - 1)
    }

    /// The most accurate of some settings, of equal ones the first.
    fn best(&mut self, settings: impl IntoIterator<Item = Setting>) -> Result<Setting, StudyError> {
        let mut best: Option<usize> = None;
        for setting in settings {
            let place = self.judge(setting)?;
            if best.is_none_or(|best| self.tried[best].accuracy < self.tried[place].accuracy) {
                best = Some(place);
            }
        }
        Ok(self.tried[best.expect("the lists of the preset are not empty")].setting)
    }

    /// The most frugal of all that was tried among those that are no less accurate than the best, but for
    /// the preset's slack: what the full method's own design is chosen by.
    fn most_frugal(&self) -> Result<Setting, StudyError> {
        let best = self.tried.iter().map(|tried| tried.accuracy).fold(0.0, f64::max);
        let least = best - self.bench.job.choices.accuracy_slack;
        let mut frugal: Option<(f64, Setting)> = None;
        for tried in self.tried.iter().filter(|tried| least <= tried.accuracy) {
            let prices = &self.bench.job.energy;
            let joules = tried.design.energy(self.network, self.inputs, prices)?.total();
            if frugal.is_none_or(|(least, _)| joules < least) {
                frugal = Some((joules, tried.setting));
            }
        }
        Ok(frugal.expect("the best is no worse than itself").1)
    }

    fn named(&mut self, name: &'static str, setting: Setting) -> Result<Heuristic, StudyError> {
        let place = self.judge(setting)?;
        let Tried { setting, design, accuracy } = &self.tried[place];
        let (design, accuracy, chosen) = (design.clone(), *accuracy, setting.words());
        Ok(Heuristic { name, design, accuracy, chosen })
    }
}

/// All heuristics for a network at a read voltage, each at its best on the held-out images; the last is
/// [`STRONGEST`]. Each begins where the one before ended, and turns one thing more.
pub fn all(
    bench: &Bench<'_>,
    network: &Network,
    inputs: &LayerInputs,
    volts: Volts,
) -> Result<Vec<Heuristic>, StudyError> {
    let choices = &bench.job.choices;
    let percentiles = choices.percentiles.iter();
    let percentiles = percentiles.map(|&percentile| FullScale::Percentile { percentile });
    let policies: Vec<FullScale> = percentiles.clone().chain([FullScale::MseOptimal]).collect();
    let with_policies = |values: &[f64], set: &dyn Fn(FullScale, f64) -> Setting| {
        let mut settings = Vec::new();
        for &policy in &policies {
            settings.extend(values.iter().map(|&value| set(policy, value)));
        }
        settings
    };
    let mut trying = Trying { bench, network, inputs, volts, tried: Vec::new() };
    let percentile = trying.best(percentiles.map(Setting::of))?;
    let squared = Setting::of(FullScale::MseOptimal);
    trying.judge(squared)?;
    let clip = trying.best(with_policies(&choices.weight_percentiles, &|policy, weights| {
        Setting { weights, ..Setting::of(policy) }
    }))?;
    let ranges = trying.best(with_policies(&choices.input_percentiles, &|policy, inputs| {
        Setting { inputs, policy, ..clip }
    }))?;
    for window in choices.windows() {
        trying.judge(Setting { window, ..ranges })?;
    }
    let strongest = trying.most_frugal()?;
    [
        ("percentile", percentile),
        ("mse_optimal", squared),
        ("percentile_clip", clip),
        ("calibrated_input_ranges", ranges),
        (STRONGEST, strongest),
    ]
    .into_iter()
    .map(|(name, setting)| trying.named(name, setting))
    .collect()
}

/// The heuristic that is best on the held-out images.
pub fn best(heuristics: &[Heuristic]) -> &Heuristic {
    let best =
        heuristics.iter().reduce(|best, one| if best.accuracy < one.accuracy { one } else { best });
    best.expect("there are heuristics")
}
