//! Numbers as a reader wants them: per cent, points, SI prefixes, `µ` and `−`.

use crate::report::{Estimate, Shown};

/// A space at which no line breaks: a number stays with its unit.
const HARD: char = '\u{a0}';

/// `0.98213` as `98.21 %`.
pub fn percent(fraction: f64) -> String {
    minus(format!("{:.2}{HARD}%", 100.0 * fraction))
}

/// A mean and its interval as `97.32 ± 0.05 %`; one that two decimals would show as none has as many as its
/// interval allows.
pub fn percent_estimate(estimate: &Estimate) -> String {
    let Estimate { mean, ci95, chips } = *estimate;
    if 0.0 < mean.abs() && mean.abs().max(ci95) < LEAST_PERCENT {
        let percent = Estimate { mean: 100.0 * mean, ci95: 100.0 * ci95, chips };
        return format!("{}{HARD}%", number_estimate(&percent));
    }
    minus(format!("{:.2}{HARD}±{HARD}{:.2}{HARD}%", 100.0 * estimate.mean, 100.0 * estimate.ci95))
}

/// What is below is not shown by two decimals of a per cent.
const LEAST_PERCENT: f64 = 5e-5;

/// A difference of fractions in percentage points, signed: `−0.31`.
pub fn points(difference: f64) -> String {
    minus(format!("{:+.2}", 100.0 * difference))
}

/// A difference and its interval in percentage points: `−0.31 ± 0.05`.
pub fn points_estimate(estimate: &Estimate) -> String {
    format!("{}{HARD}±{HARD}{:.2}", points(estimate.mean), 100.0 * estimate.ci95)
}

/// Prefixes of SI units, largest first.
const PREFIXES: [(f64, &str); 11] = [
    (1e12, "T"),
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
    (1e-12, "p"),
    (1e-15, "f"),
    (1e-18, "a"),
];

/// The prefix with which a size reads well, if there is one.
///
/// Three digits decide, so that 999.9 nS becomes 1.00 µS and not 1000 nS.
fn prefix(size: f64) -> Option<(f64, &'static str)> {
    let found = PREFIXES.into_iter().find(|(scale, _)| size / scale >= 0.9995);
    found.filter(|(scale, _)| size / scale < 1e4)
}

/// `1.234e-6` with `S` as `1.23 µS`: three digits and an SI prefix.
pub fn si(value: f64, unit: &str) -> String {
    if value == 0.0 {
        return format!("0{HARD}{unit}");
    }
    match prefix(value.abs()) {
        Some((scale, prefix)) => format!("{}{HARD}{prefix}{unit}", three_digits(value / scale)),
        None => format!("{}{HARD}{unit}", scientific(value)),
    }
}

/// A quantity and its interval with one prefix: `9.81 ± 0.12 nJ`.
pub fn si_estimate(estimate: &Estimate, unit: &str) -> String {
    let Estimate { mean, ci95, chips } = *estimate;
    match prefix(mean.abs().max(ci95)) {
        Some((scale, prefix)) if chips > 1 && ci95 > 0.0 => {
            let scaled = Estimate { mean: mean / scale, ci95: ci95 / scale, chips };
            format!("{}{HARD}{prefix}{unit}", number_estimate(&scaled))
        }
        _ => si(mean, unit),
    }
}

/// `1e-8` with `J` as `10 nJ`: a round value, as at the tick of an axis.
pub fn whole_si(value: f64, unit: &str) -> String {
    let text = si(value, unit);
    let Some((digits, rest)) = text.split_once(HARD) else { return text };
    if !digits.contains('.') {
        return text;
    }
    format!("{}{HARD}{rest}", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// A mean, with its interval if there is one, shown as asked.
pub fn shown(estimate: &Estimate, shown: &Shown) -> String {
    match (shown, estimate.chips > 1) {
        (Shown::Number, _) => number_estimate(estimate),
        (Shown::Percent, true) => percent_estimate(estimate),
        (Shown::Percent, false) => percent(estimate.mean),
        (Shown::Points, true) => points_estimate(estimate),
        (Shown::Points, false) => points(estimate.mean),
        (Shown::Quantity(unit), _) => si_estimate(estimate, unit),
    }
}

/// Three significant digits without an exponent, for sizes of about 0.1 to 10,000.
pub fn three_digits(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        _ => 3,
    };
    minus(format!("{value:.decimals$}"))
}

/// `1.23e-9` as `1.23 × 10⁻⁹`.
pub fn scientific(value: f64) -> String {
    let text = format!("{value:.2e}");
    match text.split_once('e') {
        Some((_, "0")) | None => minus(text.trim_end_matches("e0").to_owned()),
        Some((digits, exponent)) => {
            minus(format!("{digits}{HARD}×{HARD}10{}", superscript(exponent)))
        }
    }
}

/// A factor such as `14.2×`.
pub fn times(ratio: f64) -> String {
    format!("{}×", three_digits(ratio))
}

/// Seconds as `4 min 05 s`, `12.3 s` or `350 ms`.
pub fn seconds(time_s: f64) -> String {
    if time_s >= 60.0 {
        let whole = time_s.round();
        format!("{:.0} min {:02.0} s", (whole / 60.0).floor(), whole % 60.0)
    } else {
        si(time_s, "s")
    }
}

/// `1234567` as `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Digits and sign of an exponent as superscripts.
pub fn superscript(exponent: &str) -> String {
    exponent
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            _ => c.to_digit(10).and_then(|d| char::from_u32(0x2070 + d)).unwrap_or(c),
        })
        .collect()
}

