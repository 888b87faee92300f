//! Synaptogen against its reference statistics.

use cim_core::Stream;
use cim_device::SynaptogenSpec;
use cim_device::models::synaptogen::{Feature, SynaptogenCells};
use cim_tests::statistics::Sample;
use ndarray::Array2;

/// Cycles that are looked at, and cycles before them in which the latent process, which starts
/// from an empty past, fills its memory. The reference does not say how many it left out; with none
/// its autocorrelations are missed by 0.01, with ten they are exceeded by as much.
const CYCLES: usize = 60;
const BEFORE: usize = 5;
/// An odd number, for medians.
const ARRAYS: u64 = 11;

const FEATURES: [Feature; 4] =
    [Feature::HighResistance, Feature::SetVoltage, Feature::LowResistance, Feature::ResetVoltage];

fn cells(at: Stream) -> SynaptogenCells {
    SynaptogenSpec::PUBLISHED.build().expect("the published model").cells(200, 100, at)
}

/// Features of an array over its full cycles of ±1.5 V.
fn history(at: Stream) -> [Vec<Array2<f64>>; 4] {
    let mut cells = cells(at);
    let mut of: [Vec<Array2<f64>>; 4] = Default::default();
    for cycle in 0..BEFORE + CYCLES {
        if BEFORE <= cycle {
            for (history, feature) in of.iter_mut().zip(FEATURES) {
                history.push(cells.feature(feature));
            }
        }
        cells.pulse_all(-1.5);
        cells.pulse_all(1.5);
    }
    of
}

/// What the reference states of one feature: percentiles 5, 50 and 95, spread between cells (of the
/// cells' means) and within (mean of the cells' own), autocorrelations at lags 1, 5 and 10 (of log10
/// for the high resistance); in kΩ, V, Ω and V.
struct Reference {
    percentiles: [f64; 3],
    between: f64,
    within: f64,
    correlations: [f64; 3],
    /// Unit, and half of the last printed digit of percentiles and median, and of the two spreads.
    unit: f64,
    half_digits: [f64; 5],
}

const REFERENCE: [Reference; 4] = [
    Reference {
        percentiles: [35.8, 75.3, 161.0],
        between: 19.2,
        within: 43.3,
        correlations: [0.07, 0.04, 0.03],
        unit: 1e3,
        half_digits: [0.05, 0.05, 0.5, 0.05, 0.05],
    },
    Reference {
        percentiles: [-0.817, -0.668, -0.577],
        between: 0.048,
        within: 0.061,
        correlations: [0.11, 0.07, 0.05],
        unit: 1.0,
        half_digits: [0.0005; 5],
    },
    Reference {
        percentiles: [4.17e3, 4.52e3, 4.99e3],
        between: 203.0,
        within: 148.0,
        correlations: [0.28, 0.16, 0.10],
        unit: 1.0,
        half_digits: [5.0, 5.0, 5.0, 0.5, 0.5],
    },
    Reference {
        percentiles: [0.663, 0.731, 0.815],
        between: 0.035,
        within: 0.033,
        correlations: [0.14, 0.10, 0.08],
        unit: 1.0,
        half_digits: [0.0005; 5],
    },
];

/// The reference's tolerance, around any number that prints as the target.
fn assert_near(what: &str, got: f64, target: f64, half_digit: f64) {
    let allowed = 0.02 * target.abs() + half_digit;
    assert!((got - target).abs() <= allowed, "{what}: {got}, {target} ± {allowed} wanted");
}

/// What one array of cells shows of one feature.
#[derive(Clone, Copy)]
struct Shown {
    percentiles: [f64; 3],
    between: f64,
    /// Of the cells that cycle to the end.
    between_cycling: f64,
    within: f64,
    correlations: [f64; 3],
}

