//! What a designer does without a program: ranges by percentiles and squared errors, and a window from a
//! small grid.

use cim_chip::{ChipDesign, FullScale, LayerInputs};
use cim_core::Volts;
use cim_nn::Network;

use super::setting::Setting;
use crate::error::StudyError;
use crate::paper::bench::Bench;

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
        let least = best - self.bench.spec.choices.accuracy_slack;
        let mut frugal: Option<(f64, Setting)> = None;
        for tried in self.tried.iter().filter(|tried| least <= tried.accuracy) {
            let prices = &self.bench.spec.energy;
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
    let choices = &bench.spec.choices;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::tests::spec;
    use crate::paper::train::digital::Digital;
    use crate::shared::corners::data;
    use crate::shared::learning::Learning;
    use crate::shared::nowhere::Nowhere;
    use crate::shared::training::Training;

    /// Of all heuristics that are no less accurate than the best, but for the slack, none takes less energy
    /// than the strongest; and with windows to search it takes less than without where the slack is wide.
    #[test]
    fn the_strongest_is_the_most_frugal_of_the_accurate() {
        let (images, context) = (data(0), Nowhere.context());
        let strongest = |tops: &[f64], slack: f64| {
            let mut spec = spec();
            spec.choices.window_tops = tops.to_vec();
            spec.choices.accuracy_slack = slack;
            let learning = Learning::of(&images, spec.holdout.images).expect("images");
            let training = Training::on(&context, &learning.data, "of a test", &spec.trained_by());
            let training = training.expect("nothing is kept");
            let bench = Bench::new(&spec, &learning, &training, 0).expect("parts");
            let network = Digital::train(&bench).expect("it trains").network;
            let inputs = bench.inputs_of(&network);
            let found = all(&bench, &network, &inputs, Volts(0.2)).expect("heuristics");
            let joules = |one: &Heuristic| {
                one.design.energy(&network, &inputs, &spec.energy).expect("a price").total()
            };
            let last = found.last().expect("there are some");
            assert_eq!(last.name, STRONGEST);
            let best = found.iter().map(|one| one.accuracy).fold(0.0, f64::max);
            assert!(best - slack <= last.accuracy);
            for one in found.iter().filter(|one| best - slack <= one.accuracy) {
                assert!(joules(last) <= joules(one), "{} {}", one.name, one.chosen);
            }
            joules(last)
        };
        let whole = strongest(&[1.0], 1.0);
        assert!(strongest(&[1.0, 0.5], 1.0) < whole);
        strongest(&[1.0, 0.5], 0.0);
    }
}
