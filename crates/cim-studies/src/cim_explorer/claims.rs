//! The paper's claims, each beside what was found.

use cim_core::Ohms;
use cim_report::format::{percent, points, points_estimate, si};
use cim_report::{Bound, Comparison, Estimate, Verdict};
use cim_tile::mapping::Numbers;

use super::measured::{FEW_BITS, Finished, Measured, best_of};
use super::spec::Spec;

/// Points of MNIST accuracy over 10,000 images that a core measures in a second, at least.
const LEAST_RATE: f64 = 3.0;
/// What 3-bit converters may lose and still be said to suffice (fraction of images).
const SUFFICES: f64 = 0.01;
/// What 3-bit converters with placed thresholds may lose against ideal ones (fraction of images).
const PLACED: f64 = 0.003;

pub fn claims(spec: &Spec, measured: &Measured) -> Vec<Comparison> {
    let rate = measured.points_per_second / measured.threads.max(1) as f64;
    let rate = Comparison::new("points in a second, a thread", "–", format!("{rate:.1}"))
        .must("≥ 3", Bound::AtLeast(LEAST_RATE).of(rate));
    let mut rows = vec![rate];
    for (numbers, name) in [(Numbers::Binary, "binary"), (Numbers::Ternary, "ternary")] {
        let settings = with_spread(measured, numbers);
        rows.extend(pairs(measured, &settings, name));
        rows.extend(three_bits(measured, &settings, name));
        rows.extend(placed(measured, numbers, name));
        rows.extend(depends(&settings, name));
    }
    rows.extend(coarse(measured));
    rows.extend(
        spec.wired
            .pitches
            .iter()
            .zip(&measured.wired)
            .filter_map(|(pitch, wired)| wires(measured, pitch, wired)),
    );
    rows.extend(energy(measured));
    rows
}

/// A verdict by the mean; in doubt where the interval reaches across.
fn told(verdict: Verdict) -> &'static str {
    match (verdict.met, verdict.open) {
        (true, false) => "holds here",
        (true, true) => "holds here in the mean alone",
        (false, false) => "does not hold here",
        (false, true) => "does not hold here in the mean alone",
    }
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds here" } else { "does not hold here" }
}

/// Settings with cells that spread: without, pairs have nothing to be robust against.
fn with_spread(measured: &Measured, numbers: Numbers) -> Vec<Vec<&Finished>> {
    let mut settings = measured.settings(numbers);
    settings.retain(|setting| setting[0].point.design.spread > 0.0);
    settings
}

/// Mean over settings of what the best of some mappings loses.
fn mean_lost(
    measured: &Measured,
    settings: &[Vec<&Finished>],
    take: impl Fn(&Finished) -> bool,
) -> Option<f64> {
    let lost: Vec<f64> = settings
        .iter()
        .filter_map(|setting| best_of(setting, &take))
        .map(|finished| measured.lost(finished))
        .collect();
    if lost.is_empty() { None } else { Some(lost.iter().sum::<f64>() / lost.len() as f64) }
}

fn pairs(measured: &Measured, settings: &[Vec<&Finished>], name: &str) -> Option<Comparison> {
    let pairs = mean_lost(measured, settings, Finished::is_differential)?;
    let others = mean_lost(measured, settings, |finished| !finished.is_differential())?;
    let won = settings
        .iter()
        .filter(|setting| best_of(setting, |_| true).is_some_and(Finished::is_differential));
    let (won, all) = (won.count(), settings.len());
    let ours = format!(
        "{}: the best pair loses {} points, the best other {}, means over {all} settings; pairs are best in \
         {won}",
        verdict(pairs < others && all < 2 * won),
        points(pairs),
        points(others),
    );
    Some(Comparison::new(&format!("pairs most robust, {name}"), "usually", ours))
}

fn three_bits(measured: &Measured, settings: &[Vec<&Finished>], name: &str) -> Option<Comparison> {
    let best = |take: &dyn Fn(&Finished) -> bool| {
        let own = settings.iter().flatten().copied();
        let own: Vec<&Finished> =
            own.filter(|f| f.point.design.adc_bits == FEW_BITS && take(f)).collect();
        best_of(&own, |_| true)
    };
    let equal = best(&|finished| !finished.point.design.range.is_placed())?;
    let suffices = |finished: &Finished| {
        let Estimate { ci95, chips, .. } = finished.accuracy();
        let lost = Estimate { mean: measured.lost(finished), ci95, chips };
        told(Bound::AtMost(SUFFICES).of(lost))
    };
    let said = |finished: &Finished| {
        let (point, design) = (finished.point, finished.point.design);
        format!(
            "{} points lost by {} on {} rows, range {}, spread {}",
            points(measured.lost(finished)),
            point.low_bit.name,
            point.rows,
            design.range,
            si(design.spread_of(measured.window).0, "S"),
        )
    };
    let mut ours = format!("{} with equal steps: {}", suffices(equal), said(equal));
    if let Some(placed) = best(&|finished| finished.point.design.range.is_placed()) {
        let verdict = suffices(placed);
        ours += &format!("; {verdict} with placed thresholds: {}", said(placed));
    }
    let figure = format!("3 bits suffice (within a point), {name}");
    Some(Comparison::new(&figure, "can, for large networks", ours))
}

