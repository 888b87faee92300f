//! Laws of parts around parts: every device, effects nested twice around it, any age.

use std::sync::Arc;

use cim_core::{Kelvin, Seconds, Siemens, Stream, Tally, Volts};
use cim_crossbar::{Ambient, Crossbar, Wires};
use cim_device::{
    Device, EffectSpec, Ideal, Life, StuckSpec, TelegraphSpec, TemperatureSpec, Window, published,
};
use cim_tests::registered::{cases, devices};
use cim_tests::statistics::Sample;
use ndarray::{Array2, Zip};
use proptest::prelude::*;

/// Rows and columns of the arrays.
const SHAPE: (usize, usize) = (48, 64);

/// An effect whose numbers come from three draws in [0, 1).
fn effect(kind: usize, [a, b, c]: [f64; 3], window: Window) -> EffectSpec {
    match kind {
        0 => EffectSpec::Stuck(StuckSpec::Random {
            share_low: 0.05 + 0.2 * a,
            share_high: 0.05 + 0.2 * b,
            low: window.g_min,
            high: window.g_max * (0.5 + c),
        }),
        1 => EffectSpec::Telegraph(TelegraphSpec {
            share: 0.2 + 0.8 * a,
            depth: 0.05 + 0.5 * b,
            high: Seconds(1.0 + 1e3 * c),
            low: Seconds(1.0 + 1e3 * a),
        }),
        _ => EffectSpec::Temperature(TemperatureSpec {
            programmed_at: Kelvin(300.0),
            read_at: Kelvin(280.0 + 100.0 * a),
            activation: Volts(0.02 + 0.05 * b),
        }),
    }
}

/// The same effects without any effect.
fn nothing(kind: usize) -> EffectSpec {
    match kind {
        0 => EffectSpec::Stuck(StuckSpec::Random {
            share_low: 0.0,
            share_high: 0.0,
            low: Siemens::ZERO,
            high: Siemens::ZERO,
        }),
        1 => EffectSpec::Telegraph(TelegraphSpec {
            share: 0.0,
            depth: 0.5,
            high: Seconds(1.0),
            low: Seconds(1.0),
        }),
        _ => EffectSpec::Temperature(TemperatureSpec {
            programmed_at: Kelvin(300.0),
            read_at: Kelvin(300.0),
            activation: Volts(0.05),
        }),
    }
}

/// A device with up to two effects around it, the first innermost.
#[derive(Clone, Debug)]
struct Composition {
    device: usize,
    effects: Vec<(usize, [f64; 3])>,
    target: f64,
    age: f64,
    seed: u64,
}

impl Composition {
    fn inner(&self) -> (String, Arc<dyn Device>) {
        let devices = devices();
        let k = self.device % devices.len();
        devices.into_iter().nth(k).expect("a device of the list")
    }

    fn build(&self) -> Arc<dyn Device> {
        let inner = self.inner().1;
        let window = inner.window();
        self.effects.iter().fold(inner, |device, &(kind, draws)| {
            effect(kind, draws, window).build(device).expect("an effect")
        })
    }

    /// A target of the window (S).
    fn target_s(&self, device: &dyn Device) -> f64 {
        let window = device.window();
        window.g_min.0 + self.target * window.span().0
    }

    /// A time from a second to a year that the device is known at.
    fn age(&self, device: &dyn Device) -> Seconds {
        let times = device.fitted_times();
        let (from, to) = (times.from.0.max(1.0), times.to.0.min(3.1536e7));
        // Rounding may leave the last time by a little.
        Seconds((from * (to / from).powf(self.age)).clamp(from, to))
    }
}

fn compositions() -> impl Strategy<Value = Composition> {
    let effects = prop::collection::vec((0..3_usize, prop::array::uniform3(0.0..1.0_f64)), 0..=2);
    (any::<prop::sample::Index>(), effects, 0.0..=1.0_f64, 0.0..=1.0_f64, any::<u64>()).prop_map(
        |(device, effects, target, age, seed)| {
            let device = device.index(devices().len());
            Composition { device, effects, target, age, seed }
        },
    )
}

fn programmed(device: &dyn Device, target_s: f64, at: Stream) -> (Array2<f64>, Tally) {
    let targets = Array2::from_elem(SHAPE, target_s);
    let mut tally = Tally::default();
    (device.program(targets.view(), at, &mut tally), tally)
}

