//! What the study reports.

use std::collections::BTreeMap;

use cim_report::format::{percent, times};
use cim_report::{Bound, Comparison, Estimate, Figure, Headline, Report, Shown};

use super::data::ImageSets;
use super::measured::{Cost, Measured};
use super::ratios::{SOLVERS, nearer, plain, speedup, with_digits};
use super::spec::Spec;
use super::{charts, tables};
use crate::shared::estimates::estimate;
use crate::shared::notes::unsimulated;

const EXACT: usize = 0;
const SCAN: usize = 1;
const GRID: usize = 2;
const BESIDE: usize = 3;

pub fn report(spec: &Spec, sets: &ImageSets, measured: &Measured) -> Report {
    let lost: usize = measured.errors.iter().map(|errors| errors.lost).sum();
    let counts = BTreeMap::from([
        ("spikes lost or made by the grid".to_owned(), lost as u64),
        (
            "neurons that fire by circuit or physical model only".to_owned(),
            measured.integrated.counts[1] as u64,
        ),
        (
            "test images without an answer".to_owned(),
            measured.network.tested.last().map_or(0, |(_, score)| score.silent as u64),
        ),
    ]);
    Report {
        title: "Membranes trained through their own equations".to_owned(),
        lead: lead(spec, sets, measured),
        headlines: headlines(spec, sets, measured),
        comparison: comparison(spec, sets, measured),
        figures: figures(sets, measured),
        charts: charts::all(spec, sets, measured),
        tables: tables::all(spec, sets, measured),
        means_over: "layers or repeats".to_owned(),
        counts,
        notes: notes(spec, sets, measured),
        ..Report::default()
    }
}

fn memory(cost: &Cost, over: usize, by: usize) -> f64 {
    cost.bytes[over] as f64 / cost.bytes[by].max(1) as f64
}

fn at_ten(measured: &Measured) -> Estimate {
    let ten = measured.errors.iter().find(|errors| errors.per_window == 10);
    estimate(&ten.expect("checked: 10 is among them").mean)
}

/// How many times the error falls a doubling from 10 intervals on.
fn falls(measured: &Measured) -> Option<f64> {
    let mean = |per_window| {
        let found = measured.errors.iter().find(|errors| errors.per_window == per_window)?;
        Some(estimate(&found.mean).mean)
    };
    Some(mean(10)? / mean(20)?)
}

fn accuracy(measured: &Measured) -> f64 {
    measured.network.tested.last().map_or(0.0, |(_, score)| score.accuracy())
}

fn most(measured: &Measured) -> &Cost {
    measured.costs.last().expect("checked: not empty")
}

fn figures(sets: &ImageSets, measured: &Measured) -> BTreeMap<String, Figure> {
    let mut figures = BTreeMap::new();
    let mut add = |name: String, label: String, shown: Shown, value: Estimate| {
        figures.insert(name, Figure::new(label, shown, value));
    };
    for errors in &measured.errors {
        let label = format!("spike-time error of the grid at M = {}, windows", errors.per_window);
        let name = format!("spike_time_error_m{}", errors.per_window);
        add(name, label, Shown::Number, estimate(&errors.mean));
    }
    let found = &measured.integrated;
    let label = "distance of the ideal model from the circuit over the physical model's, ";
    let ratio = nearer(found, &found.physical);
    add("discrepancy_ratio_rk4".into(), format!("{label}Runge–Kutta"), Shown::Number, ratio);
    let ratio = nearer(found, &found.rails);
    let rails = format!("the same with rails alone, {}", "Runge–Kutta");
    add("discrepancy_ratio_rails_rk4".into(), rails, Shown::Number, ratio);
    let ratio = nearer(found, &found.equivalent);
    let label_equivalent = "the same with the circuit's own rails, ";
    let words = format!("{label_equivalent}Runge–Kutta");
    add("discrepancy_ratio_equivalent_rk4".into(), words, Shown::Number, ratio);
    if let Some(found) = &measured.simulated {
        let ratio = nearer(found, &found.physical);
        add("discrepancy_ratio_ngspice".into(), format!("{label}ngspice"), Shown::Number, ratio);
        let ratio = nearer(found, &found.equivalent);
        let words = format!("{label_equivalent}ngspice");
        add("discrepancy_ratio_equivalent_ngspice".into(), words, Shown::Number, ratio);
    }
    for cost in &measured.costs {
        let n = cost.inputs;
        let mut speed = |key: &str, over: usize, by: usize| {
            let label = format!("{} inputs, time of {} over {}", n, SOLVERS[over], SOLVERS[by]);
            add(format!("{key}_{n}"), label, Shown::Number, speedup(cost, over, by));
        };
        speed("speedup", EXACT, BESIDE);
        speed("speedup_alone", EXACT, GRID);
        speed("speedup_over_scan", SCAN, BESIDE);
        let mut bytes = |key: &str, over: usize, by: usize| {
            let label = format!("{n} inputs, memory of {} over {}", SOLVERS[over], SOLVERS[by]);
            let ratio = Estimate::exact(memory(cost, over, by));
            add(format!("{key}_{n}"), label, Shown::Number, ratio);
        };
        bytes("memory_ratio", EXACT, BESIDE);
        bytes("memory_ratio_alone", EXACT, GRID);
        bytes("memory_ratio_over_scan", SCAN, BESIDE);
    }
    let label = format!("{}, test set, M as in the headline", sets.name);
    let reached = Estimate::exact(accuracy(measured));
    add(format!("accuracy_{}", sets.key), label, Shown::Percent, reached);
    for at in &measured.ideal_at {
        let name = at.thresholds.to_string().replace('.', "p");
        for (key, words, value) in [
            ("ideal", "trained ideal, run with rails", at.ideal),
            ("physical", "trained with rails", at.physical),
        ] {
            let label = format!("rails at {} thresholds, {words}", at.thresholds);
            let accuracy = Estimate::exact(value.accuracy());
            add(format!("rails_{key}_{name}"), label, Shown::Percent, accuracy);
        }
    }
    figures
}

