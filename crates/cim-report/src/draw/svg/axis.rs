//! Axes with ticks we choose: linear, logarithmic, and one for accuracies close to 1.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::format::superscript;

/// How a value becomes a place.
#[derive(Clone, Copy, PartialEq)]
enum Scale {
    Linear,
    Log,
    /// Logarithm down to `least`, then a gap, then zero.
    LogFromZero {
        least: f64,
    },
    /// Logarithm of the distance to 1: 90, 99 and 99.9 % are equally far apart.
    Nines,
}

/// Room between zero and the rest of a logarithmic axis, as a part of that rest.
const GAP: f64 = 0.12;

/// One axis: values outside it are drawn at its end.
#[derive(Clone)]
pub struct Axis {
    scale: Scale,
    lo: f64,
    hi: f64,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From `lo` to `hi` with about `n_ticks` round ticks.
    pub fn linear(lo: f64, hi: f64, n_ticks: usize) -> Self {
        let (lo, hi) = if lo < hi { (lo, hi) } else { (lo - 0.5, lo + 0.5) };
        let step = round_step((hi - lo) / n_ticks.max(1) as f64);
        let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
        let first = (lo / step - 1e-9).ceil() as i64;
        let last = (hi / step + 1e-9).floor() as i64;
        let ticks = (first..=last)
            .map(|k| k as f64 * step)
            .map(|at| (at, format!("{:.decimals$}", at + 0.0).replace('-', "−")))
            .collect();
        Self { scale: Scale::Linear, lo, hi, ticks }
    }

    /// Linear, with the labels of the ticks in per cent.
    pub fn percent(lo: f64, hi: f64, n_ticks: usize) -> Self {
        let mut axis = Self::linear(100.0 * lo, 100.0 * hi, n_ticks);
        axis.lo /= 100.0;
        axis.hi /= 100.0;
        axis.ticks.iter_mut().for_each(|(at, _)| *at /= 100.0);
        axis
    }

    /// Logarithmic between two positive values, with about `n_ticks` ticks.
    pub fn log(lo: f64, hi: f64, n_ticks: usize) -> Self {
        let lo = lo.max(f64::MIN_POSITIVE);
        let hi = hi.max(2.0 * lo);
        let decades = (hi / lo).log10();
        let factors: &[f64] = match decades {
            d if d <= 1.0 => &[1.0, 2.0, 5.0],
            d if d <= 2.0 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let (first, last) = (lo.log10().floor() as i32, hi.log10().floor() as i32);
        let every = (decades / n_ticks.max(1) as f64).ceil().max(1.0) as i32;
        let ticks = (first..=last)
            .filter(|decade| (last - decade) % every == 0)
            .flat_map(|decade| factors.iter().map(move |factor| (decade, *factor)))
            .map(|(decade, factor)| (factor * 10f64.powi(decade), log_label(decade, factor)))
            .filter(|(at, _)| lo <= *at * (1.0 + 1e-9) && *at <= hi * (1.0 + 1e-9))
            .collect();
        Self { scale: Scale::Log, lo, hi, ticks }
    }

    /// Logarithmic from `least` to `hi`, both positive, with zero in a place of its own before a gap.
    pub fn log_from_zero(least: f64, hi: f64, n_ticks: usize) -> Self {
        let mut axis = Self::log(least, hi, n_ticks);
        axis.scale = Scale::LogFromZero { least: axis.lo };
        // Whatever is negative lies at the edge, so that zero is off the frame.
        axis.lo = -axis.lo;
        axis.ticks.insert(0, (0.0, "0".to_owned()));
        axis
    }

    /// For accuracies from `lo` to `hi`: the distance to 100 % on a logarithmic scale.
    pub fn accuracy(lo: f64, hi: f64) -> Self {
        const TICKS: [f64; 13] =
            [0.0, 0.2, 0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.985, 0.99, 0.995, 0.998, 0.999];
        let lo = TICKS.iter().copied().filter(|tick| *tick <= lo).fold(0.0, f64::max);
        // A little room, so that the highest line does not lie on the frame.
        let hi = 1.0 - (1.0 - hi) / 1.15;
        let hi = TICKS.iter().copied().find(|tick| *tick > hi).unwrap_or(0.999);
        let ticks = TICKS
            .iter()
            .filter(|tick| lo <= **tick && **tick <= hi)
            .map(|tick| (*tick, format!("{}", (1000.0 * tick).round() / 10.0)))
            .collect();
        Self { scale: Scale::Nines, lo, hi, ticks }
    }

    /// One unit of length for each label, which stands at its middle: from 0 to their number.
    pub fn categories<'a>(labels: impl IntoIterator<Item = &'a str>) -> Self {
        let ticks: Vec<_> = labels
            .into_iter()
            .enumerate()
            .map(|(index, label)| (index as f64 + 0.5, label.to_owned()))
            .collect();
        Self { scale: Scale::Linear, lo: 0.0, hi: ticks.len().max(1) as f64, ticks }
    }