/// A feature over cycles, less the mean of every cell over its cycles, and those means.
fn centred(history: &[Array2<f64>]) -> (Array2<f64>, Vec<Array2<f64>>) {
    let n = history.len() as f64;
    let mean = history.iter().fold(Array2::zeros(history[0].dim()), |sum, x| sum + x) / n;
    let left = history.iter().map(|x| x - &mean).collect();
    (mean, left)
}

/// Mean over cells and cycles of the product of two centred features, `lag` cycles apart.
fn product(later: &[Array2<f64>], earlier: &[Array2<f64>], lag: usize) -> f64 {
    let pairs = later[lag..].iter().zip(earlier);
    let n = ((later.len() - lag) * later[0].len()) as f64;
    pairs.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>()).sum::<f64>() / n
}

fn correlation(a: &[Array2<f64>], b: &[Array2<f64>], lag: usize) -> f64 {
    product(a, b, lag) / (product(a, a, 0) * product(b, b, 0)).sqrt()
}

fn shown(history: &[Array2<f64>], correlated: &[Array2<f64>]) -> Shown {
    let mut all: Vec<f64> = history.iter().flatten().copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    let (mean, left) = centred(history);
    let power = left.iter().fold(Array2::zeros(mean.dim()), |sum: Array2<f64>, x| sum + x * x);
    let own = power.mapv(|power: f64| (power / CYCLES as f64).sqrt());
    let [.., before, last] = history else { panic!("two cycles") };
    let cycling = mean.iter().zip(before.iter().zip(last)).filter(|(_, (a, b))| a != b);
    let cycling = cycling.map(|(mean, _)| *mean);
    Shown {
        percentiles: [0.05, 0.5, 0.95].map(|p| all[(p * (all.len() - 1) as f64).round() as usize]),
        between: Sample::of(mean.iter().copied()).variance.sqrt(),
        between_cycling: Sample::of(cycling).variance.sqrt(),
        within: own.sum() / own.len() as f64,
        correlations: [1, 5, 10].map(|lag| correlation(correlated, correlated, lag)),
    }
}

/// Median of an odd number of values.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Eleven arrays of 20,000 cells, as many as the reference has, against its numbers ±2 %.
///
/// Three of the numbers are not a matter of 2 %: quantile maps of degree 4 give rare cells a high
/// resistance of megaohms, and rare cells a set voltage beyond −1.5 V, at which they stay for ever
/// after. Both carry much of the spread between cells of the array they are in (18.5 to 66 kΩ, 45
/// to 49 mV), and the latter of the autocorrelation of the set voltage. Of a law that was the
/// reference's it would lie outside of eleven arrays in one case of six; it is inside.
#[test]
fn cycling_has_the_published_statistics() {
    let mut arrays: [Vec<Shown>; 4] = Default::default();
    let mut correlations: Vec<[f64; 6]> = Vec::new();
    for array in 0..ARRAYS {
        let history = history(Stream::root(31).child("array", array));
        let mut correlated = history.each_ref().map(|history| centred(history).1);
        let logarithms: Vec<Array2<f64>> = history[0].iter().map(|x| x.mapv(f64::log10)).collect();
        correlated[0] = centred(&logarithms).1;
        for k in 0..4 {
            arrays[k].push(shown(&history[k], &correlated[k]));
        }
        let pairs = [(0, 1), (2, 3), (0, 2), (0, 3), (1, 2), (1, 3)];
        correlations.push(pairs.map(|(a, b)| correlation(&correlated[a], &correlated[b], 0)));
    }
    for ((feature, arrays), want) in FEATURES.iter().zip(&arrays).zip(&REFERENCE) {
        let name = |what: &str| format!("{feature:?}, {what}");
        let tail = matches!(feature, Feature::HighResistance | Feature::SetVoltage);
        for (k, percentile) in ["percentile 5", "median", "percentile 95"].into_iter().enumerate() {
            let got = median(arrays.iter().map(|a| a.percentiles[k])) / want.unit;
            assert_near(&name(percentile), got, want.percentiles[k], want.half_digits[k]);
        }
        let got = median(arrays.iter().map(|a| a.within)) / want.unit;
        assert_near(&name("spread within cells"), got, want.within, want.half_digits[4]);
        let between = |a: &Shown| a.between / want.unit;
        if tail {
            assert_inside(&name("spread between cells"), arrays, between, want.between);
            // Without the cells that stay: the reference has a figure of its own for the voltage.
            let cycling = median(arrays.iter().map(|a| a.between_cycling)) / want.unit;
            let set_voltage = *feature == Feature::SetVoltage;
            let target = if set_voltage { 0.044 } else { want.between };
            assert_near(
                &name("spread between cycling cells"),
                cycling,
                target,
                want.half_digits[3],
            );
        } else {
            let got = median(arrays.iter().map(between));
            assert_near(&name("spread between cells"), got, want.between, want.half_digits[3]);
        }
        for (k, lag) in [1, 5, 10].into_iter().enumerate() {
            let what = name(&format!("autocorrelation at lag {lag}"));
            let of = |a: &Shown| a.correlations[k];
            if *feature == Feature::SetVoltage {
                assert_inside(&what, arrays, of, want.correlations[k]);
            } else {
                assert_near(&what, median(arrays.iter().map(of)), want.correlations[k], 0.005);
            }
        }
    }
    let pair = |k: usize| median(correlations.iter().map(|c| c[k]));
    assert_near("log HRS with U_S", pair(0), -0.215, 0.0005);
    assert_near("LRS with U_R", pair(1), 0.10, 0.005);
    for k in 2..6 {
        assert!(pair(k).abs() <= 0.04, "pair {k}: {}", pair(k));
    }
}