/// Any number: four significant digits, with a power of ten if it is far from 1.
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !plain(value.abs()) {
        return scientific(value);
    }
    let decimals = (3.0 - value.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.decimals$}");
    let short = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    minus(short.to_owned())
}

/// Any mean and its interval, which decides the digits: `0.9123 ± 0.0031`.
///
/// The mean alone if there is no interval to speak of.
pub fn number_estimate(estimate: &Estimate) -> String {
    let Estimate { mean, ci95, chips } = *estimate;
    if chips <= 1 || ci95 <= ROUNDING * mean.abs() {
        return number(mean);
    }
    if !plain(mean.abs().max(ci95)) {
        return format!("{}{HARD}±{HARD}{}", scientific(mean), scientific(ci95));
    }
    let decimals = (1.0 - ci95.log10().floor()).clamp(0.0, 9.0) as usize;
    minus(format!("{mean:.decimals$}{HARD}±{HARD}{ci95:.decimals$}"))
}

/// Spread over mean below which it is rounding.
const ROUNDING: f64 = 1e-9;

/// Whether a size reads well without an exponent.
fn plain(size: f64) -> bool {
    (1e-4..1e6).contains(&size)
}

/// `text` broken at plain spaces; no-break spaces hold unless a word is longer than a line, which is broken
/// there or, without one, anywhere.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let mut letters: Vec<char> = word.chars().collect();
        let used = lines.last().map_or(0, |line| line.chars().count());
        if used > 0 && used + 1 + letters.len() > width {
            lines.push(String::new());
        } else if used > 0
            && let Some(line) = lines.last_mut()
        {
            line.push(' ');
        }
        while letters.len() > width {
            let hard = letters[..=width].iter().rposition(|&letter| letter == HARD);
            let mut rest = letters.split_off(hard.filter(|&place| 0 < place).unwrap_or(width));
            rest.drain(..usize::from(rest[0] == HARD));
            if let Some(line) = lines.last_mut() {
                line.extend(letters);
            }
            lines.push(String::new());
            letters = rest;
        }
        if let Some(line) = lines.last_mut() {
            line.extend(letters);
        }
    }
    lines
}

/// `text` of at most `letters` letters; what is cut off leaves an ellipsis.
pub fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters.saturating_sub(1)).collect();
    kept.trim_end().to_owned() + "…"
}

fn minus(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// A table for a terminal: cells in columns, the first flush left, the others flush right. Lines have as many
/// cells as the first.
pub fn aligned<C: AsRef<str>>(lines: &[Vec<C>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width =
        |column: usize| lines.iter().map(|line| line[column].as_ref().chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let cell = cell.as_ref();
            let room = " ".repeat(width - cell.chars().count());
            if column == 0 { format!("{cell}{room}") } else { format!("{room}{cell}") }
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_decides_the_digits() {
        let text =
            |mean, ci95, chips| number_estimate(&Estimate { mean, ci95, chips }).replace(HARD, " ");
        assert_eq!(text(0.912_34, 0.003_12, 10), "0.9123 ± 0.0031");
        assert_eq!(text(-12.3, 4.0, 10), "−12.3 ± 4.0");
        assert_eq!(text(1234.5, 210.0, 10), "1234 ± 210");
        assert_eq!(text(2.13e-7, 1.1e-8, 10), "2.13 × 10⁻⁷ ± 1.10 × 10⁻⁸");
        assert_eq!(text(0.5, 0.1, 1), "0.5");
        assert_eq!(
            [0.0, 100.0, 0.035, -2.5e7].map(number),
            ["0", "100", "0.035", "−2.50\u{a0}×\u{a0}10⁷"]
        );
    }

    #[test]
    fn lines_break_at_plain_spaces_then_at_hard_ones_then_anywhere() {
        assert_eq!(wrapped("a bb ccc", 4), ["a bb", "ccc"]);
        assert_eq!(wrapped("0.895\u{a0}±\u{a0}0.028", 12), ["0.895\u{a0}±", "0.028"]);
        assert_eq!(wrapped("x 0.895\u{a0}±\u{a0}0.028", 13), ["x", "0.895\u{a0}±\u{a0}0.028"]);
        assert_eq!(wrapped("abcdefg", 3), ["abc", "def", "g"]);
    }

    #[test]
    fn a_small_share_has_the_digits_that_its_interval_allows() {
        let of =
            |mean, ci95| percent_estimate(&Estimate { mean, ci95, chips: 20 }).replace(HARD, " ");
        assert_eq!(of(0.9732, 0.0005), "97.32 ± 0.05 %");
        assert_eq!(of(0.0, 0.0), "0.00 ± 0.00 %");
        assert_eq!(of(1.153e-5, 7.2e-7), "0.001153 ± 0.000072 %");
        assert_eq!(of(1e-5, 1e-4), "0.00 ± 0.01 %");
    }

    #[test]
    fn what_has_no_spread_has_no_digits_of_it() {
        let of = |mean, ci95| number_estimate(&Estimate { mean, ci95, chips: 9 });
        assert_eq!(of(4.417_942_254, 0.0), "4.418");
        assert_eq!(of(4.26e-6, 6.4e-22), "4.26\u{a0}×\u{a0}10⁻⁶");
    }

    #[test]
    fn a_cut_text_ends_in_an_ellipsis() {
        assert_eq!(shortened("wires", 5), "wires");
        assert_eq!(shortened("long wires", 6), "long…");
    }
}