    /// The same axis with other ticks.
    pub fn with_ticks(mut self, ticks: impl IntoIterator<Item = (f64, String)>) -> Self {
        self.ticks = ticks.into_iter().collect();
        self
    }

    /// The same axis with each tick labelled by what `label` makes of its value.
    pub fn relabelled(mut self, label: impl Fn(f64) -> String) -> Self {
        self.ticks.iter_mut().for_each(|(at, text)| *text = label(*at));
        self
    }

    /// The smallest value shown.
    pub fn lo(&self) -> f64 {
        self.lo
    }

    /// The largest value shown.
    pub fn hi(&self) -> f64 {
        self.hi
    }

    /// The place of the gap between zero and the rest of a logarithmic axis, if there is one.
    pub fn gap(&self) -> Option<f64> {
        match self.scale {
            Scale::LogFromZero { least } => Some(0.5 * least),
            Scale::Linear | Scale::Log | Scale::Nines => None,
        }
    }

    /// The labels of the ticks.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.ticks.iter().map(|(_, label)| label.as_str())
    }

    fn place(&self, value: f64) -> f64 {
        let value = value.clamp(self.lo, self.hi);
        match self.scale {
            Scale::Linear => value,
            Scale::Log => value.log10(),
            Scale::LogFromZero { least } if value >= least => value.log10(),
            Scale::LogFromZero { least } => {
                let gap = GAP * (self.hi / least).log10();
                // Between zero and `least` is only the middle of the gap.
                let gaps = match value {
                    v if v > 0.0 => 0.5,
                    0.0 => 1.0,
                    _ => 1.3,
                };
                least.log10() - gaps * gap
            }
            Scale::Nines => -(1.0 - value).max(1e-6).log10(),
        }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let (lo, hi) = (self.place(self.lo), self.place(self.hi));
        let share = (self.place(*value) - lo) / (hi - lo);
        (f64::from(limit.0) + share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // No light grid: every tick has a label.
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.lo..self.hi
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let found = self.ticks.iter().find(|(at, _)| at == value);
        found.map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

/// 1, 2 or 5 times a power of ten, not below `step`.
fn round_step(step: f64) -> f64 {
    let decade = 10f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * decade)
        .find(|round| *round >= step * (1.0 - 1e-9))
        .unwrap_or(10.0 * decade)
}

fn log_label(decade: i32, factor: f64) -> String {
    match decade {
        -2..=3 => format!("{}", (factor * 10f64.powi(decade + 2)).round() / 100.0),
        _ if factor == 1.0 => format!("10{}", superscript(&decade.to_string())),
        _ => format!("{factor}·10{}", superscript(&decade.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_left_of_the_gap_and_the_gap_left_of_the_rest() {
        let axis = Axis::log_from_zero(0.01, 100.0, 6);
        let gap = axis.gap().unwrap();
        let places = [axis.lo(), 0.0, gap, 0.01, 1.0, 100.0].map(|v| axis.map(&v, (0, 1000)));
        assert_eq!((places[0], places[5]), (0, 1000));
        assert!(places.is_sorted_by(|a, b| a + 20 <= *b), "{places:?}");
        assert_eq!(axis.labels().next(), Some("0"));
        assert_eq!(Axis::log(0.01, 100.0, 6).gap(), None);
    }
}
