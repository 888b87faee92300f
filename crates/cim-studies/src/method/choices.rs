//! What is tried on the held-out images.

use cim_chip::ChipError;
use cim_chip::sections::{
    need, need_fraction, need_not_negative, need_positive, need_share_above_zero, need_within,
};
use serde::{Deserialize, Serialize};

/// What is tried on the held-out images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceSpec {
    /// Shares of the searched weight clip within which networks are fine-tuned, each above 0, up to 1:
    /// weights that are trained for their clip bear a tighter one than weights that are only cut.
    pub clip_shares: Vec<f64>,
    /// Errors that the final design may give for energy, as fractions of the least error, each above 0.
    pub energy_tolerances: Vec<f64>,
    /// The same where the energy is compared with that of the best heuristic at no less accuracy.
    pub frugal_tolerances: Vec<f64>,
    /// Accuracy that a more frugal design may lose against the best of those tried (fraction of 1),
    /// 0 or more.
    pub accuracy_slack: f64,
    /// Percentiles of a tile's currents as its full scale, above 0, up to 100.
    pub percentiles: Vec<f64>,
    /// Percentiles of a layer's weights as its clip, above 0, up to 100.
    pub weight_percentiles: Vec<f64>,
    /// Percentiles of a layer's inputs as its input range, above 0, up to 100.
    pub input_percentiles: Vec<f64>,
    /// Tops of the window, as shares of what the device has above its bottom, 0.01 to 1.
    pub window_tops: Vec<f64>,
    /// Bottoms of the window, as such shares, 0 or more, below every top.
    pub window_bottoms: Vec<f64>,
}

impl ChoiceSpec {
    pub(crate) fn quick(mut self) -> Self {
        self.clip_shares.truncate(1);
        self.energy_tolerances.truncate(1);
        for tried in [
            &mut self.percentiles,
            &mut self.weight_percentiles,
            &mut self.input_percentiles,
            &mut self.frugal_tolerances,
            &mut self.window_tops,
            &mut self.window_bottoms,
        ] {
            tried.truncate(2);
        }
        self
    }

    pub(crate) fn check(&self) -> Result<(), ChipError> {
        let some = |key: &str, tried: &[f64]| {
            need((1..=100).contains(&tried.len()), key, format!("{tried:?}"), "try 1 to 100 values")
        };
        some("choices.clip_shares", &self.clip_shares)?;
        for &share in &self.clip_shares {
            need_share_above_zero("choices.clip_shares", share)?;
        }
        for (key, tried) in [
            ("choices.energy_tolerances", &self.energy_tolerances),
            ("choices.frugal_tolerances", &self.frugal_tolerances),
        ] {
            some(key, tried)?;
            tried.iter().try_for_each(|&value| need_positive(key, value, value))?;
        }
        need_not_negative("choices.accuracy_slack", self.accuracy_slack, self.accuracy_slack)?;
        for (key, tried) in [
            ("choices.percentiles", &self.percentiles),
            ("choices.weight_percentiles", &self.weight_percentiles),
            ("choices.input_percentiles", &self.input_percentiles),
        ] {
            some(key, tried)?;
            for &at in tried {
                let help = "a percentile is above 0 and up to 100";
                need(0.0 < at && at <= 100.0, key, at, help)?;
            }
        }
        let (tops, bottoms) = ("choices.window_tops", "choices.window_bottoms");
        some(tops, &self.window_tops)?;
        some(bottoms, &self.window_bottoms)?;
        self.window_tops.iter().try_for_each(|&top| need_within(tops, top, 0.01, 1.0))?;
        self.window_bottoms.iter().try_for_each(|&bottom| need_fraction(bottoms, bottom))?;
        let lowest = self.window_tops.iter().copied().fold(f64::INFINITY, f64::min);
        for &bottom in &self.window_bottoms {
            let help = "a bottom lies below every top of choices.window_tops";
            need(bottom < lowest, bottoms, bottom, help)?;
        }
        Ok(())
    }

    /// Every bottom with every top.
    pub fn windows(&self) -> impl Iterator<Item = [f64; 2]> {
        let tops = move |&bottom: &f64| self.window_tops.iter().map(move |&top| [bottom, top]);
        self.window_bottoms.iter().flat_map(tops)
    }

    /// Percentiles of weights that clip anything; the largest weight where there is none.
    pub fn clip_percentiles(&self) -> Vec<f64> {
        let clips: Vec<f64> =
            self.weight_percentiles.iter().copied().filter(|&at| at < 100.0).collect();
        if clips.is_empty() { vec![100.0] } else { clips }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> ChoiceSpec {
        let one = || vec![1.0];
        ChoiceSpec {
            clip_shares: one(),
            energy_tolerances: one(),
            frugal_tolerances: one(),
            accuracy_slack: 0.0,
            percentiles: one(),
            weight_percentiles: one(),
            input_percentiles: one(),
            window_tops: one(),
            window_bottoms: vec![0.0],
        }
    }

    #[test]
    fn windows_are_every_bottom_with_every_top() {
        let mut choices = choices();
        choices.window_tops = vec![1.0, 0.5];
        choices.window_bottoms = vec![0.0, 0.2];
        let all: Vec<_> = choices.windows().collect();
        assert_eq!(all, [[0.0, 1.0], [0.0, 0.5], [0.2, 1.0], [0.2, 0.5]]);
        assert!(choices.check().is_ok());
        choices.window_bottoms.push(0.5);
        let error = choices.check().expect_err("an empty window");
        assert!(error.to_string().contains("choices.window_bottoms"), "{error}");
    }

    #[test]
    fn a_percentile_that_clips_nothing_is_no_clip() {
        let mut choices = choices();
        choices.weight_percentiles = vec![100.0, 99.0, 99.9];
        assert_eq!(choices.clip_percentiles(), [99.0, 99.9]);
        choices.weight_percentiles = vec![100.0];
        assert_eq!(choices.clip_percentiles(), [100.0]);
    }
}
