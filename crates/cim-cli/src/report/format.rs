//! Numbers as a reader wants them: per cent, points, SI prefixes.

use super::model::{Design, Estimate};

/// A space at which no line breaks: a number stays with its unit.
const HARD: char = '\u{a0}';

/// `0.98213` as `98.21 %`.
pub fn percent(fraction: f64) -> String {
    minus(format!("{:.2}{HARD}%", 100.0 * fraction))
}

/// A mean and its interval as `97.32 ± 0.05 %`.
pub fn percent_estimate(estimate: &Estimate) -> String {
    format!("{:.2}{HARD}±{HARD}{:.2}{HARD}%", 100.0 * estimate.mean, 100.0 * estimate.ci95)
}

/// A difference of fractions in percentage points, signed: `−0.31`.
pub fn points(difference: f64) -> String {
    minus(format!("{:+.2}", 100.0 * difference))
}

/// A difference and its interval in percentage points: `−0.31 ± 0.05`.
pub fn points_estimate(estimate: &Estimate) -> String {
    format!("{}{HARD}±{HARD}{:.2}", points(estimate.mean), 100.0 * estimate.ci95)
}

/// `1.234e-6` with `S` as `1.23 µS`: three digits and an SI prefix.
pub fn si(value: f64, unit: &str) -> String {
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
    let size = value.abs();
    if size == 0.0 {
        return format!("0{HARD}{unit}");
    }
    // Three digits decide the prefix, so that 999.9 nS becomes 1.00 µS and not 1000 nS.
    let found = PREFIXES.iter().find(|(scale, _)| size / scale >= 0.9995);
    match found {
        Some((scale, prefix)) if size / scale < 1e4 => {
            minus(format!("{}{HARD}{prefix}{unit}", three_digits(value / scale)))
        }
        _ => format!("{}{HARD}{unit}", scientific(value)),
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

/// Name of a variant as a reader wants it.
pub fn variant_label(name: &str) -> &str {
    match name {
        "full_scale" => "full scale",
        "window_full_scale" => "window + full scale",
        "relu" => "noise-aware ReLU",
        "noise" => "noise injection",
        "full" => "full method",
        other => other,
    }
}

/// Name of a design as a reader wants it.
pub fn design_label(design: Design) -> &'static str {
    match design {
        Design::Naive => "naive",
        Design::Full => "full method",
        Design::DigitalMacOnly => "digital, MAC only",
        Design::DigitalSram8Kb => "digital, 8 KB SRAM",
        Design::DigitalSram1Mb => "digital, 1 MB SRAM",
    }
}

fn minus(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}