/// Some number that prints as the target lies between the smallest and the largest of the arrays.
fn assert_inside(what: &str, arrays: &[Shown], of: impl Fn(&Shown) -> f64, target: f64) {
    let low = arrays.iter().map(&of).fold(f64::INFINITY, f64::min);
    let high = arrays.iter().map(&of).fold(f64::NEG_INFINITY, f64::max);
    let half_digit =
        if target < 1.0 && target > 0.045 && what.contains("auto") { 0.005 } else { 0.0005 };
    assert!(
        low - half_digit <= target && target <= high + half_digit,
        "{what}: {target} is not among {low} to {high}"
    );
}

#[test]
fn both_states_conduct_as_published() {
    let mut cells = cells(Stream::root(32));
    cells.pulse_all(-2.0);
    for (u_v, mean_ua, half_digit) in [(0.6, 136.9, 0.05), (0.2, 44.2, 0.05)] {
        let i_ua = cells.currents(u_v).mapv(|i| 1e6 * i);
        let sample = Sample::of(i_ua.iter().copied());
        assert_near("current after set", sample.mean, mean_ua, half_digit);
        if u_v == 0.6 {
            assert_near("its spread", sample.variance.sqrt(), 6.8, 0.05);
        }
    }
    cells.pulse_all(2.0);
    for (u_v, mean_ua, half_digit) in [(0.6, 11.0, 0.05), (0.2, 2.9, 0.05)] {
        let mean = cells.currents(u_v).mean().expect("cells") * 1e6;
        assert_near("current after reset", mean, mean_ua, half_digit);
    }
}

/// Shares of cells that set, the ones at −1.5 V after 60 cycles of that amplitude. They are counts of 20,000
/// cells in the reference and of 100,000 here: five standard deviations of the two, and half a
/// digit.
#[test]
fn cells_fail_to_set_as_often_as_published() {
    for (amplitude, cycles, want, half_digit) in
        [(1.0, 0, 0.996_f64, 5e-4), (1.5, CYCLES, 0.9994, 5e-5), (2.0, 0, 1.0, 0.0)]
    {
        let model = SynaptogenSpec::PUBLISHED.build().expect("the published model");
        let mut cells = model.cells(1000, 100, Stream::root(33));
        for _ in 0..cycles {
            cells.pulse_all(-amplitude);
            cells.pulse_all(amplitude);
        }
        let share = cells.pulse_all(-amplitude).set as f64 / 100_000.0;
        let error = (want * (1.0 - want) * (1.0 / 20_000.0 + 1.0 / 100_000.0)).sqrt();
        let off = (share - want).abs();
        assert!(off <= 5.0 * error + half_digit, "{share} set at −{amplitude} V, {want} wanted");
    }
}