proptest! {
    #![proptest_config(cases(160))]

    /// Mean and variance of what was programmed are the closed ones, within seven standard errors
    /// of the sample, so that thousands of cases agree.
    #[test]
    fn moments_are_the_closed_ones_whatever_is_around_a_device(c in compositions()) {
        let device = c.build();
        let target_s = c.target_s(device.as_ref());
        let (g_s, _) = programmed(device.as_ref(), target_s, Stream::root(c.seed));
        let (got, want) = (Sample::of(g_s.iter().copied()), device.programmed(target_s));
        let rounding = got.n * f64::EPSILON;
        let allowed = 7.0 * (want.variance / got.n).sqrt() + rounding * want.mean;
        let off = (got.mean - want.mean).abs();
        prop_assert!(off <= allowed, "{}: mean off by {off}, {allowed} allowed", c.inner().0);
        let allowed = 7.0 * got.variance_error() + (rounding * want.mean).powi(2);
        let off = (got.variance - want.variance).abs();
        prop_assert!(off <= allowed, "{}: variance off by {off}, {allowed}", c.inner().0);
    }

    /// What is counted is what a look at the cells finds.
    #[test]
    fn counts_add_up(c in compositions()) {
        let device = c.build();
        let target_s = c.target_s(device.as_ref());
        let (g_s, tally) = programmed(device.as_ref(), target_s, Stream::root(c.seed));
        let window = device.held_window();
        let zero = g_s.iter().filter(|g| **g == 0.0 && 0.0 < target_s).count() as u64;
        let outside = g_s.iter().filter(|g| {
            **g < window.g_min.0 || window.g_max.0 < **g || **g == 0.0 && 0.0 < target_s
        });
        prop_assert_eq!(tally.cells_programmed, g_s.len() as u64);
        if 0.0 < target_s {
            prop_assert_eq!(tally.cells_at_zero, zero);
            prop_assert_eq!(tally.cells_outside_window, outside.count() as u64);
        }
        prop_assert!(g_s.iter().all(|g| 0.0 <= *g && g.is_finite()));
    }

    /// An effect that does nothing changes no byte, inside or outside of others.
    #[test]
    fn effects_without_effect_change_no_byte(c in compositions(), kind in 0..3_usize) {
        let device = c.build();
        let same = nothing(kind).build(device.clone()).expect("an effect");
        let (target_s, at) = (c.target_s(device.as_ref()), Stream::root(c.seed));
        let (g_s, tally) = programmed(device.as_ref(), target_s, at);
        prop_assert_eq!(&programmed(same.as_ref(), target_s, at), &(g_s.clone(), tally));
        prop_assert_eq!(device.programmed(target_s), same.programmed(target_s));
        let age = c.age(device.as_ref());
        prop_assert_eq!(device.aged(g_s.view(), age, at), same.aged(g_s.view(), age, at));
        let both = [&device, &same].map(|d| d.read_variances_aged(g_s.view(), g_s.view(), age));
        prop_assert_eq!(&both[0], &both[1]);
    }

    /// Looking at a chip changes nothing: at any time, in any order, it is the same chip.
    #[test]
    fn looking_repeats(c in compositions()) {
        let device = c.build();
        let (target_s, at) = (c.target_s(device.as_ref()), Stream::root(c.seed));
        let (g_s, _) = programmed(device.as_ref(), target_s, at);
        let (age, other) = (c.age(device.as_ref()), device.fitted_times().from);
        let first = device.aged(g_s.view(), age, at).expect("a time");
        let _ = device.aged(g_s.view(), Seconds(other.0.max(1.0)), at).expect("a time");
        prop_assert_eq!(&device.aged(g_s.view(), age, at).expect("a time"), &first);
        prop_assert_eq!(device.aged(g_s.view(), Seconds::ZERO, at).expect("now"), g_s.clone());
        prop_assert!(first.iter().all(|g| 0.0 <= *g && g.is_finite()));
        prop_assert!(device.ages() || first == g_s, "{}", c.inner().0);
        let one = device.read_variances_aged(g_s.view(), first.view(), age);
        let cells = Zip::from(&g_s).and(&first);
        let each = cells.map_collect(|&p, &a| device.read_variance_aged(p, a, age));
        prop_assert!(one.iter().zip(&each).all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs()));
    }

    /// Cells that are programmed once more are other cells with the same defects.
    #[test]
    fn writing_heals_nothing(c in compositions(), share in 0.05..0.4_f64) {
        let around = c.build();
        let level = around.window().g_max * 2.5;
        let stuck = StuckSpec::Random { share_low: 0.0, share_high: share, low: level, high: level };
        let device = stuck.build(around).expect("an effect");
        let targets = Array2::from_elem(SHAPE, c.target_s(&device));
        let born = Stream::root(c.seed);
        let defects = |k: u64| {
            let life = Life { born, at: born.child("pass", k) };
            let g_s = device.program_in(targets.view(), life, &mut Tally::default());
            g_s.mapv(|g| g == level.0)
        };
        let first = defects(0);
        let found = first.iter().filter(|stuck| **stuck).count() as f64 / first.len() as f64;
        // Seven standard errors of a share.
        let error = (share * (1.0 - share) / first.len() as f64).sqrt();
        prop_assert!((found - share).abs() <= 7.0 * error, "{found} for {share}");
        prop_assert_eq!(defects(1), first);
    }
}