/// 3 bits with placed thresholds, against the best mapping with ideal converters.
fn placed(measured: &Measured, numbers: Numbers, name: &str) -> Option<Comparison> {
    let [placed, ideal] = measured.placed_and_ideal(numbers)?;
    let lost = Measured::paired(ideal, placed);
    let ours = format!(
        "{} points: {} on {} rows, {}, against {} on {} with ideal converters",
        points_estimate(&lost),
        placed.point.low_bit.name,
        placed.point.rows,
        placed.point.design.range,
        ideal.point.low_bit.name,
        ideal.point.rows,
    );
    let figure = format!("3 bits with placed thresholds below ideal converters, {name}");
    Some(Comparison::new(&figure, "–", ours).must("≤ 0.3 points", Bound::AtMost(PLACED).of(lost)))
}

fn depends(settings: &[Vec<&Finished>], name: &str) -> Option<Comparison> {
    let mut named: Vec<&str> = settings
        .iter()
        .filter_map(|setting| best_of(setting, |_| true))
        .map(|finished| finished.point.low_bit.name)
        .collect();
    named.sort_unstable();
    named.dedup();
    if named.is_empty() {
        return None;
    }
    let ours = format!("{}: {}", verdict(1 < named.len()), named.join(", "));
    let figure = format!("the best mapping depends on the setting, {name}");
    Some(Comparison::new(&figure, "yes", ours))
}

/// Which network bears coarse converters of equal steps better.
fn coarse(measured: &Measured) -> Option<Comparison> {
    let lost = |numbers| {
        let mut settings = measured.settings(numbers);
        settings.retain(|setting| {
            let design = setting[0].point.design;
            design.adc_bits <= 4 && !design.range.is_placed()
        });
        mean_lost(measured, &settings, |_| true)
    };
    let (binary, ternary) = (lost(Numbers::Binary)?, lost(Numbers::Ternary)?);
    // Which of the two loses less differs from seed to seed where they are within a point.
    let verdict = match ternary - binary {
        apart if apart.abs() < SUFFICES => "cannot be told here",
        apart => verdict(apart < 0.0),
    };
    let ours = format!(
        "{verdict}: best mappings lose {} points (ternary) and {} (binary) at up to 4 bits of equal steps",
        points(ternary),
        points(binary),
    );
    let figure = "ternary networks bear coarse converters better";
    Some(Comparison::new(figure, "yes (arXiv 2505.07490)", ours))
}

/// The best mapping of each network on wires of a pitch: which loses less.
fn wires(measured: &Measured, pitch: &Ohms, wired: &[Finished]) -> Option<Comparison> {
    let wired: Vec<&Finished> = wired.iter().collect();
    let best = |numbers| best_of(&wired, |finished| finished.point.low_bit.numbers == numbers);
    let (binary, ternary) = (best(Numbers::Binary)?, best(Numbers::Ternary)?);
    let (lost_binary, lost_ternary) = (measured.lost(binary), measured.lost(ternary));
    let verdict = match lost_ternary - lost_binary {
        apart if apart.abs() < SUFFICES => "cannot be told here",
        apart => verdict(apart < 0.0),
    };
    let ours = format!(
        "{verdict}: {} loses {} points, {} {}",
        ternary.point.low_bit.name,
        points(lost_ternary),
        binary.point.low_bit.name,
        points(lost_binary),
    );
    let figure = format!("ternary networks bear wires better, {pitch}");
    Some(Comparison::new(&figure, "yes (arXiv 2505.07490)", ours))
}

/// What the most accurate mapping of each network takes at the design.
fn energy(measured: &Measured) -> Option<Comparison> {
    let default: Vec<&Finished> = measured.default.iter().collect();
    let best = |numbers| best_of(&default, |finished| finished.point.low_bit.numbers == numbers);
    let (binary, ternary) = (best(Numbers::Binary)?, best(Numbers::Ternary)?);
    let more = ternary.right.energy_j / binary.right.energy_j - 1.0;
    let ours = format!(
        "{}: {} takes {} {} than {} ({} and {})",
        verdict(more > 0.0),
        ternary.point.low_bit.name,
        percent(more.abs()),
        if more > 0.0 { "more" } else { "less" },
        binary.point.low_bit.name,
        si(ternary.right.energy_j, "J"),
        si(binary.right.energy_j, "J"),
    );
    Some(Comparison::new(
        "ternary networks take more energy",
        "40 % less efficient (arXiv 2505.07490)",
        ours,
    ))
}