fn comparison(spec: &Spec, sets: &ImageSets, measured: &Measured) -> Vec<Comparison> {
    let cost = most(measured);
    let n = cost.inputs;
    let (fast, bytes) = (speedup(cost, EXACT, BESIDE), memory(cost, EXACT, BESIDE));
    let mut rows = vec![
        Comparison::new(
            &format!("time, exact over grid, {n} inputs, {} samples", spec.cost.batch),
            "up to 20×",
            format!("{} ×", plain(fast)),
        )
        .must("≥ 20×", Bound::AtLeast(20.0).of(fast)),
        Comparison::new(
            &format!("the same, one sample, {n} inputs"),
            "up to 20×",
            format!("{} ×", plain(speedup(cost, EXACT, GRID))),
        )
        .must("≥ 20×", Bound::AtLeast(20.0).of(speedup(cost, EXACT, GRID))),
        Comparison::new(
            &format!("time, scan over grid, {n} inputs"),
            "–",
            format!("{} ×", plain(speedup(cost, SCAN, BESIDE))),
        ),
        Comparison::new(
            &format!("memory, exact over grid, {n} inputs, {} samples", spec.cost.batch),
            "up to 100×",
            times(bytes),
        )
        .must("≥ 100×", Bound::AtLeast(100.0).of(bytes)),
        Comparison::new(
            &format!("the same, one sample, {n} inputs"),
            "up to 100×",
            times(memory(cost, EXACT, GRID)),
        )
        .must("≥ 100×", Bound::AtLeast(100.0).of(memory(cost, EXACT, GRID))),
        Comparison::new(
            &format!("memory, scan over grid, {n} inputs, {} samples", spec.cost.batch),
            "–",
            times(memory(cost, SCAN, BESIDE)),
        ),
        Comparison::new(
            "spike-time error at M = 10",
            "–",
            format!("{} windows", with_digits(at_ten(measured), 4)),
        )
        .must("≤ 0.0015", Bound::AtMost(0.0015).of(at_ten(measured))),
    ];
    if let Some(falls) = falls(measured) {
        rows.push(Comparison::new("error falls a doubling of M", "–", times(falls)));
    }
    let found = &measured.integrated;
    let ratio = nearer(found, &found.physical);
    rows.push(
        Comparison::new(
            "discrepancy, ideal over physical, RK4",
            "≥ 10×",
            format!("{} ×", plain(ratio)),
        )
        .must("≥ 10×", Bound::AtLeast(10.0).of(ratio)),
    );
    let equivalent = nearer(found, &found.equivalent);
    rows.push(
        Comparison::new(
            "the same, a membrane with the circuit's own rails",
            "≥ 10×",
            format!("{} ×", plain(equivalent)),
        )
        .must("≥ 10×", Bound::AtLeast(10.0).of(equivalent)),
    );
    let rails = nearer(found, &found.rails);
    rows.push(Comparison::new(
        "the same, nominal rails without other parts",
        "≥ 10×",
        format!("{} ×", plain(rails)),
    ));
    if let Some(found) = &measured.simulated {
        let ratio = nearer(found, &found.physical);
        let row = Comparison::new(
            "discrepancy, ideal over physical, ngspice",
            "≥ 10×",
            times(ratio.mean),
        );
        rows.push(row.must("≥ 10×", Bound::AtLeast(10.0).of(ratio)));
    }
    let reached = accuracy(measured);
    let row = |paper: &str| {
        Comparison::new(&format!("{}, first spike", sets.name), paper, percent(reached))
    };
    rows.push(match sets.key {
        "fashion" => row("92.33 % (follow-up)").must("≥ 91 %", Bound::AtLeast(0.91).of(reached)),
        _ => row("–"),
    });
    rows
}

