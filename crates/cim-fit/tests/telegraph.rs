//! Planted telegraph noise comes back with intervals that hold it, and normal reads show none.

#![expect(clippy::print_stdout, reason = "how often they do is seen with --nocapture")]

use std::collections::BTreeMap;
use std::sync::Arc;

use cim_core::{Seconds, Siemens, Stream};
use cim_device::models::{
    CurveSpec, ErrorSpec, Growth, GrowthSpec, MeasuredRelaxation, Tails, TelegraphSpec,
};
use cim_device::{Conduction, Device, MeasuredSpec};
use cim_fit::{Fitted, Measurements, fit};
use ndarray::Array2;
use rayon::prelude::*;

const TARGETS_US: [f64; 2] = [20.0, 50.0];

/// Two cells in five lose 6 % of their conductance for three tenths of the time.
const PLANTED: TelegraphSpec =
    TelegraphSpec { share: 0.4, depth: 0.06, high: Seconds(5.0), low: Seconds(2.0) };

/// Cells whose reads spread by 0.2 to 0.5 µS.
fn plain() -> MeasuredSpec {
    let line = |low, high| CurveSpec::in_us(&TARGETS_US, &[low, high]);
    let growth = || GrowthSpec::constant(Growth::Power { exponent: 0.0 });
    MeasuredSpec {
        g_off: Siemens(20e-6),
        g_on: Siemens(50e-6),
        programming: ErrorSpec { shift: line(0.0, 0.0), spread: line(1.0, 2.0) },
        read: line(0.2, 0.5),
        relaxation: MeasuredRelaxation {
            shift: line(0.0, 0.0),
            spread: line(0.0, 0.0),
            shift_growth: growth(),
            variance_growth: growth(),
            tails: Tails::NONE,
            from: Seconds::ZERO,
            to: Seconds::ZERO,
        },
        current_voltage: Conduction::Ohmic,
    }
}

/// `cells` cells a target with `reads` reads each, one every `interval`.
fn measured(
    device: &dyn Device,
    [cells, reads]: [usize; 2],
    interval: Seconds,
    at: Stream,
) -> String {
    let targets = Array2::from_shape_fn((2, cells), |(row, _)| TARGETS_US[row] * 1e-6);
    let programmed = device.program(targets.view(), at, &mut cim_core::Tally::default());
    let mut csv = "cell,target (uS),achieved (uS),read\n".to_owned();
    for read in 0..reads {
        let time = interval * read as f64;
        let held = device.aged(programmed.view(), time, at).expect("any time");
        let mut noise = at.child("read", read as u64).normal_rows(cells);
        for (row, held) in held.rows().into_iter().enumerate() {
            for (col, (g, &n)) in held.iter().zip(noise.row(row)).enumerate() {
                let seen = (g + device.read_variance(*g).sqrt() * f64::from(n)) * 1e6;
                csv += &format!("{},{},{seen},{read}\n", col * 2 + row, TARGETS_US[row]);
            }
        }
    }
    csv
}

fn device(telegraph: TelegraphSpec) -> impl Device {
    telegraph.build(Arc::new(plain().build().expect("a device"))).expect("an effect")
}

fn fitted(csv: &str) -> Fitted {
    fit(&Measurements::from_csv(csv.as_bytes()).expect("readable")).expect("a fit")
}

/// What was planted for a parameter, with a read every second.
fn truth(name: &str) -> Option<f64> {
    let (high, low) = (PLANTED.high.0, PLANTED.low.0);
    match name {
        "read noise: spread at 20.0000 µS" => Some(0.2e-6),
        "read noise: spread at 50.0000 µS" => Some(0.5e-6),
        "telegraph: share of cells with two states" => Some(PLANTED.share),
        "telegraph: depth of the lower" => Some(PLANTED.depth),
        "telegraph: share of time in the lower" => Some(low / (high + low)),
        "telegraph: correlation with the next read" => Some((-1.0 / high - 1.0 / low).exp()),
        _ => None,
    }
}

const SETS: u64 = 60;

/// Three standard errors of a share of `count` that is 95 %: of a right test one in 700 misses by as much.
fn tolerance(count: f64) -> f64 {
    3.0 * (0.95 * 0.05 / count).sqrt()
}

