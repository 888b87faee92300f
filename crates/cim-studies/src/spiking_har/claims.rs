//! The published figures, and whether they hold here.

use cim_dynamics::spiking::Work;
use cim_report::format::{number, percent, points_estimate, times};
use cim_report::{Bound, Estimate, Verdict};

use super::measured::{ALIGNED, BP, DFA, Measured, Runs};
use super::ratios::{cost, energy_j, fixed_ratio, learning_energy_j, learning_s, ratio};
use super::spec::Spec;

/// Published: energy, time and area of feedback alignment over backpropagation, and points gained, each at best.
const ENERGY: f64 = 1.0 - 0.641;
const TIME: f64 = 1.0 / 2.1;
const AREA: f64 = 1.0 - 0.101;
const POINTS: f64 = 0.0755;

/// One published figure beside ours.
pub struct Claim {
    /// What it is.
    pub what: String,
    /// As published.
    pub paper: &'static str,
    /// Here, with its interval.
    pub here: String,
    /// Whether it holds here, by the interval.
    pub verdict: String,
    /// What decides it.
    pub why: String,
}

/// All that are published, in the order of the publication.
pub fn claims(spec: &Spec, measured: &Measured) -> Vec<Claim> {
    let mut all = vec![energy(spec, measured), time(spec, measured), area(spec, measured)];
    let states = [
        ("subject left out", &measured.fresh),
        ("subject left out, drifted array", &measured.drifted),
    ];
    for (state, runs) in states {
        for (matrices, way) in
            [("drawn matrices", DFA), ("matrices of the weights (ours)", ALIGNED)]
        {
            all.push(accuracy(state, runs, matrices, way));
        }
    }
    all
}

/// A ratio as what it adds: `−41.95 ± 0.05 %`.
pub fn change(ratio: &Estimate) -> String {
    let mean = format!("{:+.2}", 100.0 * (ratio.mean - 1.0)).replace('-', "−");
    if ratio.chips > 1 {
        format!("{mean} ± {:.2} %", 100.0 * ratio.ci95)
    } else {
        format!("{mean} %")
    }
}

/// Whether a bound holds, and if not, what is told instead: that a difference is below or above nothing.
fn verdict(bound: Bound, figure: Estimate, nothing: f64, [below, above]: [&str; 2]) -> String {
    let instead = if figure.mean + figure.ci95 < nothing {
        below
    } else if nothing < figure.mean - figure.ci95 {
        above
    } else {
        "no difference is told"
    };
    match bound.of(figure) {
        Verdict { met: true, open: false } => "holds".to_owned(),
        Verdict { met: true, open: true } => "holds by the mean alone".to_owned(),
        Verdict { met: false, open: false } => format!("does not hold: {instead}"),
        Verdict { met: false, open: true } => format!("does not hold by the mean: {instead}"),
    }
}

const SAVES: [&str; 2] = ["it saves less", "it takes more"];

fn energy(spec: &Spec, measured: &Measured) -> Claim {
    let whole = |work: &Work| energy_j(work, &spec.prices);
    let behind = |work: &Work| learning_energy_j(work, &spec.prices);
    let (found, learning) = (ratio(measured, DFA, whole), ratio(measured, DFA, behind));
    let forward = 1.0 - cost(measured, BP, behind).mean / cost(measured, BP, whole).mean;
    Claim {
        what: "energy of a window".to_owned(),
        paper: "−64.1 %",
        here: change(&found),
        verdict: verdict(Bound::AtMost(ENERGY), found, 1.0, SAVES),
        why: format!(
            "the forward pass, alike in both, is {} of backpropagation's energy, which no rule saves; of the rest \
             {}",
            percent(forward),
            change(&learning)
        ),
    }
}

