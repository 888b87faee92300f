//! How shares grow with time in a law, and what they depend on.

use cim_core::Seconds;
use cim_device::models::{Growth, GrowthSpec};

use crate::knots::Knots;

/// How a share grows with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrowthKind {
    Power,
    Logarithm,
}

impl GrowthKind {
    /// The growth of logarithms of an exponent and of an onset (s); a power knows no onset.
    fn growth(self, exponent: f64, onset: f64) -> Growth {
        let exponent = libm::exp(exponent);
        match self {
            Self::Power => Growth::Power { exponent },
            Self::Logarithm => Growth::Logarithm { onset: Seconds(libm::exp(onset)), exponent },
        }
    }

    /// Whether it has an onset.
    pub(crate) fn has_onset(self) -> bool {
        self == Self::Logarithm
    }

    fn words(self) -> &'static str {
        match self {
            Self::Power => "a power of time",
            Self::Logarithm => "a power of the logarithm of time",
        }
    }
}

/// Growth whose exponents are fitted at knots, and whose onset is one for all.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Growing {
    pub kind: GrowthKind,
    pub knots: Knots,
}

/// Times that a law is of (s).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub from: f64,
    /// The last, at which all shares are 1.
    pub to: f64,
}

/// Share at a time, and what it depends on: logarithms of exponents, of the onset.
pub(crate) struct Share {
    pub value: f64,
    pub of_exponents: [(usize, f64); 2],
    pub of_onset: Option<(usize, f64)>,
}

impl Growing {
    /// Number of its parameters: exponents, then the onset if there is one.
    pub(crate) fn parameters(&self) -> usize {
        self.knots.len() + usize::from(self.kind.has_onset())
    }

    /// Where a fit begins.
    pub(crate) fn start(&self, span: Span) -> Vec<f64> {
        let exponent = if self.kind.has_onset() { 1.0 } else { 0.2 };
        let mut start = vec![libm::log(exponent); self.knots.len()];
        if self.kind.has_onset() {
            let [least, most] = Self::onsets(span);
            start.push(libm::log(1e-4 * span.to).clamp(least, most));
        }
        start
    }

    /// Where a fit begins that knows one of other knots.
    pub(crate) fn start_from(&self, other: &Self, theta: &[f64], span: Span) -> Vec<f64> {
        if self.kind != other.kind {
            return self.start(span);
        }
        let mut start: Vec<f64> =
            (0..self.knots.len()).map(|idx| other.knots.value(theta, self.knots.at(idx))).collect();
        start.extend(theta.get(other.knots.len()));
        start
    }

    /// Logarithms of the first and the last onset (s) that is told from a power of time, which is the
    /// limit on both sides: towards never, and towards at once with an exponent that rises.
    pub(crate) fn onsets(span: Span) -> [f64; 2] {
        [libm::log(1e-3 * span.from), libm::log(span.to)]
    }

    /// Growth at every knot, from its parameters.
    pub(crate) fn spec(&self, theta: &[f64], unit: f64) -> GrowthSpec {
        let onset = theta[theta.len() - 1];
        GrowthSpec {
            at: (0..self.knots.len()).map(|idx| self.knots.siemens(idx, unit)).collect(),
            growth: theta[..self.knots.len()].iter().map(|x| self.kind.growth(*x, onset)).collect(),
        }
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        match self.knots.len() {
            1 => self.kind.words().to_owned(),
            knots => format!("{} at {knots} knots", self.kind.words()),
        }
    }

    /// With numbers for its parameters.
    pub(crate) fn valued(&self, theta: &[f64], span: Span) -> Grown<'_> {
        let exponents: Vec<f64> =
            theta[..self.knots.len()].iter().map(|theta| libm::exp(*theta)).collect();
        let onset = libm::exp(theta[theta.len() - 1]);
        let whole = match self.kind {
            GrowthKind::Power => libm::log(span.to),
            GrowthKind::Logarithm => libm::log1p(span.to / onset),
        };
        Grown { growing: self, exponents, onset, whole, to: span.to }
    }
}

/// A growth with numbers.
pub(crate) struct Grown<'a> {
    growing: &'a Growing,
    exponents: Vec<f64>,
    onset: f64,
    /// Logarithm of the last time, or that of it over the onset.
    whole: f64,
    to: f64,
}

impl Grown<'_> {
    /// Share at a conductance, of a time (s) whose logarithm is at hand.
    pub(crate) fn share(&self, x: f64, elapsed: f64, ln_elapsed: f64) -> Share {
        let (base, slope) = self.base(elapsed, ln_elapsed);
        let around = self.growing.knots.around(x).map(|(idx, weight)| {
            let exponent = self.exponents[idx];
            let part = if weight == 0.0 { 0.0 } else { weight * libm::exp(base * exponent) };
            (idx, exponent, part)
        });
        let onset_slope: f64 = around.iter().map(|(_, exponent, part)| part * exponent).sum();
        let has_onset = self.growing.kind.has_onset();
        Share {
            value: around[0].2 + around[1].2,
            of_exponents: around.map(|(idx, exponent, part)| (idx, part * base * exponent)),
            of_onset: has_onset.then_some((self.exponents.len(), onset_slope * slope)),
        }
    }

    /// Logarithm of the share per unit of its exponent, and its slope in the logarithm of the onset.
    fn base(&self, elapsed: f64, ln_elapsed: f64) -> (f64, f64) {
        match self.growing.kind {
            GrowthKind::Power => (ln_elapsed - self.whole, 0.0),
            GrowthKind::Logarithm => {
                let of = |t: f64| t / self.onset;
                let now = libm::log1p(of(elapsed));
                let slope = |t: f64| -of(t) / (1.0 + of(t));
                let relative = slope(elapsed) / now - slope(self.to) / self.whole;
                (libm::log(now / self.whole), relative)
            }
        }
    }
}