fn ideal() -> Arc<dyn Device> {
    Arc::new(Ideal { window: Window::new(Siemens(1e-6), Siemens(1e-4)).expect("a window") })
}

/// Two equal effects are independent: 10 % of cells stuck inside 10 % are 19 %, by the mixture law.
#[test]
fn equal_stuck_cells_around_each_other_are_independent() {
    let stuck = |high: f64| StuckSpec::Random {
        share_low: 0.0,
        share_high: 0.1,
        low: Siemens::ZERO,
        high: Siemens(high),
    };
    let inner: Arc<dyn Device> = Arc::new(stuck(20e-6).build(ideal()).expect("a device"));
    let device = stuck(30e-6).build(inner).expect("a device");
    let targets = Array2::from_elem((400, 400), 50e-6);
    let g_s = device.program(targets.view(), Stream::root(3), &mut Tally::default());
    let share = |level: f64| g_s.iter().filter(|g| **g == level).count() as f64 / 160_000.0;
    // Five standard errors of 160,000 cells.
    for (level, want) in [(30e-6, 0.1), (20e-6, 0.09), (50e-6, 0.81)] {
        let error = 5.0 * (want * (1.0 - want) / 160_000.0_f64).sqrt();
        assert!((share(level) - want).abs() <= error, "{} at {level} S", share(level));
    }
}

/// Two traps in every cell, each empty, filled or as it was at first: nine levels.
#[test]
fn two_telegraphs_make_nine_levels() {
    let trap = |depth| TelegraphSpec { share: 1.0, depth, high: Seconds(1.0), low: Seconds(1.0) };
    let inner: Arc<dyn Device> = Arc::new(trap(0.1).build(ideal()).expect("a device"));
    let device = trap(0.3).build(inner).expect("a device");
    let g_s = Array2::from_elem((60, 60), 50e-6);
    let aged = device.aged(g_s.view(), Seconds(100.0), Stream::root(4)).expect("a time");
    let mut levels: Vec<i64> = aged.iter().map(|g| (g * 1e12).round() as i64).collect();
    levels.sort_unstable();
    levels.dedup();
    assert_eq!(levels.len(), 9, "{levels:?}");
}

/// Every effect moves what it is there for.
#[test]
fn each_effect_moves_what_it_should() {
    let at = Stream::root(6);
    let draws = [0.5, 0.5, 0.5];
    let window = ideal().window();
    let (before, _) = programmed(ideal().as_ref(), 50e-6, at);
    for (kind, program, age) in [(0, true, false), (1, false, true), (2, true, false)] {
        let device = effect(kind, draws, window).build(ideal()).expect("an effect");
        let (g_s, _) = programmed(device.as_ref(), 50e-6, at);
        assert_eq!(g_s != before, program, "{kind}: programming");
        let aged = device.aged(g_s.view(), Seconds(1e4), at).expect("a time");
        let moved = aged.iter().zip(&g_s).filter(|(a, b)| (*a / *b - 1.0).abs() > 1e-9).count();
        assert_eq!(moved > 0, age, "{kind}: ageing");
        assert_eq!(device.ages(), age, "{kind}");
    }
}

/// What a device cannot hold is refused by the array too, not only by the command line.
#[test]
fn an_array_refuses_targets_that_its_device_cannot_hold() {
    let device = || published("pcm").expect("pcm").device;
    for target_s in [60e-6, -1e-6] {
        let targets = Array2::from_elem((2, 2), target_s);
        let (at, tally) = (Stream::root(1), &mut Tally::default());
        let (wires, ambient) = (Wires::NONE, Ambient::SILENT);
        let array = Crossbar::program(device(), wires, ambient, targets.view(), at, tally);
        assert!(array.is_err(), "{target_s}");
    }
}