fn lead(spec: &Spec, sets: &ImageSets, measured: &Measured) -> String {
    let cost = most(measured);
    let found = &measured.integrated;
    format!(
        "On a grid of {} intervals a training step of {} inputs takes {} times less time a sample than by the \
         exact solver and {} times less memory for the whole step of {} samples side by side, {} and {} times with \
         one alone; spikes are off by {:.4} windows. A \
         model that knows the circuit's parts is {} times nearer to the circuit than ideal current sources; \
         a membrane with the circuit's own rails, {}, with nominal rails, {}. {} by the first spike: {}.",
        spec.cost.per_window,
        cost.inputs,
        plain(speedup(cost, EXACT, BESIDE)),
        memory(cost, EXACT, BESIDE).round(),
        spec.cost.batch,
        plain(speedup(cost, EXACT, GRID)),
        memory(cost, EXACT, GRID).round(),
        at_ten(measured).mean,
        plain(nearer(found, &found.physical)),
        plain(nearer(found, &found.equivalent)),
        plain(nearer(found, &found.rails)),
        sets.name,
        percent(accuracy(measured)),
    )
}

fn headlines(spec: &Spec, sets: &ImageSets, measured: &Measured) -> Vec<Headline> {
    let cost = most(measured);
    vec![
        Headline {
            value: format!("{}×", plain(speedup(cost, EXACT, BESIDE))),
            label: format!("less time a training step, {} inputs", cost.inputs),
            detail: format!(
                "one sample at a time {}×; over the scan {}×",
                plain(speedup(cost, EXACT, GRID)),
                plain(speedup(cost, SCAN, BESIDE))
            ),
        },
        Headline {
            value: format!(
                "{}×",
                plain(nearer(&measured.integrated, &measured.integrated.physical))
            ),
            label: "nearer to the circuit than the ideal model".to_owned(),
            detail: "against Runge–Kutta of the whole circuit".to_owned(),
        },
        Headline {
            value: percent(accuracy(measured)),
            label: format!("{}, first spike", sets.name),
            detail: format!(
                "trained at M = {}, measured at {}",
                spec.learning.recipe.per_window,
                measured.network.tested.last().map_or(0, |(per_window, _)| *per_window)
            ),
        },
    ]
}

fn notes(spec: &Spec, sets: &ImageSets, measured: &Measured) -> Vec<String> {
    let mut notes = vec![
        "Speed-ups are ratios of wall-clock times and differ from run to run; they are the only figures here \
         that do. Solvers take turns; intervals are over repeats. The exact solver and the grid use one \
         thread, the scan as many as there are."
            .to_owned(),
        format!(
            "The exact solver treats samples one by one, in double precision: its events have another order \
             in every sample. The grid treats {} samples side by side in single precision, which reads \
             large weights from memory once for all of them; alone it is limited by that reading. Times are of a \
             sample. Memory is the most that a whole step works in at once, of the grid with all samples that it \
             takes side by side, of the exact solver with the one that it has in hand; beside what goes in and \
             comes out: weights, their gradient, times and slopes.",
            spec.cost.batch
        ),
        "Errors are of neurons that fire in the first window, against the exact solver on the same inputs. \
         Discrepancies are root mean squares over neurons that fire in both; which fire in one only is \
         counted."
            .to_owned(),
        "The physical model knows the circuit: a straight line through what each synapse carries between \
         rest and threshold, the comparator's offset and its delay. Nominal rails know none of that. The \
         circuit's own rails are taken from such a line once for each sign: a membrane of the same equation, \
         with which networks can be trained as with the nominal ones."
            .to_owned(),
        "Images of the test set are looked at once, when training is over. Rails: one training each, so that \
         these accuracies have no interval. An image for which no output fires counts as wrong; the table of rails \
         has their share: where rails are near, synapses saturate below the threshold and accuracies fall below \
         that of a guess, which is silence and not confusion."
            .to_owned(),
        "Networks learn in membranes with nominal rails: of the circuit they know that synapses lead to rails, and \
         neither curvature, switches, offset nor delay. How much nearer that is than ideal current sources is the \
         row of nominal rails; what the circuit's own rails would give, the row above it."
            .to_owned(),
        match sets.key {
            "cifar" => format!("Ours: circuit, layers, networks, recipe. Learned from: {}.", sets.name),
            _ => format!(
                "Ours: circuit, layers, networks, recipe. Learned from: {}; CIFAR-10 was not run.",
                sets.name
            ),
        },
    ];
    notes.extend(sets.held_out_note(spec));
    notes.extend(unsimulated(measured.simulated.as_ref()));
    notes
}