fn time(spec: &Spec, measured: &Measured) -> Claim {
    let whole = |work: &Work| work.latency(&spec.prices).whole().0;
    let behind = |work: &Work| learning_s(work, &spec.prices);
    let (found, learning) = (ratio(measured, DFA, whole), ratio(measured, DFA, behind));
    let forward = 1.0 - cost(measured, BP, behind).mean / cost(measured, BP, whole).mean;
    Claim {
        what: "time of a window".to_owned(),
        paper: "−52.4 % (2.1×)",
        here: format!("{} ({})", change(&found), times(1.0 / found.mean)),
        verdict: verdict(Bound::AtMost(TIME), found, 1.0, SAVES),
        why: format!(
            "the forward pass is {} of backpropagation's time: no rule is more than {} as fast; of the rest {}",
            percent(forward),
            times(1.0 / forward),
            change(&learning)
        ),
    }
}

fn area(spec: &Spec, measured: &Measured) -> Claim {
    let prices = &spec.prices;
    let found = fixed_ratio(measured, DFA, |work| work.area_um2(prices));
    let [by_part, whole] =
        [0, 1].map(|k| fixed_ratio(measured, DFA, |work| work.tiled_area_um2(prices)[k]));
    let of = |value: &dyn Fn(&Work) -> f64, way| cost(measured, way, value).mean;
    let parts = [BP, DFA].map(|way| of(&|work| work.parts as f64, way));
    let two_sided = of(&|work| work.two_sided_parts as f64, BP);
    // Drivers that would make the saving the published one.
    let areas = [BP, DFA].map(|way| of(&|work| work.area_um2(prices), way));
    let needed = prices.drivers_um2 + (areas[1] / AREA - areas[0]) / two_sided;
    Claim {
        what: "area".to_owned(),
        paper: "−10.1 %",
        here: change(&found),
        verdict: verdict(Bound::AtMost(AREA), found, 1.0, SAVES),
        why: format!(
            "matrices of feedback add {} parts to {}, column drivers of {two_sided} are saved: the published figure \
             needs drivers of {} µm² a part, priced are {}. With H-tree, shift and subtract of SpikeSim's tiles {} \
             by the part, {} if whole tiles are built, whose empty parts the matrices fill",
            parts[1] - parts[0],
            parts[0],
            number(needed.round()),
            number(prices.drivers_um2),
            change(&by_part),
            change(&whole)
        ),
    }
}

fn accuracy(state: &str, runs: &Runs, matrices: &str, way: usize) -> Claim {
    let gain = runs.gain(way, BP);
    Claim {
        what: format!("accuracy over backpropagation, {state}, {matrices}"),
        paper: "up to +7.55 points",
        here: format!("{} points", points_estimate(&gain)),
        verdict: verdict(Bound::AtLeast(POINTS), gain, 0.0, ["it loses", "it gains less"]),
        why: format!(
            "over doing nothing {}, backpropagation {}",
            points_estimate(&runs.gain_over_nothing(way)),
            points_estimate(&runs.gain_over_nothing(BP))
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_that_of_the_interval() {
        let of = |mean: f64, ci95: f64| {
            let figure = Estimate { mean, ci95, chips: 5 };
            verdict(Bound::AtMost(0.5), figure, 1.0, SAVES)
        };
        assert_eq!(of(0.4, 0.05), "holds");
        assert_eq!(of(0.4, 0.2), "holds by the mean alone");
        assert_eq!(of(0.6, 0.05), "does not hold: it saves less");
        assert_eq!(of(0.6, 0.2), "does not hold by the mean: it saves less");
        assert_eq!(of(0.9, 0.2), "does not hold: no difference is told");
        assert_eq!(of(1.2, 0.1), "does not hold: it takes more");
    }

    #[test]
    fn a_ratio_without_chance_has_no_interval() {
        assert_eq!(change(&Estimate { mean: 0.5805, ci95: 0.0012, chips: 5 }), "−41.95 ± 0.12 %");
        assert_eq!(change(&Estimate::exact(1.13)), "+13.00 %");
    }
}
