//! Widths of intervals as text.

use cim_chip::Metric;

/// Half the width of an interval: what stands behind the last ±, in per cent or in the metric's unit.
///
/// # Errors
/// What to write, for anything else.
pub fn width(text: &str) -> Result<f64, String> {
    let help =
        || "write half the width of the interval: \"accuracy ± 0.05 %\" or \"± 0.001\"".to_owned();
    let word = text.split(['±', '~', '+']).next().unwrap_or_default().trim();
    let is_score = ["", "accuracy", "score"].contains(&word)
        || Metric::ALL.iter().any(|metric| metric.name() == word)
        || word.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !is_score {
        return Err(help());
    }
    let tail =
        text.rsplit(['±', '~']).next().unwrap_or(text).trim().trim_start_matches("+-").trim();
    let (number, scale) = match tail.strip_suffix('%') {
        Some(number) => (number.trim(), 0.01),
        None => (tail, 1.0),
    };
    let width = scale * number.parse::<f64>().map_err(|_| help())?;
    if 0.0 < width && width.is_finite() { Ok(width) } else { Err(help()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_read_in_per_cent_or_plain() {
        for (text, want) in
            [("accuracy ± 0.05 %", 0.0005), ("± 0.001", 0.001), ("0.5%", 0.005), ("+- 2e-3", 0.002)]
        {
            let got = width(text).expect(text);
            assert!((got / want - 1.0).abs() < 1e-12, "{text}: {got}");
        }
        for text in ["", "accuracy", "energy ± 0.1", "± 0 %", "± -1", "± nan", "± inf %"] {
            assert!(width(text).is_err(), "{text}");
        }
    }
}
