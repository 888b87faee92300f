//! What a designer does without a program: ranges by percentiles and squared errors.

use cim_chip::{ChipDesign, FullScale, LayerInputs};
use cim_core::Volts;
use cim_nn::Network;

use crate::error::StudyError;
use crate::paper::bench::Bench;

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

/// What a heuristic sets.
#[derive(Clone, Copy, PartialEq)]
struct Setting {
    /// Percentile of the weights of a layer that is its clip.
    weights: f64,
    /// Percentile of the inputs of a layer that is its range.
    inputs: f64,
    /// Full scales.
    policy: FullScale,
}

impl Setting {
    /// Everything at its largest, full scales by `policy`.
    fn of(policy: FullScale) -> Self {
        Self { weights: 100.0, inputs: 100.0, policy }
    }

    fn design(
        self,
        bench: &Bench<'_>,
        network: &Network,
        inputs: &LayerInputs,
        volts: Volts,
    ) -> Result<ChipDesign, StudyError> {
        let design = bench.naive(network, inputs, volts)?;
        let design = design.clipped_at(network, inputs, self.weights, self.inputs);
        let design = design.at_read_voltage(inputs, volts)?;
        Ok(design.with_policy(network, inputs, self.policy)?)
    }

    fn words(self) -> String {
        let mut words = match self.policy {
            FullScale::Percentile { percentile } => format!("full scale {percentile} %"),
            _ => "full scale of least squared error".to_owned(),
        };
        for (what, at) in [("weights", self.weights), ("inputs", self.inputs)] {
            if at < 100.0 {
                words += &format!(", {what} {at} %");
            }
        }
        words
    }
}

/// All heuristics for a network at a read voltage, each at its best on the held-out images.
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
    // Lists overlap: what was judged once is not judged again.
    let mut tried: Vec<Tried> = Vec::new();
    let mut best = |name: &'static str, settings: Vec<Setting>| {
        let mut best: Option<usize> = None;
        for setting in settings {
            let known = tried.iter().position(|tried| tried.setting == setting);
            let place = match known {
                Some(place) => place,
                None => {
                    let design = setting.design(bench, network, inputs, volts)?;
                    let accuracy = bench.holdout(&design, network)?;
                    tried.push(Tried { setting, design, accuracy });
                    tried.len() - 1
                }
            };
            if best.is_none_or(|best| tried[best].accuracy < tried[place].accuracy) {
                best = Some(place);
            }
        }
        let best = best.expect("the lists of the preset are not empty");
        let Tried { setting, design, accuracy } = &tried[best];
        let (design, accuracy, chosen) = (design.clone(), *accuracy, setting.words());
        Ok::<_, StudyError>((Heuristic { name, design, accuracy, chosen }, *setting))
    };
    let with_policies = |values: &[f64], set: &dyn Fn(FullScale, f64) -> Setting| {
        let mut settings = Vec::new();
        for &policy in &policies {
            settings.extend(values.iter().map(|&value| set(policy, value)));
        }
        settings
    };
    let (percentile, _) = best("percentile", percentiles.map(Setting::of).collect())?;
    let (squared, _) = best("mse_optimal", vec![Setting::of(FullScale::MseOptimal)])?;
    let clips = with_policies(&choices.weight_percentiles, &|policy, weights| Setting {
        weights,
        ..Setting::of(policy)
    });
    let (clip, chosen) = best("percentile_clip", clips)?;
    let ranges = with_policies(&choices.input_percentiles, &|policy, inputs| Setting {
        inputs,
        policy,
        ..chosen
    });
    let (inputs, _) = best("calibrated_input_ranges", ranges)?;
    Ok(vec![percentile, squared, clip, inputs])
}