#[test]
fn planted_states_come_back_and_intervals_hold_them() {
    let device = device(PLANTED);
    let sets: Vec<Fitted> = (0..SETS)
        .into_par_iter()
        .map(|set| {
            let at = Stream::root(9).child("set", set);
            fitted(&measured(&device, [75, 12], Seconds(1.0), at))
        })
        .collect();
    let mut by_name: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    for parameter in sets.iter().flat_map(|set| &set.parameters) {
        if let Some(truth) = truth(&parameter.name) {
            let [held, all] = by_name.entry(&parameter.name).or_default();
            *held += f64::from(u8::from(parameter.low <= truth && truth <= parameter.high));
            *all += 1.0;
        }
    }
    let chosen = sets.iter().filter(|set| set.telegraph.is_some()).count();
    println!("{chosen} of {SETS} sets have telegraph noise");
    for (name, [held, all]) in &by_name {
        println!("{name}: {:.1} % of {all}", 100.0 * held / all);
    }
    let sum = |k: usize| by_name.values().map(|counts| counts[k]).sum::<f64>();
    let (held, all) = (sum(0), sum(1));
    println!("{:.2} % of {all}", 100.0 * held / all);
    assert_eq!(by_name.len(), 6);
    // Reads of a cell with two states are six spreads apart: no set misses them.
    assert_eq!(chosen, SETS as usize);
    assert!((held / all - 0.95).abs() < tolerance(all), "{held} of {all}");
    for (name, [held, all]) in &by_name {
        assert!((held / all - 0.95).abs() < tolerance(*all), "{name}: {held} of {all}");
    }
    // The effect of the device is the one that was planted: means over sets, to a tenth of what it is.
    let mean = |of: fn(&TelegraphSpec) -> f64| {
        sets.iter().filter_map(|set| set.telegraph.as_ref()).map(of).sum::<f64>() / chosen as f64
    };
    for (name, of) in [
        ("share", (|t| t.share) as fn(&TelegraphSpec) -> f64),
        ("depth", |t| t.depth),
        ("high", |t| t.high.0),
        ("low", |t| t.low.0),
    ] {
        let (found, want) = (mean(of), of(&PLANTED));
        println!("{name}: {found}, {want} planted");
        assert!((found / want - 1.0).abs() < 0.1, "{name}: {found}, {want} planted");
    }
}

/// Two states are chosen only if held-out cells are more likely by more than a standard error, which normal
/// numbers of mean zero are in 16 % of draws.
#[test]
fn normal_reads_show_one_state() {
    let device = plain().build().expect("a device");
    let sets: Vec<Fitted> = (0..SETS)
        .into_par_iter()
        .map(|set| {
            let at = Stream::root(10).child("set", set);
            fitted(&measured(&device, [75, 12], Seconds(1.0), at))
        })
        .collect();
    let chosen = sets.iter().filter(|set| set.telegraph.is_some()).count() as f64;
    let most = 0.16 * SETS as f64 + 3.0 * (0.16 * 0.84 * SETS as f64).sqrt();
    println!("{chosen} of {SETS} sets of normal reads have telegraph noise");
    assert!(chosen <= most, "{chosen} of {SETS}");
}

/// Jumps between looks are no relaxation: with both in the device, none is there twice.
#[test]
fn jumps_are_no_part_of_relaxation() {
    let line = |low, high| CurveSpec::in_us(&TARGETS_US, &[low, high]);
    let relaxation = MeasuredRelaxation {
        spread: line(0.6, 1.5),
        variance_growth: GrowthSpec::constant(Growth::Power { exponent: 0.3 }),
        from: Seconds(1e-3),
        to: Seconds(1e4),
        ..plain().relaxation
    };
    let cells = MeasuredSpec { relaxation, ..plain() }.build().expect("a device");
    let jumps = TelegraphSpec { depth: 0.1, high: Seconds(0.05), low: Seconds(0.02), ..PLANTED };
    let device = jumps.build(Arc::new(cells)).expect("an effect");
    let mut csv = "cell,target (uS),achieved (uS),time (s),read\n".to_owned();
    for look in [0.0, 100.0, 1e4 - 1.0] {
        // Reads of a look are a hundredth of a second apart, and stand at its time.
        let at = Stream::root(12);
        let targets = Array2::from_shape_fn((2, 400), |(row, _)| TARGETS_US[row] * 1e-6);
        let programmed = device.program(targets.view(), at, &mut cim_core::Tally::default());
        for read in 0..6_u32 {
            let time = Seconds(look + 0.01 * f64::from(read));
            let held = device.aged(programmed.view(), time, at).expect("a known time");
            for ((row, col), g) in held.indexed_iter() {
                let mut noise = [0.0_f32];
                let at = at.child("look", look as u64).child("read", u64::from(read));
                at.child("col", col as u64).fill_standard_normal(row as u64, &mut noise);
                let seen = (g + device.read_variance(*g).sqrt() * f64::from(noise[0])) * 1e6;
                csv += &format!("{},{},{seen},{look},{read}\n", col * 2 + row, TARGETS_US[row]);
            }
        }
    }
    let fitted = fitted(&csv);
    let telegraph = fitted.telegraph.expect("two states");
    assert!((telegraph.depth / 0.1 - 1.0).abs() < 0.03, "{telegraph:?}");
    let spread = fitted.spec.relaxation.spread.clone().build().expect("a curve");
    for (target, planted) in [(20e-6, 0.6e-6), (50e-6, 1.5e-6)] {
        let ratio = spread.at(target) / planted;
        println!("spread at {target}: {ratio} of what was planted");
        // Jumps more than double the variance of changes, by 1.5 in the spread. Variances of 400 such changes are
        // known to a tenth, what is left of them to a fifth, its root to a tenth: two and a half of them.
        assert!((0.75..1.25).contains(&ratio), "{target}: {ratio}");
    }
}