/// A cell's draws belong to its cycle: pulsing it later, or in company, changes nothing.
#[test]
fn a_cell_does_not_depend_on_when_its_neighbours_cycle() {
    let model = SynaptogenSpec::PUBLISHED.build().expect("the published model");
    let mut together = model.cells(3, 8, Stream::root(34));
    let mut apart = together.clone();
    for _ in 0..14 {
        together.pulse_all(-2.0);
        together.pulse_all(1.0);
        together.pulse_all(2.0);
    }
    // One column after the other, half of the cycles first: rows then hold cells of many cycles.
    for round in 0..2 {
        for col in 0..8 {
            for _ in 0..7 {
                for volt in [-2.0, 1.0, 2.0] {
                    let volts = Array2::from_shape_fn((3, 8), |(_, c)| {
                        if c == (col + round) % 8 { volt } else { 0.0 }
                    });
                    apart.pulse(volts.view()).expect("one voltage per cell");
                }
            }
        }
    }
    assert_eq!(together.cycles(), apart.cycles());
    for feature in FEATURES {
        assert_eq!(together.feature(feature), apart.feature(feature), "{feature:?}");
    }
    assert_eq!(together.states(), apart.states());
}

#[test]
fn partial_resets_raise_the_resistance_step_by_step_up_to_the_full_one() {
    let mut cells = cells(Stream::root(35));
    cells.pulse_all(-2.0);
    let mut last = cells.conductances();
    for step in 0..8 {
        let volt = 0.66 + 0.1 * f64::from(step);
        let before = cells.states();
        cells.pulse_all(volt);
        cells.pulse_all(volt - 0.05);
        assert_eq!(cells.pulse_all(volt).reset, 0, "the same voltage does nothing more");
        let now = cells.conductances();
        // A full reset ends in the state at which the partial ones aim; some cells rise in between,
        // as the curve is one of current and not of conductance.
        let falls = now.iter().zip(&last).filter(|(now, last)| now <= last).count();
        assert!(falls as f64 >= 0.99 * now.len() as f64, "{falls} at {volt} V");
        assert!(step == 0 || cells.states() != before, "{volt} V");
        last = now;
    }
    cells.pulse_all(1.459_999_9);
    let almost = cells.conductances();
    cells.pulse_all(1.46);
    for (a, b) in almost.iter().zip(&cells.conductances()) {
        // A tenth of a microvolt moves the state by far less than a millionth of its range.
        assert!((a - b).abs() < 1e-6 * 300e-6, "{a} and {b}");
    }
}

#[test]
fn reads_do_not_disturb_and_have_their_stated_noise() {
    let cells = cells(Stream::root(36));
    let model = SynaptogenSpec::PUBLISHED.build().expect("the published model");
    let volts = Array2::from_elem(cells.shape(), 0.2);
    let clean = cells.currents(0.2);
    assert_eq!(cells.currents_at(volts.view()).as_ref(), Ok(&clean));
    let mut scores = Vec::new();
    for call in 0..50 {
        let read = cells.read(volts.view(), Stream::root(37).child("read", call)).expect("shape");
        scores.extend(read.iter().zip(&clean).map(|(read, clean)| {
            (read - clean) / model.read_variance_a2(*clean, clean / 0.2).sqrt()
        }));
    }
    crate::noise::assert_standard_normal("Synaptogen read", &scores);
    let error = cells.read(Array2::zeros((1, 2)).view(), Stream::root(1)).expect_err("a shape");
    assert!(error.to_string().contains("1 × 2"), "{error}");
}
