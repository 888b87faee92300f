//! Widths of intervals as text.

use cim_chip::{Chips, Metric};

use crate::error::StudyError;

/// How narrow an interval is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Width {
    /// Half of it, in the metric's unit.
    pub half: f64,
    /// Of which metrics it may be: all, unless the text names one; "accuracy" is of the first or the first five.
    pub of: &'static [Metric],
}

/// The widest interval of a share that can be meant: a wider one is per cent without their sign.
const MOST_OF_A_SHARE: f64 = 0.2;

static METRICS: [Metric; 5] = Metric::ALL;

impl Width {
    /// Of whatever metric answers are judged by.
    pub fn of_any(half: f64) -> Self {
        Self { half, of: &METRICS }
    }

    /// Checks that answers are judged by the metric that is named, and that enough chips may be made.
    ///
    /// # Errors
    /// [`StudyError::Refused`] otherwise.
    pub fn check(self, metric: Metric, chips: Chips) -> Result<(), StudyError> {
        let refused = |what: String, help: String| Err(StudyError::Refused { what, help });
        if let ([of, ..], false) = (self.of, self.of.contains(&metric)) {
            let what = format!(
                "an interval of {} where answers are judged by {}",
                of.words(),
                metric.words()
            );
            return refused(what, format!("give --metric {} too, or name no metric", of.name()));
        }
        if metric.counts() && MOST_OF_A_SHARE < self.half {
            let what =
                format!("an interval of ± {} points of {}", 100.0 * self.half, metric.words());
            return refused(
                what,
                format!(
                    "for half a point write \"± 0.5 %\" or 0.005; it may be {:.0} % at most",
                    100.0 * MOST_OF_A_SHARE
                ),
            );
        }
        if chips.most < Chips::LEAST {
            return refused(
                format!("an interval that decides when to stop, of at most {} chips", chips.most),
                format!("such intervals need {} chips or more", Chips::LEAST),
            );
        }
        Ok(())
    }
}

/// Half the width of an interval: what stands behind the last ±, in per cent or in the metric's unit, and the metric
/// in front of it.
///
/// # Errors
/// What to write, for anything else.
pub fn width(text: &str) -> Result<Width, String> {
    let text =
        &["+/-", "+-", "~"].iter().fold(text.to_owned(), |text, sign| text.replace(sign, "±"));
    let help =
        || "write half the width of the interval: \"accuracy ± 0.05 %\" or \"± 0.001\"".to_owned();
    let word = text.split('±').next().unwrap_or_default().trim();
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let of = match METRICS.iter().position(|metric| metric.name() == word) {
        Some(at) => &METRICS[at..=at],
        None if word == "accuracy" => METRICS.split_at(2).0,
        None if ["", "score"].contains(&word) || word.starts_with(is_number) => &METRICS,
        None => return Err(help()),
    };
    let tail = text.rsplit('±').next().unwrap_or(text).trim();
    let (number, scale) = match tail.strip_suffix('%') {
        Some(number) => (number.trim(), 0.01),
        None => (tail, 1.0),
    };
    let half = scale * number.parse::<f64>().map_err(|_| help())?;
    if 0.0 < half && half.is_finite() { Ok(Width { half, of }) } else { Err(help()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_read_in_per_cent_or_plain() {
        for (text, want) in [
            ("accuracy ± 0.05 %", 0.0005),
            ("± 0.001", 0.001),
            ("0.5%", 0.005),
            ("+- 2e-3", 0.002),
            ("accuracy +- 0.5 %", 0.005),
            ("accuracy +/- 1%", 0.01),
            ("score ~ 2 %", 0.02),
        ] {
            let got = width(text).expect(text).half;
            assert!((got / want - 1.0).abs() < 1e-12, "{text}: {got}");
        }
        for text in ["", "accuracy", "energy ± 0.1", "± 0 %", "± -1", "± nan", "± inf %"] {
            assert!(width(text).is_err(), "{text}");
        }
    }

    #[test]
    fn half_a_point_is_not_fifty() {
        let chips = Chips { most: 10, until: None };
        let forgotten = width("accuracy ± 0.5").expect("a width");
        let error = forgotten.check(Metric::Top1, chips).expect_err("fifty points").to_string();
        assert!(error.contains("± 50 points"), "{error}");
        assert!(forgotten.check(Metric::Nearest, chips).is_err());
        assert!(width("± 0.5").expect("a width").check(Metric::Mse, chips).is_ok());
        assert!(width("accuracy ± 0.5 %").expect("a width").check(Metric::Top1, chips).is_ok());
    }

    #[test]
    fn the_metric_that_is_named_is_the_one_that_judges() {
        let mse = width("mse ± 0.1").expect("a width");
        let chips = |most| Chips { most, until: Some(0.1) };
        assert!(mse.check(Metric::Mse, chips(10)).is_ok());
        assert!(mse.check(Metric::Top1, chips(10)).is_err());
        assert!(mse.check(Metric::Mse, chips(9)).is_err());
        assert!(width("± 0.1").expect("a width").check(Metric::Cosine, chips(10)).is_ok());
        let accuracy = width("accuracy ± 0.1").expect("a width");
        for metric in Metric::ALL {
            assert_eq!(
                accuracy.check(metric, chips(10)).is_ok(),
                metric.takes_labels(),
                "{metric:?}"
            );
        }
    }
}
